"""Call an experiment at every point of its grid on some executor, and put the results in place."""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from steadynet import experiments
from steadynet._quiet import quiet_tensorflow
from steadynet.experiments import Experiment

Axes: TypeAlias = Mapping[str, tuple[Any, ...]]
Result: TypeAlias = dict[str, np.ndarray]


def restrict(axes: Axes, only: Axes) -> dict[str, tuple[Any, ...]]:
    """The axes with only the asked values."""
    for axis, values in only.items():
        if axis not in axes or not values or not set(values) <= set(axes[axis]):
            raise ValueError(f"`{axis}` must hold values of {axes.get(axis)}. Received: {values!r}")
    return {axis: tuple(only.get(axis, values)) for axis, values in axes.items()}


def points_of(experiment: Experiment, axes: Axes, stress: str = "") -> Iterator[dict[str, Any]]:
    """Every point that `run` is called with, what a stress changes included."""
    apart = [axis for axis in axes if axis not in experiment.together]
    shared = {axis: axes[axis] for axis in experiment.together}
    if stress:
        shared |= experiment.stress(stress).changes
    for values in itertools.product(*(axes[axis] for axis in apart)):
        yield {**shared, **dict(zip(apart, values, strict=True))}


class Kept:
    """Results of points that were run before, each in a file that is written whole or not at all.

    Parameters
    ----------
    folder : Path or None
        Made when the first result comes; None keeps nothing.
    stamp : str
        What the results depend on beside their points; those of another stamp are not found.
    """

    def __init__(self, folder: Path | None, stamp: str) -> None:
        self.folder, self._stamp = folder, stamp

    def get(self, point: Mapping[str, Any]) -> Result | None:
        """A point's result; None if it was not run, or its file is damaged."""
        path = self._path(point)
        if path is None or not path.exists():
            return None
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except Exception:  # noqa: BLE001  zip and zlib raise too many kinds; it is run again
            return None

    def put(self, point: Mapping[str, Any], result: Result) -> None:
        """Keep a point's result."""
        path = self._path(point)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            with partial.open("wb") as file:
                np.savez(file, **result)  # type: ignore[arg-type]
            partial.replace(path)

    def clear(self) -> None:
        """Forget all, once the whole recording is saved."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, point: Mapping[str, Any]) -> Path | None:
        if self.folder is None:
            return None
        said = json.dumps([self._stamp, point], sort_keys=True)
        return self.folder / f"{hashlib.sha256(said.encode()).hexdigest()[:24]}.npz"


def collect(
    executor: Executor,
    name: str,
    points: Sequence[dict[str, Any]],
    progress: Callable[[float, float], object] | None = None,
    kept: Kept | None = None,
) -> list[Result | None]:
    """Results in the order of `points`, however they come in; None where the point is skipped.

    Dear points are begun first, so that no core waits long for the last one.
    """
    experiment, kept = experiments.get(name), kept or Kept(None, "")
    results = {i: kept.get(point) for i, point in enumerate(points)}
    skipped = {i for i, point in enumerate(points) if experiment.skipped(point)}
    costs = {i: experiment.cost(point) for i, point in enumerate(points) if i not in skipped}
    waiting = [i for i in costs if results[i] is None]
    done = sum(costs.values()) - sum(costs[i] for i in waiting)
    futures: dict[Future[Result], int] = {}

    def tell() -> None:
        if progress is not None:
            progress(done, sum(costs.values()))

    if done:
        tell()
    try:
        for i in sorted(waiting, key=costs.__getitem__, reverse=True):
            futures[executor.submit(run_point, name, points[i])] = i
        for future in as_completed(futures):
            i = futures[future]
            results[i] = result = future.result()
            kept.put(points[i], result)
            done += costs[i]
            tell()
    finally:
        for future, i in futures.items():  # where one failed, the others are not waited for
            if not future.cancel() and future.done() and not future.exception():
                kept.put(points[i], future.result())
    return [None if i in skipped else results[i] for i in range(len(points))]


def run_point(name: str, point: dict[str, Any]) -> Result:
    """Run one point of an experiment by name, so that any executor can ship the call.

    Parameters
    ----------
    name : str
        Name of the experiment.
    point : dict
        As `experiments.Experiment.run` takes it.

    Returns
    -------
    dict of str to ndarray
    """
    return experiments.get(name).run(point)


def assemble(experiment: Experiment, axes: Axes, results: Sequence[Result | None]) -> Result:
    """One array for each measure, with every axis in its place; NaN where a point was skipped."""
    like = next(result for result in results if result is not None)
    nothing = {name: np.full_like(array, np.nan) for name, array in like.items()}
    apart = [axis for axis in axes if axis not in experiment.together]
    together = [axis for axis in axes if axis in experiment.together]
    order = [(apart + together).index(axis) for axis in axes]
    arrays = {}
    for key in experiment.arrays:
        stacked = np.stack([(result or nothing)[key] for result in results])
        shape = [len(axes[axis]) for axis in apart + together]
        leading, trailing = stacked.shape[1 : 1 + len(together)], stacked.shape[1 + len(together) :]
        if list(leading) != shape[len(apart) :]:
            raise ValueError(
                f"`{key}` from `run` of {experiment.name!r} must start with dimensions "
                f"{shape[len(apart) :]}, one for each of {together}. Received: {stacked.shape[1:]}"
            )
        rest = range(len(order), len(order) + len(trailing))
        arrays[key] = stacked.reshape(*shape, *trailing).transpose(*order, *rest)
    return arrays


def local_processes(most: int) -> ProcessPoolExecutor:
    """A pool of one-threaded processes, one a core and at most `most`.

    TensorFlow's own threads would compete for the cores that the other processes use.

    Parameters
    ----------
    most : int
        More than this are of no use.

    Returns
    -------
    concurrent.futures.ProcessPoolExecutor
    """
    return ProcessPoolExecutor(
        max_workers=max(1, min(most, os.cpu_count() or 1)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_use_one_thread,
    )


def _use_one_thread():
    """Keep a worker's TensorFlow to one core and quiet."""
    quiet_tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
