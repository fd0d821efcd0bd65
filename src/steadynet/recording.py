"""Run an experiment over any executor; save, load and check what was recorded."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
import importlib.metadata
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from steadynet import _checks, _stamp, experiments
from steadynet._runs import Kept, assemble, collect, local_processes, points_of, restrict

__all__ = ["FOLDER", "Recording", "RecordingError", "load", "record", "save"]

FOLDER = Path(__file__).parent / "recordings"
_PACKAGES = ("keras", "numpy", "tensorflow")


class RecordingError(ValueError):
    """A recording that is missing, damaged, or made by another grid than the code's.

    Examples
    --------
    >>> load(Path("nowhere.npz"))
    Traceback (most recent call last):
    steadynet.recording.RecordingError: No recording nowhere.npz: run `make record` to make it.
    """


@dataclasses.dataclass(frozen=True)
class Recording:
    """The arrays of an experiment, with the grid they were run on.

    Attributes
    ----------
    experiment : str
        Name of the experiment.
    axes : mapping of str to tuple
        Factors and their values: the leading dimensions of every array, in order; "seed" is last.
    arrays : mapping of str to ndarray
        Shape (len of each axis, …, trailing dimensions).
    meta : mapping
        Package versions, Python, date, seconds of work, what each array holds, and the claims as
        they were written down when it was made.
    stress : str
        Name of the stress under which it was made; "" for the experiment as it is.
    stresses : mapping of str to Recording
        Those of the experiment's stresses, by name, where it was loaded as a whole.

    Examples
    --------
    >>> demo = Recording("demo", {"rate": (0.1, 1.0), "seed": (0, 1)}, {"loss": np.eye(2)}, {})
    >>> demo.get("loss", rate=0.1)
    array([1., 0.])
    """

    experiment: str
    axes: Mapping[str, tuple[Any, ...]]
    arrays: Mapping[str, np.ndarray]
    meta: Mapping[str, Any]
    stress: str = ""
    stresses: Mapping[str, Recording] = dataclasses.field(default_factory=dict)

    def get(self, name: str, **point: Any) -> np.ndarray:
        """Select an array at some values of some axes; the other axes stay.

        Parameters
        ----------
        name : str
            Name of an array.
        **point
            One value for each axis to select on, as it stands in `axes`.

        Returns
        -------
        ndarray

        Raises
        ------
        KeyError
            If there is no such array, axis or value.
        """
        if name not in self.arrays:
            raise KeyError(f"`name` must be one of {sorted(self.arrays)}. Received: {name!r}")
        at = {axis: self._place(axis, value) for axis, value in point.items()}
        return self.arrays[name][tuple(at.get(axis, slice(None)) for axis in self.axes)]

    def keep(self, axis: str, values: Sequence[Any]) -> Recording:
        """Keep some values of one axis in every array, whichever dimension that is.

        Parameters
        ----------
        axis : str
            Name of an axis, "seed" included.
        values : sequence
            Different values of it, as they stand in `axes`, in the order wanted; at least one.

        Returns
        -------
        Recording
            With as many axes as before. Its arrays are views where the values stand at even
            distances in `axes`, and copies elsewhere.

        Raises
        ------
        KeyError
            If there is no such axis or value.
        ValueError
            If there is no value, or one twice.

        Examples
        --------
        >>> demo = Recording("demo", {"rate": (0.1, 1.0), "seed": (0, 1)}, {"loss": np.eye(2)}, {})
        >>> demo.keep("rate", [1.0]).arrays["loss"]
        array([[0., 1.]])
        """
        if axis not in self.axes:
            raise KeyError(f"`axis` must be one of {list(self.axes)}. Received: {axis!r}")
        kept = tuple(values)
        places = [self._place(axis, value) for value in kept]
        different = 0 < len(places) == len(set(places))
        _checks.require(different, "`values`", "different values, at least one", kept)
        index = *(slice(None) for _ in range(list(self.axes).index(axis))), _slice(places)
        arrays = {name: array[index] for name, array in self.arrays.items()}
        return dataclasses.replace(self, axes={**self.axes, axis: kept}, arrays=arrays)

    def _place(self, axis, value):
        """Position of a value on its axis."""
        known = self.axes.get(axis, ())
        if value not in known:
            raise KeyError(f"`{axis}` must be one of {known}. Received: {value!r}")
        return known.index(value)


def _slice(places):
    """Positions as a slice, which copies nothing, where they rise by equal steps."""
    steps = set(np.diff(places).tolist()) or {1}
    even = len(steps) == 1 and min(steps) > 0
    return slice(places[0], places[-1] + 1, min(steps)) if even else places


def record(
    name: str,
    *,
    stress: str = "",
    executor: Executor | None = None,
    progress: Callable[[float, float], object] | None = None,
    resume: bool = False,
    **only: tuple[Any, ...],
) -> Recording:
    """Run an experiment, or a slice of its grid.

    Parameters
    ----------
    name : str
        Name of the experiment.
    stress : str
        Name of one of its stresses; none by default.
    executor : concurrent.futures.Executor, optional
        Where the points run, left running afterwards: a pool of this machine's processes by
        default; a Dask client's ``get_executor()`` works as well.
    progress : callable, optional
        Called with ``(done, all)`` after each call of the experiment's `run`: the cost of what was
        done, in the experiment's unit or in calls, what is taken over included.
    resume : bool
        Whether to keep each point's result on the disk as it comes, and to take over those that a
        run of the same code kept before it was cut short. They are forgotten when it is saved.
    **only
        Values of an axis to keep, as a tuple; the whole axis by default.

    Returns
    -------
    Recording

    Raises
    ------
    ValueError
        If an axis or value in `only` is not in the experiment's grid, or there is no such stress.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> at = {"activation": ("tanh",), "gain": (0.8, 2.0), "seed": (0,)}
    >>> with ThreadPoolExecutor(1) as executor:
    ...     found = record("gradient_flow", executor=executor, **at)
    >>> norms = found.get("depth", activation="tanh", seed=0)  # at each of 50 layers, first to last
    >>> norms.shape, (norms[:, 0] < norms[:, -1]).tolist()
    ((2, 50), [True, False])
    """
    experiment = experiments.get(name)
    axes = restrict(experiment.grid(stress), only)
    started = time.perf_counter()
    points = list(points_of(experiment, axes, stress))
    kept = _kept(experiment, stress) if resume else None
    if executor is None:
        with local_processes(len(points)) as pool:
            results = collect(pool, name, points, progress, kept)
    else:
        results = collect(executor, name, points, progress, kept)
    meta = {
        "versions": {package: importlib.metadata.version(package) for package in _PACKAGES},
        "python": platform.python_version(),
        "date": dt.datetime.now(dt.timezone.utc).date().isoformat(),
        "seconds": round(time.perf_counter() - started, 1),
        "arrays": dict(experiment.arrays),
        "claims": [claim.written() for claim in experiment.claims],
    }
    return Recording(name, axes, assemble(experiment, axes, results), meta, stress)


def _kept(experiment, stress):
    """Where points' results are kept until the whole is saved, stamped with the code's meaning."""
    used = _stamp.files_used(f"import {experiment.run.__module__}")
    said = _stamp.versions(*_PACKAGES), _stamp.meaning(used)
    return Kept(FOLDER / ".partial" / _file(experiment.name, stress).stem, " ".join(said))


def _file(name, stress=""):
    """Where a recording lies in the package."""
    return FOLDER / f"{'-'.join(filter(None, (name, stress)))}.npz"


def save(recording: Recording, path: Path | str | None = None) -> Path:
    """Write a recording as a compressed ``.npz`` file without pickles.

    Parameters
    ----------
    recording : Recording
    path : path, optional
        ``recordings/<experiment>[-<stress>].npz`` in the package by default.

    Returns
    -------
    Path
        The file written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> best = load("cliff").keep("threshold", (1.0,))
    >>> with TemporaryDirectory() as folder:
    ...     again = load(save(best, Path(folder, "slice.npz")))
    >>> again.axes["threshold"]
    (1.0,)
    """
    path = _file(recording.experiment, recording.stress) if path is None else Path(path)
    head = {name: getattr(recording, name) for name in ("experiment", "stress", "axes", "meta")}
    content: dict[str, Any] = {"__head__": np.array(json.dumps(head)), **recording.arrays}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    try:
        np.savez_compressed(partial, **content)
        partial.replace(path)  # a run cut short leaves the earlier recording whole
    finally:
        partial.unlink(missing_ok=True)
    load.cache_clear()
    return path


@cache
def load(name: str | Path) -> Recording:
    """Read a recording and check it against the experiment in the code.

    Parameters
    ----------
    name : str or path
        Name of an experiment, whose recording must cover its whole grid; or the path of a file that
        `save` wrote, which may hold a slice.

    Returns
    -------
    Recording
        With those of the experiment's stresses, if it is given by name. Its arrays are read-only,
        for every caller gets the same ones.

    Raises
    ------
    RecordingError
        If the file is missing or damaged, or its grid or arrays are not the experiment's.
    ValueError
        If there is no experiment of that name.

    Examples
    --------
    >>> cliff = load("cliff")
    >>> list(cliff.axes), cliff.get("thrown", threshold=1.0).any().item()
    (['threshold', 'w', 'b', 'seed'], False)
    """
    if isinstance(name, Path):
        return _load(name)
    experiment = experiments.get(name)
    stresses = {each.name: _load(_file(name, each.name), name) for each in experiment.stresses}
    return dataclasses.replace(_load(_file(name), name), stresses=stresses)


def _load(path, whole=None):
    """One file, checked against the code: its whole grid, where an experiment's name is given."""
    if not path.exists():
        raise RecordingError(f"No recording {path.name}: run `make record` to make it.")
    try:
        recording = _read(path)
    except Exception as error:
        # Too many kinds to list: a damaged archive raises whatever zip, zlib and JSON come upon.
        raise RecordingError(f"{path.name} is damaged or no recording: {error}") from error
    if whole and recording.experiment != whole:
        raise RecordingError(f"{path.name} holds the experiment {recording.experiment!r}.")
    _check(recording, path.name, whole)
    return recording


