"""The convolutions explorer: what is added to a deep network, and how many steps it trains."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from steadynet import figures, recording
from steadynet.demos.deep_convolutions import NAME
from steadynet.demos.deep_convolutions.listing import CODE, parts
from steadynet.demos.deep_convolutions.runs import BEST, PLAIN, run_at
from steadynet.demos.deep_convolutions.words import outcome
from steadynet.explorer.control import Control
from steadynet.explorer.demo import Demo, Preset
from steadynet.explorer.panels import Across
from steadynet.explorer.table import Table
from steadynet.figures.convolutions import KINDS

OPENING: dict[str, Any] = {"kind": "batch norm", "depth": 20, "learning_rate": BEST, "budget": 300}
TICKS = (30, 100, 300, 1000, 2000)  # steps that are written where there is little room


def make() -> Demo:
    """Build the demo over the recording ``deep_convolutions``.

    Returns
    -------
    Demo
        Recorded only: nothing is trained beside it.
    """
    recorded = recording.load("deep_convolutions")
    controls = _controls(recorded.axes)
    return Demo(
        name=NAME,
        title="Convolutions explorer",
        question="How large is the gain of batch normalization, and how long does it last?",
        controls=controls,
        presets=_presets(recorded.axes["budget"][-1]),
        panels=_panels(),
        arrays=_arrays(recorded, controls),
        outcome=Table.of(controls, functools.partial(outcome, recorded)),
        code=CODE,
        parts=parts(recorded, controls),
        note=_note(recorded),
        fallback=functools.partial(
            figures.as_svg, figures.plot_accuracy_over_steps, recorded, 20, (PLAIN, "batch norm")
        ),
        alt=(
            "Test accuracy of networks of twenty convolutions over training steps, plain and with "
            "batch normalization. They are far apart after a few hundred steps and close at the "
            "end."
        ),
    )


def _controls(axes):
    """What is added, depth, rate and steps, in the order of the arrays' dimensions."""
    said: dict[str, tuple[Any, ...]] = {
        "kind": ("Added to the plain network", tuple(KINDS)[1:], tuple(KINDS.values())[1:]),
        "depth": ("Convolutions", axes["depth"], ()),
        "learning_rate": (
            "Learning rate",
            (BEST, *axes["learning_rate"]),
            ("each at its best", *map(figures.say, axes["learning_rate"])),
        ),
        "budget": ("Training steps", axes["budget"], tuple(f"{b:,}" for b in axes["budget"])),
    }
    return tuple(
        Control(
            name,
            label,
            values,
            texts,
            kind="slider" if name == "budget" else "choice",
            default=values.index(OPENING[name]),
            ticks=tuple(map(values.index, TICKS)) if name == "budget" else (),
        )
        for name, (label, values, texts) in said.items()
    )


def _presets(last):
    """Three settings: two of time, one of depth."""
    return (
        Preset("Early: tremendous", {}, "A few hundred steps in, the plain network is far behind."),
        Preset(
            "Later: a few points",
            {"budget": last},
            "The same two networks, trained on: the plain one has nearly caught up.",
        ),
        Preset(
            "Two convolutions: little",
            {"depth": 2},
            "As early, but not as deep: the plain network needs little help.",
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
            caption="After the chosen number of steps. Depths that were not run have no mark.",
            control="depth",
        ),
    )


def _arrays(recorded, controls):
    """Test accuracy of every seed at every setting: of what is chosen, and of the plain network."""
    points = itertools.product(*(control.values for control in controls[1:]))
    at = [dict(zip((c.name for c in controls[1:]), point, strict=True)) for point in points]
    shape = [len(control.values) for control in controls[1:]]

    def of(kind):
        return np.reshape([run_at(recorded, kind=kind, **p)[1] for p in at], (*shape, -1))

    added = np.stack([of(kind) for kind in controls[0].values])
    return {"added": added, "plain": np.broadcast_to(of(PLAIN), added.shape)}


def _note(recorded):
    """Where the numbers come from."""
    versions = recorded.meta["versions"]
    return (
        f"{len(recorded.axes['seed'])} seeds. 3 × 3 convolutions with 16 channels on "
        "Fashion-MNIST, plain gradient descent on batches of 32. The best rate is chosen on "
        "pictures kept for that, for each network, depth and number of steps. "
        f"TensorFlow {versions['tensorflow']}, Keras {versions['keras']}."
    )
