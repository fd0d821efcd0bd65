"""Recordings run on any executor, survive the disk, and say what is wrong with a file."""

import contextlib
import itertools
import json
import math
import os
import random
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from steadynet import experiments, recording
from steadynet.experiments import Experiment
from steadynet.recording import Recording, RecordingError, load, record, save

AXES = {
    "method": ("value", "norm"),
    "rate": (0.1, 0.2, 0.30000000000000004),
    "threshold": (0.5, math.inf),
    "seed": (0, 1),
}


def number(axis, value):
    """A number for one axis' value, so that sums of them name the point."""
    return (list(AXES[axis]).index(value) + 1) * 10.0 ** list(AXES).index(axis)


def run(point):
    """Every array entry names its own point; `together` are those with a tuple of values."""
    shared = [axis for axis in AXES if isinstance(point[axis], tuple)]
    grid = itertools.product(*(point[axis] for axis in shared))
    apart = sum(number(axis, point[axis]) for axis in AXES if axis not in shared)
    codes = [apart + sum(number(a, v) for a, v in zip(shared, p, strict=True)) for p in grid]
    code = np.reshape(codes, [len(point[axis]) for axis in shared])
    return {"code": code, "trail": code[..., None] + np.array([0.0, 0.25, np.nan, np.inf])}


def fake(**changes):
    return Experiment(
        **{
            "name": "fake",
            "question": "Which point is this?",
            "axes": AXES,
            "together": ("rate", "threshold"),
            "run": run,
            "arrays": {"code": "number of the point", "trail": "the same, and more: [4]"},
        }
        | changes
    )


@pytest.fixture
def register(monkeypatch, tmp_path):
    """Make an experiment known, and record into a folder of its own."""

    def put(experiment):
        known = {experiment.name: experiment}
        monkeypatch.setattr(experiments, "NAMES", tuple(known))
        monkeypatch.setattr(experiments, "get", known.__getitem__)
        load.cache_clear()
        return experiment

    monkeypatch.setattr(recording, "FOLDER", tmp_path)
    yield put
    load.cache_clear()


@pytest.fixture
def recorded(register):
    """A recording of the fake experiment."""
    register(fake())
    return record("fake", executor=Here())


class Here:
    """An executor that does the work at once, in this thread."""

    def submit(self, function, *args):
        future = Future()
        future.set_result(function(*args))
        return future


def assert_in_place(made):
    """Every entry stands at its point."""
    for point in itertools.product(*made.axes.values()):
        at = dict(zip(made.axes, point, strict=True))
        want = sum(number(axis, value) for axis, value in at.items())
        assert made.get("code", **at) == want
        np.testing.assert_array_equal(
            made.get("trail", **at), want + np.array([0, 0.25, np.nan, np.inf])
        )


# --- running


@pytest.mark.parametrize("together", [c for n in range(4) for c in itertools.permutations(AXES, n)])
def test_every_number_stands_at_its_point(register, together):
    register(fake(together=together))
    assert_in_place(record("fake", executor=Here()))


def test_any_executor_will_do(register):
    register(fake())
    with ThreadPoolExecutor(3) as pool:
        assert_in_place(record("fake", executor=pool))


def test_an_executor_that_was_given_is_left_running(register):
    register(fake())
    with ThreadPoolExecutor(1) as pool:
        record("fake", executor=pool)
        assert pool.submit(len, "still here").result() == 10


def test_results_may_come_in_any_order(register):
    register(fake(together=()))

    class Backwards:
        """Finishes the last call first."""

        def __init__(self):
            self.calls = []

        def submit(self, *call):
            self.calls.append((Future(), *call))
            if len(self.calls) == 24:
                threading.Thread(target=self.finish).start()
            return self.calls[-1][0]

        def finish(self):
            for future, function, *args in reversed(self.calls):
                future.set_result(function(*args))

    assert_in_place(record("fake", executor=Backwards()))


def test_progress_counts_the_calls_of_run(register):
    register(fake())
    seen = []
    record("fake", executor=Here(), progress=lambda *done: seen.append(done))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]  # two methods, two seeds


