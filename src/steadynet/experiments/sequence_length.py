"""How long may a sequence be before training breaks down, with clipping and without?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point
from steadynet.tasks.temporal_order import CURVES, NEVER, solved_at, train_row

if TYPE_CHECKING:
    from steadynet.recording import Recording

LEARNING_RATE = 0.1
LENGTHS = (10, 15, 20, 25, 30, 40, 50)


def run(point: Point) -> dict[str, np.ndarray]:
    """One length and seed, every threshold side by side."""
    thresholds = point["threshold"]
    rates = [LEARNING_RATE] * len(thresholds)
    return train_row(point["length"], "global_norm", point["seed"], rates, thresholds)


def clipping_reaches_further(recording: Recording) -> Finding:
    """Averaged over lengths, more seeds succeed with clipping than without."""
    solved = np.isfinite(solved_at(recording)).astype(float)
    gain = (solved[:, 0] - solved[:, 1]).mean(axis=0)
    return Finding(
        "Averaged over lengths, clipping at 1 raises the share of runs that solve the task.",
        float(gain.mean()),
        float(gain.min()),
        float(gain.max()),
        unit="share of lengths gained",
        holds=bool(gain.mean() > 0.1 and (gain >= 0).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    every = np.isfinite(solved_at(recording)).all(axis=-1)
    clipped, never = (max(np.compress(good, LENGTHS), default=0) for good in every.T)
    n_seeds = len(recording.axes["seed"])
    return {
        # Further with clipping than without, and not to the end.
        "longest-never": Number(never, (10, 20), "symbols that all seeds learn, never clipped"),
        "longest-clipped": Number(clipped, (25, 40), "symbols that all seeds learn, clipped at 1"),
        "length-seeds": Number(n_seeds, (8, 8), "seeds"),
    }


EXPERIMENT = Experiment(
    name="sequence_length",
    question="How long may a sequence be before training breaks down, clipped and not?",
    axes={"length": LENGTHS, "threshold": (1.0, NEVER), "seed": tuple(range(8))},
    together=("threshold",),
    run=run,
    arrays=CURVES,
    findings=(clipping_reaches_further,),
    numbers=numbers,
)
