"""Verdicts follow from intervals over seeds, and what was written down is kept with a recording."""

import dataclasses
import json
import math

import numpy as np
import pytest

from steadynet import _stamp, experiments, recording
from steadynet.experiments import Claim, Experiment, Stress, interval, judge
from steadynet.recording import Recording

AXES = {"budget": (10, 20), "seed": (0, 1, 2, 3, 4)}


def claim(**changes):
    """One that asks for 2 points or more after 10 steps."""
    return Claim(
        **{
            "name": "it-gains",
            "statement": "It gains 2 points or more.",
            "measure": lambda recorded, budget: recorded.get("gain", budget=budget),
            "unit": "points",
            "within": (2, math.inf),
            "refuted_by": "Gains below 2 points.",
            "budget": 10,
        }
        | changes
    )


def recorded(*gains, claims=(), **stresses):
    """A recording of five gains a budget; those of its stresses by name."""
    arrays = {"gain": np.array(gains, float)}
    return Recording("fake", AXES, arrays, {"claims": list(claims)}, stresses=stresses)


HIGH, ACROSS, LOW = [2, 3, 4, 5, 6], [1, 3, 4, 5, 6], [-1, 0, 1, 1, 1.9]


@pytest.mark.parametrize(
    ("gains", "kind"), [(HIGH, "holds"), (ACROSS, "not decided"), (LOW, "does not hold")]
)
def test_an_interval_within_across_or_outside_decides(gains, kind):
    verdict = judge(claim(), recorded(gains, HIGH))
    assert verdict.kind == verdict.words == kind
    assert verdict.boundary == ()


@pytest.mark.parametrize(
    ("within", "kind"),
    [((-math.inf, 6), "holds"), ((0, 10), "holds"), ((3, 5), "not decided"), ((7, 9), "does not")],
)
def test_direction_is_the_range_s(within, kind):
    assert judge(claim(within=within), recorded(HIGH, HIGH)).kind.startswith(kind)


def test_a_claim_that_falls_elsewhere_is_said_with_its_boundary():
    wide = recorded(ACROSS, ACROSS)
    verdict = judge(claim(also=(20,), stresses={"wide": 10}), recorded(HIGH, LOW, wide=wide))
    assert verdict.kind == "holds up to a boundary"
    assert verdict.words == (
        "holds up to a boundary, does not hold at 20 steps, not decided wide, at 10 steps"
    )
    assert verdict.at(20).effect == 1
    assert verdict.at(10, "wide").outcome == "not decided"
    with pytest.raises(KeyError, match=r"Received: \('wide', 20\)"):
        verdict.at(20, "wide")


def test_what_does_not_hold_has_no_boundary():
    verdict = judge(claim(also=(20,)), recorded(LOW, HIGH))
    assert (verdict.kind, verdict.boundary) == ("does not hold", ())


def test_a_seed_without_a_number_decides_nothing():
    assert judge(claim(), recorded([math.nan, 3, 4, 5, 6], HIGH)).kind == "not decided"
    assert judge(claim(), recorded([3, 4, 5, 6, math.inf], HIGH)).kind == "holds"


def test_verdict_knows_whether_the_claim_was_written_before():
    mine = claim(stresses={"wide": 10})
    known = json.loads(json.dumps([mine.written()]))
    both = recorded(HIGH, HIGH, claims=known, wide=recorded(HIGH, HIGH, claims=known))
    assert judge(mine, both).before
    assert not judge(mine, recorded(HIGH, HIGH, claims=known, wide=recorded(HIGH, HIGH))).before
    for change in ({"within": (1, math.inf)}, {"budget": 20}, {"refuted_by": "Nothing."}):
        assert not judge(dataclasses.replace(mine, **change), both).before


# --- intervals


@pytest.mark.parametrize("n", range(5, 31))
def test_interval_covers_the_median_as_often_as_it_says(n):
    low, high = interval(range(n))
    cut = int(low)
    assert high == n - 1 - cut
    missed = lambda k: 2 * sum(math.comb(n, i) for i in range(k)) / 2**n  # noqa: E731
    assert missed(cut + 1) <= 0.07 < missed(cut + 2)


