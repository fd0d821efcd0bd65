"""The kinds of panel, one a module; each is drawn by the JavaScript module of the same name."""

from steadynet.explorer.panels.across import Across
from steadynet.explorer.panels.base import Chart, Panel, in_per_cent
from steadynet.explorer.panels.curves import Curves
from steadynet.explorer.panels.histogram import Histogram
from steadynet.explorer.panels.layers import Layers
from steadynet.explorer.panels.network import Network, NetworkLayer
from steadynet.explorer.panels.surface import Surface

__all__ = [
    "Across",
    "Chart",
    "Curves",
    "Histogram",
    "Layers",
    "Network",
    "NetworkLayer",
    "Panel",
    "Surface",
    "in_per_cent",
]
