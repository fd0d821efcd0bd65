"""Keep what TensorFlow's C++ prints beside Python's own streams off the page."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def quiet_tensorflow() -> None:
    """Have TensorFlow log nothing, unless told otherwise; it reads this once, as it is imported.

    3, because on a machine without a GPU the failed search for one is logged as an error (level 2).
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Send the process's error stream, below Python's own, to nowhere for a while."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
