"""What the page of claims says, as plain texts."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TypeAlias

from steadynet.site.claims import wording

Fact: TypeAlias = tuple[str, tuple[str, ...]]  # a term, and one or more things to say of it
Row: TypeAlias = tuple[str, ...]  # the texts of a table's row


@dataclasses.dataclass(frozen=True)
class Entry:
    """One claim: `kind` of verdict, its `words`, a `rows` a condition, and `facts` beside it."""

    name: str
    statement: str
    unit: str
    kind: str
    words: str
    rows: tuple[Row, ...]  # condition, effect, interval, seeds, outcome
    facts: tuple[Fact, ...]

    @property
    def mark(self) -> str:
        """What stands before the words of the verdict."""
        return wording.MARKS[self.kind]


@dataclasses.dataclass(frozen=True)
class Group:
    """What one experiment claims, or found: `rows` are findings of the older kind."""

    name: str
    question: str
    facts: tuple[Fact, ...] = ()
    entries: tuple[Entry, ...] = ()
    rows: tuple[Row, ...] = ()  # statement, effect, range, outcome


@dataclasses.dataclass(frozen=True)
class Ledger:
    """Everything that the page of claims says, but for the sentences that use them."""

    groups: tuple[Group, ...]
    older: tuple[Group, ...]

    @property
    def entries(self) -> dict[str, Entry]:
        """Claims by name."""
        return {entry.name: entry for group in self.groups for entry in group.entries}

    @property
    def stamp(self) -> str:
        """Digest of all it says."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]
