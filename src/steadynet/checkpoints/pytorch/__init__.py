"""Weights that PyTorch saved, as safetensors, into a Keras model with equal outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from steadynet import normalization
from steadynet.checkpoints.errors import CheckpointError
from steadynet.reuse import weighted_layers
from steadynet.reuse.walk import GRAPHS, Walk

__all__ = ["load_pytorch", "read_safetensors"]

_KERNELS: tuple = (
    # PyTorch: (out, in, *window). Keras: (*window, in, out).
    ((keras.layers.Conv1D,), lambda w: w.transpose(2, 1, 0)),
    ((keras.layers.Conv2D,), lambda w: w.transpose(2, 3, 1, 0)),
    ((keras.layers.Conv3D,), lambda w: w.transpose(2, 3, 4, 1, 0)),
    ((keras.layers.Dense,), lambda w: w.T),
    ((keras.layers.Embedding,), lambda w: w),
)
_NORMS = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    normalization.BatchNorm,
)
_THEIRS = {
    "kernel": "weight",
    "embeddings": "weight",
    "gamma": "weight",
    "bias": "bias",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def read_safetensors(path) -> dict[str, np.ndarray]:
    """Read a safetensors file, which holds arrays and nothing that could run.

    Parameters
    ----------
    path : path
        As PyTorch's users write it: ``safetensors.torch.save_file(model.state_dict(), path)``.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or of another kind. A pickle (``.pt``, ``.pth``) is refused
        unread: reading one can run any code.

    Examples
    --------
    >>> import tempfile
    >>> from safetensors.numpy import save_file
    >>> path = f"{tempfile.mkdtemp()}/model.safetensors"
    >>> save_file({"fc.weight": np.ones((2, 3), "float32")}, path)
    >>> read_safetensors(path)["fc.weight"].shape
    (2, 3)
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(path, f"cannot be read: {error.strerror}") from error
    if data[:2] in {b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"}:
        raise CheckpointError(
            path,
            "is a pickle, and reading one can run any code: where PyTorch is, save it anew with "
            "safetensors.torch.save_file",
        )
    try:
        return load(data)
    except KeyError as error:
        raise CheckpointError(path, f"holds numbers of a kind NumPy has not: {error}") from error
    except (SafetensorError, ValueError) as error:
        raise CheckpointError(path, f"is damaged or no safetensors file: {error}") from error


def load_pytorch(
    model, state, name_map: Mapping[str, str] | None = None, *, epsilon: float = 1e-5
) -> list[str]:
    """Load a PyTorch network's weights into a Keras model that computes the same.

    What differs between the two is converted. Kernels are transposed. Behind a flattening, the rows
    of a dense kernel go from channels first, PyTorch's order, to channels last. Batch norm's
    ``running_mean`` and ``running_var`` become ``moving_mean`` and ``moving_variance``.

    What no file says has to be built into `model`: the same `epsilon`, a `momentum` of 1 less
    PyTorch's (the share kept, where theirs is the share replaced: 0.9 for its default of 0.1), and
    ``ZeroPadding2D(p)`` before a convolution for PyTorch's ``padding=p``, since Keras's "same" pads
    strided ones otherwise.

    Parameters
    ----------
    model : keras.Model
        Built, channels last; changed in place once everything has been read and fits.
    state : path or mapping of str to array
        A safetensors file, or what `read_safetensors` gave.
    name_map : mapping of str to str, optional
        From a layer of `model` to its module (``"conv1": "features.0"``). Only these are loaded. By
        default all layers with weights, each under its own name.
    epsilon : float
        What PyTorch's normalizations add to the variance; 1e-5 is its default, Keras's is 1e-3.

    Returns
    -------
    list of str
        What of the state was left unused.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or of another kind, or lacks a tensor, holds it in another
        shape, or holds one that its layer has no place for.
    ValueError
        If `name_map` names no layer, a layer cannot be converted, or a normalization of `model` has
        another `epsilon`.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="fc")])
    >>> state = {"fc.weight": np.ones((2, 3)), "fc.bias": np.zeros(2)}
    >>> load_pytorch(model, state)
    []
    >>> model(np.ones((1, 3))).numpy().tolist()
    [[3.0, 3.0]]
    """
    source = "state" if isinstance(state, Mapping) else state
    tensors = dict(state) if isinstance(state, Mapping) else read_safetensors(state)
    modules = _modules(model, name_map)
    orders = _orders(model)
    used: set = set()
    converted = [
        _convert(layer, module, tensors, used, orders.get(id(layer)), epsilon, source)
        for layer, module in modules
    ]
    for (layer, _), values in zip(modules, converted, strict=True):
        layer.set_weights(values)
    return sorted(set(tensors) - used)


def _modules(model, name_map):
    """Each layer to load, with the name of its module."""
    layers = {layer.name: layer for layer in weighted_layers(model)}
    name_map = {name: name for name in layers} if name_map is None else name_map
    for name in name_map:
        if name not in layers:
            raise ValueError(
                f"`name_map` must name layers with weights, which are {list(layers)}. "
                f"Received: {name!r}"
            )
    return [(layers[name], module) for name, module in name_map.items()]


def _convert(layer, module, tensors, used, order, epsilon, source):
    """All weights of one layer in Keras's layout, or an error that names the tensor."""
    kernel = _kernel_of(layer)
    if isinstance(layer, _NORMS) and layer.epsilon != epsilon:
        raise ValueError(
            f"`epsilon` must be that of layer {layer.name!r}, {layer.epsilon}: build the layer "
            f"with PyTorch's. Received: {epsilon}"
        )
    values = []
    for weight in layer.weights:
        name = f"{module}.{_THEIRS[weight.name]}"
        if name not in tensors:
            raise CheckpointError(source, f"is not in it; it holds {sorted(tensors)}", name)
        value = np.asarray(tensors[name])
        try:
            value = kernel(value) if weight.name in {"kernel", "embeddings"} else value
            if order is not None and (weight.name == "kernel" or isinstance(layer, _NORMS)):
                value = value[order]
        except (ValueError, IndexError):
            pass  # of another rank or length: its shape differs, and the error below says so
        if value.shape != tuple(weight.shape):
            shape = np.shape(tensors[name])
            raise CheckpointError(
                source,
                f"has shape {shape}, {weight.path} has {tuple(weight.shape)}",
                name,
            )
        used.add(name)
        values.append(value)
    used.add(f"{module}.num_batches_tracked")
    for name in tensors:
        if (
            name.startswith(f"{module}.")
            and name not in used
            and "." not in name[len(module) + 1 :]
        ):
            raise CheckpointError(source, f"has no place in layer {layer.name!r}", name)
    return values


def _kernel_of(layer):
    """How a layer's kernel is turned from PyTorch's layout to Keras's."""
    if isinstance(layer, _NORMS):
        return None
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        # PyTorch: (channels × multiplier, 1, height, width).
        return lambda w: w.reshape(-1, layer.depth_multiplier, *w.shape[2:]).transpose(2, 3, 0, 1)
    for kinds, turn in _KERNELS:
        if type(layer) in kinds:
            return turn
    raise ValueError(
        f"`model` must be of dense, convolution, embedding and normalization layers. "
        f"Received: {layer.name!r}, a {type(layer).__name__}"
    )


def _orders(model):
    """For layers behind a flattening: where each of Keras's features stands in PyTorch's order."""
    if not isinstance(model, GRAPHS):
        return {}
    inputs = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    by_tensor: dict = {}
    by_layer = {}
    for step in Walk(model, _fresh(inputs), share=True).steps:
        order = by_tensor.get(id(step.taken[0])) if step.taken else None
        if isinstance(step.layer, keras.layers.Flatten):
            *sides, channels = step.taken[0].shape[1:]
            if sides:
                theirs = np.arange(channels * np.prod(sides, dtype=int)).reshape(channels, *sides)
                order = np.moveaxis(theirs, 0, -1).ravel()
        if order is None:
            continue
        by_layer[id(step.layer)] = order
        if step.given[0].shape[1:] == (len(order),) and not isinstance(
            step.layer, keras.layers.Dense
        ):
            by_tensor[id(step.given[0])] = order
    return by_layer


def _fresh(inputs):
    """New inputs of the same shapes."""
    return keras.tree.map_structure(lambda t: keras.Input(t.shape[1:], dtype=t.dtype), inputs)
