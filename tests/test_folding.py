"""A batch normalization that is folded leaves every prediction as it was."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet.normalization import BatchNorm, fold, fold_batch_norm

layers = keras.layers
RNG = np.random.default_rng


def trained(*stack, shape=(6, 6, 3)):
    """A network whose weights and statistics are those of no fresh layer."""
    model = keras.Sequential([keras.Input(shape), *stack])
    shake(model)
    return model


def shake(model):
    """Give each weight a value that tells; variances must be positive."""
    for seed, weight in enumerate(model.weights):
        weight.assign(RNG(seed).uniform(0.5, 2.0, weight.shape) * signs(weight, seed))


def signs(weight, seed):
    """Signs of a weight that may be negative."""
    if weight.name == "moving_variance":
        return 1.0
    return RNG(100 + seed).choice([-1.0, 1.0], weight.shape)


def kinds(model):
    """Kinds of a network's layers."""
    return [type(layer).__name__ for layer in model.layers]


def pictures(shape=(6, 6, 3), seed=0):
    """Five of them."""
    return RNG(seed).normal(0.0, 1.0, (5, *shape)).astype("float32")


def assert_same(folded, model, x):
    """Equal predictions, relative to their size."""
    expected = model(x).numpy()
    size = np.abs(expected).max()
    np.testing.assert_allclose(folded(x), expected, rtol=1e-5, atol=1e-5 * size)


BEFORE = {
    "dense": lambda **how: layers.Dense(4, **how),
    "convolution": lambda **how: layers.Conv2D(4, 3, padding="same", **how),
    "strided": lambda **how: layers.Conv2D(4, 3, strides=2, dilation_rate=1, **how),
    "grouped": lambda **how: layers.Conv2D(6, 3, groups=3, **how),
    "depthwise": lambda **how: layers.DepthwiseConv2D(3, depth_multiplier=2, **how),
}


@pytest.mark.parametrize("normalize", [BatchNorm, layers.BatchNormalization])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_folded_network_predicts_the_same(before, use_bias, normalize):
    model = trained(before(use_bias=use_bias), normalize(epsilon=0.1), layers.ReLU())
    folded = fold_batch_norm(model)
    assert kinds(folded) == [kinds(model)[0], "ReLU"]
    assert_same(folded, model, pictures())


@pytest.mark.parametrize("normalize", [BatchNorm, layers.BatchNormalization])
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("scale", [True, False])
def test_gamma_or_beta_may_be_missing(center, scale, normalize):
    model = trained(layers.Dense(4), normalize(center=center, scale=scale), shape=(3,))
    folded = fold_batch_norm(model)
    assert kinds(folded) == ["Dense"]
    assert_same(folded, model, pictures((3,)))


@pytest.mark.parametrize("convolution", [layers.Conv1D, layers.Conv3D])
def test_convolutions_over_one_and_three_axes_are_folded(convolution):
    shape = (5,) * (1 if convolution is layers.Conv1D else 3) + (2,)
    model = trained(convolution(3, 2), layers.BatchNormalization(), shape=shape)
    folded = fold_batch_norm(model)
    assert kinds(folded) == [convolution.__name__]
    assert_same(folded, model, pictures(shape))


def test_statistics_that_training_moved_are_what_is_folded():
    model = trained(layers.Conv2D(4, 3), layers.BatchNormalization(momentum=0.5))
    early = fold_batch_norm(model)
    model(10 * pictures(seed=1), training=True)
    assert_same(fold_batch_norm(model), model, pictures())
    assert np.abs(early(pictures()) - model(pictures())).max() > 0.1


def test_a_whole_network_keeps_its_other_layers_and_its_name():
    norm, drop = layers.Normalization(mean=1.0, variance=4.0), layers.Dropout(0.5)
    stack = [layers.Conv2D(4, 3), BatchNorm(), layers.ReLU(), layers.Flatten(), drop]
    model = trained(norm, *stack, layers.Dense(3), layers.BatchNormalization())
    folded = fold_batch_norm(model)
    assert isinstance(folded, keras.Sequential)
    assert folded.name == model.name
    left = ["Normalization", "Conv2D", "ReLU", "Flatten", "Dropout", "Dense"]
    assert kinds(folded) == left
    assert_same(folded, model, pictures())


def test_adapted_normalization_of_the_inputs_comes_along():
    norm = layers.Normalization()
    norm.adapt(pictures(seed=2) * 3 + 1)
    model = keras.Sequential([keras.Input((6, 6, 3)), norm, layers.Dense(2), BatchNorm()])
    assert_same(fold_batch_norm(model), model, pictures())


