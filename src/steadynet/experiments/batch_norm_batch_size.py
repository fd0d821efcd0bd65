"""How small may the batch be before batch normalization stops helping?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.arms import at_best_rate
from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range

if TYPE_CHECKING:
    from steadynet.recording import Recording

BATCH_SIZES = (2, 4, 8, 16, 32, 64, 128, 256, 512)
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
DEPTH, UNITS, ACTIVATION, STEPS, LAST = 10, 24, "elu", 240, 20


def run(point: Point) -> dict[str, np.ndarray]:
    """One kind of network and batch size: every seed in turn, its learning rates side by side."""
    from steadynet.tasks import deep_rows

    options = {"depth": DEPTH, "units": UNITS, "activation": ACTIVATION}
    row = deep_rows.row(point["normalize"], **options)
    found = []
    for seed in point["seed"]:
        record = row.train(
            seed, point["learning_rate"], steps=STEPS, batch_size=point["batch_size"]
        )
        found.append(
            {
                "test_accuracy": row.test_accuracy(),
                "train_accuracy": record.accuracy[:, -LAST:].mean(-1),
                "test_accuracy_by_batch": row.test_accuracy(by_batch=True),
            }
        )
    return {name: np.stack([one[name] for one in found], axis=1) for name in found[0]}


def gain(recording: Recording, batch_size: int) -> np.ndarray:
    """Test accuracy gained by batch normalization, each arm at its best rate, by seed."""
    with_it, without = (
        at_best_rate(recording, "test_accuracy", normalize=n, batch_size=batch_size)
        for n in ("batch norm", "none")
    )
    return with_it - without


def breaks_down_at_two(recording: Recording) -> Finding:
    """Of two numbers, normalizing leaves only which one is larger."""
    points = 100 * gain(recording, 2)
    return Finding(
        "At batch 2, batch normalization loses more than 20 points, each arm at its best rate.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points < -20).all()),
    )


def loses_at_four(recording: Recording) -> Finding:
    """Four are still too few."""
    points = 100 * gain(recording, 4)
    return Finding(
        "At batch 4, batch normalization loses test accuracy, each arm at its best rate.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points < 0).all()),
    )


def gains_from_thirty_two(recording: Recording) -> Finding:
    """From 32 on it helps at every batch size."""
    points = 100 * np.array([gain(recording, b) for b in BATCH_SIZES if b >= 32])
    return Finding(
        "At every batch size from 32 to 512, batch normalization gains (mean over batch sizes).",
        **median_and_range(points.mean(axis=0)),
        unit="percentage points of test accuracy",
        holds=bool((np.median(points, axis=1) > 0).all() and (points.mean(axis=0) > 0).all()),
    )


def error_grows_as_batches_shrink(recording: Recording) -> Finding:
    """Wu and He (2018): error 23.6 % at batch 32, 34.7 % at batch 2."""
    at_2, at_32 = (
        at_best_rate(recording, "test_accuracy", normalize="batch norm", batch_size=b)
        for b in (2, 32)
    )
    points = 100 * (at_32 - at_2)
    return Finding(
        "From batch 32 to 2, the test error of the normalized network grows by over 11 points.",
        **median_and_range(points),
        unit="percentage points of test error",
        holds=bool((points > 11).all()),
    )


def moving_statistics_are_to_blame(recording: Recording) -> Finding:
    """Do small batches train well, and only leave poor moving statistics behind?"""
    at = {"normalize": "batch norm", "batch_size": 4, "learning_rate": 0.03}
    by_batch = recording.get("test_accuracy_by_batch", **at)
    points = 100 * (by_batch - recording.get("test_accuracy", **at))
    return Finding(
        "At batch 4, exact statistics in testing win back half of what batch normalization loses.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points > -50 * gain(recording, 4)).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    # Hardly anything is won back, on any seed.
    found = moving_statistics_are_to_blame(recording).said("blame", (-5, 3))
    within = {
        ("with", 2): (0.0, 0.3),
        ("without", 2): (0.35, 0.65),
        ("with", 8): (0.5, 0.75),
        ("without", 8): (0.5, 0.75),
        ("with", 64): (0.77, 1.0),
        ("without", 64): (0.5, 0.77),
    }
    for (arm, size), said in within.items():
        at = {"normalize": {"with": "batch norm", "without": "none"}[arm], "batch_size": size}
        best = np.median(at_best_rate(recording, "test_accuracy", **at))
        meaning = f"median test accuracy at batch {size}, {arm} batch normalization, at best rate"
        found[f"{arm}-{size}"] = Number(best, said, meaning)
    return found


EXPERIMENT = Experiment(
    name="batch_norm_batch_size",
    question="How small may the batch be before batch normalization stops helping?",
    axes={
        "normalize": ("none", "batch norm"),
        "batch_size": BATCH_SIZES,
        "learning_rate": RATES,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("learning_rate", "seed"),
    run=run,
    arrays={
        "test_accuracy": "share of the 3,000 test pictures classified correctly, moving statistics",
        "test_accuracy_by_batch": "the same by the statistics of all test pictures as one batch",
        "train_accuracy": "share of the last 20 training batches classified correctly",
    },
    findings=(
        breaks_down_at_two,
        loses_at_four,
        gains_from_thirty_two,
        error_grows_as_batches_shrink,
    ),
    not_reproduced=(moving_statistics_are_to_blame,),
    numbers=numbers,
)
