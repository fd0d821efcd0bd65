"""How small may the batch be before batch normalization stops helping?"""

from __future__ import annotations

import numpy as np

from steadynet.experiments.base import Claim, Experiment, median_and_range

BATCH_SIZES = (2, 4, 8, 16, 32, 64, 128, 256, 512)
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
DEPTH, UNITS, ACTIVATION, STEPS, LAST = 10, 24, "elu", 300, 25


def run(point):
    """One kind of network and batch size: every seed in turn, its learning rates side by side."""
    from steadynet.experiments import deep_rows

    options = {"depth": DEPTH, "units": UNITS, "activation": ACTIVATION}
    row = deep_rows.row(point["normalize"], **options)
    found = []
    for seed in point["seed"]:
        record = row.train(
            seed, point["learning_rate"], steps=STEPS, batch_size=point["batch_size"]
        )
        found.append(
            {
                "test_accuracy": row.test_accuracy(),
                "train_accuracy": record.accuracy[:, -LAST:].mean(-1),
                "test_accuracy_by_batch": row.test_accuracy(by_batch=True),
            }
        )
    return {name: np.stack([one[name] for one in found], axis=1) for name in found[0]}


EXPERIMENT = Experiment(
    name="batch_norm_batch_size",
    question="How small may the batch be before batch normalization stops helping?",
    axes={
        "normalize": ("none", "batch norm"),
        "batch_size": BATCH_SIZES,
        "learning_rate": RATES,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("learning_rate", "seed"),
    run=run,
    arrays={
        "test_accuracy": "share of the 3,000 test pictures classified correctly, moving statistics",
        "test_accuracy_by_batch": "the same by the statistics of all test pictures as one batch",
        "train_accuracy": "share of the last 25 training batches classified correctly",
    },
)
