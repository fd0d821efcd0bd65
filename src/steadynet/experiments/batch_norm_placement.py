"""Does batch normalization belong before or after the activation?"""

from __future__ import annotations

import numpy as np

from steadynet.experiments.base import Claim, Experiment, median_and_range

ACTIVATIONS = ("sigmoid", "relu", "elu")
PLACEMENTS = ("none", "before", "after")
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
DEPTH, UNITS, BATCH_SIZE, STEPS, WINDOW = 20, 24, 64, 400, 10


def run(point):
    """One activation and placement: every seed in turn, its learning rates side by side."""
    from steadynet.experiments import deep_rows

    options = {"depth": DEPTH, "units": UNITS, "activation": point["activation"]}
    if point["placement"] == "none":
        row = deep_rows.row("none", **options)
    else:
        row = deep_rows.row("batch norm", placement=point["placement"], **options)
    accuracy, test_accuracy = [], []
    for seed in point["seed"]:
        rates = point["learning_rate"]
        record = row.train(seed, rates, steps=STEPS, batch_size=BATCH_SIZE)
        accuracy.append(deep_rows.windows(record.accuracy, WINDOW))
        test_accuracy.append(row.test_accuracy())
    return {"accuracy": np.stack(accuracy, 1), "test_accuracy": np.stack(test_accuracy, 1)}


EXPERIMENT = Experiment(
    name="batch_norm_placement",
    question="Does batch normalization belong before or after the activation?",
    axes={
        "activation": ACTIVATIONS,
        "placement": PLACEMENTS,
        "learning_rate": RATES,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("learning_rate", "seed"),
    run=run,
    arrays={
        "accuracy": "share of each batch classified correctly, mean over windows of 10 steps: [window]",
        "test_accuracy": "share of the 3,000 test pictures classified correctly after training",
    },
)
