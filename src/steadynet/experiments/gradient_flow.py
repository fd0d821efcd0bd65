"""How does a gradient grow or shrink on its way back through layers, and through time?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range

if TYPE_CHECKING:
    from steadynet.recording import Recording

ACTIVATIONS = ("tanh", "relu")
GAINS = (0.8, 1.0, 1.2, 1.4, 1.7, 2.0)
DEPTH = 50  # layers of the deep network, and steps of the recurrent one
UNITS, BATCH = 64, 128


def backward_norms(shared: bool, activation: str, gain: float, seed: int) -> np.ndarray:
    """Norm of the loss's gradient at every state, first to last, of ``h_k = f(U_k h_{k-1} + x_k)``.

    Parameters
    ----------
    shared : bool
        True: one `U` and a fresh input at each of the steps, a recurrent network. False: an own `U`
        a layer and an input to the first only, a deep network.
    activation : {"tanh", "relu"}
        The function `f`.
    gain : float
        Modulus of the eigenvalues of `U`, an orthogonal matrix times `gain`.
    seed : int
        Seeds weights, inputs and targets.

    Returns
    -------
    ndarray, float32, shape (DEPTH,)
        ``||dL/dh_k||`` with the mean over the batch inside `L`.
    """
    import tensorflow as tf

    function = {"tanh": tf.tanh, "relu": tf.nn.relu}[activation]
    rng = np.random.default_rng(seed)
    kernels = [gain * _orthogonal(rng) for _ in range(1 if shared else DEPTH)]
    head = rng.normal(0, UNITS**-0.5, (UNITS, 4)).astype("float32")
    inputs = rng.normal(0, 0.1, (DEPTH, BATCH, UNITS)).astype("float32")
    targets = rng.integers(0, 4, BATCH)
    state, states = tf.zeros((BATCH, UNITS)), []
    with tf.GradientTape() as tape:
        for k in range(DEPTH):
            fed = inputs[k] if shared or k == 0 else 0.0
            state = function(state @ kernels[k % len(kernels)] + fed)
            tape.watch(state)
            states.append(state)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, state @ head)
        loss = tf.reduce_mean(loss)
    return np.array([float(tf.norm(g)) for g in tape.gradient(loss, states)], "float32")


def _orthogonal(rng):
    """A random orthogonal matrix."""
    q, r = np.linalg.qr(rng.normal(size=(UNITS, UNITS)))
    return (q * np.sign(np.diag(r))).astype("float32")


def run(point: Point) -> dict[str, np.ndarray]:
    """One activation, gain and seed: through layers, and through time."""
    at = point["activation"], point["gain"], point["seed"]
    return {"depth": backward_norms(False, *at), "time": backward_norms(True, *at)}


def growth(recording: Recording, way: str, **at: Any) -> np.ndarray:
    """First over last norm: how many times larger the gradient is after the whole way back.

    Parameters
    ----------
    recording : Recording
        Of ``gradient_flow``.
    way : {"depth", "time"}
        Through layers, or through steps.
    **at
        As in `Recording.get`.

    Returns
    -------
    ndarray
        One number a run.
    """
    norms = recording.get(way, **at)
    return norms[..., 0] / norms[..., -1]


def _ratio_claim(statement, ratio, holds):
    """A claim about how many times the gradient grew."""
    return Finding(statement, **median_and_range(ratio), unit="times", holds=bool(holds.all()))


def small_gain_vanishes(recording: Recording) -> Finding:
    """Below 1, the gradient is lost on its way back."""
    ratio = growth(recording, "depth", activation="tanh", gain=0.8)
    text = (
        "At gain 0.8, 50 tanh layers leave less than a thousandth of the gradient at the first one."
    )
    return _ratio_claim(text, ratio, ratio < 1e-3)


def relu_explodes_with_depth(recording: Recording) -> Finding:
    """Far above its critical gain of √2, a ReLU network multiplies the gradient layer by layer."""
    ratio = growth(recording, "depth", activation="relu", gain=2.0)
    text = "At gain 2, 50 ReLU layers multiply the gradient by more than ten thousand."
    return _ratio_claim(text, ratio, ratio > 1e4)


def tanh_holds_back(recording: Recording) -> Finding:
    """Saturation keeps the gradient of tanh networks from growing as gain^50."""
    ratio = growth(recording, "depth", activation="tanh", gain=2.0)
    text = "At gain 2, 50 tanh layers multiply the gradient by far less than 2^50, which is 1.1e15."
    return _ratio_claim(text, ratio, ratio < 1e10)


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    tanh = [
        np.median(growth(recording, "depth", activation="tanh", gain=gain)) for gain in (0.8, 2.0)
    ]
    relu = growth(recording, "depth", activation="relu", gain=2.0)
    theory, linear = (2 / math.sqrt(2)) ** (DEPTH - 1), 2.0 ** (DEPTH - 1)
    near = (theory / 10, 10 * theory)  # as the formula says
    text = "times the last layer's gradient at the first"
    found = {
        "tanh-vanish": (tanh[0], (0, 1e-3), f"{text}, tanh, gain 0.8"),
        "tanh-explode": (tanh[1], (10, 1e10), f"{text}, tanh, gain 2"),
        "relu-explode": (np.median(relu), near, f"{text}, ReLU, gain 2"),
        "relu-low": (relu.min(), near, f"{text}, ReLU, gain 2, least"),
        "relu-high": (relu.max(), near, f"{text}, ReLU, gain 2, most"),
        # The text has these two as formulas.
        "relu-theory": (theory, ((2 / math.sqrt(2)) ** 49,) * 2, f"{text}, by the formula"),
        "linear-theory": (linear, (2.0**49, 2.0**49), f"{text}, linear, gain 2"),
    }
    return {name: Number(*number, power=True) for name, number in found.items()}


EXPERIMENT = Experiment(
    name="gradient_flow",
    question="How does a gradient grow or shrink on its way back through layers, and through time?",
    axes={"activation": ACTIVATIONS, "gain": GAINS, "seed": (0, 1, 2, 3, 4)},
    together=(),
    run=run,
    arrays={
        "depth": "gradient norm at each layer of a deep network, first to last: [layer]",
        "time": "gradient norm at each step of a recurrent network, first to last: [step]",
    },
    findings=(small_gain_vanishes, relu_explodes_with_depth, tanh_holds_back),
    numbers=numbers,
)
