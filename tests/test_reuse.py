"""Reused, frozen and cached layers: what must change, what must not, and what must be equal."""

import itertools
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet import normalization, reuse, training
from steadynet.reuse import (
    cache_features,
    cuts,
    freeze_layers,
    gradual_unfreezing,
    layer_groups,
    rate_factors,
    reuse_layers,
    split_layers,
    trainable_count,
    unfreeze_layers,
    weighted_layers,
    with_layer_rates,
)

layers = keras.layers


def block(filters, norm=layers.BatchNormalization):
    """Convolution, batch norm, activation, pooling: two layers with weights."""
    return [
        layers.Conv2D(filters, 3, padding="same"),
        norm(),
        layers.Activation("tanh"),
        layers.MaxPooling2D(),
    ]


def plain_network(norm=layers.BatchNormalization):
    """Counts: conv 1, norm 2, conv 3, norm 4, dense 5, dense 6."""
    top = [layers.Flatten(), layers.Dense(6, "tanh"), layers.Dropout(0.5), layers.Dense(4)]
    return keras.Sequential([keras.Input((8, 8, 1)), *block(3, norm), *block(4, norm), *top])


def our_network():
    """The same layers with this package's batch norm."""
    return plain_network(normalization.BatchNorm)


def nested_network():
    """The same layers, with the convolutions in a model inside a model."""
    inner = keras.Sequential([keras.Input((4, 4, 3)), *block(4)])
    x = keras.Input((8, 8, 1))
    h = x
    for layer in block(3):
        h = layer(h)
    base = keras.Model(x, inner(h))
    top = [layers.Flatten(), layers.Dense(6, "tanh"), layers.Dropout(0.5), layers.Dense(4)]
    return keras.Sequential([keras.Input((8, 8, 1)), base, *top])


def functional_network():
    """The same layers, as a functional model on the published recipe for fine-tuning."""
    base = nested_network().layers[0]
    x = keras.Input((8, 8, 1))
    h = layers.Flatten()(base(x, training=False))
    h = layers.Dropout(0.5)(layers.Dense(6, "tanh")(h))
    return keras.Model(x, layers.Dense(4)(h))


NETWORKS = {
    "plain": plain_network,
    "ours": our_network,
    "nested": nested_network,
    "functional": functional_network,
}
every_network = pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)


def pictures(n=12, seed=0, side=8):
    return np.random.default_rng(seed).normal(size=(n, side, side, 1)).astype("float32")


def trained(build, seed=0):
    """A network whose weights and moving statistics are all away from their start."""
    keras.utils.set_random_seed(seed)
    model, rng = build(), np.random.default_rng(seed)
    model.set_weights([w + rng.uniform(0.1, 0.5, w.shape) for w in model.get_weights()])
    return model


def logits(model, x):
    return np.array(model(x, training=False))


def weights_by_layer(model):
    return [layer.get_weights() for layer in weighted_layers(model)]


def fit(model, x=None, n_classes=4, optimizer=None, epochs=2, eager=True):
    """A few steps of ``fit``, by default not compiled, for that takes longer than they do."""
    x = pictures() if x is None else x
    y = np.arange(len(x)) % n_classes
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or keras.optimizers.SGD(0.05), loss, run_eagerly=eager)
    return model.fit(x, y, batch_size=4, epochs=epochs, verbose=0, shuffle=False)


def changed_layers(model, before):
    """For each layer with weights, whether any of its weights moved."""
    pairs = zip(weights_by_layer(model), before, strict=True)
    return [any((a != b).any() for a, b in zip(*pair, strict=True)) for pair in pairs]


# Counting


@every_network
def test_layers_count_from_the_input_inside_nested_models_too(build):
    names = [type(layer).__name__ for layer in weighted_layers(build())]
    conv = ["Conv2D", "BatchNorm" if build is our_network else "BatchNormalization"]
    assert names == [*conv, *conv, "Dense", "Dense"]


def test_a_layer_used_twice_counts_once():
    shared, x = layers.Dense(4), keras.Input((4,))
    model = keras.Model(x, layers.Dense(2)(shared(shared(x))))
    assert len(weighted_layers(model)) == 2


