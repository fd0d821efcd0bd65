"""Variables of a TensorFlow checkpoint in and out of a Keras 3 model, by name."""

from __future__ import annotations

import os
from collections.abc import Mapping

import keras
import numpy as np

from steadynet import _checks
from steadynet.checkpoints.errors import CheckpointError
from steadynet.checkpoints.files import rename, write_variables
from steadynet.checkpoints.fitting import as_kind
from steadynet.checkpoints.opened import Checkpoint
from steadynet.checkpoints.tensorflow1 import EPSILON, MOMENTUM
from steadynet.reuse import weighted_layers

__all__ = ["keras_names", "load_tensorflow", "original_network", "save_tensorflow"]


def original_network(n_classes: int = 7) -> keras.Sequential:
    """Build in Keras 3 what `original_graph` builds in TensorFlow 1, under the same names.

    Parameters
    ----------
    n_classes : int
        Logits; 7 as it was trained.

    Returns
    -------
    keras.Sequential
        Built, untrained; pictures of 28 × 28 × 1 to logits.

    Examples
    --------
    >>> [layer.name for layer in weighted_layers(original_network())]
    ['conv1', 'bn1', 'conv2', 'bn2', 'hidden', 'logits']
    """
    layers = keras.layers
    stack = []
    for i, filters in enumerate((8, 16), 1):
        conv = {"strides": 2, "padding": "same", "use_bias": False, "name": f"conv{i}"}
        norm = {"epsilon": EPSILON, "momentum": MOMENTUM, "name": f"bn{i}"}
        stack += [layers.Conv2D(filters, 3, **conv), layers.BatchNormalization(**norm)]
        stack += [layers.Activation("relu")]
    hidden = layers.Dense(24, "relu", name="hidden")
    head = [layers.Flatten(), hidden, layers.Dense(n_classes, name="logits")]
    return keras.Sequential([keras.Input((28, 28, 1)), *stack, *head])


def keras_names(model: keras.Model) -> dict[str, keras.Variable]:
    """Name each weight by its layer, as TensorFlow 1 did: ``layer/weight``.

    Parameters
    ----------
    model : keras.Model
        Built; its layers with weights have different names.

    Returns
    -------
    dict of str to keras.Variable

    Raises
    ------
    ValueError
        If `model` is not built, or two weights have one name.

    Examples
    --------
    >>> list(keras_names(original_network()))[:3]
    ['conv1/kernel', 'bn1/gamma', 'bn1/beta']
    """
    named = [(_name(layer, w), w) for layer in weighted_layers(model) for w in layer.weights]
    _checks.names_differ(name for name, _ in named)
    return dict(named)


def load_tensorflow(
    model: keras.Model,
    prefix: str | os.PathLike[str],
    name_map: Mapping[str, str] | None = None,
    *,
    convert: bool = False,
    sha256: Mapping[str, str] | None = None,
) -> list[str]:
    """Load variables of a checkpoint into a Keras model, batch norm's statistics included.

    After an error the model is what it was.

    Parameters
    ----------
    model : keras.Model
        Built; changed in place once everything has been read and fits.
    prefix : path
        Checkpoint of TensorFlow 1 or 2, without ``.index`` or ``.data-…``; also of version 1.
    name_map : mapping of str to str, optional
        From a weight (``"conv1/kernel"``), or a layer with all its weights (``"conv1"``), of
        `model` to its name in the checkpoint. Only these are loaded. By default all, each under
        its own name.
    convert : bool
        Whether variables of another kind than the weight (whole numbers, booleans, complex) are
        taken where every number stays the same. By default they are refused. Floating-point numbers
        are always rounded to the weight's precision.
    sha256 : mapping of str to str, optional
        Digests of the checkpoint's files, as `digests` gives them.

    Returns
    -------
    list of str
        What of the checkpoint was left unused.

    Raises
    ------
    CheckpointError
        If a file is missing, damaged or of another digest, or lacks a variable or holds it in
        another shape or of another kind.
    ValueError
        If `name_map` is empty or names nothing in `model`, `model` is not built, or `sha256` lacks
        a file.
    TypeError
        If `name_map` or `sha256` is no mapping.

    Examples
    --------
    >>> from steadynet.checkpoints import ORIGINAL
    >>> left = load_tensorflow(original_network(), ORIGINAL)
    >>> [name for name in left if not name.endswith("Momentum")]
    ['global_step']
    """
    weights = keras_names(model)
    chosen = rename(weights, name_map)
    checkpoint = Checkpoint(prefix, sha256)
    arrays = {theirs: checkpoint.read(theirs) for theirs in chosen.values()}
    fitting = {
        ours: _fit(prefix, theirs, arrays[theirs], ours, weights[ours], convert)
        for ours, theirs in chosen.items()
    }
    for ours, array in fitting.items():
        weights[ours].assign(array)
    return [name for name in checkpoint.shapes if name not in arrays]


def save_tensorflow(model: keras.Model, prefix: str | os.PathLike[str]) -> None:
    """Save a Keras model's weights as a checkpoint that TensorFlow 1 restores by name.

    Parameters
    ----------
    model : keras.Model
        Built; its layers are named as the variable scopes of the other program.
    prefix : path
        ``.index`` and ``.data-00000-of-00001`` are added.

    Raises
    ------
    ValueError
        If `model` is not built or has no weights, or two weights have one name.

    Examples
    --------
    >>> import tempfile
    >>> prefix = f"{tempfile.mkdtemp()}/mine.ckpt"
    >>> save_tensorflow(original_network(), prefix)
    >>> from steadynet.checkpoints import list_variables
    >>> list_variables(prefix)["bn2/moving_variance"]
    (16,)
    """
    write_variables(prefix, {name: np.array(w) for name, w in keras_names(model).items()})


def _name(layer, weight):
    """Name of a weight behind that of its layer."""
    # Inside a layer of layers the path goes on; outside it depends on what was nested.
    inside = f"/{weight.path}".rpartition(f"/{layer.name}/")[2]
    return f"{layer.name}/{inside}"


def _fit(prefix, name, array, ours, weight, convert):
    """A variable as a weight takes it, or an error that names it."""
    if array.shape != tuple(weight.shape):
        problem = f"has shape {array.shape}, {ours} has {tuple(weight.shape)}"
        raise CheckpointError(prefix, problem, name)
    try:
        return as_kind(array, weight.dtype, convert=convert)
    except ValueError as error:
        raise CheckpointError(prefix, f"{error}", name) from error
