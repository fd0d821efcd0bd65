"""How far does each clipping method turn the gradient?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks.temporal_order import BATCH_SIZE, THRESHOLDS, sequences

if TYPE_CHECKING:
    from steadynet.recording import Recording

LENGTH, LEARNING_RATE = 20, 0.2
METHODS = ("value", "norm", "global_norm")
SNAPSHOTS, APART = 30, 10  # gradients are looked at every 10 steps, before the task is solved


def run(point: Point) -> dict[str, np.ndarray]:
    """Angles of every method and threshold on the same gradients of one run."""
    import keras
    import tensorflow as tf

    from steadynet import clipping, networks, steps, training

    model = networks.recurrent_network(LENGTH, seed=point["seed"])
    trainer = training.Trainer(model, keras.optimizers.SGD(LEARNING_RATE), clip="global_norm")
    x, y = sequences(LENGTH, SNAPSHOTS * (APART + 1), point["seed"])

    @tf.function
    def look(x, y):
        weights = [tf.convert_to_tensor(v) for v in model.trainable_variables]
        state = [tf.convert_to_tensor(v) for v in model.non_trainable_variables]
        raw = steps.gradients(model, steps.cross_entropy, None, weights, state, x, y, 0.0)[0]
        turned = [
            [clipping.angle_between(raw, clipping.clip(raw, method, t)) for t in point["threshold"]]
            for method in point["method"]
        ]
        return tf.stack(turned), clipping.global_norm(raw)

    angles, norms, block = [], [], BATCH_SIZE * (APART + 1)
    for k in range(SNAPSHOTS):
        part = slice(k * block, (k + 1) * block - BATCH_SIZE)
        seen = slice(part.stop, (k + 1) * block)
        trainer.run(x[part], y[part], steps=APART, batch_size=BATCH_SIZE, threshold=1.0)
        angle, norm = look(tf.constant(x[seen]), tf.constant(y[seen]))
        angles.append(angle.numpy())
        norms.append(norm.numpy())
    shape = len(point["method"]), len(point["threshold"]), SNAPSHOTS
    return {"angle": np.stack(angles, -1), "norm": np.broadcast_to(norms, shape).astype("float32")}


def value_turns(recording: Recording) -> Finding:
    """Clipping by value turns the gradient."""
    angle = np.median(recording.get("angle", method="value", threshold=0.001), axis=-1)
    return Finding(
        "Clipping by value at 0.001 turns the gradient by over 10 degrees (median over the run).",
        **median_and_range(angle),
        unit="degrees",
        holds=bool((angle > 10).all()),
    )


def norm_turns(recording: Recording) -> Finding:
    """Clipping each variable's norm on its own turns the joint gradient too."""
    angle = np.median(recording.get("angle", method="norm", threshold=0.001), axis=-1)
    return Finding(
        "Clipping each variable's norm at 0.001 turns the joint gradient by over a degree.",
        **median_and_range(angle),
        unit="degrees",
        holds=bool((angle > 1).all()),
    )


def global_norm_keeps_direction(recording: Recording) -> Finding:
    """Clipping the global norm only shortens."""
    angle = recording.get("angle", method="global_norm").max(axis=(0, -1))
    return Finding(
        "Clipping the global norm turns the gradient by no more than rounding (largest angle).",
        **median_and_range(angle),
        unit="degrees",
        holds=bool((angle < 0.1).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""

    def turned(method, threshold):
        """By how many degrees, median over a run, by seed."""
        return np.median(recording.get("angle", method=method, threshold=threshold), axis=-1)

    tight, loose, by_norm = turned("value", 0.001), turned("value", 0.02), turned("norm", 0.02)
    largest = recording.get("angle", method="global_norm").max()
    degrees, norm = "degrees by value at {}, {} seed", "degrees by norm at 0.02, median seed"
    return {
        "value-0.001-median": Number(np.median(tight), (10, 90), degrees.format(0.001, "median")),
        "value-0.001-low": Number(tight.min(), (10, 90), degrees.format(0.001, "least")),
        "value-0.001-high": Number(tight.max(), (10, 90), degrees.format(0.001, "most")),
        "value-0.02-median": Number(np.median(loose), (0, 15), degrees.format(0.02, "median")),
        "value-0.02-high": Number(loose.max(), (15, 90), degrees.format(0.02, "most")),
        "norm-0.02-median": Number(np.median(by_norm), (5, 90), norm),
        "global-largest": Number(largest, (0, 0.01), "degrees by global norm at most: rounding"),
    }


EXPERIMENT = Experiment(
    name="clip_direction",
    question="How far does each clipping method turn the gradient?",
    axes={"method": METHODS, "threshold": THRESHOLDS[:-1], "seed": (0, 1, 2, 3, 4)},
    together=("method", "threshold"),
    run=run,
    arrays={
        "angle": "angle between raw and clipped gradient in degrees, every 10 steps: [snapshot]",
        "norm": "joint norm of the raw gradient at the same steps: [snapshot]",
    },
    findings=(value_turns, norm_turns, global_norm_keeps_direction),
    numbers=numbers,
)
