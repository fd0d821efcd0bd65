"""The experiments on deep convolutions and on time: slices run again, and how arms are compared."""

import numpy as np
import pytest

from steadynet import experiments, recording
from steadynet.experiments.arms import chosen_rate
from steadynet.experiments.deep_convolutions import grid


def rerun(name, budget, stress="", **point):
    """Run one point again up to its first budget: what comes out, and what is recorded."""
    experiment, recorded = experiments.get(name), recording.load(name)
    recorded = recorded.stresses[stress] if stress else recorded
    changes = experiment.stress(stress).changes if stress else {}
    together = {axis: (value,) for axis, value in point.items() if axis in experiment.together}
    found = experiment.run({**point, **changes, **together, "budget": (budget,)})
    return {
        key: (array.squeeze(), recorded.get(key, budget=budget, **point))
        for key, array in found.items()
    }


def assert_close(again, **tolerances):
    for name, atol in tolerances.items():
        ours, recorded = (np.asarray(a, "f8") for a in again[name])
        assert np.isfinite(recorded).all()
        np.testing.assert_allclose(ours, recorded, rtol=0, atol=atol, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stress", "budget", "kind", "depth", "rate", "seed"),
    [
        ("", 50, "none", 20, 0.02, 1),
        ("", 50, "batch norm", 5, 0.1, 2),
        ("", 50, "group norm", 20, 0.05, 0),
        ("", 50, "weight standardization", 20, 0.05, 0),
        ("", 50, "good start", 20, 0.05, 3),
        ("", 50, "clipped", 20, 0.1, 4),
        ("fresh_seeds", 50, "batch norm", 20, 0.1, 5),
        ("long", 300, "none", 20, 0.01, 0),
        ("wide", 100, "none", 20, 0.01, 0),
    ],
)
def test_a_convolution_network_again_is_as_recorded(stress, budget, kind, depth, rate, seed):
    at = {"kind": kind, "depth": depth, "learning_rate": rate, "seed": seed}
    again = rerun("deep_convolutions", budget, stress, **at)
    assert_close(again, loss=0.1, accuracy=0.05, validation_accuracy=0.08, test_accuracy=0.08)


@pytest.mark.slow
def test_a_batch_size_in_convolutions_again_is_as_recorded():
    at = {"kind": "batch norm", "batch_size": 8, "learning_rate": 0.05, "seed": 0}
    again = rerun("convolution_batch_size", 50, **at)
    assert_close(again, loss=0.1, accuracy=0.05, validation_accuracy=0.08, test_accuracy=0.08)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stress", "budget", "depth", "seed"),
    [("", 100, 20, 0), ("fresh_seeds", 2400, 20, 5), ("wide", 2400, 20, 0)],
)
def test_a_dense_network_over_time_again_is_as_recorded(stress, budget, depth, seed):
    at = {"kind": "batch norm", "depth": depth, "learning_rate": 0.03, "seed": seed}
    again = rerun("dense_over_time", budget, stress, **at)
    assert_close(again, validation_accuracy=0.06, test_accuracy=0.06)


# --- how arms are compared


def test_best_rates_of_the_two_arms_lie_inside_what_was_run():
    recorded = recording.load("deep_convolutions")
    for kind in ("none", "batch norm"):
        for budget in (grid.EARLY, grid.MIDDLE, grid.LATE):
            rate = chosen_rate(recorded, kind=kind, depth=grid.DEEP, budget=budget)
            smallest, *_, largest = grid.KINDS[kind]
            assert smallest < rate < largest, (kind, budget)


def test_what_was_not_run_is_nan_and_what_was_run_is_not():
    recorded = recording.load("deep_convolutions")
    shares, axes = recorded.arrays["test_accuracy"], recorded.axes
    for i, kind in enumerate(axes["kind"]):
        for j, depth in enumerate(axes["depth"]):
            for k, rate in enumerate(axes["learning_rate"]):
                point = {"kind": kind, "depth": depth, "learning_rate": rate}
                budgets = np.isfinite(shares[i, j, k]).all(axis=-1)
                run = not grid.skipped(point)
                assert budgets[0] == run
                assert not (budgets[-1] and not run)
