"""What becomes of batch normalization's gain in deep dense networks when they train longer?

Dense ReLU layers of 24 units on pictures of 14 × 14 pixels, in batches of 64.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.arms import at_chosen_rate
from steadynet.experiments.base import Experiment, Number, Point, Stress
from steadynet.experiments.evidence import Claim, judge

if TYPE_CHECKING:
    from steadynet.recording import Recording

UNITS, BATCH_SIZE = 24, 64
DEPTHS, BUDGETS = (2, 20, 30), (100, 300, 600, 1200, 2400)
EARLY, LATE = 300, 2400


def cost(point: Point) -> float:
    """Steps times layers."""
    return max(point["budget"]) * point["depth"] / 1000


def run(point: Point) -> dict[str, np.ndarray]:
    """One kind, depth and seed, its learning rates side by side."""
    from steadynet.tasks import deep_rows

    units = point.get("units", UNITS)
    row = deep_rows.row(
        point["kind"], depth=point["depth"], activation="relu", units=units, held_out=True
    )
    tested: list[list[np.ndarray]] = []
    row.train(
        *(point["seed"], point["learning_rate"]),
        steps=max(point["budget"]),
        batch_size=BATCH_SIZE,
        moments=point["budget"],
        on_moment=lambda: tested.append([row.accuracy(part) for part in ("validation", "test")]),
    )
    validation, test = np.moveaxis(np.array(tested), 0, -1)  # each [rate, budget]
    return {"validation_accuracy": validation, "test_accuracy": test}


def gain(recording: Recording, budget: int, depth: int) -> np.ndarray:
    """Points of test accuracy gained, each arm at its best rate, by seed."""
    with_it, without = (
        at_chosen_rate(recording, "test_accuracy", kind=k, depth=depth, budget=budget)
        for k in ("batch norm", "none")
    )
    return 100 * (with_it - without)


POINTS = "points of test accuracy"
STRESSED = {"fresh_seeds": LATE, "wide": LATE}
CLAIMS = (
    Claim(
        "dense-early",
        "Twenty dense ReLU layers gain 10 points or more by batch normalization.",
        functools.partial(gain, depth=20),
        POINTS,
        within=(10, math.inf),
        refuted_by="A plain network that comes within 10 points.",
        budget=EARLY,
        also=(100, 600, 1200, LATE),
    ),
    Claim(
        "dense-late",
        "Trained long, twenty dense ReLU layers gain less than 4 points by batch normalization.",
        functools.partial(gain, depth=20),
        POINTS,
        within=(-math.inf, 4),
        refuted_by="A gain of 4 points or more on any seed.",
        budget=LATE,
        stresses=STRESSED,
    ),
    Claim(
        "dense-thirty",
        "Trained long, thirty dense ReLU layers lose 3 points or more by batch normalization.",
        functools.partial(gain, depth=30),
        POINTS,
        within=(-math.inf, -3),
        refuted_by="A normalized network that comes within 3 points of the plain one.",
        budget=LATE,
        also=(1200,),
        stresses={"fresh_seeds": LATE},
    ),
    Claim(
        "dense-shallow",
        "Two dense ReLU layers gain less than 4 points by batch normalization.",
        functools.partial(gain, depth=2),
        POINTS,
        within=(-4, 4),
        refuted_by="A gain or loss of 4 points or more.",
        budget=EARLY,
        also=(100, 600, 1200, LATE),
    ),
)


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    found = {claim.name: judge(claim, recording) for claim in CLAIMS}
    early, thirty = found["dense-early"], found["dense-thirty"]
    return {
        **early.at(EARLY).said("dense-early", (2, 10), high=(10, 40)),
        **found["dense-late"].at(LATE).said("dense-late", (-4, 4), high=(4, 8)),
        **thirty.at(LATE).said("dense-thirty", (-30, -10)),
        **_thirty_early(recording),
        **found["dense-shallow"].at(EARLY).said("dense-shallow", (0, 3)),
        **found["dense-shallow"].at(LATE).said("dense-shallow-late", (0, 3)),
    }


def _thirty_early(recording):
    """Of thirty layers after 300 steps, of which nothing is claimed."""
    found, meaning = gain(recording, EARLY, 30), "points gained by 30 dense layers, 300 steps"
    return {
        "thirty-early": Number(np.median(found), (-10, 10), f"{meaning} (median)"),
        "thirty-early-low": Number(found.min(), (-40, -2), f"{meaning} (smallest)"),
        "thirty-early-high": Number(found.max(), (5, 40), f"{meaning} (largest)"),
    }


EXPERIMENT = Experiment(
    name="dense_over_time",
    question="What becomes of the gain in deep dense networks when they train longer?",
    axes={
        "kind": ("none", "batch norm"),
        "depth": DEPTHS,
        "learning_rate": (0.01, 0.03, 0.1, 0.3, 1.0),
        "budget": BUDGETS,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("learning_rate", "budget"),
    run=run,
    arrays={
        "validation_accuracy": "share of 2,000 pictures, neither trained on nor tested",
        "test_accuracy": "share of the 3,000 test pictures classified correctly",
    },
    arms={
        "none": "dense layers and ReLU, He initialization",
        "batch norm": "batch normalization before each ReLU",
    },
    control="The plain network at its own best rate, with the same first kernels and the same "
    "order of pictures.",
    chosen_on="2,000 of the 10,000 training pictures, held out from training; the mean over seeds "
    "decides, at each budget anew",
    stresses=(
        Stress(
            "fresh_seeds",
            "five other seeds",
            {"depth": (20, 30), "budget": (LATE,), "seed": (5, 6, 7, 8, 9)},
        ),
        Stress(
            "wide", "twice the units", {"depth": (20,), "budget": (LATE,)}, {"units": 2 * UNITS}
        ),
    ),
    cost=cost,
    claims=CLAIMS,
    verdicts={
        "dense-early": "not decided",
        "dense-late": "not decided",
        "dense-thirty": "holds up to a boundary, not decided at 1,200 steps",
        "dense-shallow": "holds up to a boundary, not decided at 100 steps",
    },
    numbers=numbers,
)
