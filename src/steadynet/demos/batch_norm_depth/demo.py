"""The batch normalization explorer: depth, activation, normalization, batch size and rate."""

from __future__ import annotations

import functools
from collections.abc import Generator

import numpy as np

from steadynet import figures, recording
from steadynet.demos.batch_norm_depth import NAME
from steadynet.experiments import batch_norm_depth as experiment
from steadynet.explorer.control import Control
from steadynet.explorer.demo import Demo, Preset
from steadynet.explorer.live import LIVE_SEED, Live
from steadynet.explorer.panels import Curves, Layers, in_per_cent
from steadynet.explorer.table import Table

RATES = (0.003, 0.03, 0.1, 0.3, 1.0)
APART = 20  # steps averaged into one point of a curve
OPENING = {"depth": 20, "activation": "sigmoid", "normalize": "none"}
SMALLEST = 1e-12  # gradients below this are drawn as this

CODE = """\
import keras
from steadynet.tasks.pictures import small_pictures

x, y = small_pictures()
model = keras.Sequential([keras.Input((196,))])
for _ in range({depth}):
    model.add(keras.layers.Dense({dense}))
{norm}    model.add(keras.layers.Activation({activation}))
model.add(keras.layers.Dense(10))
model.compile(
    keras.optimizers.SGD({learning_rate}),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(x, y, batch_size={batch_size}, epochs=3)
"""


def make() -> Demo:
    """Build the demo over the recording ``batch_norm_depth``.

    Returns
    -------
    Demo
        With a `train` that trains the same network on one more seed.
    """
    recorded = recording.load("batch_norm_depth")
    controls = _controls()
    normalize = controls[2]
    return Demo(
        name=NAME,
        title="Batch normalization explorer",
        question="At which depth does batch normalization matter, and what does it change?",
        controls=controls,
        presets=_presets(),
        panels=_panels(),
        arrays=_arrays(recorded),
        outcome=Table.of(controls, functools.partial(_outcome, recorded)),
        code=CODE,
        parts={
            "dense": Table.of([normalize], _dense),
            "norm": Table.of([normalize], _norm),
        },
        note=_note(recorded),
        fallback=functools.partial(
            figures.as_svg, figures.plot_accuracy_by_rate, recorded, 20, "sigmoid"
        ),
        alt=(
            "Test accuracy of a network of twenty sigmoid layers over learning rates. Without "
            "batch normalization it is at chance everywhere; with it, high over a wide range."
        ),
        steps=experiment.STEPS,
        train=LIVE.train,
        prepare=LIVE.prepare,
        in_page=True,
    )


def _controls():
    """The factors of the recording, in the order of its axes."""
    axes = experiment.EXPERIMENT.axes
    choice = functools.partial(Control, kind="choice")
    return (
        choice(
            "depth",
            "Hidden layers",
            axes["depth"],
            default=axes["depth"].index(OPENING["depth"]),
        ),
        choice(
            "activation",
            "Activation",
            axes["activation"],
            default=axes["activation"].index(OPENING["activation"]),
        ),
        Control(
            "normalize", "Batch normalization", axes["normalize"], ("off", "on"), kind="switch"
        ),
        choice(
            "batch_size",
            "Batch size",
            axes["batch_size"],
            default=axes["batch_size"].index(64),
        ),
        choice(
            "learning_rate",
            "Learning rate",
            RATES,
            tuple(figures.say(rate) for rate in RATES),
            default=RATES.index(0.3),
        ),
    )


def _presets():
    """Settings that each make a point."""
    return (
        Preset("Deep, without", {}, "The gradient is lost on its way to the first layers."),
        Preset(
            "Deep, with",
            {"normalize": "batch norm"},
            "The same weights and pictures: every layer gets a gradient, and the network learns.",
        ),
        Preset(
            "Two layers",
            {"depth": 2, "activation": "relu", "learning_rate": 0.1},
            "Flip the switch: with two ReLU layers it changes little.",
        ),
        Preset(
            "Small batches",
            {"depth": 10, "activation": "relu", "normalize": "batch norm", "batch_size": 8},
            "Means over eight pictures are noisy, and the network pays for it.",
        ),
    )


