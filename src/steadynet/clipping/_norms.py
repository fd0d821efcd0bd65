"""Norms that neither overflow nor vanish, for the price of the plain formula; and what they cut.

Plain float32 squares overflow from 1.8e19 and vanish below 1e-19. So the plain sum of squares is
looked at, and only where it is too large or too small are the values summed again at a scale that
squares can bear. For ordinary sizes the result is that of the plain formula, bit for bit.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from steadynet._branches import differentiable, second_look, vectorizing


class Measure:
    """What to make of norms: nothing more."""

    limit: tf.Tensor | None = None

    def usual(self, norm: tf.Tensor) -> Any:
        """For norms of ordinary size."""
        return norm

    def careful(self, norm: tf.Tensor) -> Any:
        """For all norms."""
        return norm


@dataclasses.dataclass(frozen=True)
class Shrink(Measure):
    """Norms, and factors ``min(1, limit / norm)`` that bring them to `limit`.

    With `all_or_none`, a norm that is not finite gives NaN and not 0: a broken step must not look
    short. `check` sees every norm that could be infinite or NaN.
    """

    limit: tf.Tensor
    all_or_none: bool = False
    check: Callable[[tf.Tensor], tf.Tensor] = tf.identity

    def usual(self, norm: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """For norms of ordinary size and limits that are positive and finite."""
        # As a quotient, so that it is 1 below the limit, and has slope 0 there at any size.
        return norm, self.limit / tf.maximum(norm, self.limit)

    def careful(self, norm: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """For all norms and limits: NaN where a limit is none; infinity never shrinks."""
        norm, limit = self.check(norm), self.limit
        finite = tf.minimum(limit, limit.dtype.max)
        limit = tf.where(limit > 0, finite, tf.constant(math.nan, limit.dtype))
        factor = limit / tf.maximum(norm, limit)
        # Of the zero no gradient: added up behind the factor's, its two halves would swallow that.
        return norm, factor + tf.stop_gradient(norm - norm) if self.all_or_none else factor


def joint_norm(
    values: Sequence[tf.Tensor],
    dtype: tf.DType,
    order: float = 2,
    make: Measure | None = None,
    axes: Sequence[int] | None = None,
) -> Any:
    """Make something of the norm of all `values` together, over `axes` of each (None: all)."""
    make = make or Measure()
    if not values:
        return make.careful(tf.constant(0.0, dtype))
    if order != 2:
        return make.careful(_other_norm(values, order))

    def sums(values, scale):
        return _sum_squares(values if scale is None else [v / scale for v in values], axes)

    return _l2(values, sums, make)


def each_norm(values: Sequence[tf.Tensor], order: float, make: Measure) -> Any:
    """Make something of the vector of norms of the `values`, one each."""
    if order != 2:
        return make.careful(tf.stack([_other_norm([v], order) for v in values]))

    def sums(values, scale):
        scales = [None] * len(values) if scale is None else tf.unstack(scale, len(values))
        pairs = zip(values, scales, strict=True)
        return tf.stack([_sum_squares([v if s is None else v / s]) for v, s in pairs])

    return _l2(values, sums, make)


def example_norms(values: Sequence[tf.Tensor], make: Measure) -> Any:
    """Make something of the vector of joint norms along the first axis."""

    def sums(values, scale):
        at = values if scale is None else [v / for_examples(scale, v) for v in values]
        return tf.add_n([tf.reduce_sum(tf.square(v), list(range(1, v.shape.rank))) for v in at])

    return _l2(values, sums, make)


def for_examples(numbers: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """One number an example, shaped so that it meets all values of its example."""
    return tf.reshape(numbers, [-1] + [1] * (values.shape.rank - 1))


def _l2(values, sums, make):
    """Make something of the roots of ``sums(values, scale)``, squares of what scale divides."""
    if not vectorizing():
        return _look(values, sums, make)
    limits = [] if make.limit is None else [make.limit]

    def run(*inputs):
        held = dataclasses.replace(make, limit=inputs[-1]) if limits else make
        return _look(inputs[: len(values)], sums, held)

    return differentiable(run, [*values, *limits])


def _look(values, sums, make):
    """Make something of the roots of plain sums, or of sums at another scale where that helps."""
    # Powers of two: to divide by one is exact.
    dtype = values[0].dtype
    edge = 80.0 if dtype == tf.float32 else 640.0
    small, one, huge = (tf.constant(2.0**power, dtype) for power in (-edge, 0.0, edge))
    squares = sums(values, None)
    fine = (squares >= small) & (squares <= huge)
    if make.limit is not None:
        fine &= tf.math.is_finite(tf.math.log(make.limit))  # positive and finite

    def again():
        scale = tf.where(squares > huge, huge, tf.where(squares < small, small, one))
        found = sums(values, scale)
        # The root's slope at 0 is infinite, and infinity times 0 is NaN, though `where` drops it.
        root = tf.sqrt(tf.where(found == 0, one, found))
        return make.careful(scale * tf.where(found == 0, tf.zeros_like(root), root))

    every = fine if fine.shape.rank == 0 else tf.reduce_all(fine)
    return second_look(every, lambda: make.usual(tf.sqrt(squares)), again)


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
