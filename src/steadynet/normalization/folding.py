"""Fold a trained batch normalization into the layer before it, which is linear as well."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any, TypeAlias

import keras
import numpy as np

from steadynet import _checks
from steadynet.normalization.layer import BatchNorm

__all__ = ["fold", "fold_batch_norm"]

Norm: TypeAlias = BatchNorm | keras.layers.BatchNormalization

NORMS = BatchNorm, keras.layers.BatchNormalization
GRAPHS = keras.Sequential, keras.Function
DEPTHWISE = keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D
LINEAR = (
    *(keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D),
    *DEPTHWISE,
)


def fold(kernel: Any, bias: Any, norm: Norm) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias that give at once what a layer and its trained normalization give.

    ``scale = gamma / sqrt(moving_variance + epsilon)``, then ``kernel * scale`` and
    ``(bias - moving_mean) * scale + beta``: in inference both layers are linear, and so is the two
    in a row. In training they are not, for there the mean and the variance are the batch's.

    Parameters
    ----------
    kernel : array, shape (…, channels)
        Of a dense layer or a convolution, as Keras has it: output channels last.
    bias : array, shape (channels,), or None
        None where the layer has none.
    norm : BatchNorm or keras.layers.BatchNormalization
        What stands directly behind that layer, with nothing in between. Built; its axis is the
        last.

    Returns
    -------
    kernel, bias : ndarray
        In the shapes given and in the dtype of `kernel`; computed in float64.

    Raises
    ------
    TypeError
        If `norm` is something else.
    ValueError
        If `norm` is not built or has another axis, or shapes do not fit.

    Examples
    --------
    >>> norm = BatchNorm(epsilon=1.0)
    >>> norm.build((None, 2))
    >>> norm.set_weights(np.array([[10.0, 1.0], [5.0, 0.0], [1.0, 0.0], [8.0, 3.0]]))
    >>> kernel, bias = fold([[3.0, 2.0]], None, norm)  # (3 x - 1) / 3 * 10 + 5 in the first channel
    >>> kernel.round(2).tolist(), bias.round(2).tolist()
    ([[10.0, 1.0]], [1.67, 0.0])

    References
    ----------
    Jacob et al. (2018), "Quantization and training of neural networks for efficient
    integer-arithmetic-only inference", section 3.2.
    """
    _check_norm(norm)
    kernel = np.asarray(kernel)
    kernel = kernel if kernel.dtype.kind == "f" else kernel.astype("float32")
    mean = _wide(norm.moving_mean)
    bias = np.zeros_like(mean) if bias is None else _wide(bias)
    _check_shapes(kernel.shape, bias.shape, mean.shape)
    scale = 1 / np.sqrt(_wide(norm.moving_variance) + norm.epsilon)
    scale = scale if norm.gamma is None else scale * _wide(norm.gamma)
    bias = (bias - mean) * scale
    bias = bias if norm.beta is None else bias + _wide(norm.beta)
    return (_wide(kernel) * scale).astype(kernel.dtype), bias.astype(kernel.dtype)


def fold_batch_norm(model: keras.Model) -> keras.Model:
    """Copy a trained network without the batch normalizations that can be folded, for inference.

    One is folded if it directly follows a dense layer or a convolution (depthwise ones included)
    that has no activation, whose output nothing else uses, and both are called once, without a
    mask. All others stay, such as those behind an activation. The copy predicts what `model`
    predicts, but for rounding, and should not be trained any further: it no longer normalizes.

    Parameters
    ----------
    model : keras.Model
        Built; Sequential or functional. Stays as it is. Models nested in it are folded too, each
        by itself.

    Returns
    -------
    keras.Model
        Sequential or functional, as `model`; not compiled. Layers keep their names.

    Raises
    ------
    TypeError
        If `model` is of another kind, such as one written as a class.
    ValueError
        If it is not built, or always calls a model inside it in training mode.

    Examples
    --------
    >>> layers = [keras.layers.Dense(3, use_bias=False), BatchNorm(), keras.layers.ReLU()]
    >>> model = keras.Sequential([keras.Input((4,)), *layers])
    >>> folded = fold_batch_norm(model)
    >>> [type(layer).__name__ for layer in folded.layers], folded.count_params()
    (['Dense', 'ReLU'], 15)
    """
    if not isinstance(model, GRAPHS):
        raise TypeError(
            f"`model` must be Sequential or functional. Received: {type(model).__name__}"
        )
    _checks.built(model)
    graph = keras.Model(model.inputs, model.outputs) if _is_sequential(model) else model
    copies = _Copies(dict(_pairs(graph)))
    folded = keras.models.clone_model(graph, clone_function=copies.make, call_function=copies.call)
    copies.set_weights()
    # Its name is the model's, and a Sequential again has `add` and `layers` in order.
    return keras.Sequential(folded.layers, name=model.name) if _is_sequential(model) else folded


