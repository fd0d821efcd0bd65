"""A training step as a pure function of one vector that holds all that training changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from steadynet import training

__all__ = ["State", "right", "training_step"]


class State:
    """How a model's variables, and the velocities of its momentum, lie in one vector.

    First all weights in the order of ``model.weights``, moving averages and frozen ones included;
    then, where there is momentum, a velocity for each trainable one. Seeds of random layers are no
    part of it: they stay as they are.

    Parameters
    ----------
    model : keras.Model
        Built, its weights float32.
    momentum : bool
        Whether there are velocities.

    Attributes
    ----------
    size : int
        Length of the vector.

    Raises
    ------
    TypeError
        If a weight is not float32.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    >>> State(model).size, State(model, momentum=True).size
    (9, 18)
    """

    def __init__(self, model, *, momentum: bool = False):
        others = [v for v in model.weights if v.dtype != "float32"]
        if others:
            raise TypeError(
                f"`model` must have float32 weights. Received: {others[0].path} in "
                f"{others[0].dtype}"
            )
        self._model = model
        self._slots = model.trainable_variables if momentum else []
        self._sizes = [int(np.prod(v.shape)) for v in (*model.weights, *self._slots)]
        # As numbers: while a step is traced, a variable cannot be read.
        self._others = {id(v): v.numpy() for v in model.variables}
        self.size = sum(self._sizes)

    def start(self, weights=None) -> np.ndarray:
        """The vector of the model's present weights, or of `weights` in the same order, at rest."""
        values = self._model.get_weights() if weights is None else weights
        flat = np.concatenate([np.ravel(w) for w in values]).astype("float32")
        return np.pad(flat, (0, self.size - flat.size))

    def split(self, state):
        """Trainable weights, layer state and velocities out of the vector, as lists of tensors."""
        model, pieces = self._model, tf.split(state, self._sizes)
        shapes = [v.shape for v in (*model.weights, *self._slots)]
        tensors = [tf.reshape(p, shape) for p, shape in zip(pieces, shapes, strict=True)]
        weights, slots = tensors[: len(model.weights)], tensors[len(model.weights) :]
        held = {id(v): t for v, t in zip(model.weights, weights, strict=True)}
        value = lambda v: held[id(v)] if id(v) in held else tf.constant(self._others[id(v)])  # noqa: E731
        trainable = [value(v) for v in model.trainable_variables]
        return trainable, [value(v) for v in model.non_trainable_variables], slots

    def join(self, weights, layer_state, slots=()):
        """Put such lists back into the vector."""
        model = self._model
        variables = (*model.trainable_variables, *model.non_trainable_variables)
        new = {id(v): t for v, t in zip(variables, (*weights, *layer_state), strict=True)}
        pieces = [*(new[id(v)] for v in model.weights), *slots]
        return tf.concat([tf.reshape(p, [-1]) for p in pieces], axis=0)


def training_step(
    model,
    *,
    clip=None,
    momentum: float = 0.0,
    loss: Callable = training.cross_entropy,
    prepare: Callable = tf.identity,
) -> Callable:
    """Make the pure step that `training.Trainer` takes with ``keras.optimizers.SGD``.

    ``g = clip(dL/dw, limit)``, then ``w = w - rate g``; with momentum ``v = momentum v - rate g``
    and ``w = w + v``.

    Parameters
    ----------
    model, clip, loss
        As in `training.Trainer`; plain or momentum gradient descent is all there is.
    momentum : float
        In [0, 1).
    prepare : callable
        Makes the model's inputs from `x`: scales pixels, or marks symbols by one-hot vectors.

    Returns
    -------
    callable
        ``step(state, x, y, rate, limit=0) -> (state, measures)`` of tensors: the vector as `State`
        lays it out, and float32 measures in the order of `program.MEASURES`. Without `clip`,
        `limit` counts for nothing.

    Raises
    ------
    ValueError
        If `momentum` is out of range, or `clip` is unknown.
    """
    training.check(model, clip)
    if not 0 <= momentum < 1:
        raise ValueError(f"`momentum` must be in [0, 1). Received: {momentum!r}")
    layout = State(model, momentum=momentum > 0)

    def step(state, x, y, rate, limit=0.0):
        weights, layer_state, slots = layout.split(state)
        grads, layer_state, measures = training.gradients(
            model, loss, clip, weights, layer_state, prepare(x), tf.convert_to_tensor(y), limit
        )
        if slots:
            slots = [momentum * v - rate * g for v, g in zip(slots, grads, strict=True)]
            weights = [w + v for w, v in zip(weights, slots, strict=True)]
        else:
            weights = [w - rate * g for w, g in zip(weights, grads, strict=True)]
        return layout.join(weights, layer_state, slots), tf.stack(measures)

    return step


def right(model, *, prepare: Callable = tf.identity) -> Callable:
    """Make the function that counts what the model classifies correctly in inference.

    Parameters
    ----------
    model, prepare
        As in `training_step`.

    Returns
    -------
    callable
        ``right(state, x, y) -> (count,)``, a float32 scalar; of `state` only the weights are read.
    """
    layout = State(model)

    def count(state, x, y):
        weights, layer_state, _ = layout.split(state[: layout.size])
        logits, _ = model.stateless_call(weights, layer_state, prepare(x), training=False)
        hits = tf.equal(tf.argmax(logits, axis=-1, output_type=tf.int32), y)
        return (tf.reduce_sum(tf.cast(hits, tf.float32)),)

    return count
