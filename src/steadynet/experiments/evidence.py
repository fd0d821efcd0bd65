"""Claims that are written down before the recording that decides them, and their verdicts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from steadynet import _checks
from steadynet.experiments.base import Number, said

if TYPE_CHECKING:
    from steadynet.recording import Recording

__all__ = ["Claim", "Judgement", "Outcome", "Verdict", "interval", "judge"]

Outcome: TypeAlias = Literal["holds", "not decided", "does not hold"]
HOLDS: Final = "holds"
UNDECIDED: Final = "not decided"
FAILS: Final = "does not hold"
COVERAGE = 0.93  # of an interval over seeds; the range of five covers their median with 0.9375


@dataclasses.dataclass(frozen=True)
class Claim:
    """One statement, and what would decide it: committed before it is recorded.

    Attributes
    ----------
    name : str
        What the chapters call it, unique in the book.
    statement : str
        What is claimed, in one sentence.
    measure : callable
        ``measure(recording, budget) -> ndarray``: one number a seed, paired where two arms are
        compared. More is not better by itself: `within` says.
    unit : str
        What the measure counts: "points of test accuracy", "times the steps", ….
    within : tuple of float
        Where the statement is true: direction and smallest effect that counts. (10, inf) is "at
        least 10", (-1, 1) "none worth speaking of". One side may be infinite.
    refuted_by : str
        What would refute it, in words.
    budget : int or None
        Steps after which it is decided; None where an experiment has no budgets.
    also : tuple of int
        Further budgets at which it is looked at. Where it fails is its boundary.
    stresses : mapping of str to int or None
        Stresses of the experiment that it must stand, and at which budget.
    control : str
        What it is compared with, if not the experiment's control.

    Raises
    ------
    ValueError
        If `within` is empty or holds every number, or the sentences do not end.

    Examples
    --------
    >>> from steadynet.recording import Recording
    >>> claim = Claim(
    ...     "sums-grow",
    ...     "The sum grows by 2 or more.",
    ...     lambda recording, budget: recording.get("sum", budget=budget),
    ...     "spots",
    ...     within=(2, math.inf),
    ...     refuted_by="A sum that grows by less than 2 on every seed.",
    ...     budget=10,
    ...     also=(20,),
    ... )
    >>> axes = {"budget": (10, 20), "seed": (0, 1, 2, 3, 4)}
    >>> sums = np.array([[2.0, 3, 4, 3, 2], [1, 3, 3, 3, 3]])
    >>> print(judge(claim, Recording("dice", axes, {"sum": sums}, {})))
    The sum grows by 2 or more. 3 spots (2 to 4): holds up to a boundary, not decided at 20 steps
    """

    name: str
    statement: str
    measure: Callable[[Recording, Any], np.ndarray]
    unit: str
    within: tuple[float, float]
    refuted_by: str
    budget: int | None = None
    also: tuple[int, ...] = ()
    stresses: Mapping[str, int | None] = dataclasses.field(default_factory=dict)
    control: str = ""

    def __post_init__(self):
        low, high = self.within
        some = low <= high and (math.isfinite(low) or math.isfinite(high))
        _checks.require(some, "`within`", "a range of some numbers, not all", self.within)
        for part in ("statement", "refuted_by"):
            sentence = getattr(self, part)
            _checks.require(sentence.endswith("."), f"`{part}`", "a sentence", sentence)

    def written(self) -> dict[str, Any]:
        """All that is written down of it before the recording, as JSON keeps it.

        Returns
        -------
        dict
            Every attribute but `measure`, which is code.
        """
        kept = dataclasses.asdict(dataclasses.replace(self, measure=None))  # type: ignore[arg-type]
        del kept["measure"]
        return {**kept, "within": [str(v) for v in self.within], "also": list(self.also)}

    def conditions(self) -> Iterator[tuple[str, int | None]]:
        """Stress ("" for none) and budget of each judgement, the deciding one first."""
        yield "", self.budget
        yield from (("", budget) for budget in self.also)
        yield from self.stresses.items()


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What one recording says of a claim at one budget.

    Attributes
    ----------
    stress : str
        Name of the stress; "" for the experiment as it is.
    budget : int or None
        In steps.
    effect, low, high : float
        Median over seeds, and an interval that covers the median of all seeds with 93 % or more.
    seeds : int
        How many there are.
    outcome : {"holds", "not decided", "does not hold"}
        Whether the interval lies within the claim's range, across its end, or outside.
    unit : str
        Of the claim.

    Examples
    --------
    >>> print(Judgement("wide", 300, 2.5, 1.0, 4.0, 5, "holds", "points"))
    wide, at 300 steps: 2.5 points (1 to 4), holds
    """

    stress: str
    budget: int | None
    effect: float
    low: float
    high: float
    seeds: int
    outcome: Outcome
    unit: str

    @property
    def where(self) -> str:
        """Stress and budget, in words."""
        steps = "" if self.budget is None else f"at {self.budget:,} steps"
        return ", ".join(filter(None, (self.stress.replace("_", " "), steps)))

    def __str__(self) -> str:
        spread = f"{self.low:.4g} to {self.high:.4g}"
        return f"{self.where}: {self.effect:.4g} {self.unit} ({spread}), {self.outcome}"

    def said(
        self, name: str, within: tuple[float, float], **parts: tuple[float, float] | None
    ) -> dict[str, Number]:
        """Effect and interval as numbers that a chapter says; as `Finding.said`."""
        return said(self, name, within, **parts)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A claim with all that its recordings say of it.

    Attributes
    ----------
    claim : Claim
    found : tuple of Judgement
        The deciding one first, then other budgets and the stresses.
    before : bool
        Whether every recording knows the claim, word for word: it was written before.

    Examples
    --------
    >>> rises = lambda recording, budget: recording.get("mean")
    >>> claim = Claim("up", "It rises.", rises, "", (0, math.inf), "A fall.")
    >>> found = Judgement("", None, 2.0, 1.0, 3.0, 5, "holds", "")
    >>> Verdict(claim, (found,), before=True).kind
    'holds'
    """

    claim: Claim
    found: tuple[Judgement, ...]
    before: bool

    @property
    def kind(self) -> str:
        """One of "holds", "holds up to a boundary", "not decided", "does not hold"."""
        if self.found[0].outcome != HOLDS:
            return self.found[0].outcome
        return "holds up to a boundary" if self.boundary else HOLDS

    @property
    def boundary(self) -> tuple[Judgement, ...]:
        """Where a claim that holds at its own budget does not hold, or is not decided."""
        rest = tuple(one for one in self.found[1:] if one.outcome != HOLDS)
        return rest if self.found[0].outcome == HOLDS else ()

    @property
    def words(self) -> str:
        """The kind of verdict and its boundary, as the experiment's `verdicts` has it."""
        places = [f"{one.outcome} {one.where}" for one in self.boundary]
        return ", ".join([self.kind, *places])

    def at(self, budget: int | None = None, stress: str = "") -> Judgement:
        """The judgement at a budget, under a stress.

        Raises
        ------
        KeyError
            If the claim was not judged there.
        """
        for one in self.found:
            if (one.stress, one.budget) == (stress, budget):
                return one
        known = [(one.stress, one.budget) for one in self.found]
        raise KeyError(f"`stress`, `budget` must be of {known}. Received: {(stress, budget)}")

    def __str__(self) -> str:
        first = self.found[0]
        spread = f"{first.low:.4g} to {first.high:.4g}"
        effect = f"{first.effect:.4g} {first.unit} ({spread})"
        return f"{self.claim.statement} {effect}: {self.words}"


