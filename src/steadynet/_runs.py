"""Call an experiment at every point of its grid on some executor, and put the results in place."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
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


def points_of(experiment: Experiment, axes: Axes) -> Iterator[dict[str, Any]]:
    """Every point that `run` is called with."""
    apart = [axis for axis in axes if axis not in experiment.together]
    shared = {axis: axes[axis] for axis in experiment.together}
    for values in itertools.product(*(axes[axis] for axis in apart)):
        yield {**shared, **dict(zip(apart, values, strict=True))}


def collect(
    executor: Executor,
    name: str,
    points: Sequence[dict[str, Any]],
    progress: Callable[[int, int], object] | None,
) -> list[Result]:
    """Results in the order of `points`, however they come in."""
    futures = {executor.submit(run_point, name, point): i for i, point in enumerate(points)}
    results: dict[int, Result] = {}
    try:
        for done, future in enumerate(as_completed(futures), 1):
            results[futures[future]] = future.result()
            if progress is not None:
                progress(done, len(points))
    finally:
        for future in futures:  # where one failed, the others would be waited for in vain
            future.cancel()
    return [results[i] for i in range(len(points))]


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


def assemble(experiment: Experiment, axes: Axes, results: Sequence[Result]) -> Result:
    """One array for each measure, with every axis in its place."""
    apart = [axis for axis in axes if axis not in experiment.together]
    together = [axis for axis in axes if axis in experiment.together]
    order = [(apart + together).index(axis) for axis in axes]
    arrays = {}
    for key in experiment.arrays:
        stacked = np.stack([result[key] for result in results])
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
