"""The freeze explorer in a page: a program for each number of frozen layers and batch size."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet._runs import local_processes
from steadynet.demos.frozen_layers.demo import make
from steadynet.experiments import frozen_layers as experiment
from steadynet.explorer.plan import SEED, File, Plan
from steadynet.tasks import transfer

if TYPE_CHECKING:
    import keras

TESTED = 100  # test pictures in one call
PICTURE = (28, 28, 1)
PRETRAINED = Path(__file__).parent / "start.npz"


def plan() -> Plan:
    """What the freeze explorer trains: the small convolution network of ``frozen_layers``."""
    demo = make()
    axes = experiment.EXPERIMENT.axes
    starts = itertools.product(axes["task"], axes["start"])
    return Plan(
        demo=demo,
        steps=experiment.STEPS,
        pick={
            "step": demo.table(_step, "n_frozen", "labels"),
            "start": demo.table("start {task} {start}".format, "task", "start"),
            "examples": demo.table("examples {task}".format, "task"),
            "order": demo.table("order {labels}".format, "labels"),
            "rate": demo.table(lambda: transfer.RATE),
            "test": demo.table("test {n_frozen}".format, "n_frozen"),
            "held_out": demo.table("held out {task}".format, "task"),
        },
        parts={
            "order": order,
            **{f"data {task}": functools.partial(data, task) for task in axes["task"]},
            **{f"start {t} {s}": functools.partial(start, t, s) for t, s in starts},
            **{f"step {k}": functools.partial(programs, k) for k in axes["n_frozen"]},
        },
        original=lambda setting: network(setting["n_frozen"]),
        tests={
            "at": list(range(experiment.EVERY, experiment.STEPS + 1, experiment.EVERY)),
            "array": "accuracy",
            "last": "final",
        },
        outcome={"kind": "right"},
        compare={"array": "accuracy", "tolerance": 0.01},
        twin=axes["seed"].index(SEED),
    )


def _step(n_frozen, labels):
    """Name of the program that takes the steps."""
    return f"step {n_frozen} {_batch(labels)}"


def _batch(labels):
    """Pictures in a batch where so many are labelled."""
    return min(transfer.BATCH_SIZE, labels)


def order() -> dict[str, File]:
    """Which pictures each step of the recorded seed trains on; a smaller draw begins a larger."""
    from steadynet import training

    schedule = functools.partial(training.batch_schedule, steps=experiment.STEPS, seed=SEED)
    return {
        f"order {n}": {"order": schedule(n, batch_size=_batch(n)).astype("u2")}
        for n in experiment.LABELS
    }


def data(task: str) -> dict[str, File]:
    """The labelled pictures of one task, and those it is tested on, as bytes."""
    found = transfer.labelled(task, max(experiment.LABELS), SEED)
    as_bytes = lambda x, y: {"x": np.rint(255 * x).astype("u1"), "y": y.astype("u1")}  # noqa: E731
    return {
        f"examples {task}": as_bytes(found.x_train, found.y_train),
        f"held out {task}": as_bytes(found.x_test, found.y_test),
    }


def start(task: str, kind: str) -> dict[str, File]:
    """First weights: pretrained on the other classes, or fresh."""
    state = np.concatenate([w.ravel() for w in transfer.start(task, SEED)])
    if kind == "pretrained":
        with np.load(PRETRAINED) as kept:
            lower = kept[task]
        state[: lower.size] = lower
    return {f"start {task} {kind}": {"state": state}}


def keep_pretrained() -> None:
    """Pretrain as the recording does, in a process like its own, and keep the weights.

    Over 1,500 steps rounding grows, so a network pretrained elsewhere is another one. To be done
    whenever ``frozen_layers`` is recorded again.
    """
    with local_processes(1) as pool:
        kept = {task: pool.submit(_lower, task).result() for task in experiment.SPLITS}
    np.savez_compressed(PRETRAINED, **kept)


def _lower(task):
    """The layers that the new network reuses, as one vector: all but the last, kernel and bias."""
    weights = transfer.start(task, SEED, experiment.SPLITS[task])[:-2]
    return np.concatenate([w.ravel() for w in weights])


def network(n_frozen: int) -> tuple[keras.Model, dict[str, Any]]:
    """The network with so many layers frozen, and the options of `steps.training_step`."""
    import tensorflow as tf

    from steadynet import reuse

    model = transfer.network(3, seed=0)
    reuse.freeze_layers(model, n_frozen)
    return model, {
        "momentum": transfer.MOMENTUM,
        "prepare": lambda x: tf.cast(x, tf.float32) / 255.0,
    }


def programs(n_frozen: int) -> dict[str, File]:
    """Step and test with so many layers frozen."""
    from steadynet import steps
    from steadynet.portable import convolution
    from steadynet.portable.convert import convert, spec

    model, options = network(n_frozen)
    size = steps.State(model, momentum=True).size
    step = steps.training_step(model, **options)
    right = steps.right(model, prepare=options["prepare"])

    def inputs(n):
        return [spec("state", [size]), spec("x", [n, *PICTURE]), spec("y", [n], "int32")]

    with convolution.as_products():
        made: dict[str, File] = {
            f"step {n_frozen} {n}": convert(step, [*inputs(n), spec("rate")], ("state", "measures"))
            for n in sorted({_batch(n) for n in experiment.LABELS})
        }
        made[f"test {n_frozen}"] = convert(right, inputs(TESTED), ("right",))
    return made


if __name__ == "__main__":
    keep_pretrained()
