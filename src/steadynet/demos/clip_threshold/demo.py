"""The clip explorer: threshold, method and learning rate of a recurrent network."""

from __future__ import annotations

import functools
import math
from collections.abc import Generator

import numpy as np

from steadynet import figures, recording
from steadynet.demos.clip_threshold import NAME
from steadynet.experiments import clip_threshold
from steadynet.explorer.control import Control
from steadynet.explorer.demo import Demo, Preset
from steadynet.explorer.live import LIVE_SEED, Live
from steadynet.explorer.panels import Curves, Histogram, in_per_cent
from steadynet.explorer.table import Table
from steadynet.tasks.temporal_order import (
    BATCH_SIZE,
    CHANCE,
    ENDING,
    KEPT,
    NEVER,
    NORM_EDGES,
    STEPS,
    THRESHOLDS,
    WINDOW,
    sequences,
    solved_at,
    summarize,
)

RATES = (0.05, 0.2, 0.8)
METHOD_TEXTS = {"value": "by value", "norm": "each variable's norm", "global_norm": "global norm"}
KERAS_NAMES = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}
SHOWN = ("loss", "accuracy", "clipped", "norm_counts")

CODE = """\
import keras
import numpy as np
from steadynet import datasets, networks

symbols, labels = datasets.temporal_order({examples}, length={length}, seed=0)
model = networks.recurrent_network(length={length}, seed=0)
model.compile(
    keras.optimizers.SGD(learning_rate={learning_rate}{clip}),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(np.eye(6)[symbols], labels, batch_size={batch_size})
"""


def make() -> Demo:
    """Build the demo over the recording ``clip_threshold``.

    Returns
    -------
    Demo
        With a `train` that trains the same network on one more seed.
    """
    recorded = recording.load("clip_threshold")
    controls = _controls()
    method, _, threshold = controls
    shown = recorded.keep("learning_rate", RATES)
    arrays = {name: shown.arrays[name] for name in SHOWN}
    counts = arrays["norm_counts"].sum(axis=3)  # over seeds
    return Demo(
        name=NAME,
        title="Clip explorer",
        question="Which threshold lets the network learn, and in which two ways can it fail?",
        controls=controls,
        presets=_presets(),
        panels=_panels(),
        arrays={**arrays, "norm_counts": counts, "beyond": arrays["clipped"].mean(axis=(-2, -1))},
        outcome=Table.of(controls, functools.partial(_outcome, recorded)),
        code=CODE,
        parts={
            "examples": _constant(threshold, str(STEPS * BATCH_SIZE)),
            "length": _constant(threshold, str(clip_threshold.LENGTH)),
            "batch_size": _constant(threshold, str(BATCH_SIZE)),
            "clip": Table.of((method, threshold), _keras_argument),
        },
        note=_versions(recorded),
        fallback=functools.partial(
            figures.as_svg,
            figures.plot_learning_curves,
            recorded,
            (0.005, 1.0, NEVER),
            rate=clip_threshold.FAILING_RATE,
        ),
        alt=(
            "Accuracy over 2,000 steps at learning rate 0.2. Clipped at 1, all seeds rise to 100 % "
            "within a few hundred steps; clipped at 0.005 they creep up; never clipped they stay "
            "at chance."
        ),
        steps=STEPS,
        train=LIVE.train,
        prepare=LIVE.prepare,
        in_page=True,
    )


def _controls():
    """Method, rate and threshold, in the order of the recording's axes."""
    texts = tuple(figures.say(t) for t in THRESHOLDS)
    labelled = (0.001, 0.01, 0.1, 1.0, 10.0, NEVER)
    methods = clip_threshold.METHODS
    return (
        Control(
            "method",
            "Clip",
            methods,
            tuple(METHOD_TEXTS[m] for m in methods),
            kind="choice",
            default=methods.index("global_norm"),
        ),
        Control(
            "learning_rate",
            "Learning rate",
            RATES,
            tuple(figures.say(r) for r in RATES),
            kind="choice",
            default=RATES.index(clip_threshold.FAILING_RATE),
        ),
        Control(
            "threshold",
            "Clip threshold",
            THRESHOLDS,
            texts,
            default=THRESHOLDS.index(1.0),
            ticks=tuple(THRESHOLDS.index(t) for t in labelled),
        ),
    )


def _panels():
    """Three curves over steps, and the norms with the threshold drawn in."""
    curves = functools.partial(Curves, x=range(WINDOW, STEPS + 1, WINDOW), x_label="step")
    return (
        curves(
            title="Accuracy",
            caption="Share of fresh sequences classified correctly; chance is 25 %.",
            y="accuracy",
            **in_per_cent("accuracy"),
        ),
        curves(
            title="Loss",
            caption="Cross-entropy in nats on a log scale; guessing gives 1.39.",
            y="loss",
            y_label="loss",
            y_domain=(1e-4, 10.0),
            y_scale="log",
        ),
        Histogram(
            title="Gradient norms",
            caption="Joint norm before clipping, over all steps and seeds.",
            edges=NORM_EDGES.tolist(),
            counts="norm_counts",
            x_label="gradient norm",
            marker="threshold",
            share="beyond",
            beyond="Clipping changed {share} of all steps.",
        ),
        curves(
            title="Share of steps clipped",
            caption="In windows of 50 steps. 100 %: every step is cut.",
            y="clipped",
            **in_per_cent("share clipped"),
        ),
    )


