"""The networks and tasks that the experiments on reuse share, and how one of them is trained."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from steadynet import datasets

if TYPE_CHECKING:
    import keras

    from steadynet import training

Weights: TypeAlias = tuple[np.ndarray, ...]
LAYERS = ("conv1", "conv2", "conv3", "hidden", "logits")
FILTERS, HIDDEN = (16, 32, 64), 64
RATE, MOMENTUM, BATCH_SIZE = 0.02, 0.9, 32
PRETRAIN_STEPS = 1500

# Classes of each task. A network learns a source first, then a target that shares no class with it.
TASKS = {
    "footwear": datasets.FOOTWEAR,  # sandal, sneaker, ankle boot
    "all but footwear": datasets.CLOTHING_AND_BAGS,
    "tops": (2, 4, 6),  # pullover, coat, shirt: hard to tell apart
    "all but tops": (0, 1, 3, 5, 7, 8, 9),
    "other clothing": (0, 1, 3),  # T-shirt, trouser, dress
}


@functools.lru_cache(maxsize=8)
def task(name: str) -> datasets.Split:
    """Pictures of some classes, with a channel axis, as a `datasets.Split`.

    Examples
    --------
    >>> tops = task("tops")
    >>> tops.x_train.shape, sorted(set(tops.y_train.tolist()))  # classes are counted anew
    ((3000, 28, 28, 1), [0, 1, 2])
    """
    data = datasets.split_by_class(datasets.load_fashion_mnist(), TASKS[name])
    return data._replace(x_train=data.x_train[..., None], x_test=data.x_test[..., None])


def labelled(name: str, n: int, seed: int) -> datasets.Split:
    """`n` training pictures of a task drawn at random, its classes in turn; all test pictures.

    Examples
    --------
    >>> few = labelled("tops", 7, seed=0)
    >>> few.y_train.tolist(), few.x_test.shape
    ([0, 1, 2, 0, 1, 2, 0], (900, 28, 28, 1))
    """
    data = task(name)
    n_classes = len(TASKS[name])
    few = datasets.few_labels(data, -(-n // n_classes), seed)
    return few._replace(x_train=few.x_train[:n], y_train=few.y_train[:n])


def network(n_classes: int, seed: int) -> keras.Sequential:
    """Three overlapping convolutions of stride 2, a hidden layer, logits; built, untrained.

    It has no batch normalization, so that one program serves every number of frozen layers.

    Examples
    --------
    >>> model = network(3, seed=0)
    >>> [layer.name for layer in model.layers if layer.weights], model.count_params()
    (['conv1', 'conv2', 'conv3', 'hidden', 'logits'], 89091)
    """
    import keras

    from steadynet.portable import convolution

    init, stack = keras.initializers, []
    for i, filters in enumerate(FILTERS):
        kernel = init.HeNormal(seed=1000 * seed + i)
        stack.append(convolution.Convolution(filters, kernel_initializer=kernel, name=LAYERS[i]))
        stack.append(convolution.Rectifier())
    hidden = init.HeNormal(seed=1000 * seed + 3)
    head = init.GlorotUniform(seed=1000 * seed + 4)
    stack += [
        keras.layers.Flatten(),
        keras.layers.Dense(HIDDEN, kernel_initializer=hidden, name=LAYERS[3]),
        convolution.Rectifier(),
        keras.layers.Dense(n_classes, kernel_initializer=head, name=LAYERS[4]),
    ]
    return keras.Sequential([keras.Input((28, 28, 1)), *stack])


@functools.cache
def trainer(n_classes: int, n_frozen: int) -> training.Trainer:
    """A compiled training loop; its network's weights are set before every run.

    Examples
    --------
    >>> loop = trainer(3, n_frozen=4)
    >>> [layer.name for layer in loop.model.layers if layer.trainable_weights]
    ['logits']
    >>> loop is trainer(3, n_frozen=4)  # compiled once
    True
    """
    import keras

    from steadynet import reuse, training

    model = network(n_classes, seed=0)
    reuse.freeze_layers(model, n_frozen)
    return training.Trainer(model, keras.optimizers.SGD(RATE, momentum=MOMENTUM))


@functools.cache
def pretrained(name: str, seed: int, steps: int = PRETRAIN_STEPS) -> Weights:
    """Weights of a network trained on all pictures of a task, as a tuple.

    Examples
    --------
    >>> learned, fresh = pretrained("tops", 0, steps=2), network(3, 0).get_weights()
    >>> len(learned), any(np.array_equal(a, b) for a, b in zip(learned, fresh))
    (10, False)
    """
    loop, data = trainer(len(TASKS[name]), 0), task(name)
    loop.model.set_weights(network(len(TASKS[name]), seed).get_weights())
    loop.run(*(data.x_train, data.y_train), steps=steps, batch_size=BATCH_SIZE, seed=seed)
    return tuple(loop.model.get_weights())


def start(
    name: str,
    seed: int,
    source: str | None = None,
    n_reused: int = 4,
    steps: int = PRETRAIN_STEPS,
) -> list[np.ndarray]:
    """First weights for a new task: fresh ones, the lowest `n_reused` layers from `source`.

    The fresh ones of a seed are the same whatever is reused.

    Examples
    --------
    >>> fresh, reused = start("footwear", 0), start("footwear", 0, "tops", n_reused=2, steps=2)
    >>> [bool(np.array_equal(a, b)) for a, b in zip(fresh, reused)][::2]  # kernel by kernel
    [False, False, True, True, True]
    """
    fresh = network(len(TASKS[name]), 100 + seed).get_weights()
    if source is None:
        return fresh
    kept = 2 * n_reused  # a kernel and a bias a layer
    return [*pretrained(source, seed, steps)[:kept], *fresh[kept:]]


def accuracy(model: keras.Model, data: datasets.Split) -> np.float32:
    """Share of the test pictures classified correctly.

    Examples
    --------
    >>> footwear = task("footwear")
    >>> bool(accuracy(network(3, seed=0), footwear) < 0.6)  # untrained; chance is a third
    True
    """
    found = np.argmax(model(data.x_test, training=False), axis=-1)
    return np.float32((found == data.y_test).mean())


def train(
    data: datasets.Split,
    n_classes: int,
    weights: Sequence[np.ndarray],
    n_frozen: int,
    *,
    seed: int,
    steps: int,
    every: int,
) -> dict[str, np.ndarray]:
    """Train from `weights` with the first layers frozen; look at the test pictures now and then.

    Returns
    -------
    dict of str to ndarray
        ``accuracy`` and ``loss`` [look]: test accuracy after each `every` steps, and training loss
        over these steps; ``ms``: milliseconds a step, at its fastest.

    Examples
    --------
    >>> few, fresh = labelled("footwear", 30, seed=0), start("footwear", 0)
    >>> found = train(few, 3, fresh, n_frozen=4, seed=0, steps=4, every=2)
    >>> found["accuracy"].shape, found["loss"].shape  # looked at after 2 and after 4 steps
    ((2,), (2,))
    """
    loop = trainer(n_classes, n_frozen)
    loop.model.set_weights(weights)
    looks, seconds, last = [], [], time.perf_counter()

    def look(record):
        nonlocal last
        seconds.append(time.perf_counter() - last)
        looks.append((accuracy(loop.model, data), record.loss[-every:].mean()))
        last = time.perf_counter()

    size = min(BATCH_SIZE, len(data.x_train))
    loop.run(
        *(data.x_train, data.y_train),
        steps=steps,
        batch_size=size,
        seed=seed,
        chunk=every,
        on_chunk=look,
    )
    seen, loss = np.array(looks, "float32").T
    return {"accuracy": seen, "loss": loss, "ms": np.float32(1000 * min(seconds) / every)}
