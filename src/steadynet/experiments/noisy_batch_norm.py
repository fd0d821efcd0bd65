"""Does batch normalization work by steadying distributions, or by smoothing the loss?"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments.arms import at_chosen_rate
from steadynet.experiments.base import Experiment, Number, Point, Stress, median_and_range
from steadynet.experiments.evidence import Claim, judge

if TYPE_CHECKING:
    from steadynet.recording import Recording

STRENGTHS = {f"noise {strength:g}": strength for strength in (0.5, 1.0, 2.0, 4.0)}
NORMALIZE = ("none", "batch norm", *STRENGTHS)
RATES = (0.01, 0.03, 0.1, 0.3)
BUDGETS, DECIDES = (200, 400, 1600), 400
DEPTH, UNITS, ACTIVATION, BATCH_SIZE = 15, 24, "relu", 64
APART, WINDOW = 40, 200  # steps between two looks; steps before a budget that are looked at
LAST = 50  # batches before a budget over which training accuracy is averaged
FRESH = "fresh_seeds"
LENGTHS = (0.0, 0.5, 1.0, 2.0, 4.0)  # of steps tried, in learning rates


def run(point: Point) -> dict[str, np.ndarray]:
    """One kind of network at one rate: every seed in turn."""
    from steadynet.tasks import deep_rows

    name = point["normalize"]
    row = deep_rows.alone(
        "noisy batch norm" if name in STRENGTHS else name,
        depth=DEPTH,
        units=point.get("units", UNITS),
        activation=ACTIVATION,
        held_out=True,
    )
    budgets, strength = point["budget"], STRENGTHS.get(name, 0.0)
    found = [_train(row, point["learning_rate"], strength, budgets, s) for s in point["seed"]]
    return {name: np.stack([one[name] for one in found], axis=1) for name in found[0]}


def _train(row, rate, strength, budgets, seed):
    """What was learned by each budget, and looks at the layers and along the gradient before it."""
    inside, around, learned = {}, {}, {}

    def look():
        step = 0 if row.record is None else row.record.steps
        hidden = row.inside()[0][0]
        inside[step] = hidden.mean(axis=1), hidden.std(axis=1).mean(axis=-1)
        if step % (2 * APART) == 0:
            losses, distances, norms = (part[0] for part in row.around(LENGTHS))
            around[step] = losses, distances / norms
        if step in budgets:
            validation = row.accuracy("validation", by_batch=True)[0]
            learned[step] = row.record.accuracy[..., -LAST:].mean(), validation

    row.train(
        *(seed, [rate]),
        steps=max(budgets),
        batch_size=BATCH_SIZE,
        strength=strength,
        moments=sorted({step for budget in budgets for step in _window(budget)}),
        on_moment=look,
    )
    return {
        "accuracy": np.stack([learned[budget][0] for budget in budgets]),
        "validation_accuracy": np.stack([learned[budget][1] for budget in budgets]),
        "drift": np.stack([_drift([inside[k] for k in _window(b)]) for b in budgets]),
        "loss_along": np.stack([_along(around, 0, b) for b in budgets]),
        "turned": np.stack([_along(around, 1, b) for b in budgets]),
    }


def _window(budget):
    """Steps before a budget at which a network is looked at."""
    return range(budget - WINDOW, budget + 1, APART)


def _along(around, which, budget):
    """Losses, or how far the gradient turned, at the looks along it in a budget's window."""
    return np.stack([around[step][which] for step in _window(budget) if step in around])


