"""In which order PyTorch holds the numbers of a tensor that Keras has.

A layout says it without the batch. A picture inside a convolution network is channels last here and
channels first there; a sequence of words is the same in both; a row is in the order of what was
flattened. Where it cannot be told, the layout says why, and only a layer that needs it is refused.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Sequence

import numpy as np

__all__ = [
    "Axes",
    "Layout",
    "OrderUnknownError",
    "Row",
    "Shape",
    "Steps",
    "Unknown",
    "channels_first",
    "concatenate",
    "features",
    "flatten",
    "merge",
    "moves",
    "of_cut",
    "permute",
    "reshape",
    "start",
]

Shape = tuple[int | None, ...]


class OrderUnknownError(Exception):
    """The order of what a layer takes cannot be told; the text says why."""


class Axes(enum.Enum):
    """How the axes of a tensor lie in PyTorch."""

    SAME = "the same axes in the same order"
    MAP = "channels first, where they are last here"
    EITHER = "one of these two"
    CUT = "cut from a row: the same, but not for a layer that takes channels first"


@dataclasses.dataclass(frozen=True, eq=False)
class Row:
    """A row, with the place in PyTorch's row of each of its numbers."""

    order: np.ndarray

    def __eq__(self, other):
        return isinstance(other, Row) and np.array_equal(self.order, other.order)

    def __hash__(self):
        return hash(self.order.tobytes())


@dataclasses.dataclass(frozen=True)
class Steps:
    """A first axis of steps in time, each of them laid out alike."""

    each: Layout


@dataclasses.dataclass(frozen=True)
class Unknown:
    """What cannot be told, and why; `mixed` if not even the last axis is sure to be the same."""

    why: str
    mixed: bool = False
    wrong: bool = False  # no order of any weights would make this compute the same


Layout = Axes | Row | Steps | Unknown


def channels_first(shape: Shape) -> np.ndarray:
    """Where each number of a flattened map, channels last, stands in PyTorch's row.

    Examples
    --------
    >>> channels_first((2, 2, 3)).tolist()
    [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
    """
    *space, channels = shape
    theirs = np.arange(math.prod(shape)).reshape(channels, *space)  # type: ignore[arg-type]
    return np.moveaxis(theirs, 0, -1).ravel()


def of_cut(name: str) -> Unknown:
    """A map that was cut from a row as Keras orders it; PyTorch's row begins with a channel."""
    why = (
        f"{name} takes a map that was cut from a row, in which PyTorch has channels first: "
        f"reshape to (channels, height, width) and then Permute((2, 3, 1)), or give None in "
        f"`orders` for the layer that reshapes, if PyTorch does as here"
    )
    return Unknown(why, mixed=True, wrong=True)


def moves(shape: Shape) -> bool:
    """Whether a tensor has another order channels first than last."""
    return len(shape) > 1 and shape[-1] != 1 and any(size != 1 for size in shape[:-1])


def start(shape: Shape) -> Layout:
    """Layout of an input: a picture or a volume may be channels first in PyTorch, or not."""
    return Axes.EITHER if len(shape) > 2 else Axes.SAME


def flatten(layout: Layout, shape: Shape) -> Layout:
    """Layout of a tensor laid in one row."""
    if isinstance(layout, Row):
        return layout
    if isinstance(layout, Unknown):
        return dataclasses.replace(layout, mixed=True)
    if isinstance(layout, Steps):
        return _flatten_steps(layout, shape)
    if layout in {Axes.SAME, Axes.CUT} or not moves(shape):
        return Axes.SAME
    return _flatten_map(layout, shape)


def _flatten_map(layout: Layout, shape: Shape) -> Layout:
    """Layout of a map laid in one row: PyTorch's begins with all of the first channel."""
    if layout is Axes.EITHER:
        why = f"a tensor of shape {shape} is flattened that PyTorch may hold channels first or not"
        return Unknown(why, mixed=True)
    if None in shape:
        return Unknown(f"a map of shape {shape} is flattened, which has no fixed size", mixed=True)
    return Row(channels_first(shape))


def _flatten_steps(layout: Steps, shape: Shape) -> Layout:
    """Layout of steps laid one behind the other."""
    each = flatten(layout.each, shape[1:])
    if not isinstance(each, Row):
        return each
    if shape[0] is None:
        return Unknown(f"{shape[0]} steps are flattened", mixed=True)
    behind = np.arange(shape[0])[:, None] * len(each.order)
    return Row((behind + each.order).ravel())


def features(layout: Layout, shape: Shape | None) -> np.ndarray | None:
    """Where each number along the last axis stands in PyTorch's; None if nothing moves."""
    if isinstance(layout, Row):
        return layout.order
    if isinstance(layout, Steps):
        return features(layout.each, shape[1:] if shape else None)
    if isinstance(layout, Unknown) and (layout.mixed or shape is None or len(shape) < 2):
        raise OrderUnknownError(layout.why)
    return None


