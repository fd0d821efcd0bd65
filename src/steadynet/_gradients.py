"""What every way of clipping needs: checked lists of gradients, norms that do not overflow."""

from __future__ import annotations

import math
import numbers

import numpy as np
import tensorflow as tf

SMALLEST, LARGEST = float(np.finfo("float32").tiny), float(np.finfo("float32").max)


def checked(grads, name="grads"):
    """Entries as floating point tensors, `tf.IndexedSlices` or None, or a clear error."""
    if not isinstance(grads, (list, tuple)):
        raise TypeError(f"`{name}` must be a list of tensors or None. Received: {type(grads)}")
    as_is = (type(None), tf.IndexedSlices)
    grads = [g if isinstance(g, as_is) else tf.convert_to_tensor(g) for g in grads]
    for i, g in enumerate(grads):
        if g is not None and not g.dtype.is_floating:
            raise TypeError(f"`{name}[{i}]` must be floating point. Received: {g.dtype.name}")
    return grads


def check_same_shapes(name_a, a, name_b, b):
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


def wide_dtype(grads):
    """Dtype to compute in: half precision overflows at 65504, so float32 at least."""
    return tf.float64 if any(g is not None and g.dtype == tf.float64 for g in grads) else tf.float32


def as_threshold(name, value, dtype):
    """A threshold as a scalar tensor; a bad number raises, a bad tensor becomes NaN."""
    if tf.is_tensor(value):
        value = tf.cast(value, dtype)
        if value.shape.rank not in (0, None):
            raise ValueError(f"`{name}` must be a scalar. Received: shape {value.shape}")
        return tf.where(value > 0, value, tf.constant(math.nan, dtype))
    is_scalar = isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0
    number = value.item() if is_scalar else value
    is_number = isinstance(number, numbers.Real) and not isinstance(number, bool)
    # Limits of float32: a number that becomes 0 or infinity there is not positive and finite.
    if not is_number or not SMALLEST <= number <= LARGEST:
        raise ValueError(f"`{name}` must be positive and finite. Received: {value!r}")
    return tf.constant(float(number), dtype)


def l2_norm(values, dtype, axes=None):
    """Joint L2 norm of several tensors over `axes` (None: all), at a scale that squares can bear.

    Plain float32 squares overflow from 1.8e19 and vanish below 1e-19. Dividing by a power of two is
    exact, and for ordinary sizes the scale is 1 and the result that of the plain formula.
    """
    if not values:
        return tf.constant(0.0, dtype)
    values = [tf.cast(v, dtype) for v in values]
    over = {"axis": axes, "keepdims": axes is not None}
    largest = tf.reduce_max(tf.stack([tf.reduce_max(tf.abs(v), **over) for v in values]), axis=0)
    edge = 40 if dtype == tf.float32 else 320
    one, huge, small = (tf.constant(2.0**power, dtype) for power in (0, edge, -edge))
    scale = tf.where(largest > huge, huge * huge, tf.where(largest < small, small * small, one))
    return scale * tf.sqrt(tf.add_n([tf.reduce_sum(tf.square(v / scale), **over) for v in values]))


def entries(grad):
    """All numbers of a gradient: a tensor itself, or the rows of `tf.IndexedSlices`."""
    return grad.values if isinstance(grad, tf.IndexedSlices) else grad


def on_entries(function, grad, *more):
    """Apply ``function(entries, *more)`` to one gradient and keep its kind; None stays None."""
    if grad is None:
        return None
    if isinstance(grad, tf.IndexedSlices):
        return tf.IndexedSlices(function(grad.values, *more), grad.indices, grad.dense_shape)
    return function(grad, *more)


def scaled(values, factor):
    """Multiply in the factor's dtype, so that half precision does not lose a small factor."""
    return tf.cast(tf.cast(values, factor.dtype) * factor, values.dtype)
