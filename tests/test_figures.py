"""Figures say what their data says: lines, labels, limits and legends."""

import math
import subprocess
import sys
import warnings
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from steadynet import figures, recording
from steadynet.experiments import adaptive_clipping, cliff, clip_threshold
from steadynet.figures import style
from steadynet.tasks import temporal_order

RECORDINGS = {
    figures.plot_backward_norms: ("gradient_flow", {"way": "time", "activation": "tanh"}),
    figures.plot_angles: ("clip_direction", {}),
    figures.plot_learning_curves: (
        "clip_threshold",
        {"thresholds": (0.005, math.inf), "rate": 0.2},
    ),
    figures.plot_steps_by_threshold: ("clip_threshold", {}),
    figures.plot_product: ("clip_threshold", {}),
    figures.plot_best_thresholds: ("clip_threshold", {}),
    figures.plot_sequence_length: ("sequence_length", {}),
    figures.plot_adaptive_clipping: ("adaptive_clipping", {}),
    figures.plot_rounding: ("rounding", {}),
}
every_recorded_figure = pytest.mark.parametrize(
    "plot", RECORDINGS, ids=[plot.__name__ for plot in RECORDINGS]
)


@pytest.fixture
def ax():
    return Figure().subplots()


def draw(plot, ax, **changes):
    name, options = RECORDINGS[plot]
    return plot(recording.load(name), **options | changes, ax=ax)


def labelled(ax):
    """Lines with a name, by that name."""
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# --- what holds for all of them


@every_recorded_figure
def test_figure_draws_on_the_axes_given_and_names_what_it_shows(plot, ax):
    before = plt.get_fignums()
    assert draw(plot, ax) is ax
    assert plt.get_fignums() == before, "no other figure is opened"
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert set(legend(ax)) == {h.get_label() for h in ax.get_legend_handles_labels()[0]}
    looks = [(line.get_color(), line.get_marker()) for line in labelled(ax).values()]
    assert len(set(looks)) == len(looks), "no two lines look alike"


@every_recorded_figure
def test_figure_opens_axes_where_none_are_given(plot):
    assert draw(plot, None).figure.number in plt.get_fignums()


@every_recorded_figure
def test_figure_can_be_drawn_without_a_warning(plot, ax):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(plot, ax)
        ax.figure.draw_without_rendering()


def test_every_public_plot_of_these_chapters_is_tested():
    modules = {figures.clipping.__name__, figures.exploding.__name__}
    public = {getattr(figures, name) for name in figures.__all__}
    plots = {f for f in public if f.__module__ in modules}
    assert plots - set(RECORDINGS) == {
        figures.plot_cliff,
        figures.plot_clip_geometry,
        figures.plot_rules,
    }


# --- one by one


def test_backward_norms_begin_at_one_and_go_back(ax):
    draw(figures.plot_backward_norms, ax)
    flow = recording.load("gradient_flow")
    assert list(labelled(ax)) == [f"{gain:g}" for gain in flow.axes["gain"]]
    line = labelled(ax)["1.2"]
    norms = flow.get("time", activation="tanh", gain=1.2)
    assert line.get_ydata()[0] == 1
    assert line.get_ydata()[-1] == np.median(norms[:, 0] / norms[:, -1])
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == "steps in time back from the loss"
    assert ax.get_title() == "tanh, through time"


def test_cliff_shows_the_surface_and_each_path_from_its_start(ax):
    w, b, error = cliff.surface(21)
    path = np.array([[4.0, -2.0], [4.5, -2.5], [40.0, 0.0]])
    figures.plot_cliff((w, b, error), [("thrown", path), ("kept", path[:2])], ax=ax)
    np.testing.assert_array_equal(labelled(ax)["thrown"].get_xydata(), path)
    starts = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "*"]
    assert starts == [[4, -2], [4, -2]]
    assert ax.get_xlim() == cliff.W_RANGE
    assert ax.get_ylim() == cliff.B_RANGE
    assert legend(ax) == ["thrown", "kept"]
    assert ax.figure.axes[1].get_ylabel() == "error"


