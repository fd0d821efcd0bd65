"""What every way of clipping needs: checked lists of gradients, thresholds and bounds."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from steadynet import _checks

Gradient: TypeAlias = "tf.Tensor | tf.IndexedSlices | None"
Gradients: TypeAlias = Sequence[Gradient]
Clipped: TypeAlias = list[Gradient]
Scalar: TypeAlias = "float | tf.Tensor | tf.Variable"

SMALLEST, LARGEST = float(np.finfo("float32").tiny), float(np.finfo("float32").max)


def checked(grads: Gradients, name: str = "grads") -> Clipped:
    """Entries as floating point tensors, `tf.IndexedSlices` or None, or a clear error."""
    if not isinstance(grads, (list, tuple)):
        raise TypeError(f"`{name}` must be a list of tensors or None. Received: {type(grads)}")
    as_is = (type(None), tf.IndexedSlices)
    grads = [
        g if isinstance(g, as_is) else _as_tensor(f"{name}[{i}]", g) for i, g in enumerate(grads)
    ]
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
        if x is not None and y is not None:
            _checks.same_shapes(f"{name_a}[{i}]", x, f"{name_b}[{i}]", y)


def check_order(order: float) -> None:
    """Refuse norms that are not offered."""
    offered = not isinstance(order, bool) and order in (1, 2, math.inf)
    _checks.require(offered, "`order`", "1, 2 or math.inf", order)


def as_threshold(name: str, value: Scalar, dtype: tf.DType) -> tf.Tensor:
    """A threshold as a scalar tensor; a bad number raises, a bad tensor becomes NaN."""
    limit = as_limit(name, value, dtype)
    return _or_nan(limit, limit > 0) if tf.is_tensor(value) else limit


def as_limit(name: str, value: Scalar, dtype: tf.DType) -> tf.Tensor:
    """A threshold as a scalar tensor; a bad number raises, a bad tensor is left as it is."""
    if tf.is_tensor(value):
        return _as_scalar(name, value, dtype)
    number = _number(value)
    # Limits of float32: a number that becomes 0 or infinity there is not positive and finite.
    if number is None or not SMALLEST <= number <= LARGEST:
        raise ValueError(f"`{name}` must be positive and finite. Received: {value!r}")
    return tf.constant(float(number), dtype)


def as_norm(name: str, value: Scalar, dtype: tf.DType) -> tf.Tensor:
    """A norm as a scalar tensor: not negative; infinite or NaN where a step is broken."""
    if tf.is_tensor(value):
        norm = _as_scalar(name, value, dtype)
        return _or_nan(norm, norm >= 0)
    number = _number(value)
    if number is None or number < 0:
        raise ValueError(f"`{name}` must be a norm, 0 or more. Received: {value!r}")
    return tf.constant(float(number), dtype)


def as_bounds(name: str, pair: Sequence[Scalar], dtype: tf.DType) -> tuple[tf.Tensor, tf.Tensor]:
    """Lower and upper bound as scalar tensors, with zero between them."""
    known = [None if tf.is_tensor(v) else _number(v) for v in pair]
    inside = lambda x: x in (0, math.inf) or SMALLEST <= x <= LARGEST  # noqa: E731
    numbers_fit = all(
        tf.is_tensor(v) or (x is not None and inside(sign * x))
        for v, x, sign in zip(pair, known, (-1, 1), strict=True)
    )
    accepted = (
        "positive and finite, or a pair (low, high) with low <= 0 <= high, not both 0 or infinite"
    )
    fit = numbers_fit and known not in ([0, 0], [-math.inf, math.inf])
    _checks.require(fit, f"`{name}`", accepted, pair)
    low, high = (
        _as_scalar(name, v, dtype) if x is None else tf.constant(float(x), dtype)
        for v, x in zip(pair, known, strict=True)
    )
    return _or_nan(low, low <= 0), _or_nan(high, high >= 0)


def _number(value):
    """A Python number from any kind of real scalar; None for what is none."""
    is_scalar = isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0
    number = value.item() if is_scalar else value
    return number if isinstance(number, numbers.Real) and not isinstance(number, bool) else None


def _as_scalar(name: str, value: Any, dtype: tf.DType) -> tf.Tensor:
    """A tensor as a scalar of some dtype, or a clear error."""
    value = tf.cast(value, dtype)
    if value.shape.rank not in (0, None):
        raise ValueError(f"`{name}` must be a scalar. Received: shape {tuple(value.shape)}")
    return value


def _as_tensor(name: str, value: Any) -> tf.Tensor:
    """Anything that is a tensor or can become one, or a clear error."""
    try:
        return tf.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{name}` must be a tensor, or numbers in rows of equal length. Received: {value!r}"
        ) from error


def _or_nan(value: tf.Tensor, fits: tf.Tensor) -> tf.Tensor:
    """NaN where a value does not fit: inside a graph nothing is known that could raise."""
    return tf.where(fits, value, tf.constant(math.nan, value.dtype))


def wide_dtype(grads: Clipped) -> tf.DType:
    """Dtype to compute in: half precision overflows at 65504, so float32 at least."""
    return tf.float64 if any(g is not None and g.dtype == tf.float64 for g in grads) else tf.float32


def entries(grad: tf.Tensor | tf.IndexedSlices) -> tf.Tensor:
    """All numbers of a gradient: a tensor itself, or the rows of `tf.IndexedSlices`."""
    return grad.values if isinstance(grad, tf.IndexedSlices) else grad


def wide_entries(grads: Clipped) -> list[tf.Tensor]:
    """All numbers of each gradient that is there, in the dtype to compute in."""
    dtype = wide_dtype(grads)
    return [tf.cast(entries(g), dtype) for g in grads if g is not None]


def on_entries(function: Callable[..., tf.Tensor], grad: Gradient, *more: tf.Tensor) -> Gradient:
    """Apply ``function(entries, *more)`` to one gradient and keep its kind; None stays None."""
    if grad is None:
        return None
    if isinstance(grad, tf.IndexedSlices):
        return tf.IndexedSlices(function(grad.values, *more), grad.indices, grad.dense_shape)
    return function(grad, *more)


def scaled(values: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Multiply in the factor's dtype, so that half precision does not lose a small factor."""
    return tf.cast(tf.cast(values, factor.dtype) * factor, values.dtype)
