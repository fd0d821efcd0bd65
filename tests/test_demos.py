"""The demos show their recordings, their code runs, and their live runs are the recorded kind."""

import ast
import math
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest
from shown import code_at

from steadynet import demos, experiments, networks, recording, sweeps
from steadynet.demos.cliff import demo as cliff
from steadynet.demos.clip_threshold import demo as clip
from steadynet.demos.plans import PLANS
from steadynet.experiments import cliff as cliff_experiment
from steadynet.explorer import LIVE_SEED, Cancelled, Curves, Histogram, Surface
from steadynet.explorer.state import state_of
from steadynet.tasks import temporal_order

NEVER = math.inf
ALIKE = 11  # points of a descent; later ones depend on the last digits of the first
ARGUMENTS = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}


@pytest.fixture(scope="module")
def clip_demo():
    return demos.clip_demo()


@pytest.fixture(scope="module")
def cliff_demo():
    return demos.cliff_demo()


@pytest.fixture(params=["clip_demo", "cliff_demo"])
def demo(request):
    return request.getfixturevalue(request.param)


def preset(demo, label):
    """The whole setting of a preset."""
    (found,) = [p for p in demo.presets if p.label == label]
    return demo.complete(found.settings)


def words(demo, **setting):
    return demo.outcome.at(demo.controls, demo.complete(setting))


# --- a folder each


def test_a_demo_is_found_by_its_folder(tmp_path, monkeypatch):
    folder = tmp_path / "learning_rate"
    folder.mkdir()
    (folder / "__init__.py").write_text('NAME = "rate"\n')
    (folder / "demo.py").write_text('def make():\n    return "made"\n')
    monkeypatch.setattr(demos, "__path__", [*demos.__path__, str(tmp_path)])
    found = demos._found()
    assert found == {**demos.FOLDERS, "rate": "learning_rate"}
    monkeypatch.setattr(demos, "FOLDERS", found)
    assert demos.load("rate") == demos.rate_demo() == "made"


def test_folders_are_named_like_the_experiments_they_show():
    assert set(demos.FOLDERS.values()) <= set(experiments.NAMES)
    assert [demos.load(name).name for name in demos.FOLDERS] == list(demos.FOLDERS)


def test_looking_for_demos_opens_none_of_them():
    code = "import sys; from steadynet import demos; print(len(demos.FOLDERS))\n"
    code += "assert not [m for m in sys.modules if m.endswith(('.demo', '.page')) and 'demos' in m]"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(len(demos.FOLDERS))


def test_plans_are_those_of_the_folders_with_a_page():
    package = Path(demos.__file__).parent
    pages = {name for name, f in demos.FOLDERS.items() if (package / f / "page.py").is_file()}
    assert set(PLANS) == pages
    assert all(plan.__module__.endswith(f"{demos.FOLDERS[n]}.page") for n, plan in PLANS.items())


@pytest.mark.parametrize("name", ["fast", "cliff_demo", ""])
def test_unknown_demos_are_refused(name):
    with pytest.raises(ValueError, match=rf"`name` must be one of \(.*'clip'.*Received: '{name}'"):
        demos.load(name)


