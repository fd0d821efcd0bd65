"""What do normalization, skips, a good start and clipping gain, by depth, rate and steps?

The networks are 3 × 3 convolutions of 16 channels, the first two with stride 2, on pictures of 28 ×
28 pixels, in batches of 32. Rates that a pilot on another seed found hopeless are not run.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments.arms import at_chosen_rate
from steadynet.experiments.base import Experiment, Point, Stress
from steadynet.experiments.evidence import Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadynet.recording import Recording

DEEP, SHALLOW = 20, 2
DEPTHS = (SHALLOW, 5, 10, DEEP)
CHANNELS, BATCH_SIZE = 16, 32
THRESHOLD = 1.0  # of the joint norm, in the two arms that clip
CLIPPED = {"clipped": "none", "clipped batch norm": "batch norm"}  # and the network that is clipped
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
# Kinds of network, and the rates at which each is run with twenty layers: around the one that was
# best on validation in a pilot on seed 100, in which the plain network stayed at chance at 0.1.
KINDS = {
    "none": (0.005, 0.01, 0.02, 0.05),
    "batch norm": (0.05, 0.1, 0.2, 0.5),
    "layer norm": (0.02, 0.05),
    "group norm": (0.02, 0.05, 0.1),
    "rms norm": (0.05, 0.2),
    "weight standardization": (0.02, 0.05, 0.1),
    "residual": (0.001, 0.002),
    "good start": (0.02, 0.05, 0.1),
    "clipped": (0.05, 0.1, 0.2),
    "clipped batch norm": (0.1, 0.2, 0.5),
}
SHALLOWER = {"none": (0.05, 0.1, 0.2), "batch norm": (0.1, 0.2, 0.5)}  # with fewer layers
BUDGETS = (50, 100, 200, 300, 500, 700, 1000, 1500, 2000)
EARLY, MIDDLE, LATE = 300, 1000, 2000
# The others, and networks of fewer layers, stop in the middle.
TO_THE_END = ("none", "batch norm", "clipped", "clipped batch norm")
TARGETS = (0.5, 0.6, 0.7, 0.8)  # training accuracies whose first step is recorded


def skipped(point: Point) -> bool:
    """Whether a kind is not run at this depth, or at this rate because of the pilot."""
    kind = point["kind"]
    rates = KINDS[kind] if point["depth"] == DEEP else SHALLOWER.get(kind, ())
    return point["learning_rate"] not in point.get("rates", {}).get(kind, rates)


def cost(point: Point) -> float:
    """Steps times layers, roughly: the strided two and testing cost as much as two more."""
    steps = max(_budgets(point))
    width = (point.get("channels", CHANNELS) / CHANNELS) ** 1.5
    return steps * (point["depth"] + 2) * width / 1000


def _budgets(point):
    """Those that a point's kind is trained for."""
    long = point["kind"] in TO_THE_END and point["depth"] == DEEP
    last = math.inf if long else MIDDLE
    return [budget for budget in point["budget"] if budget <= last]


def run(point: Point) -> dict[str, np.ndarray]:
    """One kind, depth, rate and seed; NaN beyond the steps for which its kind is trained."""
    from steadynet.tasks import convolutions

    kind, budgets = point["kind"], _budgets(point)
    clip = "global_norm" if kind in CLIPPED else None
    plain, channels = CLIPPED.get(kind, kind), point.get("channels", CHANNELS)
    found = convolutions.net(plain, point["depth"], channels, clip).train(
        point["seed"],
        point["learning_rate"],
        budgets,
        BATCH_SIZE,
        threshold=THRESHOLD if clip else None,
    )
    rest = (0, len(point["budget"]) - len(budgets))
    pad = lambda a: np.pad(a, [rest, *[(0, 0)] * (a.ndim - 1)], constant_values=np.nan)  # noqa: E731
    return {name: pad(values) for name, values in found.items()}


# --- what is measured


def gain(
    recording: Recording, budget: int, kind: str, *, over: str = "none", depth: int = DEEP
) -> np.ndarray:
    """Points of test accuracy of one kind over another, each at its best rate, by seed."""
    ours, theirs = (
        at_chosen_rate(recording, "test_accuracy", kind=k, depth=depth, budget=budget)
        for k in (kind, over)
    )
    return 100 * (ours - theirs)


