"""A training step as a pure function of one vector is the step that the trainer takes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet import networks, normalization, reuse, steps, training

X = np.random.default_rng(0).normal(size=(40, 4)).astype("f4")
Y = np.random.default_rng(1).integers(0, 3, 40).astype("i4")


def small(**options):
    return networks.dense_network(4, 3, depth=2, units=5, seed=1, **options)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("clip", [None, "value", "norm", "global_norm"])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_pure_step_takes_the_steps_of_the_trainer(momentum, clip, batch_norm):
    model = small(batch_norm=batch_norm)
    layout = steps.State(model, momentum=momentum > 0)
    state, step = layout.start(), steps.training_step(model, clip=clip, momentum=momentum)
    trainer = training.Trainer(model, keras.optimizers.SGD(0.3, momentum=momentum), clip=clip)
    threshold = {"threshold": 0.05} if clip else {}
    record = trainer.run(X, Y, steps=12, batch_size=10, **threshold)
    seen = []
    for rows in training.batch_schedule(len(X), 12, 10, 0):
        state, measures = step(state, X[rows], tf.constant(Y[rows]), 0.3, 0.05)
        seen.append(measures)
    n = sum(w.size for w in model.get_weights())
    assert np.allclose(state[:n], steps.State(model).start(), atol=1e-6)
    measured = [record.loss, record.accuracy, record.gradient_norm, record.clipped]
    assert np.allclose(np.transpose(seen), measured, rtol=1e-5)


def test_frozen_weights_stay_and_have_no_velocity():
    model = small(batch_norm=True)
    reuse.freeze_layers(model, 2)  # the first dense layer, and its normalization with it
    layout, before = steps.State(model, momentum=True), model.get_weights()
    frozen = [not v.trainable for v in model.weights]
    sizes = [w.size for w in before]
    trained = sum(size for v, size in zip(model.weights, sizes, strict=True) if v.trainable)
    assert layout.size == sum(sizes) + trained
    step = steps.training_step(model, momentum=0.9)
    state, _ = step(layout.start(), X[:8], tf.constant(Y[:8]), 0.5)
    after = np.split(state.numpy()[: sum(sizes)], np.cumsum(sizes)[:-1])
    first = [not np.array_equal(a.ravel(), b) for a, b in zip(before, after, strict=True)][:5]
    assert frozen[:5] == [True] * 5
    assert first == [False] * 5


def test_state_goes_through_lists_and_back():
    model = small(batch_norm=lambda: normalization.BatchNorm(momentum=0.9))
    layout = steps.State(model, momentum=True)
    state = np.arange(layout.size, dtype="f4")
    assert np.array_equal(layout.join(*layout.split(tf.constant(state))), state)


def test_state_keeps_the_seeds_of_random_layers_out():
    model = networks.recurrent_network(10)
    assert len(model.variables) > len(model.weights)
    assert steps.State(model).size == model.count_params()


def test_state_refuses_weights_of_other_precision():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, dtype="float64")])
    with pytest.raises(TypeError, match=r"`model` must have float32 weights.*float64"):
        steps.State(model)


@pytest.mark.parametrize("momentum", [-0.1, 1.0])
def test_step_refuses_such_momentum(momentum):
    with pytest.raises(ValueError, match=rf"`momentum` must be in \[0, 1\). Received: {momentum}"):
        steps.training_step(small(), momentum=momentum)


def test_right_counts_what_inference_classifies_correctly():
    model = small(batch_norm=True)
    (count,) = steps.right(model)(tf.constant(steps.State(model).start()), X, tf.constant(Y))
    assert float(count) == (np.argmax(model(X, training=False), -1) == Y).sum()
