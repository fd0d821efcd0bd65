"""Does batch normalization belong before or after the activation?

Twenty dense layers of 24 units on pictures of 14 × 14 pixels, in batches of 64.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.arms import at_chosen_rate
from steadynet.experiments.base import Experiment, Number, Point, Stress
from steadynet.experiments.evidence import Claim
from steadynet.tasks import trials

if TYPE_CHECKING:
    from steadynet.recording import Recording

ACTIVATIONS, PLACEMENTS = ("sigmoid", "relu", "elu"), ("none", "before", "after")
DEPTH, UNITS, BATCH_SIZE = 20, 24, 64
EARLY, MIDDLE, LATE = BUDGETS = 100, 300, 900
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
# Rates that are run: those around the best of an earlier recording without a validation split, in
# which plain ReLU and ELU networks failed at larger ones, and plain sigmoid networks at all.
PLAIN = {"sigmoid": (0.1, 0.3, 1.0), "relu": (0.01, 0.03, 0.1), "elu": (0.01, 0.03, 0.1)}
NORMALIZED = (0.01, 0.03, 0.1, 0.3)


def cost(point: Point) -> float:
    """Steps, twice as many with batch normalization."""
    return max(point["budget"]) * len(point["seed"]) * (1 + (point["placement"] != "none")) / 1000


def run(point: Point) -> dict[str, np.ndarray]:
    """One activation and placement: every seed in turn, its learning rates side by side."""
    from steadynet.tasks import deep_rows

    activation, placement = point["activation"], point["placement"]
    options = {"depth": DEPTH, "units": UNITS, "activation": activation, "held_out": True}
    plain = placement == "none"
    row = (
        deep_rows.row("none", **options)
        if plain
        else deep_rows.row("batch norm", placement=placement, **options)
    )
    train = functools.partial(
        trials.at_moments, row, moments=point["budget"], batch_size=BATCH_SIZE
    )
    return trials.on_every_seed(point, PLAIN[activation] if plain else NORMALIZED, train)


# --- what is measured


def accuracy(recording: Recording, budget: int, activation: str, placement: str) -> np.ndarray:
    """Test accuracy of every seed in percent, at the placement's own best rate."""
    at = {"activation": activation, "placement": placement, "budget": budget}
    return 100 * at_chosen_rate(recording, "test_accuracy", **at)


def before_over_after(recording: Recording, budget: int, activation: str) -> np.ndarray:
    """Points of test accuracy gained by standing before the activation, not after, by seed."""
    before, after = (accuracy(recording, budget, activation, p) for p in ("before", "after"))
    return before - after


def gain_in_either_place(recording: Recording, budget: int, activation: str) -> np.ndarray:
    """Points of test accuracy over none, in the place in which they are fewer, by seed."""
    none, *either = (accuracy(recording, budget, activation, p) for p in PLACEMENTS)
    return np.min(either, axis=0) - none


POINTS = "points of test accuracy"
GAINS = {"sigmoid": ("sigmoid", 20), "relu": ("ReLU", 5), "elu": ("ELU", 2)}  # the least that count
OTHER_PLACE = "The network normalized after each activation, at its own best rate."


def _gains(activation, word, least):
    """It is better to have it, wherever."""
    return Claim(
        f"either-place-{activation}",
        f"Twenty {word} layers gain {least} points or more by batch normalization in either place.",
        functools.partial(gain_in_either_place, activation=activation),
        POINTS,
        within=(least, math.inf),
        refuted_by=f"A plain network that comes within {least} points of one of the two.",
        budget=MIDDLE,
        also=(EARLY, LATE),
        stresses={} if activation == "sigmoid" else {"fresh_seeds": MIDDLE},
    )


def _same(activation, word):
    """It does not matter where."""
    return Claim(
        f"place-{activation}",
        f"In twenty {word} layers, standing before the activation or after differs by less than 5 "
        "points.",
        functools.partial(before_over_after, activation=activation),
        POINTS,
        within=(-5, 5),
        refuted_by="A difference of 5 points or more.",
        budget=MIDDLE,
        also=(EARLY, LATE),
        stresses={} if activation == "sigmoid" else {"fresh_seeds": MIDDLE},
        control=OTHER_PLACE,
    )


CLAIMS = (
    *(_gains(activation, *words) for activation, words in GAINS.items()),
    _same("sigmoid", "sigmoid"),
    _same("elu", "ELU"),
    Claim(
        "place-relu",
        "In twenty ReLU layers, standing before the activation is 2 points or more better than "
        "standing after it.",
        functools.partial(before_over_after, activation="relu"),
        POINTS,
        within=(2, math.inf),
        refuted_by="A network normalized after each ReLU that comes within 2 points or is better.",
        budget=MIDDLE,
        also=(EARLY, LATE),
        stresses={"fresh_seeds": MIDDLE},
        control=OTHER_PLACE,
    ),
)


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    within = {
        ("sigmoid", "before"): (60, 85),
        ("sigmoid", "after"): (60, 85),
        ("relu", "before"): (50, 75),
        ("relu", "after"): (45, 75),
        ("elu", "before"): (70, 85),
        ("elu", "after"): (70, 85),
    }
    medians = {
        f"{activation}-{placement}": Number(
            np.median(accuracy(recording, MIDDLE, activation, placement)) / 100,
            (said[0] / 100, said[1] / 100),
            f"median test accuracy of {activation} with batch norm {placement} it, at best rate",
        )
        for (activation, placement), said in within.items()
    }
    return {**medians, **_gains_of_standing_before(recording)}


def _gains_of_standing_before(recording):
    """From the worst to the best seed."""
    within = {
        "sigmoid": ((-9, -0.5), (-3, 3)),
        "relu": ((-15.0, -0.5), (2.0, 25.0)),
        "elu": ((-6.0, 0.0), (0.5, 6.0)),
    }
    found = {}
    for activation, (low, high) in within.items():
        points = before_over_after(recording, MIDDLE, activation)
        meaning = f"points gained before {activation}, not after,"
        found[f"{activation}-place-low"] = Number(points.min(), low, f"{meaning} on the worst seed")
        found[f"{activation}-place-high"] = Number(points.max(), high, f"{meaning} on the best")
    return found


EXPERIMENT = Experiment(
    name="batch_norm_placement",
    question="Does batch normalization belong before or after the activation?",
    axes={
        "activation": ACTIVATIONS,
        "placement": PLACEMENTS,
        "learning_rate": RATES,
        "budget": BUDGETS,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("learning_rate", "budget", "seed"),
    run=run,
    arrays={
        "validation_accuracy": "share of 2,000 pictures, neither trained on nor tested",
        "test_accuracy": "share of the 3,000 test pictures classified correctly",
    },
    arms={
        "none": "dense layers and the activation",
        "before": "batch normalization between each kernel and the activation",
        "after": "batch normalization of each activation's outputs",
    },
    control="The plain network at its own best rate, with the same first kernels and the same "
    "order of pictures.",
    chosen_on="2,000 of the 10,000 training pictures, held out from training; the mean over seeds "
    "decides, for each activation and place and at each budget anew",
    stresses=(
        Stress(
            "fresh_seeds",
            "five other seeds, after as many steps",
            {"activation": ("relu", "elu"), "budget": (MIDDLE,), "seed": (5, 6, 7, 8, 9)},
        ),
    ),
    cost=cost,
    claims=CLAIMS,
    verdicts={
        "either-place-sigmoid": "holds",
        "either-place-relu": "not decided",
        "either-place-elu": "not decided",
        "place-sigmoid": "not decided",
        "place-elu": "holds",
        "place-relu": "not decided",
    },
    numbers=numbers,
)
