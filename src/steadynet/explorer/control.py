"""One thing that the reader may change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from steadynet._checks import require
from steadynet.explorer.panels.base import as_json

KINDS = ("slider", "choice", "switch")


@dataclass(frozen=True)
class Control:
    """One thing the reader may change.

    Parameters
    ----------
    name : str
        Python identifier; the key in settings and a column of the CSV.
    label : str
        What stands beside it.
    values : tuple
        What `train` receives, one per position: numbers, strings, booleans or None.
    texts : tuple of str, optional
        The same values as people say them ("0.01", "never"). `str(value)` by default.
    kind : {"slider", "choice", "switch"}
        A slider for many values, a choice (segments) for few, a switch for two (off, on).
    default : int
        Position of the value it opens at.
    help : str
        One sentence under the control. Empty for none.
    ticks : tuple of int
        Positions labelled under a slider. Empty: powers of ten, first and last.

    Examples
    --------
    >>> Control("threshold", "Clip threshold", (0.1, 1.0, None), ("0.1", "1", "never")).index(1)
    1
    """

    name: str
    label: str
    values: tuple[Any, ...]
    texts: tuple[str, ...] = ()
    kind: Literal["slider", "choice", "switch"] = "slider"
    default: int = 0
    help: str = ""
    ticks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require(self.name.isidentifier(), "Control name", "a Python identifier", self.name)
        object.__setattr__(self, "values", tuple(self.values))
        texts = tuple(self.texts) or tuple(str(v) for v in self.values)
        object.__setattr__(self, "texts", texts)
        n, where = len(self.values), f"of control {self.name!r}"
        require(self.kind in KINDS, f"`kind` {where}", f"one of {KINDS}", self.kind)
        require(n >= 2, f"`values` {where}", "at least two values", self.values)
        require(
            n == 2 or self.kind != "switch",
            f"`values` {where}",
            "two: off, on",
            self.values,
        )
        require(len(texts) == n, f"`texts` {where}", f"{n} texts, one a value", texts)
        require(0 <= self.default < n, f"`default` {where}", f"in 0…{n - 1}", self.default)
        ticks_fit = all(0 <= i < n for i in self.ticks)
        require(ticks_fit, f"`ticks` {where}", f"positions in 0…{n - 1}", self.ticks)

    def index(self, value: Any) -> int:
        """Position of `value` among the control's values."""
        for i, mine in enumerate(self.values):
            if _same(mine, value):
                return i
        raise ValueError(
            f"`{self.name}` must be one of the control's values {self.values}. Received: {value!r}"
        )

    def describe(self) -> dict[str, Any]:
        """The control as JSON for the view."""
        return {
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "values": [as_json(v) for v in self.values],
            "texts": list(self.texts),
            "default": self.default,
            "help": self.help,
            "ticks": list(self.ticks),
        }


def _same(mine: Any, value: Any) -> bool:
    """Whether two control values are the same one; floats may differ by rounding."""
    if isinstance(mine, bool) or isinstance(value, bool):
        return mine is value
    numbers = isinstance(mine, (int, float, np.number)) and isinstance(
        value, (int, float, np.number)
    )
    return math.isclose(mine, value, rel_tol=1e-9) if numbers else bool(mine == value)
