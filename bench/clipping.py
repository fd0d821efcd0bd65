"""What does our clipping cost beside TensorFlow's (the other), inside a graph?"""

from __future__ import annotations

import functools

import numpy as np

from bench.measure import Row, compare

NETWORKS = {
    "recurrent, 20 units": [(6, 20), (20, 20), (20,), (20, 4), (4,)],
    "dense, two layers of 64": [(784, 64), (64,), (64, 64), (64,), (64, 10), (10,)],
    "dense, 300 and 100": [(784, 300), (300,), (300, 100), (100,), (100, 10), (10,)],
    "dense, 20 layers of 64": [(64, 64), (64,)] * 20,
}
RUNS = 8  # side by side, as a sweep has them
VALUES = 50_000_000  # to clip in one measurement, so that large networks take no longer
LONGEST = 2000


def rows(repeats: int) -> list[Row]:
    """Each method on the gradients of each network; and of the first two, several at a time."""
    alone = [
        _row(f"{method}, {network}", *pair, shapes, repeats)
        for network, shapes in NETWORKS.items()
        for method, pair in _pairs().items()
    ]
    together = [
        _row(f"{method}, {network}, {RUNS} side by side", *pair, shapes, repeats, RUNS)
        for network, shapes in list(NETWORKS.items())[:2]
        for method, pair in _pairs().items()
    ]
    return alone + together


def _pairs():
    """Our function and TensorFlow's, for each method."""
    import tensorflow as tf

    from steadynet import clipping

    return {
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


def _row(what, ours, other, shapes, repeats, runs=None):
    """Time one method on gradients of some shapes, alone or for several runs in one call."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    lead = () if runs is None else (runs,)
    grads = [tf.constant(rng.normal(size=lead + shape), tf.float32) for shape in shapes]
    times = min(LONGEST, VALUES // sum(int(np.prod(g.shape)) for g in grads))
    if runs is not None:
        ours, other = _side_by_side(ours), _side_by_side(other)
        # TensorFlow's global norm goes through the runs one by one, many times as slowly.
        times //= 10
    loops = (_many(clip, grads, tf.ones(lead), times) for clip in (ours, other))
    return compare(what, *loops, repeats, 1e6 / times, "µs")


def _side_by_side(clip):
    """Clip several runs' gradients, each at its own limit, in one call."""
    import tensorflow as tf

    return lambda grads, limit: tf.vectorized_map(lambda run: clip(*run), (grads, limit))


def _many(clip, grads, limit, times):
    """Clip again and again in one graph, each time what the last time left, a little longer."""
    import tensorflow as tf

    shapes = [g.shape for g in grads]

    @tf.function
    def loop(grads):
        for _ in tf.range(times):
            grads = [g * 1.01 for g in clip(grads, limit)]
            tf.nest.map_structure(lambda g, shape: g.set_shape(shape), grads, shapes)
        return grads

    return functools.partial(loop, grads)
