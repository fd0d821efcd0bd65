"""Read the data files, and refuse the ones that are not what they should be."""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["ORIGINALS", "SAMPLE_FILE", "DataFileError", "digest", "read_full", "read_sample"]

SAMPLE_FILE = Path(__file__).parent / "fashion_mnist_sample.npz"

# Keras downloads these four without checking them. The checksums are of the arrays they hold.
ORIGINALS = {
    "x_train": (
        "train-images-idx3-ubyte.gz",
        "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    ),
    "y_train": (
        "train-labels-idx1-ubyte.gz",
        "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    ),
    "x_test": (
        "t10k-images-idx3-ubyte.gz",
        "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    ),
    "y_test": (
        "t10k-labels-idx1-ubyte.gz",
        "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    ),
}


class DataFileError(ValueError):
    """A data file is missing, cut short or altered; the text names it and says which.

    Parameters
    ----------
    path : path
        The file, kept as attribute `path`.
    problem : str
        What is wrong with it, as the rest of a sentence.

    Examples
    --------
    >>> print(DataFileError("sample.npz", "is missing"))
    Data file sample.npz is missing.
    """

    def __init__(self, path: str | Path, problem: str) -> None:
        super().__init__(f"Data file {path} {problem}.")
        self.path = Path(path)


def digest(data: Any) -> str:
    """SHA256 of bytes, or of what a contiguous array holds, in hexadecimal.

    Examples
    --------
    >>> digest(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def read_sample(path: str | Path | None = None) -> dict[str, np.ndarray]:
    """Read the bundled sample, checked once.

    Parameters
    ----------
    path : path, optional
        Another file of the same form; its checksum stands beside it, with ``.sha256`` added.

    Returns
    -------
    dict of str to ndarray, uint8
        ``x_train``, ``y_train``, ``x_test``, ``y_test``. Shared: copy before changing.

    Raises
    ------
    DataFileError
        If the file or the checksum beside it is missing, cut short or altered.

    Examples
    --------
    >>> read_sample()["x_train"].shape
    (10000, 28, 28)
    """
    path = Path(path or SAMPLE_FILE)
    return _read_checked(path, _stamp(path))


@functools.lru_cache(maxsize=1)
def read_full() -> dict[str, np.ndarray]:
    """Read all of Fashion-MNIST through Keras, which downloads it once, and check each array.

    Returns
    -------
    dict of str to ndarray, uint8
        As `read_sample`, with 60,000 and 10,000 pictures.

    Raises
    ------
    DataFileError
        If Keras cannot load the files, or one is altered.
    """
    import keras  # not at the top: it takes seconds, and only this needs it

    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets/fashion-mnist"
    try:
        train, test = keras.datasets.fashion_mnist.load_data()
    # Keras raises a bare Exception when a download fails, and zlib's or NumPy's on a broken file.
    except Exception as error:
        paths = [folder / file for file, _ in ORIGINALS.values()]
        culprit = next(filter(_is_broken, paths), folder)
        raise DataFileError(culprit, f"cannot be loaded through Keras: {error}") from error
    arrays = dict(zip(ORIGINALS, (*train, *test), strict=True))
    for name, array in arrays.items():
        file, expected = ORIGINALS[name]
        if digest(np.ascontiguousarray(array)) != expected:
            raise DataFileError(folder / file, "is altered: delete it, and it is downloaded anew")
    return arrays


@functools.lru_cache(maxsize=1)
def _read_checked(path: Path, _stamp: object) -> dict[str, np.ndarray]:
    """Arrays of a file that agrees with the checksum beside it."""
    checksum_file = path.with_name(path.name + ".sha256")
    expected = _read_bytes(checksum_file).decode("ascii", "replace").split()[:1]
    if not expected or len(expected[0]) != 64:
        raise DataFileError(checksum_file, "does not begin with a SHA256 checksum")
    data = _read_bytes(path)
    if digest(data) != expected[0]:
        raise DataFileError(
            path,
            f"is cut short or altered: its {len(data):,} bytes have SHA256 {digest(data)}, "
            f"not {expected[0]} as in {checksum_file.name}",
        )
    with np.load(io.BytesIO(data)) as arrays:
        return dict(arrays)


def _read_bytes(path: Path) -> bytes:
    """A file's bytes, or an error that names it."""
    try:
        return path.read_bytes()
    except OSError as error:
        problem = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        problem = f"{problem} ({error.strerror}): install steadynet anew"
        raise DataFileError(path, problem) from error


def _stamp(path: Path) -> tuple[int, int] | None:
    """Size and time of a file's last change, so that one replaced meanwhile is read again."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _is_broken(path: Path) -> bool:
    """Whether a file is there and does not unpack."""
    try:
        gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        return False
    except (OSError, EOFError, zlib.error):
        return True
    return False
