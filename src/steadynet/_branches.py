"""Look twice only where it is needed, in whatever way the code around can branch."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

_BRANCHING = contextvars.ContextVar("branching", default=True)


@contextlib.contextmanager
def without_branches() -> Iterator[None]:
    """Trace straight on in this context, for what runs where branches are not wanted: LiteRT."""
    token = _BRANCHING.set(False)
    try:
        yield
    finally:
        _BRANCHING.reset(token)


def second_look(fine: tf.Tensor, first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """Give ``first()`` where the scalar `fine` is true; ``second()``, right everywhere, elsewhere.

    Inside ``tf.vectorized_map`` each run takes its own branch.
    """
    if not _BRANCHING.get():
        return second()
    if tf.executing_eagerly():
        return first() if fine else second()
    # Kept as one call, the branch not taken is one operation to pass over and not a hundred.
    whole = {"_noinline": True}
    return tf.cond(fine, first, tf.function(second, autograph=False, experimental_attributes=whole))


def differentiable(run: Callable[..., Any], inputs: list[tf.Tensor]) -> Any:
    """Give ``run(*inputs)``, with the gradient it has without branches.

    ``tf.vectorized_map`` takes branches, but no gradient through them.
    """

    @tf.custom_gradient
    def look(*inputs):
        def gradient(*upstream):
            with tf.GradientTape() as tape, without_branches():
                tape.watch(inputs)
                again = run(*inputs)
            return tape.gradient(again, inputs, tf.nest.pack_sequence_as(again, upstream))

        return run(*map(tf.stop_gradient, inputs)), gradient

    return look(*inputs)


def vectorizing() -> bool:
    """Whether the body of a ``tf.vectorized_map`` is being traced, or a function it calls."""
    # TensorFlow traces the body in a scope of this name, and says so nowhere else.
    graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    while graph is not None:
        if "loop_body" in graph.get_name_scope():
            return True
        graph = getattr(graph, "outer_graph", None)
    return False
