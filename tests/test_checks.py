"""Every argument is refused in the same words: its name, what is accepted, and what came."""

import math
import re
from types import SimpleNamespace

import numpy as np
import pytest

from steadynet import _checks


def refused(message, kind=ValueError):
    return pytest.raises(kind, match="^" + re.escape(message) + "$")


def test_require_says_what_is_accepted_and_what_came():
    _checks.require(True, "`ticks`", "positions", (9,))
    with refused("`ticks` must be positions. Received: (9,)"):
        _checks.require(False, "`ticks`", "positions", (9,))


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_of_any_kind_are_counts(value):
    for found in (_checks.count("steps", value), _checks.whole("axis", value)):
        assert (found, type(found)) == (3, int)


@pytest.mark.parametrize("value", [True, 3.0, "3", None, np.float32(3), math.nan])
def test_what_is_no_whole_number_is_no_count(value):
    assert not _checks.is_whole(value)
    with refused(f"`steps` must be an integer of at least 1. Received: {value!r}"):
        _checks.count("steps", value)
    with refused(f"`axis` must be an integer. Received: {value!r}", TypeError):
        _checks.whole("axis", value)


def test_count_begins_where_it_is_told_to():
    assert _checks.count("seed", 0, least=0) == 0
    with refused("`seed` must be an integer of at least 0. Received: -1"):
        _checks.count("seed", -1, least=0)
    with refused("`steps` must be an integer of at least 1. Received: 0"):
        _checks.count("steps", 0)


@pytest.mark.parametrize("value", [True, "1", None, 1j, [1.0]])
def test_what_is_no_number_is_nan(value):
    assert math.isnan(_checks.as_number(value))


@pytest.mark.parametrize("value", [1, 1.0, np.float32(1), np.int8(1)])
def test_real_numbers_of_any_kind_are_numbers(value):
    assert _checks.as_number(value) == 1.0


def test_integers_beyond_floats_are_infinite():
    assert (_checks.as_number(10**400), _checks.as_number(-(10**400))) == (math.inf, -math.inf)


@pytest.mark.parametrize("value", [0, -1.0, 1e-39, 1e39, math.inf, math.nan, True, "1", None])
def test_positive_is_meant_in_float32(value):
    with refused(f"`rate` must be positive and finite. Received: {value!r}"):
        _checks.positive("rate", value)


def test_positive_returns_what_it_was_given():
    assert _checks.positive("rate", 0.1) == 0.1
    assert _checks.positive("epsilon", 1e-300, dtype="float64") == 1e-300
    assert _checks.positive("threshold", math.inf, allow_inf=True) == math.inf
    with refused("`threshold` must be positive. Received: 0.0"):
        _checks.positive("threshold", 0.0, allow_inf=True)


@pytest.mark.parametrize("value", [-0.1, 1.0, math.nan, None, True])
def test_momentum_is_a_share_that_is_not_all(value):
    assert _checks.momentum("momentum", 0) == 0
    with refused(f"`momentum` must be in [0, 1). Received: {value!r}"):
        _checks.momentum("momentum", value)


def test_one_of_lists_what_there_is():
    assert _checks.one_of("placement", "after", ("before", "after")) == "after"
    with refused("`placement` must be one of ('before', 'after'). Received: 'above'"):
        _checks.one_of("placement", "above", ("before", "after"))


def test_mappings_say_from_what_to_what():
    assert _checks.mapping("arrays", {"a": 1}, "names to arrays") == {"a": 1}
    with refused("`arrays` must be a mapping from names to arrays. Received: ['a']", TypeError):
        _checks.mapping("arrays", ["a"], "names to arrays")


def test_two_layers_of_one_name_are_refused():
    _checks.names_differ(["a", "b"])
    with refused("`model` must name its layers differently. Received twice: b"):
        _checks.names_differ(["a", "b", "b"])


def test_targets_are_as_many_as_examples():
    _checks.same_length([1, 2], [3, 4])
    with refused("`x` and `y` must have equal lengths. Received: 2 examples, 1 targets"):
        _checks.same_length([1, 2], [3])


def test_models_that_are_not_built_are_refused():
    _checks.built(SimpleNamespace(built=True))
    with pytest.raises(ValueError, match=r"`model` must be built: .*Received: namespace"):
        _checks.built(SimpleNamespace(built=False))
    with pytest.raises(ValueError, match="`model` must be built"):
        _checks.built("no model")


@pytest.mark.parametrize("name", ["clipvalue", "clipnorm", "global_clipnorm"])
def test_optimizers_that_clip_are_refused(name):
    _checks.no_clipping(SimpleNamespace(**{name: None}))
    with pytest.raises(ValueError, match=rf"must not clip by itself.*Received: {name}=0\.5"):
        _checks.no_clipping(SimpleNamespace(**{name: 0.5}))


def test_axes_are_counted_from_zero_within_the_rank():
    assert _checks.in_range("axes", [-1, 0], 3) == [2, 0]
    with refused("`axes` must be in [-3, 3) for inputs of rank 3. Received: 3"):
        _checks.in_range("axes", [0, 3], 3)
