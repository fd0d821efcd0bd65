"""Checkpoints old and new: equal outputs at every step, or errors with names."""

import re
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet import datasets
from steadynet.checkpoints import (
    FORMATS,
    ORIGINAL,
    CheckpointError,
    import_graph,
    keras_names,
    list_variables,
    load_tensorflow,
    make_original,
    original_graph,
    original_network,
    read_variables,
    restore,
    save_tensorflow,
    what_each_keeps,
    write_variables,
)
from steadynet.reuse import freeze_layers, reuse_layers, weighted_layers

v1, layers = tf.compat.v1, keras.layers

ENDINGS = (".index", ".data-00000-of-00001", ".meta")


@pytest.fixture(scope="module")
def shoes():
    """Pictures of footwear: sandals, sneakers, boots."""
    data = datasets.split_by_class(datasets.load_fashion_mnist(), datasets.FOOTWEAR)
    return data.x_train[:300, ..., None], data.y_train[:300]


@pytest.fixture(scope="module")
def original_logits(shoes):
    """What the restored original says: Session, Saver, the graph built in code."""
    with tf.Graph().as_default(), v1.Session() as session:
        network = original_graph()
        v1.train.Saver().restore(session, str(ORIGINAL))
        return session.run(network.logits, {network.x: shoes[0][:20]})


@pytest.fixture
def copy(tmp_path):
    """A copy of the shipped files, free to be damaged."""
    for ending in ENDINGS:
        shutil.copy(f"{ORIGINAL}{ending}", tmp_path)
    return tmp_path / ORIGINAL.name


def with_ending(prefix, ending):
    return prefix.with_name(prefix.name + ending)


def fresh(n_classes=7):
    """A session with the original's graph, its variables at their start."""
    session = v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        network = original_graph(n_classes)
        session.run(v1.global_variables_initializer())
    return session, network


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


# What ships


def test_shipped_checkpoint_is_small():
    assert sum(with_ending(ORIGINAL, ending).stat().st_size for ending in ENDINGS) <= 300_000


def test_shipped_checkpoint_holds_no_place_of_its_making():
    assert sorted(file.name for file in ORIGINAL.parent.iterdir()) == sorted(
        f"{ORIGINAL.name}{ending}" for ending in ENDINGS
    )
    for ending in ENDINGS:
        data = with_ending(ORIGINAL, ending).read_bytes()
        assert not any(part in data for part in (b"/home/", b"/root/", b"/tmp/", b"/work/"))


def test_shipped_checkpoint_has_learned_its_task():
    data = datasets.split_by_class(datasets.load_fashion_mnist(), datasets.CLOTHING_AND_BAGS)
    model = original_network()
    load_tensorflow(model, ORIGINAL)
    found = np.argmax(model.predict(data.x_test[..., None], verbose=0), axis=-1)
    assert (found == data.y_test).mean() > 0.8


def test_the_script_makes_files_of_the_same_form(tmp_path):
    accuracy = make_original.make_original(tmp_path / "new" / "again.ckpt", steps=2)
    assert 0 <= accuracy <= 1
    assert list_variables(tmp_path / "new" / "again.ckpt") == list_variables(ORIGINAL)
    with import_graph(tmp_path / "new" / "again.ckpt") as session:
        assert session.run("outputs:0", {"x:0": np.zeros((1, 28, 28, 1))}).shape == (1, 7)


# TensorFlow 1: Session and Saver


def test_restoring_gives_the_logits_of_saver(shoes, original_logits):
    session, network = fresh()
    with session:
        names = restore(session, ORIGINAL)
        close(session.run(network.logits, {network.x: shoes[0][:20]}), original_logits)
    assert set(names) == set(list_variables(ORIGINAL))


def test_training_goes_on_with_momentum_and_step_count():
    session, network = fresh()
    with session:
        restore(session, ORIGINAL)
        step = v1.train.get_global_step(session.graph)
        slot = session.graph.get_tensor_by_name("hidden/kernel/Momentum:0")
        assert session.run(step) == make_original.STEPS
        assert np.abs(session.run(slot)).max() > 0
        feed = {network.x: np.zeros((2, 28, 28, 1)), network.y: [0, 1], network.training: True}
        session.run(network.train, feed)
        assert session.run(step) == make_original.STEPS + 1


