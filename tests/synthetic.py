"""A demo without TensorFlow that uses every kind of control and panel."""

import itertools
import time

import numpy as np

from steadynet.explorers import Control, Curves, Demo, Histogram, Preset, Surface, Table

FIGURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0L9 9"/></svg>'
STEPS = np.linspace(0, 4000, 60)
THRESHOLDS = (*(float(v) for v in np.geomspace(0.01, 100, 17)), None)
RATES = (0.05, 0.2, 0.8)
EDGES = np.geomspace(1e-3, 1e3, 31)
SEEDS = 5
STARTS_X = tuple(float(v) for v in np.linspace(-2, 2, 9))
STARTS_Y = tuple(float(v) for v in np.linspace(-1.5, 1.5, 7))

THRESHOLD = Control(
    "threshold",
    "Clip threshold",
    THRESHOLDS,
    (*(f"{v:.2g}" for v in THRESHOLDS[:-1]), "never"),
    default=8,
    help="Gradients longer than this are shortened to it.",
)
METHOD = Control("method", "Method", ("value", "norm", "global"), kind="choice", default=2)
RATE = Control("rate", "Learning rate", RATES, ("0.05", "0.2", "0.8"), kind="choice", default=1)
NOISE = Control("noise", "Noisy labels", (False, True), ("off", "on"), kind="switch")


def _reach(threshold, method, rate, noise):
    """How far learning gets at a setting, from 0 to 1."""
    if threshold is None:
        return 0.05
    best = {"value": 0.1, "norm": 0.5, "global": 1.0}[method] * 0.2 / rate
    return (0.75 if noise else 1.0) * float(np.exp(-((np.log10(threshold / best) / 1.6) ** 2)))


def loss_curve(seed, upto=60, **setting):
    """A loss over steps that falls as far as the setting allows."""
    reach = _reach(**setting)
    rng = np.random.default_rng(seed)
    fall = 1 / (1 + np.exp(-(STEPS / 4000 * 12 - 5 - rng.normal(0, 0.8))))
    wobble = np.exp(np.cumsum(rng.normal(0, 0.06, len(STEPS))))
    return (1.4 * (1 - 0.995 * reach * fall) * wobble)[:upto]


def _counts(**setting):
    """Gradient norms, pooled over seeds, as counts in the bins."""
    rng = np.random.default_rng(7)
    reach = _reach(**setting)
    norms = np.exp(rng.normal(np.log(0.3 + 20 * (1 - reach)), 1.0 + (1 - reach), 2000))
    return np.histogram(np.clip(norms, EDGES[0], EDGES[-1] * 0.999), EDGES)[0]


def _grid(controls, point):
    """Call `point(**setting)` at every setting; the shape is (*controls, *trailing)."""
    shape = tuple(len(c.values) for c in controls)
    names = [c.name for c in controls]
    points = itertools.product(*(c.values for c in controls))
    rows = [point(**dict(zip(names, values, strict=True))) for values in points]
    return np.reshape(rows, (*shape, *np.shape(rows[0])))


def train(setting, report):
    """A training of half a second that reports its curve as it grows."""
    if setting["method"] == "value" and setting["rate"] == 0.8:
        raise ValueError("this setting is broken on purpose")
    for n in range(2, len(STEPS) + 1, 2):
        time.sleep(0.02)
        curve = loss_curve(99, n, **setting)
        report(
            {"loss": curve, "accuracy": 1 - np.exp(-1 / curve), "counts": _counts(**setting)},
            n / 60,
        )
    return f"loss ended at {curve[-1]:.2g}"


def _outcome(**setting):
    reach = _reach(**setting)
    if setting["threshold"] is None:
        return "Diverged on 5 of 5 seeds: one step over the cliff undid what was learnt."
    return f"Reached {100 * reach:.0f} % on {round(5 * reach)} of 5 seeds."