def steps_saved(recording: Recording, budget: int, target: float = 0.6) -> np.ndarray:
    """How many times fewer steps to a training accuracy, each arm at its quickest rate, by seed.

    A plain network that never gets there counts as there at the budget, which favours it.
    """
    steps = []
    for kind in ("none", "batch norm"):
        found = recording.get("steps_to", kind=kind, depth=DEEP, budget=budget)
        found = found[..., TARGETS.index(target)].astype("f8")
        run_at_all = ~np.isnan(recording.get("loss", kind=kind, depth=DEEP, budget=budget))
        found = np.where(np.isnan(found), budget, found)[run_at_all.all(axis=-1)]
        steps.append(found[np.median(found, axis=-1).argmin()])
    return steps[0] / steps[1]


def rate_ratio(recording: Recording, budget: int) -> np.ndarray:
    """Largest usable rate with batch norm over that without: within 10 points of the arm's best."""
    largest = []
    for kind in ("none", "batch norm"):
        found = recording.get("validation_accuracy", kind=kind, depth=DEEP, budget=budget)
        usable = np.nan_to_num(found, nan=-1) >= np.nanmax(found, axis=0) - 0.1
        rates = np.array(recording.axes["learning_rate"])[:, None]
        largest.append(np.where(usable, rates, 0).max(axis=0))
    return largest[1] / largest[0]


def depth_adds(recording: Recording, budget: int) -> np.ndarray:
    """By how many points the gain with twenty layers is above that with five, by seed."""
    deep, shallow = (gain(recording, budget, "batch norm", depth=d) for d in (DEEP, 5))
    return deep - shallow


def _gain(kind: str, **options: Any) -> Callable[[Recording, int], np.ndarray]:
    return functools.partial(gain, kind=kind, **options)


POINTS = "points of test accuracy"
STRESSED = {"fresh_seeds": EARLY, "wide": EARLY}
CLAIMS = (
    Claim(
        "convolutions-early",
        "Twenty convolutions gain 20 points or more by batch normalization.",
        _gain("batch norm"),
        POINTS,
        within=(20, math.inf),
        refuted_by="A plain network that, at its best rate, comes within 20 points.",
        budget=EARLY,
        also=(100, MIDDLE, LATE),
        stresses=STRESSED,
    ),
    Claim(
        "convolutions-late",
        "Twenty convolutions still gain 3 points or more by batch normalization when trained long.",
        _gain("batch norm"),
        POINTS,
        within=(3, math.inf),
        refuted_by="A plain network that comes within 3 points once it has time.",
        budget=LATE,
        stresses={"fresh_seeds": LATE, "long": 6000},
    ),
    Claim(
        "convolutions-shallow",
        "Two convolutions gain less than 5 points by batch normalization.",
        _gain("batch norm", depth=SHALLOW),
        POINTS,
        within=(-5, 5),
        refuted_by="A gain or loss of 5 points or more on a seed.",
        budget=EARLY,
        also=(MIDDLE,),
    ),
    Claim(
        "convolutions-depth",
        "The gain is 5 points or more larger with twenty convolutions than with five.",
        depth_adds,
        POINTS,
        within=(5, math.inf),
        refuted_by="Gains at five and twenty layers that are alike.",
        budget=EARLY,
        also=(MIDDLE,),
    ),
    Claim(
        "convolutions-steps",
        "Twenty convolutions reach a training accuracy of 60 % in a third of the steps or fewer.",
        steps_saved,
        "times fewer steps",
        within=(3, math.inf),
        refuted_by="A plain network that needs less than three times the steps at some rate.",
        budget=LATE,
        stresses={"fresh_seeds": LATE, "long": 6000},
        control="The plain network at the rate that is quickest for it.",
    ),
    Claim(
        "convolutions-rates",
        "The largest usable rate of twenty convolutions is three times as large or larger.",
        rate_ratio,
        "times the rate",
        within=(3, math.inf),
        refuted_by="A plain network within 10 points of its best at the same rates.",
        budget=MIDDLE,
        also=(EARLY, LATE),
    ),
    Claim(
        "normalize-or-clip",
        "Batch normalization is 3 points or more above clipping, each at its best rate.",
        _gain("batch norm", over="clipped"),
        POINTS,
        within=(3, math.inf),
        refuted_by="A clipped network that comes within 3 points.",
        budget=LATE,
        also=(EARLY, MIDDLE),
        control="The same network clipped by its joint norm, at its own best rate.",
    ),
    Claim(
        "clip-or-not",
        "Clipping gains 5 points or more over the plain network at its best rate.",
        _gain("clipped"),
        POINTS,
        within=(5, math.inf),
        refuted_by="A plain network that comes within 5 points at a smaller rate.",
        budget=EARLY,
        also=(MIDDLE, LATE),
    ),
    Claim(
        "normalize-and-clip",
        "Clipping changes less than 3 points where batch normalization is there.",
        _gain("clipped batch norm", over="batch norm"),
        POINTS,
        within=(-3, 3),
        refuted_by="A gain or loss of 3 points or more by clipping the normalized network.",
        budget=LATE,
        also=(EARLY, MIDDLE),
        control="The normalized network that is not clipped, at its own best rate.",
    ),
    *(
        Claim(
            f"gain-{kind.replace(' ', '-')}",
            f"{what} gains 10 points or more over the plain network.",
            _gain(kind),
            POINTS,
            within=(10, math.inf),
            refuted_by="A plain network that, at its best rate, comes within 10 points.",
            budget=EARLY,
            also=(MIDDLE,),
        )
        for kind, what in (
            ("layer norm", "Layer normalization"),
            ("group norm", "Group normalization"),
            ("rms norm", "RMS normalization"),
            ("weight standardization", "Weight standardization"),
            ("residual", "A skip around each pair of layers"),
            ("good start", "A skip whose branch starts at zero"),
        )
    ),
    *(
        Claim(
            f"instead-{kind.replace(' ', '-')}",
            f"{what} comes within 3 points of batch normalization, or passes it.",
            _gain(kind, over="batch norm"),
            POINTS,
            within=(-3, math.inf),
            refuted_by="A gap of 3 points or more to batch normalization.",
            budget=MIDDLE,
            also=(EARLY,),
            control="The network with batch normalization, at its own best rate.",
        )
        for kind, what in (
            ("group norm", "Group normalization"),
            ("weight standardization", "Weight standardization"),
            ("good start", "A skip whose branch starts at zero"),
        )
    ),
)

