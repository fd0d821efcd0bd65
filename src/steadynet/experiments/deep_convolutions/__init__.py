"""What do normalization, skips, a good start and clipping gain, by depth, rate and steps?

The networks are 3 × 3 convolutions of 16 channels, the first two with stride 2, on pictures of 28 ×
28 pixels, in batches of 32. Rates that a pilot on another seed found hopeless are not run.
"""

from __future__ import annotations

from steadynet.experiments.base import Experiment
from steadynet.experiments.deep_convolutions.claims import CLAIMS
from steadynet.experiments.deep_convolutions.grid import (
    BUDGETS,
    DEPTHS,
    KINDS,
    RATES,
    STRESSES,
    cost,
    run,
    skipped,
)
from steadynet.experiments.deep_convolutions.said import VERDICTS, numbers

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
    verdicts=VERDICTS,
    numbers=numbers,
)
