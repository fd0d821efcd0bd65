"""Networks of Keras as targets for PyTorch's weights: copies with the settings of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

__all__ = ["as_in_pytorch", "check_epsilon"]

# What no epsilon and no padding mends, by how the networks of `keras.applications` are called.
_OTHERWISE = {
    "resnet": (
        "the ResNets of keras.applications stride in the first convolution of a block and "
        "torchvision's in the second, so that no weights make them compute the same: build the "
        "network as torchvision does"
    )
}


def as_in_pytorch(
    model: keras.Model, *, epsilon: float = 1e-5, momentum: float = 0.9
) -> keras.Model:
    """Copy a network with the settings that PyTorch's networks have, as a target to load into.

    - Normalizations get `epsilon`, and batch normalizations `momentum`.
    - Convolutions with strides and padding "same" pad alike on all sides, and zero paddings that
      pad less on one side than on the other get the larger one on both. Where Keras pads less at
      the left and top, PyTorch does not.

    With that, MobileNetV2 of `keras.applications` computes what torchvision's does.
    The ResNets there do not: they stride in the first convolution of a block, torchvision's in the
    second, and are refused. A pooling with strides and padding "same" stays as it is.

    Parameters
    ----------
    model : keras.Model
        Functional or sequential; stays as it is.
    epsilon : float
        What PyTorch's normalizations add to the variance: 1e-5 by default there.
    momentum : float
        Share of the moving statistics that is kept: 1 less PyTorch's, 0.1 by default there.

    Returns
    -------
    keras.Model
        With weights at random. A convolution that had to be padded lies in a `Sequential` of its
        own, under its old name.

    Raises
    ------
    ValueError
        If `model` is a ResNet of `keras.applications`.

    Examples
    --------
    >>> stack = [keras.layers.Conv2D(4, 3, 2, "same"), keras.layers.BatchNormalization(name="bn")]
    >>> twin = as_in_pytorch(keras.Sequential([keras.Input((8, 8, 3)), *stack]))
    >>> twin.get_layer("bn").epsilon, twin.output_shape
    (1e-05, (None, 4, 4, 4))
    """
    _refuse_otherwise(model)

    def copy(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if "epsilon" in config:
            config["epsilon"] = epsilon
        if "momentum" in config:
            config["momentum"] = momentum
        if isinstance(layer, keras.layers.ZeroPadding2D):
            config["padding"] = [[max(sides)] * 2 for sides in layer.padding]
        if not _pads_unevenly(layer):
            return type(layer).from_config(config)
        sides = tuple((size - 1) // 2 for size in layer.kernel_size)
        inner = type(layer).from_config({**config, "padding": "valid"})
        padded = [keras.layers.ZeroPadding2D(sides), inner]
        return keras.Sequential(padded, name=f"{layer.name}_padded")

    return keras.models.clone_model(model, clone_function=copy)


def check_epsilon(
    model: keras.Model, layer: keras.Layer, epsilon: float | Mapping[str, float] | None
) -> None:
    """Refuse a normalization with another epsilon than PyTorch's had."""
    inner = layer.layer if isinstance(layer, keras.layers.TimeDistributed) else layer
    ours = getattr(inner, "epsilon", None)
    if ours is None:
        return
    rms = isinstance(inner, keras.layers.RMSNormalization)
    default = float(np.finfo("float32").eps) if rms else 1e-5
    named = epsilon.get(layer.name) if isinstance(epsilon, Mapping) else epsilon
    theirs = default if named is None else named
    if not np.isclose(ours, theirs, rtol=1e-6, atol=0):
        _refuse_otherwise(model)
        raise ValueError(
            f"`epsilon` must be that of layer {layer.name!r}, {ours}: build the layer with "
            f"PyTorch's; `as_in_pytorch` copies a network that is built, as those of "
            f"keras.applications are. Received: {theirs}"
        )


def _pads_unevenly(layer):
    """Whether a convolution may pad less on one side than on the other, as strides make it."""
    kind = type(layer) in {keras.layers.Conv2D, keras.layers.DepthwiseConv2D}
    return kind and layer.padding == "same" and max(layer.strides) > 1 < max(layer.kernel_size)


def _refuse_otherwise(model):
    """Refuse networks that compute something else than PyTorch's of that name, with any weights."""
    for name, why in _OTHERWISE.items():
        if model.name.startswith(name) and any(
            layer.name == "conv2_block1_1_conv" for layer in model.layers
        ):
            raise ValueError(f"`model` must be a network that PyTorch has too: {why}")
