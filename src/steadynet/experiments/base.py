"""What every experiment says of itself: its grid, how a point runs, its claims and numbers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from steadynet import _checks

if TYPE_CHECKING:
    from steadynet.experiments.evidence import Claim
    from steadynet.recording import Recording

__all__ = ["Experiment", "Finding", "Number", "Point", "Stress", "median_and_range"]

Point: TypeAlias = Mapping[str, Any]  # where on the grid a run stands: values by factor


@dataclasses.dataclass(frozen=True)
class Number:
    """One number that a chapter says of a recording, and where the words around it are true.

    Attributes
    ----------
    value : int or float
        What was measured; a NumPy scalar becomes Python's.
    within : tuple of float
        Smallest and largest value with which the sentence still says something true. One side may
        be infinite.
    meaning : str
        What it is, and its unit.
    power : bool
        Whether it is written as a power of ten, 2.1 × 10⁷.

    Raises
    ------
    ValueError
        If `within` is empty or holds every number.

    Examples
    --------
    >>> kept = Number(4, (3, 5), "seeds of 5 that keep what they learned")
    >>> print(kept)
    4 seeds of 5 that keep what they learned, said as 3 to 5: holds
    >>> dataclasses.replace(kept, value=2).holds
    False
    """

    value: float
    within: tuple[float, float]
    meaning: str
    power: bool = False

    def __post_init__(self):
        low, high = self.within
        if not low <= high or not (math.isfinite(low) or math.isfinite(high)):
            raise ValueError(f"`within` must hold some numbers, not all. Received: {low, high}")
        object.__setattr__(self, "value", np.asarray(self.value).item())

    @property
    def holds(self) -> bool:
        """Whether it is finite, and where the words around it are true."""
        low, high = self.within
        return math.isfinite(self.value) and low <= self.value <= high

    def __str__(self) -> str:
        low, high = self.within
        verdict = "holds" if self.holds else "does not hold"
        return f"{self.value:.4g} {self.meaning}, said as {low:g} to {high:g}: {verdict}"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One statement about a recording, with the effect that was measured.

    Attributes
    ----------
    statement : str
        What is claimed, in one sentence.
    effect : float
        The measured effect: the median over seeds where seeds differ.
    low, high : float
        Smallest and largest value over seeds, in the same unit.
    unit : str
        What `effect` counts: "steps", "share of seeds", "degrees", ….
    holds : bool
        Whether the recording supports the statement.

    Examples
    --------
    >>> saved = [12, 9, 15]  # steps that clipping saves, one number a seed
    >>> holds = min(saved) > 0
    >>> found = median_and_range(saved)
    >>> print(Finding("Clipping saves steps.", **found, unit="steps", holds=holds))
    Clipping saves steps. 12 steps (9 to 15 over seeds): holds
    """

    statement: str
    effect: float
    low: float
    high: float
    unit: str
    holds: bool

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "does not hold"
        spread = f"{self.low:.4g} to {self.high:.4g} over seeds"
        return f"{self.statement} {self.effect:.4g} {self.unit} ({spread}): {verdict}"

    def said(
        self, name: str, within: tuple[float, float], **parts: tuple[float, float] | None
    ) -> dict[str, Number]:
        """Effect and spread, as the numbers ``<name>-effect``, ``<name>-low`` and ``<name>-high``.

        Parameters
        ----------
        name : str
            What the chapters call it.
        within : tuple of float
            Where the words around the three are true, as in `Number`.
        **parts
            Another range for ``effect``, ``low`` or ``high``; None for one that no chapter says.

        Returns
        -------
        dict of str to Number

        Examples
        --------
        >>> gain = Finding("It gains.", 2.0, -0.5, 3.0, "points", holds=True)
        >>> {name: number.holds for name, number in gain.said("gain", (0, 5), high=None).items()}
        {'gain-effect': True, 'gain-low': False}
        """
        return said(self, name, within, **parts)


def said(
    found: Any, name: str, within: tuple[float, float], **parts: tuple[float, float] | None
) -> dict[str, Number]:
    """Effect, low and high of anything that has them and a unit; as `Finding.said`."""
    ranges = {"effect": within, "low": within, "high": within, **parts}
    return {
        f"{name}-{part}": Number(getattr(found, part), true, f"{found.unit} ({part}) in: {found}")
        for part, true in ranges.items()
        if true is not None
    }


