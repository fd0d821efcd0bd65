"""One interactive component for every demo: a short Python spec and one JavaScript view."""

from steadynet.explorers.panels import Curves, Histogram, Panel, Surface
from steadynet.explorers.spec import Control, Demo, Preset, Table
from steadynet.explorers.widget import Explorer, NotBuiltError
from steadynet.explorers.worker import Cancelled

__all__ = [
    "Cancelled",
    "Control",
    "Curves",
    "Demo",
    "Explorer",
    "Histogram",
    "NotBuiltError",
    "Panel",
    "Preset",
    "Surface",
    "Table",
]
