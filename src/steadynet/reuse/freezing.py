"""Which layers train: freeze the first ones, unfreeze them again, bit by bit if need be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from steadynet import _checks, normalization

__all__ = [
    "freeze_layers",
    "gradual_unfreezing",
    "layer_groups",
    "trainable_count",
    "unfreeze_layers",
    "weighted_layers",
]


def weighted_layers(model: keras.Model) -> list[keras.Layer]:
    """List the layers with weights from the input to the output, inside nested models too.

    Parameters
    ----------
    model : keras.Model
        Built. A model written as a class lists its layers in the order of its attributes.

    Returns
    -------
    list of keras.Layer
        Each once, however often it is used. Not `keras.layers.Normalization`, whose statistics
        describe the data and are not trained.

    Raises
    ------
    TypeError
        If `model` is not a Keras model.
    ValueError
        If it is not built.

    Examples
    --------
    >>> layers = [keras.layers.Dense(8, "relu"), keras.layers.BatchNormalization()]
    >>> base = keras.Sequential([keras.Input((4,)), *layers])
    >>> head = [keras.layers.Dropout(0.5), keras.layers.Dense(3)]
    >>> [type(layer).__name__ for layer in weighted_layers(keras.Sequential([base, *head]))]
    ['Dense', 'BatchNormalization', 'Dense']
    """
    return [layer for layer, _ in _leaves(model)]


def freeze_layers(model: keras.Model, n_frozen: int) -> None:
    """Freeze exactly the first `n_frozen` layers with weights, and let all others train.

    A frozen layer keeps its weights. A frozen batch normalization also normalizes by its moving
    mean and variance and no longer updates them, in ``fit`` too: the flag is set on each layer,
    for one on a call, or on the model around, does not last.

    A compiled model must be compiled again, for its optimizer and its training step hold the
    weights of before: until then ``fit`` raises. Of `training.Trainer` make a new one.

    Parameters
    ----------
    model : keras.Model
        Built; changed in place.
    n_frozen : int
        From 0 to as many layers with weights as `model` has.

    Raises
    ------
    ValueError
        If `model` is not built or has fewer layers.

    Examples
    --------
    >>> layers = [keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dense(3)]
    >>> model = keras.Sequential([keras.Input((4,)), *layers])
    >>> freeze_layers(model, 2)
    >>> [layer.trainable for layer in model.layers], trainable_count(model)
    ([False, False, True], 27)

    References
    ----------
    Yosinski et al. (2014), "How transferable are features in deep neural networks?"
    """
    n = len(_leaves(model))
    check_count("n_frozen", n_frozen, n)
    _set_trainable(model, [i >= n_frozen for i in range(n)])


def unfreeze_layers(model: keras.Model, n_frozen: int = 0, *, batch_norm: bool = True) -> None:
    """Let the layers above the first `n_frozen` train; those below stay as they are.

    As after `freeze_layers`, a compiled model must be compiled again.

    Parameters
    ----------
    model : keras.Model
        Built; changed in place.
    n_frozen : int
        Layers with weights, from the input, to leave as they are.
    batch_norm : bool
        False leaves batch normalization as it is: frozen, it goes on using the moving mean and
        variance of the first task, as is advised where there are few examples.

    Raises
    ------
    ValueError
        If `model` is not built or has fewer layers.

    Examples
    --------
    >>> layers = [keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dense(3)]
    >>> model = keras.Sequential([keras.Input((4,)), *layers])
    >>> freeze_layers(model, 2)
    >>> unfreeze_layers(model, batch_norm=False)
    >>> [layer.trainable for layer in model.layers]
    [True, False, True]
    """
    leaves = _leaves(model)
    check_count("n_frozen", n_frozen, len(leaves))
    wanted = [
        trains or (i >= n_frozen and (batch_norm or not is_batch_norm(layer)))
        for i, (layer, trains) in enumerate(leaves)
    ]
    _set_trainable(model, wanted)


def trainable_count(model: keras.Model) -> int:
    """Count the numbers that training can change.

    Parameters
    ----------
    model : keras.Model
        Built.

    Returns
    -------
    int
        Entries of all trainable weights.

    Raises
    ------
    TypeError
        If `model` is not a Keras model.
    ValueError
        If it is not built.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    >>> trainable_count(model)  # 4 × 3 + 3
    15
    """
    check_model(model)
    return int(sum(np.prod(v.shape) for v in model.trainable_variables))


def layer_groups(model: keras.Model) -> list[list[keras.Layer]]:
    """List the layers with weights in groups that train together: one, and the batch norm after it.

    Parameters
    ----------
    model : keras.Model
        Built.

    Returns
    -------
    list of list of keras.Layer
        From the input to the output.

    Examples
    --------
    >>> layers = [keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dense(3)]
    >>> [len(group) for group in layer_groups(keras.Sequential([keras.Input((4,)), *layers]))]
    [2, 1]
    """
    groups: list[list[keras.Layer]] = []
    for layer in weighted_layers(model):
        if groups and is_batch_norm(layer):
            groups[-1].append(layer)
        else:
            groups.append([layer])
    return groups


def gradual_unfreezing(model: keras.Model, groups_at_once: int = 1) -> Iterator[int]:
    """Freeze all but the last group of layers, then unfreeze from the top, a stage at a time.

    Train the model in the body of the loop; compile it there, in each stage anew.

    Parameters
    ----------
    model : keras.Model
        Built; changed in place, at the end nothing is frozen.
    groups_at_once : int
        Groups of `layer_groups` that each stage adds.

    Yields
    ------
    int
        The number of layers still frozen; 0 in the last stage.

    Raises
    ------
    ValueError
        If `model` is not built or `groups_at_once` is not a positive integer.

    Examples
    --------
    >>> layers = [keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dense(3)]
    >>> model = keras.Sequential([keras.Input((4,)), *layers])
    >>> [(n_frozen, trainable_count(model)) for n_frozen in gradual_unfreezing(model)]
    [(2, 27), (0, 83)]

    References
    ----------
    Howard and Ruder (2018), "Universal language model fine-tuning for text classification", 3.3.
    """
    sizes = [len(group) for group in layer_groups(model)]
    good = _checks.is_whole(groups_at_once) and groups_at_once > 0
    _checks.require(good, "`groups_at_once`", "a positive integer", groups_at_once)
    stages = range(len(sizes) - groups_at_once, 0, -groups_at_once)

    def unfreeze() -> Iterator[int]:
        for n_groups in [*stages, 0]:
            n_frozen = sum(sizes[:n_groups])
            freeze_layers(model, n_frozen)
            yield n_frozen

    return unfreeze()


def check_model(model: object) -> None:
    """Refuse what is no built Keras model."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a Keras model. Received: {type(model).__name__}")
    _checks.built(model)


