"""How transferable are the features of each layer, to similar and dissimilar classes?"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks import transfer

if TYPE_CHECKING:
    from steadynet.recording import Recording

TARGET = "tops"
SOURCES = {"similar": "other clothing", "dissimilar": "footwear", "itself": TARGET, "random": None}
N_REUSED = (1, 2, 3, 4)
STEPS = 400
MOST = 0.75  # share of seeds: three of four


def run(point: Point) -> dict[str, np.ndarray]:
    """One source and seed: every number of layers, frozen and fine-tuned, and the base network."""
    seed, source, counts = point["seed"], SOURCES[point["source"]], point["n_reused"]
    starts = {n: transfer.start(TARGET, seed, source, n, steps=STEPS) for n in counts}
    found = [
        [end(starts[n], n if held == "frozen" else 0, seed) for n in counts]
        for held in point["held"]
    ]
    shape = len(point["held"]), len(counts)
    return {
        "accuracy": np.array(found, "float32"),
        "base": np.full(shape, base(seed), "float32"),
    }


def end(weights: Sequence[np.ndarray], n_frozen: int, seed: int) -> np.ndarray:
    """Test accuracy after training from these weights."""
    options = {"seed": seed, "steps": STEPS, "every": STEPS}
    return transfer.train(transfer.task(TARGET), 3, weights, n_frozen, **options)["accuracy"][-1]


@functools.cache
def base(seed: int) -> np.ndarray:
    """Test accuracy of a network with nothing reused."""
    return end(transfer.start(TARGET, seed), 0, seed)


def change(recording: Recording, source: str, held: str) -> np.ndarray:
    """Accuracy less that of the base network, by number of layers and seed."""
    at = {"source": source, "held": held}
    return recording.get("accuracy", **at) - recording.get("base", **at)


def _points_claim(statement, gain, holds):
    """A claim about a difference in accuracy."""
    return Finding(statement, **median_and_range(100 * gain), unit="percentage points", holds=holds)


def frozen_transfer_falls(recording: Recording) -> Finding:
    """AnB: the more layers of another task are frozen, the worse."""
    fall = change(recording, "dissimilar", "frozen")
    fall = fall[0] - fall[-1]
    return _points_claim(
        "Frozen layers from dissimilar classes (AnB): four lose accuracy over one.",
        fall,
        bool((fall > 0).all()),
    )


def fine_tuned_transfer_does_not_fall(recording: Recording) -> Finding:
    """AnB+: fine-tuned, the same layers cost nothing."""
    fall = change(recording, "dissimilar", "fine-tuned")
    fall = fall[0] - fall[-1]
    return _points_claim(
        "Fine-tuned (AnB+), four layers from dissimilar classes lose at most 2 points over one.",
        fall,
        bool(np.median(fall) < 0.02),
    )


def similar_beats_dissimilar(recording: Recording) -> Finding:
    """Frozen layers transfer better from similar classes."""
    gain = change(recording, "similar", "frozen") - change(recording, "dissimilar", "frozen")
    gain = gain[2:].mean(axis=0)
    return _points_claim(
        "Three and four frozen layers transfer better from similar classes than from dissimilar "
        "ones, on three of four seeds.",
        gain,
        bool((gain > 0).mean() >= MOST),
    )


def random_filters_lose(recording: Recording) -> Finding:
    """Random frozen filters fall behind learned ones."""
    gain = change(recording, "similar", "frozen") - change(recording, "random", "frozen")
    gain = gain[2:].mean(axis=0)
    return _points_claim(
        "Three and four frozen layers of random filters lose to layers from similar classes.",
        gain,
        bool((gain > 0).all()),
    )


def fine_tuned_transfer_helps(recording: Recording) -> Finding:
    """AnB+: a start from another task lifts what training on all of the new one reaches."""
    gain = np.mean([change(recording, s, "fine-tuned") for s in ("similar", "dissimilar")], (0, 1))
    return _points_claim(
        "Fine-tuned layers of another task end above the base network, over numbers of layers and "
        "both sources, on three of four seeds.",
        gain,
        bool((gain > 0).mean() >= MOST),
    )


def own_layers_dip(recording: Recording) -> Finding:
    """BnB: freezing a network's own lower layers and training the rest anew loses in the middle."""
    dip = -change(recording, "itself", "frozen")[1:3].mean(axis=0)
    return _points_claim(
        "A network's own layers, frozen with the rest trained anew (BnB), lose at 2 and 3 layers.",
        dip,
        bool((dip > 0).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    between = change(recording, "similar", "frozen") - change(recording, "dissimilar", "frozen")
    helped = [change(recording, s, "fine-tuned") for s in ("similar", "dissimilar")]
    similar, helps = between[2:].mean(axis=0) > 0, np.mean(helped, axis=(0, 1)) > 0
    return {
        **frozen_transfer_falls(recording).said("anb", (2, 60)),
        **fine_tuned_transfer_does_not_fall(recording).said("anb-plus", (-5, 2)),
        **fine_tuned_transfer_helps(recording).said("helps", (0, 10), low=(-5, 10)),
        **similar_beats_dissimilar(recording).said("similar", (0, 30), low=(-5, 30)),
        **random_filters_lose(recording).said("random-anb", (0, 60)),
        **own_layers_dip(recording).said("dip", (-10, 0.5)),
        "similar-seeds": Number(similar.sum(), (6, 8), "seeds that do better from similar classes"),
        "helps-seeds": Number(helps.sum(), (6, 8), "seeds that fine-tuned layers help"),
        "yosinski-seeds": Number(similar.size, (8, 8), "seeds"),
    }


EXPERIMENT = Experiment(
    name="transferability",
    question="How transferable are the features of each layer, to similar and dissimilar classes?",
    axes={
        "source": tuple(SOURCES),
        "held": ("frozen", "fine-tuned"),
        "n_reused": N_REUSED,
        "seed": (0, 1, 2, 3, 4, 5, 6, 7),
    },
    together=("held", "n_reused"),
    run=run,
    arrays={
        "accuracy": "share of 900 test pictures of tops classified correctly after 400 steps",
        "base": "the same of a network with no layer reused",
    },
    findings=(
        frozen_transfer_falls,
        fine_tuned_transfer_does_not_fall,
        fine_tuned_transfer_helps,
        similar_beats_dissimilar,
        random_filters_lose,
    ),
    not_reproduced=(own_layers_dip,),
    numbers=numbers,
)
