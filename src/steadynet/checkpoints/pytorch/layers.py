"""Weights of each kind of layer from PyTorch's layout to Keras's, one small function a kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from steadynet import normalization
from steadynet.checkpoints.pytorch.module import Module
from steadynet.checkpoints.pytorch.orders import Takes

__all__ = ["CONVERTERS", "kind_of", "place_tensors"]

Converter = Callable[[Any, Module, Takes], None]


def place_tensors(layer: keras.Layer, module: Module, takes: Takes) -> None:
    """Place all tensors of a module in a layer's weights, or refuse by name what does not fit."""
    inner = layer.layer if isinstance(layer, keras.layers.TimeDistributed) else layer
    CONVERTERS[type(inner)](inner, module, takes)
    placed = {id(weight) for weight, _ in module.pairs}
    if any(id(weight) not in placed for weight in layer.weights):
        raise ValueError(
            f"`model` must have no weights that PyTorch's layers have not, as enable_lora adds "
            f"them. Received: {layer.name!r}"
        )


def kind_of(layer: keras.Layer) -> type:
    """Kind of a layer, or of the one that it calls at each step."""
    return type(layer.layer if isinstance(layer, keras.layers.TimeDistributed) else layer)


def _bias(layer, module):
    """A bias that PyTorch has not is zero; one that Keras has not has to be."""
    if layer.use_bias:
        module.place(layer.bias, "bias", absent=0)
    else:
        module.spare(layer, "bias", 0)


def _dense(layer, module, takes):
    """PyTorch: (out, in). Keras: (in, out)."""
    rows = takes.rows(layer.kernel.shape[0])
    module.place(layer.kernel, "weight", lambda w: rows(w.T))
    _bias(layer, module)
    module.refuse_rest(layer)


def _embedding(layer, module, takes):
    """The same in both."""
    takes.takes_no_row()
    module.place(layer.embeddings, "weight")
    module.refuse_rest(layer)


def _convolution(layer, module, takes):
    """PyTorch: (out, in, *window), or turned round (in, out, *window). Keras: the window first.

    Of a transposed one Keras keeps out before in as well, so that the axes change alike.
    """
    takes.check_channels()
    module.place(layer.kernel, "weight", lambda w: np.moveaxis(w, (1, 0), (-2, -1)))
    _bias(layer, module)
    module.refuse_rest(layer)


def _depthwise(layer, module, takes):
    """PyTorch: (channels × multiplier, 1, *window). Keras: (*window, channels, multiplier)."""
    takes.check_channels()

    def turn(w):
        each = w.squeeze(1).reshape(-1, layer.depth_multiplier, *w.shape[2:])
        return np.moveaxis(each, (0, 1), (-2, -1))

    module.place(layer.kernel, "weight", turn)
    _bias(layer, module)
    module.refuse_rest(layer)


def _scale_and_shift(gamma, beta, layer, module, turn, *, affine=True):
    """A normalization's weight and bias: 1 and 0 where one side has none."""
    if gamma is None:
        module.spare(layer, "weight", 1)
    else:
        module.place(gamma, "weight", turn, absent=None if affine else 1)
    if beta is None:
        module.spare(layer, "bias", 0)
    else:
        module.place(beta, "bias", turn, absent=0)
    module.refuse_rest(layer)


def _batch_norm(layer, module, takes):
    """With ``affine=False`` there is neither weight nor bias, only statistics."""
    takes.check_axis(layer.axis)
    rows = takes.rows(layer.moving_mean.shape[0])
    module.place(layer.moving_mean, "running_mean", rows)
    module.place(layer.moving_variance, "running_var", rows)
    module.get("num_batches_tracked")
    affine = any(module.get(part) is not None for part in ("weight", "bias"))
    _scale_and_shift(layer.gamma, layer.beta, layer, module, rows, affine=affine)


def _layer_norm(layer, module, takes):
    """Over several axes the weight has them too, in PyTorch's order."""
    if layer.rms_scaling:
        raise ValueError(
            f"`model` must have RMSNormalization for RMSNorm, which computes otherwise than "
            f"LayerNormalization with rms_scaling. Received: {layer.name!r}"
        )
    weight = layer.gamma if layer.gamma is not None else layer.beta
    turn = _over_axes(layer.axis, weight, takes)
    _scale_and_shift(layer.gamma, layer.beta, layer, module, turn)


def _rms_norm(layer, module, takes):
    """One weight, which is called scale here."""
    module.place(layer.scale, "weight", _over_axes(layer.axis, layer.scale, takes))
    module.refuse_rest(layer)


def _over_axes(axis, weight, takes):
    """How the weight of a normalization over one or several axes is turned."""
    axes = list(axis) if isinstance(axis, list | tuple) else [axis]
    if len(axes) == 1:
        takes.check_axis(axes[0])
        return takes.rows(weight.shape[0])
    return takes.axes(axes, tuple(weight.shape))


