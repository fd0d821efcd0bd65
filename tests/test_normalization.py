"""Batch normalization against Keras, NumPy and worked values, in both modes and at its edges."""

import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet.normalization import BatchNorm, batch_moments, batch_normalize, update_moving

SHAPES_AND_AXES = [
    ((6, 5), -1),
    ((6, 5), 0),
    ((4, 7, 3), -1),
    ((4, 7, 3), 1),
    ((4, 7, 3), -2),
    ((3, 4, 5, 2), -1),
    ((3, 4, 5, 2), 1),
    ((2, 3, 2, 3, 4), 2),
]
# Outputs are of order 10; half precision keeps 10 bits of the fraction, bfloat16 only 7.
TOLERANCE = {
    "float32": 3e-5,
    "float64": 1e-11,
    "float16": 2e-2,
    "mixed_float16": 2e-2,
    "bfloat16": 1e-1,
    "mixed_bfloat16": 1e-1,
}
every_shape = pytest.mark.parametrize(("shape", "axis"), SHAPES_AND_AXES)
both_modes = pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])


def normal(shape, seed=0, mean=2.0, deviation=3.0, dtype="float32"):
    return np.random.default_rng(seed).normal(mean, deviation, shape).astype(dtype)


def both(shape, **arguments):
    """Our layer and Keras's with the same weights."""
    layers = BatchNorm(**arguments), keras.layers.BatchNormalization(**arguments)
    for layer in layers:
        layer.build(shape)
        for weight in layer.weights:
            start = np.random.default_rng(len(weight.name)).uniform(0.5, 2.0, weight.shape)
            weight.assign(start)
    return layers


def outputs_and_gradients(layer, x, training):
    """The layer's output, and the gradients of a loss in which no entry counts like another."""
    x = tf.constant(x)
    slope = np.linspace(-1, 1, math.prod(x.shape)).reshape(x.shape)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training)
        loss = tf.reduce_sum(tf.sin(tf.cast(y, "float64")) * slope)
    weights = {w.name: w.value for w in layer.trainable_weights}
    return y, tape.gradient(loss, {"x": x, **weights})


def assert_same(ours, keras_layer, x, training, tolerance):
    got, gradients = outputs_and_gradients(ours, x, training)
    expected, keras_gradients = outputs_and_gradients(keras_layer, x, training)
    close = {"rtol": tolerance, "atol": tolerance}
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(wide(got), wide(expected), **close)
    assert gradients.keys() == keras_gradients.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(
            wide(gradient), wide(keras_gradients[name]), **close, err_msg=name
        )
    for weight, other in zip(by_name(ours), by_name(keras_layer), strict=True):
        assert weight.name == other.name
        np.testing.assert_allclose(wide(weight), wide(other), **close, err_msg=weight.name)


def by_name(layer):
    return sorted(layer.weights, key=lambda w: w.name)


def wide(value):
    return tf.cast(tf.convert_to_tensor(value), "float64").numpy()


# Against Keras


@both_modes
@every_shape
def test_layer_equals_keras_for_any_rank_and_axis(shape, axis, training):
    layers = both(shape, axis=axis, momentum=0.8, epsilon=1e-2)
    for seed in range(3):  # moving statistics go on from where the last batch left them
        assert_same(*layers, normal(shape, seed), training, TOLERANCE["float32"])


@both_modes
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_layer_equals_keras_in_every_precision(dtype, training):
    layers = both((64, 3), dtype=dtype)
    x = tf.cast(normal((64, 3)), layers[0].compute_dtype)
    assert_same(*layers, x, training, TOLERANCE[dtype])


@both_modes
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("scale", [True, False])
def test_layer_equals_keras_without_gamma_or_beta(center, scale, training):
    layers = both((6, 5), center=center, scale=scale)
    assert_same(*layers, normal((6, 5)), training, TOLERANCE["float32"])


