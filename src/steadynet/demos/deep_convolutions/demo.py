"""The convolutions explorer: what is added to a deep network, and how many steps it trains."""

from __future__ import annotations

import functools
from typing import Any

from steadynet import figures, recording
from steadynet.demos.deep_convolutions import NAME
from steadynet.demos.deep_convolutions.listing import CODE, parts
from steadynet.demos.deep_convolutions.runs import BEST, PLAIN, arrays
from steadynet.demos.deep_convolutions.words import outcome
from steadynet.experiments.deep_convolutions import grid as experiment
from steadynet.explorer.control import Control
from steadynet.explorer.demo import Demo, Preset
from steadynet.explorer.panels import Across
from steadynet.explorer.table import Table
from steadynet.figures.convolutions import KINDS

OPENING: dict[str, Any] = {
    "kind": "batch norm",
    "depth": experiment.DEEP,
    "learning_rate": BEST,
    "budget": experiment.EARLY,
}
TICKS = (100, 300, 1000)  # steps written between the first and the last if there is little room


def make() -> Demo:
    """Build the demo over the recording ``deep_convolutions``.

    Returns
    -------
    Demo
        Recorded only: nothing is trained beside it.
    """
    recorded = recording.load("deep_convolutions")
    controls = _controls()
    return Demo(
        name=NAME,
        title="Convolutions explorer",
        question="How large is the gain of batch normalization, and how long does it last?",
        controls=controls,
        presets=_presets(),
        panels=_panels(),
        arrays=arrays(recorded, controls),
        outcome=Table.of(controls, functools.partial(outcome, recorded)),
        code=CODE,
        parts=parts(recorded, controls),
        note=_note(recorded),
        fallback=functools.partial(
            figures.as_svg,
            figures.plot_accuracy_over_steps,
            recorded,
            experiment.DEEP,
            (PLAIN, "batch norm"),
        ),
        alt=(
            "Test accuracy of networks of twenty convolutions over training steps, plain and with "
            "batch normalization. They are far apart after a few hundred steps and closer at the "
            "end."
        ),
    )


def _controls():
    """What is added, depth, rate and steps, in the order of the arrays' dimensions."""
    steps = experiment.BUDGETS
    said: dict[str, tuple[Any, ...]] = {
        "kind": (
            "Added to the plain network",
            tuple(experiment.KINDS)[1:],
            tuple(KINDS.values())[1:],
        ),
        "depth": ("Convolutions", experiment.DEPTHS, ()),
        "learning_rate": (
            "Learning rate",
            (BEST, *experiment.RATES),
            ("each at its best", *map(figures.say, experiment.RATES)),
        ),
        "budget": ("Training steps", steps, tuple(f"{n:,}" for n in steps)),
    }
    return tuple(
        Control(
            name,
            label,
            values,
            texts,
            kind="slider" if name == "budget" else "choice",
            default=values.index(OPENING[name]),
            ticks=tuple(map(steps.index, (steps[0], *TICKS, steps[-1]))) * (name == "budget"),
        )
        for name, (label, values, texts) in said.items()
    )


def _presets():
    """Three settings: two of time, one of depth."""
    return (
        Preset("Early: tremendous", {}, "A few hundred steps in, the plain network is far behind."),
        Preset(
            "Later: a few points",
            {"budget": experiment.LATE},
            "The same two networks, trained on: most of the gap is gone, some points are left.",
        ),
        Preset(
            "Two convolutions: little",
            {"depth": experiment.SHALLOW, "budget": experiment.MIDDLE},
            "Not deep: after 1,000 steps the two are level.",
        ),
    )


def _panels():
    """Test accuracy over steps and over depth, both networks in each."""
    across = functools.partial(
        Across,
        y="added",
        y_label="test accuracy",
        y_domain=(0.0, 1.0),
        y_format=".0%",
        label="with it",
        reference="plain",
        reference_label="without",
    )
    return (
        across(
            title="Over training steps",
            caption="Share of test pictures right; guessing gives 10 %. Click to move there.",
            control="budget",
        ),
        across(
            title="Over depth",
            caption="After the chosen number of steps. No mark: not run for that long, or at all.",
            control="depth",
        ),
    )


def _note(recorded):
    """Where the numbers come from."""
    versions = recorded.meta["versions"]
    return (
        f"{len(recorded.axes['seed'])} seeds. 3 × 3 convolutions with {experiment.CHANNELS} "
        "channels on Fashion-MNIST, plain gradient descent on batches of "
        f"{experiment.BATCH_SIZE}. The best rate is chosen on pictures kept for that, for each "
        "network, depth and number of steps. "
        f"TensorFlow {versions['tensorflow']}, Keras {versions['keras']}."
    )
