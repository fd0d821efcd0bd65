"""Limit every entry of the gradients."""

from __future__ import annotations

import tensorflow as tf

from steadynet._gradients import (
    Clipped,
    Gradients,
    Scalar,
    as_bounds,
    as_threshold,
    checked,
    on_entries,
    wide_dtype,
)

__all__ = ["clip_by_value"]


def clip_by_value(grads: Gradients, clip_value: Scalar | tuple[Scalar, Scalar]) -> Clipped:
    """Limit every entry to ``[-clip_value, clip_value]``: ``g = min(max(g, -c), c)``.

    Large entries are cut and small ones are not, so the step may turn (see `angle_between`).

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, any shape.
    clip_value : float or scalar tensor, or a pair of them
        Largest magnitude allowed, in the gradients' unit. Positive. A pair ``(low, high)`` sets two
        bounds, ``g = min(max(g, low), high)``, with zero between them or at one of them, so that no
        gradient stays none; one may be infinite.

    Returns
    -------
    list of tensor or None
        Same order and shapes as `grads`. inf becomes the bound; NaN stays, alone.

    Raises
    ------
    ValueError
        If `clip_value` is not positive and finite, or no such pair.
    TypeError
        If `grads` is not a list, or an entry is not floating point.

    Examples
    --------
    >>> [g.numpy().tolist() for g in clip_by_value([tf.constant([0.5, -3.0])], 1.0)]
    [[0.5, -1.0]]
    >>> [g.numpy().tolist() for g in clip_by_value([tf.constant([5.0, -5.0])], (-1.0, 2.0))]
    [[2.0, -1.0]]
    """
    grads = checked(grads)
    dtype = wide_dtype(grads)
    if isinstance(clip_value, (tuple, list)) and len(clip_value) == 2:
        low, high = as_bounds("clip_value", clip_value, dtype)
    else:
        high = as_threshold("clip_value", clip_value, dtype)
        low = -high

    def cut(g):
        return tf.maximum(tf.minimum(g, tf.cast(high, g.dtype)), tf.cast(low, g.dtype))

    return [on_entries(cut, g) for g in grads]