def test_a_slice_keeps_the_values_asked_for(register):
    register(fake())
    part = record("fake", executor=Here(), rate=(0.2,), method=("norm",))
    assert part.axes == AXES | {"rate": (0.2,), "method": ("norm",)}
    assert_in_place(part)


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ({"rates": (0.1,)}, r"`rates` must hold values of None\. Received: \(0\.1,\)"),
        ({"rate": (0.4,)}, r"`rate` must hold values of \(0\.1, .*\)\. Received: \(0\.4,\)"),
        ({"rate": ()}, r"`rate` must hold values of .* Received: \(\)"),
    ],
)
def test_a_slice_outside_the_grid_is_refused(register, only, message):
    register(fake())
    with pytest.raises(ValueError, match=message):
        record("fake", executor=Here(), **only)


def test_what_a_point_raises_passes_through_and_the_rest_is_not_waited_for(register):
    called, told = [], threading.Event()

    def fail(point):
        called.append(point["method"])
        if len(called) > 1:
            told.wait(60)
        raise ZeroDivisionError("at one point")

    register(fake(run=fail, together=("rate", "threshold", "seed")))
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(ZeroDivisionError, match="at one point"):
            record("fake", executor=pool)
        told.set()
    assert len(called) <= 2


def test_an_array_of_the_wrong_shape_is_named(register):
    register(fake(run=lambda _: {"code": np.zeros((2, 3)), "trail": np.zeros((3, 2, 4))}))
    with pytest.raises(ValueError, match=r"`code` from `run` of 'fake' must start with .*\[3, 2\]"):
        record("fake", executor=Here())


def test_recording_says_where_it_comes_from(recorded):
    assert set(recorded.meta["versions"]) == {"keras", "numpy", "tensorflow"}
    assert recorded.meta["arrays"] == fake().arrays
    assert recorded.meta["seconds"] >= 0
    assert {"python", "date"} < set(recorded.meta)


# --- selecting


def test_get_keeps_the_axes_not_named(recorded):
    assert recorded.get("code", rate=0.2, seed=1).shape == (2, 2)
    assert recorded.get("trail").shape == (2, 3, 2, 2, 4)
    assert recorded.get("code", method="norm", rate=0.1, threshold=math.inf, seed=0) == 1212


@pytest.mark.parametrize(
    ("name", "point", "message"),
    [
        ("loss", {}, r"`name` must be one of \['code', 'trail'\]\. Received: 'loss'"),
        ("code", {"rate": 0.4}, r"`rate` must be one of \(0\.1, .*\)\. Received: 0\.4"),
        ("code", {"depth": 1}, r"`depth` must be one of \(\)\. Received: 1"),
    ],
)
def test_get_refuses_what_was_not_recorded(recorded, name, point, message):
    with pytest.raises(KeyError, match=message):
        recorded.get(name, **point)


def test_keep_takes_values_of_one_axis_in_the_order_asked_for(recorded):
    kept = recorded.keep("threshold", [math.inf, 0.5])
    assert kept.axes == {**AXES, "threshold": (math.inf, 0.5)}
    assert list(kept.axes) == list(AXES)
    assert_in_place(kept)
    assert kept.meta == recorded.meta


@pytest.mark.parametrize("axis", AXES)
def test_keep_finds_the_dimension_of_every_axis_seeds_included(recorded, axis):
    for value in AXES[axis]:
        kept = recorded.keep(axis, (value,))
        assert_in_place(kept)
        assert kept.arrays["code"].shape[list(AXES).index(axis)] == 1
        np.testing.assert_array_equal(
            kept.get("trail", **{axis: value}), recorded.get("trail", **{axis: value})
        )


def test_keep_goes_on_from_what_was_kept(recorded):
    assert_in_place(recorded.keep("rate", AXES["rate"][1:]).keep("seed", [1]))


@pytest.mark.parametrize("places", [(0, 1, 2), (1, 2), (0, 2), (2,)])
def test_keep_copies_nothing_where_values_stand_at_even_distances(recorded, places):
    kept = recorded.keep("rate", [AXES["rate"][i] for i in places])
    assert_in_place(kept)
    assert all(np.shares_memory(kept.arrays[name], a) for name, a in recorded.arrays.items())


