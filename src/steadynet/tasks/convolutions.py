"""Deep convolution networks on pictures of clothing: one network trained, and tested on the way.

Only an experiment's `run` imports this module: it loads TensorFlow.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from steadynet import _checks, datasets, networks, training
from steadynet.tasks.curves import steps_to
from steadynet.tasks.pictures import CLASSES, fitted_and_held_out

SHAPE = (28, 28, 1)
TARGETS = (0.5, 0.6, 0.7, 0.8)  # of accuracy in training
WINDOW = 50  # batches over which it is averaged
AT_ONCE = 500  # pictures tested at once: what they become stays in the cache


@functools.lru_cache(maxsize=1)
def pictures() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Fashion-MNIST, standardized by mean and deviation of the pictures that are trained on.

    Returns
    -------
    dict of tuple
        For "train", "validation" and "test": pictures, float32, shape (n, 28, 28, 1), and labels,
        int32. Of each class there are 800, 200 and 300; those for validation are the last of the
        bundled training pictures of their class.

    Examples
    --------
    >>> {part: x.shape for part, (x, y) in pictures().items()}  # doctest: +NORMALIZE_WHITESPACE
    {'train': (8000, 28, 28, 1), 'validation': (2000, 28, 28, 1), 'test': (3000, 28, 28, 1)}
    >>> [np.bincount(y).tolist()[:3] for x, y in pictures().values()]
    [[800, 800, 800], [200, 200, 200], [300, 300, 300]]
    """
    data = datasets.load_fashion_mnist()
    parts = zip(("train", "validation"), fitted_and_held_out(data.y_train), strict=True)
    split = {name: (data.x_train[i], data.y_train[i]) for name, i in parts}
    split["test"] = data.x_test, data.y_test
    mean, deviation = split["train"][0].mean(), split["train"][0].std()
    return {name: ((x[..., None] - mean) / deviation, y) for name, (x, y) in split.items()}


