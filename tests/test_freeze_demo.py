"""The freeze explorer shows its recording, its code runs, its live run is of the recorded kind."""

import numpy as np
import pytest
from shown import code_at

from steadynet import demos, recording
from steadynet.demos.frozen_layers import demo as freeze
from steadynet.experiments import frozen_layers as experiment
from steadynet.explorer import Cancelled
from steadynet.explorer.state import state_of
from steadynet.tasks import transfer

RECORDED = recording.load("frozen_layers")


@pytest.fixture(scope="module")
def demo():
    return demos.freeze_demo()


@pytest.fixture
def brief(monkeypatch):
    """A first network that trained for a few steps only: enough to see it reused."""
    whole = transfer.pretrained
    monkeypatch.setattr(transfer, "pretrained", lambda name, seed, _steps: whole(name, seed, 20))


def ends(demo, label, **changes):
    """Accuracy of each seed at a preset, and of scratch beside it."""
    (found,) = [p for p in demo.presets if p.label == label]
    at = demo.indices({**found.settings, **changes})
    return demo.arrays["final"][at], demo.arrays["scratch"][at]


def test_arrays_are_those_of_the_recording(demo):
    at = {"task": "footwear", "start": "pretrained", "n_frozen": 3, "labels": 30}
    place = demo.indices(at)
    np.testing.assert_array_equal(demo.arrays["accuracy"][place], RECORDED.get("accuracy", **at))
    scratch = experiment.final(RECORDED, **{**at, "start": "random", "n_frozen": 0})
    np.testing.assert_array_equal(demo.arrays["scratch"][place], scratch)
    assert demo.arrays["frozen"][place] == 3


def test_drawn_network_is_the_one_that_is_trained(demo):
    layers = [layer for layer in transfer.network(3, 0).layers if layer.count_params()]
    drawn = [layer.parameters for layer in demo.panels[0].layers if layer.parameters]
    assert drawn == [layer.count_params() for layer in layers]


def test_presets_show_what_they_say(demo):
    freeze_two, scratch = ends(demo, "Freeze two")
    assert (freeze_two > scratch).all()
    first = demo.arrays["accuracy"][demo.indices({})][:, 0]
    fresh = demo.arrays["accuracy"][demo.indices({"start": "random", "n_frozen": 0})][:, 0]
    assert np.median(first) > np.median(fresh)
    too_much, scratch = ends(demo, "Freeze too much")
    assert np.median(too_much) < np.median(scratch)
    few, scratch = ends(demo, "Few labels")
    assert (few > scratch).sum() == 4
    random, _ = ends(demo, "Random filters")
    learned, _ = ends(demo, "Random filters", start="pretrained")
    assert (random < learned).all()
    own, scratch = ends(demo, "From scratch")
    np.testing.assert_array_equal(own, scratch)


def test_outcome_counts_the_seeds_that_beat_scratch(demo):
    at = {"task": "footwear", "start": "pretrained", "n_frozen": 3, "labels": 30}
    said = demo.outcome.at(demo.controls, at)
    assert said.endswith("better than scratch on 4 of 5 seeds.")
    at = {**at, "start": "random", "n_frozen": 0}
    assert demo.outcome.at(demo.controls, at).startswith("From scratch: ")


def test_page_stays_light_and_has_a_figure_without_scripts(demo):
    packed = state_of(demo)["arrays"]
    assert sum(len(array["data"]) for array in packed.values()) < 700_000
    assert demo.fallback().startswith("<svg")
    assert demo.alt.endswith(".")
    assert RECORDED.meta["versions"]["tensorflow"] in demo.note


def test_values_lie_on_their_axes(demo):
    for panel in demo.panels[1:]:
        low, high = panel.y_domain
        assert low <= np.nanmin(demo.arrays[panel.y])
        assert np.nanmax(demo.arrays[panel.y]) <= high


@pytest.mark.slow
@pytest.mark.parametrize("start", ["pretrained", "random"])
def test_code_trains_the_layers_it_says(demo, start, capsys):
    code = code_at(demo, {"start": start, "n_frozen": 2, "labels": 30})
    assert "epochs=160" in code
    names = {}
    exec(code.replace("epochs=160", "epochs=2").replace("epochs=7", "epochs=1"), names)
    lower = [layer for layer in names["new"].layers if layer.weights][:2]
    assert not any(layer.trainable for layer in lower)
    np.testing.assert_array_equal(lower[0].kernel, names["old"].layers[0].kernel)
    assert "accuracy" in capsys.readouterr().out


def test_epochs_make_the_steps_of_the_recording():
    steps = [int(freeze._epochs(n)) * -(-n // 32) for n in experiment.LABELS]
    assert steps == [160] * 5


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_live_run_streams_and_is_of_the_recorded_kind(demo):
    seen = []
    setting = demo.complete({"labels": 30})
    said = demo.train(setting, lambda arrays, progress: seen.append((arrays, progress)))
    assert said.startswith("Seed 5, trained here: ")
    assert [progress for _, progress in seen] == [i / 8 for i in range(9)]
    assert [len(a["accuracy"]) for a, _ in seen[1:]] == list(range(1, 9))
    weights = transfer.start("tops", 5, "all but tops")
    data = transfer.labelled("tops", 30, 5)
    again = transfer.train(data, 3, weights, 2, seed=5, steps=160, every=20)
    np.testing.assert_array_equal(seen[-1][0]["accuracy"], again["accuracy"])
    assert seen[-1][0]["final"] == again["accuracy"][-1]


@pytest.mark.usefixtures("brief")
def test_live_run_ends_at_the_next_look_when_a_newer_move_comes(demo):
    looks = []

    def report(arrays, _progress):
        looks.append(arrays)
        if arrays:
            raise Cancelled

    with pytest.raises(Cancelled):
        demo.train(demo.complete({"start": "random"}), report)
    assert len(looks) == 2


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_prepare_compiles_every_number_of_frozen_layers():
    assert len(list(freeze.LIVE.prepare())) == 5
    for n_frozen in range(5):
        count = transfer.trainer(3, n_frozen)._compiled.experimental_get_tracing_count
        assert count() >= 1
