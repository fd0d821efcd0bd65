"""One training step as a pure function: loss, clipped gradients, measures, and the new weights.

`gradients` is what every loop of the package takes its steps by. `training_step` is the whole step
of plain gradient descent on one vector, `State`, that holds all that training changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from steadynet import _checks, clipping
from steadynet.portable.program import MEASURES

__all__ = ["MEASURES", "State", "cross_entropy", "gradients", "right", "training_step"]

Loss: TypeAlias = Callable[[Any, Any], Any]  # (targets, outputs) -> scalar tensor
Clip: TypeAlias = str | Callable[..., Any] | None  # a name, or (grads, params, threshold) -> grads
CLIP_METHODS = (*clipping.METHODS, "adaptive")


def cross_entropy(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Mean cross-entropy of class numbers against logits: ``-log softmax(logits)[target]``.

    Parameters
    ----------
    targets : int tensor, shape (batch,)
        Class numbers from 0.
    logits : float tensor, shape (batch, classes)
        Unnormalized scores.

    Returns
    -------
    scalar tensor
        In nats.

    Examples
    --------
    >>> round(float(cross_entropy(tf.constant([1]), tf.constant([[0.0, 0.0]]))), 4)
    0.6931
    """
    targets = tf.convert_to_tensor(targets)
    if targets.dtype.is_integer:
        targets = tf.cast(targets, tf.int64)  # of the integers, TensorFlow takes only these
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    return tf.reduce_mean(each)


def gradients(
    model: keras.Model,
    loss: Loss,
    clip: Clip,
    weights: Sequence[tf.Tensor],
    layer_state: Sequence[tf.Tensor],
    x: tf.Tensor,
    y: tf.Tensor,
    limit: tf.Tensor | float,
) -> tuple[list[tf.Tensor], list[tf.Tensor], list[tf.Tensor]]:
    """Clipped gradients of one batch as a pure function: no variable is read or written.

    Parameters
    ----------
    model, loss, clip
        As in `training.Trainer`.
    weights, layer_state : list of tensor
        Values in place of the model's trainable and other variables.
    x, y : tensor
        One batch.
    limit : scalar tensor
        Clip threshold.

    Returns
    -------
    grads : list of tensor
        One a weight, zeros where the loss does not depend on it.
    layer_state : list of tensor
        The layers' new state: moving averages, random seeds.
    measures : list of scalar tensor, float32
        As `MEASURES`: loss with penalties, accuracy, joint norm before clipping, and 1 where
        clipping changed a gradient.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False)])
    >>> x, y = tf.constant([[3.0, 4.0]]), tf.constant([0])
    >>> weights = [tf.zeros((2, 2))]
    >>> grads, _, measures = gradients(
    ...     model, cross_entropy, "global_norm", weights, [], x, y, limit=1.0
    ... )
    >>> round(float(tf.norm(grads[0])), 4)
    1.0
    >>> {name: round(float(m), 2) for name, m in zip(MEASURES, measures, strict=True)}
    {'loss': 0.69, 'accuracy': 1.0, 'norm': 3.54, 'clipped': 1.0}
    """
    with tf.GradientTape() as tape:
        tape.watch(weights)
        outputs, new_state, penalties = model.stateless_call(
            weights, layer_state, x, training=True, return_losses=True
        )
        value = tf.add_n([loss(y, outputs), *penalties])
    raw = tape.gradient(value, weights, unconnected_gradients="zero")
    raw = [tf.convert_to_tensor(g) for g in raw]
    grads = _clip(clip, raw, weights, limit)
    changed = tf.constant(False) if clip is None else _differ(grads, raw)
    measures = value, _accuracy(y, outputs), clipping.global_norm(raw), changed
    return grads, new_state, [tf.cast(m, tf.float32) for m in measures]


def check(model: object, clip: object) -> None:
    """Refuse a model that is not built, and ways of clipping that do not exist."""
    _checks.built(model)
    if clip is not None and not callable(clip) and clip not in CLIP_METHODS:
        raise ValueError(
            f"`clip` must be one of {CLIP_METHODS}, callable or None. Received: {clip!r}"
        )