class Net:
    """A convolution network whose training is compiled once, for any seed, rate and threshold.

    Parameters
    ----------
    kind, depth, channels
        As in `networks.convolution_network`.
    clip : str, optional
        As in `training.Trainer`.

    Attributes
    ----------
    network : callable
        Makes the network anew; takes `seed`.
    model : keras.Model
        The one that is trained.

    Examples
    --------
    >>> found = net("none", depth=2, channels=4).train(0, 0.1, budgets=(2, 4), batch_size=8)
    >>> {name: values.shape for name, values in found.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'loss': (2,), 'accuracy': (2,), 'steps_to': (2, 4),
     'validation_accuracy': (2,), 'test_accuracy': (2,)}
    """

    def __init__(self, kind: str, depth: int, channels: int = 16, clip: str | None = None) -> None:
        options: dict[str, Any] = {"kind": kind, "depth": depth, "channels": channels}
        self.network = functools.partial(networks.convolution_network, SHAPE, CLASSES, **options)
        self.model = self.network()
        self._trainer = training.Trainer(self.model, keras.optimizers.SGD(), clip=clip)
        self._right = tf.function(self._count)

    def train(
        self,
        seed: int,
        rate: float,
        budgets: Sequence[int],
        batch_size: int,
        threshold: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Train from the weights and in the order of `seed`, and test at each budget.

        A run whose loss is no longer finite ends soon; from that step on its loss counts as
        infinite and its training accuracy as chance, and it is tested as it is.

        Parameters
        ----------
        seed : int
            Seeds the initial weights and the order of the pictures.
        rate : float
            Learning rate of plain gradient descent.
        budgets : sequence of int
            Numbers of steps after which the network is tested, increasing.
        batch_size : int
        threshold : float, optional
            Clip threshold.

        Returns
        -------
        dict of ndarray, float32
            Of shape (budgets,): "loss" and "accuracy", means over the training batches since the
            budget before; "validation_accuracy" and "test_accuracy" in inference mode. Of shape
            (budgets, targets): "steps_to", steps until the mean training accuracy of the last
            `WINDOW` batches reached each of `TARGETS`, NaN if not within the budget. An entry is
            what it would be if its budget were the last.

        Raises
        ------
        ValueError
            If `budgets` are not positive and increasing, or as in `training.Trainer.run`.
        """
        budgets = _checked(budgets)
        self.model.set_weights(self.network(seed=seed).get_weights())
        tested = []

        def on_chunk(record):
            if record.steps in budgets:
                tested.append(self._test())
            return bool(np.isfinite(record.loss[-1]))

        record = self._trainer.run(
            *pictures()["train"],
            steps=budgets[-1],
            batch_size=batch_size,
            threshold=threshold,
            learning_rate=rate,
            seed=seed,
            chunk=math.gcd(WINDOW, *budgets),
            on_chunk=on_chunk,
        )
        if len(tested) < len(budgets):
            tested += [self._test()] * (len(budgets) - len(tested))
        names = ("validation_accuracy", "test_accuracy")
        accuracies = zip(names, np.array(tested, "f4").T, strict=True)
        return {**summed_up(record, budgets), **dict(accuracies)}

    def _test(self):
        """Accuracy on the validation and on the test pictures."""
        parts = [_batches(part) for part in ("validation", "test")]
        return [
            sum(float(self._right(x, y)) for x, y in part) / sum(len(y) for _, y in part)
            for part in parts
        ]

    def _count(self, x, y):
        """How many pictures are classified correctly in inference."""
        found = tf.argmax(self.model(x, training=False), axis=-1, output_type=tf.int32)
        return tf.reduce_sum(tf.cast(found == y, tf.float32))


@functools.lru_cache(maxsize=16)
def net(kind: str, depth: int, channels: int = 16, clip: str | None = None) -> Net:
    """A compiled network; asking again for the same one compiles nothing.

    Examples
    --------
    >>> net("none", depth=2, channels=4) is net("none", depth=2, channels=4)
    True
    """
    return Net(kind, depth, channels, clip)


def summed_up(record: training.Record, budgets: Sequence[int]) -> dict[str, np.ndarray]:
    """What a run's curves say for each budget, as `Net.train` returns it.

    Parameters
    ----------
    record : training.Record
        Of one run, which may have ended early because its loss was no longer finite.
    budgets : sequence of int
        Increasing numbers of steps.

    Returns
    -------
    dict of ndarray, float32

    Examples
    --------
    >>> loss = np.array([3.0, 1.0, np.nan], "f4")
    >>> ended = training.Record(loss, np.ones(3, "f4"), loss, loss)
    >>> found = summed_up(ended, (2, 8))
    >>> found["loss"].tolist(), [f"{share:.2f}" for share in found["accuracy"]]
    ([2.0, inf], ['1.00', '0.10'])
    """
    lost = ~np.isfinite(record.loss)
    n = int(lost.argmax()) if lost.any() else record.steps
    rest = (0, budgets[-1] - n)
    loss = np.pad(record.loss[:n], rest, constant_values=np.inf)
    accuracy = np.pad(record.accuracy[:n], rest, constant_values=1 / CLASSES)
    when = np.array([steps_to(accuracy, target, WINDOW) for target in TARGETS])
    within = when <= np.array(budgets)[:, None]
    reached = np.where(within, when, np.float32(np.nan))
    return {
        "loss": _means(loss, budgets),
        "accuracy": _means(accuracy, budgets),
        "steps_to": reached,
    }


def _means(curve, budgets):
    """Mean over the steps since the budget before."""
    parts = np.split(curve, budgets[:-1])
    return np.array([part.mean(dtype="f8") for part in parts], "f4")


@functools.lru_cache(maxsize=2)
def _batches(part):
    """Pictures and labels as tensors, some at once."""
    x, y = pictures()[part]
    starts = range(0, len(x), AT_ONCE)
    return [tuple(tf.constant(a[i : i + AT_ONCE]) for a in (x, y)) for i in starts]


def _checked(budgets: Sequence[int]) -> list[Any]:
    """Budgets as a list, or a clear error."""
    counts = [_checks.count("budgets", budget) for budget in budgets]
    good = len(counts) > 0 and counts == sorted(set(counts))
    _checks.require(good, "`budgets`", "increasing", budgets)
    return counts
