"""Make the bundled Fashion-MNIST sample again from the four original IDX files.

    python -m steadynet.data.make_sample [FOLDER]

FOLDER holds the files as published (Debian: ``apt-get install dataset-fashion-mnist``). Nothing is
drawn at random: the originals are shuffled, so the first pictures of each class are a fair sample.
The pictures come out the same everywhere, the file's bytes wherever zlib compresses the same way.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from steadynet.data.files import ORIGINALS, SAMPLE_FILE, DataFileError, digest

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
TRAIN_PER_CLASS = 1000
TEST_PER_CLASS = 300


def read_originals(folder: str | Path) -> dict[str, np.ndarray]:
    """Read the four IDX files of a folder and check them against their known checksums.

    Parameters
    ----------
    folder : path
        Holds ``train-images-idx3-ubyte.gz`` and the other three.

    Returns
    -------
    dict of str to ndarray, uint8
        ``x_train``, ``y_train``, ``x_test``, ``y_test`` of 60,000 and 10,000 pictures.

    Raises
    ------
    DataFileError
        If a file is missing or is not the original.
    """
    arrays = {}
    for name, (file, expected) in ORIGINALS.items():
        path = Path(folder) / file
        # An IDX header is 4 bytes and then 4 for each axis.
        shape, header = ((-1, 28, 28), 16) if name.startswith("x") else ((-1,), 8)
        try:
            data = gzip.decompress(path.read_bytes())
            arrays[name] = np.frombuffer(data, np.uint8, offset=header).reshape(shape)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise DataFileError(path, f"could not be read: {error}") from error
        if digest(arrays[name]) != expected:
            raise DataFileError(path, "is not the original file: its checksum differs")
    return arrays


def first_of_each_class(labels: np.ndarray, n: int) -> np.ndarray:
    """Positions of the first `n` examples of every class, in their original order.

    Parameters
    ----------
    labels : array of int, shape (examples,)
    n : int
        How many of each class.

    Returns
    -------
    ndarray of int, shape (classes * n,)

    Examples
    --------
    >>> first_of_each_class(np.array([1, 0, 1, 1, 0, 0]), 2).tolist()
    [0, 1, 2, 4]
    """
    each = [np.flatnonzero(labels == label)[:n] for label in np.unique(labels)]
    return np.sort(np.concatenate(each))


def make_sample(folder: str | Path = DEBIAN_FOLDER, target: str | Path = SAMPLE_FILE) -> Path:
    """Write the sample and, beside it, its checksum in the form that ``sha256sum -c`` reads.

    Parameters
    ----------
    folder : path
        The four original files.
    target : path
        The ``.npz`` to write.

    Returns
    -------
    Path
        `target`.
    """
    originals, target = read_originals(folder), Path(target)
    sample: dict[str, Any] = {}
    for part, n in (("train", TRAIN_PER_CLASS), ("test", TEST_PER_CLASS)):
        chosen = first_of_each_class(originals[f"y_{part}"], n)
        sample |= {f"{axis}_{part}": originals[f"{axis}_{part}"][chosen] for axis in "xy"}
    np.savez_compressed(target, **sample)
    checksum = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_name(target.name + ".sha256").write_text(f"{checksum}  {target.name}\n")
    return target


if __name__ == "__main__":
    made = make_sample(*sys.argv[1:2])
    print(f"{made}: {made.stat().st_size / 1e6:.2f} MB")