def interval(values: ArrayLike) -> tuple[float, float]:
    """An interval that covers the median of all seeds, from those that were run.

    The k-th smallest and k-th largest of n values enclose the median but with probability
    ``2 P(B < k)``, B binomial with n and 1/2, whatever the distribution. k is the largest for which
    93 % are left: the range of five to seven values, the second of eight to ten.

    Parameters
    ----------
    values : array_like
        One a seed, at least five.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If there are fewer than five values: not even their range is that sure.

    Examples
    --------
    >>> interval([3, 1, 2, 5, 4]), interval(range(10))
    ((1.0, 5.0), (1.0, 8.0))

    References
    ----------
    Conover (1999), Practical Nonparametric Statistics, section 3.2.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n = ordered.size
    _checks.require(n >= 5, "`values`", "one a seed for five seeds or more", n)
    outside, k = 2 / 2**n, 1
    while outside + 2 * math.comb(n, k) / 2**n <= 1 - COVERAGE:
        outside, k = outside + 2 * math.comb(n, k) / 2**n, k + 1
    return float(ordered[k - 1]), float(ordered[-k])


def judge(claim: Claim, recording: Recording) -> Verdict:
    """Hold a claim against the recording and those of its stresses.

    Parameters
    ----------
    claim : Claim
    recording : Recording
        With the stresses that the claim names in its `stresses`.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from steadynet.recording import Recording
    >>> rises = lambda recording, budget: recording.get("rise")
    >>> claim = Claim("up", "It rises.", rises, "", (0, math.inf), "A fall.")
    >>> rise = np.array([0.5, 2.0, 1.0, -0.5, 3.0])
    >>> judge(claim, Recording("demo", {"seed": (0, 1, 2, 3, 4)}, {"rise": rise}, {})).words
    'not decided'
    """
    found, before = [], True
    for stress, budget in claim.conditions():
        recorded = recording.stresses[stress] if stress else recording
        found.append(_judged(claim, recorded, stress, budget))
        before &= claim.written() in recorded.meta.get("claims", ())
    return Verdict(claim, tuple(found), before)


def _judged(claim, recording, stress, budget):
    """What one recording says."""
    values = np.asarray(claim.measure(recording, budget), dtype=float)
    low, high = interval(values)
    effect, outcome = float(np.median(values)), _outcome(values, low, high, *claim.within)
    return Judgement(stress, budget, effect, low, high, values.size, outcome, claim.unit)


def _outcome(values: np.ndarray, low: float, high: float, least: float, most: float) -> Outcome:
    """Where an interval lies to the range in which a claim is true."""
    if np.isnan(values).any():
        return UNDECIDED
    if least <= low and high <= most:
        return HOLDS
    return FAILS if high < least or low > most else UNDECIDED
