"""How far behind training is a network that is evaluated by its moving statistics?

Five dense ReLU layers of 32 units on pictures of 14 × 14 pixels, in batches of 64.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.arms import chosen_rate
from steadynet.experiments.base import Experiment, Number, Point, Stress
from steadynet.experiments.evidence import Claim
from steadynet.tasks import trials

if TYPE_CHECKING:
    from steadynet.recording import Recording
    from steadynet.tasks import deep_rows

DEFAULT, LONG = 0.99, 0.999  # Keras's own momentum, and one that remembers ten times as long
MOMENTA = (0.0, 0.9, DEFAULT, LONG)
BUDGETS = (5, 10, 20, 40, 80, 150, 300, 600, 1200, 2400)
EARLY, MIDDLE, LATE, LONGEST = 20, 80, 600, 2400  # only the longest memory goes on after the third
RATES = (0.03, 0.1, 0.3)
DEPTH, UNITS, ACTIVATION, BATCH_SIZE = 5, 32, "relu", 64


def cost(point: Point) -> float:
    """Steps."""
    return max(_budgets(point)) * len(point["seed"]) / 1000


def _budgets(point):
    """Those that a momentum is trained for."""
    last = math.inf if point["momentum"] == LONG else LATE
    return [budget for budget in point["budget"] if budget <= last]


def run(point: Point) -> dict[str, np.ndarray]:
    """One momentum: every seed in turn, its learning rates side by side."""
    from steadynet.tasks import deep_rows

    options = {"depth": DEPTH, "units": UNITS, "activation": ACTIVATION, "held_out": True}
    row = deep_rows.row("batch norm", momentum=point["momentum"], **options)
    train = functools.partial(
        trials.at_moments, row, moments=_budgets(point), batch_size=BATCH_SIZE, look=look
    )
    return trials.on_every_seed(point, RATES, train)


def look(row: deep_rows.Row) -> trials.Looks:
    """Test accuracy by either statistics, and on the validation split by its own."""
    return {
        "validation_accuracy": row.accuracy("validation", by_batch=True),
        "test_accuracy": row.accuracy("test"),
        "test_accuracy_by_batch": row.accuracy("test", by_batch=True),
    }


# --- what is measured


def rate(recording: Recording) -> float:
    """One rate for all: the one at which training has come furthest by step 600."""
    return chosen_rate(recording, momentum=LONG, budget=LATE)


def accuracy(
    recording: Recording, budget: int, momentum: float, name: str = "test_accuracy"
) -> np.ndarray:
    """Test accuracy of every seed in percent, by moving statistics or by another array."""
    at = {"momentum": momentum, "budget": budget, "learning_rate": rate(recording)}
    return 100 * recording.get(name, **at).astype("f8")


def lag(recording: Recording, budget: int, momentum: float) -> np.ndarray:
    """Points of test accuracy lost by the moving statistics, against exact ones, by seed."""
    exact = accuracy(recording, budget, momentum, "test_accuracy_by_batch")
    return exact - accuracy(recording, budget, momentum)


def apart(recording: Recording, budget: int) -> np.ndarray:
    """Largest difference between two momenta in accuracy by exact statistics, by seed."""
    exact = [
        accuracy(recording, budget, momentum, "test_accuracy_by_batch")
        for momentum in recording.axes["momentum"]
    ]
    return np.ptp(exact, axis=0)


POINTS = "points of test accuracy"
CLOSE = "A loss of 3 points or more."


def _lag(name, momentum, statement, within, refuted_by, budget, also, *, stressed=True):
    """A claim about what is lost after some steps."""
    return Claim(
        name,
        statement,
        functools.partial(lag, momentum=momentum),
        POINTS,
        within=within,
        refuted_by=refuted_by,
        budget=budget,
        also=also,
        stresses={"fresh_seeds": budget} if stressed else {},
    )


CLAIMS = (
    _lag(
        *("lag-long", LONG),
        "After 80 steps, moving statistics of momentum 0.999 cost 15 points or more.",
        *((15, math.inf), "Moving statistics that come within 15 points."),
        *(MIDDLE, (EARLY, LATE, LONGEST)),
    ),
    _lag(
        *("lag-long-in-the-end", LONG),
        "After 2,400 steps, moving statistics of momentum 0.999 cost less than 3 points.",
        *((-math.inf, 3), CLOSE),
        *(LONGEST, ()),
        stressed=False,
    ),
    _lag(
        *("lag-default", DEFAULT),
        "After 20 steps, moving statistics of Keras's momentum 0.99 cost 10 points or more.",
        *((10, math.inf), "Moving statistics that come within 10 points."),
        *(EARLY, (MIDDLE, LATE)),
    ),
    _lag(
        *("lag-default-in-the-end", DEFAULT),
        "After 600 steps, moving statistics of momentum 0.99 cost less than 3 points.",
        *((-math.inf, 3), CLOSE),
        *(LATE, (300,)),
    ),
    _lag(
        *("lag-short", 0.9),
        "After 80 steps, moving statistics of momentum 0.9 cost less than 3 points.",
        *((-math.inf, 3), CLOSE),
        *(MIDDLE, (EARLY, LATE)),
        stressed=False,
    ),
    Claim(
        "momentum-not-learned",
        "By exact statistics, networks that differ in momentum alone are within a point.",
        apart,
        POINTS,
        within=(0, 1),
        refuted_by="Two momenta that end a point or more apart.",
        budget=LATE,
        also=(MIDDLE,),
        stresses={"fresh_seeds": LATE},
        control="The same network with another momentum, at the same rate.",
    ),
)


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    # The longer the memory, the later the averages: the ranges are ordered.
    within = {0.9: (0.7, 1.0), 0.99: (0.55, 0.7), 0.999: (0.25, 0.55)}
    own = np.median(accuracy(recording, MIDDLE, LONG, "test_accuracy_by_batch")) / 100
    meaning = "median test accuracy after 80 steps by"
    found = {"own-0.999": Number(own, (0.7, 1.0), f"{meaning} the batch's statistics")}
    for momentum, said in within.items():
        moving = np.median(accuracy(recording, MIDDLE, momentum)) / 100
        found[f"lag-{momentum}"] = Number(moving, said, f"{meaning} momentum {momentum}")
    return found


EXPERIMENT = Experiment(
    name="moving_statistics_lag",
    question="How far behind training is a network that is evaluated by its moving statistics?",
    axes={
        "momentum": MOMENTA,
        "learning_rate": RATES,
        "budget": BUDGETS,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("learning_rate", "budget", "seed"),
    run=run,
    arrays={
        "validation_accuracy": "share of 2,000 pictures, neither trained on nor tested, classified "
        "correctly by their own statistics as one batch",
        "test_accuracy": "share of the 3,000 test pictures classified correctly, moving statistics",
        "test_accuracy_by_batch": "the same by the statistics of all test pictures as one batch",
    },
    arms={f"{momentum:g}": f"moving statistics of momentum {momentum:g}" for momentum in MOMENTA},
    control="The same trained network, evaluated by the statistics of all test pictures.",
    chosen_on="2,000 of the 10,000 training pictures, held out from training and evaluated by "
    "their own statistics; the mean over seeds after 600 steps decides, for all momenta and "
    "budgets",
    stresses=(
        Stress(
            "fresh_seeds",
            "five other seeds, the two longest memories",
            {
                "momentum": (DEFAULT, LONG),
                "budget": (EARLY, MIDDLE, LATE),
                "seed": (5, 6, 7, 8, 9),
            },
        ),
    ),
    cost=cost,
    claims=CLAIMS,
    verdicts={
        "lag-long": "holds up to a boundary, "
        "not decided at 600 steps, does not hold at 2,400 steps",
        "lag-long-in-the-end": "not decided",
        "lag-default": "holds up to a boundary, "
        "not decided at 80 steps, does not hold at 600 steps",
        "lag-default-in-the-end": "holds",
        "lag-short": "holds",
        "momentum-not-learned": "holds",
    },
    numbers=numbers,
)