def test_original_is_left_as_it_was():
    model = trained(layers.Dense(4), BatchNorm(), layers.ReLU(), layers.Dense(2))
    before, kept = [w.copy() for w in model.get_weights()], kinds(model)
    expected = model(pictures()).numpy()
    folded = fold_batch_norm(model)
    for weight in folded.weights:
        weight.assign(tf.zeros_like(weight))
    assert kinds(model) == kept
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(model(pictures()), expected)
    assert len(model.layers[0]._inbound_nodes) == 1  # and its graph too


def test_folded_network_survives_a_file(tmp_path):
    model = trained(layers.Conv2D(4, 3, use_bias=False), BatchNorm(), layers.ReLU())
    folded = fold_batch_norm(model)
    folded.save(tmp_path / "folded.keras")
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "folded.keras")(pictures()), folded(pictures())
    )


# Functional networks


def functional(build, shape=(6,)):
    """A network of what `build` makes of its input."""
    x = keras.Input(shape)
    model = keras.Model(x, build(x))
    shake(model)
    return model


def test_both_arms_of_a_shortcut_are_folded():
    def build(x):
        arms = [layers.BatchNormalization()(layers.Dense(5)(x)) for _ in range(2)]
        return layers.ReLU()(arms[0] + arms[1])

    model = functional(build)
    folded = fold_batch_norm(model)
    assert "BatchNormalization" not in kinds(folded)
    assert_same(folded, model, pictures((6,)))


def test_several_outputs_keep_their_order():
    def build(x):
        h = BatchNorm()(layers.Dense(5)(x))
        return [layers.Dense(2)(h), h]

    model = functional(build)
    folded = fold_batch_norm(model)
    assert "BatchNorm" not in kinds(folded)
    for ours, expected in zip(folded(pictures((6,))), model(pictures((6,))), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


def test_nested_networks_are_folded_each_by_itself():
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(5), BatchNorm()])
    model = functional(lambda x: layers.Dense(2)(inner(x)))
    folded = fold_batch_norm(model)
    (nested,) = (layer for layer in folded.layers if isinstance(layer, keras.Sequential))
    assert kinds(nested) == ["Dense"]
    assert_same(folded, model, pictures((6,)))


# What cannot be folded stays


def used_twice(x):
    h = layers.Dense(6)(x)
    return BatchNorm()(h) + h


def given_out(x):
    h = layers.Dense(6)(x)
    return [BatchNorm()(h), h]


def shared_dense(x):
    dense = layers.Dense(6)
    return BatchNorm()(dense(x)) + dense(2 * x)


def shared_norm(x):
    norm = BatchNorm()
    return norm(layers.Dense(6)(x)) + norm(layers.Dense(6)(2 * x))


def always_training(x):
    return BatchNorm()(layers.Dense(6)(x), training=True)


def alone(x):
    return BatchNorm()(x)


def after_activation(x):
    return BatchNorm()(layers.Dense(6, "relu")(x))


def activation_between(x):
    return BatchNorm()(layers.ReLU()(layers.Dense(6)(x)))


def dropout_between(x):
    return BatchNorm()(layers.Dropout(0.5)(layers.Dense(6)(x)))


def other_precision(x):
    return BatchNorm(dtype="float64")(layers.Dense(6)(x))


def other_axis(x):
    return layers.BatchNormalization(axis=1)(layers.Dense(3)(layers.Reshape((3, 2))(x)))


def transposed(x):
    return BatchNorm()(layers.Conv1DTranspose(2, 2)(layers.Reshape((3, 2))(x)))


@pytest.mark.filterwarnings("ignore:Layer .* does not support masking")
@pytest.mark.parametrize("normalize", [BatchNorm, layers.BatchNormalization])
def test_layer_that_takes_or_stops_a_mask_stays(normalize):
    def build(x):
        steps = layers.Masking()(layers.Reshape((3, 2))(x))
        return layers.SimpleRNN(3)(normalize()(layers.Dense(4)(steps)))

    model, x = functional(build), pictures((6,))
    x[:, 4:] = 0
    folded = fold_batch_norm(model)
    assert kinds(folded) == kinds(model)
    assert_same(folded, model, x)


def test_nested_network_that_is_always_in_training_is_refused():
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(5), BatchNorm()], name="inner")
    model = functional(lambda x: inner(x, training=True))
    with pytest.raises(ValueError, match=r"`model` must not call a model inside it .*: inner"):
        fold_batch_norm(model)


