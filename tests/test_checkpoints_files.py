"""Checkpoints of both versions, in parts and in shards: what is read, and which file is blamed."""

import hashlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet.checkpoints import (
    ORIGINAL,
    ORIGINAL_SHA256,
    CheckpointError,
    digests,
    import_graph,
    list_variables,
    load_tensorflow,
    original_graph,
    original_network,
    read_variables,
    restore,
    write_variables,
)
from steadynet.checkpoints.fitting import as_kind

v1, layers = tf.compat.v1, keras.layers


def partitioned_graph():
    """Variables in parts, of both kinds, one whole, a step count, and something to compute."""
    start = v1.random_normal_initializer(seed=1)
    with v1.variable_scope("s", partitioner=v1.fixed_size_partitioner(3)):
        kernel = v1.get_variable("w", [7, 4], initializer=start, use_resource=False)
    with v1.variable_scope("r", partitioner=v1.fixed_size_partitioner(2, axis=1)):
        other = v1.get_variable("w", [7, 4], initializer=start, use_resource=True)
    bias = v1.get_variable("b", [4], initializer=start, use_resource=False)
    step = v1.get_variable("step", [], tf.int64, v1.zeros_initializer())
    x = v1.placeholder(tf.float32, [None, 7], name="x")
    both = tf.convert_to_tensor(kernel) + tf.convert_to_tensor(other)
    y = tf.add(x @ both, bias, name="y")
    v1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(y), step, name="train")
    return y


def save_partitioned(prefix, **how):
    """Save such a graph, started and trained for a step; give what it computes for ones."""
    with tf.Graph().as_default(), v1.Session() as session:
        y = partitioned_graph()
        session.run(v1.global_variables_initializer())
        session.run("train", {"x:0": np.ones((2, 7))})
        v1.train.Saver(**how).save(session, str(prefix), write_state=False)
        return session.run(y, {"x:0": np.ones((2, 7))})


V1 = v1.train.SaverDef.V1
FORMS = {
    "v2": {},
    "v2 sharded": {"sharded": True},
    "v1": {"write_version": V1},
    "v1 sharded": {"write_version": V1, "sharded": True},
}
every_form = pytest.mark.parametrize("how", FORMS.values(), ids=FORMS)


def save_shards(prefix, n=3):
    """A checkpoint with one variable in each of `n` data files."""
    parts = []
    for i in range(n):
        parts.append(f"{prefix}_{i}")
        write_variables(parts[-1], {f"w{i}": np.arange(8.0) + i})
    with tf.Graph().as_default(), v1.Session() as session:
        session.run(
            tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=str(prefix))
        )


# Partitioned variables and the old version


@every_form
def test_partitioned_variables_are_listed_and_read_whole(tmp_path, how):
    save_partitioned(tmp_path / "p", **how)
    shapes = {"b": (4,), "r/w": (7, 4), "s/w": (7, 4), "step": ()}
    assert list_variables(tmp_path / "p") == shapes
    held = read_variables(tmp_path / "p")
    assert {name: array.shape for name, array in held.items()} == shapes
    assert held["step"] == 1


@every_form
def test_partitioned_variables_are_restored(tmp_path, how):
    expected = save_partitioned(tmp_path / "p", **how)
    with tf.Graph().as_default(), v1.Session() as session:
        y = partitioned_graph()
        assert set(restore(session, tmp_path / "p")) == {"b", "r/w", "s/w", "step"}
        np.testing.assert_allclose(session.run(y, {"x:0": np.ones((2, 7))}), expected, rtol=1e-6)


@every_form
def test_a_graph_with_partitioned_variables_is_imported_and_trains_on(tmp_path, how):
    expected = save_partitioned(tmp_path / "p", **how)
    with import_graph(tmp_path / "p") as session:
        feed = {"x:0": np.ones((2, 7))}
        np.testing.assert_allclose(session.run("y:0", feed), expected, rtol=1e-6)
        session.run("train", feed)
        assert (session.run("y:0", feed) < expected).all()


def test_a_partitioned_variable_is_mapped_by_its_full_name(tmp_path):
    write_variables(tmp_path / "other", {"kernel": np.ones((7, 4), "f")})
    with tf.Graph().as_default(), v1.Session() as session:
        partitioned_graph()
        assert restore(session, tmp_path / "other", {"s/w": "kernel"}) == ["s/w"]
        assert (session.run("s/w/part_1:0") == 1).all()


