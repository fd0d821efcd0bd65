"""How long may a sequence be before training breaks down, with clipping and without?"""

from __future__ import annotations

import numpy as np

from steadynet.experiments.base import Claim, Experiment
from steadynet.tasks.temporal_order import CURVES, NEVER, solved_at, train_row

LEARNING_RATE = 0.1
LENGTHS = (10, 15, 20, 25, 30, 40, 50)


def run(point):
    """One length and seed, every threshold side by side."""
    thresholds = point["threshold"]
    rates = [LEARNING_RATE] * len(thresholds)
    return train_row(point["length"], "global_norm", point["seed"], rates, thresholds)


def clipping_reaches_further(recording):
    """Averaged over lengths, more seeds succeed with clipping than without."""
    solved = np.isfinite(solved_at(recording)).astype(float)
    gain = (solved[:, 0] - solved[:, 1]).mean(axis=0)
    return Claim(
        "Averaged over lengths, clipping at 1 raises the share of runs that solve the task.",
        float(gain.mean()),
        float(gain.min()),
        float(gain.max()),
        unit="share of lengths gained",
        holds=bool(gain.mean() > 0.1 and (gain >= 0).all()),
    )


EXPERIMENT = Experiment(
    name="sequence_length",
    question="How long may a sequence be before training breaks down, clipped and not?",
    axes={"length": LENGTHS, "threshold": (1.0, NEVER), "seed": tuple(range(8))},
    together=("threshold",),
    run=run,
    arrays=CURVES,
    claims=(clipping_reaches_further,),
)
