"""Numbers of one kind into weights of another: only where they stay what they are."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

__all__ = ["as_kind"]

# Up to which power of 2 every whole number is one of these.
_WHOLE_UP_TO = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


def as_kind(array: np.ndarray, dtype: str, *, convert: bool = False) -> np.ndarray:
    """Give an array the type of a weight, or say why that would lose something.

    Floating-point numbers are rounded to the weight's precision, if none becomes infinite by it.
    Everything else (whole numbers, booleans, complex numbers) needs `convert`, and that every
    number stays the same; an imaginary part is never dropped.

    Parameters
    ----------
    array : ndarray
        As it was read.
    dtype : str
        Of the weight.
    convert : bool
        Whether numbers of another kind are taken.

    Returns
    -------
    ndarray of `dtype`

    Raises
    ------
    ValueError
        Saying what does not fit, as the rest of a sentence that names the variable.

    Examples
    --------
    >>> as_kind(np.array([True, False]), "float32", convert=True)
    array([1., 0.], dtype=float32)
    >>> as_kind(np.array([1 + 2j]), "float32", convert=True)
    Traceback (most recent call last):
    ValueError: has an imaginary part, for which float32 has no place
    """
    wanted, kind = tf.as_dtype(dtype), _kind_of(array.dtype)
    if kind is None:
        raise ValueError(f"holds no numbers but {_name_of(array.dtype)}")
    if array.dtype == wanted.as_numpy_dtype:
        return array
    same = kind == _kind_of(dtype)
    if not same and not convert:
        raise ValueError(
            f"is of kind {array.dtype}, not {dtype}; give convert=True for numbers that can be "
            f"{dtype} and stay the same"
        )
    if kind == "complex" and _kind_of(dtype) != "complex":
        if np.any(array.imag != 0):
            raise ValueError(f"has an imaginary part, for which {dtype} has no place")
        array, kind = array.real, "floating"
    with np.errstate(over="ignore", invalid="ignore"):
        cast = array.astype(wanted.as_numpy_dtype)
    if not _holds(array, cast, kind, dtype):
        raise ValueError(f"has {array.dtype} numbers that {dtype} cannot hold")
    return cast


def _kind_of(dtype):
    """What kind of numbers, or None if they are none."""
    try:
        dtype = tf.as_dtype(dtype)
    except TypeError:
        return None
    kinds = ("floating", "integer", "bool", "complex")
    return next((kind for kind in kinds if getattr(dtype, f"is_{kind}")), None)


def _name_of(dtype):
    """What a type without numbers is called: bytes and objects are strings to TensorFlow."""
    return "strings" if dtype.kind in "OSU" else str(dtype)


def _holds(array, cast, kind, dtype):
    """Whether numbers came through: not infinite by it, and whole ones unchanged."""
    if _kind_of(dtype) in {"floating", "complex"}:
        if kind in {"integer", "bool"}:
            limit = 2 ** _WHOLE_UP_TO.get(dtype, 24)
            return bool(np.all((array <= limit) & (array >= -limit)))
        return bool(np.all(np.isfinite(cast) | ~np.isfinite(array)))
    return np.array_equal(cast, array)
