"""What is claimed of deep convolutions, and what the recording says of it."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

from steadynet.experiments.deep_convolutions.grid import EARLY, LATE, MIDDLE, SHALLOW
from steadynet.experiments.deep_convolutions.measures import (
    depth_adds,
    gain,
    rate_ratio,
    steps_saved,
)
from steadynet.experiments.evidence import Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from steadynet.recording import Recording


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