def test_keep_leaves_the_recording_as_it_was(recorded):
    before = {name: array.copy() for name, array in recorded.arrays.items()}
    kept = recorded.keep("rate", AXES["rate"][::-1])
    kept.arrays["code"][:] = 0
    assert recorded.axes == AXES
    np.testing.assert_array_equal(recorded.arrays["code"], before["code"])


def test_what_is_kept_of_a_loaded_recording_cannot_be_changed_for_others(recorded):
    save(recorded)
    with pytest.raises(ValueError, match="read-only"):
        load("fake").keep("rate", AXES["rate"][:2]).arrays["code"][:] = 0


@pytest.mark.parametrize(
    ("axis", "values", "error", "message"),
    [
        ("speed", [1], KeyError, r"`axis` must be one of \['method', .*Received: 'speed'"),
        ("method", ["value", "both"], KeyError, r"`method` must be one of .*Received: 'both'"),
        ("rate", [0.3], KeyError, r"`rate` must be one of .*Received: 0\.3"),
        ("rate", [], ValueError, r"`values` must be different values.*Received: \(\)"),
        ("seed", [1, 1], ValueError, r"`values` must be different values.*Received: \(1, 1\)"),
    ],
)
def test_keep_refuses_what_is_not_there(recorded, axis, values, error, message):
    with pytest.raises(error, match=message):
        recorded.keep(axis, values)


# --- the disk


def same(one, other):
    """Whether two recordings hold the same, NaN and infinity included."""
    arrays = zip(sorted(one.arrays.items()), sorted(other.arrays.items()), strict=True)
    return (one.experiment, one.axes, one.meta) == (
        other.experiment,
        other.axes,
        other.meta,
    ) and all(
        a == b and x.dtype == y.dtype and np.array_equal(x, y, equal_nan=True)
        for (a, x), (b, y) in arrays
    )


def test_save_and_load_give_the_same_back(recorded, tmp_path):
    assert save(recorded) == tmp_path / "fake.npz"
    assert same(load("fake"), recorded)
    assert load("fake") is load("fake"), "a page that shows it twice reads it once"
    assert save(recorded, tmp_path / "elsewhere" / "copy.npz").exists()
    assert same(load(tmp_path / "elsewhere" / "copy.npz"), recorded)


def test_what_is_loaded_cannot_be_changed_for_others(recorded):
    save(recorded)
    with pytest.raises(ValueError, match="read-only"):
        load("fake").arrays["code"][:] = 0


def test_saving_anew_is_seen_by_the_next_load(recorded):
    save(recorded)
    load("fake")
    changed = Recording("fake", recorded.axes, recorded.arrays, {"seconds": 1})
    save(changed)
    assert load("fake").meta == {"seconds": 1}


def test_a_slice_can_be_kept_beside_but_not_in_place_of_the_whole(register, tmp_path):
    register(fake())
    part = record("fake", executor=Here(), rate=(0.2,))
    save(part, tmp_path / "part.npz")
    assert same(load(tmp_path / "part.npz"), part)
    save(part)
    with pytest.raises(RecordingError, match=r"fake\.npz: `rate` is \(0\.2,\), the code has"):
        load("fake")


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_save_leaves_the_earlier_recording_whole(
    recorded, monkeypatch, tmp_path, error
):
    save(recorded)
    before = (tmp_path / "fake.npz").read_bytes()

    def stop(path, **_arrays):
        path.write_bytes(b"half a file")
        raise error

    monkeypatch.setattr(np, "savez_compressed", stop)
    with pytest.raises(error):
        save(recorded)
    assert [path.name for path in tmp_path.iterdir()] == ["fake.npz"]
    assert (tmp_path / "fake.npz").read_bytes() == before


# --- files that are no good


def test_a_missing_recording_says_how_to_make_it(register):
    register(fake())
    with pytest.raises(RecordingError, match=r"No recording fake\.npz: run `make record`"):
        load("fake")


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"`name` must be one of .*'clip_threshold'.*: 'nope'"):
        load("nope")
    with pytest.raises(ValueError, match="Received: 'nope'"):
        record("nope")