def _drift(looks):
    """Change of the units' means from look to look, in their own standard deviations, by layer."""
    means, deviations = (np.stack(part) for part in zip(*looks, strict=True))
    change = np.abs(np.diff(means, axis=0)).mean(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (2 * change / (deviations[1:] + deviations[:-1])).astype("f4")


def trained(recording: Recording, **at: Any) -> np.ndarray:
    """Training accuracy over the last 50 batches, noise and all, in percent: one a seed."""
    return 100 * recording.get("accuracy", **at).astype("f8")


def unrest(recording: Recording, *, budget: int, **at: Any) -> np.ndarray:
    """How far units' means move within 40 steps, in their own deviations, in a budget's window.

    The median over layers, and the mean over the five movements in the 200 steps before the budget:
    one value a seed. Layers that are dead or diverged do not count; NaN where all are.
    """
    drift = recording.get("drift", budget=budget, **at).astype("f8")
    alive = np.where(np.isfinite(drift), drift, np.nan)
    return _quietly(np.nanmean, _quietly(np.nanmedian, alive))


def unrest_so_far(recording: Recording, *, budget: int, **at: Any) -> np.ndarray:
    """The mean of `unrest` over the windows of all budgets so far."""
    windows = [unrest(recording, budget=each, **at) for each in _budgets(recording, budget)]
    return _quietly(np.nanmean, np.stack(windows, axis=-1))


def more_restless(recording: Recording, budget: int, name: str, rate: float) -> np.ndarray:
    """On which seeds a network moves more than the plain one in the window of every budget so far.

    In a window in which the plain network has diverged, nothing is compared.
    """
    tests = []
    for each in _budgets(recording, budget):
        moves, plain = (
            unrest(recording, budget=each, normalize=n, learning_rate=rate) for n in (name, "none")
        )
        tests.append(~(moves <= plain))
    return np.all(tests, axis=0)


def gained(recording: Recording, budget: int, name: str, rate: float) -> np.ndarray:
    """Points of training accuracy above the plain network at the same rate and seed."""
    with_it, without = (
        trained(recording, normalize=n, learning_rate=rate, budget=budget) for n in (name, "none")
    )
    return with_it - without


def gained_though_restless(recording: Recording, budget: int, rate: float) -> np.ndarray:
    """The same, at the least strength of noise that makes it the more restless one; NaN if none."""
    found = np.full(len(recording.axes["seed"]), np.nan)
    for name in reversed(STRENGTHS):  # the least has the last word
        restless = more_restless(recording, budget, name, rate)
        found = np.where(restless, gained(recording, budget, name, rate), found)
    return found


def band(recording: Recording, *, budget: int, **at: Any) -> np.ndarray:
    """Width of the band of losses along the gradient, log(largest / smallest): median of looks."""
    return _median_of_looks(
        recording, budget, lambda b: recording.get("loss_along", budget=b, **at), _log_range
    )


def turned(recording: Recording, *, budget: int, **at: Any) -> np.ndarray:
    """How far the gradient changes within four steps along it, in its own norm: median of looks."""
    farthest = lambda values: values.max(axis=-1)  # noqa: E731
    return _median_of_looks(
        recording, budget, lambda b: recording.get("turned", budget=b, **at), farthest
    )


def _log_range(losses):
    """Logarithm of the largest loss over the smallest, along the last axis."""
    with np.errstate(all="ignore"):
        return np.log(losses.max(axis=-1) / losses.min(axis=-1))


def _median_of_looks(recording, budget, get, measure):
    """Median over the looks in the windows of all budgets so far, those that diverged left out."""
    values = [measure(get(b).astype("f8")) for b in _budgets(recording, budget)]
    looks = np.concatenate(values, axis=-1)
    return _quietly(np.nanmedian, np.where(np.isfinite(looks), looks, np.nan))


def _budgets(recording, budget):
    """Budgets of a recording up to one."""
    return [each for each in recording.axes["budget"] if each <= budget]


def _quietly(middle, values):
    """NaN, without a warning, where every value of the last axis is NaN."""
    kept = np.where(np.isnan(values).all(axis=-1, keepdims=True), 0.0, values)
    return np.where(np.isnan(values).all(axis=-1), np.nan, middle(kept, axis=-1))


Measure = Callable[..., np.ndarray]  # of a recording, a budget and a rate: one number a seed
POINTS, TIMES = "percentage points of training accuracy", "times as much"
ALONG = "the logarithm of the loss varies along the gradient"
LESS = "A ratio below {:g} on every seed."
BEHIND_BY = "points of training accuracy behind the plain network that moves less, at rate 0.1"
BEHIND = "A network less than 5 points ahead of the plain one, or behind it, on every seed."


def plain_over_normalized(measure: Measure) -> Measure:
    """A measure of the plain network in units of that with batch normalization, without noise."""

    def ratio(recording: Recording, budget: int, rate: float) -> np.ndarray:
        at = {"budget": budget, "learning_rate": rate}
        return measure(recording, normalize="none", **at) / measure(
            recording, normalize="batch norm", **at
        )

    return ratio


def plain_over_noisy_band(recording: Recording, budget: int, rate: float) -> np.ndarray:
    """The plain network's band in units of the noisy one's, at the strength where it is widest."""
    bands = {
        name: band(recording, budget=budget, normalize=name, learning_rate=rate)
        for name in ("none", *STRENGTHS)
    }
    return bands["none"] / np.max([bands[name] for name in STRENGTHS], axis=0)


def normalized_gains(recording: Recording, budget: int, rate: float) -> np.ndarray:
    """Points that batch normalization is ahead of the plain network, without noise."""
    return gained(recording, budget, "batch norm", rate)


def noise_costs(recording: Recording, budget: int, rate: float) -> np.ndarray:
    """Points that noise of strength 1 takes from batch normalization."""
    return normalized_gains(recording, budget, rate) - gained(recording, budget, "noise 1", rate)


def gained_at_best_rates(name: str) -> Measure:
    """Points of an arm above the plain network, each at the rate that is best on validation."""

    def points(recording: Recording, budget: int) -> np.ndarray:
        with_it, without = (
            at_chosen_rate(recording, "accuracy", normalize=n, budget=budget)
            for n in (name, "none")
        )
        return 100 * (with_it - without)

    return points


def _claim(name, rate, statement, measure, unit, least, refuted_by, control=""):
    """A claim at one rate: after 400 steps, looked at after 200 and 1,600, and on other seeds."""
    return Claim(
        f"{name}-{rate:g}",
        f"At rate {rate:g}, {statement}",
        lambda recording, budget: measure(recording, budget=budget, rate=rate),
        unit,
        (least, math.inf),
        refuted_by.format(least),
        budget=DECIDES,
        also=BEFORE_AND_AFTER,
        stresses={FRESH: DECIDES, **({"wide": DECIDES} if rate == 0.1 else {})},
        control=control,
    )


def _claim_at_best_rates(name, arm, statement, least, refuted_by):
    """A claim about an arm and the plain network, each at its own rate."""
    return Claim(
        name,
        f"Each at its own best rate, {statement}",
        gained_at_best_rates(arm),
        POINTS,
        (least, math.inf),
        refuted_by,
        budget=DECIDES,
        also=BEFORE_AND_AFTER,
        control="The plain network at its own best rate.",
    )


BEFORE_AND_AFTER = tuple(budget for budget in BUDGETS if budget != DECIDES)
CLAIMS = (
    *(
        _claim(
            *("settled", rate),
            "units' means move at least 3 times as far without batch normalization.",
            plain_over_normalized(unrest),
            *("times as far", 3, LESS),
        )
        for rate in (0.03, 0.1)
    ),
    *(
        _claim(
            *("ahead", rate),
            "batch normalization trains at least 5 points better than none: there is something "
            "that steadiness may explain.",
            normalized_gains,
            *(POINTS, 5, BEHIND),
        )
        for rate in (0.03, 0.1, 0.3)
    ),
    *(
        _claim(
            *("noisy-ahead", rate),
            "batch normalization with just enough noise to move units' means more than in the "
            "plain network, from the start to the end, still trains at least 5 points better than "
            "none.",
            gained_though_restless,
            *(POINTS, 5, f"{BEHIND} Where no strength of noise is enough, nothing is decided."),
            "The plain network at the same rate and seed, less restless in every window.",
        )
        for rate in (0.03, 0.1, 0.3)
    ),
    _claim(
        *("noise-costs", 0.1),
        "noise of strength 1 costs batch normalization at least 5 points.",
        noise_costs,
        *(POINTS, 5, "A noisy network less than 5 points behind on every seed."),
        "Batch normalization without noise at the same rate and seed.",
    ),
    *(
        _claim(
            *("band", rate),
            f"{ALONG} at least 2 times as much without batch normalization.",
            plain_over_normalized(band),
            *(TIMES, 2, LESS),
        )
        for rate in (0.03, 0.1)
    ),
    *(
        _claim(
            *("noisy-band", rate),
            f"{ALONG} at least 2 times as much without batch normalization as with it and noise "
            "of any strength.",
            plain_over_noisy_band,
            *(TIMES, 2, LESS),
        )
        for rate in (0.03, 0.1)
    ),
    _claim(
        *("turned", 0.03),
        "the gradient changes within four steps along it at least 1.5 times as much without batch "
        "normalization.",
        plain_over_normalized(turned),
        *(TIMES, 1.5, LESS),
    ),
    _claim_at_best_rates(
        *("best-batch-norm", "batch norm"),
        "batch normalization trains at least 5 points better than none.",
        *(5, BEHIND),
    ),
    _claim_at_best_rates(
        *("best-noisy", "noise 1"),
        "batch normalization with noise of strength 1 trains better than none, by a point or more.",
        *(1, "A plain network at its best rate that is as good as the noisy one, or better."),
    ),
)


def gains_tested(recording: Recording, rate: float) -> np.ndarray:
    """What the noisy network gains after 400 steps on the seeds that are tests; none may be."""
    gains = gained_though_restless(recording, DECIDES, rate)
    return gains[~np.isnan(gains)]


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    verdicts = {claim.name: judge(claim, recording) for claim in CLAIMS}

    def said(name, within, budget=DECIDES, stress="", **parts):
        other = (
            stress.removesuffix("_seeds") if stress else str(budget) if budget != DECIDES else ""
        )
        as_said = "-".join(filter(None, (name, other)))
        return verdicts[name].at(budget, stress).said(as_said, within, **parts)

    return {
        **said("settled-0.1", (3, math.inf)),
        **said("ahead-0.03", (-5, 5), effect=None),
        **said("ahead-0.03", (-5, 5), stress=FRESH, high=(5, 20)),
        **said("ahead-0.1", (5, 100)),
        **said("ahead-0.1", (5, 100), 1600, low=(0, 5)),
        **said("ahead-0.1", (3, 15), stress="wide", low=(0, 5), high=(5, 100)),
        **said("ahead-0.3", (5, 100)),
        **_numbers_of_tests(recording),
        **_numbers_of_the_loose_test(recording),
        **said("noise-costs-0.1", (5, 100)),
        **_numbers_of_weak_noise(recording),
        **said("best-batch-norm", (3, 20)),
        **said("best-batch-norm", (-5, 5), 1600),
        **said("best-noisy", (-20, 0)),
        **said("best-noisy", (1, 50), 200),
        **said("best-noisy", (-20, 0), 1600),
        **said("band-0.03", (2, math.inf)),
        **said("noisy-band-0.03", (2, math.inf)),
        **said("noisy-band-0.1", (2, math.inf)),
        **said("turned-0.03", (1.5, math.inf)),
    }


def _numbers_of_the_loose_test(recording):
    """Noise 1 above the plain network at rate 0.3, whichever of the two moves more."""
    points = gained(recording, DECIDES, "noise 1", 0.3)
    meaning = "points that noise 1 is ahead of the plain network at rate 0.3"
    return {
        "loose-low": Number(points.min(), (10, 60), f"{meaning} (smallest)"),
        "loose-high": Number(points.max(), (30, 80), f"{meaning} (largest)"),
    }


def _numbers_of_tests(recording):
    """On how many seeds the noise was strong enough, and how far behind or ahead it then was."""
    found: dict[str, Number] = {}
    for where, seeds, at_03 in (("", recording, 0), ("-fresh", recording.stresses[FRESH], 1)):
        gains, others = gains_tested(seeds, 0.1), gains_tested(seeds, 0.3)
        found |= {
            f"noisy-tests-0.1{where}": Number(gains.size, (4, 4), "of 5 seeds test rate 0.1"),
            f"noisy-tests-0.3{where}": Number(others.size, (at_03, at_03), "test rate 0.3"),
            f"noisy-behind-least{where}": Number(_or_nan(np.min, -gains), (5, 100), BEHIND_BY),
            f"noisy-behind-most{where}": Number(_or_nan(np.max, -gains), (5, 100), BEHIND_BY),
        }
    ahead = "points of training accuracy ahead of the plain network, at rate 0.3"
    return {**found, "noisy-ahead-0.3-fresh": Number(_or_nan(np.max, others), (5, 20), ahead)}


def _or_nan(middle, values):
    """NaN where there are no values."""
    return middle(values) if values.size else math.nan


def _numbers_of_weak_noise(recording):
    """What noise of strength 0.5 does at rate 0.1: seen in the recording, not claimed before it."""
    at: dict[str, Any] = {"budget": DECIDES, "learning_rate": 0.1}
    weak, none = (unrest(recording, normalize=n, **at) for n in ("noise 0.5", "batch norm"))
    lost = [trained(recording, normalize=n, **at) for n in ("batch norm", "noise 0.5")]
    farther, cost = median_and_range(weak / none), median_and_range(lost[0] - lost[1])
    more = "times as far that means move with noise of strength 0.5, at rate 0.1"
    points = "points of training accuracy that noise of strength 0.5 costs, at rate 0.1"
    return {
        **{f"weak-moves-{k}": Number(v, (3, 20), f"{more} ({k})") for k, v in farther.items()},
        **{f"weak-costs-{k}": Number(v, (0, 5), f"{points} ({k})") for k, v in cost.items()},
    }


EXPERIMENT = Experiment(
    name="noisy_batch_norm",
    question="Does batch normalization work by steadying distributions, or by smoothing the loss?",
    axes={
        "normalize": NORMALIZE,
        "learning_rate": RATES,
        "budget": BUDGETS,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("budget", "seed"),
    run=run,
    arrays={
        "accuracy": "share of the last 50 training batches classified correctly, each before its "
        "own step, noise and all",
        "validation_accuracy": "share of the 2,000 held-out pictures classified correctly in "
        "training mode: by their own statistics as one batch, noise and all",
        "drift": "mean over a layer's units of the change in a unit's mean output within 40 steps, "
        "as a share of its standard deviation over pictures, in the 200 steps before the budget: "
        "[movement, layer]",
        "loss_along": "loss on 128 pictures after a step of LENGTHS times the rate along their "
        "gradient, at up to three looks in those 200 steps: [look, length]",
        "turned": "L2 distance of the gradient there from the gradient before the step, in norms "
        "of the latter: [look, length]",
    },
    arms={
        "none": "a plain network of fifteen ReLU layers",
        "batch norm": "the same with batch normalization before each activation",
        "noise 0.5 to 4": "the same with noise after each normalization, whose strength scales how "
        "far it is drawn from none; noise 1 shifts a unit's mean by up to half a deviation",
    },
    control="The plain network at the same rate, seed, order of pictures and number of steps; a "
    "noisy network counts against it only where it is the more restless one.",
    chosen_on="2,000 pictures held out of training, by the batch's own statistics, noise and all.",
    stresses=(
        Stress(
            FRESH,
            "five other seeds, up to 400 steps",
            {"seed": (5, 6, 7, 8, 9), "learning_rate": (0.03, 0.1, 0.3), "budget": (200, 400)},
        ),
        Stress(
            "wide",
            "layers of 48 units, at rate 0.1, up to 400 steps",
            {"learning_rate": (0.1,), "budget": (200, 400)},
            {"units": 2 * UNITS},
        ),
    ),
    # At 0.01 not even batch normalization without noise is ahead: nothing is tested there.
    skipped=lambda point: point["normalize"] in STRENGTHS and point["learning_rate"] == 0.01,
    cost=lambda point: 2.0 if point["normalize"] in STRENGTHS else 1.0,
    claims=CLAIMS,
    verdicts={
        "settled-0.03": "holds",
        "settled-0.1": "holds",
        "ahead-0.03": "does not hold",
        "ahead-0.1": "holds up to a boundary, not decided at 1,600 steps, "
        "not decided wide, at 400 steps",
        "ahead-0.3": "holds",
        "noisy-ahead-0.03": "not decided",
        "noisy-ahead-0.1": "not decided",
        "noisy-ahead-0.3": "not decided",
        "noise-costs-0.1": "holds up to a boundary, not decided wide, at 400 steps",
        "band-0.03": "holds up to a boundary, not decided at 200 steps",
        "band-0.1": "holds up to a boundary, not decided at 200 steps, "
        "not decided fresh seeds, at 400 steps, not decided wide, at 400 steps",
        "noisy-band-0.03": "holds up to a boundary, not decided at 200 steps",
        "noisy-band-0.1": "holds up to a boundary, not decided at 200 steps, "
        "not decided at 1,600 steps, not decided fresh seeds, at 400 steps, "
        "not decided wide, at 400 steps",
        "turned-0.03": "holds",
        "best-batch-norm": "not decided",
        "best-noisy": "does not hold",
    },
    numbers=numbers,
)
