"""What does one gradient step do at a cliff, with clipping and without?

A recurrent network with a single unit, ``x_{t+1} = w sigmoid(x_t) + b``, is run for 50 steps from
``x_0 = 0.5`` and asked to end with ``sigmoid(x_50) = 0.7``: figure 6 of Pascanu, Mikolov and
Bengio (2013).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from steadynet.experiments.base import Experiment, Finding, Number, Point
from steadynet.tasks.temporal_order import NEVER

if TYPE_CHECKING:
    import tensorflow as tf

    from steadynet.recording import Recording

LEARNING_RATE = 0.4
STEPS = 80
TARGET, UNROLLED = 0.7, 50
W_RANGE, B_RANGE = (2.5, 7.0), (-3.6, -1.0)
OUTSIDE = 1.0  # a step this long crosses a quarter of the picture
THRESHOLDS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, NEVER)


def error(w: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Squared error of the unit's last output, ``(sigmoid(x_50) - 0.7)²``.

    Parameters
    ----------
    w, b : tensor
        Weight and bias, of any shapes that broadcast.

    Returns
    -------
    tensor
    """
    import tensorflow as tf

    x = tf.fill(tf.broadcast_static_shape(w.shape, b.shape), tf.constant(0.5, w.dtype))
    for _ in range(UNROLLED):
        x = w * tf.sigmoid(x) + b
    return tf.square(tf.sigmoid(x) - TARGET)


@functools.lru_cache(maxsize=1)
def compiled_step() -> Callable[..., tuple[tf.Tensor, ...]]:
    """One clipped step for many starts at once: new w and b, error and gradient norm before it."""
    import tensorflow as tf

    @tf.function
    def step(w, b, threshold):
        with tf.GradientTape() as tape:
            tape.watch([w, b])
            value = error(w, b)
        grad_w, grad_b = tape.gradient(value, [w, b])
        norm = tf.sqrt(grad_w**2 + grad_b**2)
        rate = LEARNING_RATE * tf.minimum(1.0, threshold / norm)
        return w - rate * grad_w, b - rate * grad_b, value, norm

    return step


