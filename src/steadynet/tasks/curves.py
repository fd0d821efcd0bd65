"""What the curves of a run are summed up to; several runs stand side by side, steps last."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SLACK = 1e-6  # by which rounding may let a window's sum of accuracies fall short


def windows(
    curve: np.ndarray, window: int, middle: Callable[..., np.ndarray] = np.mean
) -> np.ndarray:
    """The middle of each window of steps.

    Parameters
    ----------
    curve : ndarray, shape (..., steps)
    window : int
        Steps in a window; it divides their number.
    middle : callable
        Takes an array and `axis`: `numpy.mean` or `numpy.median`.

    Returns
    -------
    ndarray, shape (..., steps / window)

    Examples
    --------
    >>> windows(np.array([1.0, 3.0, 5.0, 9.0]), 2).tolist()
    [2.0, 7.0]
    """
    return middle(curve.reshape(*curve.shape[:-1], -1, window), axis=-1)


def steps_to(accuracy: np.ndarray, target: float, window: int) -> np.ndarray:
    """Steps until the mean of the last `window` accuracies reaches `target`; NaN if never.

    Parameters
    ----------
    accuracy : ndarray, shape (..., steps)
        With fewer steps than `window`, no target is reached.
    target : float
    window : int

    Returns
    -------
    ndarray, float32, shape (...)

    Examples
    --------
    >>> steps_to(np.array([[0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]), 1.0, 2).tolist()
    [3.0, nan]
    """
    if accuracy.shape[-1] < window:
        return np.full(accuracy.shape[:-1], np.nan, "f4")
    sums = np.cumsum(np.insert(accuracy, 0, 0, axis=-1), axis=-1, dtype="f8")
    there = sums[..., window:] - sums[..., :-window] >= target * window - SLACK
    return np.where(there.any(-1), there.argmax(-1) + window, np.nan).astype("f4")
