"""The clip explorer in a page: one program for each way of clipping."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.demos.clip_threshold.demo import make
from steadynet.experiments import clip_threshold
from steadynet.explorer.plan import SEED, File, Plan
from steadynet.tasks import temporal_order as task

if TYPE_CHECKING:
    import keras

LARGEST = float(np.finfo("float32").max)


def plan() -> Plan:
    """What the clip explorer trains: the recurrent network of the recording ``clip_threshold``."""
    demo = make()
    return Plan(
        demo=demo,
        steps=task.STEPS,
        pick={
            "step": demo.table("step {method}".format, "method"),
            "start": demo.table(lambda: "start"),
            "examples": demo.table(lambda: "examples"),
            "rate": demo.table(lambda learning_rate: learning_rate, "learning_rate"),
            "limit": demo.table(lambda threshold: min(threshold, LARGEST), "threshold"),
        },
        parts={
            "data": data,
            **{method: functools.partial(step, method) for method in clip_threshold.METHODS},
        },
        original=lambda setting: network(setting["method"]),
        windows={
            "every": task.WINDOW,
            "arrays": {name: name for name in ("loss", "accuracy", "clipped")},
        },
        histogram={"norm_counts": {"of": "norm", "edges": task.NORM_EDGES.tolist()}},
        outcome=task.RULE,
        compare={"array": "accuracy", "tolerance": 0.01},
        twin=clip_threshold.EXPERIMENT.axes["seed"].index(SEED),
    )


def data() -> dict[str, File]:
    """Weights of the recorded seed, and its sequences in the order of its steps."""
    from steadynet import datasets, networks, steps, training

    n = task.BATCH_SIZE * task.STEPS
    symbols, labels = datasets.temporal_order(n, clip_threshold.LENGTH, seed=SEED)
    order = training.batch_schedule(n, task.STEPS, task.BATCH_SIZE, SEED).ravel()
    model = networks.recurrent_network(clip_threshold.LENGTH, seed=SEED)
    return {
        "start": {"state": steps.State(model).start()},
        "examples": {"x": symbols[order].astype("u1"), "y": labels[order].astype("u1")},
    }


def network(method: str) -> tuple[keras.Model, dict[str, Any]]:
    """The network, and the options of `steps.training_step` for one way of clipping."""
    import tensorflow as tf

    from steadynet import networks

    model = networks.recurrent_network(clip_threshold.LENGTH)
    return model, {"clip": method, "prepare": lambda x: tf.one_hot(x, 6)}


def step(method: str) -> dict[str, File]:
    """The training step with one way of clipping; threshold and rate are inputs."""
    from steadynet import steps
    from steadynet.portable import convert

    model, options = network(method)
    function = steps.training_step(model, **options)
    inputs = [
        convert.spec("state", [steps.State(model).size]),
        convert.spec("x", [task.BATCH_SIZE, clip_threshold.LENGTH], "int32"),
        convert.spec("y", [task.BATCH_SIZE], "int32"),
        convert.spec("rate"),
        convert.spec("limit"),
    ]
    return {f"step {method}": convert.convert(function, inputs, ("state", "measures"))}
