"""How figures look: one palette, one size, words as people say them."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

__all__ = [
    "COLOURS",
    "MARKS",
    "as_svg",
    "axes_or_new",
    "look",
    "mark_chance",
    "plot_band",
    "say",
    "tick",
    "use_style",
]

# Okabe and Ito's palette, told apart by every common kind of colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKS = ("o", "s", "^", "D", "v", "P")

_STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.figsize": (6.0, 3.4),
    "font.size": 11,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "svg.fonttype": "none",
    "svg.hashsalt": "steadynet",
}


def use_style() -> None:
    """Draw this session's figures in the book's style, as SVG where a notebook shows them.

    Examples
    --------
    >>> use_style()
    >>> mpl.rcParams["axes.spines.top"]
    False
    """
    mpl.rcParams.update(_STYLE)
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg")


def axes_or_new(ax: Axes | None = None) -> Axes:
    """The Axes given, or those of a new figure."""
    return plt.subplots()[1] if ax is None else ax


def say(value: float) -> str:
    """A number as people say it: 0.01, 100, never.

    Examples
    --------
    >>> [say(v) for v in (0.01, 1.0, 100.0, math.inf)]
    ['0.01', '1', '100', 'never']
    """
    return "never" if math.isinf(value) else f"{value:.10g}"


def look(index: int) -> dict[str, Any]:
    """Colour and mark of the index-th line; after six they come round again."""
    return {"color": COLOURS[index % len(COLOURS)], "marker": MARKS[index % len(MARKS)]}


def plot_band(
    ax: Axes, x: ArrayLike, values: np.ndarray, label: str, index: int, **options: Any
) -> None:
    """Median over the last axis as a line, and the range over it as a band."""
    style = look(index)
    ax.plot(x, np.median(values, axis=-1), label=label, markersize=4, **style, **options)
    low, high = values.min(axis=-1), values.max(axis=-1)
    ax.fill_between(x, low, high, color=style["color"], alpha=0.2, lw=0)


def mark_chance(ax: Axes, share: float) -> None:
    """A dotted line at what guessing gives."""
    ax.axhline(share, color="0.5", lw=1, ls=":")


def tick(ax: Axes, values: Iterable[float], words: Sequence[str] | None = None) -> None:
    """One tick a value on a log axis, with its number as people say it, and none between."""
    places = list(values)
    ax.set_xticks(places, words or [say(float(place)) for place in places])
    ax.minorticks_off()


def as_svg(plot: Callable[..., Axes], *args: Any, **options: Any) -> str:
    """Draw one figure off screen and return it as SVG text.

    Parameters
    ----------
    plot : callable
        One of the ``plot_*`` functions.
    *args, **options
        What it takes.

    Returns
    -------
    str
        An ``<svg>`` element.

    Examples
    --------
    >>> from steadynet import figures
    >>> figures.as_svg(figures.plot_reuse_idea)[:4]
    '<svg'
    """
    with mpl.rc_context(_STYLE):
        figure = Figure()
        plot(*args, ax=figure.subplots(), **options)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    return text.getvalue()[text.getvalue().index("<svg") :]
