"""The experiments on reuse: their convolution, their tasks, and slices run again."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet import experiments, recording, reuse
from steadynet.experiments import frozen_layers, picture_size
from steadynet.portable import convolution
from steadynet.tasks import transfer

# A convolution that can be trained in a page


def ways():
    """Convolve as TensorFlow trains, and as is converted."""
    return (contextlib.nullcontext, convolution.as_products)


@pytest.mark.parametrize("way", ways())
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [1, 2, 3, 4, 7, 8, 15])
def test_convolution_and_its_gradients_equal_tensorflows(side, channels, way):
    rng = np.random.default_rng(side)
    x = tf.constant(rng.normal(size=(4, side, side + 1, channels)), tf.float32)
    kernel = tf.constant(rng.normal(size=(3, 3, channels, 5)), tf.float32)
    border = [[0, 0], [1, 1], [1, 1], [0, 0]]
    with tf.GradientTape(persistent=True) as tape, way():
        tape.watch([x, kernel])
        ours = convolution.convolve(x, kernel)
        theirs = tf.nn.conv2d(tf.pad(x, border), kernel, 2, "VALID")
        losses = [tf.reduce_sum(tf.sin(y)) for y in (ours, theirs)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    for mine, other in zip(*(tape.gradient(loss, [x, kernel]) for loss in losses), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-4)


def test_layer_equals_kerass_with_a_border_of_zeros():
    layers, x = keras.layers, np.random.default_rng(0).normal(size=(2, 9, 8, 3)).astype("float32")
    ours = keras.Sequential([keras.Input((9, 8, 3)), convolution.Convolution(4)])
    border = [layers.ZeroPadding2D(1), layers.Conv2D(4, 3, strides=2)]
    theirs = keras.Sequential([keras.Input((9, 8, 3)), *border])
    theirs.set_weights([w + 0.1 for w in ours.get_weights()])
    ours.set_weights(theirs.get_weights())
    assert ours.output_shape == theirs.output_shape
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("way", ways())
def test_training_step_converts_and_computes_the_same(way):
    model, batch = transfer.network(3, seed=0), 8
    rng = np.random.default_rng(0)
    # With a bias of exactly 0, empty corners of a picture would sit on the edge of the rectifier.
    weights = [w + rng.normal(0, 0.05, w.shape).astype("float32") for w in model.get_weights()]
    n = len(weights)
    specs = [tf.TensorSpec(w.shape, name=f"in{i:02}") for i, w in enumerate(weights)]
    specs += [
        tf.TensorSpec((batch, 28, 28, 1), name=f"in{n:02}"),
        tf.TensorSpec((batch, 3), name=f"in{n + 1:02}"),
    ]

    @tf.function(input_signature=specs)
    def step(*given):
        w, (x, y) = list(given[:n]), given[n:]
        with tf.GradientTape() as tape:
            tape.watch(w)
            logits, _ = model.stateless_call(w, [], x, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(y, logits))
        return [v - 0.1 * g for v, g in zip(w, tape.gradient(loss, w), strict=True)]

    given = [
        *weights,
        rng.uniform(size=(batch, 28, 28, 1)).astype("float32"),
        np.eye(3, dtype="float32")[rng.integers(0, 3, batch)],
    ]
    with way():
        concrete = step.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    with pytest.warns(UserWarning, match=r"tf\.lite\.Interpreter is deprecated"):
        interpreter = tf.lite.Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    if way is convolution.as_products:
        # Slow in LiteRT where the kernel is an input of the program.
        used = [op["op_name"] for op in interpreter._get_ops_details()]
        assert not {"CONV_2D", "TRANSPOSE_CONV", "STRIDED_SLICE"} & set(used)
        # One for each dense layer's input, and one that picks pixels, whose weights are constant.
        assert used.count("FULLY_CONNECTED") <= 3
    for detail in interpreter.get_input_details():
        place = int(detail["name"].split("in")[-1].split(":")[0])
        interpreter.set_tensor(detail["index"], given[place])
    interpreter.invoke()
    found = [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
    for expected in step(*given):
        gaps = [np.abs(f - expected).max() for f in found if f.shape == expected.shape]
        assert min(gaps) < 1e-5


def test_network_goes_through_a_file_and_can_be_cut(tmp_path):
    model = transfer.network(7, seed=0)
    model.save(tmp_path / "net.keras")
    again, x = keras.models.load_model(tmp_path / "net.keras"), transfer.task("footwear").x_test[:3]
    np.testing.assert_array_equal(again(x), model(x))
    assert [layer.name for layer in reuse.weighted_layers(model)] == list(transfer.LAYERS)
    assert reuse.cuts(model) == [0, 1, 2, 3, 4, 5]


# Tasks


def test_tasks_share_no_class_with_their_sources():
    for target, source in frozen_layers.SPLITS.items():
        classes = transfer.TASKS[target], transfer.TASKS[source]
        assert sorted([*classes[0], *classes[1]]) == list(range(10))
    for source in ("other clothing", "footwear"):
        assert not set(transfer.TASKS[source]) & set(transfer.TASKS["tops"])


@pytest.mark.parametrize("n", frozen_layers.LABELS)
def test_labelled_pictures_are_balanced_and_part_of_larger_draws(n):
    few, all_of_them = transfer.labelled("footwear", n, 3), transfer.labelled("footwear", 1000, 3)
    assert len(few.x_train) == len(few.y_train) == n
    counts = np.bincount(few.y_train, minlength=3)
    assert counts.max() - counts.min() <= 1
    assert len(few.x_test) == 900
    known = {picture.tobytes() for picture in all_of_them.x_train}
    assert all(picture.tobytes() in known for picture in few.x_train)


def test_a_start_takes_the_lower_layers_and_the_same_fresh_ones(monkeypatch):
    learned = [w + 1 for w in transfer.network(7, seed=0).get_weights()]
    monkeypatch.setattr(transfer, "pretrained", lambda *_: learned)
    fresh = transfer.start("footwear", 0)
    for n in range(5):
        weights = transfer.start("footwear", 0, "all but footwear", n)
        for i, weight in enumerate(weights):
            np.testing.assert_array_equal(weight, (learned if i < 2 * n else fresh)[i])


def test_other_seeds_start_elsewhere():
    one, other = (transfer.start("footwear", seed)[0] for seed in (0, 1))
    assert (one != other).any()


def test_frozen_layers_stay_and_the_record_counts_looks():
    data, weights = transfer.labelled("footwear", 30, 0), transfer.start("footwear", 0)
    found = transfer.train(data, 3, weights, 3, seed=0, steps=6, every=2)
    assert found["accuracy"].shape == found["loss"].shape == (3,)
    after = transfer.trainer(3, 3).model.get_weights()
    moved = [(a != b).any() for a, b in zip(weights, after, strict=True)]
    assert moved == [False] * 6 + [True] * 4


def test_steps_are_counted_to_the_first_look_at_the_target():
    curves = np.array([[0.1, 0.8, 0.9], [0.1, 0.2, 0.3]])
    assert frozen_layers.steps_to(curves, 0.8).tolist() == [2 * frozen_layers.EVERY, np.inf]


def test_pictures_are_resized_as_a_camera_would():
    pictures = transfer.task("footwear").x_test[:2]
    assert picture_size.resized(pictures, 28) is pictures
    half = picture_size.resized(pictures, 14)
    assert half.shape == (2, 14, 14, 1)
    # Antialiasing keeps the light of the whole picture; picking every other pixel would not.
    np.testing.assert_allclose(half.mean(axis=(1, 2)), pictures.mean(axis=(1, 2)), rtol=0.02)


def test_a_reused_network_takes_pictures_of_each_size():
    for side in (14, 28, 40):
        model = picture_size.loop(side).model
        assert model.input_shape == (None, side, side, 1)
        assert not model.get_layer("conv3").trainable


# Slices of the recordings, run again


@pytest.mark.slow
def test_scratch_again_ends_near_the_recording():
    point = {"task": "footwear", "start": "random", "n_frozen": (0, 4), "labels": (300,), "seed": 1}
    again = experiments.get("frozen_layers").run(point)["accuracy"]
    at = {"task": "footwear", "start": "random", "labels": 300, "seed": 1}
    recorded = recording.load("frozen_layers").get("accuracy", **at)
    # Threads add up in another order, which long training magnifies: the first looks are closest.
    np.testing.assert_allclose(again[:, 0, :2], recorded[[0, 4], :2], atol=0.03)
    np.testing.assert_allclose(again[:, 0], recorded[[0, 4]], atol=0.08)


@pytest.mark.slow
def test_one_source_again_ends_near_the_recording():
    point = {"source": "random", "held": ("frozen",), "n_reused": (1,), "seed": 0}
    again = experiments.get("transferability").run(point)
    recorded = recording.load("transferability")
    at = {"source": "random", "held": "frozen", "n_reused": 1, "seed": 0}
    for name in ("accuracy", "base"):
        np.testing.assert_allclose(again[name][0, 0], recorded.get(name, **at), atol=0.05)


@pytest.mark.slow
def test_caching_again_is_exact_and_trains_the_same():
    again = experiments.get("cached_features").run({"n_frozen": 3, "seed": 0})
    assert again["gap"] < 1e-4
    assert abs(again["accuracy_cached"] - again["accuracy_recomputed"]) < 0.01
    recorded = recording.load("cached_features").get("accuracy_cached", n_frozen=3, seed=0)
    np.testing.assert_allclose(again["accuracy_cached"], recorded, atol=0.03)


@pytest.mark.slow
def test_pictures_of_another_size_again_end_near_the_recording():
    again = experiments.get("picture_size").run({"side": 14, "seed": 0})
    recorded = recording.load("picture_size").get("accuracy", side=14, seed=0)
    np.testing.assert_allclose(again["accuracy"], recorded, atol=0.03)