def _read(path):
    """A file's content, unchecked."""
    # NumPy does not close a file that it opened itself and could not read.
    with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
        head = json.loads(file["__head__"].item())
        arrays = {key: file[key] for key in file.files if key != "__head__"}
    for array in arrays.values():
        array.flags.writeable = False
    axes = {axis: tuple(values) for axis, values in head["axes"].items()}
    return Recording(head["experiment"], axes, arrays, head["meta"], head.get("stress", ""))


def _check(recording, file, whole):
    """Raise where a recording does not fit itself, or the experiment in the code."""
    lengths = tuple(len(values) for values in recording.axes.values())
    for name, array in recording.arrays.items():
        if array.shape[: len(lengths)] != lengths:
            raise RecordingError(f"{file}: `{name}` has shape {array.shape}, its axes {lengths}.")
    if recording.experiment not in experiments.NAMES + experiments.WRITTEN:
        raise RecordingError(f"{file} holds {recording.experiment!r}, no experiment of the code.")
    experiment = experiments.get(recording.experiment)
    known = ["", *(stress.name for stress in experiment.stresses)]
    if recording.stress not in known:
        raise RecordingError(f"{file}: `stress` is {recording.stress!r}, the code has {known}.")
    _check_same(file, "axes", list(recording.axes), list(experiment.axes))
    _check_same(file, "arrays", sorted(recording.arrays), sorted(experiment.arrays))
    for axis, values in recording.axes.items():
        grid = tuple(experiment.grid(recording.stress)[axis])
        if whole or not values or not set(values) <= set(grid):
            _check_same(file, axis, values, grid)


