"""Clip a unit's gradient by the size of its weights."""

from __future__ import annotations

import tensorflow as tf

from steadynet._gradients import (
    Clipped,
    Gradients,
    Scalar,
    as_threshold,
    check_same_shapes,
    checked,
    on_entries,
    scaled,
    wide_dtype,
)
from steadynet.clipping._norms import Shrink, joint_norm

__all__ = ["clip_adaptively"]


def clip_adaptively(
    grads: Gradients, params: Gradients, clipping: Scalar, eps: Scalar = 1e-3
) -> Clipped:
    """Limit each unit's gradient to a share of the unit's weights: adaptive gradient clipping, AGC.

    ``G = G * min(1, clipping * max(norm(W), eps) / norm(G))``, unit by unit. The weights that lead
    to one output are a unit: a column of a dense kernel, one output channel of a convolution's, in
    general all axes but the last. A vector (bias, gamma) is one unit, and so is a scalar.

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, any shape.
    params : list of variable or tensor
        The weights W, in the same order and of the same shapes.
    clipping : float or scalar tensor
        Largest ratio of gradient norm to weight norm. Positive; 0.01 to 0.16 in the paper.
    eps : float or scalar tensor
        Least weight norm reckoned with, so that weights that start at zero can move. Positive.

    Returns
    -------
    list of tensor or None
        Same order and shapes as `grads`. An inf turns to NaN and the rest of its unit to 0; a NaN,
        in gradient or weights, makes its whole unit NaN. Other units are not touched.

    Raises
    ------
    ValueError
        If `clipping` or `eps` is not positive and finite, or `params` does not match `grads`.
    TypeError
        If `grads` or `params` is not a list, or an entry is not floating point.

    Notes
    -----
    The paper leaves the last layer unclipped: leave it out of the list. The authors' code takes a
    kernel with a single input for a vector and rank 3 for several dense kernels; here the last axis
    counts the units always, as it does in Keras's Dense, Conv1D, Conv2D and Conv3D.

    References
    ----------
    Brock, De, Smith and Simonyan (2021), "High-performance large-scale image recognition without
    normalization", section 4.

    Examples
    --------
    Units with weights of norm 5 and 1, at a ratio of 0.5, let gradients of norm 2.5 and 0.5 pass.

    >>> kernel = tf.constant([[3.0, 1.0], [4.0, 0.0]])
    >>> clipped = clip_adaptively([tf.constant([[3.0, 0.0], [4.0, 0.25]])], [kernel], 0.5)
    >>> clipped[0].numpy().tolist()
    [[1.5, 0.0], [2.0, 0.25]]
    """
    grads, params = checked(grads), checked(params, "params")
    check_same_shapes("grads", grads, "params", params)
    if any(w is None for w in params):
        raise ValueError("`params` must hold the weights of every gradient. Received: None")
    dtype = wide_dtype(grads)
    ratio, least = as_threshold("clipping", clipping, dtype), as_threshold("eps", eps, dtype)

    def clip_units(g, w):
        axes = list(range(w.shape.rank - 1)) if w.shape.rank > 1 else None
        g_wide, w = tf.cast(g, dtype), tf.cast(w, dtype)
        limit = ratio * tf.maximum(joint_norm([w], dtype, axes=axes), least)
        _, factor = joint_norm([g_wide], dtype, make=Shrink(limit), axes=axes)
        return scaled(g, factor)

    return [on_entries(clip_units, g, w) for g, w in zip(grads, params, strict=True)]