@dataclasses.dataclass(frozen=True)
class Stress:
    """A harder or other setting in which claims are tried again, recorded beside the experiment.

    Attributes
    ----------
    name : str
        Part of the recording's file name: "wide", "long", "fresh_seeds".
    what : str
        What is other than in the experiment, in words.
    axes : mapping of str to tuple
        Values in place of the experiment's, for the axes that differ.
    changes : mapping
        What else every point holds for `run`: ``{"channels": 32}``.

    Examples
    --------
    >>> Stress("wide", "twice the channels", {"seed": (0, 1, 2, 3, 4)}, {"channels": 32}).name
    'wide'
    """

    name: str
    what: str
    axes: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    changes: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Experiment:
    """One question, the grid that answers it, and the claims made from the answers.

    Attributes
    ----------
    name : str
        Also the name of its module and of its recording.
    question : str
        What the experiment asks, as a reader would.
    axes : mapping of str to tuple
        Every factor and its values, in the order of the arrays' leading dimensions; "seed" is last.
    together : tuple of str
        Factors whose values one call of `run` covers at once (trained side by side, say).
    run : callable
        ``run(point) -> dict of arrays``. `point` maps a factor to one value, and a factor of
        `together` to the tuple of its values; those lead the arrays, in the order of `axes`.
    arrays : mapping of str to str
        What each array holds: unit, and what its trailing dimensions count.
    arms : mapping of str to str
        What is compared, and what each arm is, in words.
    control : str
        What the arms are compared with, and what that rules out.
    chosen_on : str
        The split on which each arm's learning rate is chosen: neither training nor test.
    stresses : tuple of Stress
        Settings in which the claims are tried again.
    skipped : callable
        ``skipped(point) -> bool``: points that are not run, for a reason that the experiment gives;
        their arrays are NaN. None is skipped by default.
    cost : callable
        ``cost(point) -> float``: relative cost of a call of `run`; dear ones are run first.
    claims : tuple of Claim
        Statements written down before the recording.
    verdicts : mapping of str to str
        `Verdict.words` by the claims' names, as chapters rely on them; asserted by tests.
    findings : tuple of callable
        ``finding(recording) -> Finding``; each holds on the committed recording.
    not_reproduced : tuple of callable
        Findings from the literature or of our own that the recording does not support.
    numbers : callable
        ``numbers(recording) -> dict of str to Number``: everything that the chapters say of the
        recording, by the name under which they say it. None by default.

    Raises
    ------
    ValueError
        If "seed" is not the last of `axes`, or `together` names none of them.

    Examples
    --------
    >>> def run(point):
    ...     dice = np.random.default_rng(point["seed"]).integers(1, 7, point["throws"])
    ...     return {"mean": dice.mean()}
    >>> dice = Experiment(
    ...     name="dice",
    ...     question="How close to 3.5 is the mean of many throws?",
    ...     axes={"throws": (10, 1000), "seed": (0, 1)},
    ...     together=(),
    ...     run=run,
    ...     arrays={"mean": "mean of the spots of all throws"},
    ... )
    >>> bool(abs(dice.run({"throws": 1000, "seed": 0})["mean"] - 3.5) < 0.2)
    True
    """

    name: str
    question: str
    axes: Mapping[str, tuple[Any, ...]]
    together: tuple[str, ...]
    run: Callable[[Point], dict[str, np.ndarray]]
    arrays: Mapping[str, str]
    arms: Mapping[str, str] = dataclasses.field(default_factory=dict)
    control: str = ""
    chosen_on: str = ""
    stresses: tuple[Stress, ...] = ()
    skipped: Callable[[Point], bool] = lambda _: False
    cost: Callable[[Point], float] = lambda _: 1.0
    claims: tuple[Claim, ...] = ()
    verdicts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    findings: tuple[Callable[[Recording], Finding], ...] = ()
    not_reproduced: tuple[Callable[[Recording], Finding], ...] = ()
    numbers: Callable[[Recording], dict[str, Number]] = lambda _: {}

    def __post_init__(self):
        if not self.axes or list(self.axes)[-1] != "seed":
            raise ValueError(f"`axes` must end with 'seed'. Received: {list(self.axes)}")
        unknown = set(self.together) - set(self.axes)
        if unknown:
            raise ValueError(f"`together` must name axes. Received: {sorted(unknown)}")
        names = {stress.name for stress in self.stresses}
        for claim in self.claims:
            missing = set(claim.stresses) - names
            _checks.require(not missing, f"`stresses` of {claim.name}", f"of {names}", missing)

    def grid(self, stress: str = "") -> dict[str, tuple[Any, ...]]:
        """Axes of the experiment, or of one of its stresses by name."""
        return {**self.axes, **(self.stress(stress).axes if stress else {})}

    def stress(self, name: str) -> Stress:
        """One of its stresses.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        known = {stress.name: stress for stress in self.stresses}
        _checks.one_of("stress", name, tuple(known))
        return known[name]


def median_and_range(values: ArrayLike) -> dict[str, float]:
    """Median, smallest and largest of one value a seed, as the fields of a `Finding`.

    Parameters
    ----------
    values : array_like
        One value a seed.

    Returns
    -------
    dict
        "effect", "low" and "high".

    Examples
    --------
    >>> median_and_range([3, 1, 2])
    {'effect': 2.0, 'low': 1.0, 'high': 3.0}
    """
    values = np.asarray(values, dtype=float)
    return {
        "effect": float(np.median(values)),
        "low": float(values.min()),
        "high": float(values.max()),
    }
