"""An experiment with a claim of each kind, and recordings that decide them."""

import math

import numpy as np

from steadynet.experiments import Claim, Experiment, Finding, Stress
from steadynet.recording import Recording

AXES = {"budget": (100, 2000), "seed": (0, 1, 2, 3, 4)}
HIGH, ACROSS, LOW = [2.0, 3, 4, 5, 6.25], [1.0, 3, 4, 5, 6.25], [-1.5, 0, 1, 1, 1.9]
GAINS = {  # by claim: after 100 steps, after 2,000, and when wide
    "it-gains": (HIGH, HIGH, HIGH),
    "it-gains-early": (HIGH, LOW, ACROSS),
    "it-may-gain": (ACROSS, HIGH, HIGH),
    "it-gains-not": (LOW, LOW, LOW),
}
KINDS = ("holds", "holds up to a boundary", "not decided", "does not hold")


def claims():
    """One of each kind, in the order of `KINDS`."""
    return tuple(
        Claim(
            name,
            f"The {name} network gains 2 points or more.",
            lambda recorded, budget, name=name: recorded.get(name, budget=budget),
            "points of test accuracy",
            within=(2, math.inf),
            refuted_by="A gain below 2 points on every seed.",
            budget=100,
            also=(2000,),
            stresses={"wide": 100},
        )
        for name in GAINS
    )


def slower(_recorded):
    """It takes longer."""
    return Finding("It takes longer.", 1200.0, -3.0, 2345.0, unit="steps", holds=False)


def experiment(**changes):
    """What is asked, and how it is decided."""
    return Experiment(
        **{
            "name": "fake",
            "question": "Does a gain gain?",
            "axes": AXES,
            "together": (),
            "run": dict,
            "arrays": dict.fromkeys(GAINS, "points"),
            "arms": {"gaining": "with a gain, at its best rate", "plain": "without one"},
            "control": "A network that is trained as long.",
            "chosen_on": "a validation split of 1,000 pictures",
            "stresses": (Stress("wide", "twice the channels", {"budget": (100,)}),),
            "claims": claims(),
            "not_reproduced": (slower,),
        }
        | changes
    )


def recordings(written=None):
    """The recording and that of its stress; what was written down before it, if not the claims."""
    known = [claim.written() for claim in claims()] if written is None else written
    meta = {"claims": known, "date": "2026-11-25", "seconds": 331.0}
    arrays = {name: np.array(gains[:2]) for name, gains in GAINS.items()}
    wide = {name: np.array(gains[2:]) for name, gains in GAINS.items()}
    yield Recording("fake", AXES, arrays, meta)
    yield Recording("fake", AXES | {"budget": (100,)}, wide, meta, "wide")
