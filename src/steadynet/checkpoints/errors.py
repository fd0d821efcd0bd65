"""What is raised where a file does not hold what it should, in words that stay short."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["CheckpointError", "absent", "alike"]


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

    def __init__(
        self, path: str | os.PathLike[str], problem: str, variable: str | None = None
    ) -> None:
        at = f"{path}" if variable is None else f"{path}, variable {variable!r}:"
        super().__init__(f"Checkpoint {at} {problem}.")
        self.path, self.variable = Path(path), variable


def absent(path: str | os.PathLike[str], name: str, held: Iterable[str]) -> CheckpointError:
    """Say that a variable is not in a file, and which of those in it are called nearly so.

    Examples
    --------
    >>> print(absent("a.ckpt", "conv1/kernal", ["conv1/kernel"]))
    Checkpoint a.ckpt, variable 'conv1/kernal': is not in it; it holds ['conv1/kernel'].
    """
    return CheckpointError(path, f"is not in it; it holds {alike(name, held)}", name)


def alike(name: str, held: Iterable[str], most: int = 5) -> str:
    """List names; of more than `most` the three nearest to one that is not among them.

    Examples
    --------
    >>> alike("layer_12/kernal", [f"layer_{i}/kernel" for i in range(5000)])
    "5,000 names, the nearest are ['layer_12/kernel', 'layer_912/kernel', 'layer_812/kernel']"
    """
    names = sorted(held)
    if len(names) <= most:
        return f"{names}"
    nearest = difflib.get_close_matches(name, names, n=3, cutoff=0)
    return f"{len(names):,} names, the nearest are {nearest}"
