"""The batch normalization experiments: their networks, their claims, and a slice run again."""

import keras
import numpy as np
import pytest

from steadynet import experiments, networks, normalization, recording, sweeps, training
from steadynet.experiments import batch_norm_placement, input_distribution, noisy_batch_norm
from steadynet.tasks import curves, deep_rows, noise, trials
from steadynet.tasks.pictures import small_pictures

RECORDED = (
    "batch_norm_depth",
    "batch_norm_placement",
    "batch_norm_batch_size",
    "moving_statistics_lag",
    "input_distribution",
    "noisy_batch_norm",
)


# Many normalized networks side by side


@pytest.mark.slow
@pytest.mark.parametrize("placement", ["before", "after"])
def test_a_sweep_of_normalized_networks_equals_single_runs(placement):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 6)).astype("f4"), rng.integers(0, 3, 64)
    options = {"steps": 12, "batch_size": 16, "seed": 3}
    rates = [0.02, 0.1, 0.3]

    def network():
        return networks.dense_network(6, 3, depth=2, batch_norm=True, placement=placement)

    sweep = sweeps.Sweep(network())
    side_by_side = sweep.run(x, y, learning_rates=rates, **options)
    for k, rate in enumerate(rates):
        model = network()
        alone = training.train(model, keras.optimizers.SGD(rate), x, y, **options)
        np.testing.assert_allclose(side_by_side.loss[k], alone.loss, rtol=1e-4)
        parts = model.trainable_variables, model.non_trainable_variables
        for copies, variables in zip(sweep.copies, parts, strict=True):
            for copy, variable in zip(copies, variables, strict=True):
                np.testing.assert_allclose(
                    copy[k], variable.numpy(), rtol=1e-3, atol=1e-5, err_msg=variable.path
                )
    # Each copy has its own moving statistics, and the model keeps those it began with.
    means = sweep.copies[1][0].numpy()
    assert np.ptp(means, axis=0).max() > 0
    np.testing.assert_array_equal(sweep.model.non_trainable_variables[0].numpy(), 0)


def test_copies_can_be_seen_after_every_chunk():
    x, y = np.eye(4, dtype="f4"), np.arange(4) % 2
    sweep = sweeps.Sweep(networks.dense_network(4, 2, depth=1))
    assert sweep.copies is None
    seen = []
    sweep.run(
        *(x, y),
        steps=4,
        batch_size=4,
        learning_rates=[0.1, 0.2],
        chunk=2,
        on_chunk=lambda record: seen.append((record.steps, sweep.copies[0][0].numpy())),
    )
    assert [steps for steps, _ in seen] == [2, 4]
    assert seen[0][1].shape == (2, 4, 32)
    assert (seen[0][1] != seen[1][1]).any()


# Looks inside


@pytest.fixture(scope="module")
def row():
    return deep_rows.Row("batch norm", depth=3, units=8, activation="relu")


def test_moments_come_in_order_and_at_their_steps(row):
    seen = []
    record = row.train(
        *(0, [0.1, 0.5]),
        steps=12,
        batch_size=8,
        moments=(0, 4, 12),
        on_moment=lambda: seen.append(row.inside()),
    )
    assert record.loss.shape == (2, 12)
    assert [hidden.shape for hidden, _ in seen] == [(2, 3, deep_rows.LOOKED_AT, 8)] * 3
    assert [norms.shape for _, norms in seen] == [(2, 3)] * 3
    np.testing.assert_array_equal(seen[0][0][0], seen[0][0][1])  # all copies start alike
    assert (seen[2][0][0] != seen[2][0][1]).any()


