"""How far clipping turns a step."""

from __future__ import annotations

import math

import tensorflow as tf

from steadynet._gradients import Gradients, check_same_shapes, checked, wide_dtype
from steadynet.clipping._norms import joint_norm

__all__ = ["angle_between"]


def angle_between(grads_a: Gradients, grads_b: Gradients) -> tf.Tensor:
    """Angle between two steps, all variables taken as one long vector.

    With unit vectors a and b it is ``2 atan2(norm(a - b), norm(a + b))``, which is exact for small
    angles too, where the arc cosine is not.

    Parameters
    ----------
    grads_a, grads_b : list of tensor or None
        Same length and shapes. None counts as zeros; equal rows of `tf.IndexedSlices` are added up.

    Returns
    -------
    scalar tensor
        Degrees, 0 (same direction) to 180 (opposite). NaN if either is zero or not finite.

    Raises
    ------
    ValueError
        If lengths or shapes differ.
    TypeError
        If an argument is not a list, or an entry is not floating point.

    Examples
    --------
    >>> from steadynet.clipping import clip_by_norm, clip_by_value
    >>> raw = [tf.constant([1.0, 10.0])]
    >>> round(float(angle_between(raw, clip_by_value(raw, 1.0))), 2)
    39.29
    >>> round(float(angle_between(raw, clip_by_norm(raw, 1.0))), 2)
    0.0
    """
    a, b = checked(grads_a, "grads_a"), checked(grads_b, "grads_b")
    check_same_shapes("grads_a", a, "grads_b", b)
    dtype = wide_dtype(a + b)
    present = [(x, y) for x, y in zip(a, b, strict=True) if x is not None or y is not None]
    pairs = [_dense_pair(x, y, dtype) for x, y in present]
    norm_a, norm_b = (joint_norm([pair[side] for pair in pairs], dtype) for side in (0, 1))
    units = [(x / norm_a, y / norm_b) for x, y in pairs]
    difference = joint_norm([x - y for x, y in units], dtype)
    total = joint_norm([x + y for x, y in units], dtype)
    degrees = tf.atan2(difference, total) * (2 * 180 / math.pi)
    return tf.where((norm_a > 0) & (norm_b > 0), degrees, tf.constant(math.nan, dtype))


def _dense_pair(x, y, dtype):
    """Both gradients of one variable as dense tensors, with zeros for None."""
    x, y = (None if g is None else tf.cast(tf.convert_to_tensor(g), dtype) for g in (x, y))
    return tf.zeros_like(y) if x is None else x, tf.zeros_like(x) if y is None else y
