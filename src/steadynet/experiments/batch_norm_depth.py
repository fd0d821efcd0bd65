"""How much does batch normalization help, by depth, activation, learning rate and batch size?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments.arms import at_best_rate, largest_usable_rate
from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks import curves

if TYPE_CHECKING:
    from steadynet.recording import Recording
    from steadynet.tasks import deep_rows

CHANCE = 0.1
DEPTHS = (2, 5, 10, 20, 30)
ACTIVATIONS = ("sigmoid", "relu", "elu")
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
BATCH_SIZES = (8, 64)
UNITS, STEPS, WINDOW = 24, 300, 10
MOMENTS = (0, 20, 100, 300)  # steps after which the layers are looked at
QUANTILES = (0.15, 0.5, 0.85)
TARGET, OVER = 0.7, 20  # accuracy to reach, and steps over which it is averaged


def run(point: Point) -> dict[str, np.ndarray]:
    """One network and batch size: every seed in turn, its learning rates side by side."""
    rates, batch_size = point["learning_rate"], point["batch_size"]
    by_seed = [
        train(point["normalize"], point["depth"], point["activation"], batch_size, rates, seed)
        for seed in point["seed"]
    ]
    return {name: np.stack([found[name] for found in by_seed], axis=1) for name in by_seed[0]}


def look(row: deep_rows.Row) -> dict[str, np.ndarray]:
    """Quantiles of each layer's outputs, and its kernel's gradient norm, padded to one depth."""
    hidden, norms = row.inside()
    room = [(0, 0), (0, max(DEPTHS) - norms.shape[1])]
    values = hidden.reshape(*norms.shape, -1)
    quantiles = np.moveaxis(np.quantile(values, QUANTILES, axis=-1), 0, -1)
    with np.errstate(divide="ignore"):  # a gradient of zero has no logarithm
        logs = np.log10(norms)
    return {
        "activations": np.pad(quantiles, [*room, (0, 0)], constant_values=np.nan),
        "gradients": np.pad(logs, room, constant_values=np.nan),
    }


def train(
    normalize: str,
    depth: int,
    activation: str,
    batch_size: int,
    rates: Sequence[float],
    seed: int,
) -> dict[str, np.ndarray]:
    """One row of rates: what it learned, and what its layers looked like on the way."""
    from steadynet.tasks import deep_rows

    row = deep_rows.row(normalize, depth=depth, activation=activation, units=UNITS)
    looks = []
    record = row.train(
        *(seed, rates),
        steps=STEPS,
        batch_size=batch_size,
        moments=MOMENTS,
        on_moment=lambda: looks.append(look(row)),
    )
    with np.errstate(over="ignore"):  # a loss beyond half precision is as good as infinite
        return {
            "loss": curves.windows(record.loss, WINDOW).astype("f2"),
            "accuracy": curves.windows(record.accuracy, WINDOW).astype("f2"),
            "test_accuracy": row.test_accuracy(),
            "steps_to_target": curves.steps_to(record.accuracy, TARGET, OVER),
            **{
                name: np.stack([seen[name] for seen in looks], axis=1).astype("f2")
                for name in ("activations", "gradients")
            },
        }


def gain(recording: Recording, **at: Any) -> np.ndarray:
    """Test accuracy gained by batch normalization, each arm at its best rate, by seed."""
    with_it, without = (
        at_best_rate(recording, "test_accuracy", normalize=n, **at) for n in ("batch norm", "none")
    )
    return with_it - without


def little_at_two_layers(recording: Recording) -> Finding:
    """A shallow ReLU network gains little."""
    points = 100 * gain(recording, depth=2, activation="relu", batch_size=64)
    return Finding(
        "With 2 ReLU layers, each arm at its best rate, batch normalization gains under 6 points.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((np.abs(points) < 6).all()),
    )


def much_at_twenty_layers(recording: Recording) -> Finding:
    """A deep ReLU network gains much, and more than a shallow one on every seed."""
    points = 100 * gain(recording, depth=20, activation="relu", batch_size=64)
    shallow = 100 * gain(recording, depth=2, activation="relu", batch_size=64)
    return Finding(
        "With 20 ReLU layers, each arm at its best rate, batch normalization gains over 10 points.",
        **median_and_range(points),
        unit="percentage points of test accuracy",
        holds=bool((points > 10).all() and (points > shallow).all()),
    )


def deep_sigmoid_learns(recording: Recording) -> Finding:
    """Without it a deep sigmoid network stays at chance at every rate; with it, it learns."""
    at = {"depth": 20, "activation": "sigmoid", "batch_size": 64}
    without = recording.get("test_accuracy", normalize="none", **at).max(axis=0)
    with_it = at_best_rate(recording, "test_accuracy", normalize="batch norm", **at)
    return Finding(
        "20 sigmoid layers stay at chance at every rate; with batch normalization they pass 70 %.",
        **median_and_range(100 * (with_it - without)),
        unit="percentage points of test accuracy",
        holds=bool((without < 1.5 * CHANCE).all() and (with_it > 0.7).all()),
    )


def _rate_ratio(recording, **at):
    """How many times larger the largest usable rate is with batch normalization, by seed."""
    with_it, without = (
        largest_usable_rate(recording, "test_accuracy", normalize=n, batch_size=64, **at)
        for n in ("batch norm", "none")
    )
    return with_it / without


def larger_rates(recording: Recording) -> Finding:
    """Rates five times and more as large can be used."""
    ratio = _rate_ratio(recording, depth=10, activation="elu")
    return Finding(
        "With 10 ELU layers, rates at least 5 times as large stay within 10 points of the best.",
        **median_and_range(ratio),
        unit="times the rate",
        holds=bool((ratio >= 5).all()),
    )


def larger_rates_in_deep_relu(recording: Recording) -> Finding:
    """So it is with 20 ReLU layers, if not on every seed."""
    ratio = _rate_ratio(recording, depth=20, activation="relu")
    return Finding(
        "With 20 ReLU layers, the largest usable rate grows on every seed, 5-fold at the median.",
        **median_and_range(ratio),
        unit="times the rate",
        holds=bool((ratio > 1).all() and np.median(ratio) >= 5),
    )


def _steps_ratio(recording, **at):
    """Steps to the target, with over without, at the quickest rates; never counts as all steps."""
    steps = []
    for normalize in ("batch norm", "none"):
        found = recording.get("steps_to_target", normalize=normalize, batch_size=64, **at)
        found = np.nan_to_num(found, nan=STEPS)
        steps.append(found[found.mean(axis=-1).argmin()])
    return steps[0] / steps[1]


def fewer_steps(recording: Recording) -> Finding:
    """The target is reached in fewer steps, each arm at the rate that is quickest for it."""
    ratio = _steps_ratio(recording, depth=20, activation="elu")
    return Finding(
        "20 ELU layers reach 70 % in at most 0.7 times the steps, each arm at its quickest rate.",
        **median_and_range(ratio),
        unit="times the steps",
        holds=bool((ratio < 0.7).all()),
    )


def _first_to_last(recording, **at):
    """First over last layer's gradient norm before training, as decimal logarithm, by seed."""
    logs = recording.get("gradients", batch_size=64, learning_rate=RATES[0], **at)[:, 0]
    return (logs[:, 0] - logs[:, at["depth"] - 1]).astype(float)


