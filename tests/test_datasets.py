"""Fashion-MNIST in full and in part, small transfer tasks, and temporal order."""

import gzip
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from steadynet import datasets
from steadynet.data import files, make_sample
from steadynet.datasets import (
    CLASS_NAMES,
    CLOTHING_AND_BAGS,
    FOOTWEAR,
    DataFileError,
    Split,
    few_labels,
    load_fashion_mnist,
    split_by_class,
    temporal_order,
)

KERAS_FOLDER = (
    Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets/fashion-mnist"
)


@pytest.fixture(scope="module")
def data():
    return load_fashion_mnist()


@pytest.fixture
def copy(tmp_path):
    """A copy of the sample and its checksum, free to be damaged."""
    for name in (files.SAMPLE_FILE.name, files.SAMPLE_FILE.name + ".sha256"):
        shutil.copy(files.SAMPLE_FILE.with_name(name), tmp_path)
    return tmp_path / files.SAMPLE_FILE.name


# The bundled sample


def test_sample_has_the_promised_shapes_and_types(data):
    assert data.x_train.shape == (10000, 28, 28)
    assert data.x_test.shape == (3000, 28, 28)
    assert {data.x_train.dtype, data.x_test.dtype} == {np.dtype("float32")}
    assert {data.y_train.dtype, data.y_test.dtype} == {np.dtype("int32")}


def test_sample_pictures_run_from_0_to_1(data):
    for x in (data.x_train, data.x_test):
        assert x.min() == 0.0
        assert x.max() == 1.0


def test_sample_is_stratified(data):
    assert np.bincount(data.y_train).tolist() == [1000] * 10
    assert np.bincount(data.y_test).tolist() == [300] * 10
    # Not sorted by class either: every stretch of 1,000 holds all ten.
    assert all(len(np.unique(part)) == 10 for part in data.y_train.reshape(10, 1000))


def test_sample_fits_its_six_megabytes():
    assert files.SAMPLE_FILE.stat().st_size <= 6_000_000


def test_licence_stands_beside_the_sample():
    text = files.SAMPLE_FILE.with_name("LICENSE-fashion-mnist.txt").read_text(encoding="utf-8")
    assert "MIT License" in text
    assert "2017 Zalando SE" in text
    assert files.SAMPLE_FILE.name in text


def test_changing_what_was_loaded_does_not_reach_the_next_load(data):
    changed = load_fashion_mnist()
    changed.x_train[:] = 0.5
    changed.y_train[:] = 3
    again = load_fashion_mnist()
    np.testing.assert_array_equal(again.x_train, data.x_train)
    np.testing.assert_array_equal(again.y_train, data.y_train)


def test_checked_file_is_read_once(copy, monkeypatch):
    files.read_sample(copy)
    monkeypatch.setattr(files, "digest", lambda _: pytest.fail("checked again"))
    files.read_sample(copy)


# Damaged files


def damage(path, how):
    content = path.read_bytes()
    if how == "cut short":
        path.write_bytes(content[:-1000])
    elif how == "emptied":
        path.write_bytes(b"")
    else:
        path.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])


@pytest.mark.parametrize("how", ["cut short", "emptied", "one bit flipped"])
def test_damaged_sample_is_refused_by_name(copy, how):
    damage(copy, how)
    with pytest.raises(DataFileError, match="is cut short or altered") as caught:
        files.read_sample(copy)
    assert str(copy) in str(caught.value)
    assert f"{copy.stat().st_size:,} bytes" in str(caught.value)
    assert caught.value.path == copy


def test_damage_after_a_good_load_is_seen(copy):
    files.read_sample(copy)
    damage(copy, "cut short")
    with pytest.raises(DataFileError, match="cut short or altered"):
        files.read_sample(copy)


@pytest.mark.parametrize("suffix", ["", ".sha256"])
def test_missing_file_is_named(copy, suffix):
    missing = copy.with_name(copy.name + suffix)
    missing.unlink()
    with pytest.raises(DataFileError, match=re.escape(f"{missing} is missing")):
        files.read_sample(copy)


