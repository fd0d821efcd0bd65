"""An entry for every setting: the words of an outcome, the lines of a code, the files of a plan."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steadynet._checks import require
from steadynet.explorer.control import Control


@dataclass(frozen=True)
class Table:
    """An entry for every setting of some controls.

    Parameters
    ----------
    over : sequence of str
        Names of the controls that the entry depends on. Empty: one entry, whatever the setting.
    entries : sequence
        One per combination, in C order (the last control moves fastest). Words in a `Demo`; names
        of files, or numbers, in a `Plan`.

    Examples
    --------
    >>> a = Control("a", "a", (1, 2))
    >>> words = Table.of([a], lambda a: f"a is {a}")
    >>> words.entries, words.at([a], {"a": 2})
    (('a is 1', 'a is 2'), 'a is 2')
    """

    over: tuple[str, ...]
    entries: tuple[Any, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "over", tuple(self.over))
        object.__setattr__(self, "entries", tuple(self.entries))

    @classmethod
    def of(cls, controls: Sequence[Control], entry: Callable[..., Any]) -> Table:
        """Fill a table by calling ``entry(**setting)`` for every combination of `controls`."""
        names = tuple(c.name for c in controls)
        points = itertools.product(*(c.values for c in controls))
        return cls(names, tuple(entry(**dict(zip(names, p, strict=True))) for p in points))

    def check(self, controls: Sequence[Control], what: str) -> None:
        """Raise ValueError unless the table holds words and fits `controls`."""
        size = {c.name: len(c.values) for c in controls}
        known = set(self.over) <= set(size) and len(set(self.over)) == len(self.over)
        require(known, f"`over` of {what}", f"different names among {list(size)}", self.over)
        n = math.prod(size[name] for name in self.over)
        require(len(self.entries) == n, f"`entries` of {what}", f"{n} texts", len(self.entries))
        texts = all(isinstance(e, str) for e in self.entries)
        require(texts, f"`entries` of {what}", "texts", self.entries[:3])

    def at(self, controls: Sequence[Control], setting: Mapping[str, Any]) -> Any:
        """The entry at one setting."""
        place = 0
        by_name = {c.name: c for c in controls}
        for name in self.over:
            place = place * len(by_name[name].values) + by_name[name].index(setting[name])
        return self.entries[place]

    def places(self, controls: Sequence[Control]) -> list[int]:
        """Positions among `controls` of those that the entry depends on, as the view counts."""
        order = [c.name for c in controls]
        return [order.index(name) for name in self.over]

    def describe(self, controls: Sequence[Control]) -> dict[str, Any]:
        """A table of words as JSON for the view: repeated words are stored once."""
        words = list(dict.fromkeys(self.entries))
        place = {word: i for i, word in enumerate(words)}
        return {
            "over": self.places(controls),
            "words": words,
            "entries": [place[e] for e in self.entries],
        }
