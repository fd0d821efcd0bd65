"""Figures of the chapters on clipping and its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments import adaptive_clipping, clip_threshold
from steadynet.figures.style import (
    COLOURS,
    MARKS,
    axes_or_new,
    look,
    mark_chance,
    plot_band,
    say,
    tick,
)
from steadynet.tasks.temporal_order import CHANCE, STEPS, WINDOW, solved_at

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from steadynet.recording import Recording

METHOD_NAMES = {"value": "by value", "norm": "each variable's norm", "global_norm": "global norm"}


def plot_clip_geometry(
    gradient: tuple[float, float],
    clipped: Mapping[str, tuple[float, float]],
    *,
    ax: Axes | None = None,
) -> Axes:
    """A gradient of two components and what clipping made of it, as arrows.

    Parameters
    ----------
    gradient : 2 floats
        Before clipping.
    clipped : mapping of str to 2 floats
        Label to clipped gradient.

    Examples
    --------
    >>> from steadynet import figures
    >>> ax = figures.plot_clip_geometry((0.5, 3.0), {"by value": (0.5, 1.0)})
    >>> [line.get_label() for line in ax.lines]
    ['gradient', 'by value', 'box of values', 'ball of norms']
    """
    ax = axes_or_new(ax)
    arrows = {"gradient": gradient, **clipped}
    for i, (label, tip) in enumerate(arrows.items()):
        colour = ("0.55", *COLOURS)[i]
        style = {"arrowstyle": "-|>", "color": colour, "lw": 2.5, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", xy=tip, xytext=(0, 0), arrowprops=style)
        ax.plot(*tip, ls="", marker=MARKS[i], color=colour, label=label)
    reach = 1.1 * max(np.abs(list(arrows.values())).max(), 1)
    ax.plot(
        [-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], "--", color=COLOURS[0], lw=1, label="box of values"
    )
    angle = np.linspace(0, 2 * np.pi, 181)
    ax.plot(np.cos(angle), np.sin(angle), ":", color=COLOURS[1], lw=1.5, label="ball of norms")
    ax.set(xlim=(-1.3, reach), ylim=(-1.3, reach), aspect="equal")
    ax.set(xlabel="first component", ylabel="second component")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_angles(recording: Recording, *, ax: Axes | None = None) -> Axes:
    """How far each method turns the gradient, over thresholds: median and range over seeds.

    Parameters
    ----------
    recording : Recording
        Of ``clip_direction``.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("clip_direction")
    >>> ax = figures.plot_angles(runs)
    >>> [line.get_label() for line in ax.lines]
    ['by value', "each variable's norm", 'global norm']
    """
    ax = axes_or_new(ax)
    for i, method in enumerate(recording.axes["method"]):
        angle = np.median(recording.get("angle", method=method), axis=-1)
        plot_band(ax, recording.axes["threshold"], angle, METHOD_NAMES[method], i)
    ax.set(xscale="log", xlabel="clip threshold", ylabel="angle turned (degrees)")
    ax.legend()
    return ax


def plot_learning_curves(
    recording: Recording,
    thresholds: Sequence[float],
    *,
    rate: float,
    method: str = "global_norm",
    ax: Axes | None = None,
) -> Axes:
    """Accuracy over steps at some thresholds: a thin line a seed, a thick one for the median.

    Parameters
    ----------
    recording : Recording
        Of ``clip_threshold``.
    thresholds : sequence of float
        One group of lines each.
    rate : float
        Learning rate.
    method : {"global_norm", "norm", "value"}
        How gradients were clipped.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("clip_threshold")
    >>> figures.plot_learning_curves(runs, (0.1, 1.0), rate=0.2).get_ylabel()
    'accuracy'
    """
    ax = axes_or_new(ax)
    for i, threshold in enumerate(thresholds):
        at = {"method": method, "learning_rate": rate, "threshold": threshold}
        runs = recording.get("accuracy", **at).T
        steps = WINDOW * (np.arange(len(runs)) + 1)
        ax.plot(steps, runs, color=look(i)["color"], lw=0.7, alpha=0.5)
        label = f"clip at {say(threshold)}" if np.isfinite(threshold) else "never clip"
        ax.plot(steps, np.median(runs, axis=1), label=label, markevery=4, ms=5, **look(i))
    mark_chance(ax, CHANCE)
    ax.annotate("chance", (steps[-1], CHANCE), ha="right", va="bottom", color="0.4", fontsize=9)
    ax.set(xlabel="step", ylabel="accuracy", ylim=(0, 1.03))
    ax.legend(loc="center right")
    return ax


def _threshold_axis(ax: Axes, thresholds: Sequence[float]) -> np.ndarray:
    """A log axis of thresholds that ends with "never"; returns where each stands."""
    x = np.array(thresholds)
    x[np.isinf(x)] = 4 * x[np.isfinite(x)].max()
    ax.set_xscale("log")
    ticks = [v for v in thresholds if np.isinf(v) or np.isclose(np.log10(v) % 1, 0)]
    tick(ax, [x[thresholds.index(v)] for v in ticks], [say(v) for v in ticks])
    return x


def _plot_seeds(ax: Axes, x: np.ndarray, values: np.ndarray, label: str, index: int) -> None:
    """Median over the last axis as a line, every seed as a faint point."""
    ax.plot(x, np.median(values, axis=-1), label=label, ms=4, **look(index))
    ax.plot(x, values, ls="", ms=3, alpha=0.3, mew=0, **look(index))


def plot_steps_by_threshold(
    recording: Recording, *, method: str = "global_norm", ax: Axes | None = None
) -> Axes:
    """Steps until the task is solved over thresholds, a line a rate; unsolved runs stand on top.

    Parameters
    ----------
    recording : Recording
        Of ``clip_threshold``.
    method : {"global_norm", "norm", "value"}
        How gradients were clipped.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("clip_threshold")
    >>> figures.plot_steps_by_threshold(runs).get_xticklabels()[-1].get_text()
    'never'
    """
    ax = axes_or_new(ax)
    x, top = _threshold_axis(ax, recording.axes["threshold"]), 1.5 * STEPS
    for i, rate in enumerate(recording.axes["learning_rate"]):
        steps = solved_at(recording, method=method, learning_rate=rate)
        steps = np.nan_to_num(steps, nan=top)
        _plot_seeds(ax, x * 1.04 ** (i - 2), steps, f"{rate:g}", i)
    ax.axhspan(1.15 * STEPS, 2.6 * STEPS, color="0.5", alpha=0.15, lw=0)
    ax.annotate("not solved", (x[0], 1.75 * STEPS), va="bottom", fontsize=9)
    ax.set(yscale="log", xlabel="clip threshold", ylabel="steps to solve")
    ax.legend(title="learning rate", ncols=3, fontsize=9, loc="lower left")
    return ax


def plot_product(recording: Recording, *, ax: Axes | None = None) -> Axes:
    """Steps until the task is solved over threshold × rate: the lines of all rates fall on one.

    Parameters
    ----------
    recording : Recording
        Of ``clip_threshold``.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("clip_threshold")
    >>> figures.plot_product(runs).get_xlabel()
    'clip threshold × learning rate'
    """
    ax = axes_or_new(ax)
    thresholds = np.array(recording.axes["threshold"][:-1])
    for i, rate in enumerate(recording.axes["learning_rate"]):
        steps = solved_at(recording, method="global_norm", learning_rate=rate)[:-1]
        whole = np.isfinite(steps).all(axis=1)
        _plot_seeds(ax, rate * thresholds[whole], steps[whole], f"{rate:g}", i)
    ax.set(
        xscale="log", yscale="log", xlabel="clip threshold × learning rate", ylabel="steps to solve"
    )
    ax.legend(title="learning rate", ncols=2, fontsize=9)
    return ax


def plot_best_thresholds(recording: Recording, *, ax: Axes | None = None) -> Axes:
    """The threshold that is soonest at each rate, and the line of inverse proportion.

    Parameters
    ----------
    recording : Recording
        Of ``clip_threshold``.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("clip_threshold")
    >>> ax = figures.plot_best_thresholds(runs)
    >>> [line.get_label() for line in ax.lines]
    ['soonest', '0.1 / rate']
    """
    ax = axes_or_new(ax)
    rates = np.array(recording.axes["learning_rate"])
    best = clip_threshold.best_thresholds(recording)
    ax.plot(rates, best, "o", label="soonest")
    constant = np.exp(np.log(best * rates).mean())
    ax.plot(rates, constant / rates, ":", color="0.5", label=f"{constant:.2g} / rate")
    ax.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="best threshold")
    tick(ax, rates)
    ax.legend()
    return ax


def plot_rules(rules: Mapping[str, Sequence[Any]], *, ax: Axes | None = None) -> Axes:
    """What each rule of thumb recommends at each rate, against the thresholds that work.

    Parameters
    ----------
    rules : dict
        As `experiments.clip_threshold.rules_of_thumb` gives it.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> from steadynet.experiments import clip_threshold
    >>> rules = clip_threshold.rules_of_thumb(recording.load("clip_threshold"))
    >>> figures.plot_rules(rules).get_ylabel()
    'threshold'
    """
    ax, rates = axes_or_new(ax), np.array(rules["learning_rate"])
    low, high = np.array(rules["works"]).T
    ax.fill_between(
        rates, low, high, color=COLOURS[2], alpha=0.25, lw=0, label="solves on every seed"
    )
    for i, key in enumerate(("half the mean norm", "ten times the mean norm", "90th percentile")):
        ax.plot(rates, rules[key], marker=MARKS[i], color=COLOURS[(0, 1, 3)[i]], label=key)
    ax.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="threshold")
    tick(ax, rates)
    ax.legend(fontsize=9, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return ax


def plot_sequence_length(recording: Recording, *, ax: Axes | None = None) -> Axes:
    """Share of seeds that solve the task over sequence length, clipped and not.

    Parameters
    ----------
    recording : Recording
        Of ``sequence_length``.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("sequence_length")
    >>> ax = figures.plot_sequence_length(runs)
    >>> [line.get_label() for line in ax.lines]
    ['clipped at 1', 'never clipped']
    """
    ax = axes_or_new(ax)
    for i, threshold in enumerate(recording.axes["threshold"]):
        solved = np.isfinite(solved_at(recording, threshold=threshold)).mean(axis=-1)
        label = f"clipped at {say(threshold)}" if np.isfinite(threshold) else "never clipped"
        ax.plot(recording.axes["length"], solved, label=label, **look(i))
    ax.set(
        xlabel="sequence length (steps)", ylabel="share of seeds that solve it", ylim=(-0.03, 1.03)
    )
    ax.legend()
    return ax


def plot_adaptive_clipping(recording: Recording, *, ax: Axes | None = None) -> Axes:
    """Accuracy over learning rates, a line a clipping.

    Parameters
    ----------
    recording : Recording
        Of ``adaptive_clipping``.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("adaptive_clipping")
    >>> ax = figures.plot_adaptive_clipping(runs)
    >>> [line.get_label() for line in ax.lines][:-1]
    ['never', 'global norm 0.1', 'global norm 1', 'adaptive 0.01', 'adaptive 0.03', 'adaptive 0.1']
    """
    ax = axes_or_new(ax)
    for i, clipping in enumerate(recording.axes["clipping"]):
        accuracy = recording.get("accuracy", clipping=clipping)
        plot_band(ax, recording.axes["learning_rate"], accuracy, clipping, i)
    mark_chance(ax, adaptive_clipping.CHANCE)
    ax.set(xscale="log", xlabel="learning rate", ylabel="accuracy", ylim=(0, 0.85))
    tick(ax, recording.axes["learning_rate"])
    ax.legend(fontsize=9, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return ax
