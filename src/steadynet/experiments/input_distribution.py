"""How does the distribution of an activation's inputs move while the network trains?

Three sigmoid layers of 100 units on pictures of 14 × 14 pixels, in batches of 60: the network of
figure 1 of Ioffe and Szegedy (2015).
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.arms import at_chosen_rate, chosen_rate
from steadynet.experiments.base import Experiment, Number, Point, Stress
from steadynet.experiments.evidence import Claim, judge
from steadynet.tasks import trials

if TYPE_CHECKING:
    from steadynet.recording import Recording
    from steadynet.tasks import deep_rows

DEPTH, UNITS, BATCH_SIZE = 3, 100, 60
APART, BETWEEN = 50, 300  # steps between two looks, and between two budgets
BUDGETS = tuple(range(BETWEEN, 3001, BETWEEN))
EARLY, MIDDLE, LATE = 300, 1500, 3000
# Rates that are run: the plain network was best at the largest of an earlier recording, 1.
RATES = {"none": (0.3, 1.0, 3.0), "batch norm": (0.1, 0.3, 1.0)}
SAME_RATE = 0.3
QUANTILES = (0.15, 0.5, 0.85)
SHOWN_UNITS = 8  # of the last hidden layer, the first few: one is as typical as another


def run(point: Point) -> dict[str, np.ndarray]:
    """With or without batch normalization: every seed in turn, its learning rates side by side."""
    from steadynet.tasks import deep_rows

    normalize, options = point["normalize"], {"depth": DEPTH, "units": UNITS, "held_out": True}
    row = deep_rows.row(normalize, activation="sigmoid", **options)
    train = functools.partial(_train, row, point["budget"])
    return trials.on_every_seed(point, RATES[normalize], train)


def _train(row, budgets, seed, rates):
    """Accuracies at each budget, and quantiles at the looks up to it."""
    moments = sorted({step for budget in budgets for step in looks(budget)})
    tested = []

    def look(row):
        if row.record.steps in budgets:
            tested.append(trials.accuracies(row))
        return {"inputs": quantiles(row)}

    found = trials.at_moments(row, seed, rates, moments=moments, batch_size=BATCH_SIZE, look=look)
    places = [[moments.index(step) for step in looks(budget)] for budget in budgets]
    shares = {name: np.stack([each[name] for each in tested], axis=1) for name in tested[0]}
    return {"inputs": found["inputs"][:, places], **shares}


def looks(budget: int) -> Sequence[int]:
    """Steps at which a network is looked at since the budget before."""
    return range(budget - BETWEEN + APART, budget + 1, APART)


def quantiles(row: deep_rows.Row) -> np.ndarray:
    """Quantiles of the inputs of the last hidden layer's sigmoids: [rate, quantile, unit]."""
    last = row.inside()[0][:, -1, :, :SHOWN_UNITS].astype("f8")
    outputs = np.moveaxis(np.quantile(last, QUANTILES, axis=1), 0, 1)
    # The sigmoid grows with its input, so the quantiles of inputs are those of outputs undone.
    outputs = np.clip(outputs, 1e-7, 1 - 1e-7)
    return np.log(outputs / (1 - outputs))


# --- what is measured


def inputs(recording: Recording, budget: int, normalize: str, rate: float) -> np.ndarray:
    """Quantiles over all looks up to a budget: [seed, look, quantile, unit]."""
    found = recording.get("inputs", normalize=normalize, learning_rate=rate).astype("f8")
    upto = [each <= budget for each in recording.axes["budget"]]
    return np.concatenate(list(found[upto]), axis=1)


def wander(recording: Recording, budget: int, normalize: str, rate: float) -> np.ndarray:
    """How far the units' median inputs range over training, in widths from 15 to 85 %, by seed."""
    found = inputs(recording, budget, normalize, rate)
    width = (found[..., 2, :] - found[..., 0, :]).mean(axis=(-1, -2))
    return np.ptp(found[..., 1, :], axis=-2).mean(axis=-1) / width


def wanders_further(recording: Recording, budget: int, rate: float | None = None) -> np.ndarray:
    """Plain inputs' way in units of normalized ones', at one rate or each arm's best, by seed."""
    ways = []
    for kind in RATES:
        at = chosen_rate(recording, normalize=kind, budget=budget) if rate is None else rate
        ways.append(wander(recording, budget, kind, at))
    return ways[0] / ways[1]


