"""The recurrent task that the clipping experiments share, and how a run on it is summed up."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.tasks.curves import SLACK, steps_to, windows

if TYPE_CHECKING:
    from steadynet.training import Record

BATCH_SIZE = 20
CHANCE = 0.25
NEVER = math.inf
SOLVED, KEPT = 0.95, 0.9
STEPS = 2000
WINDOW = 50  # steps averaged into one point of a curve: 1,000 sequences
ENDING = 4 * WINDOW  # steps whose mean accuracy tells how an unsolved run ended
RULE = {  # as a plan carries it to the page that trains
    "kind": "solved",
    "measure": "accuracy",
    "window": WINDOW,
    "target": SOLVED,
    "slack": SLACK,
    "kept": KEPT,
    "ending": ENDING,
}

THRESHOLDS = (
    *(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0),
    *(50.0, 100.0, NEVER),
)
NORM_EDGES = np.geomspace(1e-4, 1e3, 29)  # four bins a decade

CURVES = {
    "loss": "cross-entropy in nats, mean over windows of 50 steps: [window]",
    "accuracy": "share of fresh sequences classified correctly, over the same windows: [window]",
    "clipped": "share of steps on which clipping changed the gradients: [window]",
    "gradient_norm": "joint L2 norm before clipping, median of each window: [window]",
    "norm_counts": "steps whose norm before clipping falls in each bin of NORM_EDGES: [bin]",
    "norm_quantiles": "10, 50, 90, 99 and 100 % quantiles of that norm over all steps: [quantile]",
    "norm_mean": "mean of that norm over all steps",
    "solved_at": "steps until the last 50 steps' mean accuracy reaches 95 %; NaN if it never does",
}
QUANTILES = (0.1, 0.5, 0.9, 0.99, 1.0)


def sequences(length: int, steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Fresh one-hot sequences for every step, and their classes: no sequence is seen twice.

    Parameters
    ----------
    length : int
        Symbols in a sequence.
    steps : int
        Steps of training, each of `BATCH_SIZE` sequences.
    seed : int

    Returns
    -------
    x : ndarray, float32, shape (BATCH_SIZE * steps, length, 6)
    y : ndarray, int32, shape (BATCH_SIZE * steps,)
        Classes, 0 to 3.

    Examples
    --------
    >>> x, y = sequences(length=10, steps=3, seed=0)
    >>> x.shape, y.shape, x[0].sum(axis=-1).tolist() == [1.0] * 10
    ((60, 10, 6), (60,), True)
    """
    from steadynet import datasets

    symbols, labels = datasets.temporal_order(BATCH_SIZE * steps, length, seed=seed)
    return np.eye(6, dtype="float32")[symbols], labels


@functools.lru_cache(maxsize=8)
def _side_by_side(length, clip):
    """A compiled row of runs for one length and clipping; each call only changes its weights."""
    from steadynet import networks, sweeps

    return sweeps.Sweep(networks.recurrent_network(length), clip=clip)


def train_row(
    length: int,
    clip: str,
    seed: int,
    learning_rates: Sequence[float],
    thresholds: Sequence[float],
    steps: int = STEPS,
) -> dict[str, np.ndarray]:
    """Train one run for every pair of rate and threshold from one seed; return its summary.

    Parameters
    ----------
    length : int
        Symbols in a sequence.
    clip : {"value", "norm", "global_norm"}
        How gradients are clipped.
    seed : int
        Of weights, sequences and their order; the same for all pairs.
    learning_rates, thresholds : sequence of float, equal lengths
        One pair a run.
    steps : int
        Steps of each run, a multiple of `WINDOW`.

    Returns
    -------
    dict of str to ndarray
        As `summarize` gives it, runs first.

    Examples
    --------
    >>> found = train_row(10, "global_norm", 0, (0.1, 0.4), (1.0, 1.0), steps=50)
    >>> found["loss"].shape, found["norm_counts"].sum(axis=-1).tolist()
    ((2, 1), [50, 50])
    """
    from steadynet import networks

    row = _side_by_side(length, clip)
    row.model.set_weights(networks.recurrent_network(length, seed=seed).get_weights())
    x, y = sequences(length, steps, seed)
    record = row.run(
        *(x, y),
        steps=steps,
        batch_size=BATCH_SIZE,
        learning_rates=learning_rates,
        thresholds=thresholds,
        seed=seed,
        chunk=steps,
    )
    return summarize(record)


def summarize(record: Record) -> dict[str, np.ndarray]:
    """Curves over windows, histogram and quantiles of the norms, and when the task was solved.

    Parameters
    ----------
    record : training.Record
        One run or many, of a multiple of `WINDOW` steps.

    Returns
    -------
    dict of str to ndarray
        The arrays that `CURVES` describes, runs first where there are many.

    Examples
    --------
    >>> from steadynet.training import Record
    >>> half = np.repeat([0.25, 1.0], 50)  # 50 steps by chance, 50 without a mistake
    >>> found = summarize(Record(1 - half, accuracy=half, gradient_norm=half, clipped=half > 0.5))
    >>> found["accuracy"].tolist(), float(found["solved_at"])
    ([0.25, 1.0], 97.0)
    """
    norms = np.nan_to_num(record.gradient_norm, nan=np.inf, posinf=np.inf)
    with np.errstate(invalid="ignore"):  # between two infinite norms there is no quantile
        quantiles = np.quantile(norms, QUANTILES, axis=-1)
    return {
        "loss": windows(record.loss, WINDOW),
        "accuracy": windows(record.accuracy, WINDOW),
        "clipped": windows(record.clipped, WINDOW),
        "gradient_norm": windows(norms, WINDOW, np.median),
        "norm_counts": _histogram(norms),
        "norm_quantiles": np.moveaxis(quantiles, 0, -1).astype("f4"),
        "norm_mean": norms.mean(-1),
        "solved_at": steps_to(record.accuracy, SOLVED, WINDOW),
    }


def solved_at(recording: Any, **point: Any) -> np.ndarray:
    """Steps until the task is solved for good; NaN where it never is, or is lost again by the end.

    Parameters
    ----------
    recording : Recording
        With the arrays of `CURVES`.
    **point
        As in `Recording.get`.

    Returns
    -------
    ndarray
        One number a run: the recorded ``solved_at`` where the last window's accuracy is still 90 %.

    Examples
    --------
    >>> from steadynet.recording import Recording
    >>> accuracy = np.array([[0.3, 1.0], [1.0, 0.3]])  # the second run lost it again
    >>> arrays = {"accuracy": accuracy, "solved_at": np.array([97.0, 48.0])}
    >>> solved_at(Recording("demo", {"seed": (0, 1)}, arrays, {})).tolist()
    [97.0, nan]
    """
    kept = recording.get("accuracy", **point)[..., -1] >= KEPT
    return np.where(kept, recording.get("solved_at", **point), np.nan)


def _histogram(norms):
    """Counts in NORM_EDGES; what lies outside is counted in the first or last bin."""
    inside = np.clip(norms, NORM_EDGES[0], NORM_EDGES[-1] * (1 - 1e-6))
    bins = np.searchsorted(NORM_EDGES, inside, side="right") - 1
    counts = [
        np.bincount(row, minlength=len(NORM_EDGES) - 1) for row in bins.reshape(-1, bins.shape[-1])
    ]
    return np.array(counts, "uint16").reshape(*norms.shape[:-1], -1)
