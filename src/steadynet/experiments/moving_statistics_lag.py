"""How far behind training is a network that is evaluated by its moving statistics?"""

from __future__ import annotations

import numpy as np

from steadynet.experiments.base import Claim, Experiment, median_and_range

MOMENTA = (0.0, 0.5, 0.9, 0.99, 0.999)
MOMENTS = (5, 10, 20, 40, 80, 150, 300, 600, 1000)  # steps after which the network is evaluated
RATES = (0.03, 0.1, 0.3)
DEPTH, UNITS, ACTIVATION, BATCH_SIZE = 5, 32, "relu", 64


def run(point):
    """One momentum and batch: every seed in turn, its learning rates side by side."""
    from steadynet.experiments import deep_rows

    options = {"depth": DEPTH, "units": UNITS, "activation": ACTIVATION}
    row = deep_rows.row("batch norm", momentum=point["momentum"], **options)
    found = [_train(row, point["learning_rate"], seed) for seed in point["seed"]]
    moving, by_batch = (np.stack(part, axis=1) for part in zip(*found, strict=True))
    return {"test_accuracy": moving, "test_accuracy_by_batch": by_batch}


def _train(row, rates, seed):
    """Test accuracy by moving statistics and by the batch's own, [rate, moment] each."""
    moving, by_batch = [], []

    def evaluate():
        moving.append(row.test_accuracy())
        by_batch.append(row.test_accuracy(by_batch=True))

    row.train(
        *(seed, rates),
        steps=MOMENTS[-1],
        batch_size=BATCH_SIZE,
        moments=MOMENTS,
        on_moment=evaluate,
    )
    return np.stack(moving, axis=-1), np.stack(by_batch, axis=-1)


EXPERIMENT = Experiment(
    name="moving_statistics_lag",
    question="How far behind training is a network that is evaluated by its moving statistics?",
    axes={"momentum": MOMENTA, "learning_rate": RATES, "seed": (0, 1, 2, 3, 4)},
    together=("learning_rate", "seed"),
    run=run,
    arrays={
        "test_accuracy": "share of the test pictures classified correctly by the moving statistics, "
        "after MOMENTS steps: [moment]",
        "test_accuracy_by_batch": "the same by the statistics of all test pictures as one batch",
    },
)