def test_unknown_attributes_are_no_demos():
    for name in ("fast_demo", "clip", "_demo"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(demos, name)


# --- what is shown


def test_demo_opens_at_a_setting_with_a_question_and_words(demo):
    assert demo.question.endswith("?")
    assert words(demo).endswith(".")
    assert len(demo.presets) >= 3
    assert all(p.point.endswith(".") for p in demo.presets)
    assert demo.fallback().startswith("<svg")
    assert demo.alt
    assert recording.load("cliff").meta["versions"]["tensorflow"] in demo.note


def test_controls_are_the_axes_of_the_recording(demo):
    recorded = recording.load({"clip": "clip_threshold", "cliff": "cliff"}[demo.name])
    for control in demo.controls:
        assert set(control.values) <= set(recorded.axes[control.name])
    assert demo.control("threshold").values == recorded.axes["threshold"]
    assert demo.control("threshold").texts[-1] == "never"


def test_pages_stay_light(demo):
    packed = state_of(demo)["arrays"]
    assert sum(len(array["data"]) for array in packed.values()) < 700_000


def test_clip_arrays_are_those_of_the_recording(clip_demo):
    recorded = recording.load("clip_threshold")
    at = {"method": "norm", "learning_rate": 0.8, "threshold": 0.1}
    place = clip_demo.indices(at)
    for name in ("loss", "accuracy", "clipped"):
        np.testing.assert_array_equal(clip_demo.arrays[name][place], recorded.get(name, **at))
    counts = recorded.get("norm_counts", **at).sum(axis=0)
    np.testing.assert_array_equal(clip_demo.arrays["norm_counts"][place], counts)
    share = recorded.get("clipped", **at).mean()
    np.testing.assert_allclose(clip_demo.arrays["beyond"][place], share, rtol=1e-6)


def test_curves_fit_their_axes(demo):
    for panel in demo.panels:
        if isinstance(panel, Curves):
            values = demo.arrays[panel.y]
            assert len(panel.x) == values.shape[-1]
            assert panel.x[-1] == demo.steps
            assert np.median(values) <= panel.y_domain[1]
            assert np.median(values) >= panel.y_domain[0]
            if panel.y_scale == "log":
                assert (values > 0).all()


def test_clip_outcome_says_what_the_recording_holds(clip_demo):
    recorded = recording.load("clip_threshold")
    for entry, point in zip(clip_demo.outcome.entries, settings(clip_demo), strict=True):
        steps = recorded.get("solved_at", **point)
        solved = np.isfinite(steps)
        kept = np.isfinite(temporal_order.solved_at(recorded, **point))
        assert entry.startswith(f"Solved on {solved.sum()} of 5 seeds")
        assert ("lost again" in entry) == (kept.sum() < solved.sum())
        if solved.any():
            assert f"after {np.median(steps[solved]):,.0f} steps" in entry
        else:
            final = np.median(recorded.get("accuracy", **point)[:, -4:].mean(axis=-1))
            assert f"accuracy ends at {100 * final:.0f}" in entry


def test_cliff_outcome_says_what_the_recording_holds(cliff_demo):
    recorded = recording.load("cliff")
    for entry, point in zip(cliff_demo.outcome.entries, settings(cliff_demo), strict=True):
        thrown = recorded.get("thrown", seed=0, **point)
        assert entry.startswith("Thrown" if thrown else "No step longer than")
        error = recorded.get("error", seed=0, **point)[-1]
        assert entry.endswith(f"after 80 steps the error is {error:.2g}.")


def settings(demo):
    """Every setting, in the order of the tables."""
    for place in np.ndindex(*demo.shape):
        yield {c.name: c.values[i] for c, i in zip(demo.controls, place, strict=True)}


# --- the presets keep their word


def test_clip_presets_show_what_they_say(clip_demo):
    recorded = recording.load("clip_threshold")

    def shown(label, name):
        return recorded.get(name, **preset(clip_demo, label))

    right, never, tight = "Just right", "Never clip", "Too tight"
    assert np.isfinite(shown(right, "solved_at")).all()
    assert shown(right, "accuracy")[:, -1].min() > 0.99
    assert shown(right, "clipped")[:, 10:].mean() < 0.02, "soon almost no step is clipped"
    assert np.isnan(shown(never, "solved_at")).all()
    assert np.isnan(shown(tight, "solved_at")).all()
    assert shown(tight, "clipped").mean() > 0.9, "nearly every step is cut short"
    small = "Small rate, no clipping"
    assert np.isfinite(shown(small, "solved_at")).all(), "every seed learns"
    assert shown(small, "accuracy")[:, -1].min() < 0.5, "and on some it is undone"


def test_cliff_presets_show_what_they_say(cliff_demo):
    recorded = recording.load("cliff")

    def longest(label):
        path = recorded.get("path", seed=0, **preset(cliff_demo, label))
        return np.linalg.norm(np.diff(path, axis=0), axis=-1).max()

    assert longest("Thrown off") > cliff_experiment.OUTSIDE
    assert longest("Clipped at 1") <= 0.4 * (1 + 1e-4)
    assert longest("Too tight") <= 0.012 * (1 + 1e-4)
    calm = recorded.get("error", seed=0, **preset(cliff_demo, "Clipped at 1"))
    tight = recorded.get("error", seed=0, **preset(cliff_demo, "Too tight"))
    assert calm[-1] < 1e-3 < tight[-1]


# --- the code beside it


def test_clip_code_names_the_keras_argument_at_every_setting(clip_demo):
    for point in settings(clip_demo):
        tree = ast.parse(code_at(clip_demo, point))
        (call,) = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and named(n, "SGD")]
        arguments = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
        assert arguments.pop("learning_rate") == point["learning_rate"]
        expected = {ARGUMENTS[point["method"]]: point["threshold"]}
        assert arguments == ({} if math.isinf(point["threshold"]) else expected)


