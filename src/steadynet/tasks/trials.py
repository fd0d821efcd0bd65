"""Rows of deep networks on several seeds, looked at after several numbers of steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from steadynet.tasks.deep_rows import Row

Looks: TypeAlias = dict[str, np.ndarray]


def accuracies(row: Row) -> Looks:
    """What each copy classifies correctly in inference, of the validation split and the test.

    Examples
    --------
    >>> from steadynet.tasks import deep_rows
    >>> pair = deep_rows.row("none", depth=2, units=4)
    >>> _ = pair.train(0, (0.01, 0.1), steps=2, batch_size=8)
    >>> {name: shares.shape for name, shares in accuracies(pair).items()}
    {'validation_accuracy': (2,), 'test_accuracy': (2,)}
    """
    return {f"{part}_accuracy": row.accuracy(part) for part in ("validation", "test")}


def at_moments(
    row: Row,
    seed: int,
    rates: Sequence[float],
    *,
    moments: Sequence[int],
    batch_size: int,
    look: Callable[[Row], Looks] = accuracies,
) -> Looks:
    """Train a row until the last of some moments, and look at it at each.

    Parameters
    ----------
    row : deep_rows.Row
    seed, rates, batch_size
        As in `deep_rows.Row.train`.
    moments : sequence of int
        Numbers of steps after which it is looked at; the last is the largest.
    look : callable
        ``look(row) -> dict of arrays``, copies first.

    Returns
    -------
    dict of str to ndarray, shape (rates, moments, …)

    Examples
    --------
    >>> from steadynet.tasks import deep_rows
    >>> pair = deep_rows.row("none", depth=2, units=4)
    >>> found = at_moments(pair, 0, (0.01, 0.1), moments=(1, 2), batch_size=8)
    >>> found["test_accuracy"].shape
    (2, 2)
    """
    looks: list[Looks] = []
    row.train(
        *(seed, rates),
        steps=max(moments),
        batch_size=batch_size,
        moments=moments,
        on_moment=lambda: looks.append(look(row)),
    )
    return {name: np.stack([each[name] for each in looks], axis=1) for name in looks[0]}


def on_every_seed(
    point: Mapping[str, Any],
    rates: Collection[float],
    one_seed: Callable[[int, list[float]], Looks],
) -> Looks:
    """An experiment's arrays from what each seed gives, NaN where nothing was run.

    Parameters
    ----------
    point : mapping
        With the tuples "learning_rate", "budget" and "seed", of which the experiment runs all
        together.
    rates : collection of float
        Those that are run; of them, those that the point has.
    one_seed : callable
        ``one_seed(seed, rates) -> dict of arrays``, each of shape (rates, budgets, …); it may stop
        before the last budgets.

    Returns
    -------
    dict of str to ndarray, float32, shape (rates, budgets, seeds, …)

    Examples
    --------
    >>> point = {"learning_rate": (0.1, 1.0), "budget": (10, 20, 40), "seed": (0, 1)}
    >>> one_seed = lambda seed, rates: {"loss": np.full((len(rates), 2), seed)}
    >>> on_every_seed(point, (1.0, 3.0), one_seed)["loss"][..., 1].tolist()
    [[nan, nan, nan], [1.0, 1.0, nan]]
    """
    places = [k for k, rate in enumerate(point["learning_rate"]) if rate in rates]
    run = [point["learning_rate"][k] for k in places]
    found = [one_seed(seed, run) for seed in point["seed"]]
    grid = len(point["learning_rate"]), len(point["budget"])
    stacked = {name: np.stack([one[name] for one in found], axis=2) for name in found[0]}
    return {name: _in_place(values, places, grid) for name, values in stacked.items()}


def _in_place(values, places, grid):
    """Rates and budgets that were run, in a grid of all."""
    whole = np.full((*grid, *values.shape[2:]), np.nan, "f4")
    whole[places, : values.shape[1]] = values
    return whole
