"""The JavaScript passes its own checks, and follows the rules of the experiments."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from steadynet.assets.view import SOURCE, find_tools
from steadynet.portable.program import MEASURES
from steadynet.tasks.curves import steps_to
from steadynet.tasks.temporal_order import NORM_EDGES, RULE, SOLVED, WINDOW, _histogram

NAN, INF = float("nan"), float("inf")
COLLECT = """
import { collect } from './page/training/measures.js';
const found = collect(plan);
for (const measures of rows) found.step(Float32Array.from(measures));
const answer = Object.fromEntries(found.arrays().map(({ name, data }) => [name, [...data]]));
"""
JUDGE = """
import { judge } from './page/training/verdict.js';
const answer = runs.map((accuracies) => {
  const verdict = judge(plan);
  for (const accuracy of accuracies) verdict.step(Float32Array.of(0, accuracy, 0, 0));
  return verdict.words([]);
});
"""


@pytest.mark.parametrize("script", ["test", "lint"])
def test_own_checks_pass(script):
    command = [sys.executable, str(SOURCE / "check.py"), script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_npm_packages_are_exact_and_hashed_and_no_host_is_named():
    wanted = json.loads((SOURCE / "package.json").read_text("utf8"))
    text = (SOURCE / "package-lock.json").read_text("utf8")
    own, *locked = json.loads(text)["packages"].items()
    assert own[1]["dependencies"] == wanted["dependencies"]
    assert own[1]["devDependencies"] == wanted["devDependencies"]
    assert all(re.fullmatch(r"[\d.]+", v) for v in wanted["dependencies"].values())
    assert all(re.fullmatch(r"[\d.]+", v) for v in wanted["devDependencies"].values())
    assert all(package["integrity"].startswith("sha512-") for _, package in locked)
    assert "resolved" not in text


def ask(code, **given):
    """`answer` of a module's code; what is given stands in it by name, numbers as JavaScript's."""
    names = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in given.items())
    script = f"{names}{code}process.stdout.write(JSON.stringify(answer));"
    done = subprocess.run(
        [find_tools()["node"], "--input-type=module"], input=script,
        cwd=SOURCE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_windows_and_histogram_in_the_page_are_those_of_the_recording():
    rng = np.random.default_rng(0)
    measures = np.exp(rng.normal(0, 4, (210, 4))).astype("f4")
    measures[[3, 50, 77], 2] = NAN, INF, 0.0
    plan = {
        "steps": 210,
        "measures": MEASURES,
        "windows": {"every": 50, "arrays": {"l": "loss", "c": "clipped"}},
        "histogram": {"n": {"of": "norm", "edges": NORM_EDGES.tolist()}},
    }
    found = ask(COLLECT, plan=plan, rows=measures.astype("f8").tolist())
    windows = measures[:200].reshape(4, 50, 4).mean(1, dtype="f8")
    np.testing.assert_allclose(found["l"], windows[:, 0], rtol=1e-6)
    np.testing.assert_allclose(found["c"], windows[:, 3], rtol=1e-6)
    norms = np.nan_to_num(measures[:, 2], nan=INF, posinf=INF)
    np.testing.assert_array_equal(found["n"], _histogram(norms[None])[0])


def test_solved_in_the_page_is_what_the_experiment_calls_solved():
    runs, expected = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        level = np.clip(np.linspace(0.2, 1.3, 1200), 0, 1) if seed % 2 else np.full(1200, 0.93)
        accuracy = rng.binomial(20, level) / np.float32(20)
        if seed == 3:
            accuracy[-50:] = 0.25
        when = steps_to(accuracy.astype("f4"), SOLVED, WINDOW)
        ends = f"not solved; accuracy ends at {100 * accuracy[-200:].mean():.0f} %."
        if np.isfinite(when):
            ends = f"solved after {when:,.0f} steps{', and lost again' if seed == 3 else ''}."
        runs.append(accuracy.tolist())
        expected.append(f"Seed 0, trained in this page: {ends}")
    plan = {"outcome": RULE, "seed": 0, "measures": MEASURES}
    assert ask(JUDGE, plan=plan, runs=runs) == expected
    assert {"not solved" in said for said in expected} == {True, False}