def test_folder_in_place_of_the_sample_is_refused(copy):
    copy.unlink()
    copy.mkdir()
    with pytest.raises(DataFileError, match=re.escape(f"{copy} cannot be read")):
        files.read_sample(copy)


@pytest.mark.parametrize("text", ["", "no checksum here\n", "abc123  file.npz\n"])
def test_checksum_file_without_a_checksum_is_named(copy, text):
    checksum = copy.with_name(copy.name + ".sha256")
    checksum.write_text(text)
    with pytest.raises(DataFileError, match=re.escape(f"{checksum} does not begin with a SHA256")):
        files.read_sample(copy)


def test_load_passes_the_error_on(copy, monkeypatch):
    damage(copy, "cut short")
    monkeypatch.setattr(files, "SAMPLE_FILE", copy)
    with pytest.raises(DataFileError, match=re.escape(str(copy))):
        load_fashion_mnist()


# The full set, and how the sample was made from it


@pytest.fixture
def small_full_set(monkeypatch):
    """Keras's loader and the known checksums replaced by those of a few made-up pictures."""
    import keras

    rng = np.random.default_rng(0)
    parts = [rng.integers(0, 256, (n, 28, 28), dtype="uint8") for n in (30, 10)]
    labels = [np.arange(n, dtype="uint8") % 10 for n in (30, 10)]
    arrays = dict(zip(files.ORIGINALS, (parts[0], labels[0], parts[1], labels[1]), strict=True))
    known = {k: (files.ORIGINALS[k][0], files.digest(v)) for k, v in arrays.items()}
    monkeypatch.setattr(files, "ORIGINALS", known)
    load = lambda: ((parts[0], labels[0]), (parts[1], labels[1]))  # noqa: E731
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", load)
    files.read_full.cache_clear()
    yield arrays
    files.read_full.cache_clear()


def test_full_set_comes_through_keras(small_full_set):
    full = load_fashion_mnist(full=True)
    assert full.x_train.dtype == np.float32
    assert full.y_test.dtype == np.int32
    np.testing.assert_array_equal(np.rint(full.x_train * 255), small_full_set["x_train"])
    np.testing.assert_array_equal(full.y_test, small_full_set["y_test"])


def test_altered_full_set_is_refused_by_name(small_full_set):
    small_full_set["x_test"][0, 0, 0] ^= 1
    with pytest.raises(DataFileError, match=r"t10k-images-idx3-ubyte\.gz is altered"):
        load_fashion_mnist(full=True)


@pytest.mark.usefixtures("small_full_set")
def test_failed_download_says_what_failed(monkeypatch, tmp_path):
    import keras

    def fail():
        raise Exception("URL fetch failure")  # noqa: TRY002 - Keras raises no narrower one

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)
    with pytest.raises(DataFileError, match="through Keras: URL fetch failure") as caught:
        load_fashion_mnist(full=True)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.usefixtures("small_full_set")
def test_file_that_keras_cannot_unpack_is_named(monkeypatch, tmp_path):
    import keras

    folder = tmp_path / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    whole = gzip.compress(bytes(1000))
    (folder / "train-images-idx3-ubyte.gz").write_bytes(whole)
    broken = folder / "t10k-images-idx3-ubyte.gz"
    broken.write_bytes(whole[:-9])
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    load = lambda: gzip.decompress(broken.read_bytes())  # noqa: E731
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", load)
    with pytest.raises(DataFileError, match=re.escape(str(broken))):
        load_fashion_mnist(full=True)


@pytest.fixture(scope="module")
def originals():
    """Folder of the four files as published: Debian's, or what Keras downloaded."""
    folders = [p for p in (make_sample.DEBIAN_FOLDER, KERAS_FOLDER) if p.is_dir()]
    if not folders:
        pytest.skip(
            "needs Debian's dataset-fashion-mnist, or Keras's download: `.ci/run` brings it"
        )
    return folders[0]


