"""How far behind training is a network that is evaluated by its moving statistics?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range

if TYPE_CHECKING:
    from steadynet.recording import Recording

MOMENTA = (0.0, 0.5, 0.9, 0.99, 0.999)
MOMENTS = (5, 10, 20, 40, 80, 150, 300, 600)  # steps after which the network is evaluated
RATES = (0.03, 0.1, 0.3)
DEPTH, UNITS, ACTIVATION, BATCH_SIZE = 5, 32, "relu", 64


def run(point: Point) -> dict[str, np.ndarray]:
    """One momentum and batch: every seed in turn, its learning rates side by side."""
    from steadynet.tasks import deep_rows

    options = {"depth": DEPTH, "units": UNITS, "activation": ACTIVATION}
    row = deep_rows.row("batch norm", momentum=point["momentum"], **options)
    found = [_train(row, point["learning_rate"], seed) for seed in point["seed"]]
    moving, by_batch = (np.stack(part, axis=1) for part in zip(*found, strict=True))
    return {"test_accuracy": moving, "test_accuracy_by_batch": by_batch}


def _train(row, rates, seed):
    """Test accuracy by moving statistics and by the batch's own, [rate, moment] each."""
    moving, by_batch = [], []

    def evaluate():
        moving.append(row.test_accuracy())
        by_batch.append(row.test_accuracy(by_batch=True))

    row.train(
        *(seed, rates),
        steps=MOMENTS[-1],
        batch_size=BATCH_SIZE,
        moments=MOMENTS,
        on_moment=evaluate,
    )
    return np.stack(moving, axis=-1), np.stack(by_batch, axis=-1)


def gap(recording: Recording, moment: int, **at: Any) -> np.ndarray:
    """Test accuracy lost by the moving statistics after some steps, against exact ones."""
    exact = recording.get("test_accuracy_by_batch", **at)
    return (exact - recording.get("test_accuracy", **at))[..., MOMENTS.index(moment)]


def early_evaluation_is_far_off(recording: Recording) -> Finding:
    """At Keras's default momentum, the first evaluations say little about the network."""
    points = 100 * gap(recording, 20, momentum=0.99, learning_rate=0.1)
    return Finding(
        "After 20 steps at momentum 0.99, the moving statistics cost over 10 points.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points > 10).all()),
    )


def late_evaluation_is_close(recording: Recording) -> Finding:
    """The lag fades."""
    points = 100 * gap(recording, 600, momentum=0.99, learning_rate=0.1)
    return Finding(
        "After 600 steps at momentum 0.99, they cost less than 3 points.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((np.abs(points) < 3).all()),
    )


def longer_memory_lags_longer(recording: Recording) -> Finding:
    """A momentum of 0.999 is still far off when 0.99 has caught up."""
    at: dict[str, Any] = {"moment": 600, "learning_rate": 0.1}
    points = 100 * (gap(recording, momentum=0.999, **at) - gap(recording, momentum=0.99, **at))
    return Finding(
        "After 600 steps, a momentum of 0.999 costs over 5 points more than one of 0.99.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points > 5).all()),
    )


def one_batch_is_a_poor_memory(recording: Recording) -> Finding:
    """At momentum 0, evaluation rests on the last batch alone, and is noisier at the end."""
    at: dict[str, Any] = {"moment": 600, "learning_rate": 0.03}
    points = 100 * (gap(recording, momentum=0.0, **at) - gap(recording, momentum=0.9, **at))
    return Finding(
        "After 600 steps at rate 0.03, remembering one batch alone costs more than momentum 0.9.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points > 0).all()),
    )


def momentum_leaves_training_alone(recording: Recording) -> Finding:
    """Momentum changes what evaluation sees and nothing that is learned."""
    exact = recording.get("test_accuracy_by_batch")
    difference = 100 * np.abs(exact - exact[:1]).max(axis=(0, 1, 3))
    return Finding(
        "By exact statistics, networks that differ in momentum alone have the same test accuracy.",
        **median_and_range(difference),
        unit="percentage points, largest difference",
        holds=bool((difference < 1).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    # The longer the memory, the later the averages: the ranges are ordered.
    within = {0.9: (0.7, 1.0), 0.99: (0.55, 0.7), 0.999: (0.25, 0.55)}
    at, after = {"learning_rate": 0.1}, MOMENTS.index(80)
    own = recording.get("test_accuracy_by_batch", momentum=0.999, **at)[:, after]
    meaning = "median test accuracy after 80 steps by"
    found = {"own-0.999": Number(np.median(own), (0.7, 1.0), f"{meaning} the batch's statistics")}
    for momentum, said in within.items():
        moving = recording.get("test_accuracy", momentum=momentum, **at)[:, after]
        found[f"lag-{momentum}"] = Number(np.median(moving), said, f"{meaning} momentum {momentum}")
    return found


EXPERIMENT = Experiment(
    name="moving_statistics_lag",
    question="How far behind training is a network that is evaluated by its moving statistics?",
    axes={"momentum": MOMENTA, "learning_rate": RATES, "seed": (0, 1, 2, 3, 4)},
    together=("learning_rate", "seed"),
    run=run,
    arrays={
        "test_accuracy": "share of the test pictures classified correctly by the moving "
        "statistics, after MOMENTS steps: [moment]",
        "test_accuracy_by_batch": "the same by the statistics of all test pictures as one batch",
    },
    findings=(
        early_evaluation_is_far_off,
        late_evaluation_is_close,
        longer_memory_lags_longer,
        one_batch_is_a_poor_memory,
        momentum_leaves_training_alone,
    ),
    numbers=numbers,
)