def test_hidden_activations_and_gradient_norms_are_those_of_the_network(row):
    row.train(0, [0.1], steps=4, batch_size=8)
    hidden, norms = row.inside()
    model = networks.dense_network(
        196, 10, depth=3, units=8, batch_norm=lambda: normalization.BatchNorm(momentum=0.9)
    )
    for variables, copies in zip(
        (model.trainable_variables, model.non_trainable_variables), row.copies, strict=True
    ):
        for variable, copy in zip(variables, copies, strict=True):
            variable.assign(copy[0])
    h = small_pictures()[0][: deep_rows.LOOKED_AT]
    for k in range(3):
        for layer in model.layers[3 * k : 3 * k + 3]:
            h = layer(h, training=True)
        np.testing.assert_allclose(hidden[0, k], h, atol=1e-4)
    assert (norms > 0).all()


def test_losses_around_begin_with_the_loss_itself(row):
    row.train(0, [0.1, 0.5], steps=4, batch_size=8)
    loss, distance, norm = row.around([0.0, 0.5, 1.0])
    assert loss.shape == distance.shape == (2, 3)
    np.testing.assert_array_equal(distance[:, 0], 0)
    assert (distance[:, 1:] > 0).all()
    assert (norm > 0).all()


def test_a_row_of_one_trains_as_a_row_does():
    options = {"depth": 2, "units": 8, "activation": "elu"}
    rows = deep_rows.Row("batch norm", **options), deep_rows.Alone("batch norm", **options)
    losses, accuracies = [], []
    for row in rows:
        losses.append(row.train(1, [0.2], steps=10, batch_size=16).loss)
        accuracies.append(row.test_accuracy())
    np.testing.assert_allclose(*losses, rtol=1e-4)
    np.testing.assert_allclose(*accuracies, atol=0.002)


def test_with_and_without_batch_norm_see_the_same_pictures_in_the_same_order(monkeypatch):
    orders = []
    schedule = training.batch_schedule

    def watched(*arguments):
        orders.append(schedule(*arguments))
        return orders[-1]

    monkeypatch.setattr(training, "batch_schedule", watched)
    for normalize in ("none", "batch norm"):
        deep_rows.Row(normalize, depth=1, units=4, activation="relu").train(
            5, [0.1], steps=3, batch_size=4
        )
    np.testing.assert_array_equal(*orders)


def test_steps_to_a_target_count_from_the_first_step():
    accuracy = np.array([[0, 0, 1, 1, 1], [1, 0, 1, 0, 1]], "f4")
    # Two in a row are right after step 4 in the first run, and never in the second.
    np.testing.assert_array_equal(curves.steps_to(accuracy, 1.0, 2), [4, np.nan])


# Many seeds and budgets


def test_what_was_not_run_is_nan_in_the_grid_of_all_rates_budgets_and_seeds():
    point = {"learning_rate": (0.1, 0.3, 1.0), "budget": (10, 20), "seed": (4, 5)}

    def one_seed(seed, rates):
        assert rates == [0.1, 1.0]
        return {"loss": np.array([[seed], [10 * seed]])}  # stops after the first budget

    found = trials.on_every_seed(point, (1.0, 0.1), one_seed)["loss"]
    assert found.shape == (3, 2, 2)
    np.testing.assert_array_equal(found[:, 0], [[4, 5], [np.nan] * 2, [40, 50]])
    assert np.isnan(found[:, 1]).all()


def test_a_row_is_looked_at_at_every_moment_and_trained_on_what_is_not_held_out():
    row = deep_rows.Row("batch norm", depth=1, units=4, held_out=True)
    options = {"moments": (2, 4), "batch_size": 8}
    found = trials.at_moments(row, 0, [0.1, 0.5], **options)
    assert {name: a.shape for name, a in found.items()} == {
        "validation_accuracy": (2, 2),
        "test_accuracy": (2, 2),
    }
    np.testing.assert_array_equal(found["test_accuracy"][:, -1], row.accuracy("test"))
    short = trials.at_moments(row, 0, [0.1, 0.5], moments=(2,), batch_size=8)
    np.testing.assert_allclose(short["test_accuracy"][:, 0], found["test_accuracy"][:, 0])


# What claims measure, on recordings made up for it


