"""One compiled training loop for any Keras model, optimizer and clipping, and its record."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from steadynet import _checks
from steadynet.steps import MEASURES, Clip, Loss, as_limit, check, cross_entropy, gradients

__all__ = ["Record", "Trainer", "batch_schedule", "train"]


@dataclasses.dataclass(frozen=True)
class Record:
    """What one call of training measured, step by step.

    Attributes
    ----------
    loss : ndarray, float32, shape ([runs,] steps)
        Mean loss of each step's batch, before its update.
    accuracy : ndarray, float32, shape ([runs,] steps)
        Share of the batch classified correctly, 0 to 1; NaN where targets are not class numbers.
    gradient_norm : ndarray, float32, shape ([runs,] steps)
        Joint L2 norm of the gradients before clipping.
    clipped : ndarray, float32, shape ([runs,] steps)
        1 where clipping changed at least one gradient, else 0.
    cancelled : bool
        Whether the run was stopped before its last step.

    Examples
    --------
    >>> import numpy as np
    >>> ones = np.ones(4, "float32")
    >>> Record(ones, ones, ones, np.array([0, 1, 1, 1], "float32")).clipped_share
    array(0.75, dtype=float32)
    """

    loss: np.ndarray
    accuracy: np.ndarray
    gradient_norm: np.ndarray
    clipped: np.ndarray
    cancelled: bool = False

    @property
    def steps(self) -> int:
        """Number of steps taken."""
        return self.loss.shape[-1]

    @property
    def clipped_share(self) -> np.ndarray:
        """Share of steps on which clipping changed the gradients, 0 to 1, one value a run."""
        return np.asarray(self.clipped.mean(axis=-1))


def batch_schedule(n: int, steps: int, batch_size: int, seed: int) -> np.ndarray:
    """Which examples each step trains on: whole shuffled passes, one after the other.

    Parameters
    ----------
    n : int
        Number of examples.
    steps, batch_size : int
        Number of batches and examples in each. `batch_size` may not exceed `n`.
    seed : int
        Seeds the shuffling; same seed, same schedule.

    Returns
    -------
    ndarray, int32, shape (steps, batch_size)

    Raises
    ------
    ValueError
        If a number is not a positive integer (`seed` may be 0), or `batch_size` exceeds `n`.

    Examples
    --------
    >>> sorted(batch_schedule(6, 3, 2, seed=0).ravel().tolist())
    [0, 1, 2, 3, 4, 5]
    """
    for name, value in (("n", n), ("steps", steps), ("batch_size", batch_size)):
        _checks.count(name, value)
    _checks.count("seed", seed, least=0)
    _checks.require(batch_size <= n, "`batch_size`", f"at most the {n} examples", batch_size)
    rng, a_pass = np.random.default_rng(seed), n // batch_size
    passes = [rng.permutation(n)[: a_pass * batch_size] for _ in range(-(-steps // a_pass))]
    return np.concatenate(passes).reshape(-1, batch_size)[:steps].astype("int32")


class Trainer:
    """A model's training step, compiled once into a loop of steps.

    A step computes the gradients, clips them and hands them to the optimizer:
    ``g = dL/dw;  g = clip(g, threshold);  w = optimizer(w, g)``.
    Threshold and learning rate are inputs of the compiled loop, so changing them compiles nothing.

    Parameters
    ----------
    model : keras.Model
        Built model; its last layer gives logits if `loss` is the default.
    optimizer : keras.optimizers.Optimizer
        Any optimizer without clip arguments of its own.
    clip : {"value", "norm", "global_norm", "adaptive"}, callable or None
        How gradients are clipped. A callable takes ``(grads, params, threshold)`` and returns the
        gradients; where no threshold is given it receives 0.
    loss : callable
        ``loss(targets, outputs) -> scalar tensor``.

    Raises
    ------
    ValueError
        If `model` is not built, `clip` is unknown, or `optimizer` clips by itself.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    >>> trainer = Trainer(model, keras.optimizers.SGD(0.1), clip="global_norm")
    >>> x, y = np.eye(2, dtype="float32"), np.array([0, 1])
    >>> record = trainer.run(x, y, steps=5, batch_size=2, threshold=1.0)
    >>> record.loss.shape, bool(record.loss[-1] < record.loss[0])
    ((5,), True)
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        *,
        clip: Clip = None,
        loss: Loss = cross_entropy,
    ) -> None:
        check(model, clip)
        _checks.no_clipping(optimizer)
        self.model, self.optimizer = model, optimizer
        self._clip, self._loss = clip, loss
        self._start = _fresh_state(model, optimizer)
        # A partial of its own: TensorFlow takes the methods of many trainers for one function that
        # is traced anew each time, and warns of it.
        self._compiled = tf.function(functools.partial(self._loop))

    def run(
        self,
        x: np.ndarray,
        y: np.ndarray,
        *,
        steps: int,
        batch_size: int,
        threshold: float | None = None,
        learning_rate: float | None = None,
        seed: int = 0,
        chunk: int = 100,
        on_chunk: Callable[[Record], object] | None = None,
    ) -> Record:
        """Train the model in place from its present weights and a fresh optimizer state.

        Random layers such as Dropout begin again with the numbers they began with when the trainer
        was made.

        Parameters
        ----------
        x, y : array
            Examples and targets, one of each per row.
        steps, batch_size : int
            Number of updates, and examples in each.
        threshold : float, optional
            Clip threshold in the gradients' unit; positive. ``math.inf`` means never.
        learning_rate : float, optional
            Replaces the optimizer's own rate; positive and finite.
        seed : int
            Seeds the order of examples. Same seed and weights, same record.
        chunk : int
            Steps between two calls of `on_chunk`.
        on_chunk : callable, optional
            Called with the `Record` so far. If it returns False the run ends there, the model
            keeping what it has learned; an exception it raises passes through in the same state.

        Returns
        -------
        Record
            Arrays of shape (steps,), shorter if cancelled.

        Raises
        ------
        ValueError
            If a number is out of range, a threshold is missing or given without `clip`, or `x` and
            `y` differ in length.
        """
        _checks.same_length(x, y)
        limit = tf.constant(as_limit(self._clip, threshold))
        if learning_rate is not None:
            _checks.positive("learning_rate", learning_rate)
        data = [tf.constant(a) for a in (x, y, batch_schedule(len(x), steps, batch_size, seed))]
        for variable, value in self._start:
            variable.assign(value)
        if learning_rate is not None:
            self.optimizer.learning_rate = learning_rate
        return drive(functools.partial(self._compiled, limit, *data), steps, chunk, on_chunk)

    def _loop(self, limit, x, y, schedule, first, last):
        """Steps `first` to `last` of the schedule in one graph."""
        kept = new_measures(last - first)
        for i in tf.range(first, last):
            weights = [tf.convert_to_tensor(v) for v in self.model.trainable_variables]
            state = [tf.convert_to_tensor(v) for v in self.model.non_trainable_variables]
            batch = tf.gather(x, schedule[i]), tf.gather(y, schedule[i])
            grads, state, measures = gradients(
                self.model, self._loss, self._clip, weights, state, *batch, limit
            )
            self.optimizer.apply(grads, self.model.trainable_variables)
            for variable, value in zip(self.model.non_trainable_variables, state, strict=True):
                variable.assign(value)
            kept = [array.write(i - first, m) for array, m in zip(kept, measures, strict=True)]
        return [array.stack() for array in kept]


