"""Functions of tensors, converted, and run by LiteRT in Python; the plans of what pages train."""

import dataclasses
import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from portable_runs import DEMOS

from steadynet import demos, networks, steps
from steadynet.assets import notes, programs
from steadynet.assets.built import Built
from steadynet.demos.plans import PLANS
from steadynet.explorer import Table
from steadynet.explorer.plan import SEED
from steadynet.portable import activations
from steadynet.portable.convert import NotPortableError, convert, spec
from steadynet.portable.interpreter import Interpreter

# --- activations with gradients that convert


@pytest.mark.parametrize("name", ["relu", "elu"])
def test_portable_activation_has_tensorflows_values_and_gradients(name):
    z = tf.constant([-50.0, -1.0, -1e-6, 0.0, 1e-6, 1.0, 50.0, np.nan])
    found = []
    for f in (activations.PORTABLE[name], getattr(tf.nn, name)):
        with tf.GradientTape() as tape:
            tape.watch(z)
            y = f(z)
        found.append((y.numpy(), tape.gradient(y, z).numpy()))
    for ours, theirs in zip(*found, strict=True):
        assert np.allclose(ours[:-1], theirs[:-1], rtol=1e-6, atol=1e-7)
    assert np.isnan(found[0][0][-1])


# --- conversion


def test_program_runs_without_tensorflow_and_keeps_the_order_of_outputs():
    names = [f"out{k}" for k in range(12)]
    program = convert(lambda x: tuple(x + k for k in range(12)), [spec("x", [2])], names)
    out = Interpreter(program)(x=[0.0, 1.0])
    assert {name: v.tolist() for name, v in out.items()} == {
        f"out{k}": [k, k + 1.0] for k in range(12)
    }


def test_conversion_names_the_operation_that_litert_lacks():
    with pytest.raises(NotPortableError, match=r"does not convert.*MatrixInverse"):
        convert(lambda x: (tf.linalg.inv(x),), [spec("x", [2, 2])], ["y"])


