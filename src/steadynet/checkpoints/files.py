"""Read and write the variables of a TensorFlow checkpoint, of version 1 or 2, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

__all__ = ["CheckpointError", "list_variables", "read_variables", "write_variables"]


# What TensorFlow's reader raises on a damaged file depends on where the damage lies.
_ERRORS = (tf.errors.OpError, IndexError, RuntimeError, ValueError)


class CheckpointError(ValueError):
    """A checkpoint is missing, damaged, incomplete or of another kind; the text says which.

    Parameters
    ----------
    path : path
        The file, kept as attribute `path`.
    problem : str
        What is wrong with it, as the rest of a sentence.
    variable : str, optional
        The variable concerned, kept as attribute `variable`.

    Examples
    --------
    >>> print(CheckpointError("model.ckpt", "lacks it", "conv1/kernel"))
    Checkpoint model.ckpt, variable 'conv1/kernel': lacks it.
    """

    def __init__(self, path, problem, variable=None):
        at = f"{path}" if variable is None else f"{path}, variable {variable!r}:"
        super().__init__(f"Checkpoint {at} {problem}.")
        self.path, self.variable = Path(path), variable


def list_variables(prefix) -> dict[str, tuple[int, ...]]:
    """List what a checkpoint holds.

    Parameters
    ----------
    prefix : path
        Without ``.index`` or ``.data-…``.

    Returns
    -------
    dict of str to tuple of int
        Names and shapes, in alphabetical order.

    Raises
    ------
    CheckpointError
        If the index file is missing, damaged or of another kind.

    Examples
    --------
    >>> from steadynet.checkpoints import ORIGINAL
    >>> list_variables(ORIGINAL)["conv1/kernel"]
    (3, 3, 1, 8)
    """
    shapes = _reader(prefix).get_variable_to_shape_map()
    return {name: tuple(shapes[name]) for name in sorted(shapes)}


def read_variables(prefix, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """Read variables of a checkpoint as arrays, each checked against the checksum kept with it.

    Parameters
    ----------
    prefix : path
        Without ``.index`` or ``.data-…``.
    names : iterable of str, optional
        Which variables; all by default.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    CheckpointError
        If a file is missing, damaged or of another kind, or lacks a variable.

    Examples
    --------
    >>> from steadynet.checkpoints import ORIGINAL
    >>> read_variables(ORIGINAL, ["bn1/moving_mean"])["bn1/moving_mean"].shape
    (8,)
    """
    reader = _reader(prefix)
    held = reader.get_variable_to_shape_map()
    names = sorted(held) if names is None else list(names)
    for name in names:
        if name not in held:
            raise CheckpointError(prefix, f"is not in it; it holds {sorted(held)}", name)
    return {name: _read(reader, prefix, name) for name in names}


def write_variables(prefix, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as a checkpoint that TensorFlow 1 and 2 read.

    Parameters
    ----------
    prefix : path
        ``.index`` and ``.data-00000-of-00001`` are added; missing folders are made.
    arrays : mapping of str to array
        At least one.

    Raises
    ------
    ValueError
        If `arrays` is empty.

    Examples
    --------
    >>> import tempfile
    >>> prefix = Path(tempfile.mkdtemp()) / "small.ckpt"
    >>> write_variables(prefix, {"a": np.arange(3)})
    >>> read_variables(prefix)
    {'a': array([0, 1, 2])}
    """
    if not arrays:
        raise ValueError(f"`arrays` must hold at least one array. Received: {arrays!r}")
    Path(prefix).parent.mkdir(parents=True, exist_ok=True)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(arrays),
        shape_and_slices=[""] * len(arrays),
        tensors=[tf.constant(array) for array in arrays.values()],
    )


def rename(names: Iterable[str], name_map: Mapping[str, str] | None) -> dict[str, str]:
    """From our names to theirs: all as they are, or those mapped; a scope stands for all in it."""
    names = list(names)
    if name_map is None:
        return {name: name for name in names}
    chosen: dict[str, str] = {}
    for ours, theirs in name_map.items():
        scope = [name for name in names if name.startswith(f"{ours}/")]
        found = [ours] if ours in names else scope
        if not found:
            raise ValueError(
                f"`name_map` must map from {sorted(names)}, or from what stands before a slash. "
                f"Received: {ours!r}"
            )
        chosen |= {name: theirs + name[len(ours) :] for name in found}
    return chosen


def _reader(prefix):
    """TensorFlow's reader of an index file that is there and sound."""
    index = Path(f"{prefix}.index")
    if not index.is_file():
        raise CheckpointError(index, "is missing; give the path without its last ending")
    try:
        return tf.train.load_checkpoint(str(prefix))
    except _ERRORS as error:
        raise CheckpointError(index, f"is damaged or no checkpoint: {error}") from error


def _read(reader, prefix, name):
    """One variable, or an error that names it."""
    try:
        return np.asarray(reader.get_tensor(name))
    except _ERRORS as error:
        data = next(iter(sorted(Path(prefix).parent.glob(f"{Path(prefix).name}.data-*"))), None)
        if data is None:
            raise CheckpointError(f"{prefix}.data-00000-of-00001", "is missing", name) from error
        raise CheckpointError(data, f"is damaged or cut short: {error}", name) from error
