"""The batch normalization explorer in a page: a program for each depth, activation and batch."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.demos.batch_norm_depth.demo import APART, SMALLEST, make
from steadynet.experiments import batch_norm_depth as experiment
from steadynet.explorer.plan import SEED, File, Plan
from steadynet.tasks import pictures

if TYPE_CHECKING:
    import keras

    from steadynet.tasks.deep_rows import Row

GRAPHS = ("normalize", "depth", "activation")  # these change the program
TESTED = 500  # test pictures in one call
WHITE = 4 * 255  # sum of 2 × 2 white pixels


def plan() -> Plan:
    """What the explorer trains: the deep networks of the recording ``batch_norm_depth``."""
    demo = make()
    axes = experiment.EXPERIMENT.axes
    networks = itertools.product(*(axes[name] for name in GRAPHS))

    def named(what, *over):
        return demo.table(lambda **at: _named(what, *at.values()), *over)

    return Plan(
        demo=demo,
        steps=experiment.STEPS,
        pick={
            "step": named("step", *GRAPHS, "batch_size"),
            "start": named("start", "normalize", "depth"),
            "examples": named("examples"),
            "order": named("order", "batch_size"),
            "rate": demo.table(lambda learning_rate: learning_rate, "learning_rate"),
            "look": named("look", *GRAPHS),
            "shown": named("shown"),
            "test": named("test", *GRAPHS),
            "held_out": named("held out"),
        },
        parts={
            "data": data,
            **{_named("of", *n): functools.partial(programs, *n) for n in networks},
        },
        original=original,
        windows={"every": APART, "arrays": {"accuracy": "accuracy", "loss": "loss"}},
        looks={"at": list(experiment.MOMENTS)},
        tests={"at": [experiment.STEPS]},
        outcome={"kind": "right"},
        compare={"array": "accuracy", "tolerance": 0.01},
        twin=axes["seed"].index(SEED),
    )


def _named(what, *values):
    """Name of a file."""
    return " ".join([what, *map(str, values)])


def data() -> dict[str, File]:
    """Pictures as sums of 2 × 2 pixels, and the order of the recorded seed's batches."""
    from steadynet import datasets, training
    from steadynet.tasks import deep_rows

    known = datasets.load_fashion_mnist()
    seen = {"x": _sums(known.x_train), "y": known.y_train.astype("u1")}
    orders = {
        _named("order", size): {
            "order": training.batch_schedule(
                len(known.x_train), experiment.STEPS, size, SEED
            ).astype("u2")
        }
        for size in experiment.BATCH_SIZES
    }
    return {
        "examples": seen,
        "shown": {name: a[: deep_rows.LOOKED_AT] for name, a in seen.items()},
        "held out": {"x": _sums(known.x_test), "y": known.y_test.astype("u1")},
        **orders,
    }


def _sums(images):
    """What `pictures.small_pictures` averages, as whole numbers: [n, 196], 0 to `WHITE`."""
    pixels = np.rint(255 * images).astype("u2").reshape(-1, 14, 2, 14, 2)
    return pixels.sum(axis=(2, 4), dtype="u2").reshape(-1, pictures.PIXELS)


def network(
    normalize: str, depth: int, activation: str, *, portable: bool = False
) -> tuple[Row, dict[str, Any]]:
    """A row whose model is the network, and the options of `steps.training_step`.

    A `portable` one computes the same with gradients that convert.
    """
    import tensorflow as tf

    from steadynet.portable import activations
    from steadynet.tasks import deep_rows

    f = activations.PORTABLE[activation] if portable else activation
    row = deep_rows.Row(normalize, depth=depth, activation=f, units=experiment.UNITS)
    mean, deviation = pictures.standard()
    share = lambda x: tf.cast(x, tf.float32) / float(WHITE)  # noqa: E731
    return row, {"prepare": lambda x: (share(x) - mean) / deviation}


def original(setting: Mapping[str, Any]) -> tuple[keras.Model, dict[str, Any]]:
    """The network of one setting, not the portable one, and its options."""
    row, options = network(*(setting[name] for name in GRAPHS))
    return row.model, options


def programs(normalize: str, depth: int, activation: str) -> dict[str, File]:
    """Step, look and test of one network; the rate is an input."""
    from steadynet import steps
    from steadynet.portable.convert import convert, spec
    from steadynet.tasks import deep_rows

    row, options = network(normalize, depth, activation, portable=True)
    layout = steps.State(row.model)

    def inputs(n):
        return [
            spec("state", [layout.size]),
            spec("x", [n, pictures.PIXELS]),
            spec("y", [n], "int32"),
        ]

    step = steps.training_step(row.model, **options)
    right = steps.right(row.model, **options)
    look = functools.partial(_look, row, layout, options["prepare"])
    name = lambda what, *more: _named(what, normalize, depth, activation, *more)  # noqa: E731
    made: dict[str, File] = {
        name("step", n): convert(step, [*inputs(n), spec("rate")], ("state", "measures"))
        for n in experiment.BATCH_SIZES
    }
    made[name("look")] = convert(look, inputs(deep_rows.LOOKED_AT), ("gradients", "activations"))
    made[name("test")] = convert(right, inputs(TESTED), ("right",))
    weights = row.network(seed=SEED).get_weights()
    made[_named("start", normalize, depth)] = {"state": layout.start(weights)}
    return made


def _look(row, layout, prepare, state, x, y):
    """What `batch_norm_depth.look` sees, in the panels' units, padded to the deepest network."""
    import tensorflow as tf

    weights, layer_state, _ = layout.split(state)
    hidden, norms = row.look_at(weights, layer_state, prepare(x), y)
    room = [[0, max(experiment.DEPTHS) - norms.shape[0]], [0, 0]]
    pad = functools.partial(tf.pad, paddings=room, constant_values=np.nan)
    values = tf.reshape(hidden, [norms.shape[0], -1])
    gradients = tf.maximum(norms, SMALLEST)[:, None]
    return pad(gradients), pad(_quantiles(values, experiment.QUANTILES))


def _quantiles(values, shares):
    """Quantiles of each row, on straight lines between its sorted values; NaN where one is NaN."""
    import tensorflow as tf

    last = values.shape[1] - 1
    places = last * (1 - np.array(shares))  # counted from the largest
    low = np.floor(places).astype("i4")
    high = np.minimum(low + 1, last)
    falling = tf.math.top_k(values, k=last + 1).values
    a, b = (tf.gather(falling, at, axis=1) for at in (low, high))
    lost = tf.reduce_sum(tf.where(values != values, values, 0.0), axis=1, keepdims=True)  # noqa: PLR0124
    return a + (b - a) * tf.constant(places - low, tf.float32) + lost