def test_statistics_of_the_data_are_no_layer():
    normalization = layers.Normalization()
    normalization.adapt(np.arange(6.0).reshape(3, 2))
    model = keras.Sequential([keras.Input((2,)), normalization, layers.Dense(1)])
    assert weighted_layers(model) == [model.layers[1]]


def test_a_wrapper_of_layers_counts_once():
    inner = [layers.Bidirectional(layers.LSTM(2)), layers.Dense(1)]
    assert len(weighted_layers(keras.Sequential([keras.Input((3, 2)), *inner]))) == 2


def test_a_model_written_as_a_class_counts_by_its_attributes():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.other = layers.Dense(3), layers.Dense(2)

        def call(self, x):
            return self.other(self.one(x))

    model = Net()
    model(np.ones((1, 4), "float32"))
    assert weighted_layers(model) == [model.one, model.other]
    freeze_layers(model, 1)
    assert trainable_count(model) == 3 * 2 + 2


def test_groups_join_batch_norm_to_the_layer_before_it():
    assert [len(group) for group in layer_groups(plain_network())] == [2, 2, 1, 1]
    first = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(), layers.Dense(2)])
    assert [len(group) for group in layer_groups(first)] == [1, 1]


def test_trainable_count_of_worked_values():
    # conv 3·3·1·3 + 3 = 30, norm 2·3 = 6, conv 3·3·3·4 + 4 = 112, norm 8,
    # dense 2·2·4·6 + 6 = 102, dense 6·4 + 4 = 28
    model, counts = plain_network(), [30, 6, 112, 8, 102, 28]
    for n_frozen in range(7):
        freeze_layers(model, n_frozen)
        assert trainable_count(model) == sum(counts[n_frozen:])


# Freezing


@every_network
@pytest.mark.parametrize("n_frozen", [0, 3, 4])
def test_exactly_the_first_layers_stay_as_they_are_through_fit(build, n_frozen):
    model = trained(build)
    freeze_layers(model, n_frozen)
    before = weights_by_layer(model)
    fit(model, eager=n_frozen != 4)
    assert changed_layers(model, before) == [i >= n_frozen for i in range(6)]


@every_network
def test_exactly_the_first_layers_stay_as_they_are_through_our_loop(build):
    model = trained(build)
    freeze_layers(model, 3)
    before = weights_by_layer(model)
    x, y = pictures(), np.arange(12) % 4
    training.train(model, keras.optimizers.SGD(0.05), x, y, steps=3, batch_size=4)
    assert changed_layers(model, before) == [i >= 3 for i in range(6)]


@every_network
def test_frozen_batch_norm_uses_its_moving_statistics_while_training(build):
    model = trained(build)
    freeze_layers(model, 4)
    lower, _ = split_layers(model, 4)
    x = pictures()
    np.testing.assert_array_equal(lower(x, training=True), lower(x, training=False))
    freeze_layers(model, 3)
    # Now the batch's own mean counts, even where the base was called with ``training=False``.
    assert (np.array(lower(x, training=True)) != np.array(lower(x, training=False))).any()


def test_batch_norm_left_frozen_keeps_its_statistics_where_the_recipe_loses_them():
    def moved(thaw):
        base = trained(nested_network).layers[0]
        x = keras.Input((8, 8, 1))
        model = keras.Model(x, layers.Dense(4)(layers.Flatten()(base(x, training=False))))
        thaw(model)
        norms = [g for g in weighted_layers(model) if isinstance(g, layers.BatchNormalization)]
        before = [np.array(norm.moving_mean) for norm in norms]
        fit(model)
        return [(np.array(n.moving_mean) != b).any() for n, b in zip(norms, before, strict=True)]

    def recipe(model):
        model.layers[1].trainable = False
        model.layers[1].trainable = True

    def ours(model):
        freeze_layers(model, 4)
        unfreeze_layers(model, batch_norm=False)

    assert any(moved(recipe))
    assert not any(moved(ours))


