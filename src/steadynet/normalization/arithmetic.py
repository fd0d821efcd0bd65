"""Batch normalization from its four equations, a function each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from steadynet import _checks

__all__ = ["batch_moments", "batch_normalize", "update_moving"]

Values: TypeAlias = tf.Tensor | np.ndarray | Sequence[float] | float


def batch_moments(x: Values, axes: int | Sequence[int]) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and biased variance of `x` over `axes`, in two passes.

    ``mean = mean(x);  variance = mean((x - mean)**2)``. The shorter ``mean(x**2) - mean**2`` loses
    every digit where the mean is large: in float32 at mean 1e4 and variance 1 it can be negative.

    Parameters
    ----------
    x : float tensor
        Any rank.
    axes : int or sequence of int
        Axes to average over: for batch normalization, all but the channels'.

    Returns
    -------
    mean, variance : tensor
        float32, or float64 if `x` is. The variance divides by the count, not by one less. A channel
        with an infinite or NaN entry gives NaN.

    Raises
    ------
    ValueError
        If an axis is out of range or named twice, or there is nothing to average. (In a graph
        whose batch size is not known yet, an empty batch gives NaN.)
    TypeError
        If `x` is not floating point, or `axes` holds anything but integers.

    References
    ----------
    Ioffe and Szegedy (2015), "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", algorithm 1.

    Examples
    --------
    >>> mean, variance = batch_moments(tf.constant([[1.0, 10.0], [3.0, 10.0]]), axes=0)
    >>> mean.numpy().tolist(), variance.numpy().tolist()
    ([2.0, 10.0], [1.0, 0.0])
    """
    x = _floating("x", x)
    x, axes = tf.cast(x, wide(x.dtype)), _checked_axes(axes, x.shape)
    near = tf.stop_gradient(tf.reduce_mean(x, axes, keepdims=True))
    # A long sum of large numbers is rounded; what it missed is small and is averaged once more.
    mean = near + tf.reduce_mean(x - near, axes, keepdims=True)
    # The deviations sum to zero, so no gradient reaches the variance by way of its mean.
    squares = tf.square(x - tf.stop_gradient(mean))
    return tf.squeeze(mean, axes), tf.reduce_mean(squares, axes)


def batch_normalize(
    x: Values,
    mean: Values,
    variance: Values,
    gamma: Values | None = None,
    beta: Values | None = None,
    epsilon: float = 1e-3,
) -> tf.Tensor:
    """Shift and scale `x` to mean 0 and variance 1, then to mean `beta` and deviation `gamma`.

    ``y = gamma * (x - mean) / sqrt(variance + epsilon) + beta``

    Parameters
    ----------
    x : float tensor
        Any rank.
    mean, variance : tensor
        Of one shape that broadcasts to that of `x`: its last axis, or all axes with 1 for those
        averaged over.
    gamma, beta : tensor, optional
        Scale and shift, in the shape of `mean` or scalar; 1 and 0 by default.
    epsilon : float
        Added to the variance, so that a constant channel gives `beta` and not a division by zero.
        Positive.

    Returns
    -------
    tensor
        Shape and dtype of `x`.

    Raises
    ------
    ValueError
        If `epsilon` is not positive and finite, or shapes do not fit.
    TypeError
        If `x` is not floating point.

    References
    ----------
    Ioffe and Szegedy (2015), algorithm 1.

    Examples
    --------
    >>> x = tf.constant([[1.0], [3.0]])
    >>> y = batch_normalize(x, *batch_moments(x, axes=0), gamma=[10.0], beta=[5.0], epsilon=1e-9)
    >>> y.numpy().tolist()
    [[-5.0], [15.0]]
    """
    x, dtype = _floating("x", x), wide(tf.convert_to_tensor(x).dtype)
    epsilon = checked_epsilon(epsilon)
    mean, variance = (_as(v, dtype) for v in (mean, variance))
    _check_statistics(x.shape, mean, variance)
    scale = tf.math.rsqrt(variance + epsilon)
    if gamma is not None:
        scale *= _fitting("gamma", gamma, mean)
    # The mean goes first: x * scale would round away what is small beside a large mean.
    y = (tf.cast(x, dtype) - mean) * scale
    if beta is not None:
        y += _fitting("beta", beta, mean)
    return tf.cast(y, x.dtype)


