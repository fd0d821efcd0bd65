"""A recurrent network, small enough to convert in a test: programs, arrays, plan, recording."""

from __future__ import annotations

import functools
import gzip
import hashlib
import itertools
import json

import numpy as np

from steadynet.explorer import Control, Curves, Demo, Histogram, Layers, Table
from steadynet.explorer.plan import VERSION
from steadynet.portable.program import MEASURES
from steadynet.tasks.temporal_order import RULE

LENGTH, SYMBOLS, UNITS, CLASSES, BATCH = 8, 6, 16, 4, 16
STEPS, EVERY, SEEDS, RUN = 600, 20, 3, 1
RATES, LIMITS = (0.05, 0.5, 1e38), (0.02, 1.0, 3.4028234e38)
LOOKS, TESTS, CHUNK = (0, 100, 400), (150, 300, 600), 32
EDGES = np.geomspace(1e-4, 1e3, 15)
SHAPES = ((SYMBOLS, UNITS), (UNITS, UNITS), (UNITS,), (UNITS, CLASSES), (CLASSES,))
SIZES = [int(np.prod(shape)) for shape in SHAPES]
QUANTILES = (0.1, 0.5, 0.9)
CONTROLS = (
    Control("rate", "Learning rate", RATES, ("0.05", "0.5", "1e38"), kind="choice", default=1),
    Control("limit", "Clip threshold", LIMITS, ("0.02", "1", "never"), default=1),
)


def material():
    """Examples, their order, held-out examples and the weights at the start, one seed."""
    rng = np.random.default_rng(3)
    x = rng.integers(0, SYMBOLS, (1000, LENGTH), "uint8")
    y = (2 * (x[:, 1] > 2) + (x[:, 5] > 2)).astype("uint8")
    order = rng.integers(0, 900, (STEPS, BATCH), "uint16")
    start = [rng.normal(0, 0.4, size).astype("f4") for size in SIZES]
    return x, y, order, np.concatenate(start)


@functools.lru_cache(maxsize=1)
def programs():
    """The programs step, look and test, converted by TensorFlow."""
    import tensorflow as tf

    def layers(state, x):
        wx, wh, b, wo, bo = (
            tf.reshape(part, shape)
            for part, shape in zip(tf.split(state, SIZES), SHAPES, strict=True)
        )
        h, all_h = tf.zeros([x.shape[0], UNITS]), []
        for t in range(LENGTH):
            h = tf.tanh(tf.one_hot(x[:, t], SYMBOLS) @ wx + h @ wh + b)
            all_h.append(h)
        return h @ wo + bo, all_h

    def share_right(logits, y):
        return tf.cast(tf.equal(tf.argmax(logits, 1, tf.int32), y), tf.float32)

    def step(state, x, y, rate, limit):
        with tf.GradientTape() as tape:
            tape.watch(state)
            logits, _ = layers(state, x)
            loss = tf.reduce_mean(
                tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(y, CLASSES), logits)
            )
        gradient = tape.gradient(loss, state)
        norm = tf.sqrt(tf.reduce_sum(gradient**2))
        clipped = tf.cast(norm > limit, tf.float32)
        scale = tf.where(norm > limit, limit / norm, tf.ones_like(norm))
        measures = tf.stack([loss, tf.reduce_mean(share_right(logits, y)), norm, clipped])
        return {"new": state - rate * scale * gradient, "measures": measures}

    def look(state, x, y):  # noqa: ARG001 - a look may need the classes
        _, all_h = layers(state, x)
        ordered = tf.sort(tf.reshape(tf.stack(all_h), [LENGTH, -1]), axis=1)
        places = [int(q * (ordered.shape[1] - 1)) for q in QUANTILES]
        return {"hidden": tf.gather(ordered, places, axis=1)}

    def test(state, x, y):
        return {"right": tf.reduce_sum(share_right(layers(state, x)[0], y))}

    def convert(function, batch, *scalars):
        spec = tf.TensorSpec
        specs = [
            spec([sum(SIZES)], tf.float32, "state"),
            spec([batch, LENGTH], tf.int32, "x"),
            spec([batch], tf.int32, "y"),
            *(spec([], tf.float32, name) for name in scalars),
        ]
        concrete = tf.function(function, specs, autograph=False).get_concrete_function()
        return tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()

    # TensorFlow orders outputs by their names: measures before new.
    return {
        "step": convert(step, BATCH, "rate", "limit"),
        "look": convert(look, CHUNK),
        "test": convert(test, CHUNK),
    }


class Program:
    """A converted program in LiteRT's own interpreter; outputs in the order of their names."""

    def __init__(self, content):
        from ai_edge_litert.interpreter import Interpreter

        self._it = Interpreter(model_content=content, num_threads=1)
        self._it.allocate_tensors()
        self._in = {
            d["name"].split(":")[0].removeprefix("serving_default_"): d["index"]
            for d in self._it.get_input_details()
        }
        details = sorted(self._it.get_output_details(), key=lambda d: _number(d["name"]))
        self._out = [d["index"] for d in details]

    def __call__(self, **inputs):
        for name, value in inputs.items():
            self._it.set_tensor(self._in[name], value)
        self._it.invoke()
        return [self._it.get_tensor(index) for index in self._out]


