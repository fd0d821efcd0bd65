"""Which clip thresholds let a recurrent network learn, by clipping method and learning rate?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks.temporal_order import (
    CURVES,
    NEVER,
    QUANTILES,
    STEPS,
    THRESHOLDS,
    WINDOW,
    solved_at,
    train_row,
)

if TYPE_CHECKING:
    from steadynet.recording import Recording

LENGTH = 20
METHODS = ("value", "norm", "global_norm")
RATES = (0.05, 0.1, 0.2, 0.4, 0.8)
RULES = ("half the mean norm", "ten times the mean norm", "90th percentile")
FAILING_RATE = 0.2  # training without clipping fails here on every seed


def run(point: Point) -> dict[str, np.ndarray]:
    """All rates and thresholds of one method and seed, side by side."""
    rates, thresholds = point["learning_rate"], point["threshold"]
    r, t = zip(*itertools.product(rates, thresholds), strict=True)
    found = train_row(LENGTH, point["method"], point["seed"], r, t)
    return {name: a.reshape(len(rates), len(thresholds), *a.shape[1:]) for name, a in found.items()}


def solved(recording: Recording, **point: Any) -> np.ndarray:
    """Whether each run solved the task."""
    return np.isfinite(solved_at(recording, **point))


def clipping_rescues(recording: Recording) -> Finding:
    """Where training without clipping fails on every seed, a clipped run succeeds on every seed."""
    at = {"method": "global_norm", "learning_rate": FAILING_RATE}
    without = solved(recording, threshold=NEVER, **at)
    with_clipping = solved(recording, threshold=1.0, **at)
    gained = with_clipping.astype(int) - without
    return Finding(
        f"At rate {FAILING_RATE}, clipping the norm at 1 solves what never clipping does not.",
        effect=float(gained.mean()),
        low=float(gained.min()),
        high=float(gained.max()),
        unit="share of seeds gained",
        holds=bool(with_clipping.all() and not without.any()),
    )


def lost_without_clipping(recording: Recording) -> Finding:
    """At the smallest rate every seed learns without clipping, and some lose it again."""
    at = {"method": "global_norm", "learning_rate": RATES[0]}
    lost = [
        np.isfinite(recording.get("solved_at", threshold=t, **at)).astype(float)
        - solved(recording, threshold=t, **at)
        for t in (NEVER, 20.0)
    ]
    gap = lost[0] - lost[1]
    return Finding(
        f"At rate {RATES[0]}, what was learned is lost again on some seeds; clipped at 20, never.",
        float(gap.mean()),
        float(gap.min()),
        float(gap.max()),
        unit="share of seeds",
        holds=bool(lost[0].any() and not lost[1].any()),
    )


def tight_is_slow(recording: Recording) -> Finding:
    """A threshold far below the usual norms costs steps."""
    at = {"method": "global_norm", "learning_rate": FAILING_RATE}
    tight = np.nan_to_num(solved_at(recording, threshold=0.01, **at), nan=STEPS)
    right = solved_at(recording, threshold=1.0, **at)
    ratio = tight / right
    return Finding(
        f"At rate {FAILING_RATE}, a threshold of 0.01 needs several times the steps of one of 1.",
        **median_and_range(ratio),
        unit="times the steps",
        holds=bool((ratio > 2).all()),
    )


def best_thresholds(recording: Recording, seeds: Sequence[int] | None = None) -> np.ndarray:
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


def best_moves_with_rate(recording: Recording) -> Finding:
    """The best threshold falls as the rate rises: their product, the longest step, counts."""
    rates, n = np.log(recording.axes["learning_rate"]), len(recording.axes["seed"])
    subsets = [[s for s in range(n) if s != left_out] for left_out in range(n)]
    slopes = [np.polyfit(rates, np.log(best_thresholds(recording, s)), 1)[0] for s in subsets]
    return Finding(
        "The best threshold is near-inversely proportional to the rate (each seed left out once).",
        **median_and_range(slopes),
        unit="slope in logs, where -1 is inverse proportion",
        holds=bool(max(slopes) < -0.5),
    )


def same_product_same_speed(recording: Recording) -> Finding:
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
    return Finding(
        "Where most steps are clipped, twice the rate at half the threshold takes as many steps.",
        **median_and_range(ratio),
        unit="times the steps",
        holds=bool((abs(ratio - 1) < 0.2).all()),
    )


def harmless_is_identical(recording: Recording) -> Finding:
    """A threshold above every norm leaves each step as it was."""
    at = {"method": "global_norm", "learning_rate": RATES[0]}
    largest = recording.get("norm_quantiles", threshold=NEVER, **at)[:, -1].max()
    above = min(t for t in recording.axes["threshold"][:-1] if t > largest)
    clipped, never = (recording.get("loss", threshold=t, **at) for t in (above, NEVER))
    gap = np.abs(clipped - never).max(axis=-1)
    return Finding(
        f"At rate {RATES[0]}, where no norm exceeds {above:g}, clipping there changes no loss.",
        **median_and_range(gap),
        unit="nats, largest difference",
        holds=bool((gap == 0).all()),
    )


def rules_of_thumb(recording: Recording) -> dict[str, Any]:
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
    every = np.all(solved(recording, **at), axis=-1)[:, :-1]
    thresholds = np.array(recording.axes["threshold"][:-1])
    middle = [int(np.abs(np.log(thresholds / t)).argmin()) for t in best_thresholds(recording)]
    best = np.arange(len(every)), middle
    mean = recording.get("norm_mean", **at)[best].mean(axis=-1)
    tail = recording.get("norm_quantiles", **at)[best][..., QUANTILES.index(0.9)].mean(axis=-1)
    return {
        "learning_rate": recording.axes["learning_rate"],
        "works": [(thresholds[row].min(), thresholds[row].max()) for row in every],
        **dict(zip(RULES, (0.5 * mean, 10 * mean, tail), strict=True)),
    }


def _never_clipped(recording):
    """What happens without clipping, at the failing rate and at the smallest."""
    at = {"method": "global_norm", "threshold": NEVER}
    norms = recording.get("norm_quantiles", learning_rate=FAILING_RATE, **at)
    usual = np.median(norms[:, QUANTILES.index(0.5)])
    final = recording.get("accuracy", learning_rate=FAILING_RATE, **at)[:, -4:]
    small = {**at, "learning_rate": RATES[0]}
    learned = np.isfinite(recording.get("solved_at", **small))
    lost = (learned & ~solved(recording, **small)).sum()
    safe = recording.get("clipped", **{**small, "threshold": 20.0}).mean()
    return {
        "seeds": Number(learned.size, (5, 5), "seeds"),
        "never-final": Number(100 * np.median(final), (20, 35), "% accuracy at the end: chance"),
        "never-typical": Number(usual, (0, 5), "median norm, never clipped"),
        "never-peak": Number(norms[:, -1].max(), (20, math.inf), "largest norm, never clipped"),
        "small-learned": Number(learned.sum(), (4, 5), "seeds that learn at the smallest rate"),
        "small-lost": Number(lost, (1, 3), "seeds that lose it again"),
        "insurance-share": Number(100 * safe, (0.005, 1), "% of steps clipped at 20"),
    }


def _rescue(recording):
    """What clipping at 1 does for the failing rate."""
    at = {"method": "global_norm", "learning_rate": FAILING_RATE}
    never, steps = (solved_at(recording, threshold=t, **at) for t in (NEVER, 1.0))
    return {
        "never-solved": Number(np.isfinite(never).sum(), (0, 0), "seeds that solve it, unclipped"),
        "rescued": Number(np.isfinite(steps).sum(), (5, 5), "seeds that do, clipped at 1"),
        "rescued-steps": Number(np.median(steps), (50, 500), "steps to solve it, clipped at 1"),
    }


def _valley(recording):
    """How wide the valley of working thresholds is, and how it is recorded."""
    rules = rules_of_thumb(recording)
    low, high = rules["works"][RATES.index(FAILING_RATE)]
    n_runs = math.prod(len(values) for values in recording.axes.values())
    n_thresholds = len(recording.axes["threshold"])
    return {
        **tight_is_slow(recording).said("tight", (2, math.inf)),
        **best_moves_with_rate(recording).said("slope", (-1.5, -0.67)),
        **same_product_same_speed(recording).said("product", (0.95, 1.05)),
        # 0.02 works, as the text says further down; 0.01 is a hundredth of what works well.
        "works-low": Number(low, (0, 0.02), "the lowest threshold that works at the failing rate"),
        "works-high": Number(high, (1, 20), "the highest one"),
        "works-times": Number(high / low, (30, math.inf), "times the lowest is the highest"),
        "n-thresholds": Number(n_thresholds, (18, 18), "thresholds"),
        "threshold-runs": Number(n_runs, (1350, 1350), "runs in all"),
    }


def _rules(recording):
    """How the rules of thumb fare."""
    rules = rules_of_thumb(recording)
    low, high = np.transpose(rules["works"])
    works = {rule: ((low <= t) & (t <= high)).sum() for rule, t in rules.items() if rule in RULES}
    at = {"method": "global_norm", "learning_rate": FAILING_RATE}
    best, tight = (100 * recording.get("clipped", threshold=t, **at) for t in (0.5, 0.02))
    early = best[:, : 200 // WINDOW].mean()
    return {
        "n-rates": Number(len(low), (5, 5), "learning rates"),
        "half-inside": Number(works[RULES[0]], (4, 5), "rates at which half the mean norm works"),
        "ten-inside": Number(works[RULES[1]], (0, 2), "rates at which ten times it works"),
        "ninety-inside": Number(works[RULES[2]], (2, 4), "rates at which the percentile works"),
        "gauge-early": Number(early, (60, 100), "% of the first 200 steps clipped at the best"),
        "gauge-whole": Number(best.mean(), (0, 50), "% of all steps clipped there"),
        "gauge-tight-whole": Number(tight.mean(), (95, 100), "% of all steps clipped at 0.02"),
    }


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    return {
        **_never_clipped(recording),
        **_rescue(recording),
        **_valley(recording),
        **_rules(recording),
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
    findings=(
        clipping_rescues,
        lost_without_clipping,
        tight_is_slow,
        best_moves_with_rate,
        same_product_same_speed,
        harmless_is_identical,
    ),
    numbers=numbers,
)
