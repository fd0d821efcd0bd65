"""The order in which one layer's rows have to be put: as followed through the model, or as said."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from steadynet import _checks
from steadynet.checkpoints.pytorch.layouts import (
    Axes,
    OrderUnknownError,
    Steps,
    channels_first,
    features,
    moves,
    of_cut,
)
from steadynet.checkpoints.pytorch.tracking import Taken

__all__ = ["Order", "Orders", "Takes"]

Order = Sequence[int] | Sequence[Sequence[int]] | None
Orders = Mapping[str, Order]
Turn = Callable[[np.ndarray], np.ndarray]


class Takes:
    """What a layer takes, and how that turns its weights.

    Its methods raise `OrderUnknownError` where the order was neither followed nor said.
    """

    def __init__(self, name: str, taken: Taken, orders: Orders) -> None:
        self.name, self.layout, self.shape = name, taken.layout, taken.shape
        self._said, self._order = name in orders, orders.get(name)

    def rows(self, n: int) -> Turn:
        """How an array with a row for each of the `n` numbers along the last axis is turned."""
        order = self._said_order(n) if self._said else features(self.layout, self.shape)

        def turn(value: np.ndarray) -> np.ndarray:
            if order is not None and len(value) != len(order):
                raise ValueError("another number of rows")
            return value if order is None else value[order]

        return turn

    def takes_no_row(self) -> None:
        """Refuse a shape that was said where there is nothing to put in order."""
        if self._order is not None:
            raise _refused(self.name, "None, for it takes no row", self._order)

    def check_channels(self) -> None:
        """Refuse a map whose channels PyTorch would have cut from a row otherwise."""
        if self._said:
            self.takes_no_row()
        elif self.layout is Axes.CUT:
            raise OrderUnknownError(of_cut(repr(self.name)).why)
        elif isinstance(self.layout, Steps) and features(self.layout, self.shape) is not None:
            raise OrderUnknownError(
                f"{self.name!r} takes flattened maps as its channels: put Permute((3, 1, 2)) "
                f"before each Flatten"
            )
        elif getattr(self.layout, "mixed", False):
            raise OrderUnknownError(self.layout.why)  # type: ignore[union-attr]

    def check_axis(self, axis: int) -> None:
        """Refuse another axis than the last as channels, where PyTorch has those in front."""
        rank = len(self.shape or ())
        last = axis in {-1, rank} or not rank
        front = self.layout is Axes.SAME or (self.layout is Axes.EITHER and axis == 1)
        if not (last or front or self._said):
            raise OrderUnknownError(f"axis {axis} of {self.shape} is not that of channels")

    def check_groups(self) -> None:
        """Refuse a row in another order: neighbours there, which form a group, are none here."""
        if self._said:
            self.takes_no_row()
        elif features(self.layout, self.shape) is not None:
            raise OrderUnknownError(
                f"{self.name!r} normalizes groups of a flattened map, other ones than PyTorch: put "
                f"Permute((3, 1, 2)) before Flatten"
            )

    def axes(self, chosen: Sequence[int], sizes: tuple[int, ...]) -> Turn:
        """How an array with several of the axes, of these sizes, is turned."""
        first = (sizes[-1], *sizes[:-1])
        if self._said:
            if self._order is not None and tuple(self._order) != first:
                raise _refused(self.name, f"{first}, channels first, or None", self._order)
            moved = self._order is not None
        else:
            moved = self._moved(chosen, sizes)

        def turn(value: np.ndarray) -> np.ndarray:
            if value.shape in {first, sizes} and not moves(sizes):
                return value.reshape(sizes)
            return np.moveaxis(value, 0, -1) if moved else value

        return turn

    def channels(self, sizes: tuple[int, ...]) -> Turn:
        """How one number for each channel is spread over a tensor of these sizes."""
        if len(sizes) < 2:
            return self.rows(sizes[0])
        if self._said:
            self.takes_no_row()
        last = self.layout is Axes.MAP or self._said
        if not last and self.layout is not Axes.SAME:
            raise OrderUnknownError(f"which axis of {self.shape} PyTorch has as channels")
        spread = (-1,) if last else (-1, *[1] * (len(sizes) - 1))
        return lambda value: np.broadcast_to(value.reshape(spread), sizes)

    def _moved(self, chosen, sizes):
        """Whether an array over several axes is channels first in PyTorch."""
        if self.shape is None:
            raise OrderUnknownError(getattr(self.layout, "why", "its shape is not known"))
        rank = len(self.shape)
        positive = sorted(axis if axis > 0 else axis + rank + 1 for axis in chosen)
        if self.layout is Axes.SAME or rank not in positive or not moves(sizes):
            return False
        if self.layout is Axes.MAP and positive == list(range(1, rank + 1)):
            return True
        raise OrderUnknownError(getattr(self.layout, "why", f"how PyTorch lays out {self.shape}"))

    def _said_order(self, n):
        """The order that was said, or None for the same."""
        if self._order is None:
            return None
        orders, behind = [], 0
        for channels, *space in self._said_shapes(n):
            orders.append(behind + channels_first((*space, channels)))
            behind += len(orders[-1])
        return np.concatenate(orders)

    def _said_shapes(self, n):
        """The shapes, channels first, that lie one behind the other in a row of `n` numbers."""
        said: Any = self._order
        try:
            nested = not isinstance(said[0], numbers.Integral)
            shapes = [tuple(shape) for shape in (said if nested else [said])]
        except (TypeError, IndexError):  # no sequence, or an empty one
            shapes = []
        whole = bool(shapes) and all(
            _checks.is_whole(s) and s > 0 for shape in shapes for s in shape
        )
        if not whole or not all(shapes):
            raise _refused(self.name, "shapes of whole numbers above 0", said)
        if sum(map(math.prod, shapes)) != n:
            raise _refused(self.name, f"{n} numbers in all", said)
        return shapes


def _refused(name, accepted, received):
    """An order that does not fit its layer."""
    return ValueError(f"`orders` must give layer {name!r} {accepted}. Received: {received!r}")
