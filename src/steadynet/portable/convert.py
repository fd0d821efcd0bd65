"""From a function of tensors to a LiteRT program: TensorFlow's own converter, builtins only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from steadynet._branches import without_branches
from steadynet._quiet import silent_stderr
from steadynet.portable.program import Program

__all__ = ["NotPortableError", "convert", "spec"]


class NotPortableError(ValueError):
    """A function with operations that LiteRT does not have.

    Examples
    --------
    >>> convert(lambda x: (tf.linalg.inv(x),), [spec("x", [2, 2])], ["y"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    steadynet.portable.convert.NotPortableError: `function` does not convert. ...MatrixInverse...
    """


def spec(name: str, shape: Sequence[int] = (), dtype: str = "float32") -> tf.TensorSpec:
    """An input's name, shape and dtype.

    Examples
    --------
    >>> spec("labels", [32], "int32")
    TensorSpec(shape=(32,), dtype=tf.int32, name='labels')
    """
    return tf.TensorSpec(tuple(shape), dtype, name)


def convert(
    function: Callable[..., Any], inputs: Sequence[tf.TensorSpec], outputs: Sequence[str]
) -> Program:
    """Trace a function and convert it.

    Parameters
    ----------
    function : callable
        Takes one tensor for each of `inputs`, returns a tuple of tensors.
    inputs : sequence of tf.TensorSpec
        Named as the function's parameters, shapes known.
    outputs : sequence of str
        A name for each tensor that it returns.

    Returns
    -------
    Program

    Raises
    ------
    NotPortableError
        If an operation is not among LiteRT's builtins; the message names it.
    ValueError
        If `outputs` does not have a name for each tensor.

    Examples
    --------
    >>> program = convert(lambda x: (x + 1.0,), [spec("x", [3])], ["more"])
    >>> program.content[4:8], program.outputs
    (b'TFL3', ('more',))
    """
    traced = tf.function(function, input_signature=list(inputs), autograph=False)
    with without_branches():
        concrete = traced.get_concrete_function()
    if len(concrete.outputs) != len(outputs):
        raise ValueError(
            f"`outputs` must name the {len(concrete.outputs)} tensors that `function` returns. "
            f"Received: {tuple(outputs)}"
        )
    try:
        content = _converted(concrete)
    except Exception as error:
        if type(error).__name__ != "ConverterError":
            raise
        missing = [line for line in str(error).splitlines() if "TF Select ops:" in line]
        said = " ".join(missing) or error
        raise NotPortableError(f"`function` does not convert. {said}") from None
    return Program(content, tuple(outputs))


def _converted(concrete: Any) -> bytes:
    """The converter's work, but not its advice of a way that takes twice as long."""
    talk = logging.getLogger("absl")
    level = talk.level
    talk.setLevel(logging.ERROR)
    try:
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        with silent_stderr():  # what it prints for each missing operation, the error says in short
            return converter.convert()
    finally:
        talk.setLevel(level)
