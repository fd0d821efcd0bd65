"""What does our clipping cost beside TensorFlow's (the other), inside a graph?"""

from __future__ import annotations

import functools

import numpy as np

from bench.measure import Row, compare

TIMES = 2000


def rows(repeats: int) -> list[Row]:
    """Each method on the gradients of a dense network with two hidden layers of 64."""
    import tensorflow as tf

    from steadynet import clipping

    rng = np.random.default_rng(0)
    shapes = [(784, 64), (64,), (64, 64), (64,), (64, 10), (10,)]
    grads = [tf.constant(rng.normal(size=shape), tf.float32) for shape in shapes]
    one = tf.constant(1.0)
    pairs = {
        "by value": (
            clipping.clip_by_value,
            lambda gs, c: [tf.clip_by_value(g, -c, c) for g in gs],
        ),
        "by norm": (clipping.clip_by_norm, lambda gs, c: [tf.clip_by_norm(g, c) for g in gs]),
        "by global norm": (
            lambda gs, c: clipping.clip_by_global_norm(gs, c)[0],
            lambda gs, c: tf.clip_by_global_norm(gs, c)[0],
        ),
    }
    return [
        compare(what, *(_many(f, grads, one) for f in pair), repeats, 1e6 / TIMES, "µs")
        for what, pair in pairs.items()
    ]


def _many(clip, grads, limit):
    """Clip again and again in one graph, each time what the last time left, a little longer."""
    import tensorflow as tf

    @tf.function
    def loop(grads):
        for _ in tf.range(TIMES):
            grads = [g * 1.01 for g in clip(grads, limit)]
        return grads

    return functools.partial(loop, grads)