def clip_demo(train=train):
    """Curves (log and linear), a histogram; slider, choices and a switch."""
    controls = (THRESHOLD, METHOD, RATE, NOISE)

    def losses(**setting):
        return [loss_curve(seed, **setting) for seed in range(SEEDS)]

    loss = _grid(controls, losses)
    loss[-1, 2, 1, 0, 2, 30:] = np.nan
    return Demo(
        name="synthetic-clip",
        title="Clip explorer",
        question="Which threshold lets the network learn, and which two ways are there to fail?",
        controls=controls,
        presets=(
            Preset("Never clip", {"threshold": None}, "Without a threshold every seed falls off."),
            Preset("Too tight", {"threshold": 0.01}, "Safe, and so slow that it learns little."),
            Preset("Just right", {"threshold": 1.0}, "Every seed learns; few steps are clipped."),
        ),
        panels=(
            Curves(
                title="Loss",
                caption="Log scale. Lower is better.",
                x=STEPS,
                x_label="step",
                y="loss",
                y_label="training loss",
                y_domain=(0.01, 10),
                y_scale="log",
            ),
            Curves(
                title="Accuracy",
                x=STEPS,
                x_label="step",
                y="accuracy",
                y_label="accuracy",
                y_domain=(0, 1),
                y_format=".0%",
            ),
            Histogram(
                title="Gradient norms before clipping",
                edges=EDGES,
                counts="counts",
                x_label="gradient norm",
                marker="threshold",
                beyond="{share} of steps went beyond the threshold and were shortened.",
            ),
        ),
        arrays={
            "loss": loss,
            "accuracy": 1 - np.exp(-1 / loss),
            "counts": _grid(controls, _counts),
        },
        outcome=Table.build(controls, _outcome),
        code="optimizer = keras.optimizers.SGD({rate}{clip})\nmodel.compile(optimizer, {{}})\n",
        parts={
            "clip": Table.build(
                (THRESHOLD, METHOD),
                lambda threshold, method: "" if threshold is None else f", {method}={threshold:g}",
            )
        },
        note="TensorFlow 2.21, one laptop.",
        fallback=lambda: FIGURE,
        alt="A diagonal line",
        steps=4000,
        train=train,
    )


def _path(x0, y0, clip):
    """Descent on the surface below from a start."""
    path, point = [], np.array([x0, y0], dtype=float)
    for _ in range(25):
        path.append(point.copy())
        grad = np.array([2 * point[0] * 0.4, 8 * point[1] ** 3 + 0.3 * point[1]])
        norm = np.linalg.norm(grad)
        point = point - 0.25 * grad * (1 / max(1, norm) if clip else 1)
        if not np.all(np.abs(point) < 50):
            path += [np.array([np.nan, np.nan])] * (25 - len(path))
            break
    return path


def cliff_demo():
    """A surface with a path whose start can be dragged."""
    x, y = np.linspace(-2.5, 2.5, 61), np.linspace(-2, 2, 49)
    controls = (
        Control("x0", "Start, weight", STARTS_X, tuple(f"{v:g}" for v in STARTS_X), default=1),
        Control("y0", "Start, bias", STARTS_Y, tuple(f"{v:g}" for v in STARTS_Y), default=6),
        Control("clip", "Clip at 1", (False, True), ("off", "on"), kind="switch"),
    )
    z = 0.1 + 0.4 * x[None, :] ** 2 + 2 * y[:, None] ** 4 + 0.15 * y[:, None] ** 2
    return Demo(
        name="synthetic-cliff",
        title="Cliff explorer",
        question="Where does the next step land?",
        controls=controls,
        panels=(
            Surface(
                title="The path of the steps",
                caption="Drag the ring, or use the sliders.",
                x=x,
                x_label="weight",
                y=y,
                y_label="bias",
                z="z",
                z_label="loss",
                z_scale="log",
                path="path",
                start=("x0", "y0"),
            ),
        ),
        arrays={"z": z, "path": _grid(controls, _path)},
        outcome=Table.build(controls[2:], lambda clip: "Walks down." if clip else "Jumps away."),
        source="Descent computed in advance",
    )
