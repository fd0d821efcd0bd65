"""The small pictures that the experiments with deep networks share."""

from __future__ import annotations

import functools

import numpy as np

PIXELS, CLASSES = 14 * 14, 10


@functools.lru_cache(maxsize=2)
def small_pictures(part: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Fashion-MNIST averaged to 14 × 14, standardized, as rows of 196; and its labels.

    Parameters
    ----------
    part : {"train", "test"}
        10,000 or 3,000 pictures; both are standardized by the mean and deviation of the 10,000.

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
