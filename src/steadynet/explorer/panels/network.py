"""A network drawn layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from steadynet._checks import require
from steadynet.explorer.panels.base import Panel

if TYPE_CHECKING:
    from steadynet.explorer.demo import Demo


@dataclass(frozen=True)
class NetworkLayer:
    """One layer of a drawn network.

    Parameters
    ----------
    name : str
        Such as "conv 1".
    kind : str
        What it is, in a few words, such as "3×3 convolution".
    size : str
        Size of what it gives out, such as "13×13×16". Empty for none.
    parameters : int
        How many it has. A layer with none has no weights: it is never counted as frozen.
    norm : int
        How many units a batch normalization after it scales: 2 parameters a unit train, and 2
        moving statistics do not. 0: there is none.

    Examples
    --------
    >>> NetworkLayer("conv 1", "3×3 convolution", "14×14×16", parameters=160).parameters
    160
    >>> NetworkLayer("conv 1", "3×3 convolution", parameters=-1)
    Traceback (most recent call last):
    ValueError: `parameters` of layer 'conv 1' must be a whole number ≥ 0. Received: -1
    """

    name: str
    kind: str
    size: str = ""
    parameters: int = 0
    norm: int = 0

    def __post_init__(self) -> None:
        for what, value in (("parameters", self.parameters), ("norm", self.norm)):
            whole = isinstance(value, (int, np.integer)) and value >= 0
            require(whole, f"`{what}` of layer {self.name!r}", "a whole number ≥ 0", value)


@dataclass(frozen=True, kw_only=True)
class Network(Panel):
    """The network from input to output: what is frozen, and how many parameters train.

    Parameters
    ----------
    layers : sequence of NetworkLayer
        From input to output, as deep as the deepest network. The last with parameters is the
        output layer; the others with parameters are the hidden ones.
    frozen : str, optional
        Name of an array shaped ``(*controls,)``: how many layers with parameters are frozen,
        counted from the input.
    depth : str, optional
        Name of an array shaped ``(*controls,)``: how many hidden layers there are. By default
        all.
    norm : str, optional
        Name of an array shaped ``(*controls,)``: 1 where the batch normalizations are there, 0
        where not. By default they are there.

    Examples
    --------
    >>> from steadynet.explorer import Control, Demo, Table
    >>> frozen = Control("frozen", "Frozen layers", (0, 1, 2))
    >>> layers = [
    ...     NetworkLayer("pixels", "input", "196"),
    ...     NetworkLayer("hidden", "dense", "24", parameters=4728),
    ...     NetworkLayer("logits", "dense", "10", parameters=250),
    ... ]
    >>> panel = Network(title="Network", layers=layers, frozen="frozen")
    >>> arrays = {"frozen": np.array([0, 1, 2])}  # at each position of the control
    >>> demo = Demo("toy", "Toy", "Freeze?", [frozen], [panel], arrays, Table((), ("Trained.",)))
    >>> [layer["parameters"] for layer in panel.describe(demo)["layers"]]
    [0, 4728, 250]
    """

    kind: ClassVar[str] = "network"
    layers: Sequence[NetworkLayer]
    frozen: str | None = None
    depth: str | None = None
    norm: str | None = None

    def uses(self) -> dict[str, dict[str, Any]]:
        """Arrays it draws."""
        return {name: {} for name in (self.frozen, self.depth, self.norm) if name is not None}

    def check(self, demo: Demo) -> None:
        """Raise ValueError unless the panel fits `demo`."""
        where = f"of panel {self.title!r}"
        kinds = all(isinstance(layer, NetworkLayer) for layer in self.layers)
        require(kinds, f"`layers` {where}", "NetworkLayer objects", self.layers)
        weighted = sum(layer.parameters > 0 for layer in self.layers)
        require(weighted > 0, f"`layers` {where}", "some with parameters", self.layers)
        hidden = self._counts(demo, self.depth, weighted - 1)
        self._counts(demo, self.norm, 1)
        self._counts(demo, self.frozen, weighted if hidden is None else hidden + 1)

    def _counts(self, demo: Demo, name: str | None, most: int | np.ndarray) -> np.ndarray | None:
        """The array called `name`, if it holds whole numbers from 0 to `most`."""
        if name is None:
            return None
        counts = self._array(demo, name, (), "(*controls,)").astype(float)
        whole = np.isfinite(counts) & (counts == np.round(counts))
        good = bool(np.all(whole & (counts >= 0) & (counts <= most)))
        what = f"array {name!r} of panel {self.title!r}"
        limit = int(np.max(most))
        require(good, what, f"whole numbers in 0…{limit}, no more than there are", counts)
        return counts

    def describe(self, demo: Demo) -> dict[str, Any]:
        """The panel as JSON for the view."""
        layers = [
            {**asdict(layer), "parameters": int(layer.parameters), "norm": int(layer.norm)}
            for layer in self.layers
        ]
        return {
            **super().describe(demo),
            "layers": layers,
            "frozen": self.frozen,
            "depth": self.depth,
            "norm": self.norm,
        }
