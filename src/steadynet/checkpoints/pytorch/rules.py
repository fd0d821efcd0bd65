"""What each kind of layer does to the order in which PyTorch holds its tensor."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from steadynet import normalization
from steadynet.checkpoints.pytorch.layouts import (
    Axes,
    Layout,
    Row,
    Shape,
    Steps,
    Unknown,
    concatenate,
    flatten,
    merge,
    moves,
    of_cut,
    permute,
    reshape,
    start,
)

__all__ = ["Call", "after", "one_step"]


class Call(NamedTuple):
    """One call of a layer: layouts and shapes, without the batch, of what it takes and gives."""

    layouts: list[Layout]
    shapes: list[Shape]
    given: Shape


def after(layer: keras.Operation, call: Call) -> Layout:
    """Layout of what a layer gives; for kinds of layers without a rule it is hardly known."""
    rule = _RULES.get(type(layer))
    if rule is None and not isinstance(layer, keras.Layer):
        rule = _OPERATIONS.get(type(layer).__name__, _operate)
    return (rule or _unknown)(layer, call) if call.layouts else Axes.SAME


def _unknown(layer, call):
    """What keeps the number of channels hardly mixes them; a row stays one if it was the same."""
    (layout, *_), (shape, *_) = call.layouts, call.shapes
    kept = len(call.given) > 1 and shape[-1:] == call.given[-1:]
    if kept and isinstance(layout, Unknown):
        return layout
    if all(s == call.given and len(s) == 1 for s in call.shapes) and _all_same(call):
        return Axes.SAME
    mixed = not kept or isinstance(layout, Row | Steps)
    return Unknown(f"{layer.name!r}, a {type(layer).__name__}, may change the order", mixed=mixed)


def _all_same(call):
    return all(layout is Axes.SAME for layout in call.layouts)


def _operate(layer, call):
    """An operation of `keras.ops` does with equal tensors what PyTorch does, channels aside."""
    words = ("Conv", "Pool", "Image", "Resize", "Einsum")
    channels = any(word in type(layer).__name__ for word in words)
    return Axes.SAME if _all_same(call) and not channels else _unknown(layer, call)


def _attend(layer, call):
    """Attention gives a sequence for one."""
    return Axes.SAME if _all_same(call) else _unknown(layer, call)


def _reduce(layer, call):
    """A mean or a sum over the other axes leaves the last one as it is."""
    rank = len(call.shapes[0])
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    over = set() if None in axes else {axis % (rank + 1) for axis in axes}
    if over == set(range(1, rank)) and rank > 1:
        return _pool_all(layer, call)
    return _operate(layer, call)


def _keep(_, call):
    return call.layouts[0]


def _merge(layer, call):
    return merge(call.layouts, call.shapes, layer.name)


def _concatenate(layer, call):
    return concatenate(call.layouts, call.shapes, layer.name)


def _pad(layer, call):
    return of_cut(repr(layer.name)) if call.layouts[0] is Axes.CUT else call.layouts[0]


def _convolve(layer, _):
    if layer.data_format == "channels_first":
        return Axes.SAME
    return Axes.MAP


def _pool(layer, call):
    (layout, *_), (shape, *_) = call.layouts, call.shapes
    if getattr(layer, "data_format", None) == "channels_first":  # UpSampling1D has none
        return Axes.SAME
    if layout is Axes.CUT:
        return of_cut(repr(layer.name))
    if _steps_of_rows(layout):
        return _unknown(layer, call)
    if isinstance(layout, Unknown) and layout.mixed:
        return layout
    # A sequence has to be turned for PyTorch's pooling, and may be turned back behind it.
    turned = layout is Axes.SAME or (layout is not Axes.MAP and len(shape) < 3)
    return Axes.EITHER if turned else Axes.MAP


def _steps_of_rows(layout):
    """Whether the last axis of steps may be in another order than here."""
    return isinstance(layout, Steps) and isinstance(layout.each, Row | Unknown)


def _pool_all(layer, call):
    (layout, *_) = call.layouts
    if layout is Axes.CUT:
        return of_cut(repr(layer.name))
    if _steps_of_rows(layout):
        return layout.each if len(call.given) == 1 else _unknown(layer, call)
    if isinstance(layout, Unknown) and layout.mixed:
        return layout
    return Axes.SAME if len(call.given) == 1 else Axes.EITHER


def _normalize_channels(layer, call):
    """Batch and group normalization, for which PyTorch has channels in front."""
    (layout, *_), (shape, *_) = call.layouts, call.shapes
    if len(shape) < 2 or isinstance(layout, Unknown) or layout is Axes.MAP:
        return layout
    if _steps_of_rows(layout):
        return _unknown(layer, call)
    if layer.axis in {1, -len(shape)}:
        return Axes.SAME
    if layout is Axes.CUT:
        return of_cut(repr(layer.name))
    picture = layout is Axes.EITHER and len(shape) > 2
    return Axes.MAP if picture else Axes.EITHER


def _normalize_last(layer, call):
    """Layer and RMS normalization, for which PyTorch has channels at the end, or takes them all."""
    (layout, *_), (shape, *_) = call.layouts, call.shapes
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    if isinstance(layout, Steps) and not isinstance(layout.each, Row):
        return _unknown(layer, call)
    if len(axes) == len(shape) or len(shape) < 2:
        return layout
    if layout is Axes.CUT and len(shape) > 2:
        return of_cut(repr(layer.name))
    return Axes.EITHER if layout is Axes.MAP else layout


def _dense(layer, call):
    (layout, *_), (shape, *_) = call.layouts, call.shapes
    if layout is Axes.CUT and len(shape) > 2:
        return of_cut(repr(layer.name))
    if len(shape) < 2 or layout in {Axes.SAME, Axes.CUT}:
        return Axes.SAME
    if isinstance(layout, Unknown):
        return dataclasses.replace(layout, mixed=False)
    if isinstance(layout, Steps):
        each = _dense(layer, Call([layout.each], [shape[1:]], call.given[1:]))
        return each if each is Axes.SAME or isinstance(each, Unknown) else Steps(each)
    return Axes.EITHER


def _plain(_, __):
    """Recurrent layers and embeddings, which PyTorch lays out alike with ``batch_first``."""
    return Axes.SAME


def _flatten(layer, call):
    (layout, *_), (shape, *_) = call.layouts, call.shapes
    if layer.data_format == "channels_first" and len(shape) > 1 and moves((*shape[1:], shape[0])):
        if layout is not Axes.SAME:
            return Unknown(f"{layer.name!r} moves the first axis to the end", mixed=True)
        return flatten(Axes.MAP, (*shape[1:], shape[0]))
    return flatten(layout, shape)


def _reshape(_, call):
    return reshape(call.layouts[0], call.shapes[0], call.given)


def _permute(layer, call):
    return permute(call.layouts[0], layer.dims, call.shapes[0])


def _transpose(layer, call):
    numbered = np.empty(range(len(call.shapes[0]) + 1))  # each axis is as long as its number
    if hasattr(layer, "source"):
        numbered = np.moveaxis(numbered, layer.source, layer.destination)
    elif hasattr(layer, "axis1"):
        numbered = np.swapaxes(numbered, layer.axis1, layer.axis2)
    else:
        numbered = numbered.transpose(layer.axes)
    batch, *axes = numbered.shape
    if batch != 0:
        return Unknown(f"{layer.name!r} moves the batch", mixed=True)
    return permute(call.layouts[0], axes, call.shapes[0])


def _repeat(_, call):
    return call.layouts[0] if call.layouts[0] is Axes.SAME else Steps(call.layouts[0])


def _each_step(layer, call):
    (layout, *_), (shape, *_) = call.layouts, call.shapes
    each = one_step(layout, shape)
    given = after(layer.layer, Call([each], [shape[1:]], call.given[1:]))
    return given if given is Axes.SAME or isinstance(given, Unknown) else Steps(given)


def one_step(layout: Layout, shape: Shape) -> Layout:
    """Layout of one step of what `TimeDistributed` takes."""
    if isinstance(layout, Steps):
        return layout.each
    if layout in {Axes.SAME, Axes.EITHER}:
        return start(shape[1:])
    if len(shape) == 2 and not isinstance(layout, Unknown):
        return Axes.SAME
    mixed = layout is Axes.CUT or (isinstance(layout, Unknown) and layout.mixed)
    return Unknown("each of its steps may be laid out otherwise", mixed=mixed)


def _kinds(names):
    """Layers of some names, with the number of dimensions for which there is one."""
    return [getattr(keras.layers, name) for name in names.split() if hasattr(keras.layers, name)]


def _each_dimension(*names):
    return _kinds(" ".join(f"{name}{n}D" for name in names for n in (1, 2, 3)))


_CONVOLUTIONS = (
    *_each_dimension("Conv", "DepthwiseConv", "SeparableConv"),
    *_kinds("Conv1DTranspose Conv2DTranspose Conv3DTranspose"),
)
_KEEPS = (
    *_kinds("Activation ReLU LeakyReLU PReLU ELU Softmax Dropout GaussianDropout GaussianNoise"),
    *_kinds("AlphaDropout ActivityRegularization Identity Masking Rescaling Normalization"),
    *_each_dimension("SpatialDropout"),
)
_RULES: dict[type, Callable[[Any, Call], Layout]] = {
    **dict.fromkeys(_KEEPS, _keep),
    **dict.fromkeys(_CONVOLUTIONS, _convolve),
    **dict.fromkeys(_each_dimension("MaxPooling", "AveragePooling"), _pool),
    **dict.fromkeys(_each_dimension("AdaptiveMaxPooling", "AdaptiveAveragePooling"), _pool),
    **dict.fromkeys(_each_dimension("UpSampling"), _pool),
    **dict.fromkeys(_each_dimension("ZeroPadding", "Cropping"), _pad),
    **dict.fromkeys(_each_dimension("GlobalMaxPooling", "GlobalAveragePooling"), _pool_all),
    **dict.fromkeys(_kinds("BatchNormalization GroupNormalization"), _normalize_channels),
    **dict.fromkeys(_kinds("LayerNormalization RMSNormalization"), _normalize_last),
    **dict.fromkeys(_kinds("Add Subtract Multiply Average Maximum Minimum"), _merge),
    **dict.fromkeys(_kinds("Embedding LSTM GRU SimpleRNN Bidirectional"), _plain),
    **dict.fromkeys(_kinds("MultiHeadAttention GroupQueryAttention Attention"), _attend),
    normalization.BatchNorm: _normalize_channels,
    keras.layers.Concatenate: _concatenate,
    keras.layers.Dense: _dense,
    keras.layers.Flatten: _flatten,
    keras.layers.Permute: _permute,
    keras.layers.RepeatVector: _repeat,
    keras.layers.Reshape: _reshape,
    keras.layers.TimeDistributed: _each_step,
}
# Of `keras.ops`, and of arithmetic with tensors, by the names of their classes.
_OPERATIONS = {
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Divide", "TrueDivide"), _merge),
    **dict.fromkeys(("Maximum", "Minimum"), _merge),
    **dict.fromkeys(("Abs", "Cast", "Clip", "Exp", "Log", "Negative", "Sqrt", "Square"), _keep),
    "ConvertToTensor": _keep,
    **dict.fromkeys(("Elu", "Gelu", "HardSigmoid", "HardSilu", "LeakyRelu", "Relu"), _keep),
    **dict.fromkeys(("Relu6", "Selu", "Sigmoid", "Silu", "Softmax", "Softplus", "Tanh"), _keep),
    **dict.fromkeys(("Max", "Mean", "Min", "Sum"), _reduce),
    "Concatenate": _concatenate,
    "Reshape": _reshape,
    **dict.fromkeys(("Moveaxis", "Swapaxes", "Transpose"), _transpose),
}
