"""How ranges, conditions and verdicts of claims are said in words; no Sphinx here."""

from __future__ import annotations

import math
from typing import Final

from steadynet.experiments import Stress, Verdict
from steadynet.site.claims.quantities import number, steps

UNRECORDED: Final = "not recorded yet"
# A mark stands before each verdict's words: what differs is a shape, not a colour.
MARKS: Final = {
    "holds": "✓",
    "holds up to a boundary": "◐",
    "not decided": "?",
    "does not hold": "✗",
    UNRECORDED: "…",
}
PLURAL: Final = {"holds": "hold", "not decided": "are not decided", "does not hold": "do not hold"}


def counts(within: tuple[float, float], unit: str) -> str:
    """Direction and smallest effect that counts.

    >>> counts((2, math.inf), "points"), counts((-1, 1), "points")
    ('2 points or more', '−1 to 1 points: no effect worth speaking of')
    """
    low, high = within
    if math.isinf(high):
        return f"{_with(low, unit)} or more" + (": the direction alone" if low == 0 else "")
    if math.isinf(low):
        return f"{_with(high, unit)} or less" + (": the direction alone" if high == 0 else "")
    if low == -high:
        return f"{number(low)} to {_with(high, unit)}: no effect worth speaking of"
    return f"{number(low)} to {_with(high, unit)}"


def _with(value: float, unit: str) -> str:
    """A number with its unit; what has none counts nothing."""
    return f"{number(value)} {unit}".strip()


def where(stress: Stress | None, budget: int | None) -> str:
    """Under which condition a claim was tried.

    >>> where(Stress("wide", "twice the channels"), 300), where(None, 300), where(None, None)
    ('twice the channels, at 300 steps', 'at 300 steps', 'as recorded')
    """
    parts = (stress.what if stress else "", f"at {steps(budget)}" if budget is not None else "")
    return ", ".join(filter(None, parts)) or "as recorded"


def verdict_words(verdict: Verdict, stresses: dict[str, Stress]) -> str:
    """The verdict, and the boundary of a claim that does not hold everywhere."""
    places = []
    for one in verdict.boundary:
        stress = stresses.get(one.stress)
        places.append(f"{one.outcome} {'with ' if stress else ''}{where(stress, one.budget)}")
    return verdict.kind + (": " + "; ".join(places) if places else "")


def written(verdict: Verdict) -> str:
    """Whether the recordings know the claim."""
    if verdict.before:
        return "before its recording, word for word"
    return "not before its recording, or changed since"


def marked(outcome: str) -> str:
    """An outcome with its mark.

    >>> marked("does not hold")
    '✗ does not hold'
    """
    return f"{MARKS[outcome]} {outcome}"


def tally(kinds: list[str]) -> list[tuple[str, str]]:
    """How many claims have each verdict, a mark and words each; what no claim has is left out.

    >>> tally(["holds", "holds", "does not hold"])
    [('✓', '2 hold'), ('✗', '1 does not hold')]
    """
    numbered = [(kind, kinds.count(kind)) for kind in MARKS]
    return [(MARKS[kind], f"{n} {_verb(kind, n)}") for kind, n in numbered if n]


def _verb(kind: str, n: int) -> str:
    """A kind of verdict after a number of claims."""
    if n == 1:
        return kind if kind.startswith(("holds", "does")) else f"is {kind}"
    return PLURAL.get(kind) or (kind.replace("holds", "hold") if "holds" in kind else f"are {kind}")
