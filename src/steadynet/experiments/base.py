"""What every experiment says of itself: its grid, how one point runs, the claims it supports."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from steadynet.recording import Recording

__all__ = ["Claim", "Experiment", "median_and_range"]


@dataclasses.dataclass(frozen=True)
class Claim:
    """One statement about a recording, with the effect that was measured.

    Attributes
    ----------
    statement : str
        What is claimed, in one sentence.
    effect : float
        The measured effect: the median over seeds where seeds differ.
    low, high : float
        Smallest and largest value over seeds, in the same unit.
    unit : str
        What `effect` counts: "steps", "share of seeds", "degrees", ….
    holds : bool
        Whether the recording supports the statement.
    """

    statement: str
    effect: float
    low: float
    high: float
    unit: str
    holds: bool

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "does not hold"
        spread = f"{self.low:.4g} to {self.high:.4g} over seeds"
        return f"{self.statement} {self.effect:.4g} {self.unit} ({spread}): {verdict}"


@dataclasses.dataclass(frozen=True)
class Experiment:
    """One question, the grid that answers it, and the claims made from the answers.

    Attributes
    ----------
    name : str
        Also the name of its module and of its recording.
    question : str
        What the experiment asks, as a reader would.
    axes : mapping of str to tuple
        Every factor and its values, in the order of the arrays' leading dimensions; "seed" is last.
    together : tuple of str
        Factors whose values one call of `run` covers at once (trained side by side, say).
    run : callable
        ``run(point) -> dict of arrays``. `point` maps a factor to one value, and a factor of
        `together` to the tuple of its values; those lead the arrays, in the order of `axes`.
    arrays : mapping of str to str
        What each array holds: unit, and what its trailing dimensions count.
    claims : tuple of callable
        ``claim(recording) -> Claim``; each holds on the committed recording.
    not_reproduced : tuple of callable
        Claims from the literature or of our own that the recording does not support.

    Raises
    ------
    ValueError
        If "seed" is not the last of `axes`, or `together` names none of them.
    """

    name: str
    question: str
    axes: Mapping[str, tuple]
    together: tuple[str, ...]
    run: Callable[[dict], dict[str, np.ndarray]]
    arrays: Mapping[str, str]
    claims: tuple[Callable[[Recording], Claim], ...] = ()
    not_reproduced: tuple[Callable[[Recording], Claim], ...] = ()

    def __post_init__(self):
        if not self.axes or list(self.axes)[-1] != "seed":
            raise ValueError(f"`axes` must end with 'seed'. Received: {list(self.axes)}")
        unknown = set(self.together) - set(self.axes)
        if unknown:
            raise ValueError(f"`together` must name axes. Received: {sorted(unknown)}")


def median_and_range(values) -> dict[str, float]:
    """Median, smallest and largest of one value a seed, as the fields of a `Claim`.

    Parameters
    ----------
    values : array_like
        One value a seed.

    Returns
    -------
    dict
        "effect", "low" and "high".

    Examples
    --------
    >>> median_and_range([3, 1, 2])
    {'effect': 2.0, 'low': 1.0, 'high': 3.0}
    """
    values = np.asarray(values, dtype=float)
    return {
        "effect": float(np.median(values)),
        "low": float(values.min()),
        "high": float(values.max()),
    }
