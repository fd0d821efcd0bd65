"""Does adaptive gradient clipping let a deep network without normalization train at high rates?"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks.pictures import small_pictures

if TYPE_CHECKING:
    import tensorflow as tf

    from steadynet.recording import Recording

DEPTH, BATCH_SIZE, STEPS, LAST = 20, 64, 800, 100
CHANCE = 0.1
RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
# Kind of clipping and threshold, as one factor: thresholds of different kinds do not compare.
CLIPPINGS = {
    "never": (None, None),
    "global norm 0.1": ("global_norm", 0.1),
    "global norm 1": ("global_norm", 1.0),
    "adaptive 0.01": ("adaptive", 0.01),
    "adaptive 0.03": ("adaptive", 0.03),
    "adaptive 0.1": ("adaptive", 0.1),
}


def adaptively_but_the_last(
    grads: Sequence[tf.Tensor], params: Sequence[tf.Tensor], threshold: tf.Tensor
) -> list[tf.Tensor]:
    """Adaptive clipping of every layer except the classifier, as Brock et al. (2021) advise."""
    from steadynet import clipping

    return [*clipping.clip_adaptively(grads[:-2], params[:-2], threshold), *grads[-2:]]


@functools.lru_cache(maxsize=4)
def _side_by_side(method):
    """A compiled row of runs for one kind of clipping; each call only changes its weights."""
    from steadynet import networks, sweeps

    model = networks.dense_network(196, 10, depth=DEPTH)
    return sweeps.Sweep(model, clip=adaptively_but_the_last if method == "adaptive" else method)


def run(point: Point) -> dict[str, np.ndarray]:
    """One clipping and seed, every learning rate side by side."""
    from steadynet import networks

    method, threshold = CLIPPINGS[point["clipping"]]
    rates, (x, y), row = point["learning_rate"], small_pictures(), _side_by_side(method)
    start = networks.dense_network(196, 10, depth=DEPTH, seed=point["seed"])
    row.model.set_weights(start.get_weights())
    record = row.run(
        *(x, y),
        steps=STEPS,
        batch_size=BATCH_SIZE,
        learning_rates=rates,
        thresholds=None if threshold is None else [threshold] * len(rates),
        seed=point["seed"],
        chunk=STEPS,
    )
    return {"accuracy": record.accuracy[:, -LAST:].mean(-1), "clipped": record.clipped_share}


def best_rate(recording: Recording, clipping: str) -> tuple[np.ndarray, float]:
    """Best mean accuracy over rates, by seed, and the highest rate within 0.05 of it.

    Parameters
    ----------
    recording : Recording
        Of ``adaptive_clipping``.
    clipping : str
        One of `CLIPPINGS`.

    Returns
    -------
    accuracy : ndarray, shape (seeds,)
    rate : float
    """
    accuracy = recording.get("accuracy", clipping=clipping)
    mean = accuracy.mean(axis=1)
    usable = np.array(recording.axes["learning_rate"])[mean >= mean.max() - 0.05]
    return accuracy[mean.argmax()], float(usable.max())


def adaptive_helps_at_high_rates(recording: Recording) -> Finding:
    """At a rate where training without clipping stays near chance, adaptive clipping trains."""
    adaptive, never = (
        recording.get("accuracy", clipping=clipping, learning_rate=0.2)
        for clipping in ("adaptive 0.03", "never")
    )
    gain = adaptive - never
    return Finding(
        "At rate 0.2, adaptive clipping at 0.03 raises accuracy over never clipping.",
        **median_and_range(100 * gain),
        unit="percentage points",
        holds=bool((gain > 0.2).all()),
    )


def adaptive_beats_best_unclipped(recording: Recording) -> Finding:
    """Each at its own best rate, adaptive clipping ends higher than never clipping."""
    gain = best_rate(recording, "adaptive 0.03")[0] - best_rate(recording, "never")[0]
    return Finding(
        "Each at its own best rate, adaptive clipping at 0.03 ends above never clipping.",
        **median_and_range(100 * gain),
        unit="percentage points",
        holds=bool((gain > 0).all()),
    )


def adaptive_beats_global(recording: Recording) -> Finding:
    """Each at its own best rate, adaptive clipping ends higher than clipping the global norm."""
    gain = best_rate(recording, "adaptive 0.03")[0] - best_rate(recording, "global norm 1")[0]
    return Finding(
        "Each at its own best rate, adaptive clipping at 0.03 ends above global norm at 1.",
        **median_and_range(100 * gain),
        unit="percentage points",
        holds=bool((gain > 0).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    return {
        **adaptive_helps_at_high_rates(recording).said("agc-high", (20, 100)),
        **adaptive_beats_best_unclipped(recording).said("agc-best", (0, 10)),
        # No advantage: neither most seeds nor the median have one.
        **adaptive_beats_global(recording).said("agc-global", (-5, 1), high=(-5, 5)),
    }


EXPERIMENT = Experiment(
    name="adaptive_clipping",
    question="Does adaptive clipping let a deep network without normalization train at high rates?",
    axes={"clipping": tuple(CLIPPINGS), "learning_rate": RATES, "seed": (0, 1, 2, 3, 4)},
    together=("learning_rate",),
    run=run,
    arrays={
        "accuracy": "share of the last 100 batches classified correctly",
        "clipped": "share of steps on which clipping changed the gradients",
    },
    findings=(adaptive_helps_at_high_rates, adaptive_beats_best_unclipped),
    not_reproduced=(adaptive_beats_global,),
    numbers=numbers,
)