def test_another_shape_of_a_partitioned_variable_is_refused(tmp_path):
    write_variables(tmp_path / "other", {"kernel": np.ones((7, 5), "f")})
    with tf.Graph().as_default(), v1.Session() as session:
        partitioned_graph()
        with pytest.raises(CheckpointError, match=r"shape \(7, 5\), the graph's has \(7, 4\)"):
            restore(session, tmp_path / "other", {"s/w": "kernel"})


def test_a_variable_whose_shape_the_graph_leaves_open_is_restored(tmp_path):
    write_variables(tmp_path / "x", {"w": np.ones((3, 2), "f")})
    with tf.Graph().as_default(), v1.Session() as session:
        start = v1.placeholder_with_default(np.zeros((3, 2), "f"), [None, 2])
        w = v1.Variable(start, validate_shape=False, name="w", use_resource=False)
        restore(session, tmp_path / "x")
        assert (session.run(w) == 1).all()


@every_form
def test_one_changed_byte_anywhere_in_the_numbers_is_noticed(tmp_path, how):
    save_partitioned(tmp_path / "p", **how)
    value = read_variables(tmp_path / "p")["b"].tobytes()
    (file,) = (f for f in tmp_path.iterdir() if f.suffix != ".meta" and value in f.read_bytes())
    data = bytearray(file.read_bytes())
    data[data.index(value) + 2] ^= 16
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match=re.escape(str(file))) as caught:
        read_variables(tmp_path / "p")
    assert caught.value.path == file


def test_an_old_checkpoint_goes_into_keras(tmp_path):
    with tf.Graph().as_default(), v1.Session() as session:
        original_graph()
        restore(session, ORIGINAL)
        v1.train.Saver(write_version=V1).save(session, str(tmp_path / "old"), write_state=False)
    load_tensorflow(old := original_network(), tmp_path / "old")
    load_tensorflow(new := original_network(), ORIGINAL)
    for a, b in zip(old.get_weights(), new.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[: len(data) // 2], lambda _: b"", lambda data: b"PK\3\4" + data[::-1]],
    ids=["cut short", "empty", "foreign"],
)
def test_a_damaged_old_checkpoint_is_named(tmp_path, damage):
    file = tmp_path / "old"
    save_partitioned(file, write_version=V1)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(CheckpointError, match=r"old is damaged or no checkpoint") as caught:
        read_variables(file)
    assert caught.value.path == file


def test_a_missing_shard_of_an_old_checkpoint_is_named(tmp_path):
    save_partitioned(tmp_path / "p", write_version=V1, sharded=True)
    (file,) = tmp_path.glob("p-*")
    file.rename(tmp_path / "p-00001-of-00003")
    with pytest.raises(CheckpointError, match=r"p-00000-of-00003 is missing"):
        read_variables(tmp_path / "p")


def test_the_pattern_that_an_old_sharded_saver_gives_is_read_too(tmp_path):
    save_partitioned(tmp_path / "p", write_version=V1, sharded=True)
    assert read_variables(tmp_path / "p-?????-of-00001", ["step"])["step"] == 1


# Shards


@pytest.mark.parametrize("i", [0, 1, 2])
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda _: None, "is missing"),
        (lambda data: data[:9], "is damaged or cut short"),
        (lambda _: b"", "is damaged or cut short"),
        (lambda data: data[:9] + b"!" + data[10:], "is damaged or cut short"),
    ],
    ids=["missing", "cut short", "empty", "changed"],
)
def test_the_shard_that_is_damaged_is_named(tmp_path, i, damage, says):
    save_shards(tmp_path / "p")
    file = tmp_path / f"p.data-0000{i}-of-00003"
    left = damage(file.read_bytes())
    file.unlink() if left is None else file.write_bytes(left)
    with pytest.raises(CheckpointError, match=rf"0000{i}-of-00003, variable 'w{i}': {says}") as c:
        read_variables(tmp_path / "p")
    assert (c.value.path, c.value.variable) == (file, f"w{i}")
    for other in {0, 1, 2} - {i}:
        assert read_variables(tmp_path / "p", [f"w{other}"])[f"w{other}"][0] == other


