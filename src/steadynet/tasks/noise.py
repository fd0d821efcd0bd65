"""Batch normalization whose steadying is undone: noise that shifts from step to step follows it.

Only an experiment's `run` imports this module: it loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from steadynet import normalization

SHIFT, SCALE, WITHIN = 0.5, 1.25, 0.1


class NoisyBatchNorm(normalization.BatchNorm):
    """``s * BN(x) + m`` in training, where each unit gets new distributions of s, m at each step.

    For a unit at a step, ``mu ~ U(-0.5, 0.5)`` and ``sigma ~ U(1, 1.25)``; then for each example
    ``m ~ U(mu - 0.1, mu + 0.1)`` and ``s ~ N(sigma, 0.1)``. In inference there is no noise.

    Parameters
    ----------
    seed : int
        Seeds the noise, which depends on nothing else than the number of steps taken.
    **options
        As in `normalization.BatchNorm`.

    Examples
    --------
    >>> layer = NoisyBatchNorm(seed=0)
    >>> x = tf.constant([[0.0], [2.0]])
    >>> first, second = (layer(x, training=True).numpy().tolist() for _ in range(2))
    >>> first == second  # new noise at each step
    False
    >>> layer(x).numpy().tolist() == layer(x).numpy().tolist()  # none in inference
    True

    References
    ----------
    Santurkar, Tsipras, Ilyas and Madry (2018), "How does batch normalization help optimization?",
    section 2.1, for the idea; the strengths of the noise are this book's choice.
    """

    def __init__(self, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.seed = seed

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights, and a count of the steps taken."""
        super().build(input_shape)
        self.count = self.add_weight(
            name="count", shape=(), initializer="zeros", dtype="int32", trainable=False
        )

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Normalize, and in training add the noise."""
        y = super().call(inputs, training=training)
        if not training:
            return y
        count = tf.convert_to_tensor(self.count)
        self.count.assign(count + 1)
        return shifted(y, tf.stack([count, self.seed]))


def shifted(y: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """The noise of `NoisyBatchNorm` on normalized inputs; same seed, same noise.

    Examples
    --------
    >>> noise = shifted(tf.zeros((4, 3)), tf.constant([0, 7]))  # the shifts alone
    >>> units = tf.reduce_max(noise, axis=0) - tf.reduce_min(noise, axis=0)
    >>> bool(tf.reduce_all(units <= 2 * WITHIN)), bool(tf.reduce_all(abs(noise) <= SHIFT + WITHIN))
    (True, True)
    """
    seeds = tf.unstack(tf.random.split(seed, 4))
    unit = tf.shape(y)[-1:]
    mu = tf.random.stateless_uniform(unit, seeds[0], -SHIFT, SHIFT)
    sigma = tf.random.stateless_uniform(unit, seeds[1], 1.0, SCALE)
    m = tf.random.stateless_uniform(tf.shape(y), seeds[2], -WITHIN, WITHIN)
    s = tf.random.stateless_normal(tf.shape(y), seeds[3], stddev=WITHIN)
    return (sigma + s) * y + (mu + m)
