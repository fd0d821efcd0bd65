"""One interactive component for every demo: a short Python spec and one JavaScript view."""

from steadynet.explorer.panels import (
    Curves,
    Histogram,
    Layers,
    Network,
    NetworkLayer,
    Surface,
    Sweep,
)
from steadynet.explorer.panels.base import Panel
from steadynet.explorer.spec import Control, Demo, Preset, Table
from steadynet.explorer.widget import Explorer, NotBuiltError
from steadynet.explorer.worker import Cancelled

__all__ = [
    "Cancelled",
    "Control",
    "Curves",
    "Demo",
    "Explorer",
    "Histogram",
    "Layers",
    "Network",
    "NetworkLayer",
    "NotBuiltError",
    "Panel",
    "Preset",
    "Surface",
    "Sweep",
    "Table",
]
