"""The freeze explorer: frozen layers, labelled pictures, start and task of a reused network."""

from __future__ import annotations

import functools
from collections.abc import Generator
from typing import Any

import numpy as np

from steadynet import figures, recording
from steadynet.demos.frozen_layers import NAME
from steadynet.experiments import frozen_layers as experiment
from steadynet.explorer.control import Control
from steadynet.explorer.demo import Demo, Preset
from steadynet.explorer.live import LIVE_SEED, Live
from steadynet.explorer.panels import Across, Curves, Network, NetworkLayer, in_per_cent
from steadynet.explorer.table import Table
from steadynet.tasks import transfer

OPENING: dict[str, Any] = {"task": "tops", "start": "pretrained", "n_frozen": 2, "labels": 300}
SCRATCH = "from scratch"
LAYERS = (
    NetworkLayer("conv 1", "3×3 convolution", "14×14×16", 160),
    NetworkLayer("conv 2", "3×3 convolution", "7×7×32", 4640),
    NetworkLayer("conv 3", "3×3 convolution", "4×4×64", 18496),
    NetworkLayer("hidden", "dense", "64", 65600),
    NetworkLayer("output", "dense", "3", 195),
)

CODE = """\
import keras
from steadynet import reuse
from steadynet.tasks import transfer

settings = dict(
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
old = transfer.network(7, seed=0)
{pretrain}
new = reuse.reuse_layers(old, 4, keras.layers.Dense(3))
reuse.freeze_layers(new, {n_frozen})

data = transfer.labelled({task}, {labels}, seed=0)
new.compile(keras.optimizers.SGD(0.02, momentum=0.9), **settings)
new.fit(data.x_train, data.y_train, epochs={epochs}, verbose=0)
print(new.evaluate(data.x_test, data.y_test, return_dict=True))
"""
PRETRAIN = """\
first = transfer.task("{source}")
old.compile(keras.optimizers.SGD(0.02, momentum=0.9), **settings)
old.fit(first.x_train, first.y_train, epochs=7)
"""


def make() -> Demo:
    """Build the demo over the recording ``frozen_layers``.

    Returns
    -------
    Demo
        With a `train` that trains the same network on one more seed.
    """
    recorded = recording.load("frozen_layers")
    controls = _controls()
    task, start, _, labels = controls
    return Demo(
        name=NAME,
        title="Freeze explorer",
        question="How many pretrained layers should you freeze, and does it beat scratch?",
        controls=controls,
        presets=_presets(),
        panels=_panels(),
        arrays=_arrays(recorded),
        outcome=Table.of(controls, functools.partial(_outcome, recorded)),
        code=CODE,
        parts={
            "pretrain": Table.of([task, start], _pretrain),
            "epochs": Table.of([labels], _epochs),
        },
        note=_note(recorded),
        fallback=functools.partial(figures.as_svg, _fallback, recorded),
        alt=(
            "Test accuracy on tops over 0 to 4 frozen layers, for 10, 100 and 1,000 labelled "
            "pictures. It is level up to three frozen layers and falls at four. With 1,000 labels "
            "up to two frozen layers lie above a dashed line, training from scratch."
        ),
        steps=experiment.STEPS,
        train=LIVE.train,
        prepare=LIVE.prepare,
        in_page=True,
    )


def _controls():
    """The factors of the recording, in the order of its axes."""
    axes = experiment.EXPERIMENT.axes
    texts = {
        "task": axes["task"],
        "start": tuple(figures.reuse.STARTS[start] for start in axes["start"]),
        "n_frozen": tuple(map(str, axes["n_frozen"])),
        "labels": tuple(f"{n:,}" for n in axes["labels"]),
    }
    said: dict[str, tuple[str, Any, str]] = {
        "task": ("New task", "choice", "Three kinds of footwear, or pullover, coat and shirt."),
        "start": ("Start", "choice", "Random with no layer frozen is training from scratch."),
        "n_frozen": ("Frozen layers", "slider", ""),
        "labels": ("Labelled pictures", "choice", ""),
    }
    return tuple(
        Control(
            name,
            label,
            axes[name],
            texts[name],
            kind=kind,
            help=words,
            default=axes[name].index(OPENING[name]),
            ticks=tuple(range(len(axes[name]))) if kind == "slider" else (),
        )
        for name, (label, kind, words) in said.items()
    )


def _presets():
    """Settings that each make a point."""
    return (
        Preset(
            "Freeze two",
            {},
            "Ahead of scratch after the first 20 steps, and still ahead at the end on every seed.",
        ),
        Preset(
            "Freeze too much",
            {"n_frozen": 4},
            "Only the output layer trains, on features of other classes: scratch does better.",
        ),
        Preset(
            "Few labels",
            {"task": "footwear", "n_frozen": 3, "labels": 30},
            "With 30 labels, three frozen layers beat scratch on four of five seeds.",
        ),
        Preset(
            "Random filters",
            {"start": "random", "n_frozen": 3},
            "Frozen layers that never learned anything: worse than learned ones on every seed.",
        ),
        Preset(
            "From scratch",
            {"start": "random", "n_frozen": 0},
            "All layers train from random weights: what the others are compared with.",
        ),
    )


