"""What the book says of Keras's own batch normalization is true of the installed version."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet.normalization import fold_batch_norm

BatchNormalization = keras.layers.BatchNormalization


def normal(shape, mean=0.0):
    return np.random.default_rng(0).normal(mean, 1.0, shape).astype("float32")


def test_epsilon_and_momentum_are_those_of_the_table():
    layer = BatchNormalization()
    assert (layer.epsilon, layer.momentum, layer.axis) == (0.001, 0.99, -1)


@pytest.mark.parametrize("shape", [(4, 3), (4, 5, 5, 3)], ids=["dense", "convolution"])
def test_moving_variance_divides_by_the_count(shape):
    layer, x = BatchNormalization(momentum=0.0), normal(shape)
    layer(x, training=True)
    np.testing.assert_allclose(
        layer.moving_variance, x.var(axis=tuple(range(len(shape) - 1))), rtol=1e-5
    )


def test_a_convolution_is_normalized_over_pictures_and_positions():
    x = normal((4, 5, 5, 3), mean=2.0)
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    expected = (x - mean) / np.sqrt(variance + 0.001)
    np.testing.assert_allclose(BatchNormalization()(x, training=True), expected, atol=1e-5)


def test_channels_in_front_are_columns_to_the_default_and_no_error():
    layer, x = BatchNormalization(), normal((4, 3, 5, 6))
    layer(x, training=True)
    assert layer.moving_mean.shape == (6,)


def test_a_call_is_inference_unless_it_says_otherwise():
    layer, x = BatchNormalization(), normal((4, 3))
    np.testing.assert_array_equal(layer(x), layer(x, training=False))
    np.testing.assert_array_equal(layer.moving_mean, 0)


def test_one_value_a_channel_gives_beta():
    layer = BatchNormalization(beta_initializer=keras.initializers.Constant(7.0))
    np.testing.assert_allclose(layer(normal((1, 3)), training=True), [[7.0] * 3], rtol=1e-5)


def test_synchronized_variance_is_computed_in_one_pass():
    # At mean 1e4 it has lost every digit; the usual one has not.
    far, found = normal((64, 2), mean=1e4), {}
    for synchronized in (False, True):
        layer = BatchNormalization(momentum=0.0, synchronized=synchronized)
        layer(far, training=True)
        found[synchronized] = np.abs(layer.moving_variance.numpy() / far.astype("f8").var(0) - 1)
    assert (found[False] < 1e-3).all()
    assert (found[True] > 0.5).any()


DEVICES = """
import keras, numpy as np, tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
parts = tf.constant([[[0.0], [2.0]], [[10.0], [14.0]]])
for synchronized in (False, True):
    with strategy.scope():
        layer = keras.layers.BatchNormalization(momentum=0.0, synchronized=synchronized)
        layer.build((None, 1))
    each = strategy.experimental_distribute_values_from_function(
        lambda context: parts[context.replica_id_in_sync_group]
    )
    tf.function(lambda: strategy.run(lambda x: layer(x, training=True), (each,)))()
    means = strategy.experimental_local_results(layer.moving_mean.value)
    print(*(float(np.squeeze(mean)) for mean in means))
"""


@pytest.mark.slow
def test_devices_have_statistics_of_their_own_unless_synchronized():
    # A process of its own: devices are set before TensorFlow begins.
    done = subprocess.run(
        [sys.executable, "-c", DEVICES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # Means of 0 and 2, and of 10 and 14; then of all four.
    assert done.stdout.split("\n")[:2] == ["1.0 12.0", "6.5 6.5"]


def test_a_shift_cannot_go_into_a_padded_convolution_behind_it():
    # Exercise 5: zeros are put around the normalized values, so near the border the shift differs.
    layers = keras.layers
    norm = BatchNormalization(beta_initializer="ones")
    convolution = layers.Conv2D(2, 3, padding="same", use_bias=False)
    model = keras.Sequential([keras.Input((5, 5, 1)), norm, convolution])
    shift = model(tf.zeros((1, 5, 5, 1))).numpy()[0]
    assert np.ptp(shift[1:-1, 1:-1, 0]) < 1e-6
    assert np.ptp(shift[..., 0]) > 0.01
    assert len(fold_batch_norm(model).layers) == 2
