"""How many pretrained layers should be frozen, with how few labels, against scratch?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks import transfer

if TYPE_CHECKING:
    from steadynet.recording import Recording

SPLITS = {"footwear": "all but footwear", "tops": "all but tops"}
STARTS = ("pretrained", "random")
N_FROZEN = (0, 1, 2, 3, 4)
LABELS = (10, 30, 100, 300, 1000)
STEPS, EVERY = 160, 20
MOST = 0.8  # share of seeds: four of five
TARGETS = {"footwear": 0.85, "tops": 0.65}  # accuracies that a few hundred labels reach


def run(point: Point) -> dict[str, np.ndarray]:
    """One task, start and seed: every number of frozen layers and of labels."""
    target, seed = point["task"], point["seed"]
    source = SPLITS[target] if point["start"] == "pretrained" else None
    weights = transfer.start(target, seed, source)
    rows = []
    for n_frozen in point["n_frozen"]:
        for n in point["labels"]:
            data = transfer.labelled(target, n, seed)
            rows.append(
                transfer.train(data, 3, weights, n_frozen, seed=seed, steps=STEPS, every=EVERY)
            )
    shape = len(point["n_frozen"]), len(point["labels"])
    return {
        name: np.stack([row[name] for row in rows]).reshape(*shape, *rows[0][name].shape)
        for name in rows[0]
    }


def final(recording: Recording, **point: Any) -> np.ndarray:
    """Test accuracy after the last step."""
    return recording.get("accuracy", **point)[..., -1]


def steps_to(curves: np.ndarray, target: float) -> np.ndarray:
    """Steps until each accuracy curve reaches `target`; infinity if it never does."""
    reached = curves >= target
    steps = (reached.argmax(axis=-1) + 1.0) * EVERY
    return np.where(reached.any(axis=-1), steps, np.inf)


def _points_claim(statement, gain, holds):
    """A claim about a gain in accuracy."""
    return Finding(statement, **median_and_range(100 * gain), unit="percentage points", holds=holds)


def against_scratch(recording: Recording, look: int = -1, **point: Any) -> np.ndarray:
    """Test accuracy of a pretrained start less that of scratch, after the last step or a `look`."""
    pretrained = recording.get("accuracy", start="pretrained", **point)[..., look]
    scratch = recording.get("accuracy", start="random", **{**point, "n_frozen": 0})[..., look]
    return pretrained - scratch


def transfer_beats_scratch(recording: Recording) -> Finding:
    """With few labels, frozen pretrained convolutions end above scratch on most seeds."""
    gain = against_scratch(recording, task="footwear", n_frozen=3, labels=30)
    return _points_claim(
        "With 30 labels, footwear is told apart better from frozen pretrained convolutions than "
        "from scratch at equal budget, on four of five seeds.",
        gain,
        bool((gain > 0).mean() >= MOST),
    )


def transfer_beats_scratch_on_tops(recording: Recording) -> Finding:
    """Where the classes are hard to tell apart, many labels do not make up for it."""
    gain = against_scratch(recording, task="tops", n_frozen=0, labels=1000)
    return _points_claim(
        "With 1,000 labels, tops are told apart better from a pretrained start than from scratch "
        "at equal budget.",
        gain,
        bool((gain > 0).all()),
    )


def transfer_starts_ahead(recording: Recording) -> Finding:
    """The shorter the training, the more a pretrained start is ahead."""
    gains = [
        np.mean([against_scratch(recording, look, task=t, n_frozen=0) for t in SPLITS], axis=(0, 1))
        for look in (0, -1)
    ]
    return _points_claim(
        f"After {EVERY} steps a pretrained start is further ahead of scratch than after {STEPS}, "
        "over all tasks and numbers of labels.",
        gains[0],
        bool((gains[0] > gains[1]).all() and (gains[0] > 0).all()),
    )


def times_the_steps(recording: Recording, task: str, n_frozen: int = 2) -> np.ndarray:
    """How many times the steps of a pretrained start scratch takes to the target, by seed."""
    steps = [
        steps_to(recording.get("accuracy", task=task, start=start, n_frozen=n), TARGETS[task])
        for start, n in (("random", 0), ("pretrained", n_frozen))
    ]
    # With 100 labels or more; who never gets there counts as getting there at the end.
    scratch, pretrained = (np.minimum(s[2:], STEPS).sum(axis=0) for s in steps)
    return scratch / pretrained


def transfer_takes_fewer_steps(recording: Recording) -> Finding:
    """To the same accuracy, a pretrained start takes a fraction of the steps."""
    ratio = times_the_steps(recording, "tops")
    return Finding(
        f"To an accuracy of {TARGETS['tops']} on tops, scratch takes more steps than two frozen "
        "layers.",
        **median_and_range(ratio),
        unit="times the steps",
        holds=bool((ratio > 1).all()),
    )


def transfer_takes_fewer_steps_on_footwear(recording: Recording) -> Finding:
    """So it does on footwear, on most seeds."""
    ratio = times_the_steps(recording, "footwear")
    return Finding(
        f"To an accuracy of {TARGETS['footwear']} on footwear, scratch takes more steps than two "
        "frozen layers, on four of five seeds.",
        **median_and_range(ratio),
        unit="times the steps",
        holds=bool((ratio > 1).mean() >= MOST),
    )


def fewer_labels(recording: Recording, task: str, n_frozen: int, labels: int) -> np.ndarray:
    """How many times fewer labels a pretrained start needs for what scratch reaches, by seed."""
    known = np.log(recording.axes["labels"])
    pretrained = final(recording, task=task, start="pretrained", n_frozen=n_frozen)
    goals = final(recording, task=task, start="random", n_frozen=0, labels=labels)
    ratios = []
    for goal, curve in zip(goals, pretrained.T, strict=True):
        # Between two numbers of labels, on a straight line over their logarithms.
        rising = np.maximum.accumulate(curve)
        first = max(int(np.searchsorted(rising, goal)), 1)
        pair = slice(first - 1, first + 1)
        ratios.append(labels / np.exp(np.interp(goal, rising[pair], known[pair])))
    return np.array(ratios)


def labels_saved(recording: Recording) -> Finding:
    """On footwear a pretrained start saves some labels."""
    ratio = fewer_labels(recording, "footwear", 2, 100)
    return Finding(
        "What scratch reaches on footwear with 100 labels, two frozen layers reach with fewer.",
        **median_and_range(ratio),
        unit="times fewer labels",
        holds=bool((ratio > 1).all()),
    )


def labels_saved_on_tops(recording: Recording) -> Finding:
    """On tops, closer to what was learned first, it saves many."""
    ratio = fewer_labels(recording, "tops", 0, 1000)
    return Finding(
        "What scratch reaches on tops with 1,000 labels, a pretrained start reaches with fewer.",
        **median_and_range(ratio),
        unit="times fewer labels",
        holds=bool((ratio > 1.5).all()),
    )


def last_layer_only_loses(recording: Recording) -> Finding:
    """With many labels, training the last layer only ends far below scratch."""
    loss = -against_scratch(recording, task="footwear", n_frozen=4, labels=1000)
    return _points_claim(
        "With 1,000 labels, training only the last layer on pretrained ones loses to scratch.",
        loss,
        bool((loss > 0.02).all()),
    )


def last_layer_only_loses_with_few_labels(recording: Recording) -> Finding:
    """Even 10 labels do not make a frozen hidden layer pay."""
    loss = -against_scratch(recording, task="footwear", n_frozen=4)[:2].mean(axis=0)
    return _points_claim(
        "With 10 and 30 labels too, training only the last layer loses to scratch, on four of five "
        "seeds.",
        loss,
        bool((loss > 0).mean() >= MOST),
    )


def random_filters_lose(recording: Recording) -> Finding:
    """Frozen convolutions have to have learned something."""
    at = {"labels": 300, "n_frozen": 3}
    gain = final(recording, start="pretrained", **at) - final(recording, start="random", **at)
    gain = gain.mean(axis=0)
    return _points_claim(
        "With 300 labels and the convolutions frozen, learned filters beat random ones, over both "
        "tasks.",
        gain,
        bool((gain > 0).all()),
    )


def random_filters_are_near_chance(recording: Recording) -> Finding:
    """Where the literature finds random filters useless from the third layer on, ours serve."""
    found = final(recording, task="footwear", start="random", n_frozen=3, labels=1000)
    return _points_claim(
        "With 1,000 labels, three frozen layers of random filters stay within 10 points of chance.",
        found - 1 / 3,
        bool((found < 1 / 3 + 0.1).all()),
    )


def frozen_steps_are_cheaper(recording: Recording) -> Finding:
    """What is frozen needs no gradient."""
    ms = recording.get("ms", labels=1000, start="pretrained")
    ratio = np.median(ms[:, 0] / ms[:, 3], axis=0)
    return Finding(
        "A step with three frozen convolutions takes a fraction of the time of a whole step.",
        **median_and_range(ratio),
        unit="times faster",
        holds=bool((ratio > 1.3).all()),
    )


def _reused(recording):
    """What the chapter on reuse says."""
    few = against_scratch(recording, task="footwear", n_frozen=3, labels=30) > 0
    sooner = times_the_steps(recording, "footwear") > 1
    feet = transfer_takes_fewer_steps_on_footwear(recording)
    return {
        # With few labels the range includes a loss; on footwear, not all seeds are quicker.
        **transfer_beats_scratch(recording).said("few", (0, 30), low=(-20, 0)),
        **feet.said("steps-feet", (1, math.inf), low=(0, 1)),
        **transfer_beats_scratch_on_tops(recording).said("many-tops", (0, 30)),
        **transfer_starts_ahead(recording).said("early", (0, 30)),
        **transfer_takes_fewer_steps(recording).said("steps-tops", (1, math.inf)),
        # Only so many on footwear, more on tops.
        **labels_saved(recording).said("saved", (1, 2)),
        **labels_saved_on_tops(recording).said("saved-tops", (2, math.inf), low=(1.5, math.inf)),
        "few-seeds": Number(few.sum(), (4, 4), "seeds that gain with 30 labels"),
        "steps-seeds": Number(sooner.sum(), (4, 4), "seeds that take fewer steps on footwear"),
        "n-seeds": Number(few.size, (5, 5), "seeds"),
        "n-steps": Number(STEPS, (160, 160), "steps of every run"),
        "every": Number(EVERY, (20, 20), "steps between two looks"),
    }


def _frozen(recording):
    """What the chapter on freezing says."""
    at = {"n_frozen": 3, "labels": 1000}
    feet, tops = (against_scratch(recording, task=task, **at) for task in SPLITS)
    few = against_scratch(recording, task="footwear", n_frozen=4)[:2].mean(axis=0) < 0
    return {
        **last_layer_only_loses(recording).said("last", (2, 60)),
        **last_layer_only_loses_with_few_labels(recording).said("last-few", (0, 60), low=(-5, 60)),
        **random_filters_lose(recording).said("random", (0, 60)),
        **random_filters_are_near_chance(recording).said("near-chance", (30, 67)),
        **frozen_steps_are_cheaper(recording).said("cheap", (1.3, math.inf)),
        "last-few-seeds": Number(few.sum(), (4, 5), "seeds that lose with 10 and 30 labels"),
        "three-feet": Number((feet < 0).sum(), (2, 5), "seeds below scratch on footwear"),
        "three-tops": Number((tops > 0).sum(), (3, 5), "seeds above scratch on tops"),
    }


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    return {**_reused(recording), **_frozen(recording)}


EXPERIMENT = Experiment(
    name="frozen_layers",
    question="How many pretrained layers should be frozen, with how few labels, against scratch?",
    axes={
        "task": tuple(SPLITS),
        "start": STARTS,
        "n_frozen": N_FROZEN,
        "labels": LABELS,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("n_frozen", "labels"),
    run=run,
    arrays={
        "accuracy": "share of 900 test pictures classified correctly, after every 20 steps: [look]",
        "loss": "training cross-entropy in nats, mean over the same 20 steps: [look]",
        "ms": "milliseconds a step took where it was recorded, on one core, at its fastest",
    },
    findings=(
        transfer_beats_scratch,
        transfer_beats_scratch_on_tops,
        transfer_starts_ahead,
        transfer_takes_fewer_steps,
        transfer_takes_fewer_steps_on_footwear,
        labels_saved,
        labels_saved_on_tops,
        last_layer_only_loses,
        last_layer_only_loses_with_few_labels,
        random_filters_lose,
        frozen_steps_are_cheaper,
    ),
    not_reproduced=(random_filters_are_near_chance,),
    numbers=numbers,
)