class _Copies:
    """A copy of every layer of a network but the normalizations that are folded."""

    def __init__(self, norm_after: dict[keras.Layer, Norm]) -> None:
        self._norm_after, self._folded = norm_after, set(map(id, norm_after.values()))
        self._made: list[tuple[keras.Layer, keras.Layer]] = []

    def make(self, layer: keras.Operation) -> keras.Operation:
        """A layer as it was, with a bias if a normalization goes into it; models folded inside."""
        if isinstance(layer, GRAPHS):
            return fold_batch_norm(layer)
        if not isinstance(layer, keras.Layer) or id(layer) in self._folded:
            return layer
        config = layer.get_config()
        if layer in self._norm_after:
            config["use_bias"] = True
        copy = type(layer).from_config(config)
        self._made.append((layer, copy))
        return copy

    def call(self, layer: keras.Operation, *args: Any, **kwargs: Any) -> Any:
        """What a copy gives; in place of a normalization that is folded, what it would take."""
        if id(layer) in self._folded:
            return args[0] if args else kwargs["inputs"]
        if isinstance(layer, GRAPHS) and kwargs.get("training"):
            raise ValueError(
                "`model` must not call a model inside it with training=True, for that one uses "
                f"each batch's statistics. Received: {layer.name}"
            )
        return layer(*args, **kwargs)

    def set_weights(self) -> None:
        """Give all copies their weights; before they are called, they have none."""
        for layer, copy in self._made:
            if layer in self._norm_after:
                copy.set_weights(_folded_weights(layer, self._norm_after[layer]))
            else:
                copy.set_weights(layer.get_weights())
            if isinstance(copy, keras.layers.Normalization):
                copy.finalize_state()  # it computes with what it derives from its weights


def _folded_weights(layer: keras.Layer, norm: Norm) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a layer after folding."""
    kernel = layer.get_weights()[0]
    # A depthwise kernel has two axes for its output channels: the input's, and several of each.
    flat = kernel.reshape(*kernel.shape[:-2], -1) if isinstance(layer, DEPTHWISE) else kernel
    bias = layer.get_weights()[1] if layer.use_bias else None
    flat, bias = fold(flat, bias, norm)
    return flat.reshape(kernel.shape), bias


def _pairs(graph: keras.Model) -> Iterator[tuple[keras.Layer, Norm]]:
    """Layers and the normalizations that can be folded into them."""
    # Where a tensor comes from and who else takes it, Keras says nowhere but in its nodes.
    nodes = [node for together in graph._nodes_by_depth.values() for node in together]
    given_by = {id(tensor): node for node in nodes for tensor in node.output_tensors}
    taken = [tensor for node in nodes for tensor in node.input_tensors]
    times = collections.Counter(map(id, [*taken, *graph.outputs, *(n.operation for n in nodes)]))
    for node in nodes:
        norm, (tensor, *masks) = node.operation, node.input_tensors or (None,)
        if type(norm) not in NORMS or times[id(norm)] > 1 or node.arguments.kwargs.get("training"):
            continue
        # A layer that is not there can neither take a mask nor stop it.
        masked = bool(masks) or getattr(tensor, "_keras_mask", None) is not None
        before = given_by[id(tensor)].operation
        once = times[id(tensor)] == times[id(before)] == 1
        if once and not masked and _folds_into(before, norm):
            yield before, norm


def _folds_into(layer: keras.Operation, norm: Norm) -> bool:
    """Whether a layer is linear, of the same precision, and gives its channels where norm is."""
    return (
        type(layer) in LINEAR
        and layer.activation is keras.activations.linear
        and getattr(layer, "data_format", "channels_last") == "channels_last"
        and layer.compute_dtype == norm.compute_dtype
        and not getattr(layer, "lora_enabled", False)
        and getattr(layer, "quantization_mode", None) is None
        and _is_last_axis(norm)
    )


def _is_sequential(model: keras.Model) -> bool:
    """Whether a model is a chain of layers."""
    return isinstance(model, keras.Sequential)


def _is_last_axis(norm: Norm) -> bool:
    """Whether a built normalization has a mean for each entry of the last axis."""
    return norm.axis in {-1, norm.input_spec.ndim - 1}


def _wide(value: Any) -> np.ndarray:
    """An array or a variable in double precision."""
    return np.asarray(value, "float64")


def _check_norm(norm: Any) -> None:
    """A built batch normalization over the last axis, or a clear error."""
    if not isinstance(norm, NORMS):
        raise TypeError(
            "`norm` must be a BatchNorm or a keras.layers.BatchNormalization. "
            f"Received: {type(norm).__name__}"
        )
    if not norm.built:
        raise ValueError(f"`norm` must be built: it has no statistics yet. Received: {norm.name}")
    if not _is_last_axis(norm):
        raise ValueError(
            "`norm` must normalize the last axis, where a kernel has its output channels. "
            f"Received: axis={norm.axis} of {norm.input_spec.ndim}"
        )


def _check_shapes(kernel: tuple[int, ...], bias: tuple[int, ...], mean: tuple[int, ...]) -> None:
    """As many output channels as means, or a clear error."""
    if kernel[-1:] != mean:
        raise ValueError(
            f"`kernel` must have {mean[0]} output channels, as `norm` has, in its last axis. "
            f"Received: shape {kernel}"
        )
    if bias != mean:
        raise ValueError(f"`bias` must have shape {mean}, or be None. Received: shape {bias}")
