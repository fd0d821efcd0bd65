"""A quantity of each layer of a network, at a moment of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from steadynet._checks import require
from steadynet.explorer.panels.base import Chart

if TYPE_CHECKING:
    from steadynet.explorer.demo import Demo


@dataclass(frozen=True, kw_only=True)
class Layers(Chart):
    """A quantity of each layer as bands of quantiles, at a moment of training the reader picks.

    The panel has a slider for the moment; all `Layers` panels of a demo share it.

    Parameters
    ----------
    y : str
        Name of an array shaped ``(*controls, moment, layer, quantile)``, as deep as the deepest
        network; NaN: no such layer (not drawn). With one quantile the last dimension may be
        left out. Live arrays are shaped ``(moments so far, layer, quantile)``.
    y_label, y_domain, y_scale, y_format
        See `Chart`.
    moments : sequence of float
        Rising steps after which the layers were looked at.
    quantiles : sequence of float
        Rising shares, symmetric around the middle one, 0.5: three or five of them draw bands,
        ``(0.5,)`` a line.
    moment : int
        Position of the moment it opens at; the last by default.
    moment_texts : sequence of str, optional
        The moments as people say them. By default "step 1,000".
    x_label : str
        What is counted from the first layer, 1, to the last.

    Examples
    --------
    >>> from steadynet.explorer import Control, Demo, Table
    >>> rate = Control("rate", "Learning rate", (0.1, 1.0))
    >>> options = {"y": "norms", "y_label": "norm", "y_domain": (1e-3, 10), "y_scale": "log"}
    >>> panel = Layers(title="Gradients", moments=(0, 100), quantiles=(0.5,), **options)
    >>> arrays = {"norms": np.ones((2, 2, 5))}  # two rates, two moments, five layers
    >>> demo = Demo("toy", "Toy", "Which rate?", [rate], [panel], arrays, Table((), ("Trained.",)))
    >>> said = panel.describe(demo)
    >>> said["layers"], said["moments"], said["moment"]
    (5, ['step 0', 'step 100'], 1)
    """

    kind: ClassVar[str] = "layers"
    moments: Sequence[float]
    quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)
    moment: int = -1
    moment_texts: Sequence[str] = ()
    x_label: str = "layer"

    def check(self, demo: Demo) -> None:
        """Raise ValueError unless the panel fits `demo`."""
        super().check(demo)
        where, n = f"of panel {self.title!r}", len(self.moments)
        self._grid(self.moments, "moments")
        require(-n <= self.moment < n, f"`moment` {where}", f"in {-n}…{n - 1}", self.moment)
        texts = len(self.moment_texts) in (0, n)
        require(texts, f"`moment_texts` {where}", f"{n} texts, one a moment", self.moment_texts)
        shares = np.asarray(self.quantiles, dtype=float)
        rising = shares.size in (1, 3, 5) and bool(np.all(np.diff(shares) > 0))
        good = rising and np.allclose(shares + shares[::-1], 1) and shares[0] >= 0
        require(good, f"`quantiles` {where}", "1, 3 or 5, rising around 0.5", self.quantiles)
        words = "(*controls, moment, layer, quantile)"
        self._array(demo, self.y, self._trailing(demo), words)
        for panel in demo.panels:
            if isinstance(panel, Layers):
                same = panel._opening() == self._opening()
                what = "`moments`, `moment` and `moment_texts` of the Layers panels of a demo"
                require(same, what, "the same", [self._opening(), panel._opening()])

    def describe(self, demo: Demo) -> dict[str, Any]:
        """The panel as JSON for the view."""
        texts, opening = self._opening()
        n = len(self._trailing(demo))
        layers = np.shape(demo.arrays[self.y])[-1 if n == 2 else -2]
        return {
            **super().describe(demo),
            "x_label": self.x_label,
            "layers": layers,
            "quantiles": [float(q) for q in self.quantiles],
            "moments": texts,
            "moment": opening,
            "steps": [float(m) for m in self.moments],
        }

    def _trailing(self, demo: Demo) -> tuple[Any, ...]:
        """Dimensions of its array after those of the controls; None is any size."""
        shape = np.shape(demo.arrays.get(self.y, ()))
        short = len(self.quantiles) == 1 and len(shape) == len(demo.shape) + 2
        return (len(self.moments), None, *(() if short else (len(self.quantiles),)))

    def _opening(self) -> tuple[list[str], int]:
        """The moments as people say them, and the position of the first one shown."""
        texts = list(self.moment_texts) or [f"step {m:,.6g}" for m in self.moments]
        return texts, self.moment % len(self.moments)
