"""What the chapters say of deep convolutions, and where the words around it are true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.arms import at_chosen_rate
from steadynet.experiments.base import Number
from steadynet.experiments.deep_convolutions.claims import CLAIMS
from steadynet.experiments.deep_convolutions.grid import DEEP, EARLY, LATE, MIDDLE
from steadynet.experiments.deep_convolutions.measures import gain, steps_saved
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
    return {
        **_shares(recording),
        **_over_time(found),
        **_longest(recording),
        **_relatives(recording, found),
        **_clipping(found),
    }


def _over_time(found):
    """Of batch normalization: its gain by steps and depth, and how much quicker it is."""
    early, late = found["convolutions-early"], found["convolutions-late"]
    deeper = found["convolutions-depth"]
    return {
        **early.at(EARLY).said("conv-early", (20, 60)),
        **early.at(MIDDLE).said("middle", (5, 30), high=(30, 80)),
        **late.at(LATE).said("late", (3, 20)),
        **late.at(6000, "long").said("longest", (0, 3), high=(3, 8)),
        **deeper.at(EARLY).said("deeper", (5, 60)),
        **deeper.at(MIDDLE).said("deeper-middle", (5, 30), low=(-10, 5), high=(20, 80)),
        **found["convolutions-steps"].at(LATE).said("quicker", (3, 14)),
        **found["convolutions-rates"].at(MIDDLE).said("wider", (3, 100), low=None, high=None),
    }


def _shares(recording):
    """Median test accuracy of the two arms, in per cent."""
    said: dict[str, Number] = {}
    ranges = {"none": ((15, 45), (50, 72), (65, 80)), "batch norm": ((55, 80), (72, 88), (78, 90))}
    for kind, within in ranges.items():
        for budget, true in zip((EARLY, MIDDLE, LATE), within, strict=True):
            found = at_chosen_rate(recording, "test_accuracy", kind=kind, depth=DEEP, budget=budget)
            meaning = f"% of test pictures right, {kind}, after {budget} steps"
            arm = "plain" if kind == "none" else "normal"
            said[f"{arm}-{budget}"] = Number(100 * np.median(found), true, meaning)
    return said


def _longest(recording):
    """Of the runs of 6,000 steps: what each arm reaches, and steps to a higher target."""
    long = recording.stresses["long"]
    at = {"depth": DEEP, "budget": 6000}
    shares = {
        arm: 100 * np.median(at_chosen_rate(long, "test_accuracy", kind=kind, **at))
        for arm, kind in (("plain", "none"), ("normal", "batch norm"))
    }
    times = steps_saved(long, 6000, target=0.8)
    meaning = "times fewer steps to 80 % in training, in the longer runs"
    return {
        **{
            f"{arm}-6000": Number(share, (78, 92), f"% of test pictures right, {arm}, 6,000 steps")
            for arm, share in shares.items()
        },
        "quicker-80": Number(np.median(times), (2, 4), f"{meaning} (median)"),
        "quicker-80-low": Number(times.min(), (1.5, 3), f"{meaning} (smallest)"),
        "quicker-80-high": Number(times.max(), (3, 5), f"{meaning} (largest)"),
    }


GAINS = {  # kind, name in the text, where its smallest gain after 300 steps lies
    "layer norm": ("layer", (10, 40)),
    "group norm": ("group", (-20, 8)),
    "rms norm": ("rms", (-20, 8)),
    "weight standardization": ("standard", (10, 40)),
    "residual": ("skips", (-30, 8)),
    "good start": ("start", (10, 40)),
}


def _relatives(recording, found):
    """Of the other normalizations, the skips and the good start."""
    said: dict[str, Number] = {}
    for kind, (name, low) in GAINS.items():
        verdict = found[f"gain-{kind.replace(' ', '-')}"]
        said |= verdict.at(EARLY).said(f"{name}-gain", (10, 60), low=low)
        behind = gain(recording, MIDDLE, kind, over="batch norm")
        meaning = f"points of test accuracy, {kind} over batch norm, after 1,000 steps"
        said[f"{name}-behind"] = Number(np.median(behind), (-20, -2), f"{meaning} (median)")
        said[f"{name}-behind-low"] = Number(behind.min(), (-80, -4), f"{meaning} (smallest)")
        said[f"{name}-behind-high"] = Number(behind.max(), (-10, 0), f"{meaning} (largest)")
    return said


def _clipping(found):
    """Of clipping, with and without batch normalization."""
    clip, over = found["clip-or-not"], found["normalize-or-clip"]
    return {
        **clip.at(EARLY).said("clip-early", (5, 40)),
        **clip.at(MIDDLE).said("clip-middle", (5, 60)),
        **clip.at(LATE).said("clip-late", (-5, 5), high=(5, 20)),
        **over.at(EARLY).said("over-clip-early", (3, 50)),
        **over.at(MIDDLE).said("over-clip-middle", (3, 20)),
        **over.at(LATE).said("over-clip-late", (3, 10), low=(0, 3)),
        **found["normalize-and-clip"].at(LATE).said("both-late", (-3, 3)),
    }
