"""Does batch normalization work by steadying distributions, or by smoothing the loss?"""

from __future__ import annotations

import numpy as np

from steadynet.experiments.base import Claim, Experiment, median_and_range

NORMALIZE = ("none", "batch norm", "noisy batch norm")
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
DEPTH, UNITS, ACTIVATION, BATCH_SIZE = 15, 24, "relu", 64
STEPS, APART, WINDOW = 400, 40, 10
LENGTHS = (0.0, 0.5, 1.0, 2.0, 4.0)  # of steps tried, in learning rates


def run(point):
    """One kind of network: every learning rate and seed in turn."""
    from steadynet.experiments import deep_rows

    options = {"depth": DEPTH, "units": UNITS, "activation": ACTIVATION}
    row = deep_rows.Alone(point["normalize"], **options)
    rates, seeds = point["learning_rate"], point["seed"]
    found = [_train(row, rate, seed) for rate in rates for seed in seeds]
    gather = lambda name: np.concatenate([one[name] for one in found])  # noqa: E731
    return {
        name: gather(name).reshape(len(rates), len(seeds), *found[0][name].shape[1:])
        for name in found[0]
    }


def _train(row, rate, seed):
    """What was learned, and looks at the layers and along the gradient every 40 steps."""
    from steadynet.experiments import deep_rows

    looks = []

    def look():
        hidden = row.inside()[0]
        looks.append([hidden.mean(axis=2), hidden.std(axis=2), *row.around(LENGTHS)])

    record = row.train(
        *(seed, [rate]),
        steps=STEPS,
        batch_size=BATCH_SIZE,
        moments=range(0, STEPS + 1, APART),
        on_moment=look,
    )
    means, deviations, losses, distances, norms = (
        np.stack(part, axis=1) for part in zip(*looks, strict=True)
    )
    return {
        "accuracy": deep_rows.windows(record.accuracy, WINDOW),
        "test_accuracy": row.test_accuracy(),
        "drift": _drift(means, deviations),
        "loss_along": losses,
        "gradient_distance": distances,
        "gradient_norm": norms,
    }


def _drift(means, deviations):
    """Change of the units' means from look to look, in their own standard deviations, by layer."""
    change = np.abs(np.diff(means, axis=1)).mean(-1)
    spread = (deviations[:, 1:] + deviations[:, :-1]).mean(-1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return (change / spread).astype("f4")


EXPERIMENT = Experiment(
    name="noisy_batch_norm",
    question="Does batch normalization work by steadying distributions, or by smoothing the loss?",
    axes={"normalize": NORMALIZE, "learning_rate": RATES, "seed": (0, 1, 2, 3, 4)},
    together=("learning_rate", "seed"),
    run=run,
    arrays={
        "accuracy": "share of each batch classified correctly, mean over windows of 10 steps: [window]",
        "test_accuracy": "share of the 3,000 test pictures classified correctly after training",
        "drift": "mean over a layer's units of the change in a unit's mean output within 40 steps, as "
        "a share of its standard deviation over pictures: [moment, layer]",
        "loss_along": "loss on 128 training pictures after a step of LENGTHS times the rate along "
        "their gradient, every 40 steps from 0: [moment, length]",
        "gradient_distance": "L2 distance of the gradient there from the gradient before the step: "
        "[moment, length]",
        "gradient_norm": "L2 norm of the gradient before the step: [moment]",
    },
)