def test_sample_can_be_made_again(originals, tmp_path):
    made = files.read_sample(make_sample.make_sample(originals, tmp_path / "again.npz"))
    bundled = files.read_sample()
    assert made.keys() == bundled.keys()
    for name, array in bundled.items():
        np.testing.assert_array_equal(made[name], array)


def test_keras_files_pass_the_check(originals, monkeypatch, tmp_path):
    import keras

    folder = tmp_path / "fashion-mnist"
    shutil.copytree(originals, folder)
    get = lambda name, **_: str(folder / name)  # noqa: E731
    monkeypatch.setattr("keras.src.datasets.fashion_mnist.get_file", get)
    files.read_full.cache_clear()
    full = load_fashion_mnist(full=True)
    files.read_full.cache_clear()
    assert keras.datasets.fashion_mnist.load_data
    assert full.x_train.shape == (60000, 28, 28)
    # The sample is the first pictures of each class.
    shirt = np.flatnonzero(full.y_train == 6)[:1000]
    sample = load_fashion_mnist()
    np.testing.assert_array_equal(full.x_train[shirt], sample.x_train[sample.y_train == 6])


def test_maker_refuses_other_files(tmp_path):
    with pytest.raises(DataFileError, match=r"train-images-idx3-ubyte\.gz could not be read"):
        make_sample.read_originals(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16 + 784)))
    with pytest.raises(DataFileError, match="is not the original file"):
        make_sample.read_originals(tmp_path)


# Small tasks for transfer


def test_task_split_uses_every_class_once():
    assert sorted(FOOTWEAR + CLOTHING_AND_BAGS) == list(range(10))
    assert [CLASS_NAMES[c] for c in FOOTWEAR] == ["Sandal", "Sneaker", "Ankle boot"]


@pytest.mark.parametrize("classes", [FOOTWEAR, CLOTHING_AND_BAGS, (9, 5), [3], np.array([2, 1])])
def test_split_by_class_keeps_and_renumbers(data, classes):
    task = split_by_class(data, classes)
    for x, y, old_x, old_y in (
        (task.x_train, task.y_train, data.x_train, data.y_train),
        (task.x_test, task.y_test, data.x_test, data.y_test),
    ):
        kept = np.isin(old_y, classes)
        np.testing.assert_array_equal(x, old_x[kept])
        np.testing.assert_array_equal(np.asarray(classes)[y], old_y[kept])
        assert y.dtype == np.int32


@pytest.mark.parametrize(
    ("classes", "text"),
    [
        ((), "distinct class numbers"),
        ((5, 5), "distinct class numbers"),
        (5, "distinct class numbers"),
        ((5, 10), "must be among"),
        ((-1,), "must be among"),
        (("Sandal",), "must be among"),
    ],
)
def test_split_by_class_says_which_classes_it_takes(data, classes, text):
    with pytest.raises(ValueError, match=f"`classes` must be.*{text}|`classes` {text}") as caught:
        split_by_class(data, classes)
    assert "Received: " in str(caught.value)


def test_few_labels_draws_as_many_of_each_class(data):
    shoes = split_by_class(data, FOOTWEAR)
    few = few_labels(shoes, per_class=30, seed=4)
    assert np.bincount(few.y_train).tolist() == [30, 30, 30]
    assert few.x_test is shoes.x_test
    # Every picture is one of the originals, under its own label, and none is drawn twice.
    flat = {x.tobytes(): y for x, y in zip(shoes.x_train, shoes.y_train, strict=True)}
    assert all(flat[x.tobytes()] == y for x, y in zip(few.x_train, few.y_train, strict=True))
    assert len({x.tobytes() for x in few.x_train}) == 90


