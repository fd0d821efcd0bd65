"""A convolution whose training step converts to LiteRT, so that it can be trained in a page."""

from __future__ import annotations

import keras
import tensorflow as tf

__all__ = ["Convolution", "Rectifier"]


@tf.custom_gradient
def convolve(x, kernel):
    """Convolve 3 × 3 at stride 2, with gradients that are convolutions themselves.

    TensorFlow's own gradient for the kernel, ``Conv2DBackpropFilter``, is not in LiteRT.
    ``dL/dkernel[i, j, c, o] = sum over b, p, q of x[b, 2p + i, 2q + j, c] dL/dy[b, p, q, o]`` is a
    convolution dilated by 2, with channels in the place of the batch.
    """
    y = tf.nn.conv2d(x, kernel, 2, "VALID")

    def gradient(dy):
        shape = x.shape if x.shape.is_fully_defined() else tf.shape(x)
        dx = tf.nn.conv2d_transpose(dy, kernel, shape, 2, "VALID")
        swapped = tf.transpose(x, [3, 1, 2, 0]), tf.transpose(dy, [1, 2, 0, 3])
        dk = tf.nn.conv2d(*swapped, 1, "VALID", dilations=2)
        rows, columns = kernel.shape[:2]
        return dx, tf.transpose(dk[:, :rows, :columns, :], [1, 2, 0, 3])

    return y, gradient


@keras.saving.register_keras_serializable("steadynet")
class Convolution(keras.layers.Conv2D):
    """A 3 × 3 convolution of stride 2 with a border of zeros: half the height and width.

    Parameters
    ----------
    filters : int
        Channels that come out.
    **kwargs
        As in `keras.layers.Conv2D`, without kernel size, strides and padding.

    Examples
    --------
    >>> Convolution(4)(tf.zeros((1, 28, 28, 1))).shape.as_list()
    [1, 14, 14, 4]
    """

    def __init__(self, filters, **kwargs):
        fixed = {"kernel_size": 3, "strides": 2, "padding": "same"}
        super().__init__(filters, **{**kwargs, **fixed})

    def convolution_op(self, inputs, kernel):
        """Convolve; Keras adds bias and activation."""
        # On every side, as PyTorch does. Keras's "same" puts it below and to the right only.
        padded = tf.pad(inputs, [[0, 0], [1, 1], [1, 1], [0, 0]])
        # As a tensor: a function with a gradient of its own may not reach for variables.
        return convolve(padded, tf.convert_to_tensor(kernel))


@keras.saving.register_keras_serializable("steadynet")
class Rectifier(keras.layers.Layer):
    """``max(z, 0)``, which converts where the gradient of ``relu`` does not.

    Examples
    --------
    >>> Rectifier()(tf.constant([-1.0, 2.0])).numpy().tolist()
    [0.0, 2.0]
    """

    def call(self, inputs):
        """Rectify."""
        return tf.maximum(inputs, 0.0)
