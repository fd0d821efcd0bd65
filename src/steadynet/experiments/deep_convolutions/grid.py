"""Which networks are run, at which rates, for how many steps; and how one runs."""

from __future__ import annotations

import math

import numpy as np

from steadynet.experiments.base import Point, Stress

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