def descend(
    w: ArrayLike,
    b: ArrayLike,
    threshold: ArrayLike,
    steps: int = STEPS,
    on_step: Callable[[np.ndarray, np.ndarray, np.ndarray], object] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Follow clipped gradient descent from every start.

    Parameters
    ----------
    w, b, threshold : array, broadcast to one shape
        Starts and clip thresholds; ``inf`` never clips.
    steps : int
        Number of steps.
    on_step : callable, optional
        Called after each step with path, error and norm so far, steps first.

    Returns
    -------
    path : ndarray, float32, shape (..., steps + 1, 2)
        w and b, from the start on.
    error, norm : ndarray, float32, shape (..., steps)
        Error and gradient norm before each step.

    Raises
    ------
    ValueError
        If a threshold is not positive.
    """
    import tensorflow as tf

    if not np.all(np.asarray(threshold) > 0):
        raise ValueError(f"`threshold` must be positive. Received: {threshold!r}")
    w, b, threshold = (a.astype("float32") for a in np.broadcast_arrays(w, b, threshold))
    w, b = tf.constant(w), tf.constant(b)
    limit = tf.constant(np.minimum(threshold, np.finfo("float32").max))
    path, errors, norms = [np.stack([w, b], -1)], [], []
    for _ in range(steps):
        w, b, value, norm = compiled_step()(w, b, limit)
        path.append(np.stack([w, b], -1))
        errors.append(value.numpy())
        norms.append(norm.numpy())
        if on_step is not None:
            on_step(np.array(path), np.array(errors), np.array(norms))
    return np.stack(path, -2), np.stack(errors, -1), np.stack(norms, -1)


def surface(n: int = 101) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The error over a grid of the picture's range, without TensorFlow.

    Parameters
    ----------
    n : int
        Points along each side.

    Returns
    -------
    w, b : ndarray, shape (n,)
    error : ndarray, shape (n, n)
        Rows are b, columns w.
    """
    w, b = np.linspace(*W_RANGE, n), np.linspace(*B_RANGE, n)
    x = np.full((n, n), 0.5)
    for _ in range(UNROLLED):
        x = w[None, :] / (1 + np.exp(-x)) + b[:, None]
    return w, b, (1 / (1 + np.exp(-x)) - TARGET) ** 2


def run(point: Point) -> dict[str, np.ndarray]:
    """Every start and threshold at once; nothing here is random, so there is one seed."""
    axes = [np.array(point[axis], "float32") for axis in ("threshold", "w", "b")]
    path, errors, norms = descend(axes[1][:, None], axes[2], axes[0][:, None, None])
    thrown = np.linalg.norm(np.diff(path, axis=-2), axis=-1).max(-1) > OUTSIDE
    return {"path": path, "error": errors, "norm": norms, "thrown": thrown}


def clipping_prevents_throws(recording: Recording) -> Finding:
    """Unclipped descent is thrown off by the cliff from some starts; clipped at 1 from none."""
    thrown = recording.get("thrown", threshold=NEVER, seed=0)
    clipped = recording.get("thrown", threshold=1.0, seed=0)
    return Finding(
        "A step longer than 1 follows from part of the starts without clipping, from none at 1.",
        *(float(thrown.mean()),) * 3,
        unit="share of starts",
        holds=bool(thrown.mean() > 0.1 and not clipped.any()),
    )


def clipping_lowers_final_error(recording: Recording) -> Finding:
    """The mean error after the last step is lower with a threshold of 1 than without clipping."""
    gap = [recording.get("error", threshold=t, seed=0)[..., -1].mean() for t in (NEVER, 1.0)]
    return Finding(
        "After the same number of steps the mean error over all starts is lower when clipped at 1.",
        *(float(gap[0] - gap[1]),) * 3,
        unit="lower mean error",
        holds=bool(gap[1] < gap[0]),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    never, clipped = (
        {name: recording.get(name, threshold=t, seed=0) for name in ("thrown", "norm", "error")}
        for t in (NEVER, 1.0)
    )
    ends = [found["error"][..., -1].mean() for found in (never, clipped)]
    thrown, most = clipped["thrown"].sum(), never["norm"].max()
    share = 100 * never["thrown"].mean()
    return {
        "starts": Number(never["thrown"].size, (48, 48), "starts on the grid"),
        "thrown-share": Number(share, (10, 100), "% of the starts thrown, never clipped"),
        "clipped-thrown": Number(thrown, (0, 0), "starts thrown, clipped at 1"),
        "cliff-median": Number(np.median(never["norm"]), (0, 0.1), "median norm, never clipped"),
        "cliff-max": Number(most, (10, math.inf), "largest norm, never clipped"),
        # It falls: the two ranges meet.
        "error-never": Number(ends[0], (0.055, 0.25), "mean error at the end, never clipped"),
        "error-clipped": Number(ends[1], (0, 0.055), "mean error at the end, clipped at 1"),
    }


EXPERIMENT = Experiment(
    name="cliff",
    question="What does one gradient step do at a cliff, with clipping and without?",
    axes={
        "threshold": THRESHOLDS,
        "w": tuple(np.linspace(3.0, 6.5, 8).tolist()),
        "b": tuple(np.linspace(-3.4, -1.4, 6).round(1).tolist()),
        "seed": (0,),
    },
    together=("threshold", "w", "b"),
    run=run,
    arrays={
        "path": "w and b from the start on: [step, 2]",
        "error": "squared error before each step: [step]",
        "norm": "gradient norm before clipping: [step]",
        "thrown": "whether some step was longer than 1",
    },
    findings=(clipping_prevents_throws, clipping_lowers_final_error),
    numbers=numbers,
)