def test_gain_in_either_place_is_that_of_the_worse_place():
    axes = {
        "activation": ("relu",),
        "placement": batch_norm_placement.PLACEMENTS,
        "learning_rate": (0.1,),
        "budget": (300,),
        "seed": (0, 1),
    }
    shares = np.array([[0.4, 0.4], [0.6, 0.5], [0.5, 0.7]]).reshape(1, 3, 1, 1, 2)
    arrays = dict.fromkeys(("validation_accuracy", "test_accuracy"), shares)
    runs = recording.Recording("batch_norm_placement", axes, arrays, {})
    np.testing.assert_allclose(
        batch_norm_placement.gain_in_either_place(runs, 300, "relu"), [10, 10]
    )
    np.testing.assert_allclose(batch_norm_placement.before_over_after(runs, 300, "relu"), [10, -20])


def test_wandering_counts_all_looks_up_to_the_budget_in_widths():
    axes = {"normalize": ("none",), "learning_rate": (1.0,), "budget": (300, 600), "seed": (0,)}
    medians = np.array([[0.0, 1.0], [4.0, 1.0]])  # [budget, look], of one unit
    quantiles = np.stack([medians - 1, medians, medians + 1], axis=-1)
    arrays = {"inputs": quantiles.reshape(1, 1, 2, 1, 2, 3, 1)}
    runs = recording.Recording("input_distribution", axes, arrays, {})
    # The median goes from 0 to 1, then to 4; the inputs are 2 wide.
    assert input_distribution.wander(runs, 300, "none", 1.0) == [0.5]
    assert input_distribution.wander(runs, 600, "none", 1.0) == [2.0]


def test_looks_at_inputs_end_with_the_budget_and_begin_after_the_one_before():
    assert list(input_distribution.looks(600)) == [350, 400, 450, 500, 550, 600]


# The noise


def test_noise_shifts_between_steps_and_not_within_one():
    layer = noise.NoisyBatchNorm(seed=3)
    x = np.random.default_rng(0).normal(size=(2000, 4)).astype("f4")
    first, second = (layer(x, training=True).numpy() for _ in range(2))
    assert layer.count.numpy() == 2
    shifts = first.mean(0), second.mean(0)
    assert np.abs(shifts).max() < noise.SHIFT + 0.05
    assert np.abs(shifts[0] - shifts[1]).max() > 0.05
    assert ((first.std(0) > 0.95) & (first.std(0) < 1 + noise.SCALE + 0.1)).all()


def test_noise_is_the_same_for_the_same_seed_and_step_and_absent_in_inference():
    x = np.random.default_rng(0).normal(size=(20, 4)).astype("f4")
    layers = [noise.NoisyBatchNorm(seed) for seed in (3, 3, 4)]
    one, same, other = (layer(x, training=True).numpy() for layer in layers)
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    plain = normalization.BatchNorm()
    plain(x, training=True)
    np.testing.assert_array_equal(layers[0](x), plain(x))


