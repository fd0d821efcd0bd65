"""The figure of the chapter on training in a page."""

from __future__ import annotations

import numpy as np

from steadynet.experiments.rounding import APART
from steadynet.figures.style import axes_or_new, look, plot_band, say


def plot_rounding(recording, *, ax=None):
    """How far runs that differ in rounding come apart: a band a threshold, and TensorFlow's own.

    Parameters
    ----------
    recording : Recording
        Of ``rounding``.
    ax : Axes, optional
        A new one by default.

    Returns
    -------
    Axes
    """
    ax = axes_or_new(ax)
    ours, theirs = recording.axes["other"]
    for i, threshold in enumerate(recording.axes["threshold"]):
        at = {"threshold": threshold}
        gap = recording.get("gap", other=ours, **at).T
        steps = APART * np.arange(1, len(gap) + 1)
        plot_band(ax, steps, gap, say(threshold), i, markevery=10)
        again = np.median(recording.get("gap", other=theirs, **at), axis=0)
        ax.plot(steps, again, ls=":", lw=1.5, color=look(i)["color"])
    ax.plot([], ls=":", lw=1.5, color="grey", label="TensorFlow from itself")
    ax.set(yscale="log", xlabel="step", ylabel="distance of the weights\n(share of their length)")
    ax.set_ylim(1e-8, 5)
    above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
    ax.legend(title="clip threshold", fontsize=9, ncols=4, **above)
    return ax
