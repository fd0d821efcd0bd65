"""What was recorded at a setting of the convolutions explorer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from steadynet.experiments.arms import chosen_rate
from steadynet.explorer.control import Control
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
    rate: Any = learning_rate
    if learning_rate == BEST:
        if np.isnan(recorded.get("validation_accuracy", **at)).all():
            return None, np.full(len(recorded.axes["seed"]), np.nan)
        rate = chosen_rate(recorded, **at)
    accuracy = recorded.get("test_accuracy", learning_rate=rate, **at).astype("f8")
    return (None if np.isnan(accuracy).all() else rate), accuracy


def arrays(recorded: Recording, controls: Sequence[Control]) -> dict[str, np.ndarray]:
    """Test accuracy of every seed at every setting.

    Parameters
    ----------
    recorded : Recording
        Of ``deep_convolutions``.
    controls : sequence of Control
        What is added comes first.

    Returns
    -------
    dict of ndarray
        Of what is chosen ("added"), and of the plain network there ("plain"); NaN: not run.
    """
    names, values = zip(*((c.name, c.values) for c in controls[1:]), strict=True)
    points = [dict(zip(names, point, strict=True)) for point in itertools.product(*values)]

    def of(kind):
        found = [run_at(recorded, kind=kind, **point)[1] for point in points]
        return np.reshape(found, (*map(len, values), -1))

    added = np.stack([of(kind) for kind in controls[0].values])
    return {"added": added, "plain": np.broadcast_to(of(PLAIN), added.shape)}