def sigmoid_gradients_survive(recording: Recording) -> Finding:
    """Batch normalization keeps the gradient of a deep sigmoid network from vanishing."""
    at = {"depth": 20, "activation": "sigmoid"}
    without = _first_to_last(recording, normalize="none", **at)
    with_it = _first_to_last(recording, normalize="batch norm", **at)
    return Finding(
        "Before training, 20 sigmoid layers leave the first less than 1e-6 of the last one's "
        "gradient; batch normalization changes the ratio by this much, to between 0.1 and 10.",
        **median_and_range(with_it - without),
        unit="powers of ten",
        holds=bool((without < -6).all() and (np.abs(with_it) < 1).all()),
    )


def relu_gradients_explode(recording: Recording) -> Finding:
    """In a very deep ReLU network, batch normalization makes gradients explode at the start."""
    at = {"depth": 30, "activation": "relu"}
    without = _first_to_last(recording, normalize="none", **at)
    with_it = _first_to_last(recording, normalize="batch norm", **at)
    return Finding(
        "Before training, 30 normalized ReLU layers give the first over 100 times the last one's "
        "gradient, by this many powers of ten; without normalization the two are within 30 times.",
        **median_and_range(with_it),
        unit="powers of ten",
        holds=bool((with_it > 2).all() and (np.abs(without) < 1.5).all()),
    )


