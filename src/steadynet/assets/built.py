"""Open in Python what was built for the pages: the plan of a demo, its programs and its data."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from steadynet.assets.notes import FOLDER
from steadynet.assets.programs import TYPES
from steadynet.demos.plans import PLANS
from steadynet.explorer.demo import Demo
from steadynet.explorer.table import Table
from steadynet.portable.program import Program

__all__ = ["Built", "Original"]

_DTYPES = {short: np.dtype(name).newbyteorder("<") for name, short in TYPES.items()}


class Original(NamedTuple):
    """A run of TensorFlow's own, before its first step.

    Attributes
    ----------
    model : keras.Model
        The network that the recording trains.
    step : callable
        As `steps.training_step` makes it.
    start : ndarray, float32
        The first state.
    knobs : mapping of str to float
        The step's ``rate`` and, where it clips, ``limit``.
    """

    model: Any
    step: Callable[..., Any]
    start: np.ndarray
    knobs: Mapping[str, float]


class Built:
    """The plan of a demo and its files.

    Parameters
    ----------
    demo : Demo
        One that pages train.
    folder : Path
        Where `programs.convert` or the site put them.

    Attributes
    ----------
    plan : dict
        As in ``<demo>.json``.

    Raises
    ------
    FileNotFoundError
        If it has not been built.
    """

    def __init__(self, demo: Demo, folder: Path = FOLDER) -> None:
        path = folder / f"{demo.name}.json"
        if not path.is_file():
            raise FileNotFoundError(f"{path.name} is not built: run `make assets`.")
        self._demo, self._folder = demo, folder
        self.plan = json.loads(path.read_text(encoding="utf-8"))

    def has(self, what: str) -> bool:
        """Whether the plan has such an entry."""
        return what in self.plan["pick"]

    def pick(self, what: str, **setting: Any) -> Any:
        """The entry for one setting: a number, or the name of a file."""
        kept, controls = self.plan["pick"][what], self._demo.controls
        table = Table(tuple(controls[k].name for k in kept["over"]), kept["entries"])
        return table.at(controls, self._demo.complete(setting))

    def program(self, what: str, **setting: Any) -> Program:
        """The program ``step``, ``look`` or ``test`` for one setting."""
        name = self.pick(what, **setting)
        return Program(self._read(name), tuple(self.plan["files"][name]["outputs"]))

    def arrays(self, what: str, **setting: Any) -> dict[str, np.ndarray]:
        """The arrays ``start``, ``examples``, ``order``, … for one setting."""
        name = self.pick(what, **setting)
        raw, found, at = self._read(name), {}, 0
        for key, kind, shape in self.plan["files"][name]["arrays"]:
            dtype, n = _DTYPES[kind], int(np.prod(shape))
            found[key] = np.frombuffer(raw, dtype, n, at).reshape(shape)
            at += n * dtype.itemsize
        return found

    def batches(self, **setting: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Each step's batch ``x, y`` of the run at one setting, as its program takes them."""
        data = self.arrays("examples", **setting)
        x, y, steps = data["x"], data["y"].astype("i4"), self.plan["steps"]
        in_turn = np.arange(len(y)).reshape(steps, -1) if not self.has("order") else None
        rows = self.arrays("order", **setting)["order"] if in_turn is None else in_turn
        return ((x[batch], y[batch]) for batch in rows)

    def tensorflow(self, **setting: Any) -> Original:
        """The run at one setting as TensorFlow takes its steps."""
        from steadynet import steps

        found = self._demo.complete(setting)
        model, options = PLANS[self._demo.name]().original(found)
        layout = steps.State(model, momentum=options.get("momentum", 0) > 0)
        knobs = {name: self.pick(name, **found) for name in ("rate", "limit") if self.has(name)}
        start = layout.start([self.arrays("start", **found)["state"]])
        return Original(model, steps.training_step(model, **options), start, knobs)

    def _read(self, name: str) -> bytes:
        """A file, unpacked."""
        return gzip.decompress((self._folder / name).read_bytes())
