"""The convolution networks are what their formulas say, and are trained and tested as promised."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet import normalization, training
from steadynet.networks import KINDS, _layers, convolution_network
from steadynet.tasks import convolutions

SMALL = functools.partial(convolution_network, (8, 8, 3), 5, channels=4)
CLIPPED = [("none", "global_norm", 0.5), ("batch norm", "global_norm", 0.5)]
ARMS = [*((kind, None, None) for kind in KINDS), *CLIPPED]
BRANCH_ENDS = (3, 5)  # of six convolutions, those that close a pair, counted from 0


def kernels(model):
    """The convolutions' own kernels, first to last."""
    found = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    return [layer.get_weights()[0] for layer in found]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def same(found, expected):
    """Arrays of two runs, name by name."""
    assert found.keys() == expected.keys()
    for name, values in found.items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


# --- networks


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_starts_from_the_same_kernels(kind):
    plain, others = kernels(SMALL(depth=6, seed=3)), kernels(SMALL(depth=6, kind=kind, seed=3))
    for k, (a, b) in enumerate(zip(plain, others, strict=True)):
        zero = kind == "good start" and k in BRANCH_ENDS
        np.testing.assert_array_equal(b, np.zeros_like(a) if zero else a)


def test_convolutions_start_at_he_s_scale_and_another_seed_gives_others():
    (_, kernel), (_, other) = (kernels(SMALL(depth=2, channels=64, seed=s)) for s in (0, 1))
    np.testing.assert_allclose(kernel.std(), np.sqrt(2 / (9 * 64)), rtol=0.02)
    assert not np.array_equal(kernel, other)


@pytest.mark.parametrize(
    ("kind", "extra"),  # of each convolution with 4 channels, against a bias each
    [
        ("none", 0),
        ("batch norm", 12),  # gamma for a bias' beta, and two moving statistics
        ("layer norm", 4),
        ("group norm", 4),
        ("rms norm", 4),
        ("weight standardization", 4),
        ("residual", 0),
        ("good start", 0),
    ],
)
def test_number_of_parameters(kind, extra):
    # 3 x 3 kernels from 3 and from 4 channels to 4, a bias each; then 4 means to 5 logits.
    plain = (9 * 3 + 1) * 4 + 2 * (9 * 4 + 1) * 4 + (4 + 1) * 5
    assert SMALL(depth=3, kind=kind).count_params() == plain + 3 * extra


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_at_most_two_layers_halve_the_picture(depth):
    pooled = SMALL(depth=depth).layers[-2].input
    assert pooled.shape[1] == 8 / 2 ** min(depth, 2)


def test_plain_network_follows_its_formula():
    model, h = SMALL(depth=3), noise(2, 8, 8, 3)
    *_, head, bias = model.get_weights()
    x = h
    for k, kernel in enumerate(kernels(model)):
        h = tf.nn.relu(tf.nn.conv2d(h, kernel, 2 if k < 2 else 1, "SAME"))
    expected = tf.reduce_mean(h, axis=(1, 2)) @ head + bias
    np.testing.assert_allclose(model(x), expected, rtol=1e-4, atol=1e-5)


def test_residual_network_follows_its_formula():
    model, x = SMALL(depth=5, kind="residual"), noise(2, 8, 8, 3)
    *_, head, bias = model.get_weights()
    a, b, c, d, e = kernels(model)
    h = tf.nn.relu(tf.nn.conv2d(x, a, 2, "SAME"))
    h = tf.nn.relu(tf.nn.conv2d(h, b, 2, "SAME"))
    inner = tf.nn.relu(tf.nn.conv2d(h, c, 1, "SAME"))
    h = tf.nn.relu(h + tf.nn.conv2d(inner, d, 1, "SAME"))
    h = tf.nn.relu(tf.nn.conv2d(h, e, 1, "SAME"))  # left over: plain
    expected = tf.reduce_mean(h, axis=(1, 2)) @ head + bias
    np.testing.assert_allclose(model(x), expected, rtol=1e-4, atol=1e-5)


def test_branches_from_zero_are_the_identity_at_the_start_and_learn():
    model, x = SMALL(depth=6, kind="good start"), noise(16, 8, 8, 3)
    inside = keras.Model(model.input, [layer.output for layer in model.layers])
    outputs = dict(zip((layer.name for layer in model.layers), inside(x), strict=True))
    closed = [v for name, v in outputs.items() if name.startswith("add")]
    assert len(closed) == 2
    strided = [v for name, v in outputs.items() if name.startswith("re_lu")][1]
    for h in closed:
        np.testing.assert_array_equal(h, strided)
    training.train(model, keras.optimizers.SGD(0.1), x, np.arange(16) % 5, steps=3, batch_size=16)
    assert all(np.abs(kernels(model)[k]).max() > 0 for k in BRANCH_ENDS)