def _group_norm(layer, module, takes):
    """In how many groups is in no file: `layer` has been built with it."""
    takes.check_axis(layer.axis)
    takes.check_groups()
    _scale_and_shift(layer.gamma, layer.beta, layer, module, lambda value: value)


def _prelu(layer, module, takes):
    """One slope for everything, or one for each channel, which is axis 1 in PyTorch."""
    sizes = tuple(layer.alpha.shape)
    one = np.size(module.take("weight")) == 1
    spread = (lambda w: np.broadcast_to(w.reshape(()), sizes)) if one else takes.channels(sizes)
    module.place(layer.alpha, "weight", spread)
    module.refuse_rest(layer)


def _recurrent(layer, module, takes):
    """A stack's layers are called ``_l0``, ``_l1`` …; each is a layer of its own in Keras."""
    level, alone = module.level()
    _cell(layer, module, takes, level)
    module.refuse_rest(layer, ("",) if alone else (level, f"{level}_reverse"))


def _bidirectional(layer, module, takes):
    """Forward and backward, one behind the other in what they give."""
    if layer.merge_mode != "concat":
        raise ValueError(
            f"`model` must join both directions as PyTorch does, with merge_mode='concat'. "
            f"Received: {layer.name!r} with merge_mode={layer.merge_mode!r}"
        )
    level, alone = module.level()
    _cell(layer.forward_layer, module, takes, level)
    _cell(layer.backward_layer, module, takes, f"{level}_reverse")
    module.refuse_rest(layer, ("",) if alone else (level, f"{level}_reverse"))


# Where PyTorch has each of Keras's gates. LSTM: input, forget, cell, output in both. GRU: update,
# reset, new in Keras; reset, update, new in PyTorch.
_GATES: dict[type, list[int]] = {
    keras.layers.SimpleRNN: [0],
    keras.layers.LSTM: [0, 1, 2, 3],
    keras.layers.GRU: [1, 0, 2],
}


def _cell(layer, module, takes, ending):
    """PyTorch: (gates × units, in), and two biases, which are added. Keras: (in, gates × units)."""
    _check_cell(layer)
    gates, cell = _GATES[type(layer)], layer.cell
    rows = takes.rows(cell.kernel.shape[0])

    def in_order(value):
        return value.reshape(len(gates), -1, *value.shape[1:])[gates].reshape(value.shape)

    def bias(ih, hh):
        both = np.stack([in_order(ih), in_order(hh)])
        return both if isinstance(layer, keras.layers.GRU) else both.sum(axis=0)

    module.place(cell.kernel, f"weight_ih{ending}", lambda w: rows(in_order(w).T))
    module.place(cell.recurrent_kernel, f"weight_hh{ending}", lambda w: in_order(w).T)
    parts = [f"bias_ih{ending}", f"bias_hh{ending}"]
    if cell.use_bias:
        module.place_both(cell.bias, parts, bias, (cell.kernel.shape[1],))
    else:
        for part in parts:
            module.spare(layer, part, 0)


def _check_cell(layer):
    """Refuse a recurrent layer that computes what PyTorch has not."""
    kind, tanh = type(layer), keras.activations.tanh
    if kind not in _GATES:
        raise ValueError(f"`model` must have {_names(_GATES)} there. Received: {layer.name!r}")
    allowed = {tanh, keras.activations.relu} if kind is keras.layers.SimpleRNN else {tanh}
    inner = getattr(layer, "recurrent_activation", keras.activations.sigmoid)
    if layer.activation not in allowed or inner is not keras.activations.sigmoid:
        raise ValueError(
            f"`model` must have the activations of PyTorch's recurrent layers, tanh and sigmoid. "
            f"Received: {layer.name!r} with others"
        )
    if not getattr(layer, "reset_after", True):
        raise ValueError(
            f"`model` must have GRU layers with reset_after=True, as PyTorch's are. "
            f"Received: {layer.name!r}"
        )


def _names(kinds):
    """Names of kinds of layers, for an error."""
    return ", ".join(sorted(kind.__name__ for kind in kinds))


_k = keras.layers
CONVERTERS: dict[type, Converter] = {
    _k.Dense: _dense,
    _k.Embedding: _embedding,
    **dict.fromkeys((_k.Conv1D, _k.Conv2D, _k.Conv3D), _convolution),
    **dict.fromkeys((_k.Conv1DTranspose, _k.Conv2DTranspose, _k.Conv3DTranspose), _convolution),
    **dict.fromkeys((_k.DepthwiseConv1D, _k.DepthwiseConv2D), _depthwise),
    **dict.fromkeys((_k.BatchNormalization, normalization.BatchNorm), _batch_norm),
    _k.LayerNormalization: _layer_norm,
    _k.RMSNormalization: _rms_norm,
    _k.GroupNormalization: _group_norm,
    _k.PReLU: _prelu,
    **dict.fromkeys((_k.SimpleRNN, _k.LSTM, _k.GRU), _recurrent),
    _k.Bidirectional: _bidirectional,
}