def _presets():
    """Four settings that each make a point."""
    return (
        Preset(
            "Just right",
            {"threshold": 1.0},
            "Every seed learns, and soon almost no step is clipped.",
        ),
        Preset(
            "Never clip",
            {"threshold": NEVER},
            "Sooner or later one step is far too long: no seed learns the task.",
        ),
        Preset(
            "Too tight",
            {"threshold": 0.005},
            "Safe, but nearly every step is cut short: too slow to learn.",
        ),
        Preset(
            "Small rate, no clipping",
            {"threshold": NEVER, "learning_rate": 0.05},
            "Every seed learns, and on some a single step later undoes it all.",
        ),
    )


def _outcome(recorded, method, learning_rate, threshold):
    """What happened at one setting, in words."""
    at = {"method": method, "learning_rate": learning_rate, "threshold": threshold}
    solved = recorded.get("solved_at", **at)
    steps = solved[np.isfinite(solved)]
    lost = len(steps) - int(np.isfinite(solved_at(recorded, **at)).sum())
    if not len(steps):
        final = np.median(recorded.get("accuracy", **at)[:, -4:].mean(axis=-1))
        ends = f"accuracy ends at {100 * final:.0f} % (chance {100 * CHANCE:.0f} %)"
        return f"Solved on 0 of {len(solved)} seeds in {STEPS:,} steps; {ends}."
    spread = f" (median; {steps.min():,.0f} to {steps.max():,.0f})" if len(steps) > 1 else ""
    when = f"after {np.median(steps):,.0f} steps{spread}"
    again = f"; lost again on {lost}" if lost else ""
    return f"Solved on {len(steps)} of {len(solved)} seeds, {when}{again}."


def _keras_argument(method, threshold):
    """The clip argument of a Keras optimizer; nothing where it never clips."""
    return "" if math.isinf(threshold) else f", {KERAS_NAMES[method]}={threshold:g}"


def _constant(control, text):
    """Words that no control changes."""
    return Table((control.name,), (text,) * len(control.values))


def _versions(recorded):
    """Where the numbers come from."""
    versions = recorded.meta["versions"]
    return (
        f"Batches of {BATCH_SIZE} fresh sequences of "
        f"{clip_threshold.LENGTH} symbols, plain gradient descent. "
        f"TensorFlow {versions['tensorflow']}, Keras {versions['keras']}."
    )


@functools.lru_cache(maxsize=len(clip_threshold.METHODS))
def _trainer(method):
    """One compiled trainer a method; later runs only reset its weights."""
    import keras

    from steadynet import networks, training

    model = networks.recurrent_network(clip_threshold.LENGTH)
    return training.Trainer(model, keras.optimizers.SGD(0.1), clip=method)


@functools.lru_cache(maxsize=1)
def _material():
    """Sequences, labels and initial weights of the live seed."""
    from steadynet import networks

    model = networks.recurrent_network(clip_threshold.LENGTH, seed=LIVE_SEED)
    return *sequences(clip_threshold.LENGTH, STEPS, LIVE_SEED), model.get_weights()


def _warm_up() -> Generator[None, None, None]:
    """Compile each method's loop: the opening one first."""
    for method in reversed(clip_threshold.METHODS):
        _train(method, threshold=1.0, learning_rate=RATES[0], chunk=1, on_chunk=lambda _: False)
        yield


def _train(method, **options):
    """The live seed's run, from its initial weights on."""
    trainer, (x, y, weights) = _trainer(method), _material()
    trainer.model.set_weights(weights)
    fixed = {"steps": STEPS, "batch_size": BATCH_SIZE, "seed": LIVE_SEED}
    return trainer.run(x, y, **fixed, **options)


def _run(setting, report):
    """One training, with the curves so far on the way."""

    def show(record):
        found = summarize(record)
        report({name: found[name] for name in SHOWN}, record.steps / STEPS)

    rate, threshold = setting["learning_rate"], setting["threshold"]
    record = _train(
        setting["method"], learning_rate=rate, threshold=threshold, chunk=WINDOW, on_chunk=show
    )
    found = summarize(record)
    if not np.isfinite(found["solved_at"]):
        ending = found["accuracy"][-ENDING // WINDOW :].mean()
        return f"not solved; accuracy ends at {100 * ending:.0f} %"
    again = "" if found["accuracy"][-1] >= KEPT else ", and lost again"
    return f"solved after {found['solved_at']:,.0f} steps{again}"


LIVE = Live(_run, _warm_up)
