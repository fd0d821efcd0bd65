"""The figures on restoring say what goes where, and how far off a mistake is."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from steadynet.figures import style
from steadynet.figures.checkpoints import formats_table, plot_differences, plot_name_map

THEIRS = ["bn1/beta", "bn1/gamma", "conv1/kernel", "global_step"]
OURS = ["conv1/kernel", "bn1/gamma", "bn1/beta", "logits/bias"]


@pytest.fixture
def ax():
    return Figure().subplots()


def lines(ax):
    """From the name of each line to the rows it joins, in the file and in the model."""
    return {line.get_label(): line.get_ydata().tolist() for line in ax.lines}


def words(ax):
    """From each text to the colour it is written in."""
    return {(text.get_text(), text.get_ha()): to_hex(text.get_color()) for text in ax.texts}


def test_each_name_in_both_is_joined_with_itself(ax):
    plot_name_map(THEIRS, OURS, ax=ax)
    assert lines(ax) == {"conv1/kernel": [2, 0], "bn1/gamma": [1, 1], "bn1/beta": [0, 2]}


def test_a_map_joins_other_names_and_only_those(ax):
    plot_name_map(["a/w", "a/b"], ["one/bias", "one/kernel"], {"one/kernel": "a/w"}, ax=ax)
    assert lines(ax) == {"one/kernel": [0, 1]}


def test_lines_of_a_layer_have_one_colour_and_names_without_a_line_are_grey(ax):
    plot_name_map(THEIRS, OURS, ax=ax)
    said = words(ax)
    grey = {name for (name, _), colour in said.items() if colour == to_hex("0.5")}
    assert grey == {"global_step", "logits/bias"}
    assert [to_hex(line.get_color()) for line in ax.lines] == [
        style.COLOURS[0],
        style.COLOURS[1],
        style.COLOURS[1],
    ]


def test_every_name_is_written_inside_the_limits(ax):
    plot_name_map(THEIRS, OURS, ax=ax)
    (bottom, top), (left, right) = ax.get_ylim(), ax.get_xlim()
    for text in ax.texts:
        x, y = text.get_position()
        assert left < x < right
        assert top <= y <= bottom
    assert {text.get_text() for text in ax.texts} >= {*THEIRS, *OURS, "in the file", "in the model"}


GROUPS = {"right": {"as it should be": 0.0}, "wrong": {"shifted": 0.5, "swapped": 20.0}}


def test_a_row_each_in_the_order_given_and_a_colour_a_group(ax):
    plot_differences(GROUPS, tolerance=1e-4, ax=ax)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "as it should be",
        "shifted",
        "swapped",
    ]
    right, wrong, rule = ax.lines
    assert right.get_label() == "right"
    np.testing.assert_array_equal(wrong.get_ydata(), [1, 2])
    np.testing.assert_array_equal(wrong.get_xdata(), [0.5, 20])
    assert right.get_color() != wrong.get_color()
    assert rule.get_xdata()[0] == 1e-4


def test_no_difference_stands_at_the_left_end(ax):
    plot_differences(GROUPS, tolerance=1e-4, least=1e-7, ax=ax)
    assert ax.lines[0].get_xdata() == [1e-7]
    assert [text.get_position()[1] for text in ax.texts if text.get_text() == "equal"] == [0]
    assert ax.get_xlim()[0] < 1e-7
    assert ax.get_xscale() == "log"


def test_table_says_yes_and_counts():
    kept = {
        "Keras file": {"layers": True, "bytes": 27284},
        "SavedModel": {"layers": False, "bytes": 900},
    }
    assert formats_table(kept).splitlines() == [
        "| kept | Keras file | SavedModel |",
        "| :-- | :-: | :-: |",
        "| layers | yes | no |",
        "| bytes | 27,284 | 900 |",
    ]


def test_long_name_in_the_table_can_break_after_its_dots():
    assert "tf.\u200btrain.\u200bCheckpoint" in formats_table({"tf.train.Checkpoint": {"a": True}})