def test_freezing_again_counts_anew():
    model = plain_network()
    for n_frozen in (5, 2, 6, 0):
        freeze_layers(model, n_frozen)
        frozen = [not layer.trainable for layer in weighted_layers(model)]
        assert frozen == [i < n_frozen for i in range(6)]


def test_freezing_reaches_into_a_model_frozen_as_a_whole():
    model = nested_network()
    model.trainable = False
    freeze_layers(model, 3)
    assert trainable_count(model) == 8 + 102 + 28


def test_unfreezing_leaves_the_lower_layers_as_they_are():
    model = plain_network()
    freeze_layers(model, 5)
    weighted_layers(model)[1].trainable = True
    unfreeze_layers(model, 4)
    trains = [layer.trainable for layer in weighted_layers(model)]
    assert trains == [False, True, False, False, True, True]


def test_unfreezing_without_batch_norm_leaves_each_as_it_is():
    model = plain_network()
    freeze_layers(model, 2)
    unfreeze_layers(model, batch_norm=False)
    trains = [layer.trainable for layer in weighted_layers(model)]
    assert trains == [True, False, True, True, True, True]


def test_what_a_layer_keeps_frozen_inside_stays_so():
    class Pair(layers.Layer):
        def __init__(self):
            super().__init__()
            self.fixed, self.free = layers.Dense(2), layers.Dense(2)
            self.fixed.trainable = False

        def call(self, x):
            return self.free(self.fixed(x))

    model = keras.Sequential([keras.Input((2,)), Pair(), layers.Dense(1)])
    freeze_layers(model, 0)
    assert not model.layers[0].fixed.trainable
    freeze_layers(model, 1)
    assert not model.layers[0].free.trainable


@pytest.mark.parametrize("change", [lambda m: freeze_layers(m, 1), unfreeze_layers])
def test_a_compiled_model_asks_to_be_compiled_again(change):
    # FACTS: without it, freezing keeps training and unfreezing trains nothing new, silently.
    model = plain_network()
    freeze_layers(model, 3)
    fit(model, epochs=1, eager=False)
    change(model)
    with pytest.raises(ValueError, match="compile"):
        model.fit(pictures(), np.zeros(12), verbose=0)


def test_a_call_that_changes_nothing_leaves_the_model_compiled():
    model = plain_network()
    freeze_layers(model, 3)
    fit(model, epochs=1)
    freeze_layers(model, 3)
    model.fit(pictures(), np.zeros(12), verbose=0)


def test_gradual_unfreezing_goes_down_group_by_group():
    model = plain_network()
    seen = [(n_frozen, trainable_count(model)) for n_frozen in gradual_unfreezing(model)]
    assert seen == [(5, 28), (4, 130), (2, 250), (0, 286)]
    assert list(gradual_unfreezing(model, 2)) == [4, 0]
    assert list(gradual_unfreezing(model, 3)) == [2, 0]
    assert list(gradual_unfreezing(model, 9)) == [0]


def test_gradual_unfreezing_trains_what_it_unfroze():
    model = trained(plain_network)
    for n_frozen in gradual_unfreezing(model):
        before = weights_by_layer(model)
        fit(model, epochs=1)
        assert changed_layers(model, before) == [i >= n_frozen for i in range(6)]


# Reusing


@every_network
@pytest.mark.parametrize("n_reused", [1, 2, 4, 6])
def test_reused_layers_come_with_their_weights_and_the_rest_is_new(build, n_reused):
    old = trained(build)
    new = reuse_layers(old, n_reused, layers.Dense(3))
    kept, made = weights_by_layer(old)[:n_reused], weights_by_layer(new)
    assert len(made) == n_reused + 1
    for a, b in zip(kept, made, strict=False):
        for one, other in zip(a, b, strict=True):
            np.testing.assert_array_equal(one, other)