def train(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    x: np.ndarray,
    y: np.ndarray,
    *,
    steps: int,
    batch_size: int,
    clip: Clip = None,
    loss: Loss = cross_entropy,
    **options: Any,
) -> Record:
    """Train `model` in place with one compiled loop: `Trainer` and `Trainer.run` in one call.

    Parameters
    ----------
    model, optimizer, clip, loss
        As in `Trainer`.
    x, y, steps, batch_size, **options
        As in `Trainer.run`.

    Returns
    -------
    Record

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    >>> x, y = np.eye(2, dtype="float32"), np.array([0, 1])
    >>> train(model, keras.optimizers.SGD(0.1), x, y, steps=3, batch_size=2).steps
    3
    """
    trainer = Trainer(model, optimizer, clip=clip, loss=loss)
    return trainer.run(x, y, steps=steps, batch_size=batch_size, **options)


def _fresh_state(model, optimizer):
    """Each variable of the optimizer and of random layers, with the value a run starts from."""
    # An optimizer that has trained before has momentum and counts; its configuration has not.
    fresh = type(optimizer).from_config(optimizer.get_config()) if optimizer.built else optimizer
    for each in (optimizer, fresh):
        each.build(model.trainable_variables)
    weights = {id(v) for v in model.weights}
    random = [v for v in model.non_trainable_variables if id(v) not in weights]
    if [v.shape for v in optimizer.variables] != [v.shape for v in fresh.variables]:
        raise ValueError(f"`optimizer` must not be built for another model. Received: {optimizer}")
    pairs = [*zip(optimizer.variables, fresh.variables, strict=True), *((v, v) for v in random)]
    return [(variable, start.numpy()) for variable, start in pairs]


def drive(
    loop: Callable[[tf.Tensor, tf.Tensor], Sequence[tf.Tensor]],
    steps: int,
    chunk: int,
    on_chunk: Callable[[Record], object] | None,
) -> Record:
    """Call ``loop(first, last)`` chunk by chunk, report, and gather a `Record`."""
    steps, chunk, parts = int(steps), _checks.count("chunk", chunk), []
    for first in range(0, steps, chunk):
        span = first, min(first + chunk, steps)
        parts.append([m.numpy() for m in loop(*map(tf.constant, span))])
        measured: list[Any] = [np.concatenate(m, axis=-1) for m in zip(*parts, strict=True)]
        record = Record(*measured)
        answer = None if on_chunk is None else on_chunk(record)
        if isinstance(answer, (bool, np.bool_)) and not answer:
            return dataclasses.replace(record, cancelled=record.steps < steps)
    return record


def new_measures(steps: tf.Tensor) -> list[tf.TensorArray]:
    """Empty arrays for what `gradients` measures on each step."""
    return [tf.TensorArray(tf.float32, steps) for _ in MEASURES]