def test_interval_covers_the_median_of_a_thousand_samples():
    samples = np.random.default_rng(0).exponential(size=(1000, 10))
    covered = [low <= math.log(2) <= high for low, high in map(interval, samples)]
    assert 0.96 < np.mean(covered) < 1  # 0.979 by the binomial


def test_interval_of_fewer_than_five_is_refused():
    with pytest.raises(ValueError, match=r"`values` must be one a seed for five.*Received: 4"):
        interval([1, 2, 3, 4])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"within": (2, 1)}, r"`within` must be a range"),
        ({"within": (-math.inf, math.inf)}, r"`within` must be a range"),
        ({"statement": "It gains"}, r"`statement` must be a sentence\. Received: 'It gains'"),
        ({"refuted_by": ""}, r"`refuted_by` must be a sentence"),
    ],
)
def test_claims_that_nothing_could_decide_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        claim(**changes)


# --- stresses, skipped points, and runs cut short


def experiment(calls=None, **changes):
    """Gains that name their point; each call is noted."""

    def run(point):
        if calls is not None:
            calls.append(point)
        gain = np.array(point["budget"]) + point["seed"] / 10 + point.get("more", 0)
        return {"gain": gain.astype(float)}

    return Experiment(
        **{
            "name": "fake",
            "question": "How much?",
            "axes": AXES,
            "together": ("budget",),
            "run": run,
            "arrays": {"gain": "points"},
            "claims": (claim(stresses={"more": 30}),),
            "stresses": (Stress("more", "more of it", {"budget": (30,)}, {"more": 100}),),
        }
        | changes
    )


@pytest.fixture
def register(monkeypatch, tmp_path):
    """Make an experiment known, and record into a folder of its own."""

    def put(known):
        monkeypatch.setattr("steadynet.experiments.NAMES", ("fake",))
        monkeypatch.setattr("steadynet.experiments.get", {"fake": known}.__getitem__)
        recording.load.cache_clear()

    monkeypatch.setattr(recording, "FOLDER", tmp_path)
    yield put
    recording.load.cache_clear()


class Here:
    """An executor that does the work at once; it may die after some calls."""

    def __init__(self, calls=math.inf):
        self.left = calls

    def submit(self, function, *args):
        from concurrent.futures import Future

        future = Future()
        if self.left <= 0:
            future.set_exception(KeyboardInterrupt())
            return future
        self.left -= 1
        future.set_result(function(*args))
        return future


def test_a_stress_is_recorded_beside_and_judged_with_the_rest(register):
    register(experiment())
    for stress in ("", "more"):
        recording.save(recording.record("fake", stress=stress, executor=Here()))
    whole = recording.load("fake")
    assert whole.stresses["more"].axes == AXES | {"budget": (30,)}
    np.testing.assert_allclose(whole.stresses["more"].get("gain", budget=30)[0], 130)
    verdict = judge(experiment().claims[0], whole)
    assert verdict.before
    assert verdict.words == "holds"


def test_a_recording_without_its_stress_is_not_whole(register):
    register(experiment())
    recording.save(recording.record("fake", executor=Here()))
    with pytest.raises(recording.RecordingError, match=r"No recording fake-more\.npz"):
        recording.load("fake")


def test_unknown_stresses_are_refused(register):
    register(experiment())
    with pytest.raises(ValueError, match=r"`stress` must be one of \('more',\).*'less'"):
        recording.record("fake", stress="less", executor=Here())
    with pytest.raises(ValueError, match=r"`stresses` of it-gains must be of .*'wide'"):
        experiment(claims=(claim(stresses={"wide": 10}),))
    recording.save(Recording("fake", AXES, {"gain": np.zeros((2, 5))}, {}, "less"))
    with pytest.raises(recording.RecordingError, match=r"`stress` is 'less', the code has"):
        recording.load(recording.FOLDER / "fake-less.npz")


def test_skipped_points_are_never_run_and_hold_nan(register):
    calls = []
    register(experiment(calls, skipped=lambda point: point["seed"] in (1, 3)))
    made = recording.record("fake", executor=Here())
    assert sorted(point["seed"] for point in calls) == [0, 2, 4]
    missing = np.isnan(made.arrays["gain"])
    np.testing.assert_array_equal(missing, [[0, 1, 0, 1, 0]] * 2)


