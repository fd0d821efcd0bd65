"""Layers of the convolution networks that Keras lacks, or computes more slowly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from steadynet import normalization

# What a kernel's standard deviation is, times sqrt(n). He's sqrt(2) makes up for the mean square of
# a ReLU's outputs, half of its inputs'; a kernel of mean 0 sees but their variance, which is less.
RELU_GAIN = (2 / (1 - 1 / np.pi)) ** 0.5


class FusedBatchNorm(normalization.BatchNorm):
    """`normalization.BatchNorm` by TensorFlow's fused kernel where there is one: faster, the same.

    That is in training, for float32 of four dimensions with the channels last.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Normalize by the batch, and remember it, in training; else by the moving averages."""
        last = inputs.shape.rank == 4 and self.axis % 4 == 3
        fused = last and inputs.dtype == tf.float32 and self.center and self.scale
        if not (fused and training and self.trainable):
            return super().call(inputs, training=training)
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        n = tf.cast(tf.size(inputs) // tf.shape(inputs)[-1], tf.float32)
        biased = variance * (n - 1) / n  # the kernel gives the variance over n - 1
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, biased)):
            moving.assign(normalization.update_moving(moving, batch, self.momentum))
        return y


class RMSNorm(keras.layers.RMSNormalization):
    """Over height, width and channels, as Keras computes it, but with one scale a channel."""

    def __init__(self, **options: Any) -> None:
        super().__init__(axis=(1, 2, 3), **options)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the scale."""
        self.scale = self.add_weight(name="scale", shape=input_shape[-1:], initializer="ones")
        self.built = True


class StandardizedConv2D(keras.layers.Conv2D):
    """Convolve with ``gain * c * (W - mean) / (sqrt(n) * deviation)``, taken by output channel.

    `n` counts the inputs of an output, mean and deviation are over them; the gain is learned.
    """

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights."""
        super().build(input_shape)
        self.gain = self.add_weight(name="gain", shape=(self.filters,), initializer="ones")

    def convolution_op(self, inputs: tf.Tensor, kernel: keras.Variable) -> tf.Tensor:
        """Convolve, with the kernel standardized first."""
        return super().convolution_op(inputs, self.gain * standardized(kernel))


def standardized(kernel: tf.Tensor | keras.Variable) -> tf.Tensor:
    """``c * (W - mean) / (sqrt(n) * deviation)``: for each output mean 0 and variance c^2 / n."""
    n = kernel.shape[0] * kernel.shape[1] * kernel.shape[2]
    mean, variance = tf.nn.moments(tf.convert_to_tensor(kernel), axes=(0, 1, 2))
    # The least n * variance is that of Brock et al.; at the start it is 2.
    return RELU_GAIN * (kernel - mean) * tf.math.rsqrt(tf.maximum(n * variance, 1e-4))