def test_few_labels_is_seeded_and_nested(data):
    shoes = split_by_class(data, FOOTWEAR)
    ten, thirty = (few_labels(shoes, per_class=n, seed=7) for n in (10, 30))
    np.testing.assert_array_equal(ten.x_train, thirty.x_train[:30])
    np.testing.assert_array_equal(ten.x_train, few_labels(shoes, per_class=10, seed=7).x_train)
    assert not np.array_equal(ten.x_train, few_labels(shoes, per_class=10, seed=8).x_train)


@pytest.mark.parametrize("per_class", [0, -1, 1001, 2.5, 3.0, True, "10", None])
def test_few_labels_says_how_many_there_are(data, per_class):
    with pytest.raises(ValueError, match=r"from 1 to 1000.*Received: ") as caught:
        few_labels(data, per_class, seed=0)
    assert repr(per_class) in str(caught.value)


def test_few_labels_counts_the_rarest_class():
    y = np.array([0, 0, 0, 1], "int32")
    data = Split(np.zeros((4, 28, 28), "float32"), y, np.zeros((0, 28, 28), "float32"), y[:0])
    assert few_labels(data, per_class=1, seed=0).y_train.tolist() == [0, 1]
    with pytest.raises(ValueError, match="from 1 to 1"):
        few_labels(data, per_class=2, seed=0)


# Temporal order


@pytest.mark.parametrize("length", [10, 11, 15, 20, 99, 100])
def test_temporal_order_places_two_symbols_where_it_says(length):
    symbols, labels = temporal_order(n=500, length=length, seed=1)
    assert symbols.shape == (500, length)
    assert symbols.dtype == labels.dtype == np.int32
    assert symbols.min() == 0
    assert symbols.max() == 5
    rows, positions = np.nonzero(symbols < 2)
    np.testing.assert_array_equal(rows, np.repeat(np.arange(500), 2))
    first, second = positions.reshape(500, 2).T
    assert ((length <= 10 * first) & (10 * first <= 2 * length)).all()
    assert ((4 * length <= 10 * second) & (10 * second <= 5 * length)).all()
    a, b = symbols[symbols < 2].reshape(500, 2).T
    np.testing.assert_array_equal(labels, 2 * a + b)


def test_temporal_order_reaches_both_ends_evenly():
    # T = 20: first symbol at 2, 3 or 4, second at 8, 9 or 10; 6,000 draws, 2,000 each, sd 37.
    symbols, labels = temporal_order(n=6000, length=20, seed=2)
    positions = np.nonzero(symbols < 2)[1].reshape(-1, 2)
    for column, places in zip(positions.T, ([2, 3, 4], [8, 9, 10]), strict=True):
        values, counts = np.unique(column, return_counts=True)
        assert values.tolist() == places
        assert (abs(counts - 2000) < 200).all()
    assert (abs(np.bincount(labels, minlength=4) - 1500) < 200).all()
    # Distractors: 18 a sequence, four kinds, 27,000 each.
    assert (abs(np.bincount(symbols.ravel())[2:] - 27000) < 1000).all()


def test_temporal_order_repeats_with_its_seed():
    one, same, other = (temporal_order(50, 20, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one[0], same[0])
    np.testing.assert_array_equal(one[1], same[1])
    assert not np.array_equal(one[0], other[0])


@pytest.mark.parametrize(
    ("n", "length", "text"),
    [
        (0, 20, "`n` must be a whole number from 1. Received: 0"),
        (2.0, 20, "`n` must be a whole number from 1. Received: 2.0"),
        (True, 20, "`n` must be a whole number from 1. Received: True"),
        (5, 9, "`length` must be a whole number from 10. Received: 9"),
        (5, "20", "`length` must be a whole number from 10. Received: '20'"),
    ],
)
def test_temporal_order_says_what_it_takes(n, length, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        temporal_order(n, length, seed=0)


def test_public_names_exist():
    assert all(hasattr(datasets, name) for name in datasets.__all__)
    assert Path(files.SAMPLE_FILE).is_file()
