"""How far the networks of the convolutions explorer are apart, and what was not run, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from steadynet import figures
from steadynet.demos.deep_convolutions.runs import BEST, PLAIN, run_at
from steadynet.figures.convolutions import KINDS
from steadynet.recording import Recording


def outcome(recorded: Recording, kind: str, **at: Any) -> str:
    """Say how far the two networks are apart at a setting, and at another number of steps.

    Parameters
    ----------
    recorded : Recording
        Of ``deep_convolutions``.
    kind : str
        What is added to the plain network.
    **at
        Depth, learning rate and budget.

    Returns
    -------
    str
        One or two sentences; what was not run is said.
    """
    (rate, accuracy), (plain_rate, plain) = (
        run_at(recorded, kind=each, **at) for each in (kind, PLAIN)
    )
    if rate is None:
        return f"{_upper(KINDS[kind])} {not_run(recorded, kind=kind, **at)}"
    mine = f"{_percent(accuracy)} % right with {KINDS[kind]} (rate {figures.say(rate)})"
    mine = f"After {at['budget']:,} steps: {mine}"
    if plain_rate is None:
        return f"{mine}. The plain network {not_run(recorded, kind=PLAIN, **at)}"
    apart = [round(100 * gap) for gap in np.sort(accuracy - plain)[[0, -1]]]
    said = f"{mine}, {_percent(plain)} % without (rate {figures.say(plain_rate)}): "
    spread = f"{_signed(apart[0])} to {_signed(apart[1])} by seed"
    said += f"{_points(_gap(accuracy, plain))} ({spread})."
    return " ".join([said, *_elsewhere(recorded, kind, **at)])


def not_run(recorded: Recording, *, kind: str, **at: Any) -> str:
    """Say which part of a setting a network was not run at, and where it was.

    Parameters
    ----------
    recorded : Recording
        Of ``deep_convolutions``.
    kind : str
    **at
        Depth, learning rate and budget.

    Returns
    -------
    str
        The end of a sentence that begins with the network.
    """
    was = ~np.isnan(recorded.get("validation_accuracy", kind=kind)).all(axis=-1)
    depths, rates, budgets = (recorded.axes[axis] for axis in ("depth", "learning_rate", "budget"))
    depth, rate = at["depth"], at["learning_rate"]
    if not was.any():
        return "was not run."
    here = was[depths.index(depth)]
    if not here.any():
        where = _listed([f"{d}" for d in _those(depths, was.any((1, 2)))])
        return f"was not run with {depth} convolutions, only with {where}."
    there = here if rate == BEST else here[[rates.index(rate)]]
    if not there.any():
        where = _listed([figures.say(r) for r in _those(rates, here.any(1))])
        return f"was not run at rate {figures.say(rate)} here, only at {where}."
    last = max(_those(budgets, there.any(0)))
    return f"was not run for {at['budget']:,} steps here, only up to {last:,}."


def _those(values: Sequence[Any], which: np.ndarray) -> list[Any]:
    """The values where it is true."""
    return [value for value, yes in zip(values, which, strict=True) if yes]


def _elsewhere(recorded, kind, *, budget, **at):
    """The points after the last number of steps; there, the most there were, and longer runs'."""
    gaps = _gaps(recorded, kind, **at)
    last, widest = max(gaps), max(gaps, key=lambda each: abs(gaps[each]))
    if budget != last:
        yield f"After {last:,}: {_signed(gaps[last])}."
        return
    if widest != last:
        yield f"At most, after {widest:,}: {_signed(gaps[widest])}."
    longer = _gaps(recorded.stresses["long"], kind, **at) if "long" in recorded.stresses else {}
    if longer and max(longer) > last:
        yield f"In longer runs, after {max(longer):,}: {_signed(longer[max(longer)])}."


def _gaps(recorded, kind, *, depth, learning_rate):
    """The points after each number of steps to which both networks were run at a setting."""
    gaps: dict[int, int] = {}
    axes, rates = recorded.axes, (BEST, *recorded.axes["learning_rate"])
    if kind not in axes["kind"] or depth not in axes["depth"] or learning_rate not in rates:
        return gaps
    at = {"depth": depth, "learning_rate": learning_rate}
    for budget in axes["budget"]:
        pair = [run_at(recorded, kind=each, budget=budget, **at)[1] for each in (kind, PLAIN)]
        if not np.isnan(pair).any():
            gaps[budget] = _gap(*pair)
    return gaps


def _percent(accuracy: np.ndarray) -> int:
    """The median over seeds in whole percent."""
    return round(100 * float(np.median(accuracy)))


def _gap(accuracy: np.ndarray, plain: np.ndarray) -> int:
    """The difference of the two percentages that are said."""
    return _percent(accuracy) - _percent(plain)


def _signed(count: int) -> str:
    """A whole number with a minus as it is printed."""
    return f"{count}".replace("-", "−")


def _points(count: int) -> str:
    """A difference of two percentages."""
    return f"{_signed(count)} point{'' if abs(count) == 1 else 's'}"


def _listed(words: Sequence[str]) -> str:
    """A, B and C."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _upper(words: str) -> str:
    """With a capital letter in front."""
    return words[:1].upper() + words[1:]
