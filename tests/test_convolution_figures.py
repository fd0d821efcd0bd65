"""Figures on convolution networks say what their recordings say, and leave out what was not run."""

import dataclasses

import numpy as np
import pytest
import synthetic_convolutions
from matplotlib.figure import Figure

from steadynet import figures
from steadynet.experiments.arms import at_chosen_rate
from steadynet.figures.convolutions import KINDS

DEEP, SIZES = synthetic_convolutions.deep(), synthetic_convolutions.batch_sizes()


@pytest.fixture
def ax():
    return Figure().subplots()


def lines(ax):
    """What has a name: one line a kind."""
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def test_every_kind_has_a_name():
    assert tuple(KINDS) == DEEP.axes["kind"]


def test_steps_show_the_median_at_the_rate_chosen_at_each_budget(ax):
    assert figures.plot_accuracy_over_steps(DEEP, 20, ("none", "batch norm"), ax=ax) is ax
    assert list(lines(ax)) == ["plain", "batch norm"]
    budgets = DEEP.axes["budget"]
    at = {"kind": "none", "depth": 20}
    want = [at_chosen_rate(DEEP, "test_accuracy", budget=b, **at) for b in budgets]
    np.testing.assert_array_equal(lines(ax)["plain"].get_xdata(), budgets)
    np.testing.assert_array_equal(lines(ax)["plain"].get_ydata(), np.median(want, axis=-1))
    edge = ax.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([edge.min(), edge.max()], [np.min(want), np.max(want)])
    assert ax.get_xscale() == "log"
    assert ax.get_ylabel() == "test accuracy"
    assert ax.get_title() == "20 convolutions"


def test_steps_are_written_as_people_say_them_where_there_is_room(ax):
    figures.plot_accuracy_over_steps(DEEP, 20, ("none",), ax=ax)
    ticks = [text.get_text() for text in ax.get_xticklabels()]
    assert ticks == ["50", "100", "200", "500", "1,000", "2,000"]


def test_many_kinds_are_named_beside_the_axes(ax):
    figures.plot_accuracy_over_steps(DEEP, 20, DEEP.axes["kind"], ax=ax)
    assert len(ax.get_legend().get_texts()) == 10
    ax.figure.canvas.draw()
    assert ax.get_legend().get_window_extent().x0 >= ax.get_window_extent().x1


def test_steps_end_where_a_kind_was_run_no_longer(ax):
    figures.plot_accuracy_over_steps(DEEP, 20, ("layer norm", "clipped"), ax=ax)
    assert lines(ax)["layer norm"].get_xdata()[-1] == 1000
    assert lines(ax)["clipping"].get_xdata()[-1] == 2000


def test_steps_refuse_a_kind_that_was_not_run_there(ax):
    with pytest.raises(ValueError, match=r"`kinds` must be run at 5 convolutions.*'layer norm'"):
        figures.plot_accuracy_over_steps(DEEP, 5, ("none", "layer norm"), ax=ax)


def test_kinds_show_a_dot_a_seed_and_their_median(ax):
    assert figures.plot_accuracy_by_kind(DEEP, 20, 300, ax=ax) is ax
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == list(KINDS.values())
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    medians = [line for line in ax.lines if line.get_marker() == "|"]
    for y, kind in enumerate(DEEP.axes["kind"]):
        want = at_chosen_rate(DEEP, "test_accuracy", kind=kind, depth=20, budget=300)
        np.testing.assert_array_equal(dots[y].get_xdata(), want)
        assert medians[y].get_xdata() == np.median(want)
        assert set(dots[y].get_ydata()) == {y}
    assert ax.get_ylim() == (9.5, -0.5), "the first kind is on top"
    assert ax.get_title() == "20 convolutions, 300 steps"


@pytest.mark.parametrize(
    ("depth", "budget", "left"),
    [
        (2, 300, ["plain", "batch norm"]),
        (20, 2000, ["plain", "batch norm", "clipping", "batch norm, clipped"]),
    ],
)
def test_kinds_that_were_not_run_are_left_out(ax, depth, budget, left):
    figures.plot_accuracy_by_kind(DEEP, depth, budget, ax=ax)
    assert [text.get_text() for text in ax.get_yticklabels()] == left


def test_the_plain_network_is_a_line_through_all_kinds(ax):
    figures.plot_accuracy_by_kind(DEEP, 20, 300, ax=ax)
    (dashed,) = [line for line in ax.lines if line.get_linestyle() == "--"]
    plain = at_chosen_rate(DEEP, "test_accuracy", kind="none", depth=20, budget=300)
    assert set(dashed.get_xdata()) == {np.median(plain)}


@pytest.mark.parametrize(("budget", "shown"), [(None, 200), (50, 50)])
def test_batch_sizes_are_those_run_at_the_budget(ax, budget, shown):
    assert figures.plot_accuracy_over_batch_sizes(SIZES, budget=budget, ax=ax) is ax
    assert list(lines(ax)) == ["plain", "batch norm", "layer norm", "group norm"]
    sizes, at = SIZES.axes["batch_size"], {"kind": "group norm", "budget": shown}
    want = [at_chosen_rate(SIZES, "test_accuracy", batch_size=s, **at) for s in sizes]
    np.testing.assert_array_equal(lines(ax)["group norm"].get_xdata(), sizes)
    np.testing.assert_array_equal(lines(ax)["group norm"].get_ydata(), np.median(want, axis=-1))
    assert ax.get_xlabel() == "batch size"
    assert ax.get_title() == f"{shown} steps"


def test_batch_sizes_that_were_not_run_are_left_out(ax):
    shares = SIZES.arrays["test_accuracy"].copy()
    shares[0, 0], shares[3] = np.nan, np.nan
    arrays = {"test_accuracy": shares, "validation_accuracy": shares}
    figures.plot_accuracy_over_batch_sizes(dataclasses.replace(SIZES, arrays=arrays), ax=ax)
    assert list(lines(ax)) == ["plain", "batch norm", "layer norm"]
    assert lines(ax)["plain"].get_xdata().tolist() == [8, 32, 128, 512]
