"""Many runs of plain gradient descent side by side: one row of learning rates and clip thresholds.

While the matrices are small, they take a fraction of the time that they take one after the other.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from steadynet import _checks, training
from steadynet.steps import Clip, Loss, as_limit, check, cross_entropy, gradients

__all__ = ["Sweep"]

Copies: TypeAlias = tuple[list[tf.Tensor], list[tf.Tensor]]


class Sweep:
    """Copies of a model, one for every pair of learning rate and threshold, trained together.

    Each copy takes the same steps that `training.Trainer` takes with ``keras.optimizers.SGD``:
    ``w = w - learning_rate * clip(g, threshold)``; the copies differ in nothing else.

    Parameters
    ----------
    model : keras.Model
        Built model. It gives the initial weights and stays as it is.
    clip, loss
        As in `training.Trainer`.

    Attributes
    ----------
    copies : (list of tensor, list of tensor) or None
        Weights and layer state of every copy after the newest chunk, in the order of the model's
        trainable and other variables, runs first; an `on_chunk` can look at them. None before that.

    Raises
    ------
    ValueError
        If `model` is not built or `clip` is unknown.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    >>> x, y = np.eye(2, dtype="float32"), np.array([0, 1])
    >>> sweep = Sweep(model)
    >>> sweep.run(x, y, steps=5, batch_size=2, learning_rates=[0.1, 0.2]).loss.shape
    (2, 5)
    >>> [w.shape.as_list() for w in sweep.copies[0]]
    [[2, 2, 2], [2, 2]]
    """

    def __init__(
        self, model: keras.Model, *, clip: Clip = None, loss: Loss = cross_entropy
    ) -> None:
        check(model, clip)
        self.model, self._clip, self._loss = model, clip, loss
        self.copies: Copies | None = None
        self._compiled = tf.function(functools.partial(self._loop))  # as in `training.Trainer`

    def run(
        self,
        x: np.ndarray,
        y: np.ndarray,
        *,
        steps: int,
        batch_size: int,
        learning_rates: Sequence[float],
        thresholds: Sequence[float] | None = None,
        seed: int = 0,
        chunk: int = 1000,
        on_chunk: Callable[[training.Record], object] | None = None,
    ) -> training.Record:
        """Train every copy from the model's present weights on the same batches.

        Parameters
        ----------
        learning_rates, thresholds : sequence of float, equal lengths
            One entry a run. A threshold of ``math.inf`` means never.
        x, y, steps, batch_size, seed, chunk, on_chunk
            As in `training.Trainer.run`.

        Returns
        -------
        training.Record
            Arrays of shape (runs, steps).

        Raises
        ------
        ValueError
            As in `training.Trainer.run`, and if rates and thresholds are none or differ in number.
        """
        rates = [np.float32(_checks.positive("learning_rates", r)) for r in learning_rates]
        asked = [None] * len(rates) if thresholds is None else list(thresholds)
        if not rates or len(asked) != len(rates):
            raise ValueError(
                "`learning_rates` and `thresholds` must have one length, at least 1. "
                f"Received: {len(rates)} and {len(asked)} values"
            )
        _checks.same_length(x, y)
        limits = [as_limit(self._clip, t) for t in asked]
        knobs = tf.constant(rates), tf.constant(limits)
        schedule = training.batch_schedule(len(x), steps, batch_size, seed)
        data = [tf.constant(a) for a in (x, y, schedule)]
        self.copies = self._repeat(len(rates))

        def loop(first, last):
            self.copies, measures = self._compiled(self.copies, knobs, *data, first, last)
            return measures

        return training.drive(loop, steps, chunk, on_chunk)

    def _repeat(self, runs):
        """The model's weights and layer state, repeated along a new leading axis."""
        parts = self.model.trainable_variables, self.model.non_trainable_variables
        return tuple([tf.constant(np.stack([v.numpy()] * runs)) for v in part] for part in parts)

    def _step(self, run, x, y):
        """One step of one copy: its new weights and layer state, and what it measured."""
        (weights, layer_state), (rate, limit) = run
        grads, layer_state, measures = gradients(
            self.model, self._loss, self._clip, weights, layer_state, x, y, limit
        )
        return ([w - rate * g for w, g in zip(weights, grads, strict=True)], layer_state), measures

    def _loop(self, state, knobs, x, y, schedule, first, last):
        """Steps `first` to `last` of every copy in one graph."""
        shapes = tf.nest.map_structure(lambda t: t.shape, state)
        kept = training.new_measures(last - first)
        for i in tf.range(first, last):
            batch = tf.gather(x, schedule[i]), tf.gather(y, schedule[i])
            one = lambda run: self._step(run, *batch)  # noqa: B023, E731
            state, measures = tf.vectorized_map(one, (state, knobs))
            tf.nest.map_structure(lambda t, shape: t.set_shape(shape), state, shapes)
            kept = [array.write(i - first, m) for array, m in zip(kept, measures, strict=True)]
        return state, [tf.transpose(array.stack()) for array in kept]