def named(call, name):
    """Whether a call is of something with this last name."""
    return isinstance(call.func, ast.Attribute) and call.func.attr == name


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"method": "value", "threshold": 0.0005}, ("clipvalue", 0.0005)),
        ({"method": "norm", "threshold": 100.0}, ("clipnorm", 100.0)),
        ({}, ("global_clipnorm", 1.0)),
        ({"threshold": NEVER}, (None, None)),
    ],
)
def test_clip_code_trains(clip_demo, setting, expected, capsys):
    code = code_at(clip_demo, setting)
    assert "temporal_order(40000, length=20" in code
    names = {}
    exec(code.replace("40000", "40").replace("length=20", "length=10"), names)
    optimizer = names["model"].optimizer
    assert optimizer.iterations == 2
    given = {name: getattr(optimizer, name) for name in ARGUMENTS.values()}
    assert {n: v for n, v in given.items() if v is not None} == (
        {expected[0]: expected[1]} if expected[0] else {}
    )
    assert "accuracy" in capsys.readouterr().out


@pytest.mark.parametrize("setting", [{}, {"threshold": 1.0}, {"threshold": 0.03, "w": 3.0}])
def test_cliff_code_descends_as_recorded(cliff_demo, setting):
    names = {}
    exec(code_at(cliff_demo, setting), names)
    recorded = recording.load("cliff")
    path = recorded.get("path", seed=0, **cliff_demo.complete(setting))
    assert names["path"].shape == path.shape
    np.testing.assert_allclose(names["path"][:ALIKE], path[:ALIKE], atol=0.01)


# --- training here


@pytest.fixture(scope="module")
def prepared():
    """The clip demo's trainers, compiled as a kernel does when a view shows itself."""
    list(clip.LIVE.prepare())
    return {method: clip._trainer(method) for method in ARGUMENTS}


def live(demo, **setting):
    """One live run: its outcome, and what it reported."""
    reports = []
    outcome = demo.train(demo.complete(setting), lambda *seen: reports.append(seen))
    return outcome, reports


@pytest.mark.slow
@pytest.mark.usefixtures("prepared")
def test_clip_trains_with_curves_that_grow(clip_demo):
    outcome, reports = live(clip_demo)
    progress = [p for _, p in reports]
    assert progress == [i / 40 for i in range(1, 41)]
    for i, (arrays, _) in enumerate(reports, 1):
        assert arrays["loss"].shape == arrays["accuracy"].shape == arrays["clipped"].shape == (i,)
        assert arrays["norm_counts"].sum() == 50 * i
    for panel in clip_demo.panels:
        name = panel.counts if isinstance(panel, Histogram) else panel.y
        assert reports[-1][0][name].shape == clip_demo.arrays[name].shape[-1:]
    assert outcome.startswith("Seed 5, trained here: solved after ")


@pytest.mark.slow
@pytest.mark.usefixtures("prepared")
def test_clip_live_run_equals_a_sweep_with_its_seed(clip_demo):
    point = {"method": "global_norm", "learning_rate": 0.05, "threshold": 0.1}
    _, reports = live(clip_demo, **point)
    model = networks.recurrent_network(20, seed=LIVE_SEED)
    x, y = temporal_order.sequences(20, temporal_order.STEPS, LIVE_SEED)
    record = sweeps.Sweep(model, clip="global_norm").run(
        *(x, y),
        steps=temporal_order.STEPS,
        batch_size=temporal_order.BATCH_SIZE,
        learning_rates=[0.05],
        thresholds=[0.1],
        seed=LIVE_SEED,
    )
    row = temporal_order.summarize(record)
    # Side by side, sums are taken in another order, which grows over 2,000 steps.
    np.testing.assert_allclose(reports[-1][0]["loss"][:10], row["loss"][0, :10], rtol=1e-3)
    np.testing.assert_allclose(reports[-1][0]["accuracy"], row["accuracy"][0], atol=0.02)


