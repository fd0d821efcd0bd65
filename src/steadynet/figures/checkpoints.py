"""Figures and the table of the chapter on models that someone else trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.figures.style import COLOURS, MARKS, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["formats_table", "plot_differences", "plot_name_map"]

_DARK, _GREY = "0.1", "0.5"


def plot_name_map(
    theirs: Sequence[str],
    ours: Sequence[str],
    name_map: Mapping[str, str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw what a file holds, what a model needs, and a line between each pair of names.

    Names without a partner are grey.

    Parameters
    ----------
    theirs : sequence of str
        Names in the file, from the top.
    ours : sequence of str
        Names in the model, from the top; before the slash stands the layer, a colour each.
    name_map : mapping of str to str, optional
        From ours to theirs. By default every name that is in both.

    Examples
    --------
    >>> from steadynet import figures
    >>> ours, theirs = ["one/kernel", "one/bias"], ["a/w", "step"]
    >>> ax = figures.plot_name_map(theirs, ours, {"one/kernel": "a/w"})
    >>> [line.get_label() for line in ax.lines]
    ['one/kernel']
    """
    ax = axes_or_new(ax)
    if name_map is None:
        name_map = {name: name for name in ours if name in theirs}
    layers = list(dict.fromkeys(_layer(name) for name in name_map))
    colours = {ours: COLOURS[layers.index(_layer(ours)) % len(COLOURS)] for ours in name_map}
    used = set(name_map.values())
    text: dict[str, Any] = {"va": "center", "family": "monospace", "fontsize": 9}
    for i, name in enumerate(theirs):
        ax.text(-0.03, i, name, ha="right", color=_DARK if name in used else _GREY, **text)
    for i, name in enumerate(ours):
        ax.text(1.03, i, name, ha="left", color=_DARK if name in name_map else _GREY, **text)
        if name in name_map:
            places = [theirs.index(name_map[name]), i]
            ax.plot([0, 1], places, color=colours[name], lw=1.6, label=name)
    ax.text(-0.03, -1.2, "in the file", ha="right", weight="bold")
    ax.text(1.03, -1.2, "in the model", ha="left", weight="bold")
    ax.set(xlim=(-1.75, 2.75), ylim=(max(len(theirs), len(ours)) - 0.4, -2))
    ax.set_axis_off()
    return ax


def plot_differences(
    groups: Mapping[str, Mapping[str, float]],
    *,
    tolerance: float,
    least: float = 1e-8,
    ax: Axes | None = None,
) -> Axes:
    """Draw how far logits are off, on a log scale: a row each, a colour a group.

    Parameters
    ----------
    groups : mapping of str to mapping of str to float
        Group, then row, then the largest difference over the logits' standard deviation.
    tolerance : float
        What rounding may make of equal logits; drawn as a dotted line.
    least : float
        Where differences at or below it are drawn, 0 among them.

    Examples
    --------
    >>> from steadynet import figures
    >>> groups = {"right": {"as it should be": 0.0}, "wrong": {"kernel turned": 0.5}}
    >>> ax = figures.plot_differences(groups, tolerance=1e-4)
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['as it should be', 'kernel turned']
    """
    ax, names = axes_or_new(ax), [name for rows in groups.values() for name in rows]
    for i, (group, rows) in enumerate(groups.items()):
        x = np.maximum(list(rows.values()), least)
        y = np.array([names.index(name) for name in rows])
        ax.hlines(y, least, x, color=COLOURS[i], lw=2)
        ax.plot(x, y, ls="", marker=MARKS[i], color=COLOURS[i], label=group, ms=8)
        for row in y[x <= least]:
            ax.text(1.7 * least, row, "equal", va="center", fontsize=9, color="0.3")
    ax.axvline(tolerance, color="0.3", lw=1, ls=":")
    # Between the marks of two rows nothing is in its way.
    ax.text(tolerance, -0.9, " tolerance", ha="left", va="center", fontsize=9, color="0.3")
    ax.set(xscale="log", xlim=(least / 2, None), ylim=(len(names) - 0.5, -1.3))
    ax.set(xlabel="difference (standard deviations)")
    ax.set_yticks(range(len(names)), names)
    ax.grid(visible=False, axis="y")
    ax.legend(loc="upper center", bbox_to_anchor=(0.3, -0.18), ncols=2, fontsize=9)
    return ax


def formats_table(kept: Mapping[str, Mapping[str, bool | int]]) -> str:
    """Write what each way of saving keeps as a Markdown table: a row a property.

    Parameters
    ----------
    kept : mapping of str to mapping of str to bool or int
        Of `steadynet.checkpoints.what_each_keeps`.

    Returns
    -------
    str

    Examples
    --------
    >>> print(formats_table({"A": {"layers": True, "bytes": 1200}, "B": {"layers": False}}))
    | kept | A | B |
    | :-- | :-: | :-: |
    | layers | yes | no |
    | bytes | 1,200 |  |
    """
    breakable = [name.replace(".", ".\u200b") for name in kept]
    properties = list(dict.fromkeys(name for row in kept.values() for name in row))
    lines = [["kept", *breakable], [":--", *[":-:"] * len(kept)]]
    lines += [[name, *(_say(row.get(name)) for row in kept.values())] for name in properties]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _layer(name: str) -> str:
    """The layer that a weight belongs to."""
    return name.partition("/")[0]


def _say(value: bool | int | None) -> str:
    """One entry as people say it; nothing where nothing was measured."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}"