def _check_same(file, what, recorded, coded):
    """Raise where the recording and the code say different things."""
    if recorded != coded:
        raise RecordingError(
            f"{file}: `{what}` is {recorded}, the code has {coded}. Run `make record`."
        )


def main(names: Sequence[str] | None = None) -> None:
    """Record the named experiments, or all, their stresses included, with progress and time left.

    What was recorded when a run was cut short is taken over.

    Parameters
    ----------
    names : sequence of str, optional
        All experiments by default.
    """
    for name in names or experiments.NAMES:
        for stress in ["", *(each.name for each in experiments.get(name).stresses)]:
            path = _record_with_bar(name, stress)
            seconds = _load(path, name).meta["seconds"]
            print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB in {seconds} s")


def _record_with_bar(name, stress):
    """Record, show how far it is and how long it will take, and save."""
    from tqdm import tqdm

    form = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"
    with tqdm(desc=_file(name, stress).stem, bar_format=form) as bar:

        def show(done: float, everything: float) -> None:
            if bar.total is None:  # what is taken over took no time
                bar.initial = done if done < everything else 0
            bar.total, bar.n = everything, done
            bar.refresh()

        path = save(record(name, stress=stress, progress=show, resume=True))
    _kept(experiments.get(name), stress).clear()
    return path


if __name__ == "__main__":
    import sys

    # Through the package, so that worker processes find the functions under the same names.
    importlib.import_module("steadynet.recording").main(sys.argv[1:])
