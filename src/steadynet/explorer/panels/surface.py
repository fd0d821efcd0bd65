"""Height over a plane, and a path over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from steadynet._checks import require
from steadynet.explorer.panels.base import Panel

if TYPE_CHECKING:
    from steadynet.explorer.demo import Demo


@dataclass(frozen=True, kw_only=True)
class Surface(Panel):
    """Height over a plane as contours, and the path that steps take over it.

    Parameters
    ----------
    x, y : sequence of float
        Evenly spaced grid of the plane.
    x_label, y_label : str
    z : str
        Name of an array shaped ``(len(y), len(x))``, the same for every setting.
    z_label : str
    z_scale : {"linear", "log"}
        How the levels of the contours are spaced.
    path : str
        Name of an array shaped ``(*controls, step, 2)``: x and y of every step from the start.
        NaN after the end.
    start : (str, str), optional
        Two controls with numeric values, the x and y of the start: it can be dragged.

    Examples
    --------
    >>> from steadynet.explorer import Control, Demo, Table
    >>> rate = Control("rate", "Learning rate", (0.1, 1.0))
    >>> x, y = np.linspace(-1, 1, 3), np.linspace(0, 1, 2)
    >>> panel = Surface(
    ...     title="Error", x=x, x_label="w", y=y, y_label="b", z="error", path="path"
    ... )
    >>> error = x**2 + y[:, None]  # rows are y, columns x
    >>> arrays = {"error": error, "path": np.zeros((2, 5, 2))}  # at each rate five points (x, y)
    >>> demo = Demo("toy", "Toy", "Which rate?", [rate], [panel], arrays, Table((), ("Trained.",)))
    >>> panel.describe(demo)["x"]
    [-1.0, 1.0]
    """

    kind: ClassVar[str] = "surface"
    x: Sequence[float]
    x_label: str
    y: Sequence[float]
    y_label: str
    z: str
    z_label: str = "loss"
    z_scale: Literal["linear", "log"] = "linear"
    path: str
    start: tuple[str, str] | None = None

    def uses(self) -> dict[str, dict[str, Any]]:
        """Arrays it draws."""
        width = min(abs(self.x[-1] - self.x[0]), abs(self.y[-1] - self.y[0]))
        return {self.z: {}, self.path: {"span": (0.0, float(width))}}

    def check(self, demo: Demo) -> None:
        """Raise ValueError unless the panel fits `demo`."""
        for name, values in (("x", self.x), ("y", self.y)):
            steps = np.diff(self._grid(values, name))
            even = bool(np.allclose(steps, steps[0], rtol=1e-3))
            require(even, f"`{name}` of panel {self.title!r}", "evenly spaced", values)
        require(self.z in demo.arrays, f"`z` of panel {self.title!r}", "an array", self.z)
        z, want = np.asarray(demo.arrays[self.z]), (len(self.y), len(self.x))
        require(z.shape == want, f"array {self.z!r}", f"shaped (y, x) {want}", z.shape)
        require(bool(np.all(np.isfinite(z))), f"array {self.z!r}", "finite", "NaN or inf")
        require(
            self.z_scale in ("linear", "log"),
            "`z_scale`",
            "linear or log",
            self.z_scale,
        )
        positive = self.z_scale == "linear" or bool(np.all(z > 0))
        require(positive, f"array {self.z!r}", "positive (log levels)", float(z.min()))
        self._array(demo, self.path, (None, 2), "(*controls, step, 2)")
        for name in self.start or ():
            values = demo.control(name).values
            numbers = all(isinstance(v, (int, float, np.number)) for v in values)
            require(numbers, f"values of control {name!r}", "numbers, to start from", values)

    def describe(self, demo: Demo) -> dict[str, Any]:
        """The panel as JSON for the view."""
        names = [c.name for c in demo.controls]
        return {
            **super().describe(demo),
            "x": [float(self.x[0]), float(self.x[-1])],
            "x_label": self.x_label,
            "y": [float(self.y[0]), float(self.y[-1])],
            "y_label": self.y_label,
            "z": self.z,
            "z_label": self.z_label,
            "z_log": self.z_scale == "log",
            "path": self.path,
            "start": [names.index(n) for n in self.start] if self.start else None,
        }