NEAR_BEST = {"none": (0.01, 0.02), "batch norm": (0.1, 0.2)}  # what the stresses are run at
LONG = {"none": (0.01, 0.02), "batch norm": (0.1,)}  # one rate, which favours the plain network
ONLY = {"kind": ("none", "batch norm"), "depth": (DEEP,)}
STRESSES = (
    Stress(
        "fresh_seeds",
        "five other seeds, near the best rates",
        ONLY | {"seed": (5, 6, 7, 8, 9)},
        {"rates": NEAR_BEST},
    ),
    Stress(
        "long",
        "three times the steps, near the best rates",
        ONLY | {"budget": (300, 2000, 4000, 6000)},
        {"rates": LONG},
    ),
    Stress(
        "wide",
        "twice the channels, near the best rates",
        ONLY | {"budget": (100, 300)},
        {"channels": 2 * CHANNELS, "rates": NEAR_BEST},
    ),
)

EXPERIMENT = Experiment(
    name="deep_convolutions",
    question="What do normalization, skips and clipping gain, by depth, rate and steps?",
    axes={
        "kind": tuple(KINDS),
        "depth": DEPTHS,
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
        "steps_to": "steps until 50 batches' mean training accuracy reaches TARGETS: [target]",
    },
    arms={
        "none": "convolution and ReLU, He initialization",
        "batch norm": "batch normalization before each ReLU",
        "layer norm": "layer normalization in its place: over a picture's positions and channels",
        "group norm": "group normalization: four groups of channels",
        "rms norm": "layer normalization without the mean",
        "weight standardization": "kernels standardized at each step instead of activations",
        "residual": "a skip around each pair of layers, no normalization",
        "good start": "the same skips, and the second kernel of each pair starts at zero",
        "clipped": "the plain network, gradients clipped by their joint norm at 1",
        "clipped batch norm": "the normalized network, clipped likewise",
    },
    control="The plain network at its own best rate, with the same first kernels and the same "
    "order of pictures: what is gained is not the rate's.",
    chosen_on="2,000 of the 10,000 training pictures, held out from training; the mean over seeds "
    "decides, at each budget anew",
    stresses=STRESSES,
    skipped=skipped,
    cost=cost,
    claims=CLAIMS,
)
