"""How often a quantity took which size, and a threshold among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from steadynet._checks import require
from steadynet.explorer.panels.base import Panel, as_json

if TYPE_CHECKING:
    from steadynet.explorer.demo import Demo


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

    Examples
    --------
    >>> from steadynet.explorer import Control, Demo, Table
    >>> limit = Control("limit", "Clip threshold", (1.0, None), ("1", "never"))
    >>> panel = Histogram(
    ...     title="Norms", edges=(0.1, 1, 10), counts="counts", x_label="norm", marker="limit"
    ... )
    >>> arrays = {"counts": np.array([[9, 1], [6, 4]])}  # two thresholds, two bins
    >>> demo = Demo("toy", "Toy", "Clip?", [limit], [panel], arrays, Table((), ("Trained.",)))
    >>> said = panel.describe(demo)
    >>> said["marker"], said["y_max"]
    ([1.0, None], 0.9)
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

    def uses(self) -> dict[str, dict[str, Any]]:
        """Arrays it draws."""
        return {name: {} for name in (self.counts, self.share) if name}

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

    def _marker(self, demo: Demo) -> list[Any]:
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

    def describe(self, demo: Demo) -> dict[str, Any]:
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