def test_cliff_without_paths_has_no_legend(ax):
    assert figures.plot_cliff(cliff.surface(21), ax=ax).get_legend() is None


def test_geometry_shows_each_arrow_at_its_tip(ax):
    tips = {"gradient": [0.5, 3.0], "by value": [0.5, 1.0], "by norm": [0.16, 0.99]}
    clipped = {name: tip for name, tip in tips.items() if name != "gradient"}
    figures.plot_clip_geometry(tips["gradient"], clipped, ax=ax)
    for name, tip in tips.items():
        np.testing.assert_array_equal(labelled(ax)[name].get_xydata(), [tip])
    assert [tuple(arrow.xy) for arrow in ax.texts] == [tuple(tip) for tip in tips.values()]
    assert ax.get_xlim()[1] == ax.get_ylim()[1] > 3
    assert ax.get_aspect() == 1


def test_angles_are_medians_over_the_run(ax):
    draw(figures.plot_angles, ax)
    turned = recording.load("clip_direction")
    angle = np.median(turned.get("angle", method="value"), axis=-1)
    line = labelled(ax)["by value"]
    np.testing.assert_array_equal(line.get_ydata(), np.median(angle, axis=-1))
    np.testing.assert_array_equal(line.get_xdata(), turned.axes["threshold"])
    assert labelled(ax)["global norm"].get_ydata().max() < 0.01


def test_learning_curves_show_every_seed_and_the_median(ax):
    draw(figures.plot_learning_curves, ax)
    assert list(labelled(ax)) == ["clip at 0.005", "never clip"]
    runs = recording.load("clip_threshold").get(
        "accuracy", method="global_norm", learning_rate=0.2, threshold=0.005
    )
    median = labelled(ax)["clip at 0.005"]
    np.testing.assert_array_equal(median.get_ydata(), np.median(runs, axis=0))
    assert median.get_xdata()[-1] == temporal_order.STEPS
    same = [line for line in ax.lines if line.get_color() == median.get_color()]
    assert len(same) == 1 + len(runs)
    assert ax.get_ylim() == (0, 1.03)


def test_steps_by_threshold_puts_unsolved_runs_in_their_band(ax):
    draw(figures.plot_steps_by_threshold, ax)
    sweep = recording.load("clip_threshold")
    steps = temporal_order.solved_at(sweep, method="global_norm", learning_rate=0.2)
    line = labelled(ax)["0.2"].get_ydata()
    never = sweep.axes["threshold"].index(math.inf)
    assert line[never] == 1.5 * clip_threshold.STEPS
    assert line[sweep.axes["threshold"].index(1.0)] == np.median(
        steps[sweep.axes["threshold"].index(1.0)]
    )
    (band,) = ax.patches
    low, high = band.get_y(), band.get_y() + band.get_height()
    assert clip_threshold.STEPS < low < line[never] < high
    assert ax.get_xticklabels()[-1].get_text() == "never"
    x = labelled(ax)["0.2"].get_xdata()
    assert (np.diff(x) > 0).all()


def test_product_draws_only_what_every_seed_solved(ax):
    draw(figures.plot_product, ax)
    for line in labelled(ax).values():
        assert np.isfinite(line.get_ydata()).all()
    sweep = recording.load("clip_threshold")
    solved = clip_threshold.solved(sweep, method="global_norm", learning_rate=0.05)[:-1].all(axis=1)
    x = 0.05 * np.array(sweep.axes["threshold"][:-1])[solved]
    np.testing.assert_allclose(labelled(ax)["0.05"].get_xdata(), x)


