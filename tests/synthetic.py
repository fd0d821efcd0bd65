"""A demo without TensorFlow that uses every kind of control and panel."""

import itertools
import time

import numpy as np

from steadynet.explorer import (
    Across,
    Control,
    Curves,
    Demo,
    Histogram,
    Layers,
    Network,
    NetworkLayer,
    Preset,
    Surface,
    Table,
)

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
        outcome=Table.of(controls, _outcome),
        code="optimizer = keras.optimizers.SGD({rate}{clip})\nmodel.compile(optimizer, {{}})\n",
        parts={
            "clip": Table.of(
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
        outcome=Table.of(controls[2:], lambda clip: "Walks down." if clip else "Jumps away."),
        source="Descent computed in advance",
    )


DEPTHS = (2, 5, 10, 20)
DEEPEST = DEPTHS[-1] + 1  # with the output layer
MOMENTS = (0, 10, 50, 200, 800)
DEPTH = Control("depth", "Hidden layers", DEPTHS, kind="choice", default=2)
NORM = Control("norm", "Batch normalization", (False, True), ("off", "on"), kind="switch")


def _activations(depth, norm):
    """Quantiles of each layer's outputs at every moment; NaN where there is no layer."""
    layer, moment = np.arange(1, DEEPEST + 1), np.arange(len(MOMENTS))[:, None]
    shrink = 1.0 if norm else (0.72 + 0.03 * moment) ** layer
    spread = (1 + 0.15 * moment) * shrink * np.ones((len(MOMENTS), DEEPEST))
    values = spread[..., None] * np.array([-1.64, -0.67, 0.1, 0.67, 1.64])
    values[:, depth + 1 :] = np.nan
    return values


def _gradients(depth, norm):
    """Norm of each layer's gradient at every moment: one quantile, its dimension left out."""
    below = depth + 1 - np.arange(1, DEEPEST + 1)
    norms = 0.3 * (0.93 if norm else 0.42) ** below / (1 + np.arange(len(MOMENTS))[:, None])
    return np.where(below < 0, np.nan, norms)


def train_deep(setting, report):
    """A training that looks at its layers at one moment after the other."""
    seen, norms = _activations(**setting), _gradients(**setting)
    for n in range(1, len(MOMENTS) + 1):
        time.sleep(0.05)
        report({"activations": 1.1 * seen[:n], "gradients": norms[:n, :, None]}, n / len(MOMENTS))
    return "trained"


def deep_demo():
    """Layers at shared moments, as bands and as a line, and a network too long for boxes."""
    controls = (DEPTH, NORM)
    shared = {"moments": MOMENTS, "moment": 3}
    hidden = [
        NetworkLayer(f"hidden {i + 1}", "dense, ELU", "24", 600, norm=24) for i in range(DEPTHS[-1])
    ]
    return Demo(
        name="synthetic-deep",
        title="Depth explorer",
        question="What reaches the last layer, and what comes back to the first?",
        controls=controls,
        panels=(
            Layers(
                title="Outputs of the layers",
                y="activations",
                y_label="output",
                y_domain=(-3, 3),
                **shared,
            ),
            Layers(
                title="Gradients of the layers",
                caption="Log scale.",
                y="gradients",
                y_label="gradient norm",
                y_domain=(1e-8, 10),
                y_scale="log",
                quantiles=(0.5,),
                **shared,
            ),
            Network(
                title="The network",
                layers=[
                    NetworkLayer("input", "pictures", "28×28"),
                    *hidden,
                    NetworkLayer("output", "dense, softmax", "10", 250),
                ],
                depth="depth",
                norm="norm",
            ),
        ),
        arrays={
            "activations": _grid(controls, _activations),
            "gradients": _grid(controls, _gradients),
            "depth": _grid(controls, lambda depth, norm: depth),  # noqa: ARG005 - by name
            "norm": _grid(controls, lambda depth, norm: float(norm)),  # noqa: ARG005
        },
        outcome=Table.of(
            controls, lambda depth, norm: f"{depth} layers {'learn' if norm else 'stay put'}."
        ),
        train=train_deep,
    )


FROZEN = Control("frozen", "Frozen layers", tuple(range(6)), default=3)
EXAMPLES = Control("examples", "Labelled examples", (10, 30, 100, 300), kind="choice", default=1)


def _reused(frozen, examples):
    """Accuracy of five seeds that start from another network's layers."""
    best = 0.95 - 0.3 * np.exp(-examples / 60)
    wiggle = np.linspace(-0.05, 0.05, SEEDS)
    return best - 0.02 * (frozen - 3) ** 2 + wiggle * (1 + frozen / 5)


def _scratch(frozen, examples):
    """Accuracy of five seeds that start from nothing; NaN where it was not run."""
    if (frozen, examples) == (5, 10):
        return np.full(SEEDS, np.nan)
    return 0.35 + 0.15 * np.log10(examples / 10) + np.linspace(-0.04, 0.04, SEEDS)


def reuse_demo():
    """An outcome across one control with a reference, and a network of boxes."""
    controls = (FROZEN, EXAMPLES)

    def train(setting, report):
        report({"accuracy": [float(np.median(_reused(**setting))) - 0.02]}, 1.0)
        return "trained"

    return Demo(
        name="synthetic-reuse",
        title="Reuse explorer",
        question="How many layers should stay as they came?",
        controls=controls,
        presets=(Preset("Freeze all", {"frozen": 5}, "Nothing is left to learn."),),
        panels=(
            Network(
                title="The network",
                caption="Layers with a lock keep the weights they came with.",
                layers=(
                    NetworkLayer("input", "pictures", "28×28"),
                    NetworkLayer("conv 1", "3×3 convolution", "13×13×16", 160, norm=16),
                    NetworkLayer("conv 2", "3×3 convolution", "5×5×32", 4640, norm=32),
                    NetworkLayer("flatten", "one row", "800"),
                    NetworkLayer("dense 1", "dense, ELU", "64", 51264),
                    NetworkLayer("dense 2", "dense, ELU", "64", 4160),
                    NetworkLayer("output", "dense, softmax", "3", 195),
                ),
                frozen="frozen",
            ),
            Across(
                title="Accuracy by frozen layers",
                caption="Click a point to go there.",
                control="frozen",
                y="accuracy",
                y_label="test accuracy",
                y_domain=(0.2, 1),
                y_format=".0%",
                label="reused",
                reference="scratch",
                reference_label="from scratch",
            ),
            Across(
                title="Accuracy by examples",
                control="examples",
                y="accuracy",
                y_label="test accuracy",
                y_domain=(0.2, 1),
                y_format=".0%",
            ),
        ),
        arrays={
            "accuracy": _grid(controls, _reused),
            "scratch": _grid(controls, _scratch),
            "frozen": _grid(controls, lambda frozen, examples: frozen),  # noqa: ARG005 - by name
        },
        outcome=Table.of(
            controls, lambda **at: f"Right on {100 * np.median(_reused(**at)):.0f} %."
        ),
        train=train,
    )
