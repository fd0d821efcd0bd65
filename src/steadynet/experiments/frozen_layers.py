"""How many pretrained layers should be frozen, with how few labels, against scratch?"""

from __future__ import annotations

import numpy as np

from steadynet.experiments import transfer
from steadynet.experiments.base import Claim, Experiment, median_and_range

SPLITS = {"footwear": "all but footwear", "tops": "all but tops"}
STARTS = ("pretrained", "random")
N_FROZEN = (0, 1, 2, 3, 4)
LABELS = (10, 30, 100, 300, 1000)
STEPS, EVERY = 160, 20
TARGET = 0.85  # accuracy on footwear that a few hundred labels reach


def run(point):
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


def final(recording, **point):
    """Test accuracy after the last step."""
    return recording.get("accuracy", **point)[..., -1]


def steps_to(curves, target):
    """Steps until each accuracy curve reaches `target`; infinity if it never does."""
    reached = curves >= target
    steps = (reached.argmax(axis=-1) + 1.0) * EVERY
    return np.where(reached.any(axis=-1), steps, np.inf)


def _points_claim(statement, gain, holds):
    """A claim about a gain in accuracy."""
    return Claim(statement, **median_and_range(100 * gain), unit="percentage points", holds=holds)


def transfer_beats_scratch(recording, labels=30, task="footwear"):
    """With 30 labels, all layers pretrained and the convolutions frozen end above scratch."""
    at = {"task": task, "labels": labels}
    gain = final(recording, start="pretrained", n_frozen=3, **at) - final(
        recording, start="random", n_frozen=0, **at
    )
    return _points_claim(
        f"With {labels} labels, {task} is told apart better from frozen pretrained convolutions "
        "than from scratch at equal budget.",
        gain,
        bool(np.median(gain) > 0 and (gain > 0).mean() >= 0.8),
    )


def transfer_starts_sooner(recording):
    """With 300 labels, the first looks show the largest gain."""
    at = {"task": "footwear", "labels": 300}
    curves = [
        recording.get("accuracy", start=start, n_frozen=0, **at)
        for start in ("pretrained", "random")
    ]
    gain = (curves[0] - curves[1])[:, 0]
    return _points_claim(
        f"After {EVERY} steps on 300 labels, a pretrained start is ahead of scratch.",
        gain,
        bool((gain > 0).all()),
    )


def transfer_takes_fewer_steps(recording):
    """To the same accuracy, a pretrained start takes a fraction of the steps."""
    at = {"task": "footwear", "labels": 1000}
    steps = [
        steps_to(recording.get("accuracy", start=start, n_frozen=0, **at), TARGET)
        for start in ("random", "pretrained")
    ]
    ratio = np.minimum(steps[0], STEPS) / np.minimum(steps[1], STEPS)
    return Claim(
        f"With 1,000 labels, scratch takes more steps to an accuracy of {TARGET} on footwear.",
        **median_and_range(ratio),
        unit="times the steps",
        holds=bool((ratio > 1).all()),
    )


def labels_saved(recording):
    """How many times fewer labels a pretrained start needs for what scratch reaches with 100."""
    labels = np.log(recording.axes["labels"])
    at = {"task": "footwear"}
    frozen = final(recording, start="pretrained", n_frozen=2, **at)
    scratch = final(recording, start="random", n_frozen=0, labels=100, **at)
    ratios = []
    for goal, curve in zip(scratch, frozen.T, strict=True):
        rising = np.maximum.accumulate(curve)
        needed = np.interp(goal, rising, labels) if goal > rising[0] else labels[0]
        ratios.append(100 / np.exp(needed))
    return Claim(
        "What scratch reaches on footwear with 100 labels, two frozen layers reach with fewer.",
        **median_and_range(ratios),
        unit="times fewer labels",
        holds=bool(np.median(ratios) > 1),
    )


def freezing_too_much_loses(recording):
    """With many labels, training the last layer only ends far below scratch."""
    at = {"task": "footwear", "labels": 1000}
    loss = final(recording, start="random", n_frozen=0, **at) - final(
        recording, start="pretrained", n_frozen=4, **at
    )
    return _points_claim(
        "With 1,000 labels, training only the last layer on pretrained ones loses to scratch.",
        loss,
        bool((loss > 0.02).all()),
    )


def random_filters_lose(recording):
    """Frozen layers have to have learned something."""
    at = {"task": "footwear", "labels": 300, "n_frozen": 4}
    gain = final(recording, start="pretrained", **at) - final(recording, start="random", **at)
    return _points_claim(
        "With 300 labels and all layers but the last frozen, pretrained layers beat random ones.",
        gain,
        bool((gain > 0).all()),
    )


def frozen_steps_are_cheaper(recording):
    """What is frozen needs no gradient."""
    ms = recording.get("ms", labels=1000, start="pretrained")
    ratio = np.median(ms[:, 0] / ms[:, 3], axis=0)
    return Claim(
        "A step with three frozen convolutions takes a fraction of the time of a whole step.",
        **median_and_range(ratio),
        unit="times faster",
        holds=bool((ratio > 1.3).all()),
    )


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
    claims=(
        transfer_beats_scratch,
        transfer_starts_sooner,
        transfer_takes_fewer_steps,
        labels_saved,
        freezing_too_much_loses,
        random_filters_lose,
        frozen_steps_are_cheaper,
    ),
)
