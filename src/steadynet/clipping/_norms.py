"""Norms that neither overflow nor vanish, for the price of the plain formula; and what they cut.

Plain float32 squares overflow from 1.8e19 and vanish below 1e-19. So the plain sum of squares is
looked at, and only where it is too large or too small are the values summed again at a scale that
squares can bear. For ordinary sizes the result is that of the plain formula, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from steadynet._branches import second_look, vectorizing


def joint_norm(values, dtype, order=2, then=None, axes=None):
    """Norm of all `values` together, over `axes` of each (None: all), or what `then` makes of it.

    ``then(norm, usual)`` is called once for norms of usual size, and once for all others.
    """
    then = then or _only_norm
    if not values:
        return then(tf.constant(0.0, dtype), False)
    if order != 2:
        return then(_other_norm(values, order), False)

    def sums(scale):
        return _sum_squares(values if scale is None else [v / scale for v in values], axes)

    return _l2(sums, dtype, then)


def each_norm(values, dtype, order, then):
    """Make `then` of the vector of norms of the `values`, one each."""
    if order != 2:
        return then(tf.stack([_other_norm([v], order) for v in values]), False)

    def sums(scale):
        scales = [None] * len(values) if scale is None else tf.unstack(scale, len(values))
        pairs = zip(values, scales, strict=True)
        return tf.stack([_sum_squares([v if s is None else v / s]) for v, s in pairs])

    return _l2(sums, dtype, then)


def example_norms(values, dtype, then):
    """Make `then` of the vector of joint norms along the first axis."""

    def sums(scale):
        at = values if scale is None else [v / for_examples(scale, v) for v in values]
        return tf.add_n([tf.reduce_sum(tf.square(v), list(range(1, v.shape.rank))) for v in at])

    return _l2(sums, dtype, then)


def for_examples(numbers, values):
    """One number an example, shaped so that it meets all values of its example."""
    return tf.reshape(numbers, [-1] + [1] * (values.shape.rank - 1))


def dividing(limit, *, all_or_none=False, check=tf.identity) -> Callable:
    """Make the `then` that gives norms, and what to divide `limit` by for `factors`.

    With `all_or_none`, a norm that is not finite gives NaN and not 0: a broken step must not look
    short. `check` sees every norm that could be infinite or NaN.
    """

    def then(norm, usual):
        if usual:
            return norm, norm
        norm = check(norm)
        # At a norm of 0 the factor is 1, and so is its gradient: nothing is divided by 0.
        divisor = tf.where(norm == 0, tf.minimum(limit, limit.dtype.max), norm)
        return norm, divisor + (norm - norm) if all_or_none else divisor

    return then


def factors(limit, divisor):
    """What to multiply by: ``min(1, limit / divisor)``."""
    # Not where the norms are computed: a graph makes `limit * rsqrt(...)` of a division by a root.
    return tf.minimum(limit / divisor, 1.0)


def _only_norm(norm, _usual):
    return norm


def _l2(sums, dtype, then):
    """Norms from ``sums(scale)``, the sums of squares of what was divided by `scale`."""
    squares = sums(None)
    # Powers of two: to divide by one is exact.
    edge = 80.0 if dtype == tf.float32 else 640.0
    small, one, huge = (tf.constant(2.0**power, dtype) for power in (-edge, 0.0, edge))
    fine = (squares >= small) & (squares <= huge)

    def plain():
        return then(tf.sqrt(squares), True)

    def again():
        scale = tf.where(squares > huge, huge, tf.where(squares < small, small, one))
        found = sums(scale)
        # The root's slope at 0 is infinite, and infinity times 0 is NaN, though `where` drops it.
        root = tf.sqrt(tf.where(found == 0, one, found))
        return then(scale * tf.where(found == 0, tf.zeros_like(root), root), False)

    return second_look(fine if fine.shape.rank == 0 else tf.reduce_all(fine), plain, again)


def _sum_squares(values, axes=None):
    """Plain sum of squares over all `values`, and over `axes` of each."""
    if axes is None and not vectorizing():  # `tf.vectorized_map` does not know `l2_loss`
        return 2.0 * tf.add_n([tf.nn.l2_loss(v) for v in values])
    over = {"axis": axes, "keepdims": axes is not None}
    return tf.add_n([tf.reduce_sum(tf.square(v), **over) for v in values])


def _other_norm(values, order):
    """Sum of magnitudes, or the largest; neither can overflow before its result does."""
    if order == math.inf:
        zero = tf.zeros([], values[0].dtype)
        return tf.reduce_max(tf.stack([zero, *(tf.reduce_max(tf.abs(v)) for v in values)]))
    return tf.add_n([tf.reduce_sum(tf.abs(v)) for v in values])
