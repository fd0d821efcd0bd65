"""The figure of the chapter on training in a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.rounding import APART
from steadynet.figures.style import axes_or_new, look, plot_band, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from steadynet.recording import Recording


def plot_rounding(recording: Recording, *, ax: Axes | None = None) -> Axes:
    """How far runs that differ in rounding come apart: a band a threshold, and TensorFlow's own.

    Parameters
    ----------
    recording : Recording
        Of ``rounding``.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("rounding")
    >>> figures.plot_rounding(runs).get_legend().get_title().get_text()
    'clip threshold'
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
    ax.legend(
        title="clip threshold", fontsize=9, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0)
    )
    return ax