def test_two_damaged_shards_are_told_apart(tmp_path):
    save_shards(tmp_path / "p")
    for i in (0, 2):
        (tmp_path / f"p.data-0000{i}-of-00003").write_bytes(b"short")
    with pytest.raises(CheckpointError, match=r"00002-of-00003, variable 'w2'"):
        read_variables(tmp_path / "p", ["w2"])


def test_a_cut_part_of_a_partitioned_variable_names_its_file(tmp_path):
    save_partitioned(tmp_path / "p")
    file = tmp_path / "p.data-00000-of-00001"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(CheckpointError, match=r"00000-of-00001, variable 's/w'") as caught:
        read_variables(tmp_path / "p", ["s/w"])
    assert caught.value.path == file


# Names


def test_a_missing_name_among_thousands_gives_the_nearest(tmp_path):
    many = {f"block_{i}/attention/kernel": np.zeros(1, "f") for i in range(5000)}
    write_variables(tmp_path / "many", many)
    with pytest.raises(CheckpointError, match="'block_123/attention/kernel'") as caught:
        read_variables(tmp_path / "many", ["block_123/atention/kernel"])
    assert len(str(caught.value)) < 500
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("block_123/kernel", [1])
        with pytest.raises(CheckpointError, match=r"holds 5,000 names, the nearest are") as caught:
            restore(session, tmp_path / "many")
    assert len(str(caught.value)) < 500


def test_a_map_from_nowhere_says_what_is_near():
    with pytest.raises(ValueError, match=r"nearest are \['conv1/kernel'.* Received: 'conv1/kern'"):
        load_tensorflow(original_network(), ORIGINAL, {"conv1/kern": "conv1/kernel"})


def test_what_is_no_map_is_refused():
    with pytest.raises(TypeError, match=r"`name_map` must be a mapping .* Received: \['conv1'\]"):
        load_tensorflow(original_network(), ORIGINAL, ["conv1"])


def test_an_empty_map_is_refused():
    with tf.Graph().as_default(), v1.Session() as session:
        original_graph()
        with pytest.raises(ValueError, match=r"`name_map` must name at least one .* Received: {}"):
            restore(session, ORIGINAL, {})
    with pytest.raises(ValueError, match=r"`name_map` must name at least one .* Received: {}"):
        load_tensorflow(original_network(), ORIGINAL, {})


