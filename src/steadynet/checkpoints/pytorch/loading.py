"""Weights that PyTorch saved into a Keras model with equal outputs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import keras

from steadynet import _checks
from steadynet.checkpoints.errors import alike
from steadynet.checkpoints.files import check_map
from steadynet.checkpoints.pytorch.layers import CONVERTERS, kind_of, place_tensors
from steadynet.checkpoints.pytorch.layouts import (
    Axes,
    OrderUnknownError,
    Row,
    Steps,
    Unknown,
    of_cut,
)
from steadynet.checkpoints.pytorch.module import Module
from steadynet.checkpoints.pytorch.orders import Orders, Takes
from steadynet.checkpoints.pytorch.reading import read_safetensors
from steadynet.checkpoints.pytorch.targets import check_epsilon
from steadynet.checkpoints.pytorch.tracking import track
from steadynet.reuse import weighted_layers

__all__ = ["load_pytorch"]


def load_pytorch(
    model: keras.Model,
    state: str | os.PathLike[str] | Mapping[str, Any],
    name_map: Mapping[str, str] | None = None,
    *,
    epsilon: float | Mapping[str, float] | None = None,
    orders: Orders | None = None,
    convert: bool = False,
    sha256: str | None = None,
) -> list[str]:
    """Load a PyTorch network's weights into a Keras model that computes the same.

    What differs between the two is converted. Kernels are transposed. Batch norm's ``running_mean``
    and ``running_var`` become ``moving_mean`` and ``moving_variance``. The gates of an LSTM or GRU
    are put in Keras's order, and its two biases added where Keras has one.

    **Order of rows.** Inside a convolution network PyTorch's maps are channels first, and so is the
    row that a flattening makes of one. Layer by layer the model is followed from its inputs, and
    the rows of a dense kernel behind a flattened map are moved, also through a `Reshape` to a row
    and a `Concatenate`; those behind a sequence, an embedding or a plain input stay. Where it
    cannot be told, the layer is refused, and `orders` says it. So it is with pictures that are
    flattened without a convolution before, with maps that are cut from a row, and with models
    written as a class whose ``call`` does not run on Keras tensors. An input of two axes counts as
    a sequence, or a picture without channels.

    **What no file says** has to be built into `model`: the same `epsilon`, the groups of a group
    normalization, a `momentum` of 1 less PyTorch's (the share kept, where theirs is the share
    replaced: 0.9 for its default of 0.1), and ``ZeroPadding2D(p)`` before a convolution for
    PyTorch's ``padding=p``, since Keras's "same" pads strided ones otherwise. For a transposed
    convolution with ``padding=p``, take "valid" and a ``Cropping2D(p)`` behind it. `as_in_pytorch`
    copies a network of `keras.applications` with such settings.

    **Biases.** Where only Keras has one, it becomes 0, and a normalization's weight 1, for PyTorch
    computes without (``bias=False``, ``affine=False``). Where only PyTorch has one, it is refused,
    unless it is 0 everywhere.

    Parameters
    ----------
    model : keras.Model
        Built, channels last; changed in place once everything has been read and fits.
    state : path or mapping of str to array
        A safetensors file, or what `read_safetensors` gave.
    name_map : mapping of str to str, optional
        From a layer of `model` to its module (``"conv1": "features.0"``). Only these are loaded. By
        default all layers with weights, each under its own name. Layers of a recurrent stack are
        called ``"rnn.l0"``, ``"rnn.l1"`` …; one that is alone needs only ``"rnn"``.
    epsilon : float or mapping of str to float, optional
        What PyTorch's normalizations add to the variance, for all or by layer of `model`. By
        default PyTorch's own: 1e-5, and 1.19e-7 (float32's) for RMSNorm. Keras's are 1e-3 and 1e-6.
    orders : mapping of str to (sequence of int, sequence of these, or None), optional
        By layer of `model`, what PyTorch flattens into the row that it takes: the shape there,
        ``{"fc": (channels, height, width)}``; for rows that are joined, a list of shapes,
        ``{"fc": [(64, 7, 7), (3,)]}``; None if its order is the same here. It counts more than what
        the model seems to do. For a layer without weights, None says that it gives what PyTorch's
        does.
    convert : bool
        Whether tensors of another kind than the weight (whole numbers, booleans, complex) are taken
        where every number stays the same. By default they are refused.
    sha256 : str, optional
        Digest that the file must have; the format has no checksum (see `read_safetensors`).

    Returns
    -------
    list of str
        What of the state was left unused.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, of another kind or of another digest, or lacks a tensor, or
        holds it in another shape or of another kind, or holds one that its layer has no place for.
    ValueError
        If `name_map` is empty or names no layer, a layer cannot be converted or takes numbers in an
        order that is not known, `orders` does not fit, a normalization of `model` has another
        `epsilon`, or `sha256` is given for what is no file.
    TypeError
        If `name_map` or `orders` is no mapping.

    Examples
    --------
    >>> import numpy as np
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="fc")])
    >>> state = {"fc.weight": np.ones((2, 3)), "fc.bias": np.zeros(2)}
    >>> load_pytorch(model, state)
    []
    >>> model(np.ones((1, 3))).numpy().tolist()
    [[3.0, 3.0]]

    A picture that goes in as it is, and in PyTorch channels first:

    >>> stack = [keras.layers.Flatten(), keras.layers.Dense(1, name="fc")]
    >>> model = keras.Sequential([keras.Input((1, 2, 3)), *stack])
    >>> load_pytorch(model, {"fc.weight": np.arange(6.0)[None]}, orders={"fc": (3, 1, 2)})
    []
    >>> model.get_layer("fc").get_weights()[0].ravel().tolist()
    [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]
    """
    if sha256 is not None and isinstance(state, Mapping):
        raise ValueError(f"`sha256` must go with a file. Received: a mapping, and {sha256!r}")
    orders = dict(
        _checks.mapping("orders", {} if orders is None else orders, "layers to shapes or None")
    )
    modules = _modules(model, name_map)
    weighted = {layer.name for layer in weighted_layers(model)}
    _check_orders(model, weighted, orders)
    source: Any = "state" if isinstance(state, Mapping) else state
    tensors = dict(state) if isinstance(state, Mapping) else read_safetensors(state, sha256=sha256)
    found = [Module(name, tensors, source, convert=convert) for name in modules.values()]
    tracked = track(model, set(orders) - weighted)
    unknown: dict[str, str] = {}
    for layer, module in zip(modules, found, strict=True):
        check_epsilon(model, layer, epsilon)
        try:
            place_tensors(layer, module, Takes(layer.name, tracked.by(layer), orders))
        except OrderUnknownError as error:
            unknown[layer.name] = f"{error}"
    _refuse_unknown(unknown)
    if len(modules) == len(weighted):
        _check_outputs(tracked.outputs)
    for module in found:
        for weight, value in module.pairs:
            weight.assign(value)
    return sorted(set(tensors).difference(*(module.used for module in found)))


def _modules(model, name_map):
    """From each layer to load to the name of its module."""
    weighted = weighted_layers(model)
    _checks.names_differ(layer.name for layer in weighted)
    layers = {layer.name: layer for layer in weighted}
    name_map = {name: name for name in layers} if name_map is None else name_map
    check_map(name_map, "layer")
    for name in name_map:
        if name not in layers:
            raise ValueError(
                f"`name_map` must name layers with weights, of which there are "
                f"{alike(name, layers)}. Received: {name!r}"
            )
        if kind_of(layers[name]) not in CONVERTERS:
            kinds = ", ".join(sorted(kind.__name__ for kind in CONVERTERS))
            raise ValueError(
                f"`model` must be of layers that can be converted ({kinds}); leave others out of "
                f"`name_map`. Received: {name!r}, a {type(layers[name]).__name__}"
            )
    return {layers[name]: module for name, module in name_map.items()}


def _check_orders(model, weighted, orders):
    """Refuse orders of layers that are not there, and shapes where only None can be said."""
    names = weighted | {layer.name for layer in _all_layers(model)}
    for name, order in orders.items():
        if name not in names:
            raise ValueError(
                f"`orders` must name layers of `model`, of which there are {alike(name, names)}. "
                f"Received: {name!r}"
            )
        if name not in weighted and order is not None:
            raise ValueError(
                f"`orders` must give None for {name!r}, a layer without weights; a shape is for "
                f"the layer with weights behind it. Received: {order!r}"
            )


def _all_layers(model):
    """Layers, and those of models inside."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _all_layers(layer)


