"""The batch normalization explorer shows its recording, its code runs, its live run streams."""

import numpy as np
import pytest
from shown import code_at

from steadynet import demos, recording
from steadynet.demos.batch_norm_depth import demo as batch_norm
from steadynet.experiments import batch_norm_depth as experiment
from steadynet.explorer import Cancelled
from steadynet.explorer.state import state_of

RECORDED = recording.load("batch_norm_depth")
SHALLOW = {"depth": 2, "activation": "relu", "learning_rate": 0.1}


@pytest.fixture(scope="module")
def demo():
    return demos.batch_norm_demo()


def words(demo, **setting):
    return demo.outcome.at(demo.controls, demo.complete(setting))


def test_curves_are_those_of_the_recording_in_windows_of_twenty(demo):
    at = demo.indices({**SHALLOW, "normalize": "batch norm", "batch_size": 8})
    mine = demo.arrays["accuracy"][at]
    theirs = RECORDED.get("accuracy", normalize="batch norm", batch_size=8, **SHALLOW)
    np.testing.assert_allclose(
        mine, theirs.astype("f4").reshape(5, -1, 2).mean(-1), rtol=1e-3, atol=1e-3
    )


def test_layers_beyond_the_depth_are_not_there(demo):
    at = demo.indices(SHALLOW)
    gradients = demo.arrays["gradients"][at]
    assert np.isfinite(gradients[:, :2]).all()
    assert np.isnan(gradients[:, 2:]).all()


def test_gradients_are_norms_and_no_logarithms(demo):
    at = demo.indices(SHALLOW)
    logs = RECORDED.get("gradients", normalize="none", batch_size=64, **SHALLOW).astype("f8")
    np.testing.assert_allclose(
        demo.arrays["gradients"][at][0, 0], 10 ** np.median(logs[:, 0, 0]), rtol=1e-3
    )


def test_outcome_tells_chance_from_learning(demo):
    assert words(demo).startswith("At chance")
    assert "of test pictures right" in words(demo, normalize="batch norm")


def test_presets_make_their_points():
    deep = [
        RECORDED.get("test_accuracy", depth=20, activation="sigmoid", batch_size=64, **at)
        for at in (
            {"normalize": "none", "learning_rate": 0.3},
            {"normalize": "batch norm", "learning_rate": 0.3},
        )
    ]
    assert deep[0].max() < 0.15
    assert deep[1].min() > 0.5
    shallow = [
        RECORDED.get("test_accuracy", normalize=n, batch_size=64, **SHALLOW)
        for n in ("none", "batch norm")
    ]
    assert abs(np.median(shallow[1]) - np.median(shallow[0])) < 0.1
    noisy = [
        np.median(
            RECORDED.get(
                "test_accuracy",
                depth=10,
                activation="relu",
                normalize="batch norm",
                batch_size=size,
                learning_rate=0.3,
            )
        )
        for size in (8, 64)
    ]
    assert noisy[0] < noisy[1] - 0.1


def test_code_builds_the_network_at_each_setting(demo):
    code = code_at(demo, {**SHALLOW, "normalize": "batch norm"})
    assert "BatchNormalization(momentum=0.9)" in code
    assert "use_bias=False" in code
    scope = {}
    exec(code.replace("model.fit(x, y,", "model.fit(x[:64], y[:64], verbose=0,"), scope)
    kinds = [type(layer).__name__ for layer in scope["model"].layers]
    assert kinds == ["Dense", "BatchNormalization", "Activation"] * 2 + ["Dense"]
    assert "BatchNormalization" not in code_at(demo, SHALLOW)


def test_live_run_streams_curves_and_looks_and_matches_the_network_recorded(demo):
    seen = []
    setting = demo.complete({**SHALLOW, "normalize": "batch norm"})
    outcome = demo.train(setting, lambda arrays, progress: seen.append((arrays, progress)))
    first, last = seen[0][0], seen[-1][0]
    assert first["gradients"].shape == (1, 30)
    assert "accuracy" not in first
    assert last["accuracy"].shape == (experiment.STEPS // batch_norm.APART,)
    assert last["activations"].shape == (len(experiment.MOMENTS), 30, 3)
    assert seen[-1][1] == 1
    right = float(outcome.split("trained here: ")[1].split(" %")[0])
    recorded = 100 * RECORDED.get("test_accuracy", **{**setting, "learning_rate": 0.1})
    assert recorded.min() - 8 < right < recorded.max() + 8


def test_live_run_ends_when_it_is_cancelled(demo):
    calls = []

    def report(_, progress):
        calls.append(progress)
        if progress >= 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        demo.train(demo.complete({**SHALLOW, "normalize": "batch norm"}), report)
    assert calls[-1] < 0.3


def test_state_stays_small(demo):
    size = sum(len(array["data"]) for array in state_of(demo)["arrays"].values())
    assert size < 800_000
    assert demo.fallback().startswith("<svg")
