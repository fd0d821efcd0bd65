"""How much does batch normalization help, by depth, activation, learning rate and batch size?"""

from __future__ import annotations

import numpy as np

from steadynet.experiments.base import Claim, Experiment, median_and_range

CHANCE = 0.1
DEPTHS = (2, 5, 10, 20, 30)
ACTIVATIONS = ("sigmoid", "relu", "elu")
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
BATCH_SIZES = (8, 64)
UNITS, STEPS, WINDOW = 24, 400, 10
MOMENTS = (0, 20, 100, 400)  # steps after which the layers are looked at
QUANTILES = (0.15, 0.5, 0.85)
TARGET, OVER = 0.7, 20  # accuracy to reach, and steps over which it is averaged


def run(point):
    """One network and batch size: every seed in turn, its learning rates side by side."""
    rates, batch_size = point["learning_rate"], point["batch_size"]
    by_seed = [
        train(point["normalize"], point["depth"], point["activation"], batch_size, rates, seed)
        for seed in point["seed"]
    ]
    return {name: np.stack([found[name] for found in by_seed], axis=1) for name in by_seed[0]}


def look(row):
    """Quantiles of each hidden layer's outputs, and its kernel's gradient norm, padded to one depth."""
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


def train(normalize, depth, activation, batch_size, rates, seed):
    """One row of rates: what it learned, and what its layers looked like on the way."""
    from steadynet.experiments import deep_rows

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
            "loss": deep_rows.windows(record.loss, WINDOW).astype("f2"),
            "accuracy": deep_rows.windows(record.accuracy, WINDOW).astype("f2"),
            "test_accuracy": row.test_accuracy(),
            "steps_to_target": deep_rows.steps_to(record.accuracy, TARGET, OVER),
            **{
                name: np.stack([seen[name] for seen in looks], axis=1).astype("f2")
                for name in ("activations", "gradients")
            },
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
        "gradients": "decimal logarithm of the norm of each hidden kernel's gradient after the same "
        "steps: [moment, layer]",
    },
    claims=(),
)