def test_layer_norm_is_over_height_width_and_channels():
    model, x = SMALL(depth=1, kind="layer norm"), noise(2, 8, 8, 3)
    z = model.layers[2](model.layers[1](x)).numpy()
    np.testing.assert_allclose(z.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(z.var(axis=(1, 2, 3)), 1, rtol=1e-2)
    assert np.abs(z.mean(axis=(1, 2))).max() > 0.1  # not channel by channel


def test_rms_norm_is_over_height_width_and_channels():
    layer, x = _layers.RMSNorm(), noise(2, 4, 4, 3)
    root = np.sqrt((x**2).mean(axis=(1, 2, 3), keepdims=True))
    np.testing.assert_allclose(layer(x), x / root, rtol=1e-4)
    assert layer.scale.shape == (3,)


def test_group_norm_needs_channels_for_four_groups():
    with pytest.raises(ValueError, match="groups"):
        SMALL(depth=1, channels=6, kind="group norm")


def test_standardized_kernel_has_mean_0_and_its_variance_by_output():
    kernel = noise(3, 3, 8, 4) * [1.0, 5.0, 0.2, 1.0] + [0.0, 3.0, 0.0, -1.0]
    found = _layers.standardized(tf.constant(kernel, tf.float32)).numpy()
    np.testing.assert_allclose(found.mean(axis=(0, 1, 2)), 0, atol=1e-6)
    expected = 2 / (1 - 1 / np.pi) / (9 * 8)
    np.testing.assert_allclose(found.var(axis=(0, 1, 2)), expected, rtol=1e-4)


def test_standardized_kernel_keeps_the_variance_that_a_relu_was_given():
    z = noise(20_000, 3, 3, 16)
    kernel = _layers.standardized(tf.constant(noise(3, 3, 16, 8, seed=1)))
    found = tf.nn.conv2d(tf.nn.relu(z), kernel, 1, "VALID").numpy()
    np.testing.assert_allclose(found.var(axis=(0, 1, 2)), 1, rtol=0.05)


def test_standardized_kernel_of_equal_weights_is_zero():
    np.testing.assert_array_equal(_layers.standardized(tf.ones((3, 3, 2, 4))), 0)


def test_standardized_convolution_is_scaled_by_its_gain():
    layer, x = _layers.StandardizedConv2D(4, 3), noise(2, 5, 5, 3)
    once = layer(x).numpy()
    expected = tf.nn.conv2d(x, _layers.standardized(layer.kernel), 1, "VALID")
    np.testing.assert_allclose(once, expected, rtol=1e-5, atol=1e-6)
    layer.gain.assign([1.0, 2.0, 0.0, -1.0])
    np.testing.assert_allclose(layer(x), once * [1, 2, 0, -1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "batchnorm"}, "`kind` must be one of .*Received: 'batchnorm'"),
        ({"depth": 0}, "`depth` must be an integer of at least 1. Received: 0"),
        ({"channels": 0}, "`channels` must be an integer of at least 1. Received: 0"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SMALL(**{"depth": 2, **options})


# --- batch normalization by the fused kernel


@pytest.mark.parametrize("shape", [(5, 4, 4, 3), (1, 2, 1, 3), (6, 3)])
@pytest.mark.parametrize("training", [True, False])
def test_fused_batch_norm_is_batch_norm(shape, training):
    found = []
    for kind in (_layers.FusedBatchNorm, normalization.BatchNorm):
        layer, x = kind(momentum=0.9), tf.constant(noise(*shape) * 3 + 2)
        layer.build(shape)
        layer.set_weights([*np.array([[1, 2, 0.5], [0, 1, -1], [1, 2, 3], [4, 1, 9]], "f4")])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=training)
            loss = tf.reduce_sum(y * noise(*shape, seed=1))
        grads = tape.gradient(loss, [x, layer.gamma, layer.beta])
        found.append([y, *grads, layer.moving_mean, layer.moving_variance])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_fused_batch_norm_uses_the_kernel_only_where_it_gives_the_same(monkeypatch):
    calls = []
    fused = tf.compat.v1.nn.fused_batch_norm
    count = lambda *args, **options: calls.append(1) or fused(*args, **options)  # noqa: E731
    monkeypatch.setattr(tf.compat.v1.nn, "fused_batch_norm", count)
    _layers.FusedBatchNorm()(noise(2, 4, 4, 3), training=True)
    assert calls == [1]
    _layers.FusedBatchNorm()(noise(2, 4, 4, 3), training=False)
    _layers.FusedBatchNorm(axis=1)(noise(2, 4, 4, 3), training=True)
    _layers.FusedBatchNorm()(noise(2, 3), training=True)
    _layers.FusedBatchNorm(scale=False)(noise(2, 4, 4, 3), training=True)
    _layers.FusedBatchNorm(trainable=False)(noise(2, 4, 4, 3), training=True)
    assert calls == [1]


# --- the task


def test_pictures_are_split_evenly_and_no_picture_is_in_two_parts():
    parts = convolutions.pictures()
    each = {part: set(np.bincount(y, minlength=10).tolist()) for part, (_, y) in parts.items()}
    assert each == {"train": {800}, "validation": {200}, "test": {300}}
    x, _ = parts["train"]
    np.testing.assert_allclose([x.mean(dtype="f8"), x.std(dtype="f8")], [0, 1], atol=1e-4)
    train, held_out = ({p.tobytes() for p in parts[name][0]} for name in ("train", "validation"))
    assert not train & held_out


@pytest.mark.parametrize(("kind", "clip", "threshold"), ARMS)
def test_budget_gives_what_it_gives_alone_and_again(kind, clip, threshold):
    net = convolutions.net(kind, 4, 4, clip)
    both = net.train(5, 0.05, (10, 20), 8, threshold)
    alone = net.train(5, 0.05, (10,), 8, threshold)
    same({name: values[:1] for name, values in both.items()}, alone)
    same(net.train(5, 0.05, (10, 20), 8, threshold), both)
    assert all(values.dtype == np.float32 for values in both.values())


def test_another_seed_gives_another_run():
    net = convolutions.net("none", 4, 4)
    a, b = (net.train(seed, 0.05, (10,), 8)["loss"] for seed in (0, 1))
    assert a != b


def test_training_learns_and_is_summed_up_from_the_trainer_s_record():
    net = convolutions.net("batch norm", 2, 4)
    found = net.train(0, 0.3, (100, 150), 32)
    model = net.network(seed=0)
    x, y = convolutions.pictures()["train"]
    record = training.train(model, keras.optimizers.SGD(0.3), x, y, steps=150, batch_size=32)
    halves = [record.loss[:100].mean(), record.loss[100:].mean()]
    np.testing.assert_allclose(found["loss"], halves, rtol=1e-5)
    np.testing.assert_allclose(found["accuracy"][1], record.accuracy[100:].mean(), rtol=1e-5)
    x, y = convolutions.pictures()["test"]
    expected = (model.predict(x, verbose=0).argmax(-1) == y).mean()
    np.testing.assert_allclose(found["test_accuracy"][1], expected, atol=1e-3)
    assert found["loss"][1] < found["loss"][0]
    assert found["accuracy"][1] > 0.2  # chance is 0.1


def test_steps_to_a_target_count_only_within_the_budget():
    accuracy = np.repeat(np.array([0.0, 0.65], "f4"), [50, 100])
    record = training.Record(accuracy, accuracy, accuracy, accuracy)
    found = convolutions.summed_up(record, (20, 90, 100, 150))["steps_to"]
    # 0.65 on m of the last 50 batches: m/50 * 0.65 is 0.5 from m = 39 on, 0.6 from m = 47.
    never = [np.nan] * 4
    expected = [never, [89, *never[1:]], [89, 97, *never[2:]], [89, 97, *never[2:]]]
    np.testing.assert_array_equal(found, expected)


def test_run_shorter_than_the_window_reaches_no_target():
    ones = np.ones(10, "f4")
    found = convolutions.summed_up(training.Record(ones, ones, ones, ones), (5, 10))
    assert np.isnan(found["steps_to"]).all()


def test_run_that_diverges_ends_and_counts_as_chance():
    net, steps = convolutions.net("none", 4, 4), []
    run = net._trainer.run
    net._trainer.run = lambda *a, **k: steps.append(run(*a, **k)) or steps[-1]
    try:
        found = net.train(0, 1e30, (10, 20, 400), 8)
    finally:
        del net._trainer.run
    assert (steps[0].steps, steps[0].cancelled) == (10, True)
    np.testing.assert_array_equal(found["loss"], np.inf)
    for name in ("validation_accuracy", "test_accuracy"):
        np.testing.assert_allclose(found[name], 0.1, rtol=1e-6)
    np.testing.assert_allclose(found["accuracy"][1:], 0.1, rtol=1e-6)
    same(
        {name: values[:1] for name, values in found.items()},
        net.train(0, 1e30, (10,), 8),
    )


@pytest.mark.parametrize("budgets", [(), (20, 10), (10, 10), (0, 10)])
def test_budgets_that_do_not_increase_are_refused(budgets):
    with pytest.raises(ValueError, match="`budgets` must be"):
        convolutions.net("none", 4, 4).train(0, 0.1, budgets, 8)


def test_threshold_is_needed_with_clipping_alone():
    with pytest.raises(ValueError, match="`threshold`"):
        convolutions.net("none", 4, 4, "global_norm").train(0, 0.1, (10,), 8)
    with pytest.raises(ValueError, match="`threshold`"):
        convolutions.net("none", 4, 4).train(0, 0.1, (10,), 8, 1.0)
