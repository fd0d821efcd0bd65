"""Does batch normalization belong before or after the activation?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.arms import at_best_rate
from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks import curves

if TYPE_CHECKING:
    from steadynet.recording import Recording

ACTIVATIONS = ("sigmoid", "relu", "elu")
PLACEMENTS = ("none", "before", "after")
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
DEPTH, UNITS, BATCH_SIZE, STEPS, WINDOW = 20, 24, 64, 300, 10


def run(point: Point) -> dict[str, np.ndarray]:
    """One activation and placement: every seed in turn, its learning rates side by side."""
    from steadynet.tasks import deep_rows

    options = {"depth": DEPTH, "units": UNITS, "activation": point["activation"]}
    if point["placement"] == "none":
        row = deep_rows.row("none", **options)
    else:
        row = deep_rows.row("batch norm", placement=point["placement"], **options)
    accuracy, test_accuracy = [], []
    for seed in point["seed"]:
        rates = point["learning_rate"]
        record = row.train(seed, rates, steps=STEPS, batch_size=BATCH_SIZE)
        accuracy.append(curves.windows(record.accuracy, WINDOW))
        test_accuracy.append(row.test_accuracy())
    return {"accuracy": np.stack(accuracy, 1), "test_accuracy": np.stack(test_accuracy, 1)}


def best(recording: Recording, activation: str, placement: str) -> np.ndarray:
    """Test accuracy of every seed at the placement's own best rate."""
    return at_best_rate(recording, "test_accuracy", activation=activation, placement=placement)


def gains_in_either_place(recording: Recording) -> Finding:
    """Whether it is there counts for more than where it stands."""
    gains = []
    for activation in ACTIVATIONS:
        none, before, after = (best(recording, activation, p) for p in PLACEMENTS)
        gains += [before - none, after - none]
    points = 100 * np.min(gains, axis=0)
    return Finding(
        "With 20 layers of each activation and in either place, batch normalization gains (the "
        "smallest of the six gains).",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points > 0).all()),
    )


def before_relu_is_better(recording: Recording) -> Finding:
    """The paper's place, in a deep ReLU network."""
    points = 100 * (best(recording, "relu", "before") - best(recording, "relu", "after"))
    return Finding(
        "In 20 ReLU layers, standing before the activation is better than after on every seed.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points > 0).all()),
    )


def before_sigmoid_is_better(recording: Recording) -> Finding:
    """The paper's place, in a deep sigmoid network."""
    points = 100 * (best(recording, "sigmoid", "before") - best(recording, "sigmoid", "after"))
    return Finding(
        "In 20 sigmoid layers, standing before the activation is better than after.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points > 0).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    # Which place is better depends on the activation: the ranges of sigmoid and ReLU are ordered.
    within = {
        ("sigmoid", "before"): (0.6, 0.765),
        ("sigmoid", "after"): (0.765, 1.0),
        ("relu", "before"): (0.6, 1.0),
        ("relu", "after"): (0.3, 0.6),
        ("elu", "before"): (0.7, 1.0),
        ("elu", "after"): (0.7, 1.0),
    }
    medians = {
        f"{activation}-{placement}": Number(
            np.median(best(recording, activation, placement)),
            said,
            f"median test accuracy of {activation} with batch norm {placement} it, at best rate",
        )
        for (activation, placement), said in within.items()
    }
    return {**medians, **_gains_of_standing_before(recording)}


def _gains_of_standing_before(recording):
    """From the worst to the best seed: below zero for sigmoid, of both signs for ReLU and ELU."""
    within = {
        "sigmoid": ((-6.0, -0.1), (-2.0, -0.1)),
        "relu": ((-15.0, -0.5), (2.0, 25.0)),
        "elu": ((-6.0, -0.5), (0.5, 6.0)),
    }
    found = {}
    for activation, (low, high) in within.items():
        before, after = (best(recording, activation, place) for place in ("before", "after"))
        points, meaning = 100 * (before - after), f"points gained before {activation}, not after,"
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
        "seed": (0, 1, 2, 3, 4),
    },
    together=("learning_rate", "seed"),
    run=run,
    arrays={
        "accuracy": "share of each batch classified correctly, means of 10 steps: [window]",
        "test_accuracy": "share of the 3,000 test pictures classified correctly after training",
    },
    findings=(gains_in_either_place,),
    not_reproduced=(before_relu_is_better, before_sigmoid_is_better),
    numbers=numbers,
)
