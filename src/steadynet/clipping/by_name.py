"""Clip by the method's name."""

from __future__ import annotations

from collections.abc import Callable

from steadynet._gradients import Clipped, Gradients, Scalar
from steadynet.clipping.by_norm import clip_by_global_norm, clip_by_norm
from steadynet.clipping.by_value import clip_by_value

__all__ = ["METHODS", "clip"]


def clip(grads: Gradients, method: str, threshold: Scalar | tuple[Scalar, Scalar]) -> Clipped:
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
    >>> import tensorflow as tf
    >>> [g.numpy().tolist() for g in clip([tf.constant([6.0, 8.0])], "global_norm", 5.0)]
    [[3.0, 4.0]]
    """
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {sorted(METHODS)}. Received: {method!r}")
    return METHODS[method](grads, threshold)


def _rescale_together(grads: Gradients, clip_norm: Scalar) -> Clipped:
    """Clip by global norm with the signature of the other methods."""
    return clip_by_global_norm(grads, clip_norm)[0]


METHODS: dict[str, Callable[..., Clipped]] = {
    "value": clip_by_value,
    "norm": clip_by_norm,
    "global_norm": _rescale_together,
}
