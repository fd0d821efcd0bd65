"""Fashion-MNIST, small transfer tasks made from it, and the temporal-order problem.

Nothing here needs TensorFlow; only the full Fashion-MNIST, on request, comes through Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from steadynet._checks import is_whole, require
from steadynet.data.files import DataFileError, read_full, read_sample

__all__ = [
    "CLASS_NAMES",
    "CLOTHING_AND_BAGS",
    "FOOTWEAR",
    "DataFileError",
    "Split",
    "few_labels",
    "load_fashion_mnist",
    "split_by_class",
    "temporal_order",
]

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
FOOTWEAR = (5, 7, 9)
CLOTHING_AND_BAGS = (0, 1, 2, 3, 4, 6, 8)


class Split(NamedTuple):
    """Examples to train on and examples to test on.

    Attributes
    ----------
    x_train, x_test : ndarray, float32, shape (examples, 28, 28)
        Pictures, 0 (background) to 1.
    y_train, y_test : ndarray, int32, shape (examples,)
        Class numbers from 0.

    Examples
    --------
    >>> data = load_fashion_mnist()
    >>> data._replace(x_train=data.x_train[:5], y_train=data.y_train[:5]).x_train.shape
    (5, 28, 28)
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def load_fashion_mnist(full: bool = False) -> Split:
    """Load pictures of ten kinds of clothing, footwear and bags (`CLASS_NAMES`).

    Parameters
    ----------
    full : bool
        False: the bundled sample, 1,000 training and 300 test pictures of each class, offline.
        True: all 60,000 and 10,000, through Keras, which downloads them once (31 MB).

    Returns
    -------
    Split
        New arrays at every call, yours to change; the checked file is read once.

    Raises
    ------
    DataFileError
        If a file is missing, cut short or altered, or cannot be downloaded.

    References
    ----------
    Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST: a novel image dataset for benchmarking machine
    learning algorithms".

    Examples
    --------
    >>> data = load_fashion_mnist()
    >>> data.x_train.shape, data.x_test.shape
    ((10000, 28, 28), (3000, 28, 28))
    >>> CLASS_NAMES[data.y_train[0]]
    'Ankle boot'
    """
    raw = read_full() if full else read_sample()
    return Split(
        *(
            raw[name].astype("float32") / np.float32(255)
            if name.startswith("x")
            else raw[name].astype("int32")
            for name in Split._fields
        )
    )


def split_by_class(data: Split, classes: Sequence[int]) -> Split:
    """Keep some classes only, numbered anew from 0 in the order given.

    Parameters
    ----------
    data : Split
        With class numbers as labels.
    classes : sequence of int
        Distinct class numbers that occur in `data`, such as `FOOTWEAR`.

    Returns
    -------
    Split
        The pictures of these classes in their old order; ``classes[label]`` is the old number.

    Raises
    ------
    ValueError
        If `classes` is empty, repeats a class or names one with nothing to train or test on.

    Examples
    --------
    >>> shoes = split_by_class(load_fashion_mnist(), FOOTWEAR)
    >>> [CLASS_NAMES[FOOTWEAR[label]] for label in shoes.y_train[:3]]
    ['Ankle boot', 'Sneaker', 'Sandal']
    """
    present = np.intersect1d(data.y_train, data.y_test)
    wanted = np.asarray(classes)
    distinct = wanted.ndim == 1 and wanted.size > 0 and len(set(classes)) == wanted.size
    require(distinct, "`classes`", "distinct class numbers", classes)
    there = bool(np.isin(wanted, present).all())
    require(there, "`classes`", f"among {present.tolist()}", classes)

    def part(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kept = np.isin(y, wanted)
        order = np.argsort(wanted)
        return x[kept], order[np.searchsorted(wanted[order], y[kept])].astype("int32")

    return Split(*part(data.x_train, data.y_train), *part(data.x_test, data.y_test))


def few_labels(data: Split, per_class: int, seed: int) -> Split:
    """Keep a few labelled training pictures of every class, and all test pictures.

    With the same seed a smaller draw is part of a larger one, so that a curve over the number of
    labels differs in nothing else.

    Parameters
    ----------
    data : Split
        What to draw from.
    per_class : int
        Training pictures of each class, 1 to as many as the rarest class has.
    seed : int
        Same seed, same draw.

    Returns
    -------
    Split
        ``per_class`` training pictures a class, one of each in turn.

    Raises
    ------
    ValueError
        If `per_class` is not such a number.

    Examples
    --------
    >>> shoes = split_by_class(load_fashion_mnist(), FOOTWEAR)
    >>> few_labels(shoes, per_class=2, seed=0).y_train.tolist()
    [0, 1, 2, 0, 1, 2]
    """
    labels, counts = np.unique(data.y_train, return_counts=True)
    accepted = f"a whole number from 1 to {counts.min()}, the pictures of the rarest class"
    fits = is_whole(per_class) and 1 <= per_class <= counts.min()
    require(fits, "`per_class`", accepted, per_class)
    rng = np.random.default_rng(seed)
    # Whole shuffles, then their beginnings: a larger draw starts with the smaller one.
    each = [rng.permutation(np.flatnonzero(data.y_train == label))[:per_class] for label in labels]
    chosen = np.stack(each, axis=1).ravel()
    return data._replace(x_train=data.x_train[chosen], y_train=data.y_train[chosen])


def temporal_order(n: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw sequences whose class is the order of two symbols far apart.

    Of T symbols two are relevant, A (0) or B (1), the first at a position uniform in [T/10, 2T/10],
    the second in [4T/10, 5T/10], counted from 0. All others are distractors (2 to 5). The class is
    ``2 first + second``: AA, AB, BA, BB. The gap to bridge is half the sequence, so length sets
    the difficulty.

    Parameters
    ----------
    n : int
        Number of sequences.
    length : int
        Symbols in each, T, at least 10.
    seed : int
        Same seed, same sequences.

    Returns
    -------
    symbols : ndarray, int32, shape (n, length)
        0 to 5.
    labels : ndarray, int32, shape (n,)
        0 to 3.

    Raises
    ------
    ValueError
        If `n` is not a positive whole number or `length` not a whole number from 10.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory", experiment 6a.
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks",
    section 4.1.

    Examples
    --------
    >>> symbols, labels = temporal_order(n=4, length=20, seed=0)
    >>> relevant = [row[row < 2].tolist() for row in symbols]
    >>> all(label == 2 * a + b for (a, b), label in zip(relevant, labels))
    True
    """
    for name, value, least in (("n", n, 1), ("length", length, 10)):
        good = is_whole(value) and value >= least
        require(good, f"`{name}`", f"a whole number from {least}", value)
    rng = np.random.default_rng(seed)
    symbols = rng.integers(2, 6, size=(n, length), dtype="int32")
    relevant = rng.integers(0, 2, size=(n, 2), dtype="int32")
    for i, tenths in enumerate((1, 4)):
        # -(-a // b) rounds up: the whole positions inside [tenths T/10, (tenths + 1) T/10].
        first, last = -(-tenths * length // 10), (tenths + 1) * length // 10
        symbols[np.arange(n), rng.integers(first, last + 1, size=n)] = relevant[:, i]
    return symbols, 2 * relevant[:, 0] + relevant[:, 1]
