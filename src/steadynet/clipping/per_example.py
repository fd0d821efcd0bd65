"""Limit what a single example can do to a step."""

from __future__ import annotations

import tensorflow as tf

from steadynet._gradients import (
    Gradients,
    Scalar,
    as_limit,
    checked,
    scaled,
    wide_dtype,
    wide_entries,
)
from steadynet.clipping._norms import Shrink, example_norms, for_examples

__all__ = ["clip_per_example"]

REDUCTIONS = {"mean": tf.reduce_mean, "sum": tf.reduce_sum}


def clip_per_example(
    grads: Gradients, clip_norm: Scalar, *, reduction: str | None = None
) -> tuple[list[tf.Tensor | None], tf.Tensor]:
    """Rescale each example's gradients so that their joint L2 norm is at most `clip_norm`.

    ``g[i] = g[i] * min(1, clip_norm / global_norm(g[i] of all variables))``. The mean over a batch
    of n then changes by at most ``2 * clip_norm / n`` in norm when one example is put in place of
    another, which is what noise has to hide in differentially private training.

    Parameters
    ----------
    grads : list of tensor or None
        One per variable, shape (examples, ...), the gradient of each example's loss, as
        ``tf.vectorized_map`` or ``tape.jacobian`` gives it.
    clip_norm : float or scalar tensor
        Largest joint norm allowed for each example, in the gradients' unit. Positive.
    reduction : {None, "mean", "sum"}
        Over the examples, after clipping; None keeps them apart.

    Returns
    -------
    clipped : list of tensor or None
        Same order as `grads`, and same shapes, without the first axis where they are reduced. One
        inf or NaN makes all of its example NaN, and so what it is reduced to.
    norms : tensor, shape (examples,)
        Joint norm of each example before clipping. Empty if there are no gradients.

    Raises
    ------
    ValueError
        If `clip_norm` is not positive and finite, `reduction` is another one, or gradients have no
        first axis or different numbers of examples.
    TypeError
        If `grads` is not a list, or an entry is not floating point or is `tf.IndexedSlices`, whose
        rows belong to no example.

    References
    ----------
    Abadi et al. (2016), "Deep learning with differential privacy", algorithm 1.

    Examples
    --------
    Two examples, with gradients of norm 5 and 1:

    >>> grads = [tf.constant([[3.0], [1.0]]), tf.constant([4.0, 0.0])]
    >>> clipped, norms = clip_per_example(grads, 2.5)
    >>> [g.numpy().tolist() for g in clipped], norms.numpy().tolist()
    ([[[1.5], [1.0]], [2.0, 0.0]], [5.0, 1.0])
    >>> [g.numpy().tolist() for g in clip_per_example(grads, 2.5, reduction="mean")[0]]
    [[1.25], 1.0]
    """
    if reduction not in (None, *REDUCTIONS):
        raise ValueError(
            f"`reduction` must be None or one of {sorted(REDUCTIONS)}. Received: {reduction!r}"
        )
    grads = _checked_examples(grads)
    dtype = wide_dtype(grads)
    limit = as_limit("clip_norm", clip_norm, dtype)
    if all(g is None for g in grads):
        return grads, tf.zeros([0], dtype)
    norms, factors = example_norms(wide_entries(grads), Shrink(limit, all_or_none=True))

    def shorten(g):
        if reduction is None:
            return scaled(g, for_examples(factors, g))
        wide = scaled(tf.cast(g, dtype), for_examples(factors, g))
        return tf.cast(REDUCTIONS[reduction](wide, axis=0), g.dtype)

    return [None if g is None else shorten(g) for g in grads], norms


def _checked_examples(grads: Gradients) -> list[tf.Tensor | None]:
    """Gradients with one first axis, or a clear error."""
    grads = checked(grads)
    examples = tf.TensorShape([None])
    for i, g in enumerate(grads):
        if isinstance(g, tf.IndexedSlices):
            raise TypeError(f"`grads[{i}]` must be a tensor. Received: tf.IndexedSlices")
        if g is None:
            continue
        if not g.shape.rank or not examples.is_compatible_with(g.shape[:1]):
            raise ValueError(
                f"`grads[{i}]` must have the examples as its first axis, as many as the others. "
                f"Received: shape {g.shape}"
            )
        examples = examples.merge_with(g.shape[:1])
    return grads
