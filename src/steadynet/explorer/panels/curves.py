"""Curves over steps, one a seed, and their median."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from steadynet.explorer.panels.base import Chart

if TYPE_CHECKING:
    from steadynet.explorer.demo import Demo


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

    Examples
    --------
    >>> import numpy as np
    >>> from steadynet.explorer import Control, Demo, Table
    >>> rate = Control("rate", "Learning rate", (0.1, 1.0))
    >>> options = {"y": "loss", "y_label": "nats", "y_domain": (0, 2)}
    >>> panel = Curves(title="Loss", x=(10, 20), x_label="step", **options)
    >>> arrays = {"loss": np.ones((2, 3, 2))}  # two rates, three seeds, two points
    >>> demo = Demo("toy", "Toy", "Which rate?", [rate], [panel], arrays, Table((), ("Trained.",)))
    >>> panel.describe(demo)["x"], panel.uses()
    ([10.0, 20.0], {'loss': {'log': False, 'span': (0, 2)}})
    """

    kind: ClassVar[str] = "curves"
    x: Sequence[float]
    x_label: str

    def check(self, demo: Demo) -> None:
        """Raise ValueError unless the panel fits `demo`."""
        super().check(demo)
        self._grid(self.x, "x")
        self._array(demo, self.y, (None, len(self.x)), "(*controls, seed, x)")

    def describe(self, demo: Demo) -> dict[str, Any]:
        """The panel as JSON for the view."""
        x = self._grid(self.x, "x")
        return {**super().describe(demo), "x": x, "x_label": self.x_label}