def test_dear_points_are_begun_first_and_progress_counts_their_cost(register):
    calls, seen = [], []
    register(experiment(calls, cost=lambda point: 1 + point["seed"]))
    recording.record("fake", executor=Here(), progress=lambda *done: seen.append(done))
    assert [point["seed"] for point in calls] == [4, 3, 2, 1, 0]
    assert sorted(seen) == seen
    assert seen[-1] == (15, 15)


@pytest.mark.parametrize("cut", range(6))
def test_a_run_cut_short_goes_on_where_it_was(register, cut):
    register(experiment())
    straight = recording.record("fake", executor=Here())
    with pytest.raises(KeyboardInterrupt) if cut < 5 else _nothing():
        recording.record("fake", executor=Here(cut), resume=True)
    calls, seen = [], []
    register(experiment(calls))
    again = recording.record(
        "fake", executor=Here(), resume=True, progress=lambda *done: seen.append(done)
    )
    assert len(calls) == 5 - cut
    assert seen[0] == (max(cut, 1), 5)
    np.testing.assert_array_equal(again.arrays["gain"], straight.arrays["gain"])


def _nothing():
    import contextlib

    return contextlib.nullcontext()


def test_what_other_code_kept_is_not_taken_over(register, monkeypatch):
    register(experiment())
    recording.record("fake", executor=Here(), resume=True)
    calls = []
    register(experiment(calls))
    monkeypatch.setattr("steadynet._stamp.meaning", lambda _: "other code")
    recording.record("fake", executor=Here(), resume=True)
    assert len(calls) == 5


def test_real_points_are_found_again_after_others_were_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(recording, "FOLDER", tmp_path / "recordings")
    known = experiments.get("gradient_flow")
    point, result = {"gain": 1.2, "seed": 0}, {"depth": np.arange(3.0)}
    recording._kept(known, "").put(point, result)
    np.testing.assert_array_equal(recording._kept(known, "").get(point)["depth"], result["depth"])
    # Files beside the package's own recordings do not count either.
    used = _stamp.files_used(f"import {known.run.__module__}", without={"recordings"})
    assert {path.suffix for path in used} >= {".py"}
    assert not [path for path in used if "recordings" in path.parts]


def test_a_damaged_point_is_run_again(register):
    register(experiment())
    recording.record("fake", executor=Here(), resume=True)
    first, *_ = sorted(recording.FOLDER.glob(".partial/fake/*.npz"))
    first.write_bytes(first.read_bytes()[:40])
    calls = []
    register(experiment(calls))
    recording.record("fake", executor=Here(), resume=True)
    assert len(calls) == 1


def test_recording_all_shows_progress_saves_and_forgets_the_points(register, capsys, monkeypatch):
    monkeypatch.setattr(recording, "local_processes", lambda _: _nothing_but(Here()))
    register(experiment())
    recording.main(["fake"])
    shown = capsys.readouterr()
    assert "fake-more.npz" in shown.out
    assert "100%" in shown.err
    assert sorted(path.name for path in recording.FOLDER.rglob("*.npz")) == [
        "fake-more.npz",
        "fake.npz",
    ]


def _nothing_but(executor):
    import contextlib

    return contextlib.nullcontext(executor)


def test_points_of_a_stress_hold_what_it_changes(register):
    calls = []
    register(experiment(calls))
    recording.record("fake", stress="more", executor=Here())
    assert all(point["more"] == 100 and point["budget"] == (30,) for point in calls)
    assert {point["seed"] for point in calls} == set(AXES["seed"])


def test_meaning_passes_over_comments_and_docstrings_but_not_code(tmp_path):
    path, found = tmp_path / "a.py", []
    for text in ('"""One."""\nx = 1', '"""Two."""\nx  =  1  # why', '"""One."""\nx = 2'):
        path.write_text(text)
        found.append(_stamp.meaning([path], tmp_path))
    assert found[0] == found[1] != found[2]
