"""Batch normalization as a Keras layer, built from its equations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from steadynet import _checks
from steadynet.normalization.arithmetic import (
    batch_moments,
    batch_normalize,
    checked_epsilon,
    update_moving,
    wide,
)

__all__ = ["BatchNorm"]


@keras.saving.register_keras_serializable(package="steadynet")
class BatchNorm(keras.layers.Layer):
    """Batch normalization as a Keras layer, like `keras.layers.BatchNormalization`.

    In training it normalizes by the batch's own mean and variance and moves its averages of them;
    in inference it normalizes by the averages and changes nothing. ``trainable = False`` means
    inference, whatever `training` says, so that a frozen layer keeps computing what it computed.

    Parameters
    ----------
    axis : int
        The channels' axis; every other axis, the batch's included, is averaged over.
    momentum : float
        Share of the moving averages kept at each batch, in [0, 1).
    epsilon : float
        Added to the variance. Positive.
    center, scale : bool
        Whether to learn `beta` and `gamma`.
    **kwargs
        As in `keras.layers.Layer`: name, dtype, trainable.

    Attributes
    ----------
    gamma, beta : keras.Variable or None
        Learned scale and shift, shape (channels,); they start at 1 and 0.
    moving_mean, moving_variance : keras.Variable
        Averages for inference, shape (channels,); they start at 0 and 1 and are not trained.

    Raises
    ------
    ValueError
        If `momentum` or `epsilon` is out of range, the inputs have no such axis or one of unknown
        size, or a training batch is empty.
    TypeError
        If `axis` is not an integer.

    Notes
    -----
    Masks are not supported: padded time steps would count. Keras's layer takes them, and offers
    regularizers, renormalization and statistics shared between devices, all left out here.

    References
    ----------
    Ioffe and Szegedy (2015), algorithms 1 and 2.

    Examples
    --------
    >>> layer = BatchNorm(momentum=0.5)
    >>> x = tf.constant([[1.0], [3.0]])
    >>> layer(x, training=True).numpy().round(2).tolist()
    [[-1.0], [1.0]]
    >>> layer.moving_mean.numpy().tolist(), layer.moving_variance.numpy().tolist()
    ([1.0], [1.0])
    >>> layer(x).numpy().round(2).tolist()
    [[0.0], [2.0]]
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = _checks.whole("axis", axis)
        self.momentum = _checks.momentum("momentum", momentum)
        self.epsilon = checked_epsilon(epsilon)
        self.center, self.scale = bool(center), bool(scale)
        self.gamma = self.beta = None

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights: one value a channel."""
        rank = len(input_shape)
        (axis,) = _checks.in_range("axis", [self.axis], rank)
        channels = input_shape[axis]
        if channels is None:
            raise ValueError(
                f"`axis` must be one whose size is known. Received: axis={self.axis} of "
                f"inputs with shape {tuple(input_shape)}"
            )
        make = lambda name, init, trainable: self.add_weight(  # noqa: E731
            name=name, shape=(channels,), initializer=init, trainable=trainable, autocast=False
        )
        self.gamma = make("gamma", "ones", trainable=True) if self.scale else None
        self.beta = make("beta", "zeros", trainable=True) if self.center else None
        self.moving_mean = make("moving_mean", "zeros", trainable=False)
        self.moving_variance = make("moving_variance", "ones", trainable=False)
        self.input_spec = keras.layers.InputSpec(ndim=rank, axes={axis: channels})

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Normalize by the batch, and remember it, in training; else by the moving averages."""
        rank = inputs.shape.rank
        axis = self.axis % rank
        x = tf.cast(inputs, wide(inputs.dtype))
        if training and self.trainable:
            mean, variance = batch_moments(x, [a for a in range(rank) if a != axis])
            for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(update_moving(moving, batch, self.momentum))
        else:
            mean, variance = self.moving_mean, self.moving_variance
        shape = [-1 if a == axis else 1 for a in range(rank)]
        along = lambda v: v if v is None else tf.reshape(v, shape)  # noqa: E731
        gamma, beta = along(self.gamma), along(self.beta)
        y = batch_normalize(x, along(mean), along(variance), gamma, beta, self.epsilon)
        return tf.cast(y, self.compute_dtype)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Sequence[int | None]:
        """Shapes stay."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make the same layer."""
        own = ("axis", "momentum", "epsilon", "center", "scale")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
