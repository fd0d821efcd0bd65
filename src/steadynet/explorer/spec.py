"""What a demo is made of: controls, presets, words for every setting, and the demo itself."""

from __future__ import annotations

import itertools
import json
import math
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from steadynet._checks import require
from steadynet.explorer.panels.base import Panel, as_json

KINDS = ("slider", "choice", "switch")


@dataclass(frozen=True)
class Control:
    """One thing the reader may change.

    Parameters
    ----------
    name : str
        Python identifier; the key in settings and a column of the CSV.
    label : str
        What stands beside it.
    values : tuple
        What `train` receives, one per position: numbers, strings, booleans or None.
    texts : tuple of str, optional
        The same values as people say them ("0.01", "never"). `str(value)` by default.
    kind : {"slider", "choice", "switch"}
        A slider for many values, a choice (segments) for few, a switch for two (off, on).
    default : int
        Position of the value it opens at.
    help : str
        One sentence under the control. Empty for none.
    ticks : tuple of int
        Positions labelled under a slider. Empty: powers of ten, first and last.

    Examples
    --------
    >>> Control("threshold", "Clip threshold", (0.1, 1.0, None), ("0.1", "1", "never")).index(1)
    1
    """

    name: str
    label: str
    values: tuple
    texts: tuple[str, ...] = ()
    kind: Literal["slider", "choice", "switch"] = "slider"
    default: int = 0
    help: str = ""
    ticks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require(self.name.isidentifier(), "Control name", "a Python identifier", self.name)
        object.__setattr__(self, "values", tuple(self.values))
        texts = tuple(self.texts) or tuple(str(v) for v in self.values)
        object.__setattr__(self, "texts", texts)
        n, where = len(self.values), f"of control {self.name!r}"
        require(self.kind in KINDS, f"`kind` {where}", f"one of {KINDS}", self.kind)
        require(n >= 2, f"`values` {where}", "at least two values", self.values)
        require(
            n == 2 or self.kind != "switch",
            f"`values` {where}",
            "two: off, on",
            self.values,
        )
        require(len(texts) == n, f"`texts` {where}", f"{n} texts, one a value", texts)
        require(0 <= self.default < n, f"`default` {where}", f"in 0…{n - 1}", self.default)
        ticks_fit = all(0 <= i < n for i in self.ticks)
        require(ticks_fit, f"`ticks` {where}", f"positions in 0…{n - 1}", self.ticks)

    def index(self, value: Any) -> int:
        """Position of `value` among the control's values."""
        for i, mine in enumerate(self.values):
            if _same(mine, value):
                return i
        raise ValueError(
            f"`{self.name}` must be one of the control's values {self.values}. Received: {value!r}"
        )

    def describe(self) -> dict:
        """The control as JSON for the view."""
        return {
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "values": [as_json(v) for v in self.values],
            "texts": list(self.texts),
            "default": self.default,
            "help": self.help,
            "ticks": list(self.ticks),
        }


@dataclass(frozen=True)
class Preset:
    """A setting worth a look, and the point it makes.

    Parameters
    ----------
    label : str
        Text of the button, such as "Never clip".
    settings : mapping
        Control name to value. Controls not named take their default.
    point : str
        One sentence shown while the preset is chosen: what to see here.
    """

    label: str
    settings: Mapping[str, Any]
    point: str


