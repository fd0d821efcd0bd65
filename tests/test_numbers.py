"""What chapters say of the recordings lies where their words are true, and could lie elsewhere."""

import collections
import dataclasses
import math

import numpy as np
import pytest

from steadynet import experiments, recording
from steadynet.experiments import Finding, Number


def numbers(name, recorded=None):
    """What the chapters say of an experiment, by the names they use."""
    return experiments.get(name).numbers(recorded or recording.load(name))


@pytest.mark.parametrize("name", experiments.NAMES)
def test_every_number_lies_where_the_words_around_it_are_true(name):
    found = numbers(name)
    assert found, "what no chapter says a number of needs no recording"
    wrong = [f"{key}: {number}" for key, number in found.items() if not number.holds]
    assert not wrong, "change the text, then the range:\n" + "\n".join(wrong)


def other_recordings(recorded):
    """The same grid with something else recorded on it.

    An array ten times as large or small; a factor whose values change places, make no difference,
    or gave nothing from the middle on; every run somewhere else.
    """
    arrays, *axes = recorded.arrays, *recorded.axes.values()
    for name, array in arrays.items():
        scaled = [~array] if array.dtype == bool else [10 * array.astype(float), array / 10]
        yield from ({**arrays, name: other} for other in scaled)
    for k, values in enumerate(axes[:-1]):
        n, half = len(values), len(values) // 2
        yield {name: np.flip(array, axis=k) for name, array in arrays.items()}
        yield {name: np.take(array, [half] * n, axis=k) for name, array in arrays.items()}
        yield {name: emptied(array, k, half) for name, array in arrays.items()}
    for seed in range(10):
        yield {name: shuffled(array, len(axes), seed) for name, array in arrays.items()}


def emptied(array, axis, begin):
    """Zeros from some value of a factor on."""
    kept = np.moveaxis(array.copy(), axis, 0)
    kept[begin:] = 0
    return np.moveaxis(kept, 0, axis)


def shuffled(array, n_axes, seed):
    """The same runs, each at another point of the grid."""
    runs = array.reshape(-1, *array.shape[n_axes:])
    return np.random.default_rng(seed).permutation(runs).reshape(array.shape)


@pytest.mark.parametrize("name", experiments.NAMES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # what is shuffled may divide by zero
def test_no_number_would_pass_whatever_was_recorded(name):
    recorded, caught = recording.load(name), collections.Counter()
    stresses = [other_recordings(each) for each in recorded.stresses.values()]
    for arrays, *others in zip(other_recordings(recorded), *stresses, strict=True):
        pairs = zip(recorded.stresses.items(), others, strict=True)
        stressed = {key: dataclasses.replace(each, arrays=other) for (key, each), other in pairs}
        try:
            other = dataclasses.replace(recorded, arrays=arrays, stresses=stressed)
            found = numbers(name, other)
        except (IndexError, ValueError):
            continue  # nothing to say: the median of no run, the first of none
        wrong = {key: number for key, number in found.items() if not number.holds}
        caught.update(key for key, number in wrong.items() if math.isfinite(number.value))
    # One value alone is as narrow as a range can be: counts of seeds, of runs, of none.
    ranges = {key: number.within for key, number in numbers(name).items()}
    vacuous = [key for key, (low, high) in ranges.items() if low < high and not caught[key]]
    assert not vacuous


def test_a_name_means_one_number_in_the_whole_book():
    names = collections.Counter(key for name in experiments.NAMES for key in numbers(name))
    assert [key for key, times in names.items() if times > 1] == []


@pytest.mark.parametrize("name", experiments.NAMES)
def test_every_number_says_what_it_is(name):
    for key, number in numbers(name).items():
        assert type(number.value) in {int, float}, key
        assert number.meaning, key


# --- numbers and what claims say


@pytest.mark.parametrize(("value", "holds"), [(2, True), (4, True), (1.9, False), (4.1, False)])
def test_a_number_holds_within_its_range_and_its_ends(value, holds):
    number = Number(value, (2, 4), "seeds")
    assert number.holds is holds
    assert str(number) == f"{value} seeds, said as 2 to 4: {'holds' if holds else 'does not hold'}"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_never_holds(value):
    assert not Number(value, (0, math.inf), "times").holds
    assert not Number(value, (-math.inf, 0), "times").holds


def test_a_number_of_numpy_becomes_one_of_python():
    assert type(Number(np.int64(3), (0, 5), "seeds").value) is int
    assert type(Number(np.float32(0.5), (0, 1), "share").value) is float


@pytest.mark.parametrize("within", [(-math.inf, math.inf), (2, 1), (math.nan, 1), (0, math.nan)])
def test_ranges_that_hold_everything_or_nothing_are_refused(within):
    with pytest.raises(ValueError, match=r"`within` must hold some numbers, not all\. Received: "):
        Number(1.0, within, "times")


GAIN = Finding("It gains.", 2.0, -1.0, 3.5, "points", holds=True)


def test_a_claim_says_its_effect_and_spread_in_one_range():
    said = GAIN.said("gain", (0, 5))
    assert {name: number.value for name, number in said.items()} == {
        "gain-effect": 2.0,
        "gain-low": -1.0,
        "gain-high": 3.5,
    }
    assert [number.holds for number in said.values()] == [True, False, True]
    assert "points (low) in: It gains." in said["gain-low"].meaning


def test_a_part_of_a_claim_has_another_range_or_is_not_said():
    said = GAIN.said("gain", (0, 5), low=(-2, 0), high=None)
    assert list(said) == ["gain-effect", "gain-low"]
    assert all(number.holds for number in said.values())


def test_an_experiment_of_which_nothing_is_said_has_no_numbers():
    silent = experiments.Experiment("silent", "?", {"seed": (0,)}, (), dict, {})
    assert silent.numbers(recording.load("cliff")) == {}
