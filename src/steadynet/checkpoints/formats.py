"""What each way of saving a Keras model keeps, measured by saving one and reading it back."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from steadynet.checkpoints.weights import load_tensorflow, save_tensorflow
from steadynet.reuse import freeze_layers, weighted_layers

__all__ = ["FORMATS", "Format", "what_each_keeps"]


@dataclasses.dataclass(frozen=True)
class Format:
    """One way to save a model.

    Attributes
    ----------
    file : str
        What is written; a prefix or a folder for some.
    save : callable
        ``save(model, path)``.
    load : callable
        ``load(path, build) -> model``, or a function that predicts where no model comes back;
        where the code of the model is needed, it calls `build`.
    """

    file: str
    save: Callable[..., None]
    load: Callable[..., Any]


def _load_weights(path, build):
    model = build()
    model.load_weights(path)
    return model


def _save_checkpoint(model, path):
    tf.train.Checkpoint(model=model, optimizer=model.optimizer).write(str(path))


def _load_checkpoint(path, build):
    model = build()
    objects = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
    objects.read(str(path)).assert_existing_objects_matched()
    return model


def _load_tensorflow(path, build):
    model = build()
    load_tensorflow(model, path)
    return model


def _load_saved_model(path, _):
    loaded = tf.saved_model.load(str(path))

    def predict(x):
        return loaded.serve(x)  # `loaded` has to live on, for it holds the weights

    return predict


FORMATS = {
    "Keras file": Format(
        "model.keras",
        lambda model, path: model.save(path),
        lambda path, _: keras.models.load_model(path),
    ),
    "Keras weights": Format(
        "model.weights.h5", lambda model, path: model.save_weights(path), _load_weights
    ),
    "tf.train.Checkpoint": Format("model.tf2", _save_checkpoint, _load_checkpoint),
    "TensorFlow 1 checkpoint": Format("model.ckpt", save_tensorflow, _load_tensorflow),
    "SavedModel": Format(
        "saved_model",
        lambda model, path: model.export(path, verbose=False),
        _load_saved_model,
    ),
}


def what_each_keeps(folder: str | os.PathLike[str]) -> dict[str, dict[str, bool | int]]:
    """Save one trained model in every format, read it back, and compare.

    The model has batch norm, a frozen layer, and Adam with some steps behind it.

    Parameters
    ----------
    folder : path
        Where to write; its files are overwritten.

    Returns
    -------
    dict of str to dict
        For each of `FORMATS`, what holds of the model read back:

        - ``predictions``: it gives the same logits;
        - ``without code``: it comes without the code that built it;
        - ``layers``: so do its layers, to be changed;
        - ``frozen layers``, ``loss and optimizer``: so does which layers are frozen, and what it
          was compiled with;
        - ``optimizer state``: the moments and the count of steps come back;
        - ``trains on``: given its code where needed, more steps lose as much as without a break;
        - ``bytes``: size of all files.

    Examples
    --------
    >>> import tempfile
    >>> kept = what_each_keeps(tempfile.mkdtemp())
    >>> [name for name, row in kept.items() if row["optimizer state"]]
    ['Keras file', 'Keras weights', 'tf.train.Checkpoint']
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _measure(way, folder / way.file) for name, way in FORMATS.items()}


def _build():
    """A small network with everything that can get lost, as its code would build it."""
    layers = keras.layers
    stack = [layers.Dense(16, "relu", name="lower"), layers.BatchNormalization(name="norm")]
    model = keras.Sequential([keras.Input((8,)), *stack, layers.Dense(3, name="head")])
    freeze_layers(model, 1)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Not compiled to a graph, for that takes longer than the steps.
    model.compile(keras.optimizers.Adam(0.01), loss, run_eagerly=True)
    model.optimizer.build(model.trainable_variables)
    return model


def _losses(model, first, last):
    """Loss of the training steps from `first` on, on batches that are the same each time."""
    rng = np.random.default_rng(0)
    batches = [(rng.normal(size=(32, 8)), rng.integers(0, 3, 32)) for _ in range(last)]
    return [float(model.train_on_batch(x, y)) for x, y in batches[first:]]


def _measure(way, path):
    """Save, load and compare in one format."""
    keras.utils.set_random_seed(0)
    model, coded = _build(), []
    _losses(model, 0, 3)
    way.save(model, path)

    def build():
        coded.append(True)
        return _build()

    again, x = way.load(path, build), np.ones((4, 8), "float32")
    is_model, by_itself = isinstance(again, keras.Model), not coded
    kept = {
        "predictions": bool(np.allclose(again(x), model(x), atol=1e-6)),
        "without code": by_itself,
        "layers": by_itself and is_model,
        "frozen layers": by_itself and is_model and _frozen(again) == _frozen(model),
        "loss and optimizer": by_itself and is_model and bool(again.compiled),
        "optimizer state": is_model and _same_state(again.optimizer, model.optimizer),
    }
    expected = _losses(model, 3, 6)
    kept["trains on"] = is_model and bool(np.allclose(_losses(again, 3, 6), expected, atol=1e-6))
    files = [path, *path.rglob("*"), *path.parent.glob(f"{path.name}.*")]
    return {**kept, "bytes": sum(file.stat().st_size for file in files if file.is_file())}


def _frozen(model):
    """Whether each layer with weights is frozen."""
    return [not layer.trainable for layer in weighted_layers(model)]


def _same_state(one, other):
    """Whether two optimizers hold the same numbers."""
    pairs = list(zip(one.variables, other.variables, strict=False))
    same = len(one.variables) == len(other.variables)
    return same and all(np.array_equal(np.array(a), np.array(b)) for a, b in pairs)