def test_lower_layers_restored_by_map_are_equal_and_the_rest_stays(shoes):
    session, network = fresh(n_classes=3)
    name_map = {name: name for name in ("conv1", "bn1", "conv2", "bn2")}
    with session:
        before = session.run("hidden/kernel:0")
        restore(session, ORIGINAL, name_map)
        np.testing.assert_array_equal(session.run("hidden/kernel:0"), before)
        kept = read_variables(ORIGINAL)
        for name in ("conv1/kernel", "bn1/moving_mean", "conv2/kernel", "bn2/moving_variance"):
            np.testing.assert_array_equal(session.run(f"{name}:0"), kept[name])
        features = session.run("Relu_1:0", {network.x: shoes[0][:5]})
    model = original_network()
    load_tensorflow(model, ORIGINAL)
    lower = reuse_layers(model, 4, layers.Activation("linear"))
    close(features.reshape(5, -1), lower(shoes[0][:5]))


def test_training_on_for_the_new_task_learns_it(shoes):
    x, y = shoes
    session, network = fresh(n_classes=3)
    feed = {network.x: x, network.y: y, network.training: True}
    with session:
        restore(session, ORIGINAL, {"conv1": "conv1", "bn1": "bn1", "conv2": "conv2", "bn2": "bn2"})
        losses = [session.run([network.loss, network.train], feed)[0] for _ in range(30)]
        found = session.run(network.logits, {network.x: x}).argmax(-1)
    assert losses[-1] < losses[0] / 2
    assert (found == y).mean() > 0.7


def test_a_map_gives_other_names(tmp_path):
    write_variables(tmp_path / "other", {"block/first/kernel": np.full((3, 3, 1, 8), 2.0, "f")})
    session, _ = fresh()
    with session:
        restored = restore(session, tmp_path / "other", {"conv1/kernel": "block/first/kernel"})
        assert restored == ["conv1/kernel"]
        assert (session.run("conv1/kernel:0") == 2).all()


def test_files_alone_give_the_same_logits_and_train_on(shoes, original_logits):
    x, y = shoes
    with import_graph(ORIGINAL) as session:
        close(session.run("outputs:0", {"x:0": x[:20]}), original_logits)
        feed = {"x:0": x, "y:0": y, "training:0": True}
        losses = [session.run(["loss:0", "train"], feed)[0] for _ in range(5)]
    assert losses[-1] < losses[0]


def test_files_alone_leave_the_current_graph_alone():
    with tf.Graph().as_default() as graph, import_graph(ORIGINAL):
        assert not graph.get_operations()


# TensorFlow 1 into Keras 3


def test_keras_model_gives_the_logits_of_the_checkpoint(shoes, original_logits):
    model = original_network()
    left = load_tensorflow(model, ORIGINAL)
    close(model(shoes[0][:20], training=False), original_logits)
    assert {name for name in left if not name.endswith("/Momentum")} == {"global_step"}


def test_statistics_are_mapped_by_name_not_by_place():
    model, kept = original_network(), read_variables(ORIGINAL)
    load_tensorflow(model, ORIGINAL)
    for name, weight in keras_names(model).items():
        np.testing.assert_array_equal(weight, kept[name])
    # A mix-up of the four would have gone unnoticed by shape.
    norm = [kept[f"bn1/{name}"] for name in ("gamma", "beta", "moving_mean", "moving_variance")]
    assert len({array.tobytes() for array in norm}) == 4


def test_a_nested_model_is_loaded_by_its_layers_names(shoes, original_logits):
    base = original_network()
    x = keras.Input((28, 28, 1))
    load_tensorflow(nested := keras.Model(x, base(x)), ORIGINAL)
    close(nested(shoes[0][:20], training=False), original_logits)


def test_only_mapped_layers_are_loaded():
    model, kept = original_network(3), read_variables(ORIGINAL)
    before = [layer.get_weights() for layer in weighted_layers(model)]
    left = load_tensorflow(model, ORIGINAL, {"conv2": "conv2", "bn1/beta": "bn1/beta"})
    names = keras_names(model)
    np.testing.assert_array_equal(names["conv2/kernel"], kept["conv2/kernel"])
    np.testing.assert_array_equal(names["bn1/beta"], kept["bn1/beta"])
    np.testing.assert_array_equal(names["conv1/kernel"], before[0][0])
    np.testing.assert_array_equal(names["bn1/moving_mean"], before[1][2])
    assert "conv1/kernel" in left
    assert "conv2/kernel" not in left


def test_a_keras_model_goes_back_to_session_and_saver(tmp_path, shoes):
    keras.utils.set_random_seed(3)
    model, x = original_network(), shoes[0][:5]
    model.set_weights([w + 0.1 for w in model.get_weights()])
    save_tensorflow(model, tmp_path / "deep" / "mine.ckpt")
    expected = model(x, training=False)  # here, for a session's graph takes over inside its `with`
    session, network = fresh()
    with session:
        restore(session, tmp_path / "deep" / "mine.ckpt", {n: n for n in keras_names(model)})
        close(session.run(network.logits, {network.x: x}), expected)


