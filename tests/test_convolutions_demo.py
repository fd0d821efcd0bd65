"""The convolutions explorer shows its recording, says what was not run, and its code trains."""

import ast

import numpy as np
import pytest
import synthetic_convolutions
from shown import code_at

from steadynet import demos, recording
from steadynet.demos.deep_convolutions.runs import BEST, run_at
from steadynet.demos.deep_convolutions.words import not_run, outcome
from steadynet.experiments.arms import at_chosen_rate
from steadynet.explorer.state import state_of

MADE_UP = synthetic_convolutions.deep()


@pytest.fixture(scope="module")
def demo():
    """Over a recording that is made up, so that what it should say is known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "load", lambda _: MADE_UP)
        return demos.load("convolutions")


def words(demo, **setting):
    return demo.outcome.at(demo.controls, demo.complete(setting))


def gap(recorded, **at):
    """Median accuracy with and without, each at its rate, in points."""
    pair = [run_at(recorded, kind=kind, **at)[1] for kind in (at.pop("kind"), "none")]
    return 100 * (np.median(pair[0]) - np.median(pair[1]))


# --- what is shown


def test_controls_are_the_axes_with_the_best_rate_before_the_others(demo):
    axes = MADE_UP.axes
    assert [control.name for control in demo.controls] == list(axes)[:-1]
    assert demo.control("kind").values == axes["kind"][1:]
    assert demo.control("learning_rate").values == (BEST, *axes["learning_rate"])
    assert demo.control("depth").values == axes["depth"]
    assert demo.control("budget").values == axes["budget"]
    assert demo.control("learning_rate").texts[0] == "each at its best"
    assert demo.control("budget").texts[-1] == "2,000"


def test_each_network_stands_at_the_rate_that_validation_chose_for_it(demo):
    at = {"depth": 20, "budget": 300}
    place = demo.indices({**at, "kind": "group norm"})
    for name, kind in (("added", "group norm"), ("plain", "none")):
        want = at_chosen_rate(MADE_UP, "test_accuracy", kind=kind, **at)
        np.testing.assert_array_equal(demo.arrays[name][place], want)


def test_both_networks_stand_at_a_rate_that_the_reader_picks(demo):
    at = {"depth": 5, "learning_rate": 0.2, "budget": 100}
    place = demo.indices({**at, "kind": "batch norm"})
    for name, kind in (("added", "batch norm"), ("plain", "none")):
        want = MADE_UP.get("test_accuracy", kind=kind, **at)
        np.testing.assert_array_equal(demo.arrays[name][place], want.astype("f8"))


def test_what_was_not_run_is_not_there(demo):
    for setting in (
        {"kind": "layer norm", "depth": 5},
        {"kind": "layer norm", "learning_rate": 0.5},
        {"kind": "layer norm", "budget": 2000},
    ):
        assert np.isnan(demo.arrays["added"][demo.indices(setting)]).all()
    assert np.isfinite(demo.arrays["plain"][demo.indices({"depth": 5})]).all()


# --- what is said


def test_outcome_says_both_accuracies_their_rates_and_the_points_between(demo):
    pair = [
        at_chosen_rate(MADE_UP, "test_accuracy", kind=kind, depth=20, budget=300)
        for kind in ("batch norm", "none")
    ]
    mine, plain = (round(100 * np.median(values)) for values in pair)
    low, high = (round(100 * edge(pair[0] - pair[1])) for edge in (np.min, np.max))
    assert words(demo) == (
        f"After 300 steps: {mine} % right with batch norm (rate 0.2), {plain} % without "
        f"(rate 0.02): {mine - plain} points ({low} to {high} by seed). After 2,000: 5."
    )


def test_after_the_last_step_it_says_where_the_networks_were_farthest_apart(demo):
    gaps = {
        budget: gap(MADE_UP, kind="batch norm", depth=20, learning_rate=BEST, budget=budget)
        for budget in MADE_UP.axes["budget"]
    }
    widest = max(gaps, key=gaps.get)
    assert f" At most, after {widest}: {gaps[widest]:.0f}." in words(demo, budget=2000)


def test_after_the_last_step_it_says_what_longer_runs_found(demo):
    setting = {"kind": "batch norm", "depth": 20, "learning_rate": BEST}
    found = gap(MADE_UP.stresses["long"], **setting, budget=6000)
    assert words(demo, budget=2000).endswith(f" In longer runs, after 6,000: {found:.0f}.")
    for other in ({"kind": "residual"}, {"depth": 2}, {"budget": 1500}):
        assert "longer" not in words(demo, **{"budget": 2000, **other})


def test_points_of_a_kind_that_ended_earlier_are_those_of_its_last_steps(demo):
    assert " After 1,000: " in words(demo, kind="layer norm")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"depth": 5}, "Layer norm was not run with 5 convolutions, only with 20."),
        (
            {"learning_rate": 0.5},
            "Layer norm was not run at rate 0.5 here, only at 0.02 and 0.05.",
        ),
        ({"budget": 2000}, "Layer norm was not run for 2,000 steps here, only up to 1,000."),
    ],
)
def test_what_was_not_run_is_said(demo, setting, said):
    assert words(demo, kind="layer norm", **setting) == said


def test_a_plain_network_that_was_not_run_is_said_beside_the_other(demo):
    found = words(demo, learning_rate=0.5)
    at = {"kind": "batch norm", "depth": 20, "learning_rate": 0.5, "budget": 300}
    right = round(100 * np.median(MADE_UP.get("test_accuracy", **at)))
    assert found.startswith(f"After 300 steps: {right} % right with batch norm (rate 0.5). The ")
    assert found.endswith(
        "plain network was not run at rate 0.5 here, only at 0.005, 0.01, 0.02 and 0.05."
    )


def test_a_plain_network_that_is_ahead_is_points_below_none():
    shares = {"none": (0.625, 0.75), "batch norm": (0.5, 0.74)}
    axes = {"kind": tuple(shares), "depth": (2,), "learning_rate": (0.1,), "budget": (30, 100)}
    values = np.repeat(np.reshape(list(shares.values()), (2, 1, 1, 2, 1)), 3, axis=-1)
    arrays = {"validation_accuracy": values, "test_accuracy": values}
    made = recording.Recording("demo", {**axes, "seed": (0, 1, 2)}, arrays, {})
    at = {"kind": "batch norm", "depth": 2, "learning_rate": BEST}
    assert "62 % without (rate 0.1): −12 points (−12 to −12 by seed). After 100: −1." in outcome(
        made, **at, budget=30
    )
    assert ": −1 point (−1 to −1 by seed). At most, after 30: −12." in outcome(
        made, **at, budget=100
    )


def test_a_kind_that_was_run_nowhere_is_said():
    shares = np.full((2, 1, 1, 1, 2), np.nan)
    axes = {"kind": ("none", "clipped"), "depth": (2,), "learning_rate": (0.1,), "budget": (30,)}
    arrays = {"validation_accuracy": shares, "test_accuracy": shares}
    nothing = recording.Recording("demo", {**axes, "seed": (0, 1)}, arrays, {})
    at = {"kind": "clipped", "depth": 2, "learning_rate": BEST, "budget": 30}
    assert outcome(nothing, **at) == "Clipping was not run."


def test_one_place_alone_is_listed_without_an_and():
    at = {"depth": 2, "learning_rate": BEST, "budget": 50}
    assert not_run(MADE_UP, kind="residual", **at).endswith("only with 20.")


# --- the presets keep their word


@pytest.fixture(params=["made up", "recorded"])
def recorded(request):
    """What the explorer is over, and what it is tried with."""
    return MADE_UP if request.param == "made up" else recording.load("deep_convolutions")


def test_presets_show_what_they_say(demo, recorded):
    early, later, two = (gap(recorded, **demo.complete(preset.settings)) for preset in demo.presets)
    assert early > 20, "tremendous"
    assert -3 < later < early / 2, "a few points"
    assert abs(two) < 10, "little"


def test_it_opens_at_the_first_preset(demo):
    assert demo.complete({}) == demo.complete(demo.presets[0].settings)
    assert demo.question.endswith("?")


# --- the code beside it, and its size


@pytest.mark.parametrize(
    ("setting", "network", "rate", "clipped"),
    [
        ({}, "batch norm", 0.2, False),
        ({"kind": "clipped"}, "none", 0.1, True),
        ({"kind": "clipped batch norm", "learning_rate": 0.1}, "batch norm", 0.1, True),
        ({"kind": "residual", "depth": 5}, "residual", 0.1, False),
    ],
)
def test_code_names_network_steps_and_rate(demo, setting, network, rate, clipped):
    code = code_at(demo, setting)
    given = {k.arg: k.value for call in calls(code) for k in call.keywords}
    assert ast.literal_eval(given["kind"]) == network
    assert ast.literal_eval(given["depth"]) == demo.complete(setting)["depth"]
    assert ast.literal_eval(given["steps"]) == 300
    assert ast.literal_eval(given["learning_rate"]) == rate
    assert ("clip" in given) == ("threshold" in given) == clipped


def calls(code):
    """Every call in a code."""
    return [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]


@pytest.mark.slow
def test_code_trains_as_recorded(demo, capsys):
    setting = {"depth": 2, "kind": "batch norm", "learning_rate": 0.1, "budget": 50}
    exec(code_at(demo, setting), {})
    said = ast.literal_eval(capsys.readouterr().out.strip().splitlines()[-1])
    want = recording.load("deep_convolutions").get("test_accuracy", seed=0, **setting)
    assert abs(said["accuracy"] - want) < 0.02


def test_state_stays_small_and_a_figure_stands_in(demo):
    assert sum(len(array["data"]) for array in state_of(demo)["arrays"].values()) < 100_000
    assert demo.fallback().startswith("<svg")
    assert demo.alt.endswith(".")
