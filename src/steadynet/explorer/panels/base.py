"""What every kind of panel has: a title, the arrays it draws, and checks with clear errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from steadynet._checks import require

if TYPE_CHECKING:
    from steadynet.explorer.demo import Demo


def as_json(value: Any) -> Any:
    """A number, text or None that JSON can carry; what is not finite becomes None."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, kw_only=True)
class Panel:
    """What every panel has. Subclass it, name a `kind`, and register a drawing of that kind.

    Parameters
    ----------
    title : str
        What is drawn, in a few words.
    caption : str
        How to read it, in a sentence. Empty for none.

    Examples
    --------
    >>> class Gauge(Panel):
    ...     kind = "gauge"
    >>> from steadynet.explorer import Control, Demo, Table
    >>> rate = Control("rate", "Learning rate", (0.1, 1.0))
    >>> panel = Gauge(title="Speed", caption="Steps a second.")
    >>> demo = Demo("toy", "Toy", "Which rate?", [rate], [panel], {}, Table((), ("Trained.",)))
    >>> panel.describe(demo)
    {'kind': 'gauge', 'title': 'Speed', 'caption': 'Steps a second.'}
    """

    kind: ClassVar[str] = ""
    title: str
    caption: str = ""

    def uses(self) -> dict[str, dict[str, Any]]:
        """Arrays it draws: name to how they are stored (`log`, and the `span` seen at once)."""
        return {}

    def check(self, demo: Demo) -> None:
        """Raise ValueError unless the panel fits `demo`."""

    def describe(self, demo: Demo) -> dict[str, Any]:  # noqa: ARG002 - kinds of panel need it
        """The panel as JSON for the view."""
        return {"kind": self.kind, "title": self.title, "caption": self.caption}

    def _array(self, demo: Demo, name: str, trailing: tuple[Any, ...], words: str) -> np.ndarray:
        """The array called `name`, if its shape is (*controls, *trailing); None is any size."""
        where = f"of panel {self.title!r}"
        known = name in demo.arrays
        require(known, f"array {where}", f"one of {list(demo.arrays)}", name)
        shape = np.shape(demo.arrays[name])
        want = (*demo.shape, *trailing)
        fits = len(shape) == len(want) and all(
            w in (None, s) for s, w in zip(shape, want, strict=True)
        )
        require(fits, f"array {name!r} {where}", f"shaped {words} {_shape(want)}", shape)
        return np.asarray(demo.arrays[name])

    def _grid(self, values: Sequence[float], what: str, log: bool = False) -> list[float]:
        """`values` as a list, if they rise (and are positive where drawn on a log scale)."""
        grid = np.asarray(values, dtype=float)
        rising = grid.ndim == 1 and grid.size >= 2 and bool(np.all(np.diff(grid) > 0))
        require(
            rising,
            f"`{what}` of panel {self.title!r}",
            "at least two rising numbers",
            values,
        )
        positive = not log or grid[0] > 0
        require(positive, f"`{what}` of panel {self.title!r}", "positive (log axis)", values)
        return [float(v) for v in grid]


@dataclass(frozen=True, kw_only=True)
class Chart(Panel):
    """A panel with one quantity on a vertical axis that stays still.

    Parameters
    ----------
    y : str
        Name of the array that is drawn.
    y_label : str
    y_domain : (float, float)
        Ends of the vertical axis. What lies beyond is cut at the edge.
    y_scale : {"linear", "log"}
    y_format : str
        How d3-format writes the axis, such as ".0%". Empty: plain decimals.
    """

    y: str
    y_label: str
    y_domain: tuple[float, float]
    y_scale: Literal["linear", "log"] = "linear"
    y_format: str = ""

    def uses(self) -> dict[str, dict[str, Any]]:
        """Arrays it draws."""
        return {self.y: {"log": self.y_scale == "log", "span": self.y_domain}}

    def check(self, demo: Demo) -> None:  # noqa: ARG002 - kinds of panel need it
        """Raise ValueError unless the axis can be drawn."""
        scales = ("linear", "log")
        require(self.y_scale in scales, "`y_scale`", f"one of {scales}", self.y_scale)
        self._grid(self.y_domain, "y_domain", log=self.y_scale == "log")

    def describe(self, demo: Demo) -> dict[str, Any]:
        """The panel as JSON for the view."""
        return {
            **super().describe(demo),
            "y": self.y,
            "y_label": self.y_label,
            "y_domain": [float(v) for v in self.y_domain],
            "y_log": self.y_scale == "log",
            "y_format": self.y_format,
        }


def in_per_cent(y_label: str, lowest: float = 0.0) -> dict[str, Any]:
    """Options of a `Chart` of shares: its axis ends at 1, and is written in per cent.

    Parameters
    ----------
    y_label : str
    lowest : float
        Where the axis begins.

    Examples
    --------
    >>> in_per_cent("accuracy")
    {'y_label': 'accuracy', 'y_domain': (0.0, 1.0), 'y_format': '.0%'}
    """
    return {"y_label": y_label, "y_domain": (lowest, 1.0), "y_format": ".0%"}


def _shape(want: tuple[Any, ...]) -> str:
    """A shape as text, with `n` for any size."""
    return "(" + ", ".join("n" if w is None else str(w) for w in want) + ")"
