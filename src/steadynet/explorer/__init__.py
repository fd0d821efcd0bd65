"""One interactive component for every demo: a short Python spec and one JavaScript view."""

from steadynet.explorer.control import Control
from steadynet.explorer.demo import Demo, Preset
from steadynet.explorer.live import LIVE_SEED, Live
from steadynet.explorer.panels import (
    Across,
    Curves,
    Histogram,
    Layers,
    Network,
    NetworkLayer,
    Panel,
    Surface,
)
from steadynet.explorer.table import Table
from steadynet.explorer.widget import Explorer, NotBuiltError
from steadynet.explorer.worker import Cancelled

__all__ = [
    "LIVE_SEED",
    "Across",
    "Cancelled",
    "Control",
    "Curves",
    "Demo",
    "Explorer",
    "Histogram",
    "Layers",
    "Live",
    "Network",
    "NetworkLayer",
    "NotBuiltError",
    "Panel",
    "Preset",
    "Surface",
    "Table",
]
