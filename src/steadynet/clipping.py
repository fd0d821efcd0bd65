"""Keep gradients at a size the weights can bear: by value, by norm, by global norm, adaptively.

All functions are pure, work inside ``tf.function`` and ``tf.vectorized_map``, and keep these rules.

- `grads` is a list with one entry a variable. None (no gradient) passes through; order, shapes and
  dtypes stay. Dtypes may be mixed: norms are computed in float32, or float64 if a gradient has it.
- `tf.IndexedSlices` are clipped by their rows, as in TensorFlow and Keras. A row that occurs twice
  counts as two rows, though the optimizer adds them up.
- A threshold given as a number must be positive and finite. A tensor's value is not looked at, for
  inside a graph it has none yet: infinity then never clips, and anything not positive gives NaN.
- Below the threshold, gradients come out bit for bit as they went in.
- An inf or NaN gradient is never hidden: what becomes NaN is what becomes NaN in TensorFlow.
- Finite gradients are clipped up to a norm of 3.4e38, if that is under 1e37 times the threshold. In
  TensorFlow, from 1.8e19, `tf.clip_by_norm` gives zeros and `tf.clip_by_global_norm` NaN.
"""

from __future__ import annotations

import math

import tensorflow as tf

from steadynet._gradients import (
    as_threshold,
    check_same_shapes,
    checked,
    entries,
    l2_norm,
    on_entries,
    scaled,
    wide_dtype,
)

__all__ = [
    "angle_between",
    "clip",
    "clip_adaptively",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "global_norm",
]


def global_norm(grads):
    """Joint L2 norm of all gradients, ``sqrt(sum over all entries of g**2)``.

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, any shape.

    Returns
    -------
    scalar tensor
        float32, or float64 if a gradient is; 0 if there are none. inf if an entry is infinite or
        the norm itself is beyond the dtype, NaN if an entry is NaN.

    Raises
    ------
    TypeError
        If `grads` is not a list, or an entry is not floating point.

    Examples
    --------
    >>> float(global_norm([tf.constant([3.0, 4.0]), None, tf.constant([12.0])]))
    13.0
    """
    grads = checked(grads)
    return l2_norm([entries(g) for g in grads if g is not None], wide_dtype(grads))


def clip_by_value(grads, clip_value):
    """Limit every entry to ``[-clip_value, clip_value]``: ``g = min(max(g, -c), c)``.

    Large entries are cut and small ones are not, so the step may turn (see `angle_between`).

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, any shape.
    clip_value : float or scalar tensor
        Largest magnitude allowed, in the gradients' unit. Positive.

    Returns
    -------
    list of tensor or None
        Same order and shapes as `grads`. inf becomes `clip_value`; NaN stays, alone.

    Raises
    ------
    ValueError
        If `clip_value` is not positive and finite.
    TypeError
        If `grads` is not a list, or an entry is not floating point.

    Examples
    --------
    >>> [g.numpy().tolist() for g in clip_by_value([tf.constant([0.5, -3.0])], 1.0)]
    [[0.5, -1.0]]
    """
    grads = checked(grads)
    limit = as_threshold("clip_value", clip_value, wide_dtype(grads))

    def cut(g):
        c = tf.cast(limit, g.dtype)
        return tf.maximum(tf.minimum(g, c), -c)

    return [on_entries(cut, g) for g in grads]


def clip_by_norm(grads, clip_norm):
    """Rescale each gradient on its own so that its L2 norm is at most `clip_norm`.

    ``g = g * min(1, clip_norm / norm(g))``. Each variable keeps its direction, but variables are
    shortened by different factors, so the step as a whole may turn.

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, any shape.
    clip_norm : float or scalar tensor
        Largest norm allowed for each variable, in the gradients' unit. Positive.

    Returns
    -------
    list of tensor or None
        Same order and shapes as `grads`. An inf turns to NaN and the rest of its variable to 0; a
        NaN makes its whole variable NaN. Other variables are not touched.

    Raises
    ------
    ValueError
        If `clip_norm` is not positive and finite.
    TypeError
        If `grads` is not a list, or an entry is not floating point.

    Examples
    --------
    >>> clipped = clip_by_norm([tf.constant([3.0, 4.0]), tf.constant([12.0])], 2.5)
    >>> [g.numpy().tolist() for g in clipped]
    [[1.5, 2.0], [2.5]]
    """
    grads = checked(grads)
    limit = as_threshold("clip_norm", clip_norm, wide_dtype(grads))

    def shorten(g):
        return scaled(g, tf.minimum(limit / l2_norm([g], limit.dtype), 1.0))

    return [on_entries(shorten, g) for g in grads]


