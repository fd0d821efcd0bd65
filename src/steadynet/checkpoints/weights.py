"""Variables of a TensorFlow checkpoint in and out of a Keras 3 model, by name."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

from steadynet.checkpoints.files import (
    CheckpointError,
    list_variables,
    read_variables,
    rename,
    write_variables,
)
from steadynet.checkpoints.tensorflow1 import EPSILON, MOMENTUM
from steadynet.reuse import weighted_layers

__all__ = ["keras_names", "load_tensorflow", "original_network", "save_tensorflow"]


def original_network(n_classes: int = 7):
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


def keras_names(model) -> dict:
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
    found: dict = {}
    for layer in weighted_layers(model):
        for weight in layer.weights:
            # Inside a layer of layers the path goes on; outside it depends on what was nested.
            inside = f"/{weight.path}".rpartition(f"/{layer.name}/")[2]
            name = f"{layer.name}/{inside}"
            if name in found:
                raise ValueError(
                    f"`model` must name its layers differently. Received twice: {name}"
                )
            found[name] = weight
    return found


def load_tensorflow(model, prefix, name_map: Mapping[str, str] | None = None) -> list[str]:
    """Load variables of a checkpoint into a Keras model, batch norm's statistics included.

    Parameters
    ----------
    model : keras.Model
        Built; changed in place once everything has been read and fits.
    prefix : path
        Checkpoint of TensorFlow 1 or 2, without ``.index`` or ``.data-…``.
    name_map : mapping of str to str, optional
        From a weight (``"conv1/kernel"``), or a layer with all its weights (``"conv1"``), of
        `model` to its name in the checkpoint. Only these are loaded. By default all, each under
        its own name.

    Returns
    -------
    list of str
        What of the checkpoint was left unused.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged, or lacks a variable or holds it in another shape.
    ValueError
        If `name_map` names nothing in `model`, or `model` is not built.

    Examples
    --------
    >>> from steadynet.checkpoints import ORIGINAL
    >>> left = load_tensorflow(original_network(), ORIGINAL)
    >>> [name for name in left if not name.endswith("Momentum")]
    ['global_step']
    """
    weights = keras_names(model)
    chosen = rename(weights, name_map)
    arrays = read_variables(prefix, chosen.values())
    for ours, theirs in chosen.items():
        if arrays[theirs].shape != tuple(weights[ours].shape):
            raise CheckpointError(
                prefix,
                f"has shape {arrays[theirs].shape}, {ours} has {tuple(weights[ours].shape)}",
                theirs,
            )
    for ours, theirs in chosen.items():
        weights[ours].assign(arrays[theirs])
    return [name for name in list_variables(prefix) if name not in arrays]


def save_tensorflow(model, prefix) -> None:
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
    >>> list_variables(prefix)["bn2/moving_variance"]
    (16,)
    """
    write_variables(prefix, {name: np.array(w) for name, w in keras_names(model).items()})
