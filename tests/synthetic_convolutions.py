"""Recordings shaped like those of the experiments on convolutions, made up: no network trained.

A run rises from chance to a ceiling; what is added to a deep network sets when it begins to.
"""

import dataclasses
import functools

import numpy as np

from steadynet.recording import Recording

CHANCE, SEEDS = 0.1, (0, 1, 2, 3, 4)
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
BUDGETS = (30, 100, 200, 300, 500, 700, 1000, 1500, 2000)
START = {  # steps until a network of 20 convolutions is halfway, and the rate that suits it
    "none": (420, 0.03),
    "batch norm": (60, 0.3),
    "layer norm": (110, 0.1),
    "group norm": (100, 0.1),
    "rms norm": (130, 0.1),
    "weight standardization": (90, 0.1),
    "residual": (150, 0.1),
    "good start": (120, 0.1),
    "clipped": (380, 0.03),
    "clipped batch norm": (60, 0.3),
}
META = {"versions": {"tensorflow": "2.21.0", "keras": "3.15.0", "numpy": "2.4.4"}}


def deep():
    """Of `deep_convolutions`, with longer runs of two kinds; NaN where a point was not run."""
    axes = {
        "kind": tuple(START),
        "depth": (2, 5, 10, 20),
        "learning_rate": RATES,
        "budget": BUDGETS,
        "seed": SEEDS,
    }
    longer = {**axes, "kind": ("none", "batch norm"), "depth": (20,), "budget": (2000, 6000)}
    stress = _recording("deep_convolutions", longer, functools.partial(_deep, longest=6000))
    made = _recording("deep_convolutions", axes, _deep)
    return dataclasses.replace(made, stresses={"long": stress})


def batch_sizes():
    """Of `convolution_batch_size`: four kinds, five batch sizes."""
    axes = {
        "kind": ("none", "batch norm", "layer norm", "group norm"),
        "batch_size": (2, 8, 32, 128, 512),
        "learning_rate": RATES,
        "budget": (300, 1000),
        "seed": SEEDS,
    }
    return _recording("convolution_batch_size", axes, _batch)


def _deep(kind, depth, learning_rate, budget, seed, longest=2000):
    """Test accuracy of one run."""
    halfway, best = START[kind]
    everywhere = kind in ("none", "batch norm")
    near = abs(np.log10(learning_rate / best)) < (0.8 if everywhere else 0.6)
    stops = longest if everywhere or kind == "residual" else 1000
    if not near or budget > stops or not (everywhere or depth == 20):
        return np.nan
    halfway = 40 + (halfway - 40) * (depth / 20) ** 1.5
    return _risen(halfway, best, learning_rate, budget, seed)


def _batch(kind, batch_size, learning_rate, budget, seed):
    """Test accuracy of one run; batches of 2 were run up to 300 steps only."""
    halfway, best = START[kind]
    near = abs(np.log10(learning_rate / best)) < 0.8
    if not near or (batch_size == 2 and budget > 300):
        return np.nan
    noise = 5 if kind == "batch norm" and batch_size < 8 else 1
    return _risen(halfway * noise, best, learning_rate, budget, seed)


def _risen(halfway, best, rate, budget, seed):
    """A share between chance and a ceiling, less at a rate that does not suit."""
    suits = np.exp(-(np.log10(rate / best) ** 2))
    shift = halfway / suits * (1 + 0.12 * (seed - 2))
    return CHANCE + (0.84 - CHANCE - 0.004 * seed) / (1 + (shift / budget) ** 1.6)


def _recording(name, axes, share):
    """Every array of an experiment, from the test accuracy of each run."""
    points = np.meshgrid(*(np.array(v, dtype=object) for v in axes.values()), indexing="ij")
    test = np.vectorize(share, otypes=["f4"])(*points)
    targets = np.full((*test.shape, 4), np.nan, "f4")
    arrays = {
        "loss": 2.4 * (1 - test),
        "accuracy": test - 0.02,
        "validation_accuracy": test + 0.01,
        "test_accuracy": test,
        "steps_to": targets,
    }
    return Recording(name, axes, arrays, META)