def test_strength_scales_how_far_noise_is_from_none():
    y = np.random.default_rng(0).normal(size=(50, 4)).astype("f4")
    one, four, none = (noise.shifted(y, [0, 3], strength) - y for strength in (1.0, 4.0, 0.0))
    np.testing.assert_allclose(four, 4 * one, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(none, 0)
    assert np.abs(one).max() > 0.1


def test_runs_of_other_seeds_have_other_noise_and_strengths_the_same_draws():
    layer, x = noise.NoisyBatchNorm(seed=3), np.random.default_rng(0).normal(size=(20, 4))
    normalized = normalization.BatchNorm()(x, training=True)

    def noise_of(seed, strength):
        layer.build(x.shape) if not layer.built else None
        layer.begin(seed, strength)
        return layer(x, training=True) - normalized

    first = noise_of(0, 1.0)
    np.testing.assert_array_equal(noise_of(0, 1.0), first)
    np.testing.assert_allclose(noise_of(0, 2.0), 2 * first, rtol=1e-3, atol=1e-5)
    assert np.abs(noise_of(1, 1.0) - first).max() > 0.1


def test_a_row_that_holds_pictures_out_trains_on_the_others(monkeypatch):
    seen = []
    schedule = training.batch_schedule
    monkeypatch.setattr(
        training, "batch_schedule", lambda n, *rest: seen.append(n) or schedule(n, *rest)
    )
    for held_out in (False, True):
        row = deep_rows.Alone("none", depth=1, units=2, held_out=held_out)
        row.train(0, [0.1], steps=2, batch_size=4)
    assert seen == [10_000, 8_000]
    assert 0 <= row.accuracy("validation", by_batch=True)[0] <= 1


# Recordings (that every claim holds is tested with those of the other experiments)


@pytest.mark.parametrize("name", RECORDED)
def test_every_kind_of_network_runs_on_five_seeds_and_enough_rates(name):
    axes = experiments.get(name).axes
    assert len(axes["seed"]) >= 5
    assert len(axes["learning_rate"]) >= (7 if name == "batch_norm_depth" else 3)


def test_depth_experiment_covers_what_the_book_promises():
    axes = experiments.get("batch_norm_depth").axes
    assert axes["depth"] == (2, 5, 10, 20, 30)
    assert axes["activation"] == ("sigmoid", "relu", "elu")


def rerun(name, stress="", **point):
    """Run one of what stands together at a point again: what comes out, and what is recorded."""
    experiment, recorded = experiments.get(name), recording.load(name)
    recorded = recorded.stresses[stress] if stress else recorded
    together = {axis: (point[axis],) for axis in experiment.together}
    changes = experiment.stress(stress).changes if stress else {}
    found = experiment.run({**changes, **point, **together})
    first = (0,) * len(together)
    return {key: (array[first], recorded.get(key, **point)) for key, array in found.items()}


def assert_close(pair, **tolerance):
    ours, recorded = (np.asarray(a, "f8") for a in pair)
    np.testing.assert_allclose(ours, recorded, **{"rtol": 0, **tolerance})


# Low rates, where small differences between machines stay small.
QUIET = {"learning_rate": 0.03, "seed": 0}


@pytest.mark.slow
@pytest.mark.parametrize("normalize", ["none", "batch norm"])
def test_a_depth_run_again_is_as_recorded(normalize):
    at = {"depth": 2, "activation": "elu", "batch_size": 64}
    again = rerun("batch_norm_depth", normalize=normalize, **at, **QUIET)
    assert_close(again["loss"], rtol=0.02)
    assert_close(again["accuracy"], atol=0.02)
    assert_close(again["test_accuracy"], atol=0.02)
    assert_close(again["activations"], atol=0.05)
    assert_close(again["gradients"], atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("stress", "seed"), [("", 0), ("fresh_seeds", 7)])
def test_a_batch_size_again_is_as_recorded(stress, seed):
    budget = 240 if stress else 80
    at = {"normalize": "batch norm", "batch_size": 64, "learning_rate": 0.03, "seed": seed}
    again = rerun("batch_norm_batch_size", stress, budget=budget, **at)
    for name in ("validation_accuracy", "test_accuracy", "test_accuracy_by_batch"):
        assert_close(again[name], atol=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stress", "at"),
    [
        ("", {"activation": "sigmoid", "placement": "after", "budget": 100, "seed": 0}),
        ("fresh_seeds", {"activation": "elu", "placement": "none", "budget": 300, "seed": 6}),
    ],
)
def test_a_placement_again_is_as_recorded(stress, at):
    again = rerun("batch_norm_placement", stress, learning_rate=0.01 if stress else 0.03, **at)
    for name in ("validation_accuracy", "test_accuracy"):
        assert_close(again[name], atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("stress", "momentum", "seed"), [("", 0.9, 0), ("fresh_seeds", 0.999, 5)])
def test_a_lag_again_is_as_recorded(stress, momentum, seed):
    at = {"momentum": momentum, "learning_rate": 0.03, "seed": seed}
    again = rerun("moving_statistics_lag", stress, budget=80, **at)
    for name in ("validation_accuracy", "test_accuracy", "test_accuracy_by_batch"):
        assert_close(again[name], atol=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(("stress", "seed"), [("", 0), ("fresh_seeds", 9)])
def test_an_input_distribution_again_is_as_recorded(stress, seed):
    at = {"normalize": "batch norm", "learning_rate": 0.1, "seed": seed}
    again = rerun("input_distribution", stress, budget=300, **at)
    assert_close(again["inputs"], atol=0.05)
    for name in ("validation_accuracy", "test_accuracy"):
        assert_close(again[name], atol=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stress", "normalize", "at"),
    [
        ("", "none", QUIET),
        ("", "noise 2", QUIET),
        ("fresh_seeds", "noise 1", {"learning_rate": 0.03, "seed": 7}),
        ("wide", "batch norm", {"learning_rate": 0.1, "seed": 2}),
    ],
)
def test_a_noisy_run_again_is_as_recorded(stress, normalize, at):
    again = rerun("noisy_batch_norm", stress, normalize=normalize, budget=200, **at)
    assert_close(again["accuracy"], atol=0.05)
    assert_close(again["validation_accuracy"], atol=0.05)
    assert_close([movements[0] for movements in again["drift"]], rtol=0.05)
    assert_close([losses[:2] for losses in again["loss_along"]], rtol=0.05)


# What counts as a test of the first explanation


def noisy_recording(**arrays):
    """Two arms' worth of numbers on the noisy experiment's axes, one rate and five seeds."""
    axes = {
        "normalize": noisy_batch_norm.NORMALIZE,
        "learning_rate": (0.1,),
        "budget": (200, 400),
        "seed": (0, 1, 2, 3, 4),
    }
    empty = np.zeros((6, 1, 2, 5))
    whole = {name: empty + np.asarray(values)[:, None] for name, values in arrays.items()}
    if "drift" in whole:
        whole["drift"] = whole["drift"][..., None, None] * np.ones((5, 15))
    return recording.Recording("noisy_batch_norm", axes, whole, {})


# By arm: none, batch norm, noise 0.5, 1, 2, 4; each [budget, seed].
ACCURACY = [[[a]] for a in (0.5, 0.7, 0.65, 0.6, 0.4, 0.2)]


def test_least_noise_that_is_more_restless_is_what_counts():
    drift = [[[d]] for d in (0.3, 0.02, 0.2, 0.4, 0.5, 0.9)]
    recorded = noisy_recording(accuracy=ACCURACY, drift=drift)
    # 0.5 does not move as far as the plain one; 1 does and is at 60 to 50 %.
    np.testing.assert_allclose(
        noisy_batch_norm.gained_though_restless(recorded, 400, 0.1), np.full(5, 10)
    )


def test_noise_must_be_the_more_restless_in_every_window():
    drift = np.ones((6, 2, 5)) * np.reshape([0.3, 0.02, 0.2, 0.4, 0.5, 0.9], (6, 1, 1))
    drift[0, 0, 1] = 0.45  # at first, on one seed, the plain network moves more than noise 1
    drift[0, 0, 2] = 2.0  # and on another more than all
    drift[0, 1, 3] = np.nan  # on a third it diverges later
    recorded = noisy_recording(accuracy=ACCURACY, drift=drift)
    np.testing.assert_allclose(
        noisy_batch_norm.gained_though_restless(recorded, 400, 0.1), [10, -10, np.nan, 10, 10]
    )


def test_unrest_leaves_dead_layers_out():
    recorded = noisy_recording(drift=np.full((6, 1, 5), 0.3))
    recorded.arrays["drift"][0, 0, 1, 0, :, 9:] = np.nan
    recorded.arrays["drift"][0, 0, 1, 1] = np.nan
    found = noisy_batch_norm.unrest(recorded, budget=400, normalize="none", learning_rate=0.1)
    np.testing.assert_allclose(found, [0.3, np.nan, 0.3, 0.3, 0.3])
