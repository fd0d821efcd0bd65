"""A checkpoint of either version, opened: what it holds, its arrays, and which file is to blame."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from steadynet.checkpoints.digests import check_files
from steadynet.checkpoints.errors import CheckpointError, absent
from steadynet.checkpoints.shards import data_file, pieces_of, shard_count
from steadynet.checkpoints.shipped import ORIGINAL, ORIGINAL_SHA256

__all__ = ["Checkpoint"]

v1 = tf.compat.v1

# What TensorFlow's reader raises on a damaged file depends on where the damage lies.
_ERRORS = (tf.errors.OpError, IndexError, RuntimeError, ValueError)
_ENDING = re.compile(r"\.(index|meta|data-\d{5}-of-\d{5})$")
_SHARDS = "-?????-of-?????"


class Checkpoint:
    """What a checkpoint holds, and its arrays, each checked against the checksum kept with it.

    Attributes
    ----------
    path : str
        What TensorFlow opens: a prefix, or for version 1 a file or a pattern of files.
    shapes : dict of str to tuple of int
    dtypes : dict of str to tf.DType
    """

    def __init__(
        self,
        prefix: str | os.PathLike[str],
        sha256: Mapping[str, str] | None = None,
        *,
        also: Iterable[Path] = (),
    ) -> None:
        self.prefix = prefix
        self.index = Path(f"{prefix}.index")
        self.old = [] if self.index.is_file() else _old_files(prefix)
        if not self.index.is_file() and not self.old:
            raise CheckpointError(self.index, "is missing; give the path without its last ending")
        self.path = f"{prefix}"
        if self.old and self.old != [Path(prefix)] and "?" not in self.path:
            self.path += _SHARDS
        if sha256 is None and Path(prefix).resolve() == ORIGINAL.resolve():
            sha256 = ORIGINAL_SHA256
        check_files([*also, *(self.old or [self.index])], sha256)
        self._reader = self._open()
        check_files(() if sha256 is None else self._data_files(), sha256)
        shapes = self._reader.get_variable_to_shape_map()
        self.shapes = {name: tuple(shapes[name]) for name in sorted(shapes)}
        self.dtypes = self._reader.get_variable_to_dtype_map()

    def read(self, name: str) -> np.ndarray:
        """Read one variable, or raise an error that names it and the file to blame."""
        if name not in self.shapes:
            raise absent(self.prefix, name, self.shapes)
        try:
            if self.old:
                return _restore_old(self.path, name, self.dtypes[name])
            return np.asarray(self._reader.get_tensor(name))
        except _ERRORS as error:
            path = self._damaged_file(name, f"{error}")
            missing = "is missing" if not path.is_file() else None
            problem = missing or f"is damaged or cut short: {error}"
            raise CheckpointError(path, problem, name) from error

    def _open(self):
        """TensorFlow's reader of files that are there and sound."""
        try:
            return tf.train.load_checkpoint(self.path)
        except _ERRORS as error:
            named = [file for file in self.old if f"{file}:" in f"{error}"]
            path = (named or self.old or [self.index])[0]
            raise CheckpointError(path, f"is damaged or no checkpoint: {error}") from error

    def _data_files(self):
        """Files that the index names; version 1 has none."""
        n_shards = 0 if self.old else shard_count(self.index)
        return [data_file(f"{self.prefix}", i, n_shards) for i in range(n_shards)]

    def _damaged_file(self, name, text):
        """Which file could not give a variable."""
        if self.old:
            return next((file for file in self.old if self._breaks(file, name)), self.old[0])
        n_shards = shard_count(self.index)
        pieces = pieces_of(self.index, name)
        for piece in pieces:
            path = data_file(f"{self.prefix}", piece.shard, n_shards)
            if not path.is_file() or path.stat().st_size < piece.end:
                return path
        said = re.search(r" shard (\d+) ", text)  # a checksum that differs
        shard = int(said[1]) if said else pieces[0].shard
        return data_file(f"{self.prefix}", shard, n_shards)

    def _breaks(self, file, name):
        """Whether a file of version 1 fails on a variable otherwise than by not having it."""
        try:
            _restore_old(f"{file}", name, self.dtypes[name])
        except tf.errors.NotFoundError:
            return False
        except _ERRORS:
            return True
        return False


def _old_files(prefix):
    """Files of a version 1 checkpoint: one without an ending, or numbered ones."""
    path = Path(prefix)
    if path.is_file():
        # One of the files of version 2 is a table as well, but not what it takes to read one.
        return [] if _ENDING.search(path.name) else [path]
    pattern = path.name if "?" in path.name else path.name.replace("[", "[[]") + _SHARDS
    found = sorted(path.parent.glob(pattern))
    if found:
        stem, _, last = found[0].name.rpartition("-of-")
        for i in range(int(last)):
            file = path.parent / f"{stem[:-5]}{i:05d}-of-{last}"
            if file not in found:
                raise CheckpointError(file, "is missing")
    return found


def _restore_old(path: str, name: str, dtype: tf.DType) -> np.ndarray:
    """A variable of a version 1 checkpoint, put together if it was partitioned."""
    # In a graph of its own, for it may be called where another graph is being built.
    with tf.Graph().as_default(), v1.Session() as session:
        (value,) = tf.raw_ops.RestoreV2(
            prefix=path, tensor_names=[name], shape_and_slices=[""], dtypes=[dtype]
        )
        return np.asarray(session.run(value))