@both_modes
@pytest.mark.parametrize(
    "x", [normal((1, 4)), np.full((6, 4), 7.0, "float32")], ids=["one", "constant"]
)
def test_layer_equals_keras_where_the_variance_is_zero(x, training):
    layers = both(x.shape)
    assert_same(*layers, x, training, 1e-3)  # the slope there is 1 / sqrt(epsilon), 32 times


@both_modes
def test_frozen_layer_equals_keras_frozen(training):
    layers = both((6, 5))
    for layer in layers:
        layer.trainable = False
    assert_same(*layers, normal((6, 5)), training, TOLERANCE["float32"])


def test_layer_takes_integers_as_keras_does():
    layers = both((6, 2))
    x = np.arange(12).reshape(6, 2)
    ours, theirs = (layer(x, training=True) for layer in layers)
    assert ours.dtype == theirs.dtype == tf.float32
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_trained_networks_stay_equal():
    def network(normalize):
        init = keras.initializers.GlorotUniform
        layers = [keras.layers.Dense(8, kernel_initializer=init(1)), normalize()]
        return keras.Sequential(
            [keras.Input((5,)), *layers, keras.layers.Dense(1, kernel_initializer=init(2))]
        )

    x, y = normal((64, 5)), normal((64, 1), seed=1)
    models = network(BatchNorm), network(keras.layers.BatchNormalization)
    for model in models:
        model.compile(keras.optimizers.SGD(0.05), "mse")
        model.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0)
    for ours, theirs in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(*(model.predict(x, verbose=0) for model in models), atol=1e-4)


# What the layer promises


@every_shape
def test_training_output_has_mean_beta_and_deviation_gamma(shape, axis):
    layer, _ = both(shape, axis=axis, epsilon=1e-6)
    y = np.moveaxis(layer(normal(shape), training=True).numpy(), axis, -1)
    y = y.reshape(-1, y.shape[-1])
    np.testing.assert_allclose(y.mean(0), layer.beta, atol=1e-5)
    np.testing.assert_allclose(y.std(0), layer.gamma, rtol=1e-4)


def test_training_output_forgets_scale_and_shift_of_its_inputs():
    layer, x = BatchNorm(epsilon=1e-9), normal((50, 3))
    np.testing.assert_allclose(
        layer(x, training=True), layer(20 * x - 7, training=True), rtol=1e-3, atol=1e-4
    )


def test_inference_changes_no_statistics_and_treats_rows_apart():
    layer, _ = both((6, 5))
    before, x = layer.get_weights(), normal((6, 5))
    np.testing.assert_allclose(layer(x)[:1], layer(x[:1]), rtol=1e-6)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_frozen_layer_keeps_its_moving_mean():
    layer, _ = both((6, 5))
    layer.trainable = False
    before = layer.moving_mean.numpy()
    y = layer(normal((6, 5)), training=True)
    np.testing.assert_array_equal(layer.moving_mean, before)
    np.testing.assert_array_equal(y, layer(normal((6, 5)), training=False))
    assert not layer.trainable_weights


def test_layer_unfrozen_again_moves_its_mean():
    layer, _ = both((6, 5))
    layer.trainable = False
    layer.trainable = True
    before = layer.moving_mean.numpy()
    layer(normal((6, 5)), training=True)
    assert (layer.moving_mean.numpy() != before).all()


def test_batch_of_one_gives_beta_whatever_comes_in():
    layer, _ = both((1, 4))
    np.testing.assert_array_equal(layer(normal((1, 4)), training=True)[0], layer.beta)


def test_layer_works_with_a_batch_size_that_only_the_call_knows():
    model = keras.Sequential([keras.Input((3,)), BatchNorm()])
    run = tf.function(model, input_signature=[tf.TensorSpec((None, 3))])
    assert run(tf.zeros((0, 3))).shape == (0, 3)  # in inference an empty batch is nothing to do
    assert run(normal((7, 3))).shape == (7, 3)
    assert model.output_shape == (None, 3)


