"""What the chapters say of deep convolutions, and where the words around it are true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.arms import at_chosen_rate
from steadynet.experiments.base import Number
from steadynet.experiments.deep_convolutions.claims import CLAIMS
from steadynet.experiments.deep_convolutions.grid import DEEP, EARLY, LATE, MIDDLE
from steadynet.experiments.evidence import judge

if TYPE_CHECKING:
    from steadynet.recording import Recording

VERDICTS = {
    "convolutions-early": (
        "holds up to a boundary, not decided at 100 steps, not decided at 1,000 steps"
        ", does not hold at 2,000 steps"
    ),
    "convolutions-late": (
        "holds up to a boundary, not decided fresh seeds, at 2,000 steps"
        ", not decided long, at 6,000 steps"
    ),
    "convolutions-shallow": "not decided",
    "convolutions-depth": "holds up to a boundary, not decided at 1,000 steps",
    "convolutions-steps": "holds up to a boundary, not decided long, at 6,000 steps",
    "convolutions-rates": "holds up to a boundary, not decided at 300 steps",
    "normalize-or-clip": "not decided",
    "clip-or-not": "holds up to a boundary, not decided at 2,000 steps",
    "normalize-and-clip": (
        "holds up to a boundary, not decided at 300 steps, not decided at 1,000 steps"
    ),
    "gain-layer-norm": "holds up to a boundary, not decided at 1,000 steps",
    "gain-group-norm": "not decided",
    "gain-rms-norm": "not decided",
    "gain-weight-standardization": "holds up to a boundary, not decided at 1,000 steps",
    "gain-residual": "not decided",
    "gain-good-start": "holds up to a boundary, not decided at 1,000 steps",
    "instead-group-norm": "does not hold",
    "instead-weight-standardization": "not decided",
    "instead-good-start": "not decided",
}


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    found = {claim.name: judge(claim, recording) for claim in CLAIMS}
    early, late = found["convolutions-early"], found["convolutions-late"]
    deeper, wider = found["convolutions-depth"], found["convolutions-rates"]
    return {
        **_shares(recording),
        **early.at(EARLY).said("conv-early", (20, 60)),
        **early.at(MIDDLE).said("middle", (5, 30), high=(30, 80)),
        **late.at(LATE).said("late", (3, 20)),
        **late.at(6000, "long").said("longest", (0, 8)),
        **deeper.at(EARLY).said("deeper", (5, 60)),
        **deeper.at(MIDDLE).said("deeper-middle", (5, 30), low=(-10, 5), high=(20, 80)),
        **found["convolutions-steps"].at(LATE).said("quicker", (3, 14)),
        **wider.at(MIDDLE).said("wider", (3, 100), low=None, high=None),
        **wider.at(EARLY).said("wider-early", (3, 100), effect=None, low=(0, 3)),
        **_relatives(found),
        **_clipping(found),
    }


def _shares(recording):
    """Median test accuracy of the two arms, in per cent."""
    said, ranges = {}, {"none": ((15, 45), (65, 80)), "batch norm": ((55, 80), (78, 90))}
    for kind, within in ranges.items():
        for when, budget, true in zip(("early", "late"), (EARLY, LATE), within, strict=True):
            at = {"kind": kind, "depth": DEEP, "budget": budget}
            share = 100 * np.median(at_chosen_rate(recording, "test_accuracy", **at))
            arm = "plain" if kind == "none" else "normal"
            meaning = f"% of test pictures right, {kind}, after {budget} steps"
            said[f"{arm}-{when}"] = Number(share, true, meaning)
    return said


def _relatives(found):
    """Of the other normalizations, the skips and the good start."""
    some, none = (10, 60), (-25, 8)  # a gain worth speaking of; next to none, or a loss
    return {
        **found["gain-layer-norm"].at(EARLY).said("layer-gain", some),
        **found["gain-weight-standardization"].at(EARLY).said("standard-gain", some),
        **found["gain-good-start"].at(EARLY).said("start-gain", some),
        **found["gain-group-norm"].at(EARLY).said("group-gain", some, low=none),
        **found["gain-rms-norm"].at(EARLY).said("rms-gain", some, low=none),
        **found["gain-residual"].at(EARLY).said("skips-gain", some, low=none),
        **found["gain-good-start"].at(MIDDLE).said("start-middle", (5, 30), low=none, high=some),
        **found["instead-group-norm"].at(MIDDLE).said("group-behind", (-20, -3)),
        **found["instead-weight-standardization"]
        .at(MIDDLE)
        .said("standard-behind", (-10, -1), high=(-3, 3)),
        **found["instead-good-start"].at(MIDDLE).said("start-behind", (-10, -1), high=(-3, 3)),
    }


def _clipping(found):
    """Of clipping, with and without batch normalization."""
    clip, over = found["clip-or-not"], found["normalize-or-clip"]
    both = found["normalize-and-clip"]
    return {
        **clip.at(EARLY).said("clip-early", (5, 40)),
        **clip.at(MIDDLE).said("clip-middle", (5, 60)),
        **clip.at(LATE).said("clip-late", (-5, 5), high=(5, 20)),
        **over.at(EARLY).said("over-clip-early", (3, 50)),
        **over.at(MIDDLE).said("over-clip-middle", (3, 20)),
        **over.at(LATE).said("over-clip-late", (3, 10), low=(0, 3)),
        **both.at(LATE).said("both-late", (-3, 3)),
    }