def check_count(name: str, value: Any, most: int) -> None:
    """Refuse a count of layers that the model does not have."""
    accepted = f"a whole number from 0 to {most}, the model's layers with weights"
    _checks.require(_checks.is_whole(value) and 0 <= value <= most, f"`{name}`", accepted, value)


def is_batch_norm(layer: keras.Layer) -> bool:
    """Whether a layer is a batch normalization, Keras's or this package's."""
    return isinstance(layer, (keras.layers.BatchNormalization, normalization.BatchNorm))


def has_weights(layer: keras.Layer) -> bool:
    """Whether a layer counts: it has weights, and they are not statistics of the data."""
    return bool(layer.weights) and not isinstance(layer, keras.layers.Normalization)


def _leaves(
    model: keras.Model, trains: bool = True, seen: set[int] | None = None
) -> list[tuple[keras.Layer, bool]]:
    """Each layer with weights, and whether it and all models around it are set to train."""
    check_model(model)
    seen = set() if seen is None else seen
    found: list[tuple[keras.Layer, bool]] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found += _leaves(layer, trains and model.trainable, seen)
        elif has_weights(layer) and id(layer) not in seen:
            seen.add(id(layer))
            found.append((layer, trains and model.trainable and layer.trainable))
    return found


def _set_trainable(model: keras.Model, wanted: Sequence[bool]) -> None:
    """Set every layer's flag, and make a compiled model ask to be compiled if that changes it."""
    leaves = _leaves(model)
    changed = [trains for _, trains in leaves] != list(wanted)
    _open(model, changed)
    for (layer, _), trains in zip(leaves, wanted, strict=True):
        # Not True over True, which would also unfreeze what a layer of layers keeps frozen inside.
        if not (trains and layer.trainable):
            layer.trainable = trains


def _open(model: keras.Model, changed: bool) -> None:
    """Let the layers speak for themselves: the flag of a model hides those of its layers."""
    if not model.trainable:
        model.trainable = True
    if changed:
        model.compiled = False
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            _open(layer, changed)
