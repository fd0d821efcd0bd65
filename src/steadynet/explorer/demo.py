"""The demo itself: controls, presets, panels, and words for every setting."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from steadynet._checks import require
from steadynet.explorer.control import Control
from steadynet.explorer.panels.base import Panel, as_json
from steadynet.explorer.table import Table


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

    Examples
    --------
    >>> fast = Preset("Too fast", {"rate": 1.0}, "The loss jumps up and down.")
    >>> rate = Control("rate", "Learning rate", (0.1, 1.0))
    >>> demo = Demo(
    ...     *("toy", "Toy", "Which rate?", [rate], [Panel(title="Loss")]),
    ...     arrays={},
    ...     outcome=Table((), ("Trained.",)),
    ...     presets=[fast],
    ... )
    >>> demo.describe()["presets"][0]["index"]
    [1]
    """

    label: str
    settings: Mapping[str, Any]
    point: str


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
        What is drawn: `Curves`, `Histogram`, `Surface`, `Layers`, `Across`, `Network`.
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
        Whether the page itself can train it, by a `Plan` for the demo of this name.

    Raises
    ------
    ValueError
        If the parts do not fit together; the message names the part.

    Examples
    --------
    >>> from steadynet.explorer import Curves
    >>> rate = Control("rate", "Learning rate", (0.1, 1.0))
    >>> loss = Curves(
    ...     title="Loss", x=(10, 20), x_label="step", y="loss", y_label="nats", y_domain=(0, 2)
    ... )
    >>> demo = Demo(
    ...     name="toy",
    ...     title="Learning rates",
    ...     question="Which rate trains?",
    ...     controls=[rate],
    ...     panels=[loss],
    ...     arrays={"loss": np.ones((2, 3, 2))},  # two rates, three seeds, two points
    ...     outcome=Table.of([rate], lambda rate: f"Trained at {rate}."),
    ...     code="SGD({rate})",
    ... )
    >>> demo.shape, demo.complete({}), demo.outcome.at(demo.controls, {"rate": 1.0})
    ((2,), {'rate': 0.1}, 'Trained at 1.0.')
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
    train: Callable[[dict[str, Any], Callable[..., Any]], str] | None = None
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

    def table(self, entry: Callable[..., Any], *over: str) -> Table:
        """Fill a `Table` over the controls named `over` by calling ``entry(**setting)``."""
        return Table.of([self.control(name) for name in over], entry)

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

    def _part(self, name: str) -> Table:
        """The words of a part: its table, or the values of the control as Python writes them."""
        if name in self.parts:
            return self.parts[name]
        return self.table(lambda **point: _python(point[name]), name)

    def describe(self) -> dict[str, Any]:
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


def _python(value: Any) -> str:
    """A value as one would type it: six digits of a float are enough."""
    value = as_json(value)
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
