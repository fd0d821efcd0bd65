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

    Examples
    --------
    >>> from steadynet.portable.convert import convert, spec
    >>> program = convert(lambda x: (x + 1.0, 2.0 * x), [spec("x", [2])], ["more", "twice"])
    >>> program.outputs, program.content[4:8]
    (('more', 'twice'), b'TFL3')
    """

    content: bytes
    outputs: tuple[str, ...]
