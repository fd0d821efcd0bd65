"""Keep what C++ prints beside Python's own streams off the page."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


@contextlib.contextmanager
def silent_stderr():
    """Send the process's error stream, below Python's own, to nowhere for a while."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
