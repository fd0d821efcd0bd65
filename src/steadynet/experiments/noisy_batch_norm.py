"""Does batch normalization work by steadying distributions, or by smoothing the loss?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks import curves

if TYPE_CHECKING:
    from steadynet.recording import Recording

NORMALIZE = ("none", "batch norm", "noisy batch norm")
RATES = (0.01, 0.03, 0.1, 0.3)
DEPTH, UNITS, ACTIVATION, BATCH_SIZE = 15, 24, "relu", 64
STEPS, APART, WINDOW = 400, 40, 10
LAST = 5  # windows at the end whose mean accuracy counts, since in evaluation there is no noise
LENGTHS = (0.0, 0.5, 1.0, 2.0, 4.0)  # of steps tried, in learning rates


def run(point: Point) -> dict[str, np.ndarray]:
    """One kind of network: every learning rate and seed in turn."""
    from steadynet.tasks import deep_rows

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
        "accuracy": curves.windows(record.accuracy, WINDOW),
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


def final_accuracy(recording: Recording, normalize: str) -> np.ndarray:
    """Training accuracy at the end, in percent: [rate, seed]."""
    return 100 * recording.get("accuracy", normalize=normalize)[..., -LAST:].mean(axis=-1)


def noisy_beats_plain(recording: Recording) -> Finding:
    """At a rate that is high for the plain network, noise and all."""
    noisy, plain = (final_accuracy(recording, n) for n in ("noisy batch norm", "none"))
    points = (noisy - plain)[RATES.index(0.3)]
    return Finding(
        "At rate 0.3, noisy batch normalization trains over 10 points better than none.",
        **median_and_range(points),
        unit="percentage points of training accuracy",
        holds=bool((points > 10).all()),
    )


def noisy_beats_plain_at_best_rates(recording: Recording) -> Finding:
    """The same, each arm at its own best rate."""
    both = [final_accuracy(recording, n) for n in ("noisy batch norm", "none")]
    noisy, plain = (values[values.mean(axis=-1).argmax()] for values in both)
    points = noisy - plain
    return Finding(
        "Each arm at its best rate, noisy batch normalization trains better than none.",
        **median_and_range(points),
        unit="percentage points of training accuracy",
        holds=bool((points > 0).all()),
    )


def noise_unsettles(recording: Recording) -> Finding:
    """The noise does what it is there for: distributions move more than in the plain network."""
    at = {"learning_rate": 0.03}
    drift = [
        np.nanmedian(recording.get("drift", normalize=n, **at), axis=(-1, -2))
        for n in ("noisy batch norm", "none")
    ]
    return Finding(
        "At rate 0.03, units' means move more from look to look with noisy batch normalization "
        "than with none.",
        **median_and_range(drift[0] / drift[1]),
        unit="times as far",
        holds=bool((drift[0] > drift[1]).all()),
    )


def batch_norm_settles(recording: Recording) -> Finding:
    """Without the noise they move far less than in the plain network."""
    at = {"learning_rate": 0.03}
    drift = [
        np.nanmedian(recording.get("drift", normalize=n, **at), axis=(-1, -2))
        for n in ("none", "batch norm")
    ]
    return Finding(
        "At rate 0.03, units' means move over 5 times as far from look to look without batch "
        "normalization.",
        **median_and_range(drift[0] / drift[1]),
        unit="times as far",
        holds=bool((drift[0] / drift[1] > 5).all()),
    )


def band(recording: Recording, **at: Any) -> np.ndarray:
    """Width of the band of losses along the gradient, log(largest / smallest): median of looks."""
    losses = recording.get("loss_along", **at)
    return np.nanmedian(np.log(losses.max(axis=-1) / losses.min(axis=-1)), axis=-1)


def narrower_band(recording: Recording) -> Finding:
    """The loss changes less, and more evenly, along the gradient."""
    at = {"learning_rate": 0.03}
    ratio = band(recording, normalize="none", **at) / band(recording, normalize="batch norm", **at)
    return Finding(
        "At rate 0.03, the losses along the gradient span a band over twice as wide without batch "
        "normalization (as a ratio of losses, on a log scale).",
        **median_and_range(ratio),
        unit="times as wide",
        holds=bool((ratio > 2).all()),
    )


def noise_leaves_the_band_narrow(recording: Recording) -> Finding:
    """What the noise does not take away."""
    at = {"learning_rate": 0.03}
    ratio = band(recording, normalize="none", **at)
    ratio = ratio / band(recording, normalize="noisy batch norm", **at)
    return Finding(
        "At rate 0.03, the band is over twice as wide without batch normalization as with noisy "
        "batch normalization, too.",
        **median_and_range(ratio),
        unit="times as wide",
        holds=bool((ratio > 2).all()),
    )


def steadier_gradient(recording: Recording) -> Finding:
    """The gradient still says something after a step along it."""
    at = {"learning_rate": 0.03}
    turned = []
    for normalize in ("none", "batch norm"):
        distance = recording.get("gradient_distance", normalize=normalize, **at).max(axis=-1)
        norm = recording.get("gradient_norm", normalize=normalize, **at)
        turned.append(np.nanmedian(distance / norm, axis=-1))
    return Finding(
        "At rate 0.03, a step along the gradient changes it over 1.5 times as much without batch "
        "normalization, as a share of its norm.",
        **median_and_range(turned[0] / turned[1]),
        unit="times as much",
        holds=bool((turned[0] / turned[1] > 1.5).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    return {
        **noisy_beats_plain(recording).said("noisy", (10, 100)),
        **noisy_beats_plain_at_best_rates(recording).said("noisy-best", (-30, 0), high=(-30, 5)),
        **noise_unsettles(recording).said("unsettles", (1, math.inf)),
        **batch_norm_settles(recording).said("settles", (5, math.inf)),
        **narrower_band(recording).said("band", (2, math.inf)),
        **noise_leaves_the_band_narrow(recording).said("noisy-band", (2, math.inf)),
        **steadier_gradient(recording).said("steadier", (1.5, math.inf)),
    }


EXPERIMENT = Experiment(
    name="noisy_batch_norm",
    question="Does batch normalization work by steadying distributions, or by smoothing the loss?",
    axes={"normalize": NORMALIZE, "learning_rate": RATES, "seed": (0, 1, 2, 3, 4)},
    together=("learning_rate", "seed"),
    run=run,
    arrays={
        "accuracy": "share of each batch classified correctly, means of 10 steps: [window]",
        "test_accuracy": "share of the 3,000 test pictures classified correctly after training",
        "drift": "mean over a layer's units of the change in a unit's mean output within 40 steps, "
        "as a share of its standard deviation over pictures: [moment, layer]",
        "loss_along": "loss on 128 training pictures after a step of LENGTHS times the rate along "
        "their gradient, every 40 steps from 0: [moment, length]",
        "gradient_distance": "L2 distance of the gradient there from the gradient before the step: "
        "[moment, length]",
        "gradient_norm": "L2 norm of the gradient before the step: [moment]",
    },
    findings=(
        noisy_beats_plain,
        noise_unsettles,
        batch_norm_settles,
        narrower_band,
        noise_leaves_the_band_narrow,
        steadier_gradient,
    ),
    not_reproduced=(noisy_beats_plain_at_best_rates,),
    numbers=numbers,
)