def test_layer_is_pure_in_a_stateless_call():
    model = keras.Sequential([keras.Input((3,)), BatchNorm(momentum=0.5)])
    trained, state = (
        [v.value for v in part]
        for part in (model.trainable_variables, model.non_trainable_variables)
    )
    x = normal((8, 3))
    _, (mean, _) = model.stateless_call(trained, state, x, training=True)
    np.testing.assert_allclose(mean, x.mean(0) / 2, rtol=1e-6)
    np.testing.assert_array_equal(model.layers[0].moving_mean, np.zeros(3))


def test_layer_survives_its_configuration_and_a_saved_file(tmp_path):
    arguments = {"axis": 1, "momentum": 0.7, "epsilon": 0.01, "center": False, "scale": True}
    model = keras.Sequential([keras.Input((4, 3)), BatchNorm(**arguments)])
    model(normal((5, 4, 3)), training=True)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    config = again.layers[0].get_config()
    assert {name: config[name] for name in arguments} == arguments
    x = normal((5, 4, 3), seed=1)
    np.testing.assert_array_equal(again(x), model(x))


def test_layer_says_that_it_drops_a_mask():
    x = keras.layers.Masking()(tf.zeros((2, 3, 1)))
    with pytest.warns(UserWarning, match=r"mask"):
        BatchNorm()(x)


# The functions


