"""Activations whose gradients convert to LiteRT, equal to TensorFlow's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import tensorflow as tf

__all__ = ["PORTABLE", "elu", "relu"]

Gradient: TypeAlias = Callable[[tf.Tensor], tf.Tensor]


@tf.custom_gradient
def relu(z: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
    """``max(z, 0)``, whose gradient is 0 at 0 as in TensorFlow; its `ReluGrad` does not convert.

    Examples
    --------
    >>> relu(tf.constant([-1.0, 0.0, 2.0])).numpy().tolist()
    [0.0, 0.0, 2.0]
    """
    return tf.maximum(z, 0.0), lambda dy: tf.where(z > 0, dy, tf.zeros_like(dy))


@tf.custom_gradient
def elu(z: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
    """``z`` above 0, ``exp(z) - 1`` below; TensorFlow's `EluGrad` does not convert.

    Examples
    --------
    >>> elu(tf.constant([0.0, 2.0])).numpy().tolist()
    [0.0, 2.0]
    """
    y = tf.nn.elu(z)
    return y, lambda dy: tf.where(z > 0, dy, dy * (y + 1.0))


PORTABLE = {"relu": relu, "elu": elu, "sigmoid": "sigmoid"}
