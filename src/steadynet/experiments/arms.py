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


def chosen_rate(recording: Recording, **at: Any) -> float:
    """The learning rate whose accuracy on the validation split is highest in the mean over seeds.

    Parameters
    ----------
    recording : Recording
        With an array "validation_accuracy": of pictures neither trained on nor tested.
    **at
        A value for every axis except "learning_rate" and "seed".

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If no rate was run there.

    Examples
    --------
    >>> from steadynet.recording import Recording
    >>> axes = {"learning_rate": (0.1, 1.0), "seed": (0, 1, 2)}
    >>> arrays = {
    ...     "validation_accuracy": np.array([[0.6, 0.75, 0.6], [0.9, 0.8, 0.1]]),
    ...     "test_accuracy": np.array([[0.5, 0.7, 0.6], [0.9, 0.9, 0.1]]),
    ... }
    >>> demo = Recording("demo", axes, arrays, {})
    >>> chosen_rate(demo)
    0.1
    """
    means = recording.get("validation_accuracy", **at).astype("f8").mean(axis=-1)
    if np.isnan(means).all():
        raise ValueError(f"`at` must be where the experiment was run. Received: {at}")
    return float(recording.axes["learning_rate"][np.nanargmax(means)])


def at_chosen_rate(recording: Recording, name: str, **at: Any) -> np.ndarray:
    """Values of every seed at the rate of `chosen_rate`; an array's name, then as there.

    Returns
    -------
    ndarray, float64, shape (seeds,)

    Examples
    --------
    >>> from steadynet.recording import Recording
    >>> axes = {"learning_rate": (0.1, 1.0), "seed": (0, 1)}
    >>> arrays = {
    ...     "validation_accuracy": np.array([[0.75, 0.6], [0.9, 0.1]]),
    ...     "test_accuracy": np.array([[0.7, 0.6], [0.9, 0.1]]),
    ... }
    >>> at_chosen_rate(Recording("demo", axes, arrays, {}), "test_accuracy").tolist()
    [0.7, 0.6]
    """
    return recording.get(name, learning_rate=chosen_rate(recording, **at), **at).astype("f8")


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