@dataclass(frozen=True)
class Table:
    """Words for every combination of some controls.

    Parameters
    ----------
    over : sequence of str
        Names of the controls the words depend on.
    entries : sequence of str
        One per combination, in C order (the last control moves fastest).

    Examples
    --------
    >>> Table.build([Control("a", "a", (1, 2))], lambda a: f"a is {a}").entries
    ('a is 1', 'a is 2')
    """

    over: tuple[str, ...]
    entries: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "over", tuple(self.over))
        object.__setattr__(self, "entries", tuple(self.entries))

    @classmethod
    def build(cls, controls: Sequence[Control], words: Callable[..., str]) -> Table:
        """Fill a table by calling ``words(**setting)`` for every combination of `controls`."""
        names = [c.name for c in controls]
        points = itertools.product(*(c.values for c in controls))
        return cls(
            tuple(names),
            tuple(words(**dict(zip(names, p, strict=True))) for p in points),
        )

    def check(self, controls: Sequence[Control], what: str) -> None:
        """Raise ValueError unless the table fits `controls`."""
        size = {c.name: len(c.values) for c in controls}
        known = set(self.over) <= set(size) and len(set(self.over)) == len(self.over)
        require(known, f"`over` of {what}", f"different names among {list(size)}", self.over)
        n = math.prod(size[name] for name in self.over)
        require(
            len(self.entries) == n,
            f"`entries` of {what}",
            f"{n} texts",
            len(self.entries),
        )
        texts = all(isinstance(e, str) for e in self.entries)
        require(texts, f"`entries` of {what}", "texts", self.entries[:3])

    def at(self, controls: Sequence[Control], setting: Mapping[str, Any]) -> str:
        """The words at one setting."""
        place = 0
        by_name = {c.name: c for c in controls}
        for name in self.over:
            place = place * len(by_name[name].values) + by_name[name].index(setting[name])
        return self.entries[place]

    def describe(self, controls: Sequence[Control]) -> dict:
        """The table as JSON for the view: repeated words are stored once."""
        order = [c.name for c in controls]
        words = list(dict.fromkeys(self.entries))
        place = {word: i for i, word in enumerate(words)}
        return {
            "over": [order.index(name) for name in self.over],
            "words": words,
            "entries": [place[e] for e in self.entries],
        }