@pytest.mark.parametrize("name", ["", 3, None])
def test_names_that_a_checkpoint_cannot_have_are_refused(tmp_path, name):
    # In a process of its own: TensorFlow ends it on the empty name.
    code = (
        "from steadynet.checkpoints import write_variables\n"
        "try:\n    write_variables({!r}, {{{!r}: [1.0]}})\n"
        "except ValueError as error:\n    print(error)"
    )
    call = [sys.executable, "-c", code.format(str(tmp_path / "deep" / "x"), name)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("names of `arrays` must be strings that are not empty. Received:")
    assert not (tmp_path / "deep").exists()


def test_variables_are_written_where_another_graph_is_being_built(tmp_path):
    with tf.Graph().as_default() as graph:
        write_variables(tmp_path / "x", {"a": np.array(["text"]), "b": np.ones(2, bool)})
        assert not graph.get_operations()
    held = read_variables(tmp_path / "x")
    assert held["a"].tolist() == [b"text"]
    assert held["b"].tolist() == [True, True]


# Kinds of numbers


def twin(dtype="float32"):
    """A model of one layer without a bias, its weights at 5."""
    layer = layers.Dense(2, use_bias=False, name="fc", dtype=dtype)
    model = keras.Sequential([keras.Input((1,), dtype=dtype), layers.Dense(1, name="low"), layer])
    model.set_weights([np.full(w.shape, 5.0) for w in model.get_weights()])
    return model


def load_kind(tmp_path, kernel, model=None, **options):
    """Load other weights, and a kernel of some kind, into a model; give the kernel it has then."""
    held = {"low/kernel": np.ones((1, 1), "f"), "low/bias": np.ones(1, "f"), "fc/kernel": kernel}
    write_variables(tmp_path / "x", held)
    model = model or twin()
    load_tensorflow(model, tmp_path / "x", **options)
    return model.get_layer("fc").get_weights()[0]


OTHER_KINDS = {
    "string": np.array([["a", "b"]]),
    "int64": np.array([[1, 2]], "int64"),
    "int8": np.array([[1, 2]], "int8"),
    "bool": np.array([[True, False]]),
    "complex": np.array([[1, 2]], "complex64"),
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_another_kind_of_numbers_is_refused_and_the_model_stays_as_it_was(tmp_path, kind):
    model = twin()
    with pytest.raises(CheckpointError, match=r"x, variable 'fc/kernel': .*(is of kind|holds no)"):
        load_kind(tmp_path, OTHER_KINDS[kind], model)
    assert all((weight == 5).all() for weight in model.get_weights())


@pytest.mark.parametrize("kind", [kind for kind in OTHER_KINDS if kind != "string"])
def test_another_kind_is_converted_by_the_word(tmp_path, kind):
    kernel = load_kind(tmp_path, OTHER_KINDS[kind], convert=True)
    np.testing.assert_array_equal(kernel, OTHER_KINDS[kind].real.astype("float32"))


@pytest.mark.parametrize(
    ("kernel", "says"),
    [
        (np.array([[1 + 1e-9j, 2]]), "has an imaginary part"),
        (np.array([["1", "2"]]), "holds no numbers but strings"),
        (np.array([[2**24 + 1, 0]]), "has int64 numbers that float32 cannot hold"),
        (np.array([[-(2**63), 0]]), "has int64 numbers that float32 cannot hold"),
        (np.array([[1e39, 0]]), "has float64 numbers that float32 cannot hold"),
    ],
    ids=["imaginary", "string", "whole", "lowest", "large"],
)
def test_what_would_be_lost_is_refused_whatever_the_word(tmp_path, kernel, says):
    model = twin()
    with pytest.raises(CheckpointError, match=f"variable 'fc/kernel': {says}"):
        load_kind(tmp_path, kernel, model, convert=True)
    assert all((weight == 5).all() for weight in model.get_weights())


def test_floating_point_numbers_are_rounded_without_a_word(tmp_path):
    kernel = load_kind(tmp_path, np.array([[1 / 3, np.inf]]))
    np.testing.assert_array_equal(kernel, np.array([[1 / 3, np.inf]], "float32"))


def test_whole_numbers_take_only_what_they_can_hold():
    np.testing.assert_array_equal(as_kind(np.array([3.0]), "int32", convert=True), [3])
    for value in (2.5, np.nan, 1e12):
        with pytest.raises(ValueError, match="float64 numbers that int32 cannot hold"):
            as_kind(np.array([value]), "int32", convert=True)
    with pytest.raises(ValueError, match="int64 numbers that int32 cannot hold"):
        as_kind(np.array([2**40]), "int32")
    assert as_kind(np.array([2.0]), "bfloat16").dtype.name == "bfloat16"
    with pytest.raises(ValueError, match="int64 numbers that bfloat16 cannot hold"):
        as_kind(np.array([257]), "bfloat16", convert=True)


def test_restoring_another_kind_names_both_and_leaves_the_graph_as_it_was(tmp_path):
    write_variables(tmp_path / "x", {"a": np.ones(2, "f"), "b": np.ones(2, "int64")})
    with tf.Graph().as_default(), v1.Session() as session:
        variables = [
            v1.get_variable(name, [2], initializer=v1.zeros_initializer()) for name in "ab"
        ]
        session.run(v1.global_variables_initializer())
        with pytest.raises(
            CheckpointError, match="variable 'b': is of kind int64, the graph's of f"
        ):
            restore(session, tmp_path / "x")
        assert not np.any(session.run(variables))


def test_restoring_damaged_numbers_leaves_the_graph_as_it_was(tmp_path):
    save_shards(tmp_path / "p")
    (tmp_path / "p.data-00002-of-00003").write_bytes(b"!" * 64)
    with tf.Graph().as_default(), v1.Session() as session:
        start = {"dtype": tf.float64, "initializer": v1.ones_initializer()}
        variables = [v1.get_variable(f"w{i}", [8], **start) for i in range(3)]
        session.run(v1.global_variables_initializer())
        with pytest.raises(CheckpointError, match="00002-of-00003, variable 'w2'"):
            restore(session, tmp_path / "p")
        assert np.all(np.array(session.run(variables)) == 1)


# Digests


def test_what_ships_has_the_digests_that_are_written_down():
    assert digests(ORIGINAL) == ORIGINAL_SHA256
    file = ORIGINAL.with_name(f"{ORIGINAL.name}.index")
    assert digests(file) == {file.name: hashlib.sha256(file.read_bytes()).hexdigest()}


READERS = {
    "list": list_variables,
    "read": read_variables,
    "keras": lambda prefix, **sha256: load_tensorflow(original_network(), prefix, **sha256),
    "files": lambda prefix, **sha256: import_graph(prefix, **sha256).close(),
}


def read_in_session(prefix, **sha256):
    with tf.Graph().as_default(), v1.Session() as session:
        original_graph()
        restore(session, prefix, **sha256)


READERS["session"] = read_in_session
every_reader = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


@pytest.fixture
def copy(tmp_path):
    """A copy of the shipped files under their names."""
    for name in ORIGINAL_SHA256:
        (tmp_path / name).write_bytes(ORIGINAL.with_name(name).read_bytes())
    return tmp_path / ORIGINAL.name


@every_reader
def test_files_with_their_digests_are_read(copy, read):
    read(copy, sha256={name: digest.upper() for name, digest in ORIGINAL_SHA256.items()})


@every_reader
@pytest.mark.parametrize("ending", [".index", ".data-00000-of-00001"])
def test_a_file_with_another_digest_is_named(copy, read, ending):
    name = copy.name + ending
    wrong = ORIGINAL_SHA256 | {name: "0" * 64}
    with pytest.raises(CheckpointError, match=rf"{re.escape(name)} is altered .* not 0000") as c:
        read(copy, sha256=wrong)
    assert c.value.path.name == name


def test_a_changed_graph_is_told_only_by_its_digest(copy):
    meta = copy.with_name(f"{copy.name}.meta")
    data = meta.read_bytes()
    assert data.count(b"Relu_1") > 1
    meta.write_bytes(data.replace(b"Relu_1", b"Relu_7"))
    import_graph(copy).close()
    with pytest.raises(CheckpointError, match=r"\.meta is altered or cut short: its SHA-256 is"):
        import_graph(copy, sha256=ORIGINAL_SHA256)


@every_reader
def test_a_file_without_a_digest_is_refused(copy, read):
    some = {name: digest for name, digest in ORIGINAL_SHA256.items() if ".data" not in name}
    with pytest.raises(ValueError, match=r"`sha256` must have a digest of .*\.data-00000-of-00001"):
        read(copy, sha256=some)


@every_reader
def test_what_is_no_digest_is_refused(copy, read):
    with pytest.raises(ValueError, match=r"`sha256` must be of 64 hexadecimal .* Received: 'abc'"):
        read(copy, sha256=dict.fromkeys(ORIGINAL_SHA256, "abc"))
    with pytest.raises(TypeError, match=r"`sha256` must be a mapping from each .* Received: 'a"):
        read(copy, sha256="abc")


def test_digests_hold_for_the_old_version_too(tmp_path):
    save_partitioned(tmp_path / "old", write_version=V1)
    found = digests(tmp_path / "old")
    assert set(found) == {"old", "old.meta"}
    import_graph(tmp_path / "old", sha256=found).close()
    with pytest.raises(CheckpointError, match="old is altered or cut short"):
        read_variables(tmp_path / "old", sha256=found | {"old": "1" * 64})


def test_what_ships_is_read_with_its_digests_without_asking(copy, monkeypatch):
    wrong = dict.fromkeys(ORIGINAL_SHA256, "0" * 64)
    monkeypatch.setattr("steadynet.checkpoints.opened.ORIGINAL_SHA256", wrong)
    read_variables(copy)
    for read in READERS.values():
        with pytest.raises(CheckpointError, match="is altered or cut short"):
            read(ORIGINAL)


def test_digests_of_nothing_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"none is missing, and so is every file that begins"):
        digests(tmp_path / "none")
    with pytest.raises(CheckpointError, match=r"none is missing, and so is every file that begins"):
        digests(tmp_path / "nowhere" / "none")
