"""One interactive component for every demo: a short Python spec and one JavaScript view."""

from steadynet.explorers.layer_panels import Layers, Sweep
from steadynet.explorers.network_panel import Network, NetworkLayer
from steadynet.explorers.panel import Panel
from steadynet.explorers.panels import Curves, Histogram, Surface
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