def test_inputs_and_outputs_by_name_stay_so():
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    total = BatchNorm()(inputs=layers.Dense(3)(a)) + layers.Dense(3)(b)
    model = keras.Model({"a": a, "b": b}, {"total": total})
    shake(model)
    x = {"a": pictures((6,)), "b": pictures((6,), seed=1)}
    folded = fold_batch_norm(model)
    assert "BatchNorm" not in kinds(folded)
    np.testing.assert_allclose(folded(x)["total"], model(x)["total"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "build",
    [
        *(used_twice, given_out, shared_dense, shared_norm, always_training, alone),
        *(after_activation, activation_between, dropout_between, other_precision),
        *(other_axis, transposed),
    ],
)
def test_layer_stays_where_folding_would_change_something(build):
    model = functional(build)
    folded = fold_batch_norm(model)
    assert kinds(folded) == kinds(model)
    x = pictures((6,))
    for ours, expected in zip(tf.nest.flatten(folded(x)), tf.nest.flatten(model(x)), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_channels_first_stays():
    # Its channels stand in axis 1; the width, which axis -1 normalizes, has the same size.
    conv = layers.Conv2D(6, 3, padding="same", data_format="channels_first")
    model = keras.Sequential([keras.Input((3, 6, 6)), conv, layers.BatchNormalization()])
    assert kinds(fold_batch_norm(model)) == kinds(model)


def test_a_normalization_of_someones_own_stays():
    class Own(BatchNorm):
        """Could compute anything."""

    model = trained(layers.Dense(3), Own(), shape=(3,))
    assert kinds(fold_batch_norm(model)) == ["Dense", "Own"]


# The arithmetic


def built(shape=(None, 2), **arguments):
    """A normalization with weights that tell."""
    norm = layers.BatchNormalization(**arguments)
    norm.build(shape)
    shake(norm)
    return norm


def test_fold_by_hand():
    norm = built(epsilon=1.0)
    norm.set_weights(np.array([[10.0, 2.0], [5.0, 0.0], [1.0, 0.0], [8.0, 3.0]]))
    kernel, bias = fold([[3.0, 1.0]], [4.0, 0.5], norm)
    # Channel 0: 10 / sqrt(9) = 10/3 times 3 is 10; (4 - 1) * 10/3 + 5 = 15. Channel 1: 2/sqrt(4).
    np.testing.assert_allclose(kernel, [[10.0, 1.0]])
    np.testing.assert_allclose(bias, [15.0, 0.5])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_fold_keeps_the_precision_of_the_kernel(dtype):
    kernel, bias = fold(np.ones((3, 2), dtype), None, built())
    assert kernel.dtype == bias.dtype == dtype


def test_fold_takes_variables_and_leaves_them():
    dense = layers.Dense(2)
    dense.build((None, 3))
    before = dense.kernel.numpy().copy()
    kernel, _ = fold(dense.kernel, dense.bias, built())
    assert kernel.shape == (3, 2)
    np.testing.assert_array_equal(dense.kernel, before)


# Bad input


def test_fold_refuses_another_layer():
    with pytest.raises(TypeError, match=r"`norm` must be a BatchNorm or .* Received: Dense"):
        fold(np.ones((3, 2)), None, layers.Dense(2))


def test_fold_refuses_a_layer_without_statistics():
    with pytest.raises(ValueError, match=r"`norm` must be built: .* Received: fresh"):
        fold(np.ones((3, 2)), None, BatchNorm(name="fresh"))


def test_fold_refuses_another_axis():
    norm = built((None, 2, 5), axis=1)
    with pytest.raises(ValueError, match=r"`norm` must normalize the last axis.*axis=1 of 3"):
        fold(np.ones((3, 2)), None, norm)


@pytest.mark.parametrize("shape", [(2, 3), (3,), ()])
def test_fold_refuses_a_kernel_with_other_channels(shape):
    message = "`kernel` must have 2 output channels, as `norm` has, in its last axis. "
    with pytest.raises(ValueError, match=re.escape(f"{message}Received: shape {shape}")):
        fold(np.ones(shape), None, built())


@pytest.mark.parametrize("shape", [(3,), (1,), (), (1, 2)])
def test_fold_refuses_a_bias_of_another_shape(shape):
    message = f"`bias` must have shape (2,), or be None. Received: shape {shape}"
    with pytest.raises(ValueError, match=re.escape(message)):
        fold(np.ones((3, 2)), np.ones(shape), built())


def test_model_written_as_a_class_is_refused():
    class Own(keras.Model):
        """Keras knows no graph of it."""

    with pytest.raises(TypeError, match=r"`model` must be Sequential or functional. Received: Own"):
        fold_batch_norm(Own())


def test_model_without_weights_is_refused():
    with pytest.raises(ValueError, match=r"`model` must be built"):
        fold_batch_norm(keras.Sequential([layers.Dense(3), BatchNorm()]))
