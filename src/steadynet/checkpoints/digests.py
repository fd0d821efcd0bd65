"""SHA-256 of files, to compare with what their publisher says before anything is read."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from steadynet import _checks
from steadynet.checkpoints.errors import CheckpointError, alike

__all__ = ["check_bytes", "check_files", "digests"]

_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


def digests(path: str | os.PathLike[str]) -> dict[str, str]:
    """Digest every file of a checkpoint, or one file of weights, as ``sha256sum`` does.

    Publish them beside the files; the readers take them as `sha256`.

    Parameters
    ----------
    path : path
        A checkpoint without ``.index`` or ``.data-…`` (its ``.meta`` is digested too, where there
        is one), or a file.

    Returns
    -------
    dict of str to str
        From the name of each file, without its folder, to 64 hexadecimal digits.

    Raises
    ------
    CheckpointError
        If no such file is there.

    Examples
    --------
    >>> from steadynet.checkpoints import ORIGINAL
    >>> digests(ORIGINAL)["my_original_model.ckpt.index"][:8]
    '3009af52'
    """
    path = Path(path)
    endings = r"(\.index|\.meta|(\.data)?-\d{5}-of-\d{5})?"
    ours = re.compile(re.escape(path.name) + endings)
    there = path.parent.iterdir() if path.parent.is_dir() else ()
    files = sorted(file for file in there if ours.fullmatch(file.name) and file.is_file())
    if not files:
        raise CheckpointError(path, "is missing, and so is every file that begins like it")
    return {file.name: _digest_file(file) for file in files}


def check_files(files: Iterable[Path], sha256: Mapping[str, str] | None) -> None:
    """Refuse files that have another digest than the one given for their name, or none given."""
    if sha256 is None:
        return
    _checks.mapping("sha256", sha256, "each file's name to its digest, as `digests` gives them")
    for file in files:
        if file.name not in sha256:
            raise ValueError(
                f"`sha256` must have a digest of {file.name}. Received: {alike(file.name, sha256)}"
            )
        _compare(file, _digest_file(file), sha256[file.name])


def check_bytes(path: Path, data: bytes, sha256: str | None) -> None:
    """Refuse the content of a file that has another digest."""
    if sha256 is not None:
        _compare(path, hashlib.sha256(data).hexdigest(), sha256)


def _compare(path, found, expected):
    """Refuse what is no digest, and a digest that differs."""
    good = isinstance(expected, str) and bool(_DIGEST.fullmatch(expected))
    _checks.require(good, "`sha256`", "of 64 hexadecimal digits", expected)
    if found != expected.lower():
        raise CheckpointError(
            path, f"is altered or cut short: its SHA-256 is {found}, not {expected.lower()}"
        )


def _digest_file(path):
    """Digest a file piece by piece, however large."""
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                found.update(piece)
    except FileNotFoundError as error:
        raise CheckpointError(path, "is missing") from error
    except OSError as error:
        raise CheckpointError(path, f"cannot be read: {error.strerror}") from error
    return found.hexdigest()
