"""Recordings shaped like those of the experiments on convolutions, made up: no network trained.

A run rises from chance to a ceiling; what is added to a deep network sets when it begins to.
"""

import dataclasses

import numpy as np

from steadynet.experiments import convolution_batch_size, deep_convolutions
from steadynet.experiments.deep_convolutions import grid
from steadynet.recording import Recording

CHANCE = 0.1
START = {  # steps until a network of 20 convolutions is halfway, and the rate that suits it
    "none": (420, 0.02),
    "batch norm": (60, 0.2),
    "layer norm": (110, 0.05),
    "group norm": (100, 0.05),
    "rms norm": (130, 0.05),
    "weight standardization": (90, 0.05),
    "residual": (150, 0.01),
    "good start": (120, 0.05),
    "clipped": (380, 0.1),
    "clipped batch norm": (60, 0.2),
}
META = {"versions": {"tensorflow": "2.21.0", "keras": "3.15.0", "numpy": "2.4.4"}}


def deep():
    """Of `deep_convolutions`, with its longer runs; NaN where a point was not run."""
    made = _recording(deep_convolutions, _deep)
    longer = _recording(deep_convolutions, _deep, "long")
    return dataclasses.replace(made, stresses={"long": longer})


def batch_sizes():
    """Of `convolution_batch_size`; NaN where a point was not run."""
    return _recording(convolution_batch_size, _small)


def _deep(point):
    """Test accuracy of a run of some depth; what stops earlier has none later."""
    kind, depth = point["kind"], point["depth"]
    goes_on = kind in grid.TO_THE_END and depth == grid.DEEP
    if point["budget"] > grid.MIDDLE and not goes_on:
        return np.nan
    halfway, rate = START[kind]
    shallower = (depth / grid.DEEP) ** 1.5
    rate = max(rate, 0.1) if depth < grid.DEEP else rate
    return _risen(40 + (halfway - 40) * shallower, rate, point)


def _small(point):
    """Test accuracy of a run of ten layers; batch normalization has too few pictures in two."""
    halfway, rate = START[point["kind"]]
    few = point["kind"] == "batch norm" and point["batch_size"] == 2
    return _risen(halfway * (3 if few else 0.6), rate, point)


def _risen(halfway, best, point):
    """A share between chance and a ceiling, less at a rate that does not suit."""
    suits = np.exp(-(np.log10(point["learning_rate"] / best) ** 2))
    shift = halfway / suits * (1 + 0.12 * (point["seed"] - 2))
    ceiling = 0.84 - 0.004 * point["seed"]
    return CHANCE + (ceiling - CHANCE) / (1 + (shift / point["budget"]) ** 1.6)


def _recording(module, share, stress=""):
    """Every array of an experiment, from the test accuracy of each run."""
    experiment = module.EXPERIMENT
    axes = experiment.grid(stress)
    changes = experiment.stress(stress).changes if stress else {}
    test = np.full([len(values) for values in axes.values()], np.nan, "f4")
    for place in np.ndindex(test.shape):
        at = {axis: axes[axis][i] for axis, i in zip(axes, place, strict=True)}
        if not experiment.skipped({**at, **changes}):
            test[place] = share(at)
    arrays = {
        "loss": 2.4 * (1 - test),
        "accuracy": test - 0.02,
        "validation_accuracy": test + 0.01,
        "test_accuracy": test,
        "steps_to": np.full((*test.shape, 4), np.nan, "f4"),
    }
    return Recording(experiment.name, axes, arrays, META, stress)
