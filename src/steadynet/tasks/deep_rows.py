"""Rows of deep dense networks, with and without batch normalization, and looks inside them.

Only an experiment's `run` imports this module: it loads TensorFlow.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from steadynet import networks, normalization, steps, sweeps, training
from steadynet.tasks import noise
from steadynet.tasks.pictures import CLASSES, PIXELS, small_pictures

LOOKED_AT = 128  # training pictures whose activations and gradients are looked at


class Row:
    """Networks that differ in nothing but their learning rate, trained side by side.

    Parameters
    ----------
    normalize : {"none", "batch norm", "noisy batch norm"}
        What follows each hidden layer's kernel.
    momentum : float
        Share of the moving statistics kept at each batch.
    held_out : bool
        Whether to train without the 2,000 pictures of the validation split.
    **options
        As in `networks.dense_network`.

    Attributes
    ----------
    network : callable
        Makes the network anew; takes `seed`.
    model : keras.Model
        The one that every copy starts from.

    Examples
    --------
    >>> pair = row("none", depth=2, units=4)  # compiled once for all examples
    >>> record = pair.train(0, (0.01, 0.1), steps=2, batch_size=8)
    >>> record.loss.shape, bool(record.loss[0, 0] == record.loss[1, 0])  # one start, one batch
    ((2, 2), True)
    >>> hidden, norms = pair.inside()
    >>> hidden.shape, norms.shape
    ((2, 2, 128, 4), (2, 2))
    """

    def __init__(
        self, normalize: str, *, momentum: float = 0.9, held_out: bool = False, **options: Any
    ) -> None:
        seeds = itertools.count()
        kinds: dict[str, bool | Callable[[], keras.Layer]] = {
            "none": False,
            "batch norm": lambda: normalization.BatchNorm(momentum=momentum),
            "noisy batch norm": lambda: noise.NoisyBatchNorm(next(seeds), momentum=momentum),
        }
        self.network = functools.partial(
            networks.dense_network, PIXELS, CLASSES, batch_norm=kinds[normalize], **options
        )
        self.model = self.network()
        self._part = "fitted" if held_out else "train"
        self._sweep = sweeps.Sweep(self.model)
        self.copies: sweeps.Copies = ([], [])
        self.rates: Sequence[float] = ()
        self.record: training.Record | None = None
        self._inside = keras.Model(self.model.inputs, [*_hidden(self.model), *self.model.outputs])
        self._predict = tf.function(self._logits)
        self._look = tf.function(self.look_at)
        self._loss = tf.function(self._loss_and_gradient)
        self._shown = [tf.constant(a[:LOOKED_AT]) for a in small_pictures()]

    def train(
        self,
        seed: int,
        rates: Sequence[float],
        *,
        steps: int,
        batch_size: int,
        strength: float = 1.0,
        moments: Sequence[int] = (),
        on_moment: Callable[[], object] = lambda: None,
    ) -> training.Record:
        """Train one copy a rate from the weights and in the order of `seed`.

        Parameters
        ----------
        seed : int
            Seeds the initial weights, the order of the pictures, and noise where there is some.
        rates : sequence of float
        steps, batch_size : int
        strength : float
            Of the noise.
        moments : sequence of int
            Numbers of steps after which `on_moment` is called, without arguments; 0 is the start.
        on_moment : callable, optional
            It finds the record so far in `record`: None before the first step.

        Returns
        -------
        training.Record
            Arrays of shape (rates, steps).
        """
        self.model.set_weights(self.network(seed=seed).get_weights())
        for layer in self.model.layers:
            if isinstance(layer, noise.NoisyBatchNorm):
                layer.begin(seed, strength)
        parts = self.model.trainable_variables, self.model.non_trainable_variables
        self.rates, self.record = rates, None
        weights, state = ([tf.stack([v.value] * len(rates)) for v in part] for part in parts)
        self.copies = weights, state
        if 0 in moments:
            on_moment()

        def on_chunk(record):
            self.copies, self.record = self._newest(), record
            if record.steps in moments:
                on_moment()

        return self._run(
            rates,
            steps=steps,
            batch_size=batch_size,
            seed=seed,
            chunk=int(np.gcd.reduce([steps, *moments])),
            on_chunk=on_chunk,
        )

    def each_copy(self) -> Iterator[tuple[list[tf.Tensor], list[tf.Tensor]]]:
        """Weights and layer state of one copy after the other."""
        for k in range(self.copies[0][0].shape[0]):
            weights, state = ([v[k] for v in part] for part in self.copies)
            yield weights, state

    def test_accuracy(self, *, by_batch: bool = False) -> np.ndarray:
        """Share of the test pictures that each copy classifies correctly, as `accuracy`."""
        return self.accuracy("test", by_batch=by_batch)

    def accuracy(self, part: str, *, by_batch: bool = False) -> np.ndarray:
        """Share of some pictures that each copy classifies correctly.

        It normalizes by its moving statistics or, `by_batch`, by those of all these pictures.

        Parameters
        ----------
        part : str
            As in `pictures.small_pictures`.
        by_batch : bool

        Returns
        -------
        ndarray, float32, shape (runs,)
        """
        x, y = small_pictures(part)
        x = tf.constant(x)
        logits = [self._predict(*copy, x, by_batch).numpy() for copy in self.each_copy()]
        return (np.argmax(logits, axis=-1) == y).mean(-1).astype("f4")

    def inside(self) -> tuple[np.ndarray, np.ndarray]:
        """Hidden activations of each copy on some training pictures, in training mode.

        Returns
        -------
        hidden : ndarray, float32, shape (runs, layers, pictures, units)
        gradient_norms : ndarray, float32, shape (runs, layers)
            L2 norm of the loss's gradient by each hidden kernel.
        """
        looks = [[a.numpy() for a in self._look(*copy, *self._shown)] for copy in self.each_copy()]
        hidden, norms = zip(*looks, strict=True)
        return np.stack(hidden), np.stack(norms)

    def around(self, lengths: Sequence[float]) -> tuple[np.ndarray, ...]:
        """How loss and gradient change along the gradient: at ``w - length * rate * g``, by copy.

        Parameters
        ----------
        lengths : sequence of float
            Lengths of the steps tried, in units of each copy's own learning rate.

        Returns
        -------
        loss, distance : ndarray, float32, shape (runs, lengths)
            Loss there, and the L2 distance of the gradient there from the gradient at ``w``.
        norm : ndarray, float32, shape (runs,)
            L2 norm of the gradient at ``w``.
        """
        found = []
        for rate, (weights, state) in zip(self.rates, self.each_copy(), strict=True):
            _, here = self._loss(weights, state, *self._shown)
            losses, distances = [], []
            for length in lengths:
                moved = [w - length * rate * g for w, g in zip(weights, here, strict=True)]
                loss, there = self._loss(moved, state, *self._shown)
                losses.append(loss)
                turned = [a - b for a, b in zip(there, here, strict=True)]
                distances.append(tf.linalg.global_norm(turned))
            found.append((np.array(losses), np.array(distances), tf.linalg.global_norm(here)))
        return tuple(np.stack(part).astype("f4") for part in zip(*found, strict=True))

    def _run(self, rates, **options):
        return self._sweep.run(*small_pictures(self._part), learning_rates=rates, **options)

    def _newest(self):
        return self._sweep.copies

    def _logits(self, weights, state, x, by_batch):
        return self.model.stateless_call(weights, state, x, training=by_batch)[0]

    def _loss_and_gradient(self, weights, state, x, y):
        """Loss in training mode, and its gradient by the weights."""
        grads, _, measures = steps.gradients(
            self.model, steps.cross_entropy, None, weights, state, x, y, 0.0
        )
        return measures[0], grads

    def look_at(
        self,
        weights: Sequence[tf.Tensor],
        state: Sequence[tf.Tensor],
        x: tf.Tensor,
        y: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Hidden activations in training mode, and norms of the hidden kernels' gradients.

        Parameters
        ----------
        weights, state : list of tensor
            In place of the model's trainable and other variables.
        x, y : tensor
            Pictures and their classes.

        Returns
        -------
        hidden : tensor, shape (layers, pictures, units)
        norms : tensor, shape (layers,)
        """
        with tf.GradientTape() as tape:
            tape.watch(weights)
            (*hidden, logits), _ = self._inside.stateless_call(weights, state, x, training=True)
            loss = steps.cross_entropy(y, logits)
        kernels = [w for w in weights if w.shape.rank == 2][:-1]
        norms = [tf.norm(g) for g in tape.gradient(loss, kernels)]
        return tf.stack(hidden), tf.stack(norms)