def _panels():
    """Curves of training, and looks at the layers."""
    x = np.arange(APART, experiment.STEPS + 1, APART).tolist()
    curves = functools.partial(Curves, x=x, x_label="step")
    layers = functools.partial(Layers, moments=experiment.MOMENTS, x_label="layer, first to last")
    return (
        curves(
            title="Accuracy",
            caption="Share of each batch classified correctly; chance is 10 %.",
            y="accuracy",
            **in_per_cent("accuracy"),
        ),
        curves(
            title="Loss",
            caption="Cross-entropy in nats; guessing gives 2.30.",
            y="loss",
            y_label="loss",
            y_domain=(0.0, 4.0),
        ),
        layers(
            title="Gradient by layer",
            caption="Norm of the gradient of each layer's weights. Move the moment.",
            y="gradients",
            y_label="gradient norm",
            y_domain=(1e-12, 1e4),
            y_scale="log",
            quantiles=(0.5,),
        ),
        layers(
            title="Activations by layer",
            caption="Median, and the range from 15 to 85 % of all outputs of a layer.",
            y="activations",
            y_label="output",
            y_domain=(-1.5, 3.0),
            quantiles=experiment.QUANTILES,
        ),
    )


def _arrays(recorded):
    """The recorded numbers, at the rates shown; looks at layers as medians over seeds."""
    shown = recorded.keep("learning_rate", RATES)
    pick = lambda name: shown.arrays[name].astype("f4")  # noqa: E731
    coarse = lambda a: a.reshape(*a.shape[:-1], -1, APART // experiment.WINDOW).mean(-1)  # noqa: E731
    gradients = 10.0 ** np.median(pick("gradients"), axis=5)
    return {
        "accuracy": coarse(pick("accuracy")),
        "loss": coarse(pick("loss")),
        "gradients": np.clip(gradients, SMALLEST, 1 / SMALLEST),
        "activations": np.clip(np.median(pick("activations"), axis=5), -1e3, 1e3),
    }


def _outcome(recorded, **setting):
    """What happened at one setting, in words."""
    accuracy = 100 * recorded.get("test_accuracy", **setting).astype(float)
    if np.median(accuracy) < 150 * experiment.CHANCE:
        return f"At chance on test pictures: {np.median(accuracy):.0f} % (median of 5 seeds)."
    spread = f"{accuracy.min():.0f} to {accuracy.max():.0f} %"
    words = f"median of {accuracy.size} seeds; {spread}"
    return f"{np.median(accuracy):.0f} % of test pictures right ({words})."


def _dense(normalize):
    """Arguments of a hidden layer: normalized ones need no bias."""
    return f"{experiment.UNITS}" if normalize == "none" else f"{experiment.UNITS}, use_bias=False"


def _norm(normalize):
    """The line that adds the normalization, if there is one."""
    if normalize == "none":
        return ""
    return "    model.add(keras.layers.BatchNormalization(momentum=0.9))\n"


def _note(recorded):
    """Where the numbers come from."""
    versions = recorded.meta["versions"]
    return (
        f"Layers of {experiment.UNITS} units on Fashion-MNIST at 14 × 14 pixels, plain gradient "
        f"descent. TensorFlow {versions['tensorflow']}, Keras {versions['keras']}."
    )


@functools.lru_cache(maxsize=4)
def _network(normalize, depth, activation):
    """One compiled network; later runs only reset its weights."""
    from steadynet.tasks import deep_rows

    return deep_rows.Alone(normalize, depth=depth, activation=activation, units=experiment.UNITS)


def _warm_up() -> Generator[None, None, None]:
    """Compile the opening network: normalized, the next move, at first."""
    for normalize in reversed(experiment.EXPERIMENT.axes["normalize"]):
        row = _network(normalize, OPENING["depth"], OPENING["activation"])
        row.train(LIVE_SEED, [0.1], steps=1, batch_size=64, moments=[0], on_moment=row.inside)
        yield


def _run(setting, report):
    """One training, with looks on the way."""
    row = _network(setting["normalize"], setting["depth"], setting["activation"])
    looks = []

    def show():
        steps = row.record.steps if row.record else 0
        if steps in experiment.MOMENTS:
            looks.append(experiment.look(row))
        arrays = {
            "gradients": np.clip(
                10.0 ** np.array([a["gradients"][0] for a in looks]), SMALLEST, None
            ),
            "activations": np.array([a["activations"][0] for a in looks]),
        }
        if row.record:
            for name in ("accuracy", "loss"):
                arrays[name] = getattr(row.record, name).reshape(-1, APART).mean(-1)
        report(arrays, steps / experiment.STEPS)

    row.train(
        *(LIVE_SEED, [setting["learning_rate"]]),
        steps=experiment.STEPS,
        batch_size=setting["batch_size"],
        moments=range(0, experiment.STEPS + 1, APART),
        on_moment=show,
    )
    return f"{100 * row.test_accuracy()[0]:.0f} % of test pictures right"


LIVE = Live(_run, _warm_up)
