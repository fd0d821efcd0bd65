"""The cliff: where descent starts, and how far one step may go."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from steadynet import figures, recording
from steadynet.demos.cliff import NAME
from steadynet.experiments import cliff
from steadynet.explorer.control import Control
from steadynet.explorer.demo import Demo, Preset
from steadynet.explorer.panels import Curves, Surface
from steadynet.explorer.table import Table
from steadynet.tasks.temporal_order import NEVER

START = {"w": 4.5, "b": -2.6}
FAR = 40.0  # what is thrown further is drawn as if it stopped there

CODE = """\
from steadynet.experiments import cliff

path, error, norm = cliff.descend(w={w}, b={b}, threshold={limit})
path[-1], error[-1]
"""


def make() -> Demo:
    """Build the demo over the recording ``cliff``.

    Returns
    -------
    Demo
        With a `train` that descends for real.
    """
    recorded = recording.load("cliff")
    controls, (w, b, error) = _controls(), cliff.surface()
    ghost = recorded.get("path", threshold=NEVER, seed=0, **START)
    calm = recorded.get("path", threshold=1.0, seed=0, **START)
    return Demo(
        name=NAME,
        title="The cliff",
        question="Where does one step throw you, and which threshold keeps you on the ground?",
        controls=controls,
        presets=_presets(),
        panels=_panels(w, b),
        arrays={
            "surface": error,
            "path": np.clip(recorded.get("path", seed=0), -FAR, FAR),
            "error": recorded.arrays["error"],
            "norm": np.maximum(recorded.arrays["norm"], 1e-12),
        },
        outcome=Table.of(controls, functools.partial(_outcome, recorded)),
        code=CODE,
        parts={"limit": Table.of(controls[:1], _limit)},
        note=(
            f"One sigmoid unit, unrolled {cliff.UNROLLED} steps; plain gradient descent at rate "
            f"{cliff.LEARNING_RATE:g}; TensorFlow {recorded.meta['versions']['tensorflow']}. "
            "Nothing is random here, so there is one run a setting."
        ),
        source="Recorded TensorFlow descents",
        fallback=functools.partial(
            figures.as_svg,
            figures.plot_cliff,
            (w, b, error),
            [("never clipped", ghost), ("clipped at 1", calm)],
        ),
        alt=(
            "Error of a one-unit recurrent network over its weight and bias: two plains meet in a "
            "steep wall. From one start, descent without clipping is thrown out of the picture by "
            "a single step at the wall; with steps clipped it stays and settles in the valley."
        ),
        steps=cliff.STEPS,
        train=train,
        prepare=prepare,
    )


def _controls():
    """Threshold and start, in the order of the recording's axes."""
    axes = cliff.EXPERIMENT.axes
    thresholds = axes["threshold"]
    return (
        Control(
            "threshold",
            "Clip threshold",
            thresholds,
            tuple(figures.say(t) for t in thresholds),
            default=thresholds.index(NEVER),
            ticks=tuple(range(len(thresholds))),
        ),
        *(
            Control(
                name,
                f"Start: {words} {name}",
                axes[name],
                tuple(f"{v:g}" for v in axes[name]),
                default=axes[name].index(START[name]),
                ticks=(0, len(axes[name]) - 1),
            )
            for name, words in (("w", "weight"), ("b", "bias"))
        ),
    )


def _presets():
    """Three settings from one start."""
    return (
        Preset(
            "Thrown off",
            {"threshold": NEVER},
            "At the wall one gradient is so long that a single step leaves the picture.",
        ),
        Preset(
            "Clipped at 1",
            {"threshold": 1.0},
            "From the same start, no step is longer than 0.4: descent stays and finds the valley.",
        ),
        Preset(
            "Too tight",
            {"threshold": 0.03},
            "Steps of at most 0.012: after 80 of them it has hardly moved.",
        ),
    )


def _panels(w, b):
    """The surface with its path, and the two curves of the descent."""
    curves = functools.partial(Curves, x=range(1, cliff.STEPS + 1), x_label="step")
    return (
        Surface(
            title="Descent over the error surface",
            caption="Drag the start, or move its two sliders.",
            x=w,
            x_label="weight w",
            y=b,
            y_label="bias b",
            z="surface",
            z_label="error",
            path="path",
            start=("w", "b"),
        ),
        curves(title="Error", y="error", y_label="squared error", y_domain=(0.0, 0.5)),
        curves(
            title="Gradient norm",
            caption="Before clipping, on a log scale.",
            y="norm",
            y_label="gradient norm",
            y_domain=(1e-3, 1e4),
            y_scale="log",
        ),
    )


def _outcome(recorded, threshold, w, b):
    """What happened at one setting, in words."""
    at = {"threshold": threshold, "w": w, "b": b, "seed": 0}
    return describe(recorded.get("path", **at), recorded.get("error", **at))


def describe(path: np.ndarray, error: np.ndarray) -> str:
    """Say how a descent ended and how long its longest step was."""
    lengths = np.linalg.norm(np.diff(path, axis=0), axis=-1)
    longest = lengths.argmax()
    if lengths[longest] > cliff.OUTSIDE:
        thrown = f"Thrown {lengths[longest]:.3g} away by step {longest + 1}; "
    else:
        thrown = f"No step longer than {lengths[longest]:.2g}; "
    return f"{thrown}after {len(error)} steps the error is {error[-1]:.2g}."


def _limit(threshold):
    """The threshold as one types it."""
    return 'float("inf")' if math.isinf(threshold) else f"{threshold:g}"


def prepare() -> None:
    """Import TensorFlow and compile the step."""
    cliff.descend(START["w"], START["b"], 1.0, steps=1)


def train(setting: dict[str, Any], report: Callable[..., Any]) -> str:
    """Descend for real at one setting, as `Live.train` trains; nothing here is random or shared."""

    def show(path, error, norm):
        arrays = {"path": np.clip(path, -FAR, FAR), "error": error, "norm": norm}
        report(arrays, len(error) / cliff.STEPS)

    path, error, _ = cliff.descend(**setting, on_step=show)
    return f"Descended here: {describe(path, error)}"