@pytest.mark.parametrize("experiment", demos.FOLDERS.values())
def test_recorded_seeds_leave_out_the_live_one(experiment):
    assert LIVE_SEED not in recording.load(experiment).axes["seed"]


def test_moving_a_control_after_warming_up_compiles_nothing(clip_demo, prepared):
    counts = {m: t._compiled.experimental_get_tracing_count() for m, t in prepared.items()}
    assert counts == dict.fromkeys(ARGUMENTS, 1)

    def soon(_arrays, progress):
        if progress > 0.05:
            raise Cancelled

    for method in ARGUMENTS:
        for change in ({}, {"threshold": NEVER}, {"learning_rate": 0.8}):
            with pytest.raises(Cancelled):
                clip_demo.train(clip_demo.complete({"method": method} | change), soon)
    assert all(clip._trainer(m) is t for m, t in prepared.items())
    assert counts == {m: t._compiled.experimental_get_tracing_count() for m, t in prepared.items()}


@pytest.mark.usefixtures("prepared")
def test_a_cancelled_run_leaves_nothing_behind_for_the_next(clip_demo):
    never = {"threshold": NEVER}
    first = early_loss(clip_demo, never)
    assert len(first) == 10, "it ended at the report that was told to stop"
    early_loss(clip_demo, {"learning_rate": 0.8})
    np.testing.assert_array_equal(early_loss(clip_demo, never), first)


@pytest.mark.slow
@pytest.mark.usefixtures("prepared")
def test_two_explorers_training_at_once_do_not_disturb_each_other(clip_demo):
    changes = ({}, {}, {"learning_rate": 0.05})
    alone = [early_loss(clip_demo, change) for change in changes]
    start = threading.Barrier(len(changes))

    def at_once(change):
        start.wait(60)
        return early_loss(clip_demo, change)

    with ThreadPoolExecutor(len(changes)) as pool:
        together = list(pool.map(at_once, changes))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def early_loss(demo, change):
    """The loss of a live run that is stopped after a quarter."""
    losses = []

    def report(arrays, progress):
        losses.append(arrays["loss"])
        if progress >= 0.25:
            raise Cancelled

    with pytest.raises(Cancelled):
        demo.train(demo.complete(change), report)
    return losses[-1]


def test_cliff_descends_with_a_path_that_grows(cliff_demo):
    cliff.prepare()
    outcome, reports = live(cliff_demo, threshold=1.0)
    assert [p for _, p in reports] == [i / 80 for i in range(1, 81)]
    for i, (arrays, _) in enumerate(reports, 1):
        assert arrays["path"].shape == (i + 1, 2)
        assert arrays["error"].shape == arrays["norm"].shape == (i,)
    recorded = cliff_demo.arrays["path"][cliff_demo.indices({"threshold": 1.0})]
    np.testing.assert_allclose(reports[-1][0]["path"][:ALIKE], recorded[:ALIKE], atol=0.01)
    assert outcome.startswith("Descended here: No step longer than 0.4; after 80 steps")


def test_cliff_paths_are_drawn_no_further_than_well_outside_the_picture(cliff_demo, monkeypatch):
    (surface,) = [p for p in cliff_demo.panels if isinstance(p, Surface)]
    assert 2 * max(abs(surface.x[-1]), abs(surface.y[0])) < cliff.FAR
    assert np.abs(cliff_demo.arrays["path"]).max() <= cliff.FAR
    monkeypatch.setattr(cliff, "FAR", 4.6)
    _, reports = live(cliff_demo, threshold=NEVER)
    assert np.abs(reports[-1][0]["path"]).max() == np.float32(4.6)


def test_cliff_stops_at_the_next_step_when_cancelled(cliff_demo):
    steps = []

    def stop(arrays, _progress):
        steps.append(len(arrays["error"]))
        raise Cancelled

    with pytest.raises(Cancelled):
        cliff_demo.train(cliff_demo.complete({}), stop)
    assert steps == [1]


def test_live_training_uses_the_network_of_the_recording():
    x, y, weights = clip._material()
    model = networks.recurrent_network(20, seed=LIVE_SEED)
    for a, b in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert x.shape == (temporal_order.STEPS * temporal_order.BATCH_SIZE, 20, 6)
    assert len(y) == len(x)
    assert isinstance(clip._trainer("value").optimizer, keras.optimizers.SGD)
