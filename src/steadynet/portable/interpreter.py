"""Run a converted program in Python, with the interpreter that the page's runtime is built from."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from steadynet.portable.program import Program

__all__ = ["Interpreter"]


class Interpreter:
    """A program, ready to be called.

    Needs the package `ai-edge-litert`, which the book itself does not: tests and benchmarks do.

    Parameters
    ----------
    program : Program
    threads : int
        Of the interpreter. The page has one.

    Raises
    ------
    KeyError, ValueError
        From a call: an input that the program does not have, or one of another shape or dtype.

    Examples
    --------
    >>> from steadynet.portable.convert import convert, spec
    >>> program = convert(lambda x: (x + 1.0,), [spec("x", [2])], ["more"])
    >>> Interpreter(program)(x=[0.0, 1.0])["more"].tolist()
    [1.0, 2.0]
    """

    def __init__(self, program: Program, *, threads: int = 1) -> None:
        from ai_edge_litert import interpreter

        self._interpreter = interpreter.Interpreter(
            model_content=program.content, num_threads=threads
        )
        self._interpreter.allocate_tensors()
        details = self._interpreter.get_input_details()
        self._inputs = {d["name"].split(":")[0]: d for d in details}
        found = sorted(self._interpreter.get_output_details(), key=_number)
        self._outputs = dict(zip(program.outputs, (d["index"] for d in found), strict=True))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs: one that no output depends on may be gone."""
        return tuple(self._inputs)

    def __call__(self, **inputs: ArrayLike) -> dict[str, np.ndarray]:
        """Outputs by name, as arrays of their own."""
        for name, value in inputs.items():
            details = self._inputs[name]
            array = np.asarray(value, details["dtype"])
            self._interpreter.set_tensor(details["index"], array)
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(i) for name, i in self._outputs.items()}


def _number(details: dict[str, Any]) -> int:
    """Place of an output in the order in which the function returns them."""
    found = re.search(r"[_:](\d+)$", details["name"])
    return int(found[1]) if found else 0
