"""How small a batch does each kind of normalization stand in a convolution network?

Ten 3 × 3 convolutions of 16 channels; every batch size is trained for as many steps.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.arms import at_chosen_rate
from steadynet.experiments.base import Experiment, Number, Point
from steadynet.experiments.evidence import Claim, judge

if TYPE_CHECKING:
    from steadynet.recording import Recording

DEPTH, BUDGETS = 10, (50, 100, 200)
EARLY, LATE = 100, 200
BATCH_SIZES = (2, 8, 32, 128, 512)
RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
# Learning rates that are run with batches of 2, of 8 and 32, and of more.
SPANS = {
    "none": ((0.005, 0.01, 0.02), (0.02, 0.05, 0.1), (0.05, 0.1, 0.2)),
    "batch norm": ((0.01, 0.02, 0.05), (0.05, 0.1, 0.2), (0.1, 0.2, 0.5)),
    "layer norm": ((0.01, 0.02, 0.05), (0.02, 0.05, 0.1), (0.05, 0.1, 0.2)),
    "group norm": ((0.01, 0.02, 0.05), (0.02, 0.05, 0.1), (0.05, 0.1, 0.2)),
}


def skipped(point: Point) -> bool:
    """Whether a rate is not run at this batch size: larger batches stand larger rates."""
    size = point["batch_size"]
    return point["learning_rate"] not in SPANS[point["kind"]][(size > 2) + (size > 32)]


def cost(point: Point) -> float:
    """Pictures seen, and a little for each step."""
    return max(point["budget"]) * (point["batch_size"] + 8) / 1000


def run(point: Point) -> dict[str, np.ndarray]:
    """One kind, batch size, rate and seed."""
    from steadynet.tasks import convolutions

    return convolutions.net(point["kind"], DEPTH).train(
        *(point["seed"], point["learning_rate"], point["budget"], point["batch_size"])
    )


def gain(
    recording: Recording, budget: int, kind: str, batch_size: int, over: str = "none"
) -> np.ndarray:
    """Points of test accuracy of one kind over another, each at its best rate, by seed."""
    at = {"batch_size": batch_size, "budget": budget}
    ours, theirs = (at_chosen_rate(recording, "test_accuracy", kind=k, **at) for k in (kind, over))
    return 100 * (ours - theirs)


POINTS = "points of test accuracy"
CLAIMS = (
    Claim(
        "small-batches-in-convolutions",
        "With batches of two, ten convolutions gain 5 points or more by batch normalization.",
        functools.partial(gain, kind="batch norm", batch_size=2),
        POINTS,
        within=(5, math.inf),
        refuted_by="A plain network that comes within 5 points.",
        budget=LATE,
        also=(EARLY,),
    ),
    Claim(
        "group-norm-at-two",
        "With batches of two, group normalization is 5 points or more above batch normalization.",
        functools.partial(gain, kind="group norm", batch_size=2, over="batch norm"),
        POINTS,
        within=(5, math.inf),
        refuted_by="A batch-normalized network that comes within 5 points.",
        budget=LATE,
        also=(EARLY,),
        control="The network with batch normalization, at its own best rate.",
    ),
    Claim(
        "group-norm-at-thirty-two",
        "With batches of 32, group normalization is within 5 points of batch normalization.",
        functools.partial(gain, kind="group norm", batch_size=32, over="batch norm"),
        POINTS,
        within=(-5, 5),
        refuted_by="A difference of 5 points or more.",
        budget=LATE,
        also=(EARLY,),
        control="The network with batch normalization, at its own best rate.",
    ),
    Claim(
        "large-batches",
        "With batches of 512, batch normalization still gains 5 points or more.",
        functools.partial(gain, kind="batch norm", batch_size=512),
        POINTS,
        within=(5, math.inf),
        refuted_by="A plain network that comes within 5 points.",
        budget=LATE,
        also=(EARLY,),
    ),
)


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    found = {claim.name: judge(claim, recording) for claim in CLAIMS}
    return {
        **found["small-batches-in-convolutions"].at(LATE).said("conv-two", (5, 40)),
        **found["group-norm-at-two"].at(LATE).said("group-two", (-5, 5), low=(-30, 0)),
        **found["group-norm-at-thirty-two"].at(LATE).said("group-thirty-two", (-40, -5)),
        **found["large-batches"].at(LATE).said("conv-large", (5, 80)),
    }


EXPERIMENT = Experiment(
    name="convolution_batch_size",
    question="How small a batch does each kind of normalization stand in a convolution network?",
    axes={
        "kind": tuple(SPANS),
        "batch_size": BATCH_SIZES,
        "learning_rate": RATES,
        "budget": BUDGETS,
        "seed": (0, 1, 2, 3, 4),
    },
    together=("budget",),
    run=run,
    arrays={
        "loss": "cross-entropy in nats, mean over training batches since the budget before",
        "accuracy": "share of the same training pictures classified correctly",
        "validation_accuracy": "share of 2,000 pictures, neither trained on nor tested",
        "test_accuracy": "share of the 3,000 test pictures classified correctly",
        "steps_to": "steps until the mean training accuracy of 50 batches reaches 50 to 80 %: "
        "[target]",
    },
    arms={
        "none": "convolution and ReLU, He initialization",
        "batch norm": "batch normalization before each ReLU",
        "layer norm": "layer normalization in its place: over a picture's positions and channels",
        "group norm": "group normalization: four groups of channels",
    },
    control="The plain network at its own best rate at the same batch size, with the same first "
    "kernels and the same order of pictures.",
    chosen_on="2,000 of the 10,000 training pictures, held out from training; the mean over seeds "
    "decides, at each batch size and budget anew",
    skipped=skipped,
    cost=cost,
    claims=CLAIMS,
    verdicts={
        "small-batches-in-convolutions": "holds up to a boundary, not decided at 100 steps",
        "group-norm-at-two": "does not hold",
        "group-norm-at-thirty-two": "does not hold",
        "large-batches": "holds",
    },
    numbers=numbers,
)
