"""Does batch normalization do little for two convolutions, at rates wide enough for both arms?

`deep_convolutions` leaves it open: with five seeds its interval is wide, and with two layers both
arms were best at the largest rate that was run. Here are ten seeds, and rates up to 2.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from steadynet.experiments import deep_convolutions
from steadynet.experiments.base import Experiment, Number
from steadynet.experiments.deep_convolutions.claims import POINTS
from steadynet.experiments.deep_convolutions.grid import run
from steadynet.experiments.deep_convolutions.measures import gain
from steadynet.experiments.evidence import Claim, judge

if TYPE_CHECKING:
    from steadynet.recording import Recording

DEPTH, BUDGETS = 2, (100, 300, 1000)
RATES = (0.1, 0.2, 0.5, 1.0, 2.0)
CLAIMS = (
    Claim(
        "two-convolutions",
        "Two convolutions gain less than 5 points by batch normalization.",
        functools.partial(gain, kind="batch norm", depth=DEPTH),
        POINTS,
        within=(-5, 5),
        refuted_by="A gain or loss of 5 points or more.",
        budget=1000,
        also=(100, 300),
    ),
)


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    (claim,) = CLAIMS
    verdict = judge(claim, recording)
    return {
        **verdict.at(100).said("two-first", (5, 20), low=None, high=None),
        **verdict.at(300).said("two-soon", (0, 10), low=None, high=None),
        **verdict.at(1000).said("two-later", (0, 7)),
    }


EXPERIMENT = Experiment(
    name="two_convolutions",
    question="Does batch normalization do little for two convolutions, at wide enough rates?",
    axes={
        "kind": ("none", "batch norm"),
        "depth": (DEPTH,),
        "learning_rate": RATES,
        "budget": BUDGETS,
        "seed": tuple(range(10)),
    },
    together=("budget",),
    run=run,
    arrays=deep_convolutions.EXPERIMENT.arrays,
    arms={kind: deep_convolutions.EXPERIMENT.arms[kind] for kind in ("none", "batch norm")},
    control=deep_convolutions.EXPERIMENT.control,
    chosen_on=deep_convolutions.EXPERIMENT.chosen_on,
    claims=CLAIMS,
    verdicts={"two-convolutions": "not decided"},
    numbers=numbers,
)
