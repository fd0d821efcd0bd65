"""The checkpoint that ships with the package, and the digests of its files."""

from __future__ import annotations

from pathlib import Path

__all__ = ["ORIGINAL", "ORIGINAL_SHA256"]

ORIGINAL = Path(__file__).parents[1] / "data" / "checkpoint" / "my_original_model.ckpt"

# Written by `make_original`, which prints them.
ORIGINAL_SHA256 = {
    "my_original_model.ckpt.data-00000-of-00001": (
        "6f283f66b4ca8c6b9e24e12ec8229bc0f84ad45d8a199190c62e07e56953e8f2"
    ),
    "my_original_model.ckpt.index": (
        "3009af5272a3f63eb085228dcf7819f9688889debe6ae375552365018aa4d40b"
    ),
    "my_original_model.ckpt.meta": (
        "90f87b208f2541b53154325e5b24a95e7a929aff44a753bb790f29585fea211a"
    ),
}