def as_limit(clip: Clip, threshold: float | None) -> np.float32:
    """The threshold as float32; infinity becomes the largest finite number, which clips nothing."""
    if clip is None and threshold is not None:
        raise ValueError(f"`threshold` needs `clip` to be set. Received: {threshold!r}")
    if threshold is None and clip is not None and not callable(clip):
        raise ValueError(f"`threshold` must be given with clip={clip!r}. Received: None")
    if threshold is None:
        return np.float32(0)
    value = _checks.positive("threshold", threshold, allow_inf=True)
    return np.float32(min(value, np.finfo("float32").max))


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

    def __init__(self, model: keras.Model, *, momentum: bool = False) -> None:
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

    def start(self, weights: Sequence[np.ndarray] | None = None) -> np.ndarray:
        """The vector of the model's present weights, or of `weights` in the same order, at rest."""
        values = self._model.get_weights() if weights is None else weights
        flat = np.concatenate([np.ravel(w) for w in values]).astype("float32")
        return np.pad(flat, (0, self.size - flat.size))

    def split(self, state: tf.Tensor) -> tuple[list[tf.Tensor], list[tf.Tensor], list[tf.Tensor]]:
        """Trainable weights, layer state and velocities out of the vector, as lists of tensors."""
        model, pieces = self._model, tf.split(state, self._sizes)
        shapes = [v.shape for v in (*model.weights, *self._slots)]
        tensors = [tf.reshape(p, shape) for p, shape in zip(pieces, shapes, strict=True)]
        weights, slots = tensors[: len(model.weights)], tensors[len(model.weights) :]
        held = {id(v): t for v, t in zip(model.weights, weights, strict=True)}
        value = lambda v: held[id(v)] if id(v) in held else tf.constant(self._others[id(v)])  # noqa: E731
        trainable = [value(v) for v in model.trainable_variables]
        return trainable, [value(v) for v in model.non_trainable_variables], slots

    def join(
        self,
        weights: Sequence[tf.Tensor],
        layer_state: Sequence[tf.Tensor],
        slots: Sequence[tf.Tensor] = (),
    ) -> tf.Tensor:
        """Put such lists back into the vector."""
        model = self._model
        variables = (*model.trainable_variables, *model.non_trainable_variables)
        new = {id(v): t for v, t in zip(variables, (*weights, *layer_state), strict=True)}
        pieces = [*(new[id(v)] for v in model.weights), *slots]
        return tf.concat([tf.reshape(p, [-1]) for p in pieces], axis=0)


def training_step(
    model: keras.Model,
    *,
    clip: Clip = None,
    momentum: float = 0.0,
    loss: Loss = cross_entropy,
    prepare: Callable[..., Any] = tf.identity,
) -> Callable[..., Any]:
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
        lays it out, and float32 measures in the order of `MEASURES`. Without `clip`, `limit` counts
        for nothing.

    Raises
    ------
    ValueError
        If `momentum` is out of range, or `clip` is unknown.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False)])
    >>> step = training_step(model, clip="global_norm")
    >>> state, x, y = tf.zeros(State(model).size), tf.constant([[3.0, 4.0]]), tf.constant([0])
    >>> new, measures = step(state, x, y, rate=0.1, limit=1.0)
    >>> round(float(tf.norm(new - state)), 4)  # as long as rate times limit
    0.1
    >>> bool(measures[MEASURES.index("norm")] > 1.0)  # before clipping
    True
    """
    check(model, clip)
    _checks.momentum("momentum", momentum)
    layout = State(model, momentum=momentum > 0)

    def step(state, x, y, rate, limit=0.0):
        weights, layer_state, slots = layout.split(state)
        grads, layer_state, measures = gradients(
            model, loss, clip, weights, layer_state, prepare(x), tf.convert_to_tensor(y), limit
        )
        if slots:
            slots = [momentum * v - rate * g for v, g in zip(slots, grads, strict=True)]
            weights = [w + v for w, v in zip(weights, slots, strict=True)]
        else:
            weights = [w - rate * g for w, g in zip(weights, grads, strict=True)]
        return layout.join(weights, layer_state, slots), tf.stack(measures)

    return step


def right(model: keras.Model, *, prepare: Callable[..., Any] = tf.identity) -> Callable[..., Any]:
    """Make the function that counts what the model classifies correctly in inference.

    Parameters
    ----------
    model, prepare
        As in `training_step`.

    Returns
    -------
    callable
        ``right(state, x, y) -> (count,)``, a float32 scalar; of `state` only the weights are read.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False)])
    >>> state = State(model).start([np.eye(2)])  # the larger number is the class
    >>> x, y = tf.constant([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0]]), tf.constant([0, 1, 1])
    >>> (count,) = right(model)(tf.constant(state), x, y)
    >>> float(count)
    2.0
    """
    layout = State(model)

    def count(state, x, y):
        weights, layer_state, _ = layout.split(state[: layout.size])
        logits, _ = model.stateless_call(weights, layer_state, prepare(x), training=False)
        hits = tf.equal(tf.argmax(logits, axis=-1, output_type=tf.int32), y)
        return (tf.reduce_sum(tf.cast(hits, tf.float32)),)

    return count


def _differ(grads, raw):
    """Whether clipping changed a gradient."""
    # Not `!=`: a NaN differs from itself, and a run that diverged was not clipped by that.
    pairs = zip(grads, raw, strict=True)
    return tf.reduce_any([tf.reduce_any(tf.abs(g - r) > 0) for g, r in pairs])


def _clip(method, grads, params, limit):
    """Clip by name or by a callable of the reader's own."""
    if method is None:
        return grads
    if callable(method):
        return method(grads, params, limit)
    if method == "adaptive":
        return clipping.clip_adaptively(grads, params, limit)
    return clipping.clip(grads, method, limit)


def _accuracy(targets, outputs):
    """Share of rows whose largest output is the target; NaN where targets are no class numbers."""
    classes = targets.dtype.is_integer and targets.shape.rank == 1 and outputs.shape.rank == 2
    if not classes or outputs.shape[-1] == 1:
        return tf.constant(math.nan)
    hits = tf.equal(tf.argmax(outputs, axis=-1), tf.cast(targets, tf.int64))
    return tf.reduce_mean(tf.cast(hits, tf.float32))
