"""What training refuses before it starts, in words that say what would be accepted."""

from __future__ import annotations

import math
import numbers

import numpy as np

from steadynet import clipping

CLIP_METHODS = (*clipping.METHODS, "adaptive")
_SMALLEST, _LARGEST = (float(x) for x in (np.finfo("float32").tiny, np.finfo("float32").max))


def check(model, clip):
    """Refuse a model that is not built, and ways of clipping that do not exist."""
    if not getattr(model, "built", False):
        raise ValueError(
            f"`model` must be built: give it an Input or call it once. Received: {model}"
        )
    if clip is not None and not callable(clip) and clip not in CLIP_METHODS:
        raise ValueError(
            f"`clip` must be one of {CLIP_METHODS}, callable or None. Received: {clip!r}"
        )


def refuse_own_clipping(optimizer):
    """Two clippings in a row would be hard to see in a record."""
    for name in ("clipvalue", "clipnorm", "global_clipnorm"):
        if getattr(optimizer, name, None) is not None:
            raise ValueError(
                f"`optimizer` must not clip by itself; give `clip` instead. "
                f"Received: {name}={getattr(optimizer, name)}"
            )


def same_length(x, y):
    """As many targets as examples."""
    if len(x) != len(y):
        raise ValueError(
            f"`x` and `y` must have equal lengths. Received: {len(x)} examples, {len(y)} targets"
        )


def count(name, value, least=1):
    """A whole number of at least `least` as an int, or a clear error."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {value!r}")
    return int(value)


def positive(name, value, *, allow_inf=False):
    """A number that is positive in float32 too, or a clear error; beyond float32 is infinite."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    largest = math.inf if allow_inf else _LARGEST
    if not number or not _SMALLEST <= float(value) <= largest:
        accepted = "positive" if allow_inf else "positive and finite"
        raise ValueError(f"`{name}` must be {accepted}. Received: {value!r}")
    return value


def as_limit(clip, threshold):
    """The threshold as float32; infinity becomes the largest finite number, which clips nothing."""
    if clip is None and threshold is not None:
        raise ValueError(f"`threshold` needs `clip` to be set. Received: {threshold!r}")
    if threshold is None and clip is not None and not callable(clip):
        raise ValueError(f"`threshold` must be given with clip={clip!r}. Received: None")
    if threshold is None:
        return np.float32(0)
    value = positive("threshold", threshold, allow_inf=True)
    return np.float32(min(value, _LARGEST))