def _panels():
    """The network, curves of training, and the outcome over two of the controls."""
    x = np.arange(experiment.EVERY, experiment.STEPS + 1, experiment.EVERY).tolist()
    share = in_per_cent("test accuracy", 0.3)
    across = functools.partial(
        Across,
        **share,
        y="final",
        label="this start",
        reference="scratch",
        reference_label=SCRATCH,
    )
    return (
        Network(
            title="The new network",
            caption="Locked layers keep their weights.",
            layers=LAYERS,
            frozen="frozen",
        ),
        Curves(
            title="Accuracy",
            caption="Share of 900 test pictures classified correctly; chance is 33 %.",
            x=x,
            x_label="step",
            y="accuracy",
            **share,
        ),
        across(
            title="Over frozen layers",
            caption="After 160 steps. Click to move there.",
            control="n_frozen",
        ),
        across(
            title="Over labelled pictures",
            caption="After 160 steps, with the same number of frozen layers.",
            control="labels",
        ),
        Across(
            title="Time for a step",
            caption="Forward and backward, on one core; the fastest of five recorded seeds.",
            control="n_frozen",
            y="ms",
            y_label="milliseconds",
            y_domain=(0.0, 3.0),
        ),
    )


def _arrays(recorded):
    """The recorded numbers; scratch is the same whatever the start and the frozen layers."""
    shape = recorded.arrays["ms"].shape
    final = recorded.arrays["accuracy"][..., -1]
    alone = recorded.keep("start", ["random"]).keep("n_frozen", [0])
    scratch = alone.arrays["accuracy"][..., -1]
    counts = np.array(recorded.axes["n_frozen"])[None, None, :, None]
    return {
        "accuracy": recorded.arrays["accuracy"],
        "final": final,
        "scratch": np.broadcast_to(scratch, shape).copy(),
        "ms": recorded.arrays["ms"].min(axis=-1, keepdims=True),  # others were disturbed
        "frozen": np.broadcast_to(counts, shape[:-1]).copy(),
    }


def _outcome(recorded, **setting):
    """What happened at one setting, in words."""
    found = 100 * experiment.final(recorded, **setting).astype(float)
    spread = f"median of {found.size} seeds; {found.min():.0f} to {found.max():.0f} %"
    right = f"{np.median(found):.0f} % of test pictures right ({spread})"
    if setting["start"] == "random" and setting["n_frozen"] == 0:
        return f"From scratch: {right}."
    at = {"start": "random", "n_frozen": 0}
    scratch = 100 * experiment.final(recorded, **{**setting, **at}).astype(float)
    better = int((found > scratch).sum())
    return f"{right}; better than scratch on {better} of {found.size} seeds."


def _pretrain(task, start):
    """The lines that train the first network, if it is trained."""
    if start == "random":
        return "# not trained: what is frozen below are random filters\n"
    return PRETRAIN.format(source=experiment.SPLITS[task])


def _epochs(labels):
    """Passes over so many pictures that make the recording's number of steps."""
    return str(-(-experiment.STEPS // -(-labels // transfer.BATCH_SIZE)))


def _fallback(recorded, *, ax):
    """Accuracy over frozen layers on tops, with a legend."""
    figures.plot_accuracy_by_frozen(recorded, "tops", ax=ax)
    ax.set_ylim(0.28, 1.18)
    ax.legend(ncols=2, loc="upper center")


def _note(recorded):
    """Where the numbers come from."""
    versions = recorded.meta["versions"]
    return (
        f"Fashion-MNIST; {experiment.STEPS} steps of gradient descent with momentum on batches of "
        f"up to {transfer.BATCH_SIZE}. Pretrained: {transfer.PRETRAIN_STEPS:,} steps on the seven "
        f"other classes. TensorFlow {versions['tensorflow']}, Keras {versions['keras']}."
    )


def _train(setting, show):
    """The live seed's run; `show` sees loop, data and steps at every look, and may end it."""
    task, every = setting["task"], experiment.EVERY
    source = experiment.SPLITS[task] if setting["start"] == "pretrained" else None
    weights = transfer.start(task, LIVE_SEED, source)  # pretrains once, then remembers
    data = transfer.labelled(task, setting["labels"], LIVE_SEED)
    loop = transfer.trainer(3, setting["n_frozen"])
    loop.model.set_weights(weights)
    loop.run(
        *(data.x_train, data.y_train),
        steps=experiment.STEPS,
        batch_size=min(transfer.BATCH_SIZE, len(data.x_train)),
        seed=LIVE_SEED,
        chunk=every,
        on_chunk=lambda record: show(loop, data, record.steps),
    )


def _warm_up() -> Generator[None, None, None]:
    """Train the first network of the opening task, compile each new one."""
    source = experiment.SPLITS[OPENING["task"]]
    transfer.start(OPENING["task"], LIVE_SEED, source)
    counts = experiment.EXPERIMENT.axes["n_frozen"]
    for n_frozen in sorted(counts, key=lambda n: abs(n - OPENING["n_frozen"])):
        yield
        _train({**OPENING, "n_frozen": n_frozen}, lambda *_: False)


def _run(setting, report):
    """One training, with the accuracy so far on the way."""
    looks = []

    def show(loop, data, steps):
        looks.append(transfer.accuracy(loop.model, data))
        # The whole curve so far; its last point is the outcome so far.
        arrays = {"accuracy": np.array(looks), "final": np.array(looks[-1:])}
        report(arrays, steps / experiment.STEPS)

    report({}, 0.0)  # a first pretraining takes seconds: a newer move may have come
    _train(setting, show)
    return f"{100 * looks[-1]:.0f} % of test pictures right"


LIVE = Live(_run, _warm_up)