def test_a_checkpoint_of_today_is_read_too(tmp_path):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(3, name="top")])
    tf.train.Checkpoint(model=model).write(str(tmp_path / "new"))
    (kernel,) = [n for n in list_variables(tmp_path / "new") if "kernel" in n or "_kernel" in n]
    other = keras.Sequential([keras.Input((2,)), layers.Dense(3, name="top")])
    load_tensorflow(other, tmp_path / "new", {"top/kernel": kernel})
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_written_arrays_come_back_as_they_were(tmp_path):
    arrays = {
        "a/b": np.arange(6, dtype="float32").reshape(2, 3),
        "half": np.array([1.5, -2], "float16"),
        "step": np.array(7, "int64"),
        "empty": np.zeros((0, 3), "float32"),
    }
    write_variables(tmp_path / "x.ckpt", arrays)
    again = read_variables(tmp_path / "x.ckpt")
    assert list(again) == sorted(arrays)
    for name, array in arrays.items():
        assert again[name].dtype == array.dtype
        np.testing.assert_array_equal(again[name], array)


# Damage


READERS = {
    "read": read_variables,
    "keras": lambda prefix: load_tensorflow(original_network(), prefix),
    "session": lambda prefix: restore(fresh()[0], prefix),
    "files": lambda prefix: import_graph(prefix).close(),
}
every_reader = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


