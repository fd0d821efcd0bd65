"""Figures of the chapters on batch normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments import (
    batch_norm_batch_size,
    batch_norm_placement,
    input_distribution,
    moving_statistics_lag,
    noisy_batch_norm,
)
from steadynet.experiments.arms import at_best_rate, at_chosen_rate
from steadynet.figures.style import COLOURS, axes_or_new, look, mark_chance, plot_band, tick

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from steadynet.recording import Recording

CHANCE = 0.1
KINDS = {
    "none": "without",
    "batch norm": "with batch norm",
    "before": "before the activation",
    "after": "after the activation",
}
NOISES = {
    "none": "without",
    "batch norm": "with batch norm",
    **{name: f"with {name}" for name in noisy_batch_norm.STRENGTHS},
}


def plot_accuracy_by_depth(
    recording: Recording, activation: str, *, batch_size: int = 64, ax: Axes | None = None
) -> Axes:
    """Test accuracy over depth, with and without batch normalization, each at its best rate.

    Parameters
    ----------
    recording : Recording
        Of ``batch_norm_depth``.
    activation : str
    batch_size : int

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("batch_norm_depth")
    >>> ax = figures.plot_accuracy_by_depth(runs, "relu")
    >>> [line.get_label() for line in ax.lines[:2]]
    ['without', 'with batch norm']
    """
    at = {"activation": activation, "batch_size": batch_size}
    ax = _plot_best(recording, "depth", at_best_rate, ax, **at)
    ax.set(xlabel="hidden layers", title=activation, xticks=recording.axes["depth"])
    ax.legend(fontsize=9)
    return ax


def plot_accuracy_by_rate(
    recording: Recording,
    depth: int,
    activation: str,
    *,
    batch_size: int = 64,
    ax: Axes | None = None,
) -> Axes:
    """Test accuracy over learning rates at one depth, with and without batch normalization.

    Parameters
    ----------
    recording : Recording
        Of ``batch_norm_depth``.
    depth : int
    activation : str
    batch_size : int

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("batch_norm_depth")
    >>> figures.plot_accuracy_by_rate(runs, 20, "sigmoid").get_title()
    '20 hidden layers, sigmoid'
    """
    ax, at = axes_or_new(ax), {"depth": depth, "activation": activation, "batch_size": batch_size}
    rates = recording.axes["learning_rate"]
    for i, kind in enumerate(recording.axes["normalize"]):
        plot_band(ax, rates, recording.get("test_accuracy", normalize=kind, **at), KINDS[kind], i)
    mark_chance(ax, CHANCE)
    ax.set(xscale="log", xlabel="learning rate", ylabel="test accuracy", ylim=(0, 1.15))
    ax.set_title(f"{depth} hidden layers, {activation}")
    ax.legend(loc="upper left", fontsize=9)
    return ax


def plot_batch_sizes(
    recording: Recording,
    *,
    budget: int = batch_norm_batch_size.LATE,
    ax: Axes | None = None,
) -> Axes:
    """Test accuracy over batch size, each at its best rate.

    Parameters
    ----------
    recording : Recording
        Of ``batch_norm_batch_size``.
    budget : int
        Steps of training.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("batch_norm_batch_size")
    >>> figures.plot_batch_sizes(runs).get_xlabel()
    'batch size'
    """
    ax = _plot_best(recording, "batch_size", at_chosen_rate, ax, budget=budget)
    ax.set(xscale="log", xlabel="batch size")
    tick(ax, recording.axes["batch_size"])
    ax.legend(loc="lower right")
    return ax


def plot_placements(
    recording: Recording,
    *,
    budget: int = batch_norm_placement.MIDDLE,
    ax: Axes | None = None,
) -> Axes:
    """Test accuracy of each placement and activation, each at its best rate: a point a seed.

    Parameters
    ----------
    recording : Recording
        Of ``batch_norm_placement``.
    budget : int
        Steps of training.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("batch_norm_placement")
    >>> ax = figures.plot_placements(runs)
    >>> [text.get_text() for text in ax.get_xticklabels()]
    ['sigmoid', 'relu', 'elu']
    """
    ax, activations = axes_or_new(ax), recording.axes["activation"]
    for i, placement in enumerate(recording.axes["placement"]):
        for j, activation in enumerate(activations):
            best = batch_norm_placement.accuracy(recording, budget, activation, placement) / 100
            x = j + 0.2 * (i - 1)
            label = KINDS[placement] if j == 0 else None
            ax.plot([x] * len(best), best, "o", ms=4, alpha=0.5, color=COLOURS[i])
            ax.plot(x, np.median(best), "_", ms=16, mew=3, color=COLOURS[i], label=label)
    mark_chance(ax, CHANCE)
    ax.set_xticks(range(len(activations)), activations)
    ax.set(ylabel="test accuracy", ylim=(0, 0.9))
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=9)
    return ax


def plot_input_quantiles(
    recording: Recording,
    normalize: str,
    rate: float,
    *,
    seed: int = 0,
    unit: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """15, 50 and 85 % quantiles of one unit's input over training: Ioffe and Szegedy's figure 1.

    Parameters
    ----------
    recording : Recording
        Of ``input_distribution``.
    normalize : {"none", "batch norm"}
    rate : float
    seed, unit : int

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("input_distribution")
    >>> figures.plot_input_quantiles(runs, "batch norm", 0.3).get_title()
    'with batch norm'
    """
    ax = axes_or_new(ax)
    seeds, last = recording.axes["seed"], max(recording.axes["budget"])
    lines = input_distribution.inputs(recording, last, normalize, rate)[
        seeds.index(seed), ..., unit
    ]
    steps = input_distribution.APART * (np.arange(len(lines)) + 1)
    low, middle, high = lines.T
    ax.fill_between(steps, low, high, color=COLOURS[0], alpha=0.25, lw=0, label="15 to 85 %")
    ax.plot(steps, middle, color=COLOURS[0], label="median")
    ax.set(xlabel="step", ylabel="input of a sigmoid", title=KINDS[normalize])
    ax.legend(fontsize=9)
    return ax


def plot_noisy(recording: Recording, rate: float, budget: int, *, ax: Axes | None = None) -> Axes:
    """Training accuracy over unrest at one rate: a point a seed, a colour an arm.

    Where the plain network's points lie, a grey band: arms to its right are the more restless.

    Parameters
    ----------
    recording : Recording
        Of ``noisy_batch_norm``.
    rate : float
    budget : int
        Steps after which accuracy is measured, and up to which the movement of means is.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("noisy_batch_norm")
    >>> figures.plot_noisy(runs, 0.1, 400).get_title()
    'rate 0.1'
    """
    ax = axes_or_new(ax)
    for i, kind in enumerate(recording.axes["normalize"]):
        at = {"normalize": kind, "learning_rate": rate, "budget": budget}
        moves = noisy_batch_norm.unrest_so_far(recording, **at)
        accuracy = noisy_batch_norm.trained(recording, **at)
        ax.plot(moves, accuracy, ls="", ms=5, alpha=0.8, label=NOISES.get(kind, kind), **look(i))
        if kind == "none":
            ax.axvspan(np.nanmin(moves), np.nanmax(moves), color="0.5", alpha=0.15, lw=0)
    ax.set(xscale="log", xlabel="movement of means", ylabel="training accuracy, %", ylim=(0, 100))
    tick(ax, (0.03, 0.1, 0.3, 1.0))
    ax.set_title(f"rate {rate:g}")
    ax.legend(fontsize=8, ncols=3, loc="upper center")
    return ax


def plot_loss_along(
    recording: Recording, rate: float, budget: int, *, ax: Axes | None = None
) -> Axes:
    """Losses met along the gradient, by the loss before the step: median and range over seeds.

    Parameters
    ----------
    recording : Recording
        Of ``noisy_batch_norm``.
    rate : float
    budget : int
        Steps before which was looked; of several looks the median.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("noisy_batch_norm")
    >>> figures.plot_loss_along(runs, 0.03, 400).get_ylabel()
    'loss there, by the loss here'
    """
    ax = axes_or_new(ax)
    for i, kind in enumerate(("none", "batch norm", "noise 1")):
        at = {"normalize": kind, "learning_rate": rate, "budget": budget}
        losses = recording.get("loss_along", **at).astype("f8")
        values = np.nanmedian(losses / losses[..., :1], axis=1).T
        plot_band(ax, noisy_batch_norm.LENGTHS, values, NOISES[kind], i)
    ax.set(xlabel="learning rates along the gradient", ylabel="loss there, by the loss here")
    ax.legend(fontsize=9)
    return ax


def plot_moving_lag(recording: Recording, *, ax: Axes | None = None) -> Axes:
    """Test accuracy by moving statistics over steps, a line a momentum, and by the batch's own.

    Parameters
    ----------
    recording : Recording
        Of ``moving_statistics_lag``; shown at the one rate that it chooses.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("moving_statistics_lag")
    >>> ax = figures.plot_moving_lag(runs)
    >>> [line.get_label() for line in ax.lines]
    ['0', '0.9', '0.99', '0.999', "batch's own"]
    """
    ax, steps = axes_or_new(ax), np.array(recording.axes["budget"])
    at = {"learning_rate": moving_statistics_lag.rate(recording)}
    for i, momentum in enumerate(recording.axes["momentum"]):
        shares = recording.get("test_accuracy", momentum=momentum, **at)
        run = ~np.isnan(shares).all(axis=-1)
        plot_band(ax, steps[run], shares[run], f"{momentum:g}", i)
    longest = recording.axes["momentum"][-1]
    own = recording.get("test_accuracy_by_batch", momentum=longest, **at)
    ax.plot(steps, np.median(own, axis=-1), "--", color="0.3", label="batch's own")
    ax.set(xscale="log", xlabel="step", ylabel="test accuracy", ylim=(0, 0.9))
    tick(ax, steps)
    ax.legend(title="momentum", ncols=2, fontsize=9)
    return ax


def _plot_best(
    recording: Recording,
    axis: str,
    at_rate: Callable[..., np.ndarray],
    ax: Axes | None,
    **at: object,
) -> Axes:
    """Test accuracy over an axis, a band a kind of network, each at its best rate."""
    ax, values = axes_or_new(ax), recording.axes[axis]
    for i, kind in enumerate(recording.axes["normalize"]):
        points = [{**at, "normalize": kind, axis: value} for value in values]
        best = [at_rate(recording, "test_accuracy", **point) for point in points]
        plot_band(ax, values, np.array(best), KINDS[kind], i)
    mark_chance(ax, CHANCE)
    ax.set(ylabel="test accuracy", ylim=(0, 0.9))
    return ax
