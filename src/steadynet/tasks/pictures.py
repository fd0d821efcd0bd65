"""The small pictures that the experiments with deep networks share."""

from __future__ import annotations

import functools

import numpy as np

PIXELS, CLASSES = 14 * 14, 10
HELD_OUT = 200  # of the 1,000 bundled training pictures of each class: the validation split


def fitted_and_held_out(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the training pictures that are trained on, and of the validation split.

    Parameters
    ----------
    y : ndarray, int, shape (n,)
        Labels; of each class as many.

    Returns
    -------
    fitted, held_out : ndarray, int
        In the order of the classes; held out are the last `HELD_OUT` of each.

    Examples
    --------
    >>> fitted, held_out = fitted_and_held_out(np.arange(10_000) % CLASSES)
    >>> len(fitted), len(held_out), np.intersect1d(fitted, held_out).size
    (8000, 2000, 0)
    """
    by_class = np.argsort(y, kind="stable").reshape(CLASSES, -1)
    return by_class[:, :-HELD_OUT].ravel(), by_class[:, -HELD_OUT:].ravel()


@functools.lru_cache(maxsize=4)
def small_pictures(part: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Fashion-MNIST averaged to 14 × 14, standardized, as rows of 196; and its labels.

    Parameters
    ----------
    part : {"train", "test", "fitted", "validation"}
        10,000 or 3,000 pictures, or the 8,000 and 2,000 into which the first are split where
        something is chosen; all are standardized by the mean and deviation of the 10,000.

    Returns
    -------
    x : ndarray, float32, shape (n, 196)
    y : ndarray, int32, shape (n,)

    Examples
    --------
    >>> x, y = small_pictures("test")
    >>> x.shape, y.shape, bool(abs(x.mean()) < 0.02)
    ((3000, 196), (3000,), True)
    """
    from steadynet import datasets

    if part in ("fitted", "validation"):
        x, y = small_pictures("train")
        places = fitted_and_held_out(y)[part == "validation"]
        return x[places], y[places]
    data = datasets.load_fashion_mnist()
    mean, deviation = standard()
    return (_averaged(getattr(data, f"x_{part}")) - mean) / deviation, getattr(data, f"y_{part}")


@functools.lru_cache(maxsize=1)
def standard() -> tuple[np.float32, np.float32]:
    """Mean and standard deviation of the 10,000 small pictures, by which all are standardized.

    Examples
    --------
    >>> mean, deviation = standard()
    >>> round(float(mean), 2), round(float(deviation), 2)  # of pixels from 0 to 1
    (0.29, 0.33)
    """
    from steadynet import datasets

    seen = _averaged(datasets.load_fashion_mnist().x_train)
    return seen.mean(), seen.std()


def _averaged(pictures):
    """Means of 2 × 2 pixels, one row a picture."""
    return pictures.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, PIXELS)