def gain(recording: Recording, budget: int) -> np.ndarray:
    """Points of test accuracy gained by batch normalization, each arm at its best rate, by seed."""
    without, with_it = (
        at_chosen_rate(recording, "test_accuracy", normalize=kind, budget=budget) for kind in RATES
    )
    return 100 * (with_it - without)


POINTS, TIMES = "points of test accuracy", "times as far"
ALIKE = "A ratio below 2."
WANDER = Claim(
    "inputs-wander",
    "Each network at its best rate, the inputs of plain sigmoids wander at least twice as far.",
    wanders_further,
    TIMES,
    within=(2, math.inf),
    refuted_by=ALIKE,
    budget=MIDDLE,
    also=(EARLY, LATE),
    stresses={"fresh_seeds": 600},
)
WANDER_AT_ONE_RATE = dataclasses.replace(
    WANDER,
    name="inputs-wander-at-one-rate",
    statement="Both at a rate of 0.3, the inputs of plain sigmoids wander at least twice as far.",
    measure=functools.partial(wanders_further, rate=SAME_RATE),
    control="The plain network at the same rate.",
)
SOONER = Claim(
    "three-layers-sooner",
    "Each at its best rate, three sigmoid layers are 3 points or more ahead with batch "
    "normalization after 300 steps.",
    gain,
    POINTS,
    within=(3, math.inf),
    refuted_by="A plain network that comes within 3 points.",
    budget=EARLY,
    also=(600,),
    stresses={"fresh_seeds": EARLY},
)
END = Claim(
    "three-layers-in-the-end",
    "Each at its best rate, three sigmoid layers with and without batch normalization differ by "
    "less than 2 points after 3,000 steps.",
    gain,
    POINTS,
    within=(-2, 2),
    refuted_by="A gain or loss of 2 points or more.",
    budget=LATE,
    also=(MIDDLE,),
)


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    one_rate = judge(WANDER_AT_ONE_RATE, recording).at(MIDDLE)
    return {
        **judge(WANDER, recording).at(MIDDLE).said("wander", (2, math.inf)),
        **one_rate.said("wander-one-rate", (2, math.inf), low=None, high=None),
        **judge(SOONER, recording).at(EARLY).said("sooner", (3, 30)),
        # Equal within the median's distance from zero.
        **judge(END, recording).at(LATE).said("end", (-2, 2), low=(-4, 2), high=(-2, 4)),
    }


EXPERIMENT = Experiment(
    name="input_distribution",
    question="How does the distribution of an activation's inputs move while the network trains?",
    axes={
        "normalize": tuple(RATES),
        "learning_rate": (0.1, 0.3, 1.0, 3.0),
        "budget": BUDGETS,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("learning_rate", "budget", "seed"),
    run=run,
    arrays={
        "inputs": "15, 50 and 85 % quantiles, over 128 training pictures, of the inputs of 8 units "
        "of the last hidden layer, every 50 steps since the budget before: [look, quantile, unit]",
        "validation_accuracy": "share of 2,000 pictures, neither trained on nor tested",
        "test_accuracy": "share of the 3,000 test pictures classified correctly",
    },
    arms={
        "none": "dense layers and sigmoids",
        "batch norm": "batch normalization before each sigmoid",
    },
    control="The plain network at its own best rate, with the same first kernels and the same "
    "order of pictures.",
    chosen_on="2,000 of the 10,000 training pictures, held out from training; the mean over seeds "
    "decides, at each budget anew",
    stresses=(
        Stress(
            "fresh_seeds",
            "five other seeds, for 600 steps",
            {"budget": (300, 600), "seed": (5, 6, 7, 8, 9)},
        ),
    ),
    claims=(WANDER, WANDER_AT_ONE_RATE, SOONER, END),
    verdicts={
        "inputs-wander": "holds up to a boundary, not decided at 3,000 steps",
        "inputs-wander-at-one-rate": "holds",
        "three-layers-sooner": "holds up to a boundary, not decided at 600 steps",
        "three-layers-in-the-end": "holds",
    },
    numbers=numbers,
)