def test_best_thresholds_stand_beside_inverse_proportion(ax):
    draw(figures.plot_best_thresholds, ax)
    points, line = ax.lines
    best = clip_threshold.best_thresholds(recording.load("clip_threshold"))
    np.testing.assert_allclose(points.get_ydata(), best)
    products = line.get_xdata() * line.get_ydata()
    np.testing.assert_allclose(products, products[0])
    np.testing.assert_allclose(np.log(products[0]), np.log(best * points.get_xdata()).mean())
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [
        "0.05",
        "0.1",
        "0.2",
        "0.4",
        "0.8",
    ]


def test_rules_stand_over_the_band_of_what_works(ax):
    rules = clip_threshold.rules_of_thumb(recording.load("clip_threshold"))
    figures.plot_rules(rules, ax=ax)
    for name in ("half the mean norm", "ten times the mean norm", "90th percentile"):
        np.testing.assert_array_equal(labelled(ax)[name].get_ydata(), rules[name])
    (band,) = ax.collections
    heights = band.get_paths()[0].vertices[:, 1]
    works = np.array(rules["works"])
    assert heights.min() == works.min()
    assert heights.max() == works.max()


def test_sequence_length_shows_shares_of_seeds(ax):
    draw(figures.plot_sequence_length, ax)
    assert list(labelled(ax)) == ["clipped at 1", "never clipped"]
    for line in labelled(ax).values():
        assert set((8 * line.get_ydata()).tolist()) <= set(range(9))
    assert ax.get_ylim() == (-0.03, 1.03)


def test_adaptive_clipping_fits_between_its_limits(ax):
    draw(figures.plot_adaptive_clipping, ax)
    recorded = recording.load("adaptive_clipping")
    assert tuple(labelled(ax)) == tuple(adaptive_clipping.CLIPPINGS)
    assert recorded.arrays["accuracy"].max() < ax.get_ylim()[1]


# --- the style


def test_svg_is_the_same_each_time_and_well_formed():
    texts = [
        figures.as_svg(figures.plot_angles, recording.load("clip_direction")) for _ in range(2)
    ]
    assert texts[0] == texts[1]
    root = ET.fromstring(texts[0])
    assert root.tag.endswith("svg")
    assert "clip threshold" in "".join(root.itertext()), "words stay words"


def test_svg_does_not_depend_on_the_session_nor_change_it():
    plain = figures.as_svg(figures.plot_sequence_length, recording.load("sequence_length"))
    with mpl.rc_context({"font.size": 30, "axes.grid": False}):
        other = figures.as_svg(figures.plot_sequence_length, recording.load("sequence_length"))
        assert mpl.rcParams["font.size"] == 30
    assert plain == other


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0005, "0.0005"), (0.1 + 0.2, "0.3"), (1.0, "1"), (100.0, "100"), (math.inf, "never")],
)
def test_numbers_are_said_as_people_say_them(value, text):
    assert figures.say(value) == text


def test_looks_come_round_again_after_the_last():
    assert style.look(0) == style.look(len(style.COLOURS))
    assert len({tuple(style.look(i).values()) for i in range(6)}) == 6
    assert len(style.COLOURS) == len(style.MARKS)


def test_band_is_the_range_around_the_median(ax):
    values = np.array([[1.0, 2.0, 9.0], [3.0, 4.0, 5.0]])
    style.plot_band(ax, [0, 1], values, "it", 1, markevery=2)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [2, 4])
    corners = ax.collections[0].get_paths()[0].vertices.tolist()
    assert all([x, y] in corners for x, y in ((0, 1), (0, 9), (1, 3), (1, 5)))
    assert ax.lines[0].get_markevery() == 2


def test_style_asks_a_notebook_for_svg():
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "formatter = InteractiveShell.instance().display_formatter\n"
        "formatter.active_types = formatter.format_types\n"  # as a kernel has it
        "from steadynet import figures; figures.use_style()\n"
        "from matplotlib.figure import Figure; figure = Figure(); figure.subplots()\n"
        "print(sorted(formatter.format(figure)[0]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "image/svg+xml" in done.stdout
    assert "image/png" not in done.stdout
