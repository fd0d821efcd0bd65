"""Batch normalization whose steadying is undone: noise that shifts from step to step follows it.

Only an experiment's `run` imports this module: it loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from steadynet import normalization

SHIFT, SCALE, WITHIN = 0.5, 0.25, 0.1  # at strength 1
APART = 1_000_000  # between the counts at which two runs begin: more than the steps of any


class NoisyBatchNorm(normalization.BatchNorm):
    """``s * BN(x) + m`` in training, where each unit gets new distributions of s, m at each step.

    For a unit at a step, ``mu ~ U(-0.5 a, 0.5 a)`` and ``sigma ~ U(1, 1 + 0.25 a)``; then for each
    example ``m ~ U(mu - 0.1 a, mu + 0.1 a)`` and ``s ~ N(sigma, 0.1 a)``. The strength `a` scales
    how far mu, sigma - 1 and the examples' own part are drawn from none: 0 is no noise. In
    inference there is no noise.

    Parameters
    ----------
    seed : int
        Seeds the noise of this layer.
    **options
        As in `normalization.BatchNorm`.

    Attributes
    ----------
    strength : keras.Variable
        `a`, a scalar that begins as 1: a variable, so that one compiled network serves for all.
    count : keras.Variable
        Steps taken since the start, which a seed sets: the noise of a step depends on it.

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
    section 2.1. That the noise has a strength is this book's.
    """

    def __init__(self, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.seed = seed

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights, the strength, and a count of the steps taken."""
        super().build(input_shape)
        make = lambda name, init, dtype: self.add_weight(  # noqa: E731
            name=name, shape=(), initializer=init, dtype=dtype, trainable=False
        )
        self.strength = make("strength", "ones", "float32")
        self.count = make("count", "zeros", "int32")

    def begin(self, seed: int, strength: float) -> None:
        """Have the noise begin anew: other seeds, other noise, at any strength the same draws."""
        self.count.assign(seed * APART)
        self.strength.assign(strength)

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Normalize, and in training add the noise."""
        y = super().call(inputs, training=training)
        if not training:
            return y
        count = tf.convert_to_tensor(self.count)
        self.count.assign(count + 1)
        return shifted(y, tf.stack([count, self.seed]), tf.convert_to_tensor(self.strength))


def shifted(y: tf.Tensor, seed: tf.Tensor, strength: tf.Tensor | float = 1.0) -> tf.Tensor:
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
    sigma = tf.random.stateless_uniform(unit, seeds[1], 0.0, SCALE)
    m = tf.random.stateless_uniform(tf.shape(y), seeds[2], -WITHIN, WITHIN)
    s = tf.random.stateless_normal(tf.shape(y), seeds[3], stddev=WITHIN)
    return y + strength * ((sigma + s) * y + (mu + m))
