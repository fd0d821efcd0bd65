"""What conversion gives; opens without TensorFlow."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MEASURES", "Program"]

MEASURES = ("loss", "accuracy", "norm", "clipped")  # of a training step, as its program gives them


class Program(NamedTuple):
    """A converted function.

    Attributes
    ----------
    content : bytes
        A LiteRT flatbuffer.
    outputs : tuple of str
        Names of what it returns, in order. A runtime lists the outputs in an order of its own, as
        `Identity`, `Identity_1`, …: by that number they come in this order.
    """

    content: bytes
    outputs: tuple[str, ...]
