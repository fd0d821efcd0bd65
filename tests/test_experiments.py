"""Every claim holds on the committed recording, and the code still produces the recording."""

import dataclasses
import inspect
import math

import numpy as np
import pytest
import tensorflow as tf

from steadynet import experiments, recording
from steadynet.experiments import base, cliff, clip_threshold
from steadynet.recording import Recording
from steadynet.tasks import temporal_order
from steadynet.training import Record

NEVER = math.inf


def statements(kind):
    """One test a claim, called by its experiment and function."""
    return pytest.mark.parametrize(
        ("name", "claim"),
        [
            pytest.param(name, claim, id=f"{name}: {inspect.getdoc(claim).splitlines()[0]}")
            for name in experiments.NAMES
            for claim in getattr(experiments.get(name), kind)
        ],
    )


# --- what the book says


@statements("findings")
def test_claim_holds_on_the_recording(name, claim):
    found = claim(recording.load(name))
    assert found.holds, str(found)


@statements("not_reproduced")
def test_what_was_not_reproduced_still_does_not_hold(name, claim):
    found = claim(recording.load(name))
    assert not found.holds, f"the book says that this does not hold: {found}"


@statements("findings")
def test_claim_says_its_effect_with_its_spread(name, claim):
    found = claim(recording.load(name))
    assert found.low <= found.effect <= found.high
    assert all(math.isfinite(value) for value in (found.low, found.effect, found.high))
    assert found.statement.endswith(".")
    assert found.unit in str(found)


CLAIMS = [
    pytest.param(name, claim, id=f"{name}: {claim.name}")
    for name in experiments.NAMES
    for claim in experiments.get(name).claims
]


@pytest.mark.parametrize(("name", "claim"), CLAIMS)
def test_verdict_is_the_one_that_the_book_says(name, claim):
    verdict = experiments.judge(claim, recording.load(name))
    assert verdict.words == experiments.get(name).verdicts[claim.name], str(verdict)


@pytest.mark.parametrize(("name", "claim"), CLAIMS)
def test_claim_was_written_down_before_its_recording(name, claim):
    assert experiments.judge(claim, recording.load(name)).before


def test_what_is_written_down_and_not_recorded_says_how_it_will_decide():
    for name in experiments.WRITTEN:
        experiment = experiments.get(name)
        assert experiment.claims
        assert not experiment.verdicts
        assert experiment.chosen_on
        assert experiment.control.endswith(".")
        assert not (recording.FOLDER / f"{name}.npz").exists()


def test_no_two_claims_have_one_name():
    names = [claim.name for name in experiments.NAMES for claim in experiments.get(name).claims]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", [n for n in experiments.NAMES if experiments.get(n).claims])
def test_experiment_with_claims_says_how_it_decides(name):
    experiment = experiments.get(name)
    assert set(experiment.verdicts) == {claim.name for claim in experiment.claims}
    assert experiment.arms
    assert experiment.control.endswith(".")
    assert experiment.chosen_on
    assert len(experiment.axes["seed"]) >= 5


@pytest.mark.parametrize("name", experiments.NAMES)
def test_every_experiment_has_its_whole_recording(name):
    recorded = recording.load(name)  # refuses a grid that is not the code's
    assert set(recorded.meta["versions"]) == {"keras", "numpy", "tensorflow"}
    assert recorded.meta["versions"]["tensorflow"].startswith("2.21.")
    assert experiments.get(name).name == name
    assert experiments.get(name).question.endswith("?")


def test_an_unknown_experiment_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"`name` must be one of .*'cliff'.* Received: 'clif'"):
        experiments.get("clif")


# --- the grids that were promised


def test_threshold_grid_is_wide_enough():
    axes = clip_threshold.EXPERIMENT.axes
    *thresholds, last = axes["threshold"]
    assert last == NEVER
    assert len(thresholds) >= 17
    steps = np.diff(np.log10(thresholds))
    assert (steps > 0.25).all(), "evenly spread on a log scale: 1, 2, 5, 10"
    assert (steps < 0.45).all()
    assert axes["method"] == ("value", "norm", "global_norm")
    assert len(axes["learning_rate"]) >= 3
    assert clip_threshold.FAILING_RATE in axes["learning_rate"]


