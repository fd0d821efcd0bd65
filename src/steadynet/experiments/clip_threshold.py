"""Which clip thresholds let a recurrent network learn, by clipping method and learning rate?"""

from __future__ import annotations

import itertools

import numpy as np

from steadynet.experiments.base import Claim, Experiment, median_and_range
from steadynet.tasks.temporal_order import (
    CURVES,
    NEVER,
    QUANTILES,
    STEPS,
    THRESHOLDS,
    solved_at,
    train_row,
)

LENGTH = 20
METHODS = ("value", "norm", "global_norm")
RATES = (0.05, 0.1, 0.2, 0.4, 0.8)
FAILING_RATE = 0.2  # training without clipping fails here on every seed


def run(point):
    """All rates and thresholds of one method and seed, side by side."""
    rates, thresholds = point["learning_rate"], point["threshold"]
    pairs = list(itertools.product(rates, thresholds))
    found = train_row(LENGTH, point["method"], point["seed"], *zip(*pairs, strict=True))
    return {name: a.reshape(len(rates), len(thresholds), *a.shape[1:]) for name, a in found.items()}


def solved(recording, **point):
    """Whether each run solved the task."""
    return np.isfinite(solved_at(recording, **point))


def clipping_rescues(recording):
    """Where training without clipping fails on every seed, a clipped run succeeds on every seed."""
    at = {"method": "global_norm", "learning_rate": FAILING_RATE}
    without = solved(recording, threshold=NEVER, **at)
    with_clipping = solved(recording, threshold=1.0, **at)
    gained = with_clipping.astype(int) - without
    return Claim(
        f"At rate {FAILING_RATE}, clipping the norm at 1 solves what never clipping does not.",
        effect=float(gained.mean()),
        low=float(gained.min()),
        high=float(gained.max()),
        unit="share of seeds gained",
        holds=bool(with_clipping.all() and not without.any()),
    )


def lost_without_clipping(recording):
    """At the smallest rate every seed learns without clipping, and some lose it again."""
    at = {"method": "global_norm", "learning_rate": RATES[0]}
    lost = [
        np.isfinite(recording.get("solved_at", threshold=t, **at)).astype(float)
        - solved(recording, threshold=t, **at)
        for t in (NEVER, 20.0)
    ]
    gap = lost[0] - lost[1]
    return Claim(
        f"At rate {RATES[0]}, what was learned is lost again on some seeds; clipped at 20, never.",
        float(gap.mean()),
        float(gap.min()),
        float(gap.max()),
        unit="share of seeds",
        holds=bool(lost[0].any() and not lost[1].any()),
    )


def tight_is_slow(recording):
    """A threshold far below the usual norms costs steps."""
    at = {"method": "global_norm", "learning_rate": FAILING_RATE}
    tight = np.nan_to_num(solved_at(recording, threshold=0.01, **at), nan=STEPS)
    right = solved_at(recording, threshold=1.0, **at)
    ratio = tight / right
    return Claim(
        f"At rate {FAILING_RATE}, a threshold of 0.01 needs several times the steps of one of 1.",
        **median_and_range(ratio),
        unit="times the steps",
        holds=bool((ratio > 2).all()),
    )


def best_thresholds(recording, seeds=None):
    """The middle of the thresholds that solve the task soonest, or nearly, at each rate.

    Several thresholds are often equally good, so this is the geometric mean of those whose median
    number of steps over `seeds` is within a tenth of the best.

    Parameters
    ----------
    recording : Recording
        Of ``clip_threshold``.
    seeds : sequence of int, optional
        Positions of the seeds to count; all by default.

    Returns
    -------
    ndarray, shape (rates,)
    """
    steps = np.nan_to_num(solved_at(recording, method="global_norm"), nan=np.inf)[:, :-1]
    steps = np.median(steps if seeds is None else steps[..., list(seeds)], axis=-1)
    thresholds = np.log(recording.axes["threshold"][:-1])
    good = steps <= 1.1 * steps.min(axis=1, keepdims=True)
    return np.exp([thresholds[row].mean() for row in good])


