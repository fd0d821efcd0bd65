"""Fair comparisons over learning rates: each kind of network at its best, and how far it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from steadynet.recording import Recording


def at_best_rate(recording: Recording, name: str, **at: Any) -> np.ndarray:
    """Values of every seed at the one rate whose mean over seeds is highest.

    Parameters
    ----------
    recording : Recording
    name : str
        An array in which more is better, one number a run.
    **at
        A value for every axis except "learning_rate" and "seed".

    Returns
    -------
    ndarray, shape (seeds,)

    Examples
    --------
    >>> from steadynet.recording import Recording
    >>> axes = {"learning_rate": (0.1, 1.0), "seed": (0, 1, 2)}
    >>> accuracy = np.array([[0.6, 0.75, 0.6], [0.9, 0.8, 0.1]])  # [rate, seed]
    >>> recording = Recording("demo", axes, {"accuracy": accuracy}, {})
    >>> at_best_rate(recording, "accuracy").tolist()
    [0.6, 0.75, 0.6]
    """
    values = recording.get(name, **at)
    return values[np.nan_to_num(values.mean(axis=-1), nan=-np.inf).argmax()]


def largest_usable_rate(
    recording: Recording, name: str, *, within: float = 0.1, **at: Any
) -> np.ndarray:
    """The largest rate, for every seed, that is within `within` of the best value over rates.

    Parameters
    ----------
    recording, name, **at
        As in `at_best_rate`.
    within : float
        How much may be lost, in the unit of the values.

    Returns
    -------
    ndarray, shape (seeds,)

    Examples
    --------
    >>> from steadynet.recording import Recording
    >>> axes = {"learning_rate": (0.1, 1.0), "seed": (0, 1, 2)}
    >>> accuracy = np.array([[0.6, 0.75, 0.6], [0.9, 0.8, 0.1]])  # [rate, seed]
    >>> recording = Recording("demo", axes, {"accuracy": accuracy}, {})
    >>> largest_usable_rate(recording, "accuracy").tolist()
    [1.0, 1.0, 0.1]
    """
    values = np.nan_to_num(recording.get(name, **at), nan=-np.inf)
    usable = values >= values.max(axis=0) - within
    rates = np.array(recording.axes["learning_rate"])[:, None]
    return np.where(usable, rates, 0).max(axis=0)
