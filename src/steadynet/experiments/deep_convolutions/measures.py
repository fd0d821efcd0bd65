"""What the claims on deep convolutions measure: one number a seed, paired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.arms import at_chosen_rate
from steadynet.experiments.deep_convolutions.grid import DEEP, TARGETS

if TYPE_CHECKING:
    from steadynet.recording import Recording


def gain(
    recording: Recording, budget: int, kind: str, *, over: str = "none", depth: int = DEEP
) -> np.ndarray:
    """Points of test accuracy of one kind over another, each at its best rate, by seed."""
    ours, theirs = (
        at_chosen_rate(recording, "test_accuracy", kind=k, depth=depth, budget=budget)
        for k in (kind, over)
    )
    return 100 * (ours - theirs)


def steps_saved(recording: Recording, budget: int, target: float = 0.6) -> np.ndarray:
    """How many times fewer steps to a training accuracy, each arm at its quickest rate, by seed.

    A plain network that never gets there counts as there at the budget, which favours it.
    """
    steps = []
    for kind in ("none", "batch norm"):
        found = recording.get("steps_to", kind=kind, depth=DEEP, budget=budget)
        found = found[..., TARGETS.index(target)].astype("f8")
        run_at_all = ~np.isnan(recording.get("loss", kind=kind, depth=DEEP, budget=budget))
        found = np.where(np.isnan(found), budget, found)[run_at_all.all(axis=-1)]
        steps.append(found[np.median(found, axis=-1).argmin()])
    return steps[0] / steps[1]


def rate_ratio(recording: Recording, budget: int) -> np.ndarray:
    """Largest usable rate with batch norm over that without: within 10 points of the arm's best."""
    largest = []
    for kind in ("none", "batch norm"):
        found = recording.get("validation_accuracy", kind=kind, depth=DEEP, budget=budget)
        usable = np.nan_to_num(found, nan=-1) >= np.nanmax(found, axis=0) - 0.1
        rates = np.array(recording.axes["learning_rate"])[:, None]
        largest.append(np.where(usable, rates, 0).max(axis=0))
    return largest[1] / largest[0]


def depth_adds(recording: Recording, budget: int) -> np.ndarray:
    """By how many points the gain with twenty layers is above that with five, by seed."""
    deep, shallow = (gain(recording, budget, "batch norm", depth=d) for d in (DEEP, 5))
    return deep - shallow
