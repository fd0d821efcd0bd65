"""The kinds of panel over steps, sizes and planes; each is drawn by one JavaScript module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from steadynet.explorers.panel import Chart, Panel, as_json, require

if TYPE_CHECKING:
    from steadynet.explorers.spec import Demo


@dataclass(frozen=True, kw_only=True)
class Curves(Chart):
    """Curves over steps: a thin line for each seed, a thick one for their median.

    Parameters
    ----------
    x : sequence of float
        Rising positions of the points.
    x_label : str
    y : str
        Name of an array shaped ``(*controls, seed, x)``. NaN: not there (a gap).
    y_label, y_domain, y_scale, y_format
        See `Chart`.
    """

    kind: ClassVar[str] = "curves"
    x: Sequence[float]
    x_label: str

    def check(self, demo: Demo) -> None:
        """Raise ValueError unless the panel fits `demo`."""
        super().check(demo)
        self._grid(self.x, "x")
        self._array(demo, self.y, (None, len(self.x)), "(*controls, seed, x)")

    def describe(self, demo: Demo) -> dict:
        """The panel as JSON for the view."""
        x = self._grid(self.x, "x")
        return {**super().describe(demo), "x": x, "x_label": self.x_label}


@dataclass(frozen=True, kw_only=True)
class Histogram(Panel):
    """How often a positive quantity took which size, with a threshold drawn in.

    Parameters
    ----------
    edges : sequence of float
        Rising positive edges of the bins, on a log axis.
    counts : str
        Name of an array shaped ``(*controls, bins)``; drawn as shares of their sum.
    x_label : str
    marker : str, optional
        Where the threshold stands: the name of a control with numeric values (None and inf: not
        drawn), or of an array shaped ``controls`` (NaN: not drawn).
    marker_label : str
        What the line is.
    share : str, optional
        Name of an array shaped ``controls``: exact share beyond the threshold, said in words.
        By default it is read from the bins.
    beyond : str
        How the share is said, with one ``{share}``.
    y_max : float, optional
        Top of the vertical axis (a share). By default the highest bar of all settings.
    """

    kind: ClassVar[str] = "histogram"
    edges: Sequence[float]
    counts: str
    x_label: str
    marker: str | None = None
    marker_label: str = "threshold"
    share: str | None = None
    beyond: str = "{share} of steps lie beyond the threshold."
    y_max: float | None = None

    def uses(self) -> dict[str, dict]:
        """Arrays it draws."""
        return {self.counts: {}} | ({self.share: {}} if self.share else {})

    def check(self, demo: Demo) -> None:
        """Raise ValueError unless the panel fits `demo`."""
        self._grid(self.edges, "edges", log=True)
        bins = len(self.edges) - 1
        counts = self._array(demo, self.counts, (bins,), "(*controls, bins)")
        good = not np.any(counts[~np.isnan(counts)] < 0)
        require(
            good,
            f"array {self.counts!r}",
            "counts of at least 0",
            float(np.nanmin(counts)),
        )
        if self.share is not None:
            self._array(demo, self.share, (), "(*controls,)")
        has_share = self.beyond.count("{share}") == 1
        require(has_share, "`beyond`", "a sentence with one {share}", self.beyond)
        if self.marker is not None:
            self._marker(demo)

    def _marker(self, demo: Demo) -> list:
        """Where the threshold stands at every setting, flat; None where there is none."""
        name, where = self.marker, f"`marker` of panel {self.title!r}"
        controls = {c.name: i for i, c in enumerate(demo.controls)}
        if name in controls:
            values = demo.controls[controls[name]].values
            kinds = all(v is None or isinstance(v, (int, float, np.number)) for v in values)
            require(kinds, where, "a control with numbers or None", values)
            return [as_json(v) for v in values]
        accepted = f"one of {[*controls, *demo.arrays]}"
        require(name in demo.arrays, where, accepted, name)
        return [as_json(float(v)) for v in self._array(demo, str(name), (), "(*controls,)").flat]

    def describe(self, demo: Demo) -> dict:
        """The panel as JSON for the view."""
        counts = np.asarray(demo.arrays[self.counts], dtype=float)
        total = np.maximum(np.nansum(counts, axis=-1, keepdims=True), 1e-300)
        names = [c.name for c in demo.controls]
        return {
            **super().describe(demo),
            "edges": self._grid(self.edges, "edges", log=True),
            "counts": self.counts,
            "x_label": self.x_label,
            "marker": self._marker(demo) if self.marker else None,
            "marker_control": names.index(self.marker) if self.marker in names else None,
            "marker_label": self.marker_label,
            "share": self.share,
            "beyond": self.beyond,
            "y_max": float(self.y_max or np.nanmax(counts / total, initial=1e-3)),
        }


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

    def uses(self) -> dict[str, dict]:
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

    def describe(self, demo: Demo) -> dict:
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
