"""Figures of the chapters on reusing pretrained layers."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Arc, FancyBboxPatch

from steadynet.experiments import frozen_layers
from steadynet.figures.style import COLOURS, axes_or_new, look, plot_band, say

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


def plot_reuse_idea(n_frozen=3, *, ax=None):
    """Two networks side by side: the lower layers of one are copied into the other and locked.

    Parameters
    ----------
    n_frozen : int
        From 0 to 4: layers that are copied and frozen.
    ax : Axes, optional

    Returns
    -------
    Axes
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


def plot_frozen_sweep(recording, task, labels=(10, 100, 1000), *, ax=None):
    """Test accuracy over frozen layers, a line a number of labels, with scratch as reference.

    Parameters
    ----------
    recording : Recording
        Of ``frozen_layers``.
    task : {"footwear", "tops"}
    labels : sequence of int
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax, frozen = axes_or_new(ax), recording.axes["n_frozen"]
    for i, n in enumerate(labels):
        found = frozen_layers.final(recording, task=task, start="pretrained", labels=n)
        plot_band(ax, frozen, found, f"{n:,} labels", i)
        scratch = frozen_layers.final(recording, task=task, start="random", n_frozen=0, labels=n)
        ax.axhline(np.median(scratch), color=look(i)["color"], ls="--", lw=1.3)
    ax.plot([], [], "--", color="0.3", lw=1.3, label="from scratch")
    _chance(ax)
    ax.set(xlabel="frozen layers, of 5", ylabel="test accuracy", ylim=(0.28, 1), title=task)
    ax.set_xticks(frozen)
    return ax


def plot_accuracy_by_labels(recording, task, n_frozen=2, *, ax=None):
    """Test accuracy over labelled pictures: some pretrained layers frozen, and from scratch.

    Parameters
    ----------
    recording : Recording
        Of ``frozen_layers``.
    task : {"footwear", "tops"}
    n_frozen : int
        Of the pretrained start.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax, labels = axes_or_new(ax), recording.axes["labels"]
    for i, (start, n) in enumerate((("pretrained", n_frozen), ("random", 0))):
        found = frozen_layers.final(recording, task=task, start=start, n_frozen=n)
        words = f"pretrained, {n} frozen" if start == "pretrained" else "from scratch"
        plot_band(ax, labels, found, words, i)
    _chance(ax)
    ax.set(xscale="log", xlabel="labelled pictures", ylabel="test accuracy", title=task)
    ax.set(ylim=(0.28, 1))
    ax.set_xticks(labels, [f"{n:,}" for n in labels])
    ax.minorticks_off()
    ax.legend(loc="lower right")
    return ax


def plot_transfer_curves(recording, task, labels, n_frozen=2, *, ax=None):
    """Test accuracy over steps, pretrained and from scratch: thin lines are seeds.

    Parameters
    ----------
    recording : Recording
        Of ``frozen_layers``.
    task : {"footwear", "tops"}
    labels : int
    n_frozen : int
        Of the pretrained start.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = axes_or_new(ax)
    for i, (start, n) in enumerate((("pretrained", n_frozen), ("random", 0))):
        at = {"task": task, "start": start, "n_frozen": n, "labels": labels}
        runs = recording.get("accuracy", **at).T
        steps = frozen_layers.EVERY * (np.arange(len(runs)) + 1)
        words = f"pretrained, {n} frozen" if start == "pretrained" else "from scratch"
        ax.plot(steps, runs, color=look(i)["color"], lw=0.7, alpha=0.5)
        ax.plot(steps, np.median(runs, axis=1), label=words, ms=5, **look(i))
    _chance(ax)
    ax.set(xlabel="step", ylabel="test accuracy", ylim=(0.28, 1))
    ax.set_title(f"{task}, {labels:,} labels")
    ax.legend(loc="lower right")
    return ax


def plot_transferability(recording, held, *, ax=None):
    """Test accuracy over reused layers, a line a source: Yosinski's figure 2, in small.

    Parameters
    ----------
    recording : Recording
        Of ``transferability``.
    held : {"frozen", "fine-tuned"}
        What the reused layers are: BnB and AnB, or BnB+ and AnB+.
    ax : Axes, optional

    Returns
    -------
    Axes
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


def plot_cached_features(recording, *, ax=None):
    """Milliseconds a step through frozen layers and on their cached features.

    Parameters
    ----------
    recording : Recording
        Of ``cached_features``.
    ax : Axes, optional

    Returns
    -------
    Axes
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


def plot_picture_size(recording, *, ax=None):
    """Test accuracy over the side of the pictures, resized inside the network.

    Parameters
    ----------
    recording : Recording
        Of ``picture_size``.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax, sides = axes_or_new(ax), recording.axes["side"]
    plot_band(ax, sides, recording.get("accuracy"), "resized to 28 × 28", 0)
    ax.axvline(28, color="0.3", ls="--", lw=1.3, label="as the network was trained")
    ax.set(xscale="log", xlabel="side of the pictures (pixels)", ylabel="test accuracy")
    ax.set_ylim(0.8, 1)
    ax.set_xticks(sides, [say(float(side)) for side in sides])
    ax.minorticks_off()
    ax.legend(loc="lower right")
    return ax


def _box(ax, x, y, name, colour):
    """One layer of a drawing."""
    shape = "round,pad=0,rounding_size=0.12"
    corner = (x - WIDTH / 2, y)
    box = FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle=shape, fc=colour, ec="none", alpha=0.2)
    ax.add_patch(box)
    ax.add_patch(FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle=shape, fc="none", ec=colour))
    ax.text(x - 0.08, y + HEIGHT / 2, name, ha="center", va="center", fontsize=9)


def _lock(ax, x, y):
    """A padlock: frozen."""
    body = (x - 0.11, y - 0.17)
    ax.add_patch(
        FancyBboxPatch(
            body,
            0.22,
            0.2,
            boxstyle="round,pad=0,rounding_size=0.03",
            fc=COLOURS[0],
            ec="none",
            gid="lock",
        )
    )
    ax.add_patch(Arc((x, y + 0.03), 0.15, 0.22, theta1=0, theta2=180, color=COLOURS[0], lw=1.8))


def _chance(ax):
    """A dotted line at what guessing among three classes gives."""
    ax.axhline(1 / 3, color="0.5", lw=1, ls=":")