@pytest.mark.parametrize(
    "name", ["clip_threshold", "sequence_length", "clip_direction", "adaptive_clipping"]
)
def test_what_is_random_runs_on_five_seeds_or_more(name):
    assert len(experiments.get(name).axes["seed"]) >= 5


@pytest.mark.parametrize("name", ["clip_threshold", "sequence_length", "clip_with_adam"])
def test_curves_count_every_step_once(name):
    recorded = recording.load(name)
    steps = experiments.get(name).run.__globals__.get("STEPS", temporal_order.STEPS)
    assert recorded.arrays["loss"].shape[-1] * temporal_order.WINDOW == steps
    np.testing.assert_array_equal(recorded.arrays["norm_counts"].sum(axis=-1, dtype=int), steps)
    solved = recorded.arrays["solved_at"]
    assert np.nanmin(solved) >= temporal_order.WINDOW
    assert np.nanmax(solved) <= steps


# --- the recording is what the code produces


def rerun(name, **point):
    """Run one point and find the same point in the recording: pairs of arrays."""
    experiment, recorded = experiments.get(name), recording.load(name)
    index = tuple(
        [recorded.axes[axis].index(v) for v in point[axis]]
        if axis in experiment.together
        else recorded.axes[axis].index(point[axis])
        for axis in recorded.axes
    )
    # Axes in `together` stand beside each other, so that one list an axis selects a block.
    lists = [np.atleast_1d(i) for i in index]
    scalars = tuple(k for k, i in enumerate(index) if not isinstance(i, list))
    found = experiment.run(point)
    return {
        key: (array, recorded.arrays[key][np.ix_(*lists)].squeeze(axis=scalars))
        for key, array in found.items()
    }


def assert_close(pair, rtol, atol=0.0, upto=None):
    ours, recorded = (np.asarray(a, float)[..., :upto] for a in pair)
    assert ours.shape == recorded.shape
    np.testing.assert_allclose(ours, recorded, rtol=rtol, atol=atol)


# Tolerances: ten times what weights that differ by a hundred-thousandth change, or more.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("clip_threshold", {"method": "global_norm", "learning_rate": (0.05,), "seed": 0}),
        ("sequence_length", {"length": 10, "seed": 3}),
        ("clip_with_adam", {"learning_rate": 0.003, "seed": 1}),
    ],
)
def test_a_training_run_again_is_as_recorded(name, point):
    again = rerun(name, threshold=(1.0,), **point)
    assert_close(again["solved_at"], rtol=0.1)
    assert_close(again["loss"], rtol=0.05, upto=3)
    assert_close(again["accuracy"], rtol=0, atol=0.02)
    assert_close(again["norm_mean"], rtol=0.05)
    assert_close(again["clipped"], rtol=0, atol=0.05)


@pytest.mark.slow
def test_the_descents_again_are_as_recorded():
    axes = cliff.EXPERIMENT.axes
    again = rerun("cliff", threshold=(0.1, 1.0), w=axes["w"], b=axes["b"], seed=0)
    # At the wall, the last digits decide where a step leads: only the first ten are compared.
    assert_close([path[..., :11, :] for path in again["path"]], rtol=0, atol=0.01)
    assert_close(again["thrown"], rtol=0)


@pytest.mark.slow
def test_the_angles_again_are_as_recorded():
    point = {"method": ("value", "norm", "global_norm"), "threshold": (0.001,), "seed": 0}
    again = rerun("clip_direction", **point)
    assert_close(again["norm"], rtol=0.02, upto=5)
    assert_close(again["angle"], rtol=0.02, atol=0.01, upto=5)