class Alone(Row):
    """A row of one rate: noise drawn inside a layer is slow to vectorize.

    Examples
    --------
    >>> noisy = Alone("noisy batch norm", depth=1, units=2)
    >>> noisy.train(0, (0.1,), steps=2, batch_size=8).loss.shape
    (1, 2)
    """

    def __init__(self, normalize: str, **options: Any) -> None:
        super().__init__(normalize, **options)
        self._trainer = training.Trainer(self.model, keras.optimizers.SGD())

    def _run(self, rates, **options):
        (rate,) = rates
        record = self._trainer.run(*small_pictures(self._part), learning_rate=rate, **options)
        names = ("loss", "accuracy", "gradient_norm", "clipped")
        return training.Record(**{name: getattr(record, name)[None] for name in names})

    def _newest(self):
        parts = self.model.trainable_variables, self.model.non_trainable_variables
        weights, state = ([v.value[None] for v in part] for part in parts)
        return weights, state


@functools.lru_cache(maxsize=4)
def alone(normalize: str, **options: Any) -> Alone:
    """A compiled row of one; asking again for the same network compiles nothing.

    Examples
    --------
    >>> alone("none", depth=1, units=2) is alone("none", depth=1, units=2)
    True
    """
    return Alone(normalize, **options)


@functools.lru_cache(maxsize=4)
def row(normalize: str, **options: Any) -> Row:
    """A compiled row; asking again for the same network compiles nothing.

    Examples
    --------
    >>> row("none", depth=2, units=4) is row("none", depth=2, units=4)
    True
    """
    return Row(normalize, **options)


def _hidden(model):
    """Outputs of the hidden layers: what each dense layer but the first reads."""
    pairs = itertools.pairwise(model.layers)
    return [before.output for before, after in pairs if isinstance(after, keras.layers.Dense)]
