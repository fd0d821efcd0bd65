"""How much time is saved by computing what frozen layers give once, and is the result the same?"""

from __future__ import annotations

import functools
import math
import time
from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks import transfer

if TYPE_CHECKING:
    import keras

    from steadynet import training
    from steadynet.recording import Recording

TASK, SOURCE = "footwear", "all but footwear"
STEPS, PARTS = 320, 4


@functools.cache
def loops(n_frozen: int) -> tuple[tuple[keras.Model, training.Trainer], ...]:
    """Two networks, each with its loop: one goes through the frozen layers, one past them."""
    import keras

    from steadynet import reuse, training

    whole, split = (transfer.network(3, seed=0) for _ in range(2))
    reuse.freeze_layers(whole, n_frozen)
    _, upper = reuse.split_layers(split, n_frozen)
    optimizer = lambda: keras.optimizers.SGD(transfer.RATE, momentum=transfer.MOMENTUM)  # noqa: E731
    return (
        (whole, training.Trainer(whole, optimizer())),
        (split, training.Trainer(upper, optimizer())),
    )


def run(point: Point) -> dict[str, np.ndarray]:
    """One number of frozen layers and seed: train on pictures, then on cached features."""
    from steadynet import reuse

    n_frozen, seed = point["n_frozen"], point["seed"]
    data, weights = transfer.labelled(TASK, 3000, seed), transfer.start(TASK, seed, SOURCE)
    (whole, through), (split, past) = loops(n_frozen)
    for model in (whole, split):
        model.set_weights(weights)
    started = time.perf_counter()
    features, upper = reuse.cache_features(split, n_frozen, data.x_train)
    caching = time.perf_counter() - started
    gap = np.abs(upper(features[:256]) - whole(data.x_train[:256], training=False)).max()
    recomputed = _fastest(through, data.x_train, data.y_train, seed)
    cached = _fastest(past, features, data.y_train, seed)
    return {
        "gap": np.float32(gap),
        "seconds_caching": np.float32(caching),
        "ms_recomputed": np.float32(recomputed),
        "ms_cached": np.float32(cached),
        "accuracy_recomputed": transfer.accuracy(whole, data),
        "accuracy_cached": transfer.accuracy(split, data),
    }


def _fastest(loop, x, y, seed):
    """Milliseconds a step, the fastest of some parts of a run: the others were disturbed."""
    seconds, last = [], time.perf_counter()

    def note(_):
        nonlocal last
        seconds.append(time.perf_counter() - last)
        last = time.perf_counter()

    every = STEPS // PARTS
    loop.run(
        *(x, y),
        steps=STEPS,
        batch_size=transfer.BATCH_SIZE,
        seed=seed,
        chunk=every,
        on_chunk=note,
    )
    return 1000 * min(seconds) / every


def caching_is_exact(recording: Recording) -> Finding:
    """Features computed once give the same predictions."""
    gap = recording.get("gap").max(axis=0)
    return Finding(
        "The upper layers on cached features predict what the whole network predicts.",
        **median_and_range(gap),
        unit="largest difference of a logit",
        holds=bool((gap < 1e-4).all()),
    )


def caching_trains_the_same(recording: Recording) -> Finding:
    """Training on cached features ends where training through frozen layers ends."""
    gap = recording.get("accuracy_cached") - recording.get("accuracy_recomputed")
    gap = np.abs(gap).max(axis=0)
    return Finding(
        "Trained on cached features, the network classifies as many test pictures correctly.",
        **median_and_range(100 * gap),
        unit="percentage points, largest difference",
        holds=bool((gap < 0.01).all()),
    )


def caching_is_faster(recording: Recording) -> Finding:
    """With the convolutions frozen, a step on their features takes a fraction of the time."""
    speedup = recording.get("ms_recomputed", n_frozen=3) / recording.get("ms_cached", n_frozen=3)
    return Finding(
        "With three frozen convolutions, a step on cached features is faster.",
        **median_and_range(speedup),
        unit="times faster",
        holds=bool((speedup > 1.5).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    first = recording.get("ms_recomputed", n_frozen=1) / recording.get("ms_cached", n_frozen=1)
    caching = 1000 * np.median(recording.get("seconds_caching", n_frozen=3))
    return {
        **caching_trains_the_same(recording).said("same", (0, 0.1), low=None, high=None),
        **caching_is_faster(recording).said("cache", (1.5, math.inf)),
        "cache-first": Number(np.median(first), (0, 1), "times faster with one frozen layer"),
        "caching-ms": Number(caching, (1, 1000), "milliseconds to compute the features once"),
    }


EXPERIMENT = Experiment(
    name="cached_features",
    question="How much time does it save to compute what frozen layers give once?",
    axes={"n_frozen": (1, 2, 3, 4), "seed": (0, 1, 2, 3, 4)},
    together=(),
    run=run,
    arrays={
        "gap": "largest difference between logits from cached features and from the pictures",
        "seconds_caching": "seconds to compute the features of 3,000 pictures once",
        "ms_recomputed": "milliseconds a step through frozen layers, on one core, at its fastest",
        "ms_cached": "the same on cached features",
        "accuracy_recomputed": "share of 900 test pictures classified correctly, trained through",
        "accuracy_cached": "the same, trained on cached features",
    },
    findings=(caching_is_exact, caching_trains_the_same, caching_is_faster),
    numbers=numbers,
)
