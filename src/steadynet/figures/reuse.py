"""Figures of the chapters on reusing pretrained layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Arc, FancyBboxPatch

from steadynet.experiments import frozen_layers
from steadynet.figures.style import COLOURS, axes_or_new, look, mark_chance, plot_band, tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from steadynet.recording import Recording

CHANCE = 1 / 3
STARTS = {"pretrained": "pretrained", "random": "random filters"}
SOURCES = {
    "similar": "similar classes",
    "dissimilar": "dissimilar classes",
    "itself": "the same classes",
    "random": "random filters",
}
OLD = ("convolution 1", "convolution 2", "convolution 3", "hidden", "7 kinds of clothing")
NEW = (*OLD[:3], "new hidden", "3 kinds of footwear")
WIDTH, HEIGHT, GAP, APART = 2.5, 0.62, 0.38, 4.1


def plot_reuse_idea(n_frozen: int = 3, *, ax: Axes | None = None) -> Axes:
    """Two networks side by side: the lower layers of one are copied into the other and locked.

    Parameters
    ----------
    n_frozen : int
        From 0 to 4: layers that are copied and frozen.

    Examples
    --------
    >>> from steadynet import figures
    >>> ax = figures.plot_reuse_idea(n_frozen=2)
    >>> sum(patch.get_gid() == "lock" for patch in ax.patches)
    2
    """
    ax = axes_or_new(ax)
    for column, names in enumerate((OLD, NEW)):
        x = column * APART
        for i, name in enumerate(names):
            y, reused = i * (HEIGHT + GAP), i < n_frozen
            _box(ax, x, y, name, COLOURS[0] if reused else ("0.45", COLOURS[1])[column])
            rise = {"arrowstyle": "-|>", "color": "0.4", "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", (x, y), (x, y - GAP), arrowprops=rise)
            if reused and column:
                _lock(ax, x + WIDTH / 2 - 0.28, y + HEIGHT / 2)
        ax.text(x, -GAP - 0.08, ("clothing", "footwear")[column], ha="center", va="top")
    for i in range(n_frozen):
        y = i * (HEIGHT + GAP) + HEIGHT / 2
        over = {"arrowstyle": "-|>", "color": COLOURS[0], "lw": 2, "shrinkA": 2, "shrinkB": 2}
        ax.annotate("", (APART - WIDTH / 2, y), (WIDTH / 2, y), arrowprops=over)
        if i == n_frozen - 1:
            ax.text(APART / 2, y + 0.14, "copy\nweights", ha="center", color=COLOURS[0], fontsize=9)
    top = len(OLD) * (HEIGHT + GAP)
    for x, title in ((0, "trained on many pictures"), (APART, "to train on few")):
        ax.text(x, top - 0.1, title, ha="center", va="bottom", fontweight="bold")
    ax.set(xlim=(-1.5, APART + 1.5), ylim=(-0.9, top + 0.35), aspect="equal")
    ax.set_axis_off()
    return ax


def plot_accuracy_by_frozen(
    recording: Recording,
    task: str,
    labels: Sequence[int] = (10, 100, 1000),
    *,
    ax: Axes | None = None,
) -> Axes:
    """Test accuracy over frozen layers, a line a number of labels, with scratch as reference.

    Parameters
    ----------
    recording : Recording
        Of ``frozen_layers``.
    task : {"footwear", "tops"}
    labels : sequence of int

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("frozen_layers")
    >>> figures.plot_accuracy_by_frozen(runs, "footwear").get_xlabel()
    'frozen layers, of 5'
    """
    ax, frozen = axes_or_new(ax), recording.axes["n_frozen"]
    for i, n in enumerate(labels):
        found = frozen_layers.final(recording, task=task, start="pretrained", labels=n)
        plot_band(ax, frozen, found, f"{n:,} labels", i)
        scratch = frozen_layers.final(recording, task=task, start="random", n_frozen=0, labels=n)
        ax.axhline(np.median(scratch), color=look(i)["color"], ls="--", lw=1.3)
    ax.plot([], [], "--", color="0.3", lw=1.3, label="from scratch")
    mark_chance(ax, CHANCE)
    ax.set(xlabel="frozen layers, of 5", ylabel="test accuracy", ylim=(0.28, 1), title=task)
    ax.set_xticks(frozen)
    return ax


def plot_accuracy_by_labels(
    recording: Recording, task: str, n_frozen: int = 2, *, ax: Axes | None = None
) -> Axes:
    """Test accuracy over labelled pictures: some pretrained layers frozen, and from scratch.

    Parameters
    ----------
    recording : Recording
        Of ``frozen_layers``.
    task : {"footwear", "tops"}
    n_frozen : int
        Of the pretrained start.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("frozen_layers")
    >>> ax = figures.plot_accuracy_by_labels(runs, "footwear")
    >>> [line.get_label() for line in ax.lines[:2]]
    ['pretrained, 2 frozen', 'from scratch']
    """
    ax, labels = axes_or_new(ax), recording.axes["labels"]
    for i, (words, start) in enumerate(_starts(n_frozen)):
        plot_band(ax, labels, frozen_layers.final(recording, task=task, **start), words, i)
    mark_chance(ax, CHANCE)
    ax.set(xscale="log", xlabel="labelled pictures", ylabel="test accuracy", title=task)
    ax.set(ylim=(0.28, 1))
    tick(ax, labels, [f"{n:,}" for n in labels])
    ax.legend(loc="lower right")
    return ax


def plot_transfer_curves(
    recording: Recording, task: str, labels: int, n_frozen: int = 2, *, ax: Axes | None = None
) -> Axes:
    """Test accuracy over steps, pretrained and from scratch: thin lines are seeds.

    Parameters
    ----------
    recording : Recording
        Of ``frozen_layers``.
    task : {"footwear", "tops"}
    labels : int
    n_frozen : int
        Of the pretrained start.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("frozen_layers")
    >>> figures.plot_transfer_curves(runs, "footwear", 100).get_title()
    'footwear, 100 labels'
    """
    ax = axes_or_new(ax)
    for i, (words, start) in enumerate(_starts(n_frozen)):
        runs = recording.get("accuracy", task=task, labels=labels, **start).T
        steps = frozen_layers.EVERY * (np.arange(len(runs)) + 1)
        ax.plot(steps, runs, color=look(i)["color"], lw=0.7, alpha=0.5)
        ax.plot(steps, np.median(runs, axis=1), label=words, ms=5, **look(i))
    mark_chance(ax, CHANCE)
    ax.set(xlabel="step", ylabel="test accuracy", ylim=(0.28, 1))
    ax.set_title(f"{task}, {labels:,} labels")
    ax.legend(loc="lower right")
    return ax


def plot_transferability(recording: Recording, held: str, *, ax: Axes | None = None) -> Axes:
    """Test accuracy over reused layers, a line a source: Yosinski's figure 2, in small.

    Parameters
    ----------
    recording : Recording
        Of ``transferability``.
    held : {"frozen", "fine-tuned"}
        What the reused layers are: BnB and AnB, or BnB+ and AnB+.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("transferability")
    >>> figures.plot_transferability(runs, "frozen").get_xlabel()
    'reused layers, of 5'
    """
    ax, counts = axes_or_new(ax), recording.axes["n_reused"]
    base = recording.get("base", source="random", held=held)[0]
    for i, source in enumerate(recording.axes["source"]):
        found = recording.get("accuracy", source=source, held=held)
        plot_band(ax, counts, found, SOURCES[source], i)
    ax.axhline(np.median(base), color="0.3", ls="--", lw=1.3, label="nothing reused")
    ax.set(xlabel="reused layers, of 5", ylabel="test accuracy", ylim=(0.45, 0.85), title=held)
    ax.set_xticks(counts)
    return ax


def plot_cached_features(recording: Recording, *, ax: Axes | None = None) -> Axes:
    """Milliseconds a step through frozen layers and on their cached features.

    Parameters
    ----------
    recording : Recording
        Of ``cached_features``.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("cached_features")
    >>> figures.plot_cached_features(runs).get_ylabel()
    'milliseconds a step'
    """
    ax, frozen = axes_or_new(ax), recording.axes["n_frozen"]
    names = {"ms_recomputed": "through frozen layers", "ms_cached": "on cached features"}
    for i, (name, label) in enumerate(names.items()):
        plot_band(ax, frozen, recording.get(name), label, i)
    ax.set(xlabel="frozen layers, of 5", ylabel="milliseconds a step")
    ax.set_xticks(frozen)
    ax.set_ylim(bottom=0)
    ax.legend()
    return ax


def plot_picture_size(recording: Recording, *, ax: Axes | None = None) -> Axes:
    """Test accuracy over the side of the pictures, resized inside the network.

    Parameters
    ----------
    recording : Recording
        Of ``picture_size``.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("picture_size")
    >>> figures.plot_picture_size(runs).get_xlabel()
    'side of the pictures (pixels)'
    """
    ax, sides = axes_or_new(ax), recording.axes["side"]
    plot_band(ax, sides, recording.get("accuracy"), "resized to 28 × 28", 0)
    ax.axvline(28, color="0.3", ls="--", lw=1.3, label="as the network was trained")
    ax.set(xscale="log", xlabel="side of the pictures (pixels)", ylabel="test accuracy")
    ax.set_ylim(0.8, 1)
    tick(ax, sides)
    ax.legend(loc="lower right")
    return ax


def _starts(n_frozen: int) -> Iterator[tuple[str, dict[str, str | int]]]:
    """The two starts that are compared: in words, and where they stand in the recording."""
    yield f"pretrained, {n_frozen} frozen", {"start": "pretrained", "n_frozen": n_frozen}
    yield "from scratch", {"start": "random", "n_frozen": 0}


def _box(ax: Axes, x: float, y: float, name: str, colour: str) -> None:
    """One layer of a drawing."""
    shape = "round,pad=0,rounding_size=0.12"
    corner = (x - WIDTH / 2, y)
    box = FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle=shape, fc=colour, ec="none", alpha=0.2)
    ax.add_patch(box)
    ax.add_patch(FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle=shape, fc="none", ec=colour))
    ax.text(x - 0.08, y + HEIGHT / 2, name, ha="center", va="center", fontsize=9)


def _lock(ax: Axes, x: float, y: float) -> None:
    """A padlock: frozen."""
    corners, body = "round,pad=0,rounding_size=0.03", ((x - 0.11, y - 0.17), 0.22, 0.2)
    ax.add_patch(FancyBboxPatch(*body, boxstyle=corners, fc=COLOURS[0], ec="none", gid="lock"))
    ax.add_patch(Arc((x, y + 0.03), 0.15, 0.22, theta1=0, theta2=180, color=COLOURS[0], lw=1.8))