def _refuse_unknown(unknown):
    """Refuse all layers whose order is not known in one error, with what to pass instead."""
    if unknown:
        reasons = "; ".join(f"layer {name!r}: {why}" for name, why in list(unknown.items())[:3])
        more = f"; and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        same = ", ".join(f"{name!r}: None" for name in unknown)
        raise ValueError(
            f"`orders` must say in which order PyTorch has what a layer takes, where it cannot be "
            f"told ({reasons}{more}): the shape that is flattened there, "
            f"{{{next(iter(unknown))!r}: (channels, height, width)}}, or None if the order is the "
            f"same as here, as in orders={{{same}}}. Received: none for them"
        )


def _check_outputs(outputs):
    """Refuse a model whose outputs no order of its weights makes those of PyTorch."""
    for layout, shape in outputs:
        wrong = _as_output(layout, shape)
        if isinstance(wrong, Unknown) and wrong.wrong:
            raise ValueError(f"`model` must compute what PyTorch does, and {wrong.why}")


def _as_output(layout, shape):
    """Layout of an output; a map or row may be in place inside a model and not at its end."""
    if layout is Axes.CUT and len(shape or ()) > 2:
        return of_cut("its output")
    if isinstance(layout.each if isinstance(layout, Steps) else layout, Row):
        why = (
            "its output is a flattened map, in which PyTorch has channels first: put "
            "Permute((3, 1, 2)) before Flatten, or give None in `orders` for the layer that "
            "flattens, if PyTorch does as here"
        )
        return Unknown(why, mixed=True, wrong=True)
    return layout
