"""Our clipping and a plain optimizer make the steps that Keras's clip arguments make."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet.clipping import clip, global_norm

OPTIMIZERS = {
    "SGD with momentum": lambda **clip: keras.optimizers.SGD(0.1, momentum=0.9, **clip),
    "Adam": lambda **clip: keras.optimizers.Adam(0.05, **clip),
}
ARGUMENTS = {"clipvalue": "value", "clipnorm": "norm", "global_clipnorm": "global_norm"}

every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
every_argument = pytest.mark.parametrize(("argument", "method"), ARGUMENTS.items(), ids=ARGUMENTS)


def dense_network():
    return keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1)]
    )


def network_with_a_table():
    """An embedding, so that one gradient is `tf.IndexedSlices` with rows that occur twice."""
    return keras.Sequential(
        [
            keras.Input((3,), dtype="int32"),
            keras.layers.Embedding(10, 4),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )


def twins(build):
    """The same network twice, weights included."""
    keras.utils.set_random_seed(0)
    one, other = build(), build()
    other.set_weights(one.get_weights())
    return one, other


def raw_gradients(model, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
    return tape.gradient(loss, model.trainable_weights)


def five_steps(models, optimizers, batches, method, threshold):
    """Step both networks side by side; yield weights of both, and whether clipping was at work."""
    (theirs, ours), (clipping, plain) = models, optimizers
    for x, y in batches:
        clipping.apply(raw_gradients(theirs, x, y), theirs.trainable_weights)
        grads = raw_gradients(ours, x, y)
        clipped = clip(grads, method, threshold)
        if method == "global_norm":
            # As in Keras, whose product with the scale is dense. It matters: of a sparse gradient
            # its Adam adds up the squares of equal rows, not the rows.
            clipped = [tf.convert_to_tensor(g) for g in clipped]
        plain.apply(clipped, ours.trainable_weights)
        yield theirs.get_weights(), ours.get_weights(), global_norm(clipped) < global_norm(grads)


@every_argument
@every_optimizer
@pytest.mark.parametrize("threshold", [0.01, 0.3])
def test_five_steps_equal_those_of_the_keras_argument(optimizer, argument, method, threshold):
    rng = np.random.default_rng(1)
    batches = [(rng.normal(size=(16, 6)), 10 * rng.normal(size=(16, 1))) for _ in range(5)]
    optimizers = optimizer(**{argument: threshold}), optimizer()
    for theirs, ours, at_work in five_steps(
        twins(dense_network), optimizers, batches, method, threshold
    ):
        assert at_work
        for a, b in zip(theirs, ours, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-7)


@every_argument
@every_optimizer
def test_five_steps_with_sparse_gradients_equal_those_of_keras(optimizer, argument, method):
    rng = np.random.default_rng(2)
    batches = [(rng.integers(0, 5, (8, 3)), 10 * rng.normal(size=(8, 1))) for _ in range(5)]
    optimizers = optimizer(**{argument: 0.1}), optimizer()
    models = twins(network_with_a_table)
    assert isinstance(raw_gradients(models[0], *batches[0])[0], tf.IndexedSlices)
    for theirs, ours, at_work in five_steps(models, optimizers, batches, method, 0.1):
        assert at_work
        for a, b in zip(theirs, ours, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-7)


@every_argument
@every_optimizer
def test_a_loose_threshold_changes_no_step(optimizer, argument, method):
    rng = np.random.default_rng(3)
    batches = [(rng.normal(size=(16, 6)), rng.normal(size=(16, 1))) for _ in range(5)]
    optimizers = optimizer(), optimizer()
    assert getattr(optimizers[0], argument) is None
    for theirs, ours, at_work in five_steps(twins(dense_network), optimizers, batches, method, 1e6):
        assert not at_work
        for a, b in zip(theirs, ours, strict=True):
            np.testing.assert_array_equal(b, a)
