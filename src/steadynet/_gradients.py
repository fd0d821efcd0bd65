"""What every way of clipping needs: checked lists of gradients, thresholds and bounds."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

Gradients: TypeAlias = "Sequence[tf.Tensor | tf.IndexedSlices | None]"
Clipped: TypeAlias = "list[tf.Tensor | tf.IndexedSlices | None]"
Scalar: TypeAlias = "float | tf.Tensor | tf.Variable"

SMALLEST, LARGEST = float(np.finfo("float32").tiny), float(np.finfo("float32").max)


def checked(grads: Gradients, name: str = "grads") -> Clipped:
    """Entries as floating point tensors, `tf.IndexedSlices` or None, or a clear error."""
    if not isinstance(grads, (list, tuple)):
        raise TypeError(f"`{name}` must be a list of tensors or None. Received: {type(grads)}")
    as_is = (type(None), tf.IndexedSlices)
    grads = [g if isinstance(g, as_is) else tf.convert_to_tensor(g) for g in grads]
    for i, g in enumerate(grads):
        if g is not None and not g.dtype.is_floating:
            raise TypeError(f"`{name}[{i}]` must be floating point. Received: {g.dtype.name}")
    return grads


def check_same_shapes(name_a: str, a: Clipped, name_b: str, b: Clipped) -> None:
    """Refuse two lists whose lengths or known shapes differ; None fits any shape."""
    if len(a) != len(b):
        raise ValueError(
            f"`{name_a}` and `{name_b}` must have equal lengths. Received: {len(a)} and {len(b)}"
        )
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        if x is not None and y is not None and not x.shape.is_compatible_with(y.shape):
            raise ValueError(
                f"`{name_a}[{i}]` and `{name_b}[{i}]` must have equal shapes. "
                f"Received: {x.shape} and {y.shape}"
            )


def check_order(order: float) -> None:
    """Refuse norms that are not offered."""
    if isinstance(order, bool) or order not in (1, 2, math.inf):
        raise ValueError(f"`order` must be 1, 2 or math.inf. Received: {order!r}")


def as_threshold(name: str, value: Scalar, dtype: tf.DType) -> tf.Tensor:
    """A threshold as a scalar tensor; a bad number raises, a bad tensor becomes NaN."""
    if tf.is_tensor(value):
        return _known_later(name, value, dtype, lambda v: v > 0)
    number = _number(value)
    # Limits of float32: a number that becomes 0 or infinity there is not positive and finite.
    if number is None or not SMALLEST <= number <= LARGEST:
        raise ValueError(f"`{name}` must be positive and finite. Received: {value!r}")
    return tf.constant(float(number), dtype)


def as_norm(name: str, value: Scalar, dtype: tf.DType) -> tf.Tensor:
    """A norm as a scalar tensor: not negative; infinite or NaN where a step is broken."""
    if tf.is_tensor(value):
        return _known_later(name, value, dtype, lambda v: v >= 0)
    number = _number(value)
    if number is None or number < 0:
        raise ValueError(f"`{name}` must be a norm, 0 or more. Received: {value!r}")
    return tf.constant(float(number), dtype)


def as_bounds(name: str, pair: Sequence[Scalar], dtype: tf.DType) -> list[tf.Tensor]:
    """Lower and upper bound as scalar tensors, with zero between them."""
    signs = (lambda v: v <= 0), (lambda v: v >= 0)
    inside = lambda x: abs(x) in (0, math.inf) or SMALLEST <= abs(x) <= LARGEST  # noqa: E731
    known = [None if tf.is_tensor(v) else _number(v, math.nan) for v in pair]
    fits = [x is None or (inside(x) and sign(x)) for x, sign in zip(known, signs, strict=True)]
    if not all(fits) or known in ([0, 0], [-math.inf, math.inf]):
        raise ValueError(
            f"`{name}` must be positive and finite, or a pair (low, high) with low <= 0 <= high, "
            f"not both 0 or infinite. Received: {pair!r}"
        )
    return [
        _known_later(name, v, dtype, sign) if x is None else tf.constant(float(x), dtype)
        for v, x, sign in zip(pair, known, signs, strict=True)
    ]


def _number(value, otherwise=None):
    """A Python number from any kind of real scalar; something else for what is none."""
    is_scalar = isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0
    number = value.item() if is_scalar else value
    return (
        number if isinstance(number, numbers.Real) and not isinstance(number, bool) else otherwise
    )


def _known_later(name: str, value, dtype: tf.DType, fits: Callable) -> tf.Tensor:
    """A scalar tensor, NaN where its value does not fit: inside a graph it has none yet."""
    value = tf.cast(value, dtype)
    if value.shape.rank not in (0, None):
        raise ValueError(f"`{name}` must be a scalar. Received: shape {value.shape}")
    return tf.where(fits(value), value, tf.constant(math.nan, dtype))


def wide_dtype(grads: Clipped) -> tf.DType:
    """Dtype to compute in: half precision overflows at 65504, so float32 at least."""
    return tf.float64 if any(g is not None and g.dtype == tf.float64 for g in grads) else tf.float32


def entries(grad):
    """All numbers of a gradient: a tensor itself, or the rows of `tf.IndexedSlices`."""
    return grad.values if isinstance(grad, tf.IndexedSlices) else grad


def wide_entries(grads: Clipped) -> list[tf.Tensor]:
    """All numbers of each gradient that is there, in the dtype to compute in."""
    dtype = wide_dtype(grads)
    return [tf.cast(entries(g), dtype) for g in grads if g is not None]


def on_entries(function: Callable, grad, *more):
    """Apply ``function(entries, *more)`` to one gradient and keep its kind; None stays None."""
    if grad is None:
        return None
    if isinstance(grad, tf.IndexedSlices):
        return tf.IndexedSlices(function(grad.values, *more), grad.indices, grad.dense_shape)
    return function(grad, *more)


def scaled(values: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Multiply in the factor's dtype, so that half precision does not lose a small factor."""
    return tf.cast(tf.cast(values, factor.dtype) * factor, values.dtype)
