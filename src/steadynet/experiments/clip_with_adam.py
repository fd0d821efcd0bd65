"""How much does the threshold matter when Adam takes the steps."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks.temporal_order import (
    BATCH_SIZE,
    CURVES,
    NEVER,
    sequences,
    solved_at,
    summarize,
)

if TYPE_CHECKING:
    from steadynet import training
    from steadynet.recording import Recording

LENGTH, STEPS = 20, 1000
RATES = (0.003, 0.03)
THRESHOLDS = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0, NEVER)


@functools.lru_cache(maxsize=1)
def trainer() -> training.Trainer:
    """One compiled trainer; each run resets its weights and Adam's state."""
    import keras

    from steadynet import networks, training

    model = networks.recurrent_network(LENGTH)
    return training.Trainer(model, keras.optimizers.Adam(RATES[0]), clip="global_norm")


def run(point: Point) -> dict[str, np.ndarray]:
    """Every threshold in turn, for one rate and seed."""
    from steadynet import networks

    weights = networks.recurrent_network(LENGTH, seed=point["seed"]).get_weights()
    x, y = sequences(LENGTH, STEPS, point["seed"])
    found = []
    for threshold in point["threshold"]:
        trainer().model.set_weights(weights)
        record = trainer().run(
            *(x, y),
            steps=STEPS,
            batch_size=BATCH_SIZE,
            learning_rate=point["learning_rate"],
            threshold=threshold,
            seed=point["seed"],
            chunk=STEPS,
        )
        found.append(summarize(record))
    return {name: np.stack([each[name] for each in found]) for name in CURVES}


def adam_tolerates_tight_thresholds(recording: Recording) -> Finding:
    """A thousandfold smaller threshold costs Adam little."""
    steps = solved_at(recording, learning_rate=0.003)
    tight, loose = (steps[recording.axes["threshold"].index(t)] for t in (0.001, 1.0))
    ratio = np.nan_to_num(tight, nan=math.inf) / loose
    return Finding(
        "With Adam, a threshold of 0.001 takes less than twice the steps of a threshold of 1.",
        **median_and_range(ratio),
        unit="times the steps",
        holds=bool((ratio < 2).all()),
    )


def clipping_does_not_rescue_adam(recording: Recording) -> Finding:
    """At ten times the rate Adam fails on most seeds, whatever the threshold."""
    solved = np.isfinite(solved_at(recording, learning_rate=0.03)).mean(axis=-1)
    return Finding(
        "At rate 0.03 no threshold lets Adam solve the task on more than half of the seeds.",
        float(np.median(solved)),
        float(solved.min()),
        float(solved.max()),
        unit="share of seeds, over thresholds",
        holds=bool(solved.max() <= 0.5),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    slow, fast = (solved_at(recording, learning_rate=rate) for rate in RATES)
    medians, solved = np.median(slow, axis=-1), np.isfinite(fast).sum(axis=-1)
    never = solved[THRESHOLDS.index(NEVER)]
    return {
        # Within a factor of two: the threshold hardly matters.
        "adam-min": Number(medians.min(), (75, 150), "steps at the best threshold, median"),
        "adam-max": Number(medians.max(), (75, 150), "steps at the worst threshold, median"),
        "adam-fast-never": Number(never, (0, 2), "seeds that solve it at the high rate, unclipped"),
        "adam-fast-best": Number(solved.max(), (0, 2), "seeds that do at the best threshold"),
        "adam-seeds": Number(fast.shape[-1], (5, 5), "seeds"),
    }


EXPERIMENT = Experiment(
    name="clip_with_adam",
    question="How much does the threshold matter when Adam takes the steps?",
    axes={"learning_rate": RATES, "threshold": THRESHOLDS, "seed": (0, 1, 2, 3, 4)},
    together=("threshold",),
    run=run,
    arrays=CURVES,
    findings=(adam_tolerates_tight_thresholds, clipping_does_not_rescue_adam),
    numbers=numbers,
)