def damaged(data, chance):
    """The bytes of a file cut short, or with one of them changed."""
    place = chance.randrange(len(data))
    if chance.random() < 0.3:
        return data[:place]
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def test_damage_anywhere_in_a_file_is_told_or_does_no_harm(recorded, tmp_path):
    path, chance = tmp_path / "hurt.npz", random.Random(0)
    good = save(recorded).read_bytes()
    fates = [fate(path, damaged(good, chance), recorded) for _ in range(300)]
    assert "harmed" not in fates
    told = [text for text in fates if text != "unharmed"]  # that is the archive's date, say
    assert len(told) > 200
    assert all(path.name in text for text in told)


def fate(path, content, original):
    """What becomes of a file: an error's text, or whether it is read as the original."""
    path.write_bytes(content)
    load.cache_clear()
    try:
        read = load(path)
    except RecordingError as error:
        return str(error)
    return "unharmed" if same(read, original) else "harmed"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a recording",
        "pickle",
        "one array",
        "without head",
        "head of another kind",
    ],
)
def test_a_foreign_file_is_refused_by_name(recorded, tmp_path, content):
    path = tmp_path / "foreign.npz"
    with path.open("wb") as file:
        if isinstance(content, bytes):
            file.write(content)
        elif content == "pickle":
            np.save(file, np.array([{}], object), allow_pickle=True)
        elif content == "one array":
            np.save(file, np.ones(3))
        else:
            head = {} if content == "without head" else {"__head__": np.array(json.dumps([1]))}
            np.savez(file, x=np.ones(3), **head)
    assert recorded
    with pytest.raises(RecordingError, match=r"foreign\.npz is damaged or no recording"):
        load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axes": {**AXES, "rate": (0.1, 0.2, 0.4)}}, r"`rate` is .*0\.30000000000000004.*0\.4"),
        ({"axes": {**AXES, "rate": (*AXES["rate"], 9.0)}}, r"`rate` is .* the code has .*9\.0"),
        ({"axes": {"depth": (1,), **AXES}}, r"`axes` is .* the code has \['depth', 'method'"),
        (
            {"axes": {a: AXES[a] for a in ("rate", "method", "threshold", "seed")}},
            r"`axes` is \['method', 'rate'.* the code has \['rate', 'method'",
        ),
        ({"arrays": {"code": "", "loss": ""}}, r"`arrays` is \['code', 'trail'\].*'loss'"),
    ],
)
def test_a_recording_of_another_grid_is_stale(recorded, register, changes, message):
    save(recorded)
    register(fake(**changes))
    with pytest.raises(RecordingError, match=rf"fake\.npz: {message}.* Run `make record`\."):
        load("fake")


def test_arrays_that_do_not_fit_their_axes_are_named(recorded, tmp_path):
    arrays = dict(recorded.arrays, code=recorded.arrays["code"][:1])
    save(Recording("fake", recorded.axes, arrays, {}), tmp_path / "odd.npz")
    with pytest.raises(
        RecordingError, match=r"odd\.npz: `code` has shape \(1, 3, 2, 2\), its axes"
    ):
        load(tmp_path / "odd.npz")


def test_a_recording_under_another_name_is_refused(recorded, tmp_path):
    other = Recording("other", recorded.axes, recorded.arrays, {})
    save(other, tmp_path / "fake.npz")
    with pytest.raises(RecordingError, match=r"fake\.npz holds the experiment 'other'\."):
        load("fake")
    with pytest.raises(RecordingError, match=r"holds 'other', no experiment of the code\."):
        load(tmp_path / "fake.npz")


# --- the command


def test_make_record_writes_every_experiment_and_says_so(register, monkeypatch, capsys):
    register(fake())
    pools = []

    def local_processes(most):
        pools.append(most)
        return contextlib.nullcontext(Here())

    monkeypatch.setattr(recording, "local_processes", local_processes)
    recording.main()
    assert pools == [4]
    assert_in_place(load("fake"))
    out, err = capsys.readouterr()
    assert out.startswith("fake.npz: ")
    assert "fake: 100%" in err


def test_local_processes_are_no_more_than_cores_or_points(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    for most, workers in ((1, 1), (3, 3), (100, 4)):
        with recording.local_processes(most) as pool:
            assert pool._max_workers == workers
