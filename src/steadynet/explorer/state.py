"""A demo as data for the view: small, precise enough for its table, and the same everywhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from steadynet.explorer.demo import Demo

MISSING = 65535  # the code of NaN
LARGEST = 65534  # the code of `hi`
FINEST = 2000  # codes wanted over the part of the axis that is seen at once


def pack(array: Any, log: bool = False, span: tuple[float, float] | None = None) -> dict[str, Any]:
    """Store an array in 16 bits a number where that is precise enough, else in 32.

    Code ``q`` of ``"u16"`` stands for ``lo + (hi - lo) q / 65534``, or with `log` for
    ``lo (hi / lo)^(q / 65534)``; 65535 is NaN. Where the array holds an infinity, something not
    positive on a log axis, or a range so wide that `span` would get fewer than 2000 codes, the
    numbers are float32.

    Parameters
    ----------
    array : array_like
    log : bool
        Whether it is drawn on a log axis.
    span : (float, float), optional
        Part of the range that is seen at once. Only its length matters.

    Returns
    -------
    dict
        ``shape``, ``type`` ("u16" or "f32"), ``lo``, ``hi``, ``log``, and ``data`` as bytes
        (little-endian, C order).
    """
    values = np.asarray(array, dtype=float)
    there = values[~np.isnan(values)]
    lo, hi = (float(there.min()), float(there.max())) if there.size else (0.0, 0.0)
    crosses, log = log and lo <= 0, log and lo > 0
    wide = span is not None and not log and (hi - lo) > (span[1] - span[0]) * LARGEST / FINEST
    plain = bool(np.all(np.isfinite(there))) and not wide and not crosses
    head = {"shape": list(values.shape), "log": log and plain}
    if not plain:
        return {
            **head,
            "type": "f32",
            "lo": 0.0,
            "hi": 0.0,
            "data": _bytes(values, "<f4"),
        }
    scale = np.log if log else np.asarray
    width = float(scale(hi) - scale(lo)) or 1.0
    with np.errstate(invalid="ignore"):
        share = (scale(values) - scale(lo)) / width
    codes = np.where(np.isnan(values), MISSING, np.rint(np.nan_to_num(share) * LARGEST))
    return {**head, "type": "u16", "lo": lo, "hi": hi, "data": _bytes(codes, "<u2")}


def state_of(demo: Demo) -> dict[str, Any]:
    """What the view needs of `demo`, arrays packed as bytes."""
    uses: dict[str, dict[str, Any]] = {}
    for panel in demo.panels:
        uses |= panel.uses()
    arrays = {name: pack(demo.arrays[name], **how) for name, how in uses.items()}
    return {**demo.describe(), "arrays": arrays, "live": demo.train is not None}


def as_text(state: Mapping[str, Any]) -> dict[str, Any]:
    """The same state with its bytes in base64, for JSON; `live` is off, as no kernel is there."""
    arrays = {
        name: {**array, "data": base64.b64encode(array["data"]).decode("ascii")}
        for name, array in state["arrays"].items()
    }
    return {**state, "arrays": arrays, "live": False}


def _bytes(values: np.ndarray, kind: str) -> bytes:
    """The numbers as bytes; float32 overflow becomes inf."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values.astype(kind)).tobytes()