@pytest.mark.slow
@pytest.mark.parametrize(("activation", "gain"), [("tanh", 1.2), ("relu", 2.0)])
def test_the_gradient_flow_again_is_as_recorded(activation, gain):
    again = rerun("gradient_flow", activation=activation, gain=gain, seed=1)
    for way in ("depth", "time"):
        assert_close(again[way], rtol=1e-2)


@pytest.mark.slow
def test_the_deep_network_again_ends_as_recorded():
    again = rerun("adaptive_clipping", clipping="global norm 1", learning_rate=(0.05,), seed=0)
    assert_close(again["accuracy"], rtol=0, atol=0.1)
    assert_close(again["clipped"], rtol=0, atol=0.1)


@pytest.mark.slow
def test_this_machine_s_processes_record_the_same():
    point = {"activation": ("tanh",), "gain": (1.2,), "seed": (0,)}
    made, committed = recording.record("gradient_flow", **point), recording.load("gradient_flow")
    assert made.axes == point
    at = {axis: value for axis, (value,) in point.items()}
    for way in ("depth", "time"):
        np.testing.assert_allclose(made.get(way, **at), committed.get(way, **at), rtol=1e-2)


# --- the parts of the experiments


def test_surface_equals_the_error_that_tensorflow_descends():
    w, b, error = cliff.surface(31)
    ours = cliff.error(tf.constant(w, tf.float64)[None, :], tf.constant(b, tf.float64)[:, None])
    np.testing.assert_allclose(ours, error, rtol=1e-9)
    single = cliff.error(*(tf.constant(v, tf.float32) for v in (w[None, :], b[:, None])))
    # Rounding grows on the way through 50 steps, most where the surface is a wall.
    assert np.quantile(np.abs(single - error), 0.95) < 1e-4


def test_descent_takes_clipped_gradient_steps():
    path, error, norm = cliff.descend(4.0, -2.0, threshold=0.1, steps=4)
    assert path.shape == (5, 2)
    for i in range(4):
        w, b = (tf.Variable(v) for v in path[i])
        with tf.GradientTape() as tape:
            value = cliff.error(w, b)
        grad = np.array(tape.gradient(value, [w, b]))
        length = np.linalg.norm(grad)
        np.testing.assert_allclose(error[i], value, rtol=1e-5)
        np.testing.assert_allclose(norm[i], length, rtol=1e-4)
        step = -cliff.LEARNING_RATE * grad * min(1, 0.1 / length)
        np.testing.assert_allclose(path[i + 1] - path[i], step, rtol=1e-3, atol=1e-6)


def test_descent_reports_every_step_and_broadcasts():
    seen = []
    path, error, norm = cliff.descend(
        np.array([4.0, 5.0])[:, None], np.array([-2.0, -2.5, -3.0]), NEVER, steps=3,
        on_step=lambda *now: seen.append([a.shape for a in now]),
    )  # fmt: skip
    assert path.shape == (2, 3, 4, 2)
    assert error.shape == norm.shape == (2, 3, 3)
    assert seen[0] == [(2, 2, 3, 2), (1, 2, 3), (1, 2, 3)]
    assert len(seen) == 3


@pytest.mark.parametrize("threshold", [0, -1.0, math.nan, np.array([1.0, 0.0])])
def test_descent_refuses_thresholds_that_are_not_positive(threshold):
    with pytest.raises(ValueError, match=r"`threshold` must be positive\. Received: "):
        cliff.descend(4.0, np.array([-2.0, -2.5]), threshold)


def record_of(accuracy, norms=None):
    accuracy = np.asarray(accuracy, "float32")
    norms = np.ones_like(accuracy) if norms is None else np.asarray(norms, "float32")
    return Record(accuracy, accuracy, norms, np.zeros_like(accuracy))


