"""What arguments are refused, in words that say what would be accepted: for every module alike."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import Any

import numpy as np


def require(holds: bool, what: str, accepted: str, received: Any) -> None:
    """Raise ValueError unless `holds`."""
    if not holds:
        raise ValueError(f"{what} must be {accepted}. Received: {received!r}")


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number (True and 3.0 are not)."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def as_number(value: Any) -> float:
    """Any real number as a float, infinite beyond floats; NaN for all else: no comparison holds."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # an integer beyond any float
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]


def whole(name: str, value: Any) -> int:
    """A whole number of any size, or a clear error."""
    if not is_whole(value):
        raise TypeError(f"`{name}` must be an integer. Received: {value!r}")
    return int(value)


def count(name: str, value: Any, least: int = 1) -> int:
    """A whole number of at least `least`, or a clear error."""
    good = is_whole(value) and value >= least
    require(good, f"`{name}`", f"an integer of at least {least}", value)
    return int(value)


def positive(name: str, value: Any, *, allow_inf: bool = False, dtype: str = "float32") -> Any:
    """A number that is positive in `dtype` too, or a clear error; beyond `dtype` is infinite."""
    limits = np.finfo(dtype)
    largest = math.inf if allow_inf else float(limits.max)
    accepted = "positive" if allow_inf else "positive and finite"
    require(float(limits.tiny) <= as_number(value) <= largest, f"`{name}`", accepted, value)
    return value


def momentum(name: str, value: Any) -> float:
    """A share that is kept, in [0, 1), or a clear error."""
    require(0 <= as_number(value) < 1, f"`{name}`", "in [0, 1)", value)
    return float(value)


def one_of(name: str, value: Any, accepted: Sequence[Any]) -> Any:
    """One of some values, or a clear error."""
    require(value in accepted, f"`{name}`", f"one of {accepted}", value)
    return value


def mapping(name: str, value: Any, accepted: str) -> Any:
    """A mapping from `accepted`, such as "names to arrays", or a clear error."""
    if not isinstance(value, Mapping):
        raise TypeError(f"`{name}` must be a mapping from {accepted}. Received: {value!r}")
    return value


def same_length(x: Sized, y: Sized) -> None:
    """As many targets as examples, or a clear error."""
    if len(x) != len(y):
        raise ValueError(
            f"`x` and `y` must have equal lengths. Received: {len(x)} examples, {len(y)} targets"
        )


def same_shapes(name_a: str, a: Any, name_b: str, b: Any) -> None:
    """Two tensors whose known shapes agree, or a clear error."""
    if not a.shape.is_compatible_with(b.shape):
        raise ValueError(
            f"`{name_a}` and `{name_b}` must have equal shapes. "
            f"Received: {tuple(a.shape)} and {tuple(b.shape)}"
        )


def built(model: Any) -> None:
    """A model with weights, or a clear error."""
    if not getattr(model, "built", False):
        raise ValueError(
            f"`model` must be built: give it an Input or call it once. Received: {model}"
        )


def names_differ(names: Iterable[str]) -> None:
    """Layers of a model, or weights, each under a name of its own, or a clear error."""
    known: set[str] = set()
    for name in names:
        if name in known:
            raise ValueError(f"`model` must name its layers differently. Received twice: {name}")
        known.add(name)


def no_clipping(optimizer: Any) -> None:
    """No clipping but the package's own: two in a row would be hard to see in a record."""
    for name in ("clipvalue", "clipnorm", "global_clipnorm"):
        if getattr(optimizer, name, None) is not None:
            raise ValueError(
                f"`optimizer` must not clip by itself; give `clip` instead. "
                f"Received: {name}={getattr(optimizer, name)}"
            )


def in_range(name: str, axes: Sequence[int], rank: int) -> list[int]:
    """Axes counted from 0, or a clear error."""
    for axis in axes:
        if not -rank <= axis < rank:
            raise ValueError(
                f"`{name}` must be in [{-rank}, {rank}) for inputs of rank {rank}. Received: {axis}"
            )
    return [axis % rank for axis in axes]