def best_moves_with_rate(recording):
    """The best threshold falls as the rate rises: their product, the longest step, counts."""
    rates, n = np.log(recording.axes["learning_rate"]), len(recording.axes["seed"])
    subsets = [[s for s in range(n) if s != left_out] for left_out in range(n)]
    slopes = [np.polyfit(rates, np.log(best_thresholds(recording, s)), 1)[0] for s in subsets]
    return Claim(
        "The best threshold is near-inversely proportional to the rate (each seed left out once).",
        **median_and_range(slopes),
        unit="slope in logs, where -1 is inverse proportion",
        holds=bool(max(slopes) < -0.5),
    )


def same_product_same_speed(recording):
    """Where nearly every step is clipped, twice the rate at half the threshold is as fast."""
    steps = solved_at(recording, method="global_norm")
    clipped = recording.get("clipped", method="global_norm").mean(-1) > 0.5
    rates, thresholds = recording.axes["learning_rate"], recording.axes["threshold"]
    ratios = [
        steps[i + 1, k] / steps[i, j]
        for i in range(len(rates) - 1)
        for (j, t), (k, half) in itertools.product(enumerate(thresholds), repeat=2)
        if np.isclose(rates[i] * t, rates[i + 1] * half)
        and np.isfinite(t)
        and clipped[i, j].all()
        and clipped[i + 1, k].all()
    ]
    ratio = np.nanmedian(ratios, axis=0)
    return Claim(
        "Where most steps are clipped, twice the rate at half the threshold takes as many steps.",
        **median_and_range(ratio),
        unit="times the steps",
        holds=bool((abs(ratio - 1) < 0.2).all()),
    )


def harmless_is_identical(recording):
    """A threshold above every norm leaves each step as it was."""
    at = {"method": "global_norm", "learning_rate": RATES[0]}
    largest = recording.get("norm_quantiles", threshold=NEVER, **at)[:, -1].max()
    above = min(t for t in recording.axes["threshold"][:-1] if t > largest)
    clipped, never = (recording.get("loss", threshold=t, **at) for t in (above, NEVER))
    gap = np.abs(clipped - never).max(axis=-1)
    return Claim(
        f"At rate {RATES[0]}, where no norm exceeds {above:g}, clipping there changes no loss.",
        **median_and_range(gap),
        unit="nats, largest difference",
        holds=bool((gap == 0).all()),
    )


def rules_of_thumb(recording):
    """What two rules recommend at each rate, and which thresholds solve the task on every seed.

    Both rules look at the norms of a run; here it is the run at the best threshold of each rate,
    which is more than a reader has before choosing one.

    Parameters
    ----------
    recording : Recording
        Of ``clip_threshold``.

    Returns
    -------
    dict
        One entry a rate: "learning_rate"; "works", the lowest and highest threshold that solve on
        every seed; "half the mean norm", "ten times the mean norm" and "90th percentile", what the
        rules recommend.
    """
    at = {"method": "global_norm"}
    every = solved(recording, **at).all(axis=-1)[:, :-1]
    thresholds = np.array(recording.axes["threshold"][:-1])
    middle = [int(np.abs(np.log(thresholds / t)).argmin()) for t in best_thresholds(recording)]
    best = np.arange(len(every)), middle
    mean = recording.get("norm_mean", **at)[best].mean(axis=-1)
    tail = recording.get("norm_quantiles", **at)[best][..., QUANTILES.index(0.9)].mean(axis=-1)
    return {
        "learning_rate": recording.axes["learning_rate"],
        "works": [(thresholds[row].min(), thresholds[row].max()) for row in every],
        "half the mean norm": 0.5 * mean,
        "ten times the mean norm": 10 * mean,
        "90th percentile": tail,
    }


EXPERIMENT = Experiment(
    name="clip_threshold",
    question="Which clip thresholds let a recurrent network learn, by method and learning rate?",
    axes={
        "method": METHODS,
        "learning_rate": RATES,
        "threshold": THRESHOLDS,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("learning_rate", "threshold"),
    run=run,
    arrays=CURVES,
    claims=(
        clipping_rescues,
        lost_without_clipping,
        tight_is_slow,
        best_moves_with_rate,
        same_product_same_speed,
        harmless_is_identical,
    ),
)