@pytest.mark.parametrize("axes", [0, -1, (0, 1), [0, 2], range(3), ()])
def test_moments_equal_numpy(axes):
    x = normal((6, 5, 4))
    over = tuple(axes) if not isinstance(axes, int) else axes
    mean, variance = batch_moments(x, axes)
    np.testing.assert_allclose(mean, x.astype("f8").mean(over), rtol=1e-5)
    np.testing.assert_allclose(variance, x.astype("f8").var(over), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("n", [64, 100_000])
def test_moments_are_stable_at_a_large_mean(n):
    x = normal((n, 3), mean=1e4, deviation=1.0)
    mean, variance = batch_moments(x, 0)
    np.testing.assert_allclose(variance, x.astype("f8").var(0), rtol=1e-3)
    np.testing.assert_allclose(mean, x.astype("f8").mean(0), rtol=1e-6)
    short = (x**2).mean(0) - x.mean(0) ** 2  # the formula that is not used
    assert (abs(short - 1) > 0.1).any()


def test_normalized_values_are_right_at_a_large_mean():
    x = normal((64, 3), mean=1e4, deviation=1.0)
    exact = (x - x.mean(0, dtype="f8")) / np.sqrt(x.var(0, dtype="f8") + 1e-3)
    ours = batch_normalize(x, *batch_moments(x, 0))
    np.testing.assert_allclose(ours, exact, atol=2e-3)
    # Keras multiplies x before it subtracts, and keeps fewer digits.
    theirs = keras.layers.BatchNormalization()(x, training=True)
    assert np.abs(ours - exact).max() <= np.abs(theirs - exact).max()


def test_moments_of_half_precision_come_in_float32():
    x = tf.fill((4, 1), tf.constant(300.0, tf.float16)) * tf.constant(
        [[1], [-1], [1], [-1]], tf.float16
    )
    _, variance = batch_moments(x, 0)  # 300**2 = 90000 is beyond float16
    assert variance.dtype == tf.float32
    np.testing.assert_array_equal(variance, [90000.0])


def test_nan_or_infinity_spoils_its_own_channel_alone():
    x = normal((6, 3))
    x[2, 1], x[3, 2] = math.nan, math.inf
    mean, variance = batch_moments(x, 0)
    assert np.isfinite([mean[0], variance[0]]).all()
    assert np.isnan([mean[1:], variance[1:]]).all()


def test_normalize_by_hand():
    # (4 - 1) / sqrt(8 + 1) = 1; times gamma 10, plus beta 5.
    y = batch_normalize([[4.0]], [1.0], [8.0], gamma=[10.0], beta=[5.0], epsilon=1.0)
    assert y.numpy().tolist() == [[15.0]]


def test_normalize_without_gamma_and_beta_equals_one_and_zero():
    x, statistics = normal((6, 3)), (tf.zeros(3), tf.ones(3))
    np.testing.assert_array_equal(
        batch_normalize(x, *statistics), batch_normalize(x, *statistics, tf.ones(3), tf.zeros(3))
    )
    np.testing.assert_array_equal(
        batch_normalize(x, *statistics, 2.0, 1.0),
        batch_normalize(x, *statistics, tf.fill((3,), 2.0), tf.ones(3)),
    )


def test_normalize_broadcasts_statistics_of_any_axis():
    x = normal((4, 3, 5))
    mean, variance = (tf.reshape(v, (1, 3, 1)) for v in batch_moments(x, (0, 2)))
    y = batch_normalize(x, mean, variance, epsilon=1e-9).numpy()
    np.testing.assert_allclose(y.mean((0, 2)), 0, atol=1e-6)


def test_normalize_keeps_half_precision():
    y = batch_normalize(tf.ones((2, 1), tf.float16), [0.0], [1.0])
    assert y.dtype == tf.float16


def test_gradient_of_a_batch_moves_neither_its_mean_nor_its_scale():
    # dL/dx is orthogonal to ones and (with a tiny epsilon) to x: algorithm 1 takes both away.
    x = tf.constant(normal((32, 1)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = batch_normalize(x, *batch_moments(x, 0), epsilon=1e-9)
        loss = tf.reduce_sum(tf.sin(y) * np.linspace(-1, 1, 32).reshape(-1, 1))
    gradient = tape.gradient(loss, x).numpy()[:, 0]
    length = np.linalg.norm(gradient)
    assert length > 0.1
    assert abs(gradient.sum()) < 1e-5 * length * 32
    assert abs(gradient @ (x.numpy()[:, 0] - x.numpy().mean())) < 1e-4 * length * 32


def test_update_by_hand():
    # 0.75 * 10 + 0.25 * 20 = 12.5
    assert float(update_moving(tf.constant(10.0), tf.constant(20.0), 0.75)) == 12.5
    assert float(update_moving(tf.constant(10.0), tf.constant(20.0), 0)) == 20.0


def test_start_of_a_moving_average_fades_geometrically():
    moving = tf.constant(1.0)
    for _ in range(110):
        moving = update_moving(moving, tf.constant(0.0), 0.99)
    assert float(moving) == pytest.approx(0.99**110, rel=1e-4)
    assert float(moving) == pytest.approx(1 / 3, abs=0.01)


def test_update_keeps_the_precision_of_the_moving_average():
    assert update_moving(tf.zeros(2, "float64"), tf.ones(2), 0.5).dtype == tf.float64


def test_functions_work_in_graphs_and_side_by_side():
    x = tf.constant(np.stack([normal((6, 3), seed) for seed in range(4)]))
    one = lambda x: batch_normalize(x, *batch_moments(x, 0))  # noqa: E731
    side_by_side = tf.function(lambda x: tf.vectorized_map(one, x))(x)
    np.testing.assert_allclose(side_by_side, [one(part) for part in x], atol=1e-6)


# Bad input


@pytest.mark.parametrize("axis", [2, -3, 7])
def test_layer_refuses_an_axis_that_is_not_there(axis):
    message = f"`axis` must be in [-2, 2) for inputs of rank 2. Received: {axis}"
    with pytest.raises(ValueError, match=re.escape(message)):
        BatchNorm(axis=axis)(normal((4, 3)))


def test_layer_refuses_an_axis_of_unknown_size():
    with pytest.raises(
        ValueError, match=re.escape("Received: axis=0 of inputs with shape (None, 3)")
    ):
        keras.Sequential([keras.Input((3,)), BatchNorm(axis=0)])


@pytest.mark.parametrize("axis", [1.0, "last", None, True, [1, 2]])
def test_layer_refuses_an_axis_that_is_no_integer(axis):
    with pytest.raises(
        TypeError, match=re.escape(f"`axis` must be an integer. Received: {axis!r}")
    ):
        BatchNorm(axis=axis)


@pytest.mark.parametrize("momentum", [1, 1.0, -0.1, 2, math.nan, math.inf, "0.9", None, True])
def test_momentum_must_lie_between_0_and_1(momentum):
    message = re.escape(f"`momentum` must be in [0, 1). Received: {momentum!r}")
    with pytest.raises(ValueError, match=message):
        BatchNorm(momentum=momentum)
    with pytest.raises(ValueError, match=message):
        update_moving(tf.zeros(1), tf.zeros(1), momentum)


@pytest.mark.parametrize("epsilon", [0, -1e-3, math.nan, math.inf, "1e-3", None, True])
def test_epsilon_must_be_positive(epsilon):
    message = re.escape(f"`epsilon` must be positive and finite. Received: {epsilon!r}")
    with pytest.raises(ValueError, match=message):
        BatchNorm(epsilon=epsilon)
    with pytest.raises(ValueError, match=message):
        batch_normalize(tf.zeros((2, 1)), [0.0], [1.0], epsilon=epsilon)


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), np.int64(0), 0])
def test_momentum_may_be_any_kind_of_number(number):
    assert BatchNorm(momentum=number).momentum == float(number)