@dataclass
class Demo:
    """A demo: what can be changed, what is seen, and what happened at every setting.

    Parameters
    ----------
    name : str
        Short identifier, also the name of the CSV file.
    title, question : str
        Heading, and the question to answer with the explorer.
    controls : sequence of Control
        Their values are the leading dimensions of every array that depends on the setting.
    panels : sequence of Panel
        What is drawn: `Curves`, `Histogram`, `Surface`, `Layers`, `Sweep`, `Network`.
    arrays : mapping of str to array
        The recorded numbers that the panels name.
    outcome : Table
        What happened, in words, for every setting.
    presets : sequence of Preset
    code : str
        Code that would do this. ``{part}`` stands for the words of ``parts["part"]``, or for the
        value of the control of that name; braces of the code itself are doubled.
    parts : mapping of str to Table
        Words that fill `code`.
    note : str
        Where the recording comes from: versions, machine. Shown at the foot.
    source : str
        What the curves are, said at the foot with the number of seeds.
    fallback : callable, optional
        Takes nothing and returns the SVG text shown where scripts do not run.
    alt : str
        Text alternative of the fallback.
    steps : int, optional
        Steps of a whole training, so that progress can be said in steps.
    train : callable, optional
        ``train(setting, report) -> outcome in words``. See `Explorer`.
    prepare : callable, optional
        Takes nothing; called in the background when a view shows the demo beside a kernel, to
        import and compile what `train` needs. A generator is interrupted at a ``yield`` where the
        reader makes a move.
    in_page : bool
        Whether the page itself can train it, as the plan of this name in `steadynet.portable` says.

    Raises
    ------
    ValueError
        If the parts do not fit together; the message names the part.
    """

    name: str
    title: str
    question: str
    controls: Sequence[Control]
    panels: Sequence[Panel]
    arrays: Mapping[str, np.ndarray]
    outcome: Table
    presets: Sequence[Preset] = ()
    code: str = ""
    parts: Mapping[str, Table] = field(default_factory=dict)
    note: str = ""
    source: str = "Recorded TensorFlow runs"
    fallback: Callable[[], str] | None = None
    alt: str = ""
    steps: int | None = None
    train: Callable[[dict[str, Any], Callable], str] | None = None
    prepare: Callable[[], object] | None = None
    in_page: bool = False

    def __post_init__(self) -> None:
        names = [c.name for c in self.controls]
        require(len(names) > 0, "`controls`", "at least one Control", names)
        require(len(set(names)) == len(names), "control names", "different", names)
        require(len(self.panels) > 0, "`panels`", "at least one panel", self.panels)
        self.outcome.check(self.controls, "`outcome`")
        for name, table in self.parts.items():
            table.check(self.controls, f"part {name!r}")
        for preset in self.presets:
            self.indices(preset.settings)
        for panel in self.panels:
            panel.check(self)
        self.code_pieces()

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each control has: the leading shape of every array."""
        return tuple(len(c.values) for c in self.controls)

    def control(self, name: str) -> Control:
        """The control called `name`."""
        for control in self.controls:
            if control.name == name:
                return control
        names = [c.name for c in self.controls]
        raise ValueError(f"`{name}` must be the name of a control, one of {names}.")

    def complete(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """All controls' values: those of `settings`, the default for the others."""
        for name in settings:
            self.control(name)
        index = self.indices(settings)
        return {c.name: c.values[i] for c, i in zip(self.controls, index, strict=True)}

    def indices(self, settings: Mapping[str, Any]) -> tuple[int, ...]:
        """Position of every control at `settings`, the default for those not named."""
        for name in settings:
            self.control(name)
        return tuple(
            c.index(settings[c.name]) if c.name in settings else c.default for c in self.controls
        )

    def code_pieces(self) -> list[str | dict[str, str]]:
        """`code` cut into literal text and ``{"part": name}``."""
        names = {c.name for c in self.controls} | set(self.parts)
        pieces: list[str | dict[str, str]] = []
        for text, name, spec, conversion in string.Formatter().parse(self.code):
            if text:
                pieces.append(text)
            if name is not None:
                plain = name in names and not spec and not conversion
                hint = f"{{name}} with a name among {sorted(names)} (braces of the code doubled)"
                require(plain, "every part of `code`", hint, "{" + name + "}")
                pieces.append({"part": name})
        return pieces

    def code_at(self, settings: Mapping[str, Any]) -> str:
        """The code with the values of one setting filled in."""
        setting = self.complete(settings)
        return "".join(
            piece
            if isinstance(piece, str)
            else self._part(piece["part"]).at(self.controls, setting)
            for piece in self.code_pieces()
        )

    def _part(self, name: str) -> Table:
        """The words of a part: its table, or the values of the control as Python writes them."""
        if name in self.parts:
            return self.parts[name]
        return Table.build([self.control(name)], lambda **point: _python(point[name]))

    def describe(self) -> dict:
        """Everything but the arrays as JSON for the view."""
        pieces = self.code_pieces()
        used = {p["part"] for p in pieces if isinstance(p, dict)}
        state = {
            "version": 1,
            "name": self.name,
            "title": self.title,
            "question": self.question,
            "controls": [c.describe() for c in self.controls],
            "presets": [
                {
                    "label": p.label,
                    "index": list(self.indices(p.settings)),
                    "point": p.point,
                }
                for p in self.presets
            ],
            "panels": [p.describe(self) for p in self.panels],
            "outcome": self.outcome.describe(self.controls),
            "code": {
                "pieces": pieces,
                "parts": {n: self._part(n).describe(self.controls) for n in sorted(used)},
            },
            "note": self.note,
            "source": self.source,
            "steps": self.steps,
        }
        json.dumps(state, allow_nan=False)
        return state


def _same(mine: Any, value: Any) -> bool:
    """Whether two control values are the same one; floats may differ by rounding."""
    if isinstance(mine, bool) or isinstance(value, bool):
        return mine is value
    numbers = isinstance(mine, (int, float, np.number)) and isinstance(
        value, (int, float, np.number)
    )
    return math.isclose(mine, value, rel_tol=1e-9) if numbers else bool(mine == value)


def _python(value: Any) -> str:
    """A value as one would type it: six digits of a float are enough."""
    value = as_json(value)
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
