"""Tensors of one PyTorch module, on their way into one Keras layer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from steadynet.checkpoints.errors import CheckpointError, absent
from steadynet.checkpoints.fitting import as_kind

__all__ = ["Module"]


class Module:
    """What a module holds; `place` and `spare` take note of what is used.

    Attributes
    ----------
    name : str
        Of the module; a tensor is called ``name.part``.
    pairs : list of (keras.Variable, ndarray)
        What is to be assigned once everything fits.
    used : set of str
        Tensors that have found a place or need none.
    """

    def __init__(
        self, name: str, tensors: Mapping[str, np.ndarray], source: Any, *, convert: bool
    ) -> None:
        self.name, self._tensors, self._source, self._convert = name, tensors, source, convert
        self.pairs: list[tuple[keras.Variable, np.ndarray]] = []
        self.used: set[str] = set()

    def get(self, part: str) -> np.ndarray | None:
        """A tensor as an array, or None."""
        name = f"{self.name}.{part}"
        if name not in self._tensors:
            return None
        self.used.add(name)
        return np.asarray(self._tensors[name])

    def take(self, part: str) -> np.ndarray:
        """A tensor as an array, or an error that names it."""
        value = self.get(part)
        if value is None:
            raise absent(self._source, f"{self.name}.{part}", self._tensors)
        return value

    def place(
        self,
        weight: keras.Variable,
        part: str,
        turn: Callable[[np.ndarray], np.ndarray] = lambda value: value,
        *,
        absent: float | None = None,
    ) -> None:
        """Put a tensor, turned, into a weight; a constant where it may be absent."""
        value = self.get(part) if absent is not None else self.take(part)
        if value is None:
            self.pairs.append((weight, np.full(weight.shape, absent, weight.dtype)))
            return
        try:
            turned = turn(value)
        except (ValueError, IndexError):  # of another rank or length
            turned = None
        if turned is None or turned.shape != tuple(weight.shape):
            ours = f"{weight.path} has {tuple(weight.shape)} in Keras's order of axes"
            raise self._error(f"has shape {value.shape}, {ours}", part)
        self.pairs.append((weight, self._fitting(turned, weight, part)))

    def place_both(
        self,
        weight: keras.Variable,
        parts: list[str],
        join: Callable[[np.ndarray, np.ndarray], np.ndarray],
        shape: tuple[int, ...],
    ) -> None:
        """Join two tensors of equal shape into one weight; one that is absent is zero."""
        values = []
        for part in parts:
            value = self.get(part)
            value = np.zeros(shape, weight.dtype) if value is None else value
            if value.shape != shape:
                raise self._error(f"has shape {value.shape}, {weight.path} needs {shape}", part)
            values.append(self._fitting(value, weight, part))
        self.pairs.append((weight, join(*values)))

    def level(self) -> tuple[str, bool]:
        """Which layer of a recurrent stack the name means, and whether it is named alone.

        ``rnn`` means the only layer of the module ``rnn``, ``rnn.l1`` its second one.
        """
        stem, _, last = self.name.rpartition(".")
        inside = any(name.startswith(f"{self.name}.weight_ih_l") for name in self._tensors)
        if inside or not stem or not re.fullmatch(r"l\d+", last):
            return "_l0", True
        self.name = stem
        return f"_{last}", False

    def spare(self, layer: keras.Layer, part: str, neutral: float) -> None:
        """Pass over a tensor for which a layer has no weight, if it changes nothing."""
        value = self.get(part)
        if value is not None and np.any(value != neutral):
            raise self.no_place(part, layer)

    def refuse_rest(self, layer: keras.Layer, endings: tuple[str, ...] = ("",)) -> None:
        """Refuse tensors of the module that have found no place in a layer."""
        for name in self._tensors:
            module, _, part = name.rpartition(".")
            if module == self.name and name not in self.used and part.endswith(endings):
                raise self.no_place(part, layer)

    def no_place(self, part: str, layer: keras.Layer) -> CheckpointError:
        """Say that a tensor has no place."""
        problem = f"has no place in layer {layer.name!r}"
        if part.startswith("bias"):
            problem += ": build it with use_bias=True"
        if re.search(r"_l[1-9]\d*(_reverse)?$", part):
            problem += f": give each layer of the stack its own, {self.name + '.l0'!r} and so on"
        return self._error(problem, part)

    def _fitting(self, value, weight, part):
        """Numbers of a kind that a weight takes."""
        try:
            return as_kind(value, weight.dtype, convert=self._convert)
        except ValueError as error:
            raise self._error(f"{error}", part) from error

    def _error(self, problem: str, part: str) -> CheckpointError:
        return CheckpointError(self._source, problem, f"{self.name}.{part}")
