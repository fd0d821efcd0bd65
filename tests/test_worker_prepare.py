"""What a demo prepares happens once, in the background, before its first training."""

import threading

import numpy as np
import pytest
import synthetic
from waiting import wait_for, wait_until_idle

from steadynet.explorer import Explorer, worker
from steadynet.explorer import widget as widget_module
from steadynet.explorer.worker import Worker


def noted(log, name):
    """A function that notes its call."""

    def call(*_):
        log.append(name)
        return name

    return call


@pytest.fixture
def log():
    return []


def sent(messages):
    """Where a worker's messages go."""
    return lambda message, _buffers=None: messages.append(message)


def test_warming_up_prepares_in_the_background_and_sends_nothing(log):
    messages, go = [], threading.Event()

    def prepare():
        go.wait(60)
        log.append(threading.current_thread().name)

    work = Worker(noted(log, "train"), sent(messages), prepare)
    work.warm_up()
    assert log == [], "the caller does not wait"
    go.set()
    wait_until_idle(work)
    assert log == ["explorer"]
    assert messages == []


def test_preparing_happens_once(log):
    work = Worker(noted(log, "train"), sent([]), noted(log, "prepare"))
    for _ in range(3):
        work.warm_up()
        wait_until_idle(work)
    work.request(1, {})
    wait_until_idle(work)
    assert log == ["prepare", "train"]


def test_a_request_without_a_warm_up_prepares_first(log):
    work = Worker(noted(log, "train"), sent([]), noted(log, "prepare"))
    work.request(1, {})
    wait_until_idle(work)
    assert log == ["prepare", "train"]


def test_requests_while_preparing_wait_and_only_the_newest_is_trained(log):
    messages, go = [], threading.Event()

    def prepare():
        go.wait(60)
        log.append("prepared")

    def train(setting, _report):
        log.append(setting)
        return "done"

    work = Worker(train, sent(messages), prepare)
    work.warm_up()
    for run in range(5):
        work.request(run, {"a": run})
    go.set()
    wait_until_idle(work)
    assert log == ["prepared", {"a": 4}]
    assert [m["run"] for m in messages] == [4]


def test_what_fails_in_preparing_is_told_by_the_training_it_was_for():
    messages = []

    def fail(*_):
        raise ImportError("no TensorFlow here")

    work = Worker(fail, sent(messages), fail)
    work.warm_up()
    wait_until_idle(work)
    assert messages == []
    work.request("v:1", {})
    wait_until_idle(work)
    assert [(m["kind"], m["text"]) for m in messages] == [
        ("error", "ImportError: no TensorFlow here")
    ]


def test_stopping_while_preparing_leaves_nothing_to_train(log):
    go = threading.Event()
    work = Worker(noted(log, "train"), sent([]), lambda: go.wait(60))
    work.request(1, {})
    work.stop()
    go.set()
    wait_until_idle(work)
    assert log == []


def test_warming_up_without_anything_to_prepare_starts_no_thread(log):
    work = Worker(noted(log, "train"), sent([]))
    before = threading.active_count()
    work.warm_up()
    assert threading.active_count() == before
    assert log == []


@pytest.fixture
def explorer(monkeypatch, log):
    """An explorer whose demo prepares; its view is a stand-in."""
    monkeypatch.setattr(widget_module, "view_source", lambda: "export default {render() {}}")
    demo = synthetic.clip_demo()
    demo.prepare = noted(log, "prepare")
    widget = Explorer(demo)
    widget.send = sent([])
    yield widget
    widget.close()


def test_a_view_that_shows_itself_beside_a_kernel_warms_up(explorer, log):
    assert log == [], "a page that is built without being looked at prepares nothing"
    for _ in range(2):
        explorer._handle_custom_msg({"kind": "ping"}, [])
        wait_until_idle(explorer._worker)
    assert log == ["prepare"]


def test_the_first_report_after_a_warm_up_is_sent_at_once(monkeypatch):
    # Nothing holds the first report back: a reader sees the curve begin.
    monkeypatch.setattr(worker, "INTERVAL", 1e9)
    messages, seen = [], threading.Event()

    def train(_setting, report):
        report({"loss": np.ones(1)}, 0.1)
        seen.wait(60)
        return "done"

    work = Worker(train, sent(messages), lambda: None)
    work.warm_up()
    work.request(1, {})
    wait_for(lambda: messages)
    assert [m["kind"] for m in messages] == ["live"]
    seen.set()
    wait_until_idle(work)


def test_a_request_is_served_between_two_pieces_of_preparation(log):
    first, go = threading.Event(), threading.Event()

    def prepare():
        log.append("one")
        first.set()
        go.wait(60)
        yield
        log.append("two")
        yield
        log.append("three")

    work = Worker(noted(log, "train"), sent([]), prepare)
    work.warm_up()
    assert first.wait(60)
    work.request(1, {})
    go.set()
    wait_until_idle(work)
    assert log == ["one", "train", "two", "three"]


def test_stopping_drops_what_is_left_to_prepare(log):
    first, go = threading.Event(), threading.Event()

    def prepare():
        log.append("one")
        yield
        first.set()
        go.wait(60)
        yield
        log.append("three")

    work = Worker(noted(log, "train"), sent([]), prepare)
    work.warm_up()
    assert first.wait(60)
    work.stop()
    go.set()
    wait_until_idle(work)
    assert log == ["one"]
