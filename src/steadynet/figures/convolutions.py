"""Figures of the chapter on deep convolution networks: what helps, how much, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet import _checks
from steadynet.experiments.arms import at_chosen_rate
from steadynet.figures.style import COLOURS, axes_or_new, mark_chance, plot_band, tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from steadynet.recording import Recording

CHANCE = 0.1
KINDS = {
    "none": "plain",
    "batch norm": "batch norm",
    "layer norm": "layer norm",
    "group norm": "group norm",
    "rms norm": "RMS norm",
    "weight standardization": "weight standardization",
    "residual": "skips",
    "good start": "skips from zero",
    "clipped": "clipping",
    "clipped batch norm": "batch norm, clipped",
}


def plot_accuracy_over_steps(
    recording: Recording,
    depth: int,
    kinds: Sequence[str],
    *,
    layers: str = "convolutions",
    ax: Axes | None = None,
) -> Axes:
    """Test accuracy over training steps: median and range over seeds, a band a kind of network.

    At each number of steps a kind stands at the rate that validation chose for that number.

    Parameters
    ----------
    recording : Recording
        Of ``deep_convolutions`` or ``dense_over_time``.
    depth : int
        Number of layers.
    kinds : sequence of str
        What is added to the network, as the recording names it; "none" is the plain one.
    layers : str
        What the title calls the layers.

    Raises
    ------
    ValueError
        If one of `kinds` was not run at that depth.

    Examples
    --------
    >>> from steadynet import figures
    >>> from steadynet.recording import Recording
    >>> axes = {"kind": ("none",), "depth": (20,), "learning_rate": (0.1,)}
    >>> axes |= {"budget": (30, 300), "seed": (0, 1)}
    >>> shares = np.reshape([0.1, 0.2, 0.6, 0.7], (1, 1, 1, 2, 2))
    >>> arrays = {"validation_accuracy": shares, "test_accuracy": shares}
    >>> ax = figures.plot_accuracy_over_steps(Recording("demo", axes, arrays, {}), 20, ["none"])
    >>> ax.get_xlabel(), ax.lines[0].get_ydata().round(2).tolist()
    ('training steps', [0.15, 0.65])
    """
    ax = axes_or_new(ax)
    for i, kind in enumerate(kinds):
        found = list(_run(recording, "budget", kind=kind, depth=depth))
        _checks.require(bool(found), "`kinds`", f"run at {depth} {layers}", kind)
        steps, accuracy = zip(*found, strict=True)
        plot_band(ax, steps, np.array(accuracy), KINDS[kind], i)
    mark_chance(ax, CHANCE)
    ax.set(xscale="log", xlabel="training steps", ylabel="test accuracy", ylim=(0, 1))
    tick(ax, *_spaced(recording.axes["budget"]))
    ax.set_title(f"{depth} {layers}")
    beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
    ax.legend(fontsize=9, **({"loc": "best"} if len(kinds) <= 4 else beside))
    return ax


def plot_accuracy_by_kind(
    recording: Recording, depth: int, budget: int, *, ax: Axes | None = None
) -> Axes:
    """Test accuracy of each kind of network that was run: a dot a seed, and their median.

    Each kind stands at the rate that validation chose. The dashed line is the plain network's
    median.

    Parameters
    ----------
    recording : Recording
        Of ``deep_convolutions``.
    depth : int
        Number of convolutions.
    budget : int
        Training steps.

    Examples
    --------
    >>> from steadynet import figures
    >>> from steadynet.recording import Recording
    >>> axes = {"kind": ("none", "batch norm"), "depth": (20,), "learning_rate": (0.1,)}
    >>> axes |= {"budget": (30,), "seed": (0, 1)}
    >>> shares = np.reshape([0.1, 0.2, 0.6, 0.7], (2, 1, 1, 1, 2))
    >>> arrays = {"validation_accuracy": shares, "test_accuracy": shares}
    >>> ax = figures.plot_accuracy_by_kind(Recording("demo", axes, arrays, {}), 20, 30)
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['plain', 'batch norm']
    """
    ax = axes_or_new(ax)
    found = dict(_run(recording, "kind", depth=depth, budget=budget))
    for y, (kind, accuracy) in enumerate(found.items()):
        colour = "0.3" if kind == "none" else COLOURS[0]
        ax.plot(accuracy, [y] * len(accuracy), "o", ms=4, alpha=0.5, color=colour)
        ax.plot(np.median(accuracy), y, "|", ms=14, mew=3, color=colour)
    if "none" in found:
        ax.axvline(np.median(found["none"]), color="0.3", lw=1, ls="--")
    ax.axvline(CHANCE, color="0.5", lw=1, ls=":")
    ax.set_yticks(range(len(found)), [KINDS[kind] for kind in found])
    ax.set(xlabel="test accuracy", xlim=(0, 1), ylim=(len(found) - 0.5, -0.5))
    ax.set_title(f"{depth} convolutions, {budget:,} steps")
    return ax


def plot_accuracy_over_batch_sizes(
    recording: Recording, *, budget: int | None = None, ax: Axes | None = None
) -> Axes:
    """Test accuracy over batch sizes: median and range over seeds, a band a kind of network.

    Parameters
    ----------
    recording : Recording
        Of ``convolution_batch_size``.
    budget : int, optional
        Training steps; the most that were recorded by default.

    Examples
    --------
    >>> from steadynet import figures
    >>> from steadynet.recording import Recording
    >>> axes = {"kind": ("none",), "batch_size": (8, 32), "learning_rate": (0.1,)}
    >>> axes |= {"budget": (30,), "seed": (0, 1)}
    >>> shares = np.reshape([0.1, 0.2, 0.6, 0.7], (1, 2, 1, 1, 2))
    >>> arrays = {"validation_accuracy": shares, "test_accuracy": shares}
    >>> ax = figures.plot_accuracy_over_batch_sizes(Recording("demo", axes, arrays, {}))
    >>> ax.get_title(), ax.lines[0].get_xdata().tolist()
    ('30 steps', [8, 32])
    """
    ax, steps = axes_or_new(ax), recording.axes["budget"][-1] if budget is None else budget
    for i, kind in enumerate(recording.axes["kind"]):
        found = list(_run(recording, "batch_size", kind=kind, budget=steps))
        if found:
            sizes, accuracy = zip(*found, strict=True)
            plot_band(ax, sizes, np.array(accuracy), KINDS[kind], i)
    mark_chance(ax, CHANCE)
    ax.set(xscale="log", xlabel="batch size", ylabel="test accuracy", ylim=(0, 1))
    tick(ax, recording.axes["batch_size"])
    ax.set_title(f"{steps:,} steps")
    ax.legend(loc="lower right", fontsize=9)
    return ax


def _run(recording: Recording, axis: str, **at: Any) -> Iterator[tuple[Any, np.ndarray]]:
    """The values of an axis that were run, each with every seed's accuracy at its chosen rate."""
    for value in recording.axes[axis]:
        point = {**at, axis: value}
        if np.isfinite(recording.get("validation_accuracy", **point)).any():
            yield value, at_chosen_rate(recording, "test_accuracy", **point)


def _spaced(budgets: Sequence[int]) -> tuple[list[int], list[str]]:
    """Those that have room on a log axis: the last, and what is at most half of the one after."""
    kept = [budgets[-1]]
    for budget in reversed(budgets):
        if 2 * budget <= kept[0]:
            kept.insert(0, budget)
    return kept, [f"{budget:,}" for budget in kept]
