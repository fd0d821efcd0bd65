"""A convolution whose training step converts to LiteRT, so that it can be trained in a page.

LiteRT's fast kernels multiply matrices but do not take a convolution whose kernel is an input, as
in training. So the gradient is matrix products over patches, and on request the convolution too.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = ["Convolution", "Rectifier", "as_products"]

_PRODUCTS = contextvars.ContextVar("as_products", default=False)


@contextlib.contextmanager
def as_products() -> Iterator[None]:
    """Convolve by matrix products in whatever is traced in this context: fast in LiteRT.

    Without it a step converts as well, but runs at about half the speed there. TensorFlow itself
    is as fast or faster without it.

    Examples
    --------
    >>> with as_products():
    ...     step = tf.function(Convolution(4)).get_concrete_function(tf.zeros((1, 28, 28, 1)))
    >>> "Conv2D" in {op.type for op in step.graph.get_operations()}
    False
    """
    token = _PRODUCTS.set(True)
    try:
        yield
    finally:
        _PRODUCTS.reset(token)


@tf.custom_gradient
def convolve(
    x: tf.Tensor, kernel: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
    """Convolve 3 × 3 at stride 2 inside a border of zeros, with gradients as matrix products.

    With patches ``P[b, p, q] = x[b, 2p-1 : 2p+2, 2q-1 : 2q+2]`` as rows of a matrix,
    ``y = P kernel`` and ``dL/dkernel = Pᵀ dL/dy``. Height and width of `x` have to be known.
    """
    product = _PRODUCTS.get()
    channels, filters = kernel.shape[2:]
    patches = _patches(x) if product else None
    if product:
        flat = tf.matmul(patches, tf.reshape(kernel, [9 * channels, filters]))
        y = tf.reshape(flat, [-1, *_halves(x), filters])
    else:
        y = tf.nn.conv2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), kernel, 2, "VALID")

    def gradient(dy):
        rows = _patches(x) if patches is None else patches
        dk = tf.matmul(rows, tf.reshape(dy, [-1, filters]), transpose_a=True)
        dx = tf.slice(_input_gradient(dy, kernel), [0] * 4, [-1, *x.shape[1:]])
        return dx, tf.reshape(dk, kernel.shape)

    return y, gradient


def _halves(x):
    """Height and width after stride 2."""
    return [-(-side // 2) for side in x.shape[1:3]]


def _patches(x):
    """The 3 × 3 pixels under each output pixel, shape (batch * m * n, 9 * channels)."""
    (m, n), channels = _halves(x), x.shape[3]
    # Strided slices are slow in LiteRT: an even width lets pairs of columns be channels instead.
    x = tf.pad(x, [[0, 0], [0, x.shape[1] % 2], [0, x.shape[2] % 2], [0, 0]])
    run = 3 * n * channels
    lines = tf.reshape(_columns(x, n, channels), [-1, m, 2 * run])
    even, odd = (tf.slice(lines, [0, 0, i * run], [-1, m, run]) for i in range(2))
    above = tf.pad(tf.slice(odd, [0, 0, 0], [-1, m - 1, run]), [[0, 0], [1, 0], [0, 0]])
    return tf.concat([tf.reshape(t, [-1, 3 * channels]) for t in (above, even, odd)], -1)


def _columns(x, n, channels):
    """Each even column with its two neighbours, shape (batch * height, n, 3 * channels)."""
    if channels == 1:
        # Moving single numbers costs more than picking them by a product.
        place = 2 * np.arange(n)[:, None] + [-1, 0, 1]
        pick = tf.one_hot(place.ravel(), 2 * n, axis=0, dtype=x.dtype)
        return tf.matmul(tf.reshape(x, [-1, 2 * n]), pick)
    pairs = tf.reshape(x, [-1, n, 2 * channels])
    odd = tf.slice(pairs, [0, 0, channels], [-1, n - 1, channels])
    return tf.concat([tf.pad(odd, [[0, 0], [1, 0], [0, 0]]), pairs], -1)


def _input_gradient(dy, kernel):
    """``dL/dx``, of even height and width: rows summed by the products, columns afterwards."""
    (_, m, n, filters), c = dy.shape, kernel.shape[2]
    # One row of the kernel at a time: the converter would fold a transposed whole into
    # FULLY_CONNECTED, which is slow where weights are inputs.
    turned = tf.transpose(tf.reshape(kernel, [3, 3 * c, filters]), [0, 2, 1])
    top, middle, bottom = (
        tf.reshape(tf.slice(turned, [i, 0, 0], [1, filters, 3 * c]), [filters, 3 * c])
        for i in range(3)
    )
    lines = tf.reshape(dy, [-1, m, n * filters])
    below = tf.slice(lines, [0, 1, 0], [-1, m - 1, n * filters])
    below = tf.reshape(tf.pad(below, [[0, 0], [0, 1], [0, 0]]), [-1, filters])
    here = tf.reshape(dy, [-1, filters])
    even = tf.matmul(here, middle)
    odd = tf.matmul(tf.concat([below, here], -1), tf.concat([top, bottom], 0))
    both = tf.concat([tf.reshape(t, [-1, m, 3 * n * c]) for t in (even, odd)], 2)
    return tf.reshape(_sum_columns(tf.reshape(both, [-1, n, 3 * c]), c), [-1, 2 * m, 2 * n, c])


def _sum_columns(lines, channels):
    """The reverse of `_columns`: pairs of columns, each with what its neighbours add."""
    n = lines.shape[1]
    left = tf.slice(lines, [0, 1, 0], [-1, n - 1, channels])
    pairs = tf.slice(lines, [0, 0, channels], [-1, n, 2 * channels])
    return pairs + tf.pad(left, [[0, 0], [0, 1], [channels, 0]])


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

    def __init__(self, filters: int, **kwargs: Any) -> None:
        fixed = {"kernel_size": 3, "strides": 2, "padding": "same"}
        super().__init__(filters, **{**kwargs, **fixed})

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Convolve; Keras adds bias and activation."""
        # The border is on every side, as PyTorch's. Keras's "same" puts it below and to the right.
        # As a tensor: a function with a gradient of its own may not reach for variables.
        return convolve(inputs, tf.convert_to_tensor(kernel))


@keras.saving.register_keras_serializable("steadynet")
class Rectifier(keras.layers.Layer):
    """``max(z, 0)``, which converts where the gradient of ``relu`` does not.

    Examples
    --------
    >>> Rectifier()(tf.constant([-1.0, 2.0])).numpy().tolist()
    [0.0, 2.0]
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Rectify."""
        return tf.maximum(inputs, 0.0)