def test_solved_counts_the_steps_until_the_last_fifty_are_right():
    never, at_once, late = np.zeros(200), np.ones(200), np.repeat([0.5, 1.0], 100)
    found = temporal_order.summarize(record_of([never, at_once, late]))["solved_at"]
    # Half right until step 100: 5 of those and 45 right ones make 0.5 × 5 + 45 = 47.5 of 50, 95 %.
    np.testing.assert_array_equal(found, [np.nan, 50, 145])


def test_a_run_that_is_lost_again_counts_as_not_solved():
    axes = {"seed": (0, 1, 2)}
    ends = np.array([[1.0, 0.95], [1.0, 0.89], [0.2, 0.2]])
    arrays = {"accuracy": ends, "solved_at": np.array([50, 50, np.nan])}
    np.testing.assert_array_equal(
        temporal_order.solved_at(Recording("", axes, arrays, {})), [50, np.nan, np.nan]
    )


def test_norms_are_counted_in_their_bins_and_what_is_outside_at_the_ends():
    norms = np.full(100, 0.5)
    norms[:5] = [0, 1e9, np.inf, np.nan, 1e-4]
    found = temporal_order.summarize(record_of(np.ones(100), norms))
    counts, edges = found["norm_counts"], temporal_order.NORM_EDGES
    assert counts.sum() == 100
    assert counts[0] == 2
    assert counts[-1] == 3
    assert counts[np.searchsorted(edges, 0.5) - 1] == 95
    assert found["norm_quantiles"][1] == 0.5


def test_sequences_are_one_hot_and_never_the_same():
    x, y = temporal_order.sequences(10, 3, seed=0)
    assert x.shape == (60, 10, 6)
    np.testing.assert_array_equal(x.sum(axis=-1), 1)
    assert set(y.tolist()) <= {0, 1, 2, 3}
    assert len({row.tobytes() for row in x}) == 60


def test_best_threshold_is_the_middle_of_the_soonest():
    thresholds = (0.1, 1.0, 10.0, NEVER)
    axes = {
        "method": ("global_norm",),
        "learning_rate": (0.1,),
        "threshold": thresholds,
        "seed": (0,),
    }
    solved = np.reshape([500, 100, 105, 50.0], (1, 1, 4, 1))
    arrays = {"solved_at": solved, "accuracy": np.ones((1, 1, 4, 1, 2))}
    found = clip_threshold.best_thresholds(Recording("", axes, arrays, {}))
    # 1 and 10 are within a tenth of each other; their geometric mean is √10. "Never" is left out.
    np.testing.assert_allclose(found, [math.sqrt(10)])


def test_rules_recommend_by_the_norms_of_the_recording():
    recorded = recording.load("clip_threshold")
    rules = clip_threshold.rules_of_thumb(recorded)
    n = len(recorded.axes["learning_rate"])
    assert all(len(values) == n for values in rules.values())
    np.testing.assert_allclose(
        rules["ten times the mean norm"], 20 * rules["half the mean norm"], rtol=1e-6
    )
    for rate, (low, high) in zip(rules["learning_rate"], rules["works"], strict=True):
        at = {"method": "global_norm", "learning_rate": rate}
        for threshold in [t for t in recorded.axes["threshold"] if low <= t <= high]:
            assert clip_threshold.solved(recorded, threshold=threshold, **at).all()


# --- claims and experiments themselves


def test_claim_reads_as_a_sentence_with_its_verdict():
    claim = base.Finding("It is slow.", 2.5, 1.0, 4.0, "times the steps", True)
    assert str(claim) == "It is slow. 2.5 times the steps (1 to 4 over seeds): holds"
    assert str(dataclasses.replace(claim, holds=False)).endswith(": does not hold")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axes": {}}, r"`axes` must end with 'seed'\. Received: \[\]"),
        ({"axes": {"seed": (0,), "rate": (1,)}}, r"must end with 'seed'.*\['seed', 'rate'\]"),
        ({"together": ("depth",)}, r"`together` must name axes\. Received: \['depth'\]"),
    ],
)
def test_experiments_that_could_not_be_recorded_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(cliff.EXPERIMENT, **changes)