@every_network
def test_training_the_new_network_leaves_the_old_one_as_it_was(build):
    old, x = trained(build), pictures()
    before, said = old.get_weights(), logits(old, x)
    new = reuse_layers(old, 4, [layers.Dense(5), layers.Dense(3)])
    fit(new, n_classes=3)
    for a, b in zip(before, old.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(said, logits(old, x))


@every_network
def test_all_layers_and_a_head_that_does_nothing_give_the_same_logits(build):
    old, x = trained(build), pictures()
    new = reuse_layers(old, 6, layers.Activation("linear"))
    np.testing.assert_array_equal(logits(new, x), logits(old, x))


def test_shared_layers_change_together():
    old = trained(plain_network)
    new = reuse_layers(old, 4, [layers.Dense(3)], share=True)
    assert weighted_layers(new)[:4] == weighted_layers(old)[:4]
    before = weights_by_layer(old)
    fit(new, n_classes=3)
    assert changed_layers(old, before) == [True] * 4 + [False] * 2


def test_no_reused_layer_leaves_the_head_on_the_pictures():
    new = reuse_layers(plain_network(), 0, [layers.Flatten(), layers.Dense(3)])
    assert new.count_params() == 64 * 3 + 3


def test_a_copy_is_frozen_where_the_original_is():
    old = plain_network()
    freeze_layers(old, 2)
    new = reuse_layers(old, 4, layers.Dense(3))
    assert [layer.trainable for layer in weighted_layers(new)] == [False] * 2 + [True] * 3


def test_equal_names_in_old_and_new_layers_do_not_clash():
    old = keras.Sequential([keras.Input((4,)), layers.Dense(5, name="dense"), layers.Dense(2)])
    inner = keras.Sequential([keras.Input((2,)), layers.Dense(2, name="dense")])
    both = keras.Sequential([keras.Input((4,)), old, inner])
    new = reuse_layers(both, 3, layers.Dense(3, name="dense"))
    assert len({layer.name for layer in new.layers}) == len(new.layers)
    assert new.layers[-1].name == "dense"


def test_adapted_statistics_come_along():
    normalization = layers.Normalization()
    normalization.adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
    old = keras.Sequential([keras.Input((2,)), normalization, layers.Dense(3)])
    new = reuse_layers(old, 1, layers.Activation("linear"))
    x = np.array([[2.0, 25.0]], "float32")
    np.testing.assert_array_equal(logits(new, x), logits(old, x))


def test_a_reused_network_goes_through_a_file(tmp_path):
    new = reuse_layers(trained(nested_network), 4, layers.Dense(3), input_shape=(12, 10, 1))
    new.save(tmp_path / "new.keras")
    again = keras.models.load_model(tmp_path / "new.keras")
    x = np.random.default_rng(0).normal(size=(2, 12, 10, 1)).astype("float32")
    np.testing.assert_array_equal(logits(new, x), logits(again, x))


# Branches


def residual_network():
    """Two blocks with shortcuts: layers 1, then 2 and 3 beside a shortcut, then 4."""
    x = keras.Input((4,))
    h = layers.Dense(4, "relu")(x)
    h = layers.Add()([h, layers.Dense(4)(layers.Dense(4, "relu")(h))])
    return keras.Model(x, layers.Dense(2)(layers.Activation("relu")(h)))


def test_cuts_lie_between_blocks():
    assert cuts(residual_network()) == [0, 1, 3, 4]
    assert cuts(nested_network()) == list(range(7))


@pytest.mark.parametrize("n", [1, 3, 4])
def test_a_network_with_shortcuts_is_reused_up_to_a_cut(n):
    old, x = trained(residual_network), np.random.default_rng(0).normal(size=(5, 4))
    lower, upper = split_layers(old, n)
    np.testing.assert_allclose(upper(lower(x)), old(x), rtol=1e-6)
    new = reuse_layers(old, n, layers.Activation("linear"))
    np.testing.assert_allclose(new(x), lower(x), rtol=1e-6)


def test_a_cut_below_a_shortcut_says_where_to_cut_instead():
    with pytest.raises(ValueError, match=re.escape("Possible: [0, 1, 3, 4]. Received: 2")):
        reuse_layers(residual_network(), 2, layers.Dense(3))


def test_two_inputs_and_two_outputs_split_where_they_meet():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    h = layers.Dense(4)(layers.Concatenate()([layers.Dense(2)(a), layers.Dense(2)(b)]))
    model = keras.Model({"a": a, "b": b}, {"one": layers.Dense(2)(h), "two": layers.Dense(1)(h)})
    assert cuts(model) == [2, 3]
    lower, upper = split_layers(model, 3)
    x = {name: np.random.default_rng(i).normal(size=(2, 3)) for i, name in enumerate("ab")}
    said, expected = upper(lower(x)), model(x)
    for name in ("one", "two"):
        np.testing.assert_allclose(said[name], expected[name], rtol=1e-6)


def wide_outputs(h):
    """Ways in which a network can give a tensor inside it beside its last one."""
    top = layers.Dense(2)(layers.Activation("relu")(h))
    return {"list": [h, top], "names": {"top": top, "inside": h}, "nested": {"a": [top, h, top]}}


@pytest.mark.parametrize("kind", ["list", "names", "nested"])
def test_a_cut_where_an_output_leaves_gives_it_from_the_upper_part(kind):
    x = keras.Input((3,))
    model = keras.Model(x, wide_outputs(layers.Dense(4)(x))[kind])
    assert cuts(model) == [0, 1]
    pictures = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    for n in cuts(model):
        lower, upper = split_layers(model, n)
        said, expected = upper(lower(pictures)), model(pictures)
        tf.nest.map_structure(np.testing.assert_array_equal, said, expected)
        assert weighted_layers(upper) == weighted_layers(model)[n:]
    features, upper = cache_features(model, 1, pictures)
    assert features.shape == (5, 4)
    tf.nest.map_structure(np.testing.assert_array_equal, upper(features), model(pictures))


@pytest.mark.parametrize("outputs", [lambda h: h, lambda h: [h], lambda h: [h, h]])
def test_a_cut_after_the_last_layer_leaves_a_part_that_gives_what_it_takes(outputs):
    x = keras.Input((3,))
    model = keras.Model(x, outputs(layers.Dense(4)(x)))
    assert cuts(model) == [0, 1]
    lower, upper = split_layers(model, 1)
    said, expected = upper(lower(np.ones((2, 3)))), model(np.ones((2, 3)))
    tf.nest.map_structure(np.testing.assert_array_equal, said, expected)
    assert upper.weights == []


# Caching


@every_network
@pytest.mark.parametrize("n", [0, 1, 4, 6])
def test_cached_features_give_the_same_predictions(build, n):
    model, x = trained(build), pictures(11)
    features, upper = cache_features(model, n, x, batch_size=4)
    assert len(features) == 11
    np.testing.assert_allclose(logits(upper, features), logits(model, x), rtol=1e-5, atol=1e-6)


def test_caching_does_not_depend_on_the_batch_size():
    model, x = trained(plain_network), pictures(11)
    found = [cache_features(model, 4, x, batch_size=size)[0] for size in (1, 4, 11, 99)]
    for features in found:
        np.testing.assert_allclose(features, found[0], rtol=1e-5, atol=1e-6)


def test_no_pictures_are_refused():
    with pytest.raises(ValueError, match=r"`x` must hold examples. Received: shape \(0, 8, 8, 1\)"):
        cache_features(plain_network(), 4, pictures(0))


def test_training_on_cached_features_trains_the_network_as_if_frozen():
    cached, whole = trained(plain_network_without_dropout), trained(plain_network_without_dropout)
    freeze_layers(whole, 4)
    fit(whole)
    features, upper = cache_features(cached, 4, pictures())
    fit(upper, features)
    for a, b in zip(whole.get_weights(), cached.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def plain_network_without_dropout():
    top = [layers.Flatten(), layers.Dense(6, "tanh"), layers.Dense(4)]
    return keras.Sequential([keras.Input((8, 8, 1)), *block(3), *block(4), *top])


def test_dropout_goes_up_where_it_still_draws():
    model = plain_network()
    lower, upper = split_layers(model, 5)
    names = [[type(layer).__name__ for layer in part.layers[1:]] for part in (lower, upper)]
    assert names[0][-1] == "Dense"
    assert names[1] == ["Dropout", "Dense"]


def test_the_upper_part_shares_its_layers():
    model = trained(plain_network)
    features, upper = cache_features(model, 4, pictures())
    before = weights_by_layer(model)
    fit(upper, features)
    assert changed_layers(model, before) == [False] * 4 + [True] * 2


# Pictures of another size


@pytest.mark.parametrize("shape", [(16, 16, 1), (5, 7, 1), (8, 8, 1), (None, None, 1), (20, 12)])
def test_pictures_of_another_size_give_what_resized_pictures_give(shape):
    old = trained(plain_network)
    new = reuse_layers(old, 6, layers.Activation("linear"), input_shape=shape)
    size = [side or 11 for side in shape]
    x = np.random.default_rng(0).normal(size=(3, *size)).astype("float32")
    resized = tf.image.resize(x if len(shape) == 3 else x[..., None], (8, 8), antialias=True)
    np.testing.assert_allclose(logits(new, x), logits(old, resized), rtol=1e-5, atol=1e-5)


def test_pictures_without_a_channel_axis_are_resized_too():
    top = [layers.Flatten(), layers.Dense(3)]
    old = trained(lambda: keras.Sequential([keras.Input((8, 8)), *top]))
    x = np.random.default_rng(0).normal(size=(2, 16, 16)).astype("float32")
    # Shrinking by two with antialiasing is smooth: a constant picture stays constant.
    for shape, given in (((16, 16), x), ((16, 16, 1), x[..., None])):
        new = reuse_layers(old, 1, layers.Activation("linear"), input_shape=shape)
        resized = np.squeeze(tf.image.resize(x[..., None], (8, 8), antialias=True), -1)
        np.testing.assert_allclose(logits(new, given), logits(old, resized), rtol=1e-5, atol=1e-5)


def test_the_size_at_hand_needs_no_resizing():
    new = reuse_layers(plain_network(), 4, layers.Dense(3), input_shape=(8, 8, 1))
    assert not [layer for layer in new.layers if isinstance(layer, layers.Resizing)]


# Rates by layer


OPTIMIZERS = {
    "SGD": keras.optimizers.SGD,
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
    "RMSprop": keras.optimizers.RMSprop,
    "Adam": keras.optimizers.Adam,
    "AdamW": lambda rate: keras.optimizers.AdamW(rate, weight_decay=0.1),
    "Adagrad": keras.optimizers.Adagrad,
    "Lion": keras.optimizers.Lion,
}


def small_network():
    keras.utils.set_random_seed(1)
    hidden = [layers.Dense(5, "tanh"), layers.BatchNormalization(), layers.Dense(4, "tanh")]
    return keras.Sequential([keras.Input((3,)), *hidden, layers.Dense(2)])


def steps_of(model, apply, n=5):
    """Steps on the same batches; `apply` takes gradients and weights."""
    rng = np.random.default_rng(0)
    for _ in range(n):
        x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_each_layer_steps_as_with_an_optimizer_of_its_own_rate(make):
    ours, oracle = small_network(), small_network()
    steps_of(ours, with_layer_rates(make(0.02), ours).apply)
    # Kernel, bias, gamma and beta of the first group, then kernels and biases: 4, 2, 2 weights.
    apart = [make(0.02 / 2.6**2), make(0.02 / 2.6), make(0.02)]

    def apply(grads, weights):
        for optimizer, (i, j) in zip(apart, ((0, 4), (4, 6), (6, 8)), strict=True):
            optimizer.apply(grads[i:j], weights[i:j])

    steps_of(oracle, apply)
    for a, b in zip(ours.get_weights(), oracle.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-6)


def test_equal_rates_change_no_bit():
    ours, plain = small_network(), small_network()
    steps_of(ours, with_layer_rates(keras.optimizers.Adam(0.02), ours, [1, 1, 1]).apply)
    steps_of(plain, keras.optimizers.Adam(0.02).apply)
    for a, b in zip(ours.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_factor_of_zero_freezes_weights_but_not_moving_statistics():
    model = small_network()
    before = weights_by_layer(model)
    steps_of(model, with_layer_rates(keras.optimizers.Adam(0.02), model, [0, 1, 1]).apply)
    assert changed_layers(model, before) == [False, True, True, True]
    gamma, beta, *_ = weighted_layers(model)[1].get_weights()
    np.testing.assert_array_equal(gamma, before[1][0])
    np.testing.assert_array_equal(beta, before[1][1])


def test_rates_by_layer_work_in_fit_and_in_our_loop():
    model, x = trained(plain_network), pictures()
    rates = with_layer_rates(keras.optimizers.SGD(0.05), model, [0, 0, 1, 1])
    before = weights_by_layer(model)
    fit(model, optimizer=rates, eager=False)
    moved = [
        (a[0] != b[0]).any() for a, b in zip(weights_by_layer(model), before, strict=True)
    ]  # kernels and gammas
    assert moved == [False] * 4 + [True] * 2
    before = weights_by_layer(model)
    rates = with_layer_rates(keras.optimizers.Adam(0.05), model, [0, 0, 1, 1])
    training.train(model, rates, x, np.arange(12) % 4, steps=3, batch_size=4)
    moved = [(a[0] != b[0]).any() for a, b in zip(weights_by_layer(model), before, strict=True)]
    assert moved == [False] * 4 + [True] * 2


def test_rates_follow_the_model_when_layers_are_frozen():
    model = trained(plain_network)
    freeze_layers(model, 4)
    fit(model, optimizer=with_layer_rates(keras.optimizers.Adam(0.05), model))
    freeze_layers(model, 2)
    before = weights_by_layer(model)
    fit(model, optimizer=with_layer_rates(keras.optimizers.Adam(0.05), model))
    assert changed_layers(model, before) == [False] * 2 + [True] * 4


def test_factors_divide_from_the_top():
    np.testing.assert_allclose(rate_factors(small_network()), [2.6**-2, 2.6**-1, 1], rtol=1e-12)
    assert rate_factors(small_network(), 1) == (1, 1, 1)


# Errors


def unbuilt():
    return keras.Sequential([layers.Dense(2)])


class Subclassed(keras.Model):
    def call(self, x):
        return x


ON_MODELS = {
    "weighted_layers": weighted_layers,
    "freeze_layers": lambda model: freeze_layers(model, 0),
    "unfreeze_layers": unfreeze_layers,
    "trainable_count": trainable_count,
    "layer_groups": layer_groups,
    "gradual_unfreezing": gradual_unfreezing,
    "reuse_layers": lambda model: reuse_layers(model, 0, layers.Dense(2)),
    "split_layers": lambda model: split_layers(model, 0),
    "cache_features": lambda model: cache_features(model, 0, pictures()),
    "cuts": cuts,
    "rate_factors": rate_factors,
    "with_layer_rates": lambda model: with_layer_rates(keras.optimizers.SGD(), model),
}


@pytest.mark.parametrize("function", ON_MODELS.values(), ids=ON_MODELS)
def test_a_model_that_is_not_built_is_refused(function):
    with pytest.raises(ValueError, match=r"`model` must be built: .* Received: <Sequential"):
        function(unbuilt())
    with pytest.raises(TypeError, match=r"`model` must be a Keras model\. Received: Dense"):
        function(layers.Dense(2))


def test_every_public_function_of_models_is_checked_so():
    assert set(ON_MODELS) == set(reuse.__all__)


@pytest.mark.parametrize("n", [7, -1, 1.0, True, None, "2"])
@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("n_frozen", freeze_layers),
        ("n_frozen", unfreeze_layers),
        ("n_reused", lambda model, n: reuse_layers(model, n, layers.Dense(2))),
        ("n_lower", split_layers),
        ("n_lower", lambda model, n: cache_features(model, n, pictures())),
    ],
)
def test_more_layers_than_there_are_is_refused(name, function, n):
    text = f"`{name}` must be a whole number from 0 to 6, the model's layers with weights. "
    with pytest.raises(ValueError, match=re.escape(f"{text}Received: {n!r}")):
        function(plain_network(), n)


@pytest.mark.parametrize("head", [3, None, "dense", [], [layers.Dense(2), 3]])
def test_a_head_that_is_no_layer_is_refused(head):
    with pytest.raises(TypeError, match=r"`head` must be a Keras layer .* Received"):
        reuse_layers(plain_network(), 1, head)


def test_a_head_that_does_not_fit_is_refused_with_both_shapes():
    head = layers.Dense(3, name="top")
    head.build((None, 5))
    with pytest.raises(ValueError, match=r"`head` must fit .* \(None, 16\). Received: \['top'\]"):
        reuse_layers(plain_network(), 4, head)


@pytest.mark.parametrize("shape", [(16,), (16, 16, 3), (16, 16, 1, 1), ()])
def test_pictures_that_cannot_be_resized_are_refused(shape):
    text = f"it takes (8, 8, 1). Received: {shape!r}"
    with pytest.raises(ValueError, match=rf"`input_shape` must be .*{re.escape(text)}"):
        reuse_layers(plain_network(), 4, layers.Dense(3), input_shape=shape)


def test_rows_cannot_be_resized():
    rows, takes = keras.Sequential([keras.Input((784,)), layers.Dense(2)]), r"it takes \(784,\)"
    with pytest.raises(ValueError, match=rf"`input_shape`.* {takes}\. Received: \(32, 32\)"):
        reuse_layers(rows, 1, layers.Dense(3), input_shape=(32, 32))


@pytest.mark.parametrize("function", [cuts, lambda m: reuse_layers(m, 0, layers.Dense(2))])
def test_a_model_whose_graph_is_hidden_is_refused(function):
    model = Subclassed()
    model.build((None, 2))
    with pytest.raises(TypeError, match=r"`model` must be Sequential or functional.* Subclassed"):
        function(model)


def test_a_layer_that_cannot_be_copied_is_named():
    class Odd(layers.Layer):
        def call(self, x):
            return x

        def get_config(self):
            raise NotImplementedError("write `get_config`")

    model = keras.Sequential([keras.Input((2,)), Odd(name="odd"), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"layers that can be copied\. Received: layer 'odd'"):
        reuse_layers(model, 1, layers.Dense(2))


@pytest.mark.parametrize("size", [0, -1, 1.5])
def test_a_batch_size_that_is_no_count_is_refused(size):
    with pytest.raises(ValueError, match=f"`batch_size` must be .* Received: {size}"):
        cache_features(plain_network(), 1, pictures(), batch_size=size)


@pytest.mark.parametrize("at_once", [0, 1.5, True])
def test_a_stage_that_is_no_count_is_refused(at_once):
    with pytest.raises(ValueError, match=f"`groups_at_once` must be .* Received: {at_once}"):
        gradual_unfreezing(plain_network(), at_once)


def test_optimizers_and_factors_are_checked():
    model, sgd = small_network(), keras.optimizers.SGD()
    with pytest.raises(TypeError, match=r"`optimizer` must be a Keras .*\. Received: 'sgd'"):
        with_layer_rates("sgd", model)
    with pytest.raises(ValueError, match="use_ema=True"):
        with_layer_rates(keras.optimizers.SGD(use_ema=True), model)
    for factors in ([1, 1], [1, 1, -1], [1, 1, np.inf], [1, 1, np.nan], []):
        with pytest.raises(ValueError, match="`factors` must be 3 numbers"):
            with_layer_rates(sgd, model, factors)
    for divide_by in (0, -1, np.inf, np.nan, "2", True):
        with pytest.raises(ValueError, match="`divide_by` must be positive and finite"):
            rate_factors(model, divide_by)


def test_walks_count_as_lists_do():
    shared, x = layers.Dense(4), keras.Input((4,))
    twice = keras.Model(x, layers.Dense(2)(shared(shared(layers.Dense(4)(x)))))
    for build in (*NETWORKS.values(), residual_network, lambda: twice):
        model = build()
        for n, (lower, upper) in ((n, split_layers(model, n)) for n in cuts(model)):
            assert weighted_layers(lower) == weighted_layers(model)[:n]
            rest = [x for x in weighted_layers(upper) if x not in weighted_layers(lower)]
            assert list(itertools.chain(weighted_layers(lower), rest)) == weighted_layers(model)
