"""One module per question: its grid, how one point runs, its claims and what chapters say of it."""

from __future__ import annotations

import importlib

from steadynet import _checks
from steadynet.experiments.base import Experiment, Finding, Number, Stress, median_and_range
from steadynet.experiments.evidence import Claim, Judgement, Verdict, interval, judge

__all__ = [
    "NAMES",
    "WRITTEN",
    "Claim",
    "Experiment",
    "Finding",
    "Judgement",
    "Number",
    "Stress",
    "Verdict",
    "get",
    "interval",
    "judge",
    "median_and_range",
]

NAMES = (
    "clip_threshold",
    "sequence_length",
    "cliff",
    "clip_direction",
    "clip_with_adam",
    "gradient_flow",
    "adaptive_clipping",
    "deep_convolutions",
    "two_convolutions",
    "dense_over_time",
    "convolution_batch_size",
    "batch_norm_depth",
    "batch_norm_placement",
    "batch_norm_batch_size",
    "moving_statistics_lag",
    "input_distribution",
    "noisy_batch_norm",
    "frozen_layers",
    "transferability",
    "cached_features",
    "picture_size",
    "rounding",
)

# Claims that are written down and committed, and wait for the recording that decides them.
WRITTEN: tuple[str, ...] = ()


def get(name: str) -> Experiment:
    """Find an experiment by its name.

    Parameters
    ----------
    name : str
        One of `NAMES`, or of `WRITTEN`.

    Returns
    -------
    Experiment

    Raises
    ------
    ValueError
        If there is no such experiment.

    Examples
    --------
    >>> get("cliff").question
    'What does one gradient step do at a cliff, with clipping and without?'
    """
    _checks.one_of("name", name, NAMES + WRITTEN)
    return importlib.import_module(f"steadynet.experiments.{name}").EXPERIMENT
