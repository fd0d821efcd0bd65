"""A kernel trains one demo at a time, and prepares it in pieces that let a training in."""

import threading

import pytest

from steadynet.explorer import LIVE_SEED, Live


def nothing():
    """A warm-up with no piece."""
    return iter(())


def ends(_setting, _report):
    """A run that is over at once."""
    return "done"


def reports(_setting, report):
    """A run that reports once."""
    report()
    return "done"


def test_outcome_names_the_seed_and_where_it_was_trained():
    live = Live(lambda setting, _report: f"rate {setting['rate']}", nothing)
    assert live.train({"rate": 0.5}, print) == f"Seed {LIVE_SEED}, trained here: rate 0.5."


def test_run_gets_the_setting_and_reports_to_whom_asked():
    seen = []
    live = Live(lambda setting, report: report(setting, 1.0), nothing)
    live.train({"rate": 0.5}, lambda *told: seen.append(told))
    assert seen == [({"rate": 0.5}, 1.0)]


def test_what_report_raises_ends_the_run_and_leaves_the_way_free():
    live = Live(reports, nothing)

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        live.train({}, stop)
    assert live.train({}, lambda: None).endswith("done.")


def test_preparing_goes_piece_by_piece_to_the_end():
    done = []

    def warm_up():
        for piece in "abc":
            done.append(piece)
            yield
        done.append("end")

    pieces = Live(None, warm_up).prepare()
    assert done == [], "nothing is done before it is asked for"
    next(pieces)
    assert done == ["a"]
    assert len(list(pieces)) == 2
    assert done == ["a", "b", "c", "end"]


def test_a_training_comes_in_between_two_pieces():
    live = Live(ends, lambda: iter("ab"))
    pieces = live.prepare()
    next(pieces)
    assert live.train({}, print).endswith("done.")
    assert len(list(pieces)) == 1


def test_a_piece_that_fails_leaves_the_way_free():
    def warm_up():
        raise MemoryError
        yield

    live = Live(ends, warm_up)
    with pytest.raises(MemoryError):
        list(live.prepare())
    assert live.train({}, print).endswith("done.")


def test_two_trainings_and_a_piece_of_preparing_take_turns():
    inside, most = [], []

    def work():
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.01)
        inside.pop()
        return "done"

    def warm_up():
        work()
        yield

    live = Live(lambda *_: work(), warm_up)
    calls = [lambda: live.train({}, print)] * 3 + [lambda: list(live.prepare())]
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 4
