"""The pure parts of training in a page: the comparison, the outcome, arrays for the panels."""

import subprocess

import numpy as np
import pytest

from steadynet.assets.view import SOURCE, find_tools
from steadynet.tasks.temporal_order import NORM_EDGES, _histogram, _solved_at

ENTRY = """
export { compare, sameSeed } from './page/training/compare.js';
export { collect } from './page/training/measures.js';
export { judge } from './page/training/verdict.js';
export { choose, flaw, needs } from './page/training/plan.js';
export { offer, loading } from './page/training/words.js';
"""
NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module")
def call(chromium, bundles):  # noqa: ARG001 - the packages come with the bundles
    """`call(expression, *arguments)` evaluates it with the modules' functions in reach as `m`."""
    code = (
        "require('esbuild').build({stdin: {contents: process.argv[1], resolveDir: '.'},"
        "bundle: true, format: 'iife', globalName: 'm', write: false})"
        ".then((r) => process.stdout.write(r.outputFiles[0].text))"
    )
    script = subprocess.run(
        [find_tools()["node"], "-e", code, ENTRY],
        cwd=SOURCE, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    page = chromium.new_page()
    page.add_script_tag(content=script)
    yield lambda expression, *given: page.evaluate(f"(a) => {expression}", list(given))
    page.close()


@pytest.fixture
def compare(call):
    """The sentence for two shares over steps 50, 100, …"""

    def say(live, recorded, tolerance=0.01, share=True, places=True):
        at = "(i) => `step ${50 * (i + 1)}`" if places else "null"
        given = f"{{tolerance: {tolerance}, share: {str(share).lower()}, at: {at}}}"
        return call(f"m.compare(a[0], a[1], {given})", live, recorded)

    return say


# --- the comparison


def test_runs_that_agree_are_the_same_throughout(compare):
    said = compare([0.5, 0.7, 0.9], [0.5, 0.703, 0.9])
    assert said == (
        "TensorFlow’s recording of the same seed: the same within 0.3 points throughout."
    )
    assert "within 0.1 points throughout" in compare([0.5, 0.7], [0.5, 0.7])
    assert "within 1 point throughout" in compare([0.5, 0.7], [0.5, 0.71])


def test_runs_that_part_are_told_with_the_step_and_the_distance(compare):
    said = compare([0.3, 0.5, 0.9, 0.25], [0.305, 0.5, 0.8, 0.66])
    assert said == (
        "It follows TensorFlow’s recording of the same seed within 0.5 points up to step 100; "
        "then rounding, which differs, has grown and they part by up to 41 points."
    )


def test_runs_that_part_and_meet_again_are_told_so(compare):
    said = compare([0.3, 0.5, 0.9, 1.0], [0.3, 0.5, 0.8, 0.999])
    assert said.endswith(
        "they part by up to 10 points, but they end within 0.1 points of each other."
    )


def test_runs_that_part_at_once_are_not_put_down_to_rounding(compare):
    said = compare([0.3, 0.5], [0.5, 0.9])
    assert said == (
        "It parts from TensorFlow’s recording of the same seed from step 50 on, by up to 40 points."
    )
    assert "from the start on" in compare([0.3, 0.5], [0.5, 0.9], places=False)


def test_two_runs_without_a_number_agree_and_one_does_not(compare):
    loss = {"tolerance": 0.05, "share": False}
    assert "the same within" in compare([1.0, NAN, INF], [1.0, NAN, INF], **loss)
    assert "one of them ends without a number" in compare([1.0, NAN], [1.0, 2.0], **loss)
    assert "one of them ends without a number" in compare([1.0, INF], [1.0, 2.0], **loss)
    assert "one ended without a number" in compare([NAN], [0.5])


def test_one_number_is_compared_as_such(compare):
    assert compare([0.71], [0.71]).endswith("of the same seed ends the same within 0.1 points.")
    assert compare([0.71], [0.8]).endswith("of the same seed ends 9 points apart from it.")


def test_what_is_no_share_is_told_as_a_number(compare):
    said = compare([1.0, 2.0], [1.0, 2.013], tolerance=0.05, share=False)
    assert "the same within 0.014 throughout" in said or "within 0.013 throughout" in said


@pytest.mark.parametrize(("distance", "shown"), [(0.0031, "0.4"), (0.003, "0.3"), (0.1234, "13")])
def test_within_is_never_rounded_down(compare, distance, shown):
    assert f"within {shown} points" in compare([0.5, 0.5], [0.5, 0.5 + distance], tolerance=0.2)


def test_nothing_in_common_is_not_compared(compare):
    assert compare([], [0.5]) is None
    assert compare([0.5], []) is None


def test_same_seed_is_the_recorded_row(call):
    block = "{shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6)}"
    assert list(call(f"[...m.sameSeed({block}, 1, 3)]")) == [4, 5, 6]
    assert call(f"m.sameSeed({block}, 2, 3)") is None
    seeds = "{shape: [3], data: Float64Array.of(1, 2, 3)}"
    assert call(f"[...m.sameSeed({seeds}, 1, 1)]") == [2]
    assert call(f"[...m.sameSeed({seeds}, 0, 3)]") == [1, 2, 3]
    assert call(f"m.sameSeed({seeds}, 3, 1)") is None


# --- a run's numbers


COLLECT = """{ const c = m.collect(a[0]); a[1].forEach((v) => c.step(Float32Array.from(v)));
return Object.fromEntries(c.arrays().map(({ name, data }) => [name, [...data]])); }"""


def test_windows_and_histogram_are_those_of_the_recording(call):
    rng = np.random.default_rng(0)
    measures = np.exp(rng.normal(0, 4, (210, 4))).astype("f4")
    measures[[3, 50, 77], 2] = NAN, INF, 0.0
    plan = {
        "steps": 210,
        "windows": {"every": 50, "arrays": {"l": "loss", "c": "clipped"}},
        "histogram": {"n": {"of": "norm", "edges": NORM_EDGES.tolist()}},
    }
    found = call(COLLECT, plan, [[float(v) for v in row] for row in measures])
    windows = measures[:200].reshape(4, 50, 4).mean(1, dtype="f8")
    np.testing.assert_allclose(found["l"], windows[:, 0], rtol=1e-6)
    np.testing.assert_allclose(found["c"], windows[:, 3], rtol=1e-6)
    norms = np.nan_to_num(measures[:, 2], nan=INF, posinf=INF)
    np.testing.assert_array_equal(found["n"], _histogram(norms[None])[0])


def test_a_measure_that_is_nan_spoils_only_its_window(call):
    plan = {"steps": 6, "windows": {"every": 2, "arrays": {"l": "loss"}}}
    found = call(COLLECT, plan, [[v, 0, 0, 0] for v in (1.0, 3.0, NAN, 1.0, 5.0, 5.0)])
    np.testing.assert_array_equal(found["l"], [2, NAN, 5])


JUDGE = """{ const j = m.judge(a[0]); a[1].forEach((v) => j.step(v)); return j.words(a[2]); }"""


@pytest.mark.parametrize("seed", range(6))
def test_solved_is_what_the_experiment_calls_solved(call, seed):
    rng = np.random.default_rng(seed)
    level = np.clip(np.linspace(0.2, 1.3, 1200), 0, 1) if seed % 2 else np.full(1200, 0.93)
    accuracy = rng.binomial(20, level) / np.float32(20)
    if seed == 3:
        accuracy[-50:] = 0.25
    outcome = {"kind": "solved", "target": 0.95, "window": 50, "kept": 0.9}
    said = call(JUDGE, {"outcome": outcome, "seed": 0}, [float(v) for v in accuracy])
    when = _solved_at(accuracy.astype("f4"))
    ends = f"not solved; accuracy ends at {100 * accuracy[-200:].mean():.0f} %."
    if np.isfinite(when):
        ends = f"solved after {when:,.0f} steps{', and lost again' if seed == 3 else ''}."
    assert said == f"Seed 0, trained in this page: {ends}"


def test_right_is_the_share_of_the_last_test(call):
    said = call(JUDGE, {"outcome": {"kind": "right"}, "seed": 0}, [], [0.2, 0.714])
    assert said == "Seed 0, trained in this page: 71 % of test pictures right."


# --- the plan


def test_entries_are_found_in_c_order(call):
    pick = {
        "step": {"over": [2, 0], "entries": ["a", "b", "c", "d", "e", "f"]},
        "rate": {"over": [], "entries": [0.5]},
    }
    assert call("m.choose({pick: a[0]}, [1, 9, 2], [2, 10, 3])", pick) == {"step": "f", "rate": 0.5}
    assert call("m.choose({pick: a[0]}, [1, 9, 0], [2, 10, 3])", pick)["step"] == "b"


def test_each_file_is_counted_once(call):
    plan = {
        "runtime": {"loader": {"path": "l", "bytes": 1}, "wasm": {"path": "w", "bytes": 2}},
        "files": {"a": {"bytes": 10}, "b": {"bytes": 20}},
    }
    chosen = {"step": "a", "examples": "b", "shown": "b", "rate": 0.5, "look": None}
    found = call("m.needs(a[0], a[1]).map(({name}) => name)", plan, chosen)
    assert found == ["w", "l", "a", "b"]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, ""),
        (900, "Downloads 1 kB, once."),
        (99_000, "Downloads 99 kB, once."),
        (3_060_000, "Downloads 3.1 MB, once."),
    ],
)
def test_sizes_are_said_as_people_do(call, size, said):
    assert call("m.offer(a[0])", size) == said
    assert call("m.loading(1.23e6, 3.1e6)") == "Downloading 1.2 of 3.1 MB"