def test_empty_batch_is_refused_in_training():
    message = "`x` must hold at least one value along `axes`. Received: shape (0, 3)"
    layer = BatchNorm()
    with pytest.raises(ValueError, match=re.escape(message)):
        layer(tf.zeros((0, 3)), training=True)
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(3))  # not spoiled by a NaN
    with pytest.raises(ValueError, match=re.escape(message)):
        batch_moments(tf.zeros((0, 3)), 0)


def test_layer_refuses_another_number_of_channels():
    layer = BatchNorm()
    layer(normal((4, 3)))
    with pytest.raises(ValueError, match="expected axis"):
        layer(normal((4, 5)))


@pytest.mark.parametrize("name", ["gamma", "beta"])
@pytest.mark.parametrize("shape", [(4,), (1,), (1, 3), (2, 3)])
def test_gamma_and_beta_must_match_the_mean(name, shape):
    message = f"`{name}` must be scalar or have the shape of `mean`, (3,). Received: shape {shape}"
    with pytest.raises(ValueError, match=re.escape(message)):
        batch_normalize(tf.zeros((2, 3)), tf.zeros(3), tf.ones(3), **{name: tf.ones(shape)})


def test_statistics_must_fit_the_inputs_and_each_other():
    x = tf.zeros((2, 3))
    with pytest.raises(ValueError, match=re.escape("equal shapes. Received: (3,) and (2,)")):
        batch_normalize(x, tf.zeros(3), tf.ones(2))
    for shape in ((2,), (3, 1), (1, 2, 3), (4, 3)):
        message = f"`mean` must broadcast to the shape of `x`, (2, 3). Received: shape {shape}"
        with pytest.raises(ValueError, match=re.escape(message)):
            batch_normalize(x, tf.zeros(shape), tf.ones(shape))


@pytest.mark.parametrize("axes", [2, -3, (0, 5)])
def test_moments_refuse_axes_that_are_not_there(axes):
    with pytest.raises(ValueError, match=r"`axes` must be in \[-2, 2\) for inputs of rank 2"):
        batch_moments(tf.zeros((2, 3)), axes)


def test_moments_refuse_odd_axes():
    with pytest.raises(ValueError, match="`axes` must name each axis once"):
        batch_moments(tf.zeros((2, 3)), (1, -1))
    with pytest.raises(TypeError, match="`axes` must be an integer"):
        batch_moments(tf.zeros((2, 3)), 0.5)


def test_whole_numbers_are_refused_by_the_functions():
    with pytest.raises(TypeError, match="`x` must be floating point"):
        batch_moments(tf.constant([[1], [2]]), 0)
    with pytest.raises(TypeError, match="`x` must be floating point"):
        batch_normalize(tf.constant([[1], [2]]), [0.0], [1.0])


def test_moving_average_refuses_another_shape():
    with pytest.raises(ValueError, match=re.escape("equal shapes. Received: (3,) and (1,)")):
        update_moving(tf.zeros(3), tf.zeros(1), 0.9)
