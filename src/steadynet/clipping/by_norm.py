"""Shorten gradients, each on its own or all together, and measure how long they are."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from steadynet._gradients import (
    Clipped,
    Gradients,
    Scalar,
    as_limit,
    as_norm,
    check_order,
    checked,
    on_entries,
    scaled,
    wide_dtype,
    wide_entries,
)
from steadynet.clipping._norms import Shrink, each_norm, joint_norm

__all__ = ["clip_by_global_norm", "clip_by_norm", "global_norm"]


def global_norm(grads: Gradients, *, order: float = 2) -> tf.Tensor:
    """Joint L2 norm of all gradients, ``sqrt(sum over all entries of g**2)``.

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, any shape.
    order : {2, 1, math.inf}
        1 takes ``sum of abs(g)``, infinity ``max of abs(g)``. PyTorch's `norm_type`.

    Returns
    -------
    scalar tensor
        float32, or float64 if a gradient is; 0 if there are none. inf if an entry is infinite or
        the norm itself is beyond the dtype, NaN if an entry is NaN.

    Raises
    ------
    ValueError
        If `order` is another one.
    TypeError
        If `grads` is not a list, or an entry is not floating point.

    Examples
    --------
    >>> float(global_norm([tf.constant([3.0, 4.0]), None, tf.constant([12.0])]))
    13.0
    >>> float(global_norm([tf.constant([3.0, 4.0]), tf.constant([12.0])], order=1))
    19.0
    """
    check_order(order)
    grads = checked(grads)
    return joint_norm(wide_entries(grads), wide_dtype(grads), order)


def clip_by_norm(
    grads: Gradients, clip_norm: Scalar, *, order: float = 2, error_if_nonfinite: bool = False
) -> Clipped:
    """Rescale each gradient on its own so that its L2 norm is at most `clip_norm`.

    ``g = g * min(1, clip_norm / norm(g))``. Each variable keeps its direction, but variables are
    shortened by different factors, so the step as a whole may turn.

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, any shape.
    clip_norm : float or scalar tensor
        Largest norm allowed for each variable, in the gradients' unit. Positive.
    order : {2, 1, math.inf}
        Which norm; see `global_norm`.
    error_if_nonfinite : bool
        Whether a norm that is infinite or NaN is an error. Not where XLA compiles the step, as
        Keras's `fit` may let it: it leaves all such checks out, and NaN comes through.

    Returns
    -------
    list of tensor or None
        Same order and shapes as `grads`. An inf turns to NaN and the rest of its variable to 0; a
        NaN makes its whole variable NaN. Other variables are not touched.

    Raises
    ------
    ValueError
        If `clip_norm` is not positive and finite, or `order` another one.
    TypeError
        If `grads` is not a list, or an entry is not floating point.
    tf.errors.InvalidArgumentError
        With `error_if_nonfinite`, as the step runs: at the first variable whose norm is not finite.

    Examples
    --------
    >>> clipped = clip_by_norm([tf.constant([3.0, 4.0]), tf.constant([12.0])], 2.5)
    >>> [g.numpy().tolist() for g in clipped]
    [[1.5, 2.0], [2.5]]
    """
    check_order(order)
    grads = checked(grads)
    dtype = wide_dtype(grads)
    limit = as_limit("clip_norm", clip_norm, dtype)
    present = [i for i, g in enumerate(grads) if g is not None]
    if not present:
        return grads

    def check(norms):
        named = zip(present, tf.unstack(norms, len(present)), strict=True)
        return tf.stack([_check_finite(f"grads[{i}]")(norm) for i, norm in named])

    make = Shrink(limit, check=check if error_if_nonfinite else tf.identity)
    _, factors = each_norm(wide_entries(grads), order, make)
    factor_of = dict(zip(present, tf.unstack(factors, len(present)), strict=True))
    return [on_entries(scaled, g, factor_of.get(i)) for i, g in enumerate(grads)]


def clip_by_global_norm(
    grads: Gradients,
    clip_norm: Scalar,
    *,
    order: float = 2,
    use_norm: Scalar | None = None,
    error_if_nonfinite: bool = False,
) -> tuple[Clipped, tf.Tensor]:
    """Rescale gradients together so that their joint L2 norm is at most `clip_norm`.

    ``g = g * min(1, clip_norm / global_norm(grads))``. One factor for all, so the step keeps its
    direction.

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, any shape.
    clip_norm : float or scalar tensor
        Largest joint norm allowed, in the gradients' unit. Positive.
    order : {2, 1, math.inf}
        Which norm; see `global_norm`.
    use_norm : float or scalar tensor, optional
        The joint norm, where it is known: gradients of which each device holds a part have the norm
        ``sqrt(sum over devices of norm**2)``. Not negative. It is taken in place of their own.
    error_if_nonfinite : bool
        Whether a joint norm that is infinite or NaN is an error. Not where XLA compiles the step,
        as Keras's `fit` may let it: it leaves all such checks out, and NaN comes through.

    Returns
    -------
    clipped : list of tensor or None
        Same order and shapes as `grads`. One inf or NaN anywhere makes every gradient NaN.
    norm : scalar tensor
        Joint norm before clipping, as `global_norm` gives it, or `use_norm`.

    Raises
    ------
    ValueError
        If `clip_norm` is not positive and finite, `order` another one, or `use_norm` negative.
    TypeError
        If `grads` is not a list, or an entry is not floating point.
    tf.errors.InvalidArgumentError
        With `error_if_nonfinite`, as the step runs, if the norm is not finite.

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
    check_order(order)
    grads = checked(grads)
    dtype = wide_dtype(grads)
    limit = as_limit("clip_norm", clip_norm, dtype)
    name = "grads" if use_norm is None else "use_norm"
    check = _check_finite(name) if error_if_nonfinite else tf.identity
    make = Shrink(limit, all_or_none=True, check=check)
    if use_norm is None:
        norm, factor = joint_norm(wide_entries(grads), dtype, order, make)
    else:
        norm, factor = make.careful(as_norm("use_norm", use_norm, dtype))
    return [on_entries(scaled, g, factor) for g in grads], norm


def _check_finite(name: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Pass a norm on, or stop the step where it is not finite."""
    have = "be" if name == "use_norm" else "have"
    message = f"`{name}` must {have} a finite norm, for error_if_nonfinite=True. Received"
    return lambda norm: tf.debugging.check_numerics(norm, message)
