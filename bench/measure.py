"""Time things that take turns, so that a busy moment of the machine falls on all of them."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of a table: medians as text, and how many times ours goes into the other."""

    what: str
    ours: str
    other: str = ""
    ratios: tuple[float, ...] = ()

    def cells(self) -> list[str]:
        """The line's texts."""
        if not self.ratios:
            return [self.what, self.ours, self.other, "", ""]
        low, high = min(self.ratios), max(self.ratios)
        times = f"{statistics.median(self.ratios):.3g}"
        return [self.what, self.ours, self.other, times, f"{low:.3g}–{high:.3g}"]


def seconds(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(what: str, ours: Callable, other: Callable, repeats: int, per: float, unit: str) -> Row:
    """Time two calls in turns, after one of each that is not counted.

    Parameters
    ----------
    what : str
        First cell of the row.
    ours, other : callable
        Take nothing.
    repeats : int
    per : float
        A second is this many of `unit`: 1000 / steps for "ms a step".
    unit : str

    Returns
    -------
    Row
        Its ratios are other over ours, turn by turn.
    """
    ours(), other()
    turns = [(seconds(ours), seconds(other)) for _ in range(repeats)]
    a, b = (f"{per * statistics.median(side):.3g} {unit}" for side in zip(*turns, strict=True))
    return Row(what, a, b, tuple(theirs / mine for mine, theirs in turns))