@every_reader
@pytest.mark.parametrize("ending", [".index", ".data-00000-of-00001"])
@pytest.mark.parametrize(
    "damage",
    [lambda data: data[: len(data) // 2], lambda _: b"", lambda data: b"PK\3\4" + data[::-1]],
    ids=["cut short", "empty", "foreign"],
)
def test_damage_names_the_file(copy, read, ending, damage):
    file = with_ending(copy, ending)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(CheckpointError, match=re.escape(str(file))) as caught:
        read(copy)
    assert caught.value.path == file
    assert (caught.value.variable in list_variables(ORIGINAL)) == (ending != ".index")


@every_reader
def test_one_changed_byte_names_file_and_variable(copy, read):
    file = with_ending(copy, ".data-00000-of-00001")
    kernel = read_variables(copy, ["conv2/kernel"])["conv2/kernel"].tobytes()
    data = bytearray(file.read_bytes())
    data[data.index(kernel) + 5] ^= 1
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"data-00000-of-00001, variable 'conv2/kernel'"):
        read(copy)
    assert read_variables(copy, ["conv1/kernel"])  # what is sound can still be had


@every_reader
@pytest.mark.parametrize("ending", [".index", ".data-00000-of-00001"])
def test_a_missing_file_is_named(copy, read, ending):
    with_ending(copy, ending).unlink()
    with pytest.raises(CheckpointError, match=rf"{re.escape(str(copy) + ending)}.*is missing"):
        read(copy)


def test_a_path_to_one_of_the_files_is_explained(copy):
    with pytest.raises(CheckpointError, match=r"\.index\.index is missing; give the path without"):
        read_variables(f"{copy}.index")


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[: len(data) // 2], lambda _: b"", lambda _: b"<html>", lambda d: d[::-1]],
    ids=["cut short", "empty", "foreign", "reversed"],
)
def test_a_damaged_graph_is_named(copy, damage):
    file = with_ending(copy, ".meta")
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(CheckpointError, match=re.escape(str(file))):
        import_graph(copy)


def test_a_missing_graph_says_what_to_do(copy):
    with_ending(copy, ".meta").unlink()
    with pytest.raises(CheckpointError, match=r"\.meta is missing: build the graph in code"):
        import_graph(copy)


def test_a_graph_of_other_variables_names_the_one_it_misses(copy):
    write_variables(copy, {"conv1/kernel": np.zeros((3, 3, 1, 8), "f")})
    with pytest.raises(CheckpointError, match=r"variable '.*': is not in it; it holds"):
        import_graph(copy)


@pytest.mark.parametrize("read", [READERS["keras"], READERS["session"]], ids=["keras", "session"])
def test_a_partial_checkpoint_names_what_it_lacks(tmp_path, read):
    held = {n: a for n, a in read_variables(ORIGINAL).items() if n != "bn2/moving_mean"}
    write_variables(tmp_path / "part.ckpt", held)
    with pytest.raises(CheckpointError, match=r"part\.ckpt, variable .*: is not") as c:
        read(tmp_path / "part.ckpt")
    assert c.value.variable == "bn2/moving_mean"


@pytest.mark.parametrize("read", [READERS["keras"], READERS["session"]], ids=["keras", "session"])
def test_another_shape_is_named_with_both(tmp_path, read):
    held = read_variables(ORIGINAL) | {"hidden/bias": np.zeros(25, "f")}
    write_variables(tmp_path / "odd.ckpt", held)
    text = r"odd.ckpt, variable 'hidden/bias': has shape \(25,\), .* has \(24,\)"
    with pytest.raises(CheckpointError, match=text):
        read(tmp_path / "odd.ckpt")


def test_after_an_error_the_model_is_as_it_was(tmp_path):
    held = read_variables(ORIGINAL) | {"logits/bias": np.zeros(9, "f")}
    write_variables(tmp_path / "odd.ckpt", held)
    model = original_network()
    before = model.get_weights()
    with pytest.raises(CheckpointError):
        load_tensorflow(model, tmp_path / "odd.ckpt")
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_names_that_lead_nowhere_are_refused():
    with pytest.raises(ValueError, match=r"`name_map` must map from .* Received: 'conv9'"):
        load_tensorflow(original_network(), ORIGINAL, {"conv9": "conv1"})
    session, _ = fresh()
    with session, pytest.raises(ValueError, match=r"`name_map` must .* Received: 'conv'"):
        restore(session, ORIGINAL, {"conv": "conv1"})
    with pytest.raises(CheckpointError, match="variable 'conv9/kernel': is not in it"):
        load_tensorflow(original_network(), ORIGINAL, {"conv1": "conv9"})
    with pytest.raises(CheckpointError, match="variable 'nothing': is not in it"):
        read_variables(ORIGINAL, ["nothing"])


def test_two_layers_of_one_name_are_refused():
    parts = [keras.Sequential([keras.Input((2,)), layers.Dense(2, name="one")]) for _ in range(2)]
    with pytest.raises(ValueError, match=r"differently\. Received twice: one/kernel"):
        keras_names(keras.Sequential([keras.Input((2,)), *parts]))


def test_nothing_to_write_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`arrays` must be a mapping with at least one"):
        write_variables(tmp_path / "none", {})
    with pytest.raises(TypeError, match=r"`arrays` must be a mapping .* Received: \['a'\]"):
        write_variables(tmp_path / "none", ["a"])


@pytest.mark.parametrize(
    "array",
    [
        np.array([1, None], object),
        [[1], [2, 3]],
        None,
        np.array(["2026-01-01"], "datetime64[D]"),
    ],
)
def test_what_is_neither_numbers_nor_strings_is_not_written(tmp_path, array):
    accepted = r"`arrays\['b'\]` must be numbers or strings, in rows of equal length\. Received: "
    with pytest.raises(ValueError, match=accepted + re.escape(repr(array))):
        write_variables(tmp_path / "deep" / "x", {"a": np.ones(2), "b": array})
    assert not (tmp_path / "deep").exists()


def test_strings_of_any_type_are_written(tmp_path):
    write_variables(tmp_path / "x", {"a": np.array(["one", b"two"], object)})
    assert read_variables(tmp_path / "x")["a"].tolist() == [b"one", b"two"]


@pytest.mark.parametrize("session", [None, tf.Graph(), "session"])
def test_what_is_no_session_is_refused(session):
    with pytest.raises(TypeError, match=r"`session` must be a tf\.compat\.v1\.Session\. Received:"):
        restore(session, ORIGINAL)


# The ways of today


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return what_each_keeps(tmp_path_factory.mktemp("formats"))


def test_every_format_keeps_the_predictions(kept):
    assert set(kept) == set(FORMATS)
    assert all(row["predictions"] for row in kept.values())


def test_what_each_format_keeps(kept):
    yes = {name: {key for key, value in row.items() if value is True} for name, row in kept.items()}
    alone, state = {"without code", "predictions"}, {"optimizer state", "trains on", "predictions"}
    assert yes == {
        "Keras file": alone | state | {"layers", "frozen layers", "loss and optimizer"},
        "Keras weights": state,
        "tf.train.Checkpoint": state,
        "TensorFlow 1 checkpoint": {"predictions"},
        "SavedModel": alone,
    }


def test_sizes_are_those_of_the_files(kept):
    # 8·16 + 16 + 4·16 + 16·3 + 3 = 259 numbers of 4 bytes
    assert all(259 * 4 < row["bytes"] < 200_000 for row in kept.values())


# Old checkpoint, new task


def test_an_old_checkpoint_serves_a_new_task(shoes):
    x, y = shoes
    old = original_network()
    load_tensorflow(old, ORIGINAL)
    keras.utils.set_random_seed(0)
    new = reuse_layers(old, 4, [layers.Dense(24, "relu"), layers.Dense(3)])
    freeze_layers(new, 4)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    new.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    history = new.fit(x, y, batch_size=30, epochs=5, verbose=0)
    assert history.history["accuracy"][-1] > 0.85
    np.testing.assert_array_equal(
        keras_names(old)["bn2/moving_mean"], weighted_layers(new)[3].moving_mean
    )