def test_tensorflows_own_relu_is_why_there_are_portable_activations():
    def slope(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            y = tf.nn.relu(z)
        return (tape.gradient(y, z),)

    with pytest.raises(NotPortableError, match="ReluGrad"):
        convert(slope, [spec("z", [3])], ["slope"])


def test_conversion_wants_a_name_for_each_output():
    with pytest.raises(ValueError, match=r"`outputs` must name the 2 tensors.*\('a',\)"):
        convert(lambda x: (x, x + 1), [spec("x", [2])], ["a"])


def test_interpreter_refuses_unknown_inputs_and_shapes():
    run = Interpreter(convert(lambda x: (x + 1.0,), [spec("x", [2])], ["more"]))
    with pytest.raises(KeyError):
        run(z=[0.0, 0.0])
    with pytest.raises(ValueError, match="imension mismatch"):
        run(x=[0.0, 0.0, 0.0])


# --- plans


@pytest.mark.parametrize("name", PLANS)
def test_plan_has_files_and_numbers_for_every_setting(name):
    demo, plan = DEMOS[name](), PLANS[name]()
    assert plan.demo.name == demo.name == name
    assert demo.in_page
    built = Built(demo)
    for what, table in built.plan["pick"].items():
        size = np.prod([len(demo.controls[k].values) for k in table["over"]], dtype=int)
        assert len(table["entries"]) == size, what
        for entry in table["entries"]:
            assert isinstance(entry, (int, float)) or entry in built.plan["files"], (what, entry)


def test_only_demos_with_a_plan_say_that_a_page_trains_them():
    saying = {name for name in demos.FOLDERS if demos.load(name).in_page}
    assert saying == set(PLANS)


def test_plan_tells_the_page_which_controls_its_tables_are_over():
    demo = demos.load("clip")
    table = demo.table("{method} {threshold}".format, "threshold", "method")
    assert table.at(demo.controls, {"method": "norm", "threshold": 2.0}) == "norm 2.0"
    plan = dataclasses.replace(PLANS["clip"](), pick={"step": table, "rate": Table((), (0.1,))})
    told = plan.describe({"norm 2.0": "file.bin"})["pick"]
    assert told["step"]["over"] == [2, 0]
    place = demo.control("threshold").index(2.0) * 3 + demo.control("method").index("norm")
    assert told["step"]["entries"][place] == "file.bin"
    assert told["rate"] == {"over": [], "entries": [0.1]}


def test_plan_of_the_recorded_seed():
    for make in PLANS.values():
        plan = make()
        assert plan.describe({})["seed"] == SEED
        assert plan.twin == 0


@pytest.fixture
def tiny():
    """Plans to build: one, with one program and one array."""
    clip = PLANS["clip"]()
    files = {
        "step": convert(lambda x: (x + 1.0,), [spec("x", [2])], ["more"]),
        "start": {"state": np.arange(3, dtype="f4"), "y": np.array([300, 1], "u2")},
    }
    kept = {what: Table((), (what,)) for what in files}
    fields = {"demo": clip.demo, "steps": 1, "original": None, "outcome": {}, "compare": {}}
    plan = type(clip)(**fields, pick=kept, parts={"all": lambda: files})
    return {"clip": lambda: plan}


class InTurn:
    """An executor that works here and now; who enters or ends it fails."""

    map = staticmethod(map)


def test_converting_writes_what_reading_gives_back(tiny, tmp_path):
    assert programs.convert(tiny, tmp_path, executor=InTurn()) == ["clip"]
    built = Built(DEMOS["clip"](), tmp_path)
    assert Interpreter(built.program("step"))(x=[1.0, 2.0])["more"].tolist() == [2.0, 3.0]
    data = built.arrays("start")
    assert data["state"].tolist() == [0.0, 1.0, 2.0]
    assert data["y"].tolist() == [300, 1]
    sizes = {name: (tmp_path / name).stat().st_size for name in built.plan["files"]}
    assert sizes == {name: entry["bytes"] for name, entry in built.plan["files"].items()}


@pytest.fixture
def built(tiny, tmp_path):
    """A folder with all that the plans need, and what converts them again."""
    again = functools.partial(programs.convert, tiny, tmp_path, executor=InTurn())
    again()
    return tmp_path, again


def test_converting_does_nothing_twice_and_all_again_when_something_is_missing(built):
    folder, again = built
    assert again() == []
    (folder / "0123456789abcdef.bin").write_bytes(b"old")
    next(iter(set(folder.glob("*.bin")) - {folder / "0123456789abcdef.bin"})).unlink()
    assert again() == ["clip"]
    assert not (folder / "0123456789abcdef.bin").exists()
    assert again() == []
    assert again(force=True) == ["clip"]


@pytest.mark.parametrize("what", ["module", "sources", "packages"])
def test_build_is_new_where_it_was_made_by_other_code_or_packages(built, what):
    folder, again = built
    known = notes.read(folder)
    known["clip"][what] += "older"
    notes.write(folder, known)
    assert again() == ["clip"]
    assert again() == []


def test_plan_is_written_anew_even_where_its_programs_stay(built):
    folder, again = built
    before = (folder / "clip.json").read_text()
    (folder / "clip.json").write_text("of older code")
    assert again() == []
    assert (folder / "clip.json").read_text() == before


def test_demo_that_is_gone_takes_its_files_along(built):
    folder, _ = built
    assert programs.convert({}, folder) == []
    assert [path.name for path in folder.iterdir()] == [notes.FILE]


def test_program_is_the_same_whatever_its_process_made_before():
    def part():
        model = networks.dense_network(4, 3, depth=2, units=5, seed=1)
        step = steps.right(model)
        size = steps.State(model).size
        inputs = [spec("state", [size]), spec("x", [2, 4]), spec("y", [2], "int32")]
        return {"test": convert(step, inputs, ["right"])}

    first, second = programs._make(part), programs._make(part)
    assert first == second


def test_converting_leaves_the_callers_executor_running(tiny, tmp_path):
    with ThreadPoolExecutor(1) as pool:
        programs.convert(tiny, tmp_path, executor=pool)
        assert pool.submit(int, "1").result() == 1


def test_what_is_not_built_says_how_to_build_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="run `make assets`"):
        Built(DEMOS["clip"](), tmp_path)
