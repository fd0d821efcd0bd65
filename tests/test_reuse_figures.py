"""Figures of reuse draw what was recorded: a few artists each."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from steadynet import figures, recording
from steadynet.figures import reuse

FROZEN = recording.load("frozen_layers")
TRANSFER = recording.load("transferability")


@pytest.fixture
def ax():
    return Figure().subplots()


def medians(ax):
    """Lines with a mark, by label."""
    return {line.get_label(): line for line in ax.lines if line.get_marker() not in ("None", "")}


@pytest.mark.parametrize("n_frozen", [0, 2, 4])
def test_idea_locks_as_many_layers_as_are_frozen(ax, n_frozen):
    figures.plot_reuse_idea(n_frozen, ax=ax)
    assert sum(patch.get_gid() == "lock" for patch in ax.patches) == n_frozen
    said = [text.get_text() for text in ax.texts]
    assert {*reuse.OLD, *reuse.NEW} <= set(said)
    assert sum("copy" in text for text in said) == (n_frozen > 0)


def test_accuracy_by_frozen_layers_has_scratch_as_reference(ax):
    figures.plot_accuracy_by_frozen(FROZEN, "tops", (10, 1000), ax=ax)
    at = {"task": "tops", "labels": 1000}
    found = FROZEN.get("accuracy", start="pretrained", **at)[..., -1]
    np.testing.assert_allclose(medians(ax)["1,000 labels"].get_ydata(), np.median(found, axis=1))
    scratch = np.median(FROZEN.get("accuracy", start="random", n_frozen=0, **at)[:, -1])
    dashed = [line for line in ax.lines if line.get_linestyle() == "--" and len(line.get_xdata())]
    assert scratch in [line.get_ydata()[0] for line in dashed]
    assert len(dashed) == 2


def test_labels_compare_pretrained_with_scratch(ax):
    figures.plot_accuracy_by_labels(FROZEN, "footwear", 3, ax=ax)
    assert set(medians(ax)) == {"pretrained, 3 frozen", "from scratch"}
    at = {"task": "footwear", "start": "random", "n_frozen": 0}
    scratch = np.median(FROZEN.get("accuracy", **at)[..., -1], axis=1)
    np.testing.assert_allclose(medians(ax)["from scratch"].get_ydata(), scratch)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["10", "30", "100", "300", "1,000"]


def test_curves_hold_every_seed_at_its_steps(ax):
    figures.plot_transfer_curves(FROZEN, "tops", 300, ax=ax)
    steps = list(range(20, 161, 20))
    assert sum(list(line.get_xdata()) == steps for line in ax.lines) == 2 * (5 + 1)


@pytest.mark.parametrize("held", ["frozen", "fine-tuned"])
def test_transferability_has_a_line_a_source(ax, held):
    figures.plot_transferability(TRANSFER, held, ax=ax)
    assert set(medians(ax)) == set(reuse.SOURCES.values())
    found = np.median(TRANSFER.get("accuracy", source="dissimilar", held=held), axis=1)
    np.testing.assert_allclose(medians(ax)["dissimilar classes"].get_ydata(), found)


def test_caching_and_picture_sizes_draw_their_medians(ax):
    cached, sizes = recording.load("cached_features"), recording.load("picture_size")
    figures.plot_cached_features(cached, ax=ax)
    line = medians(ax)["on cached features"]
    np.testing.assert_allclose(line.get_ydata(), np.median(cached.get("ms_cached"), axis=1))
    other = figures.plot_picture_size(sizes, ax=Figure().subplots())
    (line,) = medians(other).values()
    np.testing.assert_allclose(line.get_ydata(), np.median(sizes.get("accuracy"), axis=1))
    low, high = other.get_ylim()
    assert low < sizes.get("accuracy").min()
    assert sizes.get("accuracy").max() < high