def small_batches_undo_it(recording: Recording) -> Finding:
    """With batches of 8 the gain is gone, but whether it turns into a loss depends on the seed."""
    at = {"depth": 10, "activation": "relu"}
    small, large = (100 * gain(recording, batch_size=b, **at) for b in (8, 64))
    return Finding(
        "With 10 ReLU layers, batch normalization loses test accuracy at batch 8 and gains at 64.",
        **median_and_range(small),
        unit="percentage points of test accuracy",
        holds=bool((small < 0).all() and (large > 0).all()),
    )


def gain_grows_to_thirty_layers(recording: Recording) -> Finding:
    """More layers, more gain: true up to 20 ReLU layers, not up to 30."""
    at = {"activation": "relu", "batch_size": 64}
    more = 100 * (gain(recording, depth=30, **at) - gain(recording, depth=20, **at))
    return Finding(
        "30 ReLU layers gain more by batch normalization than 20 do.",
        **median_and_range(more),
        unit="percentage points of test accuracy",
        holds=bool((more > 0).all()),
    )


def fourteen_times_fewer_steps(recording: Recording) -> Finding:
    """Ioffe and Szegedy (2015) report 14 times fewer steps for their network."""
    ratio = 1 / _steps_ratio(recording, depth=10, activation="relu")
    return Finding(
        "10 ReLU layers reach 70 % in 14 times fewer steps, each arm at its quickest rate.",
        **median_and_range(ratio),
        unit="times fewer steps",
        holds=bool((ratio >= 14).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    small = small_batches_undo_it(recording).said("small", (-3, 3), low=(-10, 3), high=(-3, 10))
    return {
        **deep_sigmoid_learns(recording).said("sigmoid", (55, 90)),
        **larger_rates(recording).said("rates", (5, math.inf)),
        **larger_rates_in_deep_relu(recording).said("relu-rates", (2, math.inf)),
        **fewer_steps(recording).said("steps", (0, 0.8)),
        **sigmoid_gradients_survive(recording).said("survive", (5, 15)),
        **relu_gradients_explode(recording).said("explode", (2, 10)),
        **small,
    }


EXPERIMENT = Experiment(
    name="batch_norm_depth",
    question="How much does batch normalization help, by depth, activation, rate and batch size?",
    axes={
        "depth": DEPTHS,
        "activation": ACTIVATIONS,
        "normalize": ("none", "batch norm"),
        "batch_size": BATCH_SIZES,
        "learning_rate": RATES,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("learning_rate", "seed"),
    run=run,
    arrays={
        "loss": "cross-entropy in nats, mean over windows of 10 steps: [window]",
        "accuracy": "share of each batch classified correctly, over the same windows: [window]",
        "test_accuracy": "share of the 3,000 test pictures classified correctly after training",
        "steps_to_target": "steps until the last 20 batches' mean accuracy reaches 70 %, or NaN",
        "activations": "15, 50 and 85 % quantiles of each hidden layer's outputs after MOMENTS "
        "steps, NaN beyond the depth: [moment, layer, quantile]",
        "gradients": "decimal logarithm of the norm of each hidden kernel's gradient after the "
        "same steps: [moment, layer]",
    },
    findings=(
        little_at_two_layers,
        much_at_twenty_layers,
        deep_sigmoid_learns,
        larger_rates,
        larger_rates_in_deep_relu,
        fewer_steps,
        sigmoid_gradients_survive,
        relu_gradients_explode,
    ),
    not_reproduced=(
        gain_grows_to_thirty_layers,
        fourteen_times_fewer_steps,
        small_batches_undo_it,
    ),
    numbers=numbers,
)
