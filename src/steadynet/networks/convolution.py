"""Deep convolution networks that differ in nothing but what keeps their training steady."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras

from steadynet import _checks
from steadynet.networks._layers import FusedBatchNorm, RMSNorm, StandardizedConv2D

STRIDED = 2  # layers that halve height and width, before all others


class _Parts(NamedTuple):
    """What a kind's layers are made of."""

    normalize: Callable[[], keras.Layer] | None = None
    use_bias: bool = True
    convolution: type[keras.Layer] = keras.layers.Conv2D
    skips: bool = False
    from_zero: bool = False  # whether the last kernel of a skipped pair starts at zero


def _shifted(layer, **options):
    """Parts with a normalization whose beta replaces the bias."""
    return _Parts(functools.partial(layer, **options), use_bias=False)


_PARTS = {
    "none": _Parts(),
    "batch norm": _shifted(FusedBatchNorm, momentum=0.9),
    "layer norm": _shifted(keras.layers.GroupNormalization, groups=1),
    "group norm": _shifted(keras.layers.GroupNormalization, groups=4),
    "rms norm": _Parts(RMSNorm),  # has no beta
    "weight standardization": _Parts(convolution=StandardizedConv2D),
    "residual": _Parts(skips=True),
    "good start": _Parts(skips=True, from_zero=True),
}
KINDS = tuple(_PARTS)


def convolution_network(
    shape: Sequence[int],
    n_classes: int,
    *,
    depth: int,
    channels: int = 16,
    kind: str = "none",
    seed: int = 0,
) -> keras.Model:
    """A deep network of 3 × 3 convolutions ``h_k = f(W_k * h_{k-1} + b_k)``, `f` the ReLU.

    The first two layers have stride 2. Logits come from the mean over height and width.

    Parameters
    ----------
    shape : sequence of int
        Height, width and channels of a picture.
    n_classes : int
        Classes.
    depth : int
        Number of convolutions.
    channels : int
        Output channels of each; a multiple of 4 for "group norm".
    kind : str
        What keeps training steady, one of `KINDS`:

        - "none".
        - "batch norm", ``h_k = f(BN(W_k * h_{k-1}))``: `normalization.BatchNorm` with momentum 0.9.
        - "layer norm" over height, width and channels, and "group norm" over those of each of four
          groups of channels: `keras.layers.GroupNormalization`, one gamma and beta a channel.
        - "rms norm", over what layer norm is taken over, one scale a channel. It has no beta, so
          the bias stays.
        - "weight standardization": kernels ``gain * c * (W - mean) / (sqrt(n) * deviation)``, where
          mean and deviation are over the `n` inputs of an output channel, which has one `gain`.
          With ``c^2 = 2 / (1 - 1 / pi)`` they keep the variance of a ReLU's inputs; He's 2 would
          not, for a kernel of mean 0 does not see the mean of the ReLU's outputs.
        - "residual": after the strided layers each pair of convolutions is skipped,
          ``h_{k+2} = f(h_k + W_{k+2} * f(W_{k+1} * h_k + b_{k+1}) + b_{k+2})``. One left over is
          plain.
        - "good start": residual, with ``W_{k+2} = 0`` at the start, so that each pair is the
          identity: the first of the rules of Fixup, alone.
    seed : int
        Seeds the initial weights: He normal in the convolutions, Glorot uniform in the last layer.
        The kernels are the same for every kind, but for those that start at zero.

    Returns
    -------
    keras.Model
        Built; input (batch, height, width, channels), output logits (batch, `n_classes`).

    Raises
    ------
    ValueError
        If `kind` is another word, `depth` or `channels` is not positive, or "group norm" cannot
        make four groups of the channels.

    Examples
    --------
    >>> convolution_network((28, 28, 1), 10, depth=4).count_params()
    7290

    One scale a channel more, in each of four layers:

    >>> convolution_network((28, 28, 1), 10, depth=4, kind="rms norm").count_params() - 7290
    64

    References
    ----------
    He, Zhang, Ren and Sun (2015), "Deep residual learning for image recognition"; Ioffe and Szegedy
    (2015); Ba, Kiros and Hinton (2016), "Layer normalization"; Wu and He (2018), "Group
    normalization"; Zhang and Sennrich (2019), "Root mean square layer normalization"; Qiao, Wang,
    Liu, Shen and Yuille (2019), "Micro-batch training with batch-channel normalization and weight
    standardization"; Brock, De and Smith (2021), "Characterizing signal propagation to close the
    performance gap in unnormalized ResNets", for `c` and the gain; Zhang, Dauphin and Ma (2019),
    "Fixup initialization: residual learning without normalization".
    """
    parts = _PARTS[_checks.one_of("kind", kind, KINDS)]
    _checks.count("depth", depth)
    _checks.count("channels", channels)
    inputs = h = before = keras.Input(tuple(shape))
    for k in range(depth):
        closes = parts.skips and k >= STRIDED and (k - STRIDED) % 2 == 1
        z = _convolution(parts, k, channels, seed, zero=closes and parts.from_zero)(h)
        if parts.normalize is not None:
            z = parts.normalize()(z)
        if closes:
            z = keras.layers.Add()([before, z])
        else:
            before = h
        h = keras.layers.ReLU()(z)
    kernel = keras.initializers.GlorotUniform(seed=1000 * seed + depth)
    head = keras.layers.Dense(n_classes, kernel_initializer=kernel)
    return keras.Model(inputs, head(keras.layers.GlobalAveragePooling2D()(h)))


def _convolution(parts, k, channels, seed, *, zero):
    """Layer `k`, counted from 0."""
    init = keras.initializers
    return parts.convolution(
        channels,
        3,
        strides=2 if k < STRIDED else 1,
        padding="same",
        use_bias=parts.use_bias,
        kernel_initializer=init.Zeros() if zero else init.HeNormal(seed=1000 * seed + k),
    )