def _number(name):
    """The place of an output: Identity, Identity_1, …, or StatefulPartitionedCall:0, :1, …"""
    head, _, minor = name.partition(":")
    major = head.rpartition("_")[2]
    return (int(major) if major.isdigit() else 0, int(minor or 0))


def run(rate, limit, steps=STEPS):
    """Measures of each step, and the state at the end, as LiteRT in Python gives them."""
    x, y, order, state = material()
    step, measures = Program(programs()["step"]), []
    scalars = {"rate": np.float32(rate), "limit": np.float32(limit)}
    for rows in order[:steps]:
        batch = {"x": x[rows].astype("i4"), "y": y[rows].astype("i4")}
        found, state = step(state=state, **batch, **scalars)
        measures.append(found)
    return np.array(measures), state


@functools.lru_cache(maxsize=1)
def demo():
    """The explorer: recorded run number `RUN` is the one that the page trains, others are near."""
    shape = (len(RATES), len(LIMITS), SEEDS, STEPS // EVERY)
    loss, accuracy = np.empty(shape), np.empty(shape)
    counts = np.empty((*shape[:2], len(EDGES) - 1))
    for i, j in itertools.product(range(len(RATES)), range(len(LIMITS))):
        measures, _ = run(RATES[i], LIMITS[j])
        windows = measures.reshape(-1, EVERY, 4).mean(1)
        nudge = np.linspace(-0.1, 0.1, SEEDS)[:, None]
        loss[i, j], accuracy[i, j] = windows[:, 0] * (1 + nudge), windows[:, 1] * (1 - nudge**2)
        norms = np.nan_to_num(measures[:, 2], nan=np.inf, posinf=np.inf)
        counts[i, j] = np.histogram(np.clip(norms, EDGES[0], EDGES[-1] * (1 - 1e-6)), EDGES)[0]
    curves = functools.partial(Curves, x=range(EVERY, STEPS + 1, EVERY), x_label="step")
    hidden = np.zeros((*shape[:2], len(LOOKS), LENGTH, len(QUANTILES)))
    return Demo(
        name="tiny",
        title="Tiny explorer",
        question="Does it train in the page?",
        controls=CONTROLS,
        panels=(
            curves(title="Loss", y="loss", y_label="loss", y_domain=(1e-3, 10.0), y_scale="log"),
            curves(
                title="Accuracy", y="accuracy", y_label="acc", y_domain=(0, 1), y_format=".0%"
            ),
            Histogram(
                title="Norms", edges=EDGES, counts="counts", x_label="norm", marker="limit",
                beyond="{share} beyond.",
            ),
            Layers(
                title="Hidden", y="hidden", y_label="output", y_domain=(-1, 1), moments=LOOKS,
                moment=2, quantiles=QUANTILES,
            ),
        ),
        arrays={"loss": loss, "accuracy": accuracy, "counts": counts, "hidden": hidden},
        outcome=Table.of(CONTROLS, lambda rate, limit: f"Rate {rate}, threshold {limit:g}."),
        steps=STEPS,
    )  # fmt: skip


def write_plan(folder, runtime):
    """Write the programs, arrays and the plan ``tiny.json``; return the plan.

    Each clip threshold has a program file of its own, as if they differed: the same bytes with
    another tail, so that a move needs something new.
    """
    files = {}

    def keep(raw, **entry):
        packed = gzip.compress(raw, mtime=0)
        name = f"{hashlib.sha256(packed).hexdigest()[:16]}.bin"
        (folder / name).write_bytes(packed)
        files[name] = {"bytes": len(packed), **entry}
        return name

    def arrays(**named):
        codes = {"float32": "f32", "uint8": "u8", "uint16": "u16"}
        heads = [[n, codes[a.dtype.name], list(a.shape)] for n, a in named.items()]
        return keep(b"".join(a.tobytes() for a in named.values()), arrays=heads)

    x, y, order, start = material()
    made = programs()
    steps = [
        keep(made["step"] + bytes(16 * k), outputs=["measures", "state"])
        for k in range(len(LIMITS))
    ]
    once = {
        "start": arrays(state=start),
        "examples": arrays(x=x[:900], y=y[:900]),
        "order": arrays(order=order),
        "look": keep(made["look"], outputs=["hidden"]),
        "shown": arrays(x=x[:CHUNK], y=y[:CHUNK]),
        "test": keep(made["test"], outputs=["right"]),
        "held_out": arrays(x=x[900:996], y=y[900:996]),
    }
    plan = {
        "version": VERSION, "demo": "tiny", "seed": 0, "twin": RUN, "steps": STEPS,
        "measures": list(MEASURES), "runtime": runtime, "files": files,
        "pick": {
            "step": {"over": [1], "entries": steps},
            **{what: {"over": [], "entries": [name]} for what, name in once.items()},
            "rate": {"over": [0], "entries": list(RATES)},
            "limit": {"over": [1], "entries": list(LIMITS)},
        },
        "windows": {"every": EVERY, "arrays": {"loss": "loss", "accuracy": "accuracy"}},
        "histogram": {"counts": {"of": "norm", "edges": EDGES.tolist()}},
        "looks": {"at": list(LOOKS)},
        "tests": {"at": list(TESTS)},
        "outcome": RULE,
        "compare": {"array": "accuracy", "tolerance": 0.01},
    }  # fmt: skip
    (folder / "tiny.json").write_text(json.dumps(plan))
    return plan
