"""Figures on batch normalization say what their recordings say."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from steadynet import figures, recording
from steadynet.experiments import moving_statistics_lag
from steadynet.experiments.arms import at_best_rate, at_chosen_rate

PLOTS = {
    figures.plot_accuracy_by_depth: ("batch_norm_depth", {"activation": "relu"}),
    figures.plot_accuracy_by_rate: ("batch_norm_depth", {"depth": 20, "activation": "sigmoid"}),
    figures.plot_batch_sizes: ("batch_norm_batch_size", {}),
    figures.plot_placements: ("batch_norm_placement", {}),
    figures.plot_input_quantiles: ("input_distribution", {"normalize": "none", "rate": 0.3}),
    figures.plot_noisy: ("noisy_batch_norm", {"rate": 0.1, "budget": 400}),
    figures.plot_loss_along: ("noisy_batch_norm", {"rate": 0.03, "budget": 400}),
    figures.plot_moving_lag: ("moving_statistics_lag", {}),
}


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.mark.parametrize("plot", PLOTS, ids=[plot.__name__ for plot in PLOTS])
def test_figure_draws_on_the_axes_given_and_names_what_it_shows(plot, ax):
    name, options = PLOTS[plot]
    assert plot(recording.load(name), ax=ax, **options) is ax
    assert ax.get_ylabel()
    assert ax.get_legend().get_texts()
    assert ax.has_data()


def test_depth_shows_the_median_at_each_arms_best_rate(ax):
    runs = recording.load("batch_norm_depth")
    figures.plot_accuracy_by_depth(runs, "sigmoid", ax=ax)
    at = {"activation": "sigmoid", "batch_size": 64, "normalize": "batch norm"}
    want = [
        np.median(at_best_rate(runs, "test_accuracy", depth=d, **at)) for d in (2, 5, 10, 20, 30)
    ]
    line = next(x for x in ax.get_lines() if x.get_label() == "with batch norm")
    np.testing.assert_allclose(line.get_ydata(), want)


def line(ax, label):
    return next(each for each in ax.get_lines() if each.get_label() == label)


def test_loss_rises_along_the_gradient_without_batch_norm_and_falls_with_it_noise_or_not(ax):
    figures.plot_loss_along(recording.load("noisy_batch_norm"), 0.03, 400, ax=ax)
    assert line(ax, "without").get_ydata()[-1] > 1.5
    assert line(ax, "without").get_ydata()[1] < 1
    for label in ("with batch norm", "with noise 1"):
        assert (np.diff(line(ax, label).get_ydata()) < 0).all()


def test_noisy_figure_shows_what_its_text_alternative_says(ax):
    runs, medians = recording.load("noisy_batch_norm"), {}
    for rate in (0.03, 0.1, 0.3):
        ax.clear()
        figures.plot_noisy(runs, rate, 400, ax=ax)
        points = {each.get_label(): each.get_xydata() for each in ax.get_lines()}
        assert [len(xy) for xy in points.values()] == [5] * 6
        medians[rate] = {label: np.median(xy, axis=0) for label, xy in points.items()}
        plain, *others = medians[rate].values()
        moves, accuracy = np.transpose(others)
        assert (np.diff(moves) > 0).all(), "with noise to the right"
        assert (np.diff(accuracy) < 0).all(), "and down"
        assert plain[0] > medians[rate]["with noise 1"][0]
    plain = {rate: found["without"][1] for rate, found in medians.items()}
    assert abs(plain[0.03] - medians[0.03]["with batch norm"][1]) < 3
    assert medians[0.1]["with noise 2"][1] < plain[0.1] < medians[0.1]["with noise 1"][1]
    assert abs(plain[0.3] - medians[0.3]["with noise 4"][1]) < 10


def test_placements_show_a_point_a_seed(ax):
    figures.plot_placements(recording.load("batch_norm_placement"), ax=ax)
    points = [line for line in ax.get_lines() if line.get_marker() == "o"]
    assert [len(line.get_ydata()) for line in points] == [5] * 9


def test_batch_sizes_show_the_median_at_the_rates_chosen_on_validation(ax):
    runs = recording.load("batch_norm_batch_size")
    figures.plot_batch_sizes(runs, budget=80, ax=ax)
    at = {"normalize": "none", "budget": 80}
    sizes = runs.axes["batch_size"]
    want = [np.median(at_chosen_rate(runs, "test_accuracy", batch_size=b, **at)) for b in sizes]
    line = next(x for x in ax.get_lines() if x.get_label() == "without")
    np.testing.assert_allclose(line.get_ydata(), want)


def test_lag_shows_each_momentum_as_far_as_it_was_trained(ax):
    figures.plot_moving_lag(recording.load("moving_statistics_lag"), ax=ax)
    ends = {line.get_label(): line.get_xdata()[-1] for line in ax.get_lines()}
    late, longest = moving_statistics_lag.LATE, moving_statistics_lag.LONGEST
    assert ends == {"0": late, "0.9": late, "0.99": late, "0.999": longest, "batch's own": longest}


def test_inputs_are_drawn_over_all_steps_in_order(ax):
    runs = recording.load("input_distribution")
    figures.plot_input_quantiles(runs, "none", 0.3, seed=2, unit=3, ax=ax)
    (median,) = ax.get_lines()
    np.testing.assert_array_equal(median.get_xdata(), np.arange(50, 3001, 50))
    recorded = runs.get("inputs", normalize="none", learning_rate=0.3, seed=2)[:, :, 1, 3]
    np.testing.assert_allclose(median.get_ydata(), recorded.ravel(), rtol=1e-6)
