"""An outcome over the values of one control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from steadynet._checks import require
from steadynet.explorer.panels.base import Chart

if TYPE_CHECKING:
    from steadynet.explorer.demo import Demo


@dataclass(frozen=True, kw_only=True)
class Across(Chart):
    """An outcome at every value of one control, the present value marked; a click moves there.

    The other controls stay at their present values. A median line and the range of the seeds.

    Parameters
    ----------
    control : str
        Name of the control along the horizontal axis: evenly spaced, its texts as ticks.
    y : str
        Name of an array shaped ``(*controls, seed)``. NaN: no run. Live arrays are shaped
        ``(seed,)`` or hold one number: the outcome so far.
    y_label, y_domain, y_scale, y_format
        See `Chart`.
    label : str
        What `y` is, said beside a reference, such as "pretrained".
    reference : str, optional
        Name of a second array shaped ``(*controls, seed)``, drawn for comparison.
    reference_label : str
        What that is, such as "from scratch".
    x_label : str
        The control's label by default.

    Examples
    --------
    >>> import numpy as np
    >>> from steadynet.explorer import Control, Demo, Table
    >>> rate = Control("rate", "Learning rate", (0.1, 1.0))
    >>> options = {"y": "accuracy", "y_label": "accuracy", "y_domain": (0, 1)}
    >>> panel = Across(title="Accuracy", control="rate", **options)
    >>> arrays = {"accuracy": np.array([[0.6, 0.7, 0.6], [0.9, 0.8, 0.1]])}  # [rate, seed]
    >>> demo = Demo("toy", "Toy", "Which rate?", [rate], [panel], arrays, Table((), ("Trained.",)))
    >>> panel.describe(demo)["x_label"]
    'Learning rate'
    """

    kind: ClassVar[str] = "across"
    control: str
    label: str = ""
    reference: str | None = None
    reference_label: str = "reference"
    x_label: str = ""

    def uses(self) -> dict[str, dict[str, Any]]:
        """Arrays it draws."""
        used = super().uses()
        return used | ({self.reference: used[self.y]} if self.reference else {})

    def check(self, demo: Demo) -> None:
        """Raise ValueError unless the panel fits `demo`."""
        super().check(demo)
        demo.control(self.control)
        for name in (self.y, self.reference):
            if name is not None:
                self._array(demo, name, (None,), "(*controls, seed)")
        named = self.reference is None or bool(self.label and self.reference_label)
        labels = (self.label, self.reference_label)
        where = f"of panel {self.title!r}"
        require(named, f"`label` and `reference_label` {where}", "given with `reference`", labels)

    def describe(self, demo: Demo) -> dict[str, Any]:
        """The panel as JSON for the view."""
        return {
            **super().describe(demo),
            "control": [c.name for c in demo.controls].index(self.control),
            "x_label": self.x_label or demo.control(self.control).label,
            "label": self.label,
            "reference": self.reference,
            "reference_label": self.reference_label,
        }
