"""What was recorded at a setting of the convolutions explorer."""

from __future__ import annotations

from typing import Any

import numpy as np

from steadynet.experiments.arms import chosen_rate
from steadynet.recording import Recording

PLAIN = "none"
BEST = "best"  # in place of a learning rate: the one that validation chose, for each network


def run_at(
    recorded: Recording, *, learning_rate: float | str, **at: Any
) -> tuple[float | None, np.ndarray]:
    """Find a network's learning rate at a setting, and the test accuracy of every seed there.

    Parameters
    ----------
    recorded : Recording
        Of ``deep_convolutions``.
    learning_rate : float or BEST
    **at
        Its kind, depth and budget.

    Returns
    -------
    rate : float or None
        None if it was not run.
    accuracy : ndarray, shape (seeds,)
        NaN if it was not run.

    Examples
    --------
    >>> axes = {"kind": ("none",), "learning_rate": (0.1, 1.0), "seed": (0, 1)}
    >>> shares = np.array([[[0.5, 0.7], [np.nan, np.nan]]])
    >>> arrays = {"validation_accuracy": shares, "test_accuracy": shares}
    >>> recorded = Recording("demo", axes, arrays, {})
    >>> [run_at(recorded, learning_rate=r, kind="none")[0] for r in (BEST, 1.0)]
    [0.1, None]
    """
    rates = recorded.axes["learning_rate"] if learning_rate == BEST else (learning_rate,)
    shown = recorded.keep("learning_rate", rates)
    if np.isnan(shown.get("validation_accuracy", **at)).all():
        return None, np.full(len(recorded.axes["seed"]), np.nan)
    rate = chosen_rate(shown, **at)
    return rate, shown.get("test_accuracy", learning_rate=rate, **at).astype("f8")
