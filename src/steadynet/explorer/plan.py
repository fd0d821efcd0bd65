"""What a page needs to train one demo: programs and data by setting, and what to draw of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from steadynet.explorer.demo import Demo
from steadynet.explorer.table import Table
from steadynet.portable.program import MEASURES, Program

__all__ = ["SEED", "VERSION", "File", "Plan"]

VERSION = 2  # of the JSON; js/page/training/plan.js reads this one and no other
SEED = 0  # the recorded seed that the page trains again
File: TypeAlias = Program | Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a page trains one demo.

    Attributes
    ----------
    demo : Demo
        What the page shows.
    steps : int
        Steps of a run.
    pick : mapping of str to Table
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
    twin : int
        Position of `SEED` among the recorded seeds.

    Examples
    --------
    >>> from steadynet.explorer import Control, Panel
    >>> rate = Control("rate", "Learning rate", (0.1, 1.0))
    >>> panels, ended = [Panel(title="Loss")], Table((), ("Trained.",))
    >>> plan = Plan(
    ...     Demo("toy", "Toy", "Which rate?", [rate], panels, {}, ended),
    ...     steps=100,
    ...     pick={"rate": Table.of([rate], lambda rate: rate), "start": Table((), ("zeros",))},
    ...     parts={"start": lambda: {"zeros": {"state": np.zeros(4, "float32")}}},
    ...     original=lambda setting: (None, {}),
    ...     outcome={"kind": "right"},
    ...     compare={"array": "accuracy", "tolerance": 0.01},
    ... )
    >>> for what, entries in plan.describe({"zeros": "c0ffee.bin"})["pick"].items():
    ...     print(what, entries)
    rate {'over': [0], 'entries': [0.1, 1.0]}
    start {'over': [], 'entries': ['c0ffee.bin']}
    """

    demo: Demo
    steps: int
    pick: Mapping[str, Table]
    parts: Mapping[str, Callable[[], Mapping[str, File]]]
    original: Callable[[Mapping[str, Any]], tuple[Any, dict[str, Any]]]
    outcome: Mapping[str, Any]
    compare: Mapping[str, Any]
    windows: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    histogram: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    looks: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    tests: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    twin: int = 0

    def describe(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The plan as JSON for the page; `names` gives each file the name that it has there.

        Beside what stands above it carries ``measures``, the names of a step's measures in their
        order: the page has no list of its own.
        """
        own = ("steps", "twin", "outcome", "compare", "windows", "histogram")
        said = {name: getattr(self, name) for name in (*own, "looks", "tests")}
        tables = {
            what: {
                "over": table.places(self.demo.controls),
                "entries": [names.get(e, e) for e in table.entries],
            }
            for what, table in self.pick.items()
        }
        return {
            "version": VERSION,
            "demo": self.demo.name,
            "seed": SEED,
            "measures": list(MEASURES),
            "pick": tables,
            **{k: v for k, v in said.items() if v != {}},
        }