def reshape(layout: Layout, before: Shape, after: Shape) -> Layout:
    """Layout of a tensor that is reshaped as PyTorch would reshape its own."""
    if before == after:
        return layout
    if len(after) == 1:
        return flatten(layout, before)
    if layout in {Axes.SAME, Axes.CUT} or (isinstance(layout, Axes) and not moves(before)):
        return _reshape_plain(layout, before, after)
    if isinstance(layout, Axes) and before[-1] == after[-1]:
        return Axes.EITHER  # PyTorch may move the channels to the end before or after it
    if isinstance(layout, Row) and np.array_equal(layout.order, channels_first(after)):
        return Axes.MAP  # a row is laid back into the map it came from
    return Unknown(f"a tensor is reshaped from {before} to {after}", mixed=True)


def _reshape_plain(layout: Layout, before: Shape, after: Shape) -> Layout:
    """Layout of numbers that lie alike in both and are reshaped."""
    if layout is Axes.CUT and len(before) > 2:
        return of_cut("a layer that reshapes")
    if not moves(after):
        return Axes.EITHER
    if [size for size in before if size != 1] == [size for size in after if size != 1]:
        return Axes.SAME
    keeps_last = len(before) > 1 and before[-1] == after[-1] and layout is not Axes.CUT
    return Axes.SAME if keeps_last else Axes.CUT


def permute(layout: Layout, axes: Sequence[int], shape: Shape) -> Layout:
    """Layout after a permutation; `axes` are counted from 1, as `keras.layers.Permute` does."""
    last, axes = len(axes), tuple(axes)
    if axes == tuple(range(1, last + 1)) or isinstance(layout, Unknown):
        return layout
    to_last = axes == (*range(2, last + 1), 1)
    if layout is Axes.CUT:
        return Axes.EITHER if to_last else of_cut("a layer that permutes")
    if layout is Axes.SAME:
        # What goes to the end may be channels, which PyTorch leaves in front.
        return Axes.EITHER if axes[-1] != last > 2 and moves(shape) else Axes.SAME
    if layout in {Axes.MAP, Axes.EITHER} and axes == (last, *range(1, last)):
        return Axes.SAME  # now they are first here too
    keeps_last = layout in {Axes.MAP, Axes.EITHER} and axes[-1] == last
    moved = Unknown(f"axes are permuted to {axes}", mixed=isinstance(layout, Steps))
    return layout if keeps_last else moved


def merge(layouts: Sequence[Layout], shapes: Sequence[Shape], name: str) -> Layout:
    """Layout of tensors that are added, multiplied or compared number by number."""
    unknown = [layout for layout in layouts if isinstance(layout, Unknown)]
    if unknown:
        return unknown[0]
    rank = max(map(len, shapes))
    pairs = list(zip(layouts, shapes, strict=True))
    # What is broadcast along all axes but one has no order of its own.
    kept = [layout for layout, s in pairs if len(s) == rank and moves(s)]
    kept = kept or [layout for layout, s in pairs if len(s) == rank]
    kinds = [kind for i, kind in enumerate(kept) if kind not in kept[:i]]
    if len(kinds) > 1 and Axes.EITHER in kinds:
        kinds.remove(Axes.EITHER)
    if len(kinds) == 1:
        return kinds[0]
    if kinds in ([Axes.MAP, Axes.SAME], [Axes.SAME, Axes.MAP]):
        return Axes.EITHER
    if kinds in ([Axes.CUT, Axes.SAME], [Axes.SAME, Axes.CUT]):
        return Axes.CUT
    what = "rows of different orders" if rank == 1 else "a map and what was cut from a row"
    why = f"{name!r} combines {what}; channels have to be moved by Permute around the row"
    return Unknown(why, mixed=True, wrong=True)


def concatenate(layouts: Sequence[Layout], shapes: Sequence[Shape], name: str) -> Layout:
    """Layout of tensors one behind the other; rows keep their orders."""
    if any(isinstance(layout, Steps) for layout in layouts):
        return Unknown(f"{name!r} joins steps", mixed=True)
    if len(shapes[0]) > 2 and Axes.CUT in layouts:
        return of_cut(repr(name))
    if len(shapes[0]) > 1:
        return merge(layouts, shapes, name)
    orders, behind = [], 0
    for layout, (size,) in zip(layouts, shapes, strict=True):
        if isinstance(layout, Unknown):
            return layout
        if size is None:
            return Unknown(f"{name!r} joins rows of no fixed size", mixed=True)
        orders.append(behind + (layout.order if isinstance(layout, Row) else np.arange(size)))
        behind += size
    order = np.concatenate(orders)
    return Axes.SAME if np.array_equal(order, np.arange(behind)) else Row(order)
