"""Read and write the variables of a TensorFlow checkpoint, of version 1 or 2, as arrays."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from steadynet import _checks
from steadynet.checkpoints.errors import alike
from steadynet.checkpoints.opened import Checkpoint

__all__ = ["check_map", "list_variables", "read_variables", "rename", "write_variables"]

v1 = tf.compat.v1


def list_variables(
    prefix: str | os.PathLike[str], *, sha256: Mapping[str, str] | None = None
) -> dict[str, tuple[int, ...]]:
    """List what a checkpoint holds.

    Parameters
    ----------
    prefix : path
        Without ``.index`` or ``.data-…``. A file, or numbered files, of the old version 1 are read
        as well.
    sha256 : mapping of str to str, optional
        From the name of each file to its digest, as `digests` gives them; a file that differs is
        refused. By default only what ships with the package is compared, with its own.

    Returns
    -------
    dict of str to tuple of int
        Names and shapes, in alphabetical order.

    Raises
    ------
    CheckpointError
        If the index file is missing, damaged or of another kind, or a file has another digest.
    ValueError
        If `sha256` lacks a file.
    TypeError
        If `sha256` is no mapping.

    Examples
    --------
    >>> from steadynet.checkpoints import ORIGINAL
    >>> list_variables(ORIGINAL)["conv1/kernel"]
    (3, 3, 1, 8)
    """
    return Checkpoint(prefix, sha256).shapes


def read_variables(
    prefix: str | os.PathLike[str],
    names: Iterable[str] | None = None,
    *,
    sha256: Mapping[str, str] | None = None,
) -> dict[str, np.ndarray]:
    """Read variables of a checkpoint as arrays, each checked against the checksum kept with it.

    Parameters
    ----------
    prefix : path
        Without ``.index`` or ``.data-…``; also of version 1.
    names : iterable of str, optional
        Which variables; all by default.
    sha256 : mapping of str to str, optional
        Digests of all files, as for `list_variables`. The checksums inside find damage; digests
        from the publisher also tell one sound checkpoint from another.

    Returns
    -------
    dict of str to ndarray
        A variable that was saved in parts comes back whole.

    Raises
    ------
    CheckpointError
        If a file is missing, damaged, of another kind or of another digest, or lacks a variable.
    ValueError
        If `sha256` lacks a file.
    TypeError
        If `sha256` is no mapping.

    Examples
    --------
    >>> from steadynet.checkpoints import ORIGINAL
    >>> read_variables(ORIGINAL, ["bn1/moving_mean"])["bn1/moving_mean"].shape
    (8,)
    """
    checkpoint = Checkpoint(prefix, sha256)
    names = list(checkpoint.shapes) if names is None else names
    return {name: checkpoint.read(name) for name in names}


def write_variables(prefix: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as a checkpoint that TensorFlow 1 and 2 read.

    Parameters
    ----------
    prefix : path
        ``.index`` and ``.data-00000-of-00001`` are added; missing folders are made.
    arrays : mapping of str to array
        At least one, under names that are not empty.

    Raises
    ------
    ValueError
        If `arrays` is empty, or a name is or is no string, or an array holds neither numbers nor
        strings.
    TypeError
        If `arrays` is no mapping.

    Examples
    --------
    >>> import tempfile
    >>> prefix = Path(tempfile.mkdtemp()) / "small.ckpt"
    >>> write_variables(prefix, {"a": np.arange(3)})
    >>> read_variables(prefix)
    {'a': array([0, 1, 2])}
    """
    _checks.mapping("arrays", arrays, "names to arrays")
    _checks.require(len(arrays) > 0, "`arrays`", "a mapping with at least one array", arrays)
    for name in arrays:
        # Under the empty name a checkpoint keeps its header; TensorFlow ends the process.
        named = isinstance(name, str) and name != ""
        _checks.require(named, "names of `arrays`", "strings that are not empty", name)
    values = [_writable(name, array) for name, array in arrays.items()]
    Path(prefix).parent.mkdir(parents=True, exist_ok=True)
    # In a graph of its own: where another one is being built, nothing would be written.
    with tf.Graph().as_default(), v1.Session() as session:
        fed = [v1.placeholder(tf.as_dtype(value.dtype), value.shape) for value in values]
        save = tf.raw_ops.SaveV2(
            prefix=f"{prefix}",
            tensor_names=list(arrays),
            shape_and_slices=[""] * len(arrays),
            tensors=fed,
        )
        session.run(save, dict(zip(fed, values, strict=True)))


def check_map(name_map: Any, each: str) -> None:
    """Refuse what is no mapping from each layer or variable to its name in a file, or is empty.

    Examples
    --------
    >>> check_map({"conv": "first"}, "variable")
    """
    _checks.mapping("name_map", name_map, f"each {each} to its name in the file")
    if not name_map:
        raise ValueError(
            f"`name_map` must name at least one {each}, or be None for all. Received: {name_map}"
        )


def rename(names: Iterable[str], name_map: Mapping[str, str] | None) -> dict[str, str]:
    """From our names to theirs: all as they are, or those mapped; a scope stands for all in it.

    Examples
    --------
    >>> rename(["conv/kernel", "conv/bias", "top/kernel"], {"conv": "first"})
    {'conv/kernel': 'first/kernel', 'conv/bias': 'first/bias'}
    """
    names = list(names)
    if name_map is None:
        return {name: name for name in names}
    check_map(name_map, "variable")
    chosen: dict[str, str] = {}
    for ours, theirs in name_map.items():
        scope = [name for name in names if name.startswith(f"{ours}/")]
        found = [ours] if ours in names else scope
        if not found:
            raise ValueError(
                f"`name_map` must map from a name there is, or from what stands before its slash; "
                f"there are {alike(ours, names)}. Received: {ours!r}"
            )
        chosen |= {name: theirs + name[len(ours) :] for name in found}
    return chosen


def _writable(name, array):
    """An array of numbers or strings, or an error that names it."""
    try:
        value = np.asarray(array)
        tf.as_dtype(value.dtype)
    except (TypeError, ValueError):  # rows of unequal length, or a type that TensorFlow has not
        good = False
    else:
        good = value.dtype != object or all(isinstance(v, str | bytes) for v in value.ravel())
    what = f"`arrays[{name!r}]`"
    _checks.require(good, what, "numbers or strings, in rows of equal length", array)
    return value