def update_moving(moving: Values, batch: Values, momentum: float) -> tf.Tensor:
    """Move a running statistic towards the batch's: ``momentum * moving + (1 - momentum) * batch``.

    After k batches the start still weighs ``momentum**k``: at 0.99, a third after 110 batches.

    Parameters
    ----------
    moving, batch : tensor
        The statistic so far and that of the newest batch; equal shapes.
    momentum : float
        The share kept, from 0 (the newest batch alone) up to but not including 1. Some libraries
        give this name to the share replaced, which is 1 minus this one.

    Returns
    -------
    tensor
        In the dtype of `moving`.

    Raises
    ------
    ValueError
        If `momentum` is outside [0, 1), or shapes differ.

    References
    ----------
    Ioffe and Szegedy (2015), section 3.1.

    Examples
    --------
    >>> float(update_moving(tf.constant(10.0), tf.constant(20.0), momentum=0.75))
    12.5
    """
    momentum, moving = _checks.momentum("momentum", momentum), tf.convert_to_tensor(moving)
    batch = _as(batch, moving.dtype)
    _checks.same_shapes("moving", moving, "batch", batch)
    return moving * momentum + batch * (1.0 - momentum)


def wide(dtype: tf.DType) -> tf.DType:
    """Dtype to compute in: half precision overflows at 65504, so float32 at least."""
    return tf.float64 if dtype == tf.float64 else tf.float32


def _as(value, dtype):
    """A tensor or variable of any float dtype as a tensor of this one."""
    return tf.cast(tf.convert_to_tensor(value), dtype)


def _floating(name, x):
    """A floating point tensor, or a clear error."""
    x = tf.convert_to_tensor(x)
    if not x.dtype.is_floating:
        raise TypeError(f"`{name}` must be floating point. Received: {x.dtype.name}")
    return x


def _checked_axes(axes, shape):
    """Axes counted from 0 that hold something to average, or a clear error."""
    given = list(axes) if isinstance(axes, (list, tuple, range)) else [axes]
    found = _checks.in_range("axes", [_checks.whole("axes", axis) for axis in given], shape.rank)
    if len(set(found)) < len(found):
        raise ValueError(f"`axes` must name each axis once. Received: {axes!r}")
    if any(shape[axis] == 0 for axis in found):
        raise ValueError(
            f"`x` must hold at least one value along `axes`. Received: shape {tuple(shape)}, "
            f"axes {axes!r}"
        )
    return found


def _check_statistics(shape, mean, variance):
    """Refuse statistics that differ in shape or that would enlarge `x`."""
    _checks.same_shapes("mean", mean, "variance", variance)
    ends = zip(reversed(list(mean.shape)), reversed(list(shape)), strict=False)
    fits = all(size in (1, None, of_x) or of_x is None for size, of_x in ends)
    if mean.shape.rank > shape.rank or not fits:
        raise ValueError(
            f"`mean` must broadcast to the shape of `x`, {tuple(shape)}. "
            f"Received: shape {tuple(mean.shape)}"
        )


def _fitting(name, value, mean):
    """Gamma or beta in the shape of the mean or scalar, or a clear error."""
    value = _as(value, mean.dtype)
    if value.shape.rank != 0 and not value.shape.is_compatible_with(mean.shape):
        raise ValueError(
            f"`{name}` must be scalar or have the shape of `mean`, {tuple(mean.shape)}. "
            f"Received: shape {tuple(value.shape)}"
        )
    return value


def checked_epsilon(value: float) -> float:
    """A positive finite number as a float, or a clear error."""
    return float(_checks.positive("epsilon", value, dtype="float64"))
