"""Figures of the chapter on exploding gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from steadynet.figures.style import MARKS, axes_or_new, plot_band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from steadynet.recording import Recording


def plot_backward_norms(
    recording: Recording, way: str, activation: str, *, ax: Axes | None = None
) -> Axes:
    """Gradient norm at every layer or step relative to the last one, a line a gain.

    Parameters
    ----------
    recording : Recording
        Of ``gradient_flow``.
    way : {"depth", "time"}
        Through the layers of a deep network, or the steps of a recurrent one.
    activation : {"tanh", "relu"}
        Of the networks.

    Examples
    --------
    >>> from steadynet import figures, recording
    >>> runs = recording.load("gradient_flow")
    >>> figures.plot_backward_norms(runs, "time", "tanh").get_xlabel()
    'steps in time back from the loss'
    """
    ax = axes_or_new(ax)
    for i, gain in enumerate(recording.axes["gain"]):
        norms = recording.get(way, activation=activation, gain=gain)
        back = (norms / norms[:, -1:])[:, ::-1].T
        plot_band(ax, np.arange(len(back)), back, f"{gain:g}", i, markevery=10)
    unit = {"depth": "layers", "time": "steps in time"}[way]
    ax.set(yscale="log", xlabel=f"{unit} back from the loss", ylabel="gradient norm, last = 1")
    ax.legend(title="gain", ncols=2, fontsize=9)
    ax.set_title(f"{activation}, through {'depth' if way == 'depth' else 'time'}", fontsize=11)
    return ax


def plot_cliff(
    surface: tuple[np.ndarray, np.ndarray, np.ndarray],
    paths: Sequence[tuple[str, np.ndarray]] = (),
    *,
    ax: Axes | None = None,
) -> Axes:
    """The error of the one-unit network over its two parameters, with paths of descent.

    Parameters
    ----------
    surface : (w, b, error)
        As `experiments.cliff.surface` gives it.
    paths : sequence of (label, path)
        Each path an array of shape (steps, 2): w and b. What leaves the picture is cut off.

    Examples
    --------
    >>> from steadynet import figures
    >>> from steadynet.experiments import cliff
    >>> ax = figures.plot_cliff(cliff.surface(21))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('$w$', '$b$')
    """
    ax, (w, b, error) = axes_or_new(ax), surface
    shades = ax.contourf(w, b, error, levels=14, cmap="cividis", alpha=0.75)
    ax.figure.colorbar(shades, ax=ax, label="error")
    for i, (label, path) in enumerate(paths):
        colour, mark = ("#d62728", "white")[i % 2], MARKS[i % len(MARKS)]
        ax.plot(*path.T, color=colour, marker=mark, ms=4, lw=1.5, mec="black", mew=0.4, label=label)
        ax.plot(*path[0], marker="*", ms=14, color="black", mec="white")
    ax.set(xlim=(w[0], w[-1]), ylim=(b[0], b[-1]), xlabel="$w$", ylabel="$b$")
    ax.grid(False)
    if paths:
        ax.legend(
            loc="upper right", labelcolor="black", facecolor="white", framealpha=0.8, frameon=True
        )
    return ax