def clip_by_global_norm(grads, clip_norm):
    """Rescale gradients together so that their joint L2 norm is at most `clip_norm`.

    ``g = g * min(1, clip_norm / global_norm(grads))``. One factor for all, so the step keeps its
    direction.

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, any shape.
    clip_norm : float or scalar tensor
        Largest joint norm allowed, in the gradients' unit. Positive.

    Returns
    -------
    clipped : list of tensor or None
        Same order and shapes as `grads`. One inf or NaN anywhere makes every gradient NaN.
    norm : scalar tensor
        Joint norm before clipping, as `global_norm` gives it.

    Raises
    ------
    ValueError
        If `clip_norm` is not positive and finite.
    TypeError
        If `grads` is not a list, or an entry is not floating point.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks",
    section 3.2.

    Examples
    --------
    >>> clipped, norm = clip_by_global_norm([tf.constant([3.0, 4.0]), tf.constant([12.0])], 6.5)
    >>> [g.numpy().tolist() for g in clipped], float(norm)
    ([[1.5, 2.0], [6.0]], 13.0)
    """
    grads = checked(grads)
    limit = as_threshold("clip_norm", clip_norm, wide_dtype(grads))
    norm = global_norm(grads)
    # norm - norm is 0, or NaN if the norm is not finite: a broken step must not look short.
    scale = tf.minimum(limit / norm, 1.0) + (norm - norm)
    return [on_entries(scaled, g, scale) for g in grads], norm


def clip_adaptively(grads, params, clipping, eps=1e-3):
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
        limit = ratio * tf.maximum(l2_norm([w], dtype, axes), least)
        return scaled(g, tf.minimum(limit / l2_norm([g], dtype, axes), 1.0))

    return [on_entries(clip_units, g, w) for g, w in zip(grads, params, strict=True)]


def clip(grads, method, threshold):
    """Clip by the method's name, for loops and explorers that let it be chosen.

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, any shape.
    method : {"value", "norm", "global_norm"}
        `clip_by_value`, `clip_by_norm` or `clip_by_global_norm` (without the norm).
    threshold : float or scalar tensor
        That function's threshold.

    Returns
    -------
    list of tensor or None
        Same order and shapes as `grads`.

    Raises
    ------
    ValueError
        If `method` is another name, or `threshold` is not positive and finite.
    TypeError
        If `grads` is not a list, or an entry is not floating point.

    Examples
    --------
    >>> [g.numpy().tolist() for g in clip([tf.constant([6.0, 8.0])], "global_norm", 5.0)]
    [[3.0, 4.0]]
    """
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {sorted(METHODS)}. Received: {method!r}")
    return METHODS[method](grads, threshold)


def _rescale_together(grads, clip_norm):
    """Clip by global norm with the signature of the other methods."""
    return clip_by_global_norm(grads, clip_norm)[0]


METHODS = {"value": clip_by_value, "norm": clip_by_norm, "global_norm": _rescale_together}


def angle_between(grads_a, grads_b):
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
    norm_a, norm_b = (l2_norm([pair[side] for pair in pairs], dtype) for side in (0, 1))
    units = [(x / norm_a, y / norm_b) for x, y in pairs]
    difference = l2_norm([x - y for x, y in units], dtype)
    total = l2_norm([x + y for x, y in units], dtype)
    degrees = tf.atan2(difference, total) * (2 * 180 / math.pi)
    return tf.where((norm_a > 0) & (norm_b > 0), degrees, tf.constant(math.nan, dtype))


def _dense_pair(x, y, dtype):
    """Both gradients of one variable as dense tensors, with zeros for None."""
    x, y = (None if g is None else tf.cast(tf.convert_to_tensor(g), dtype) for g in (x, y))
    return tf.zeros_like(y) if x is None else x, tf.zeros_like(x) if y is None else y
