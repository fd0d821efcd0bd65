"""Runs side by side are the runs one after the other."""

import math

import keras
import numpy as np
import pytest

from steadynet import networks
from steadynet.sweeps import Sweep
from steadynet.training import Trainer

N, STEPS, BATCH = 40, 10, 8
OPTIONS = {"steps": STEPS, "batch_size": BATCH, "seed": 3}
RATES = (0.02, 0.05, 0.05, 0.1)
THRESHOLDS = (0.05, 0.2, math.inf, 0.5)


def dense(*layers):
    keras.utils.set_random_seed(1)
    first = keras.layers.Dense(8, activation="tanh")
    return keras.Sequential([keras.Input((5,)), first, *layers, keras.layers.Dense(3)])


NETWORKS = {
    "dense": dense,
    "batch norm": lambda: dense(keras.layers.BatchNormalization()),
    "recurrent": lambda: networks.recurrent_network(4, n_inputs=5, n_classes=3, units=8),
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, 5)).astype("float32"), rng.integers(0, 3, N)


@pytest.fixture(scope="module")
def sweep():
    return Sweep(dense(), clip="global_norm")


def run(sweep, data, **options):
    row = {"learning_rates": RATES, "thresholds": THRESHOLDS}
    return sweep.run(*data, **OPTIONS | row | options)


def parts(model):
    return model.trainable_variables, model.non_trainable_variables


@pytest.mark.parametrize(
    ("network", "clip"),
    [
        ("dense", "value"),
        ("dense", "norm"),
        ("dense", "adaptive"),
        ("batch norm", "global_norm"),
        ("recurrent", "global_norm"),
    ],
)
def test_each_row_equals_a_run_of_its_own(data, network, clip):
    x, y = data
    if network == "recurrent":
        x = np.stack([x] * 4, axis=1)
    many = Sweep(NETWORKS[network](), clip=clip)
    together = run(many, (x, y))
    trainer = Trainer(NETWORKS[network](), keras.optimizers.SGD(1.0), clip=clip)
    start = trainer.model.get_weights()
    for i, (rate, threshold) in enumerate(zip(RATES, THRESHOLDS, strict=True)):
        trainer.model.set_weights(start)
        alone = trainer.run(x, y, **OPTIONS, learning_rate=rate, threshold=threshold)
        for name in ("loss", "accuracy", "gradient_norm", "clipped"):
            np.testing.assert_allclose(
                getattr(together, name)[i], getattr(alone, name), rtol=1e-4, atol=1e-6, err_msg=name
            )
        for copies, variables in zip(many.copies, parts(trainer.model), strict=True):
            for copy, variable in zip(copies, variables, strict=True):
                if copy.dtype.is_floating:  # not the seed of layers that are never random
                    np.testing.assert_allclose(copy[i], variable.numpy(), rtol=1e-3, atol=1e-6)
    assert together.clipped[0].any(), "the tightest threshold bites"
    assert not together.clipped[2].any(), "infinity never clips"


def test_the_model_stays_as_it_was_and_runs_repeat(data, sweep):
    before = sweep.model.get_weights()
    one, other = run(sweep, data), run(sweep, data)
    for a, b in zip(sweep.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.loss, other.loss)
    assert one.loss.shape == (4, STEPS)
    np.testing.assert_array_equal(one.loss[:, 0], one.loss[0, 0])
    assert not np.array_equal(one.loss, run(sweep, data, seed=4).loss)


def test_every_run_starts_from_the_models_present_weights(data, sweep):
    before = sweep.model.get_weights()
    first = run(sweep, data).loss[0, 0]
    sweep.model.set_weights([0 * w for w in before])
    # With all weights zero the three classes are equally likely: log 3 = 1.0986.
    np.testing.assert_allclose(run(sweep, data).loss[:, 0], math.log(3), rtol=1e-6)
    sweep.model.set_weights(before)
    assert run(sweep, data).loss[0, 0] == first


def test_chunks_report_and_do_not_change_the_record(data, sweep):
    seen, weights = [], []

    def look(record):
        seen.append(record.steps)
        weights.append(sweep.copies[0][0].numpy())
        return len(seen) < 3

    whole = run(sweep, data)
    part = run(sweep, data, chunk=3, on_chunk=look)
    assert seen == [3, 6, 9]
    assert part.cancelled
    np.testing.assert_array_equal(part.loss, whole.loss[:, :9])
    assert weights[0].shape == (4, 5, 8)
    assert not np.array_equal(weights[0], weights[1])


def test_without_clipping_only_the_rates_differ(data):
    record = run(Sweep(dense()), data, thresholds=None, learning_rates=[0.1, 0.1, 0.2])
    np.testing.assert_array_equal(record.loss[0], record.loss[1])
    assert not np.array_equal(record.loss[0], record.loss[2])
    np.testing.assert_array_equal(record.clipped_share, [0, 0, 0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rates": []}, r"one length, at least 1\. Received: 0 and 4 values"),
        ({"thresholds": [1.0]}, r"one length, at least 1\. Received: 4 and 1 values"),
        ({"thresholds": None}, r"`threshold` must be given with clip='global_norm'"),
        ({"learning_rates": (0.1, 0, 1, 1)}, r"`learning_rates` must be positive and finite.*: 0$"),
        ({"thresholds": (1, 1, 1, -1)}, r"`threshold` must be positive\. Received: -1"),
        ({"batch_size": 41}, r"`batch_size` must be at most the 40 examples\. Received: 41"),
        ({"steps": 0}, r"`steps` must be an integer of at least 1\. Received: 0"),
        ({"chunk": 0.5}, r"`chunk` must be an integer of at least 1\. Received: 0\.5"),
    ],
)
def test_bad_rows_are_refused(data, sweep, options, message):
    with pytest.raises(ValueError, match=message):
        run(sweep, data, **options)


def test_models_targets_and_clippings_that_do_not_fit_are_refused(data, sweep):
    with pytest.raises(ValueError, match="`model` must be built"):
        Sweep(keras.Sequential([keras.layers.Dense(3)]))
    with pytest.raises(ValueError, match=r"`clip` must be one of .* Received: 'both'"):
        Sweep(dense(), clip="both")
    with pytest.raises(ValueError, match=r"Received: 40 examples, 39 targets"):
        run(sweep, (data[0], data[1][1:]))
