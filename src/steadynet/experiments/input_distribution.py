"""How does the distribution of an activation's inputs move while the network trains?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range

if TYPE_CHECKING:
    from steadynet.recording import Recording

RATES = (0.1, 0.3, 1.0)
DEPTH, UNITS, BATCH_SIZE, STEPS, APART = 3, 100, 60, 1500, 25
QUANTILES = (0.15, 0.5, 0.85)
SHOWN_UNITS = 8  # of the last hidden layer, the first few: one is as typical as another


def run(point: Point) -> dict[str, np.ndarray]:
    """With or without batch normalization: every seed in turn, its learning rates side by side."""
    from steadynet.tasks import deep_rows

    row = deep_rows.row(point["normalize"], depth=DEPTH, units=UNITS, activation="sigmoid")
    found = [_train(row, point["learning_rate"], seed) for seed in point["seed"]]
    return {name: np.stack([one[name] for one in found], axis=1) for name in found[0]}


def _train(row, rates, seed):
    """Quantiles of the last sigmoids' inputs and test accuracy, every 25 steps."""
    quantiles, accuracy = [], []

    def look():
        last = row.inside()[0][:, -1, :, :SHOWN_UNITS].astype("f8")
        outputs = np.moveaxis(np.quantile(last, QUANTILES, axis=1), 0, 1)
        # The sigmoid grows with its input, so the quantiles of inputs are those of outputs undone.
        outputs = np.clip(outputs, 1e-7, 1 - 1e-7)
        quantiles.append(np.log(outputs / (1 - outputs)))
        accuracy.append(row.test_accuracy(by_batch=True))

    row.train(
        *(seed, rates),
        steps=STEPS,
        batch_size=BATCH_SIZE,
        moments=range(0, STEPS + 1, APART),
        on_moment=look,
    )
    return {
        "inputs": np.stack(quantiles, axis=1).astype("f4"),
        "test_accuracy": np.stack(accuracy, axis=1),
    }


def wander(recording: Recording, **at: Any) -> np.ndarray:
    """How far the units' median inputs range over training, in widths from 15 to 85 %."""
    inputs = recording.get("inputs", **at)
    width = (inputs[..., 2, :] - inputs[..., 0, :]).mean(axis=(-1, -2))
    return np.ptp(inputs[..., 1, :], axis=-2).mean(axis=-1) / width


def inputs_stay_put(recording: Recording) -> Finding:
    """Figure 1 of Ioffe and Szegedy (2015): normalized inputs hold their place."""
    at = {"learning_rate": 0.3}
    ratio = wander(recording, normalize="none", **at) / wander(
        recording, normalize="batch norm", **at
    )
    return Finding(
        "At rate 0.3, the median inputs of plain units wander over 1.5 times as far during "
        "training, in units of the inputs' own spread.",
        **median_and_range(ratio),
        unit="times as far",
        holds=bool((ratio > 1.5).all()),
    )


def learns_sooner(recording: Recording) -> Finding:
    """At equal rates the normalized network is ahead early on."""
    after = 300 // APART
    gain = recording.get("test_accuracy", normalize="batch norm", learning_rate=0.1)[:, after]
    gain = 100 * (
        gain - recording.get("test_accuracy", normalize="none", learning_rate=0.1)[:, after]
    )
    return Finding(
        "At rate 0.1, after 300 steps, batch normalization is over 10 points ahead.",
        **median_and_range(gain),
        unit="percentage points of test accuracy",
        holds=bool((gain > 10).all()),
    )


def ahead_at_the_end(recording: Recording) -> Finding:
    """Given time and its best rate, a shallow plain network catches up."""
    last = [
        recording.get("test_accuracy", normalize=n)[..., -4:].mean(axis=-1)
        for n in ("batch norm", "none")
    ]
    with_it, without = (values[values.mean(axis=-1).argmax()] for values in last)
    points = 100 * (with_it - without)
    return Finding(
        "After 1,500 steps, each arm at its best rate, batch normalization is over 2 points ahead.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points > 2).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    return {
        **inputs_stay_put(recording).said("wander", (1.5, math.inf)),
        **learns_sooner(recording).said("sooner", (10, 100)),
        # Equal within the median's distance from zero.
        **ahead_at_the_end(recording).said("end", (0, 2), low=(-4, 2), high=(0, 4)),
    }


EXPERIMENT = Experiment(
    name="input_distribution",
    question="How does the distribution of an activation's inputs move while the network trains?",
    axes={"normalize": ("none", "batch norm"), "learning_rate": RATES, "seed": (0, 1, 2, 3, 4)},
    together=("learning_rate", "seed"),
    run=run,
    arrays={
        "inputs": "15, 50 and 85 % quantiles, over 128 training pictures, of the inputs of 8 units "
        "of the last hidden layer, every 25 steps from 0: [moment, quantile, unit]",
        "test_accuracy": "share of the 3,000 test pictures classified correctly at the same steps, "
        "by their own statistics as one batch: [moment]",
    },
    findings=(inputs_stay_put, learns_sooner),
    not_reproduced=(ahead_at_the_end,),
    numbers=numbers,
)
