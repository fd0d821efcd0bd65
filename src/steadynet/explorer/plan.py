"""What a page needs to train one demo: programs and data by setting, and what to draw of a run."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from steadynet.explorer.spec import Demo
from steadynet.portable.program import MEASURES, Program

__all__ = ["SEED", "VERSION", "File", "Pick", "Plan", "pick"]

VERSION = 2  # of the JSON; js/page/training/plan.js reads this one and no other
SEED = 0  # the recorded seed that the page trains again
File: TypeAlias = Program | Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Pick:
    """An entry for every setting of some controls.

    Attributes
    ----------
    over : tuple of int
        Positions of the controls it depends on.
    entries : tuple
        Names of files, or numbers, in C order over these controls' values.
    """

    over: tuple[int, ...]
    entries: tuple

    def at(self, index: Sequence[int], sizes: Sequence[int]) -> Any:
        """The entry at the positions of all controls, which have `sizes` values.

        Examples
        --------
        >>> Pick((1,), ("a", "b")).at([2, 1], [3, 2])
        'b'
        """
        place = 0
        for k in self.over:
            place = place * sizes[k] + index[k]
        return self.entries[place]


def pick(demo: Demo, entry: Callable[..., Any], *over: str) -> Pick:
    """Fill a `Pick` by calling `entry` with every combination of the values of controls `over`."""
    controls = [demo.control(name) for name in over]
    names = [control.name for control in demo.controls]
    values = itertools.product(*(control.values for control in controls))
    return Pick(tuple(names.index(name) for name in over), tuple(entry(*v) for v in values))


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a page trains one demo.

    Attributes
    ----------
    demo : str
        Name of the demo.
    steps : int
        Steps of a run.
    pick : mapping of str to Pick
        Files: ``step``, ``start``, ``examples`` and, where there is any, ``order``, ``look`` with
        ``shown``, ``test`` with ``held_out``. Numbers: ``rate`` and, where it clips, ``limit``.
    parts : mapping of str to callable
        Each takes nothing and returns files by the names that `pick` uses.
    original : callable
        Takes a setting, returns the network as TensorFlow trains it and the options of
        `steps.training_step`.
    outcome : mapping
        How the outcome is said: ``{"kind": "right"}``, or a rule such as `temporal_order.RULE`.
    compare : mapping
        The curve that is compared with the recorded one, and the ``tolerance`` up to which two
        values are called the same.
    windows, histogram, looks, tests : mapping, optional
        What of a run is shown: means of measures, counts, looks inside, test accuracy.
    run : int
        Position of `SEED` among the recorded seeds.
    """

    demo: str
    steps: int
    pick: Mapping[str, Pick]
    parts: Mapping[str, Callable[[], Mapping[str, File]]]
    original: Callable[[Mapping[str, Any]], tuple[Any, dict[str, Any]]]
    outcome: Mapping[str, Any]
    compare: Mapping[str, Any]
    windows: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    histogram: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    looks: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    tests: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    run: int = 0

    def describe(self, names: Mapping[str, str]) -> dict:
        """The plan as JSON for the page; `names` gives each file the name that it has there.

        Beside what stands above it carries ``measures``, the names of a step's measures in their
        order: the page has no list of its own.
        """
        own = ("demo", "steps", "run", "outcome", "compare", "windows", "histogram")
        said = {name: getattr(self, name) for name in (*own, "looks", "tests")}
        tables = {
            what: {"over": list(p.over), "entries": [names.get(e, e) for e in p.entries]}
            for what, p in self.pick.items()
        }
        return {
            "version": VERSION,
            "seed": SEED,
            "measures": list(MEASURES),
            "pick": tables,
            **{k: v for k, v in said.items() if v != {}},
        }
