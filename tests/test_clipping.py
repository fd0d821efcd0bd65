"""Clipping against TensorFlow, worked values, and what each method promises at its edges."""

import functools
import math
import re

import numpy as np
import pytest
import tensorflow as tf

from steadynet import clipping
from steadynet.clipping import (
    angle_between,
    clip,
    clip_adaptively,
    clip_by_global_norm,
    clip_by_norm,
    clip_by_value,
    clip_per_example,
    global_norm,
)

INF, NAN = math.inf, math.nan


def rescale_together(grads, clip_norm):
    return clip_by_global_norm(grads, clip_norm)[0]


def clip_against_ones(grads, clipping):
    """Adaptive clipping with weights of ones, so that it fits the others' signature."""
    shapes = [(1,) if g is None else g.shape for g in grads]
    return clip_adaptively(grads, [tf.ones(shape) for shape in shapes], clipping)


METHODS = {
    "value": clip_by_value,
    "norm": clip_by_norm,
    "global_norm": rescale_together,
    "adaptive": clip_against_ones,
}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def tensors(*values, dtype=tf.float32):
    return [None if v is None else tf.constant(v, dtype) for v in values]


def random_grads(seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    return tensors(*(scale * rng.normal(size=shape) for shape in ((5, 4), (4,), (3, 3, 2, 4), ())))


def assert_grads_equal(got, expected, **tolerance):
    assert len(got) == len(expected)
    for g, e in zip(got, expected, strict=True):
        assert (g is None) == (e is None)
        if e is not None:
            assert g.shape == e.shape
            np.testing.assert_allclose(g, e, **{"rtol": 0, **tolerance})


# Global norm


def test_global_norm_of_worked_values():
    # 9 + 16 + 144 = 169 = 13 squared
    assert float(global_norm(tensors([3.0, 4.0], None, [[12.0]]))) == 13.0


def test_global_norm_equals_tensorflow():
    for seed in range(5):
        grads = random_grads(seed)
        np.testing.assert_allclose(global_norm(grads), tf.linalg.global_norm(grads), rtol=1e-6)


@pytest.mark.parametrize("grads", [[], [None, None], tensors([0.0, 0.0], None)])
def test_global_norm_of_nothing_is_zero(grads):
    norm = global_norm(grads)
    assert norm.dtype == tf.float32
    assert norm.shape == ()
    assert float(norm) == 0.0


def test_global_norm_of_a_gradient_without_entries_is_zero():
    assert float(global_norm([tf.zeros([0, 3])])) == 0.0
    assert float(global_norm([tf.zeros([0, 3]), tf.constant([2.0])])) == 2.0


@pytest.mark.parametrize("size", [1e-37, 1e-30, 1e-20, 1e-12, 1e-11, 1.0, 1e12, 1e13, 1e20, 6e37])
def test_global_norm_neither_overflows_nor_vanishes(size):
    # 3, 4 -> 5 at any size whose result float32 can hold; TensorFlow manages 1e-19 to 1e19
    np.testing.assert_allclose(global_norm(tensors([3 * size], [4 * size])), 5 * size, rtol=1e-6)


@pytest.mark.parametrize("size", [1e-300, 1e-150, 1.0, 1e150, 1e300])
def test_global_norm_neither_overflows_nor_vanishes_in_float64(size):
    norm = global_norm(tensors([3 * size], [4 * size], dtype=tf.float64))
    np.testing.assert_allclose(norm, 5 * size, rtol=1e-14)


def test_global_norm_beyond_float32_is_infinite():
    # sqrt(2) * 3e38 = 4.2e38 > 3.4e38
    assert float(global_norm(tensors([3e38, 3e38]))) == INF


@pytest.mark.parametrize(("entry", "norm"), [(INF, INF), (-INF, INF), (NAN, NAN)])
def test_global_norm_shows_what_is_not_finite(entry, norm):
    np.testing.assert_equal(float(global_norm(tensors([1.0], [2.0, entry]))), norm)


def test_global_norm_of_half_precision_does_not_overflow():
    # 300 squared = 90000 > 65504, the largest float16; sqrt(2) * 300 = 424.26
    norm = global_norm(tensors([300.0, 300.0], dtype=tf.float16))
    assert norm.dtype == tf.float32
    np.testing.assert_allclose(norm, 424.26407, rtol=1e-6)


def test_global_norm_of_mixed_dtypes_takes_the_widest():
    grads = [tf.constant([3.0], tf.bfloat16), tf.constant([4.0]), tf.constant([12.0], tf.float16)]
    assert global_norm(grads).dtype == tf.float32
    assert float(global_norm(grads)) == 13.0
    grads.append(tf.constant([0.0], tf.float64))
    assert global_norm(grads).dtype == tf.float64


# Against TensorFlow


def by_value(grads, c):
    return [tf.clip_by_value(g, -c, c) for g in grads]


def by_norm(grads, c):
    return [tf.clip_by_norm(g, c) for g in grads]


def by_global_norm(grads, c):
    return tf.clip_by_global_norm(grads, c)[0]


oracles = pytest.mark.parametrize(
    ("method", "oracle"),
    [(clip_by_value, by_value), (clip_by_norm, by_norm), (rescale_together, by_global_norm)],
    ids=["value", "norm", "global_norm"],
)


@oracles
@pytest.mark.parametrize("threshold", [0.01, 0.5, 3.0, 7.0, 1000.0])
def test_method_equals_tensorflow(method, oracle, threshold):
    for seed in range(3):
        grads = random_grads(seed)
        assert_grads_equal(method(grads, threshold), oracle(grads, threshold), rtol=1e-6)


@oracles
@pytest.mark.parametrize("bad", [[INF], [-INF], [NAN], [INF, NAN], [INF, -INF]])
@pytest.mark.parametrize("threshold", [1.0, 100.0])
def test_inf_and_nan_do_what_they_do_in_tensorflow(method, oracle, bad, threshold):
    grads = tensors([3.0, *bad, 4.0], [[0.5, 12.0]])
    assert_grads_equal(method(grads, threshold), oracle(grads, threshold), rtol=1e-6)


@oracles
def test_indexed_slices_do_what_they_do_in_tensorflow(method, oracle):
    # Row 0 occurs twice: 3 and 4 count apart, norm 5, though added up the step is 7 long.
    sparse = tf.IndexedSlices(tf.constant([[3.0], [4.0]]), tf.constant([0, 0]), tf.constant([5, 1]))
    ours = method([sparse, tf.constant([12.0])], 1.0)
    theirs = oracle([sparse, tf.constant([12.0])], 1.0)
    assert isinstance(ours[0], tf.IndexedSlices)
    assert_grads_equal([ours[0].values, ours[1]], [theirs[0].values, theirs[1]], rtol=1e-6)
    assert ours[0].indices is sparse.indices
    assert ours[0].dense_shape is sparse.dense_shape


# What each does, in numbers


def test_clip_by_value_of_worked_values():
    assert_grads_equal(
        clip_by_value(tensors([0.5, -3.0, 2.0], [-1.0]), 2.0), tensors([0.5, -2.0, 2.0], [-1.0])
    )


def test_clip_by_norm_of_worked_values():
    # norms 5 and 12, to 1 each: (3, 4) / 5 and 12 / 12
    assert_grads_equal(
        clip_by_norm(tensors([3.0, 4.0], [12.0]), 1.0), tensors([0.6, 0.8], [1.0]), rtol=1e-6
    )


def test_clip_by_global_norm_of_worked_values():
    # norm 13, to 1: (3, 4, 12) / 13
    clipped, norm = clip_by_global_norm(tensors([3.0, 4.0], [12.0]), 1.0)
    assert_grads_equal(clipped, tensors([3 / 13, 4 / 13], [12 / 13]), rtol=1e-6)
    assert float(norm) == 13.0


def test_inf_and_nan_reach_exactly_as_far_as_the_method_looks():
    grads = tensors([3.0, INF], [0.5])
    assert_grads_equal(clip_by_value(grads, 1.0), tensors([1.0, 1.0], [0.5]))
    assert_grads_equal(clip_by_norm(grads, 1.0), tensors([0.0, NAN], [0.5]))
    assert_grads_equal(rescale_together(grads, 1.0), tensors([NAN, NAN], [NAN]))
    grads = tensors([3.0, NAN], [0.5])
    assert_grads_equal(clip_by_value(grads, 1.0), tensors([1.0, NAN], [0.5]))
    assert_grads_equal(clip_by_norm(grads, 1.0), tensors([NAN, NAN], [0.5]))
    assert_grads_equal(rescale_together(grads, 1.0), tensors([NAN, NAN], [NAN]))


@pytest.mark.parametrize("method", [clip_by_norm, rescale_together, clip_against_ones])
@pytest.mark.parametrize("size", [1e20, 1e30, 1e34])
def test_huge_gradients_are_clipped_not_lost(method, size):
    # Two weights of 1 have norm 1.4; 0.01 of it, or 0.01 itself: the direction (3, 4) stays.
    (clipped,) = method(tensors([3 * size, 4 * size]), 0.01)
    length = 0.01 * math.sqrt(2) if method is clip_against_ones else 0.01
    np.testing.assert_allclose(clipped, [0.6 * length, 0.8 * length], rtol=1e-5)


# What all of them promise


@every_method
def test_small_gradients_pass_bit_for_bit(method):
    # Thresholds without a short binary form, where c * (1 / c) would not be 1.
    grads = [*random_grads(scale=1e-3), *tensors([1e-30], None)]
    for threshold in (0.1, 0.7, 49.0, 1e30):
        got = method(grads, threshold)
        assert_grads_equal(got, grads)


@every_method
def test_gradients_at_the_threshold_pass(method):
    grads = tensors([[2.5]])
    assert_grads_equal(method(grads, 2.5), grads)


@every_method
def test_zero_gradients_stay_zero(method):
    grads = tensors([0.0, 0.0], [[0.0]])
    assert_grads_equal(method(grads, 1e-6), grads)


@every_method
def test_none_passes_and_order_stays(method):
    got = method(tensors(None, [30.0], None, [[0.0, 20.0]], None), 0.5)
    assert [g is None for g in got] == [True, False, True, False, True]
    assert [g.shape for g in got if g is not None] == [(1,), (1, 2)]
    assert method([None], 1.0) == [None]
    assert method([], 1.0) == []


@every_method
def test_inputs_stay_as_they_were(method):
    variable = tf.Variable([30.0, 40.0])
    grads = [variable, tf.constant([50.0])]
    got = method(grads, 0.5)
    assert grads[0] is variable
    np.testing.assert_array_equal(variable, [30.0, 40.0])
    assert isinstance(got, list)
    assert float(global_norm(got)) < 2.0


@every_method
def test_tuples_and_arrays_are_taken_too(method):
    got = method((np.float32([30.0]), np.float32([[40.0]])), 0.5)
    assert_grads_equal(got, method(tensors([30.0], [[40.0]]), 0.5))


@every_method
def test_result_is_within_the_threshold(method):
    for seed in range(20):
        grads = random_grads(seed, scale=10.0**seed / 1e8)
        got = method(grads, 0.7)
        if method is clip_by_value:
            assert max(float(tf.reduce_max(abs(g))) for g in got) <= np.float32(0.7)
        elif method is clip_by_norm:
            assert max(float(global_norm([g])) for g in got) <= 0.7 * (1 + 1e-6)
        elif method is rescale_together:
            assert float(global_norm(got)) <= 0.7 * (1 + 1e-6)
        for g, raw in zip(got, grads, strict=True):
            assert (tf.sign(g) == tf.sign(raw)).numpy().all()
            assert (abs(g) <= abs(raw)).numpy().all()


@every_method
@pytest.mark.parametrize("threshold", [0.5, 50.0])
def test_same_inside_a_graph(method, threshold):
    grads = [*random_grads(scale=3.0), None]
    inside = tf.function(lambda grads: method(grads, threshold))(grads)
    assert_grads_equal(inside, method(grads, threshold), rtol=1e-6)


@every_method
def test_threshold_may_be_a_tensor_or_a_variable(method):
    grads, threshold = random_grads(scale=3.0), tf.Variable(0.5)
    compiled = tf.function(functools.partial(method, grads))
    for value in (0.5, 2.0):
        threshold.assign(value)
        expected = method(grads, value)
        assert_grads_equal(method(grads, threshold), expected, rtol=1e-6)
        assert_grads_equal(compiled(tf.constant(value)), expected, rtol=1e-6)
        assert_grads_equal(method(grads, tf.constant(value, tf.float64)), expected, rtol=1e-6)
    assert compiled.experimental_get_tracing_count() == 1


@every_method
@pytest.mark.parametrize("kind", [int, np.float32, np.float64, np.float16, np.int64, np.array])
def test_threshold_may_be_any_kind_of_number(method, kind):
    grads = random_grads(scale=30.0)
    assert_grads_equal(method(grads, kind(2)), method(grads, 2.0))


@every_method
@pytest.mark.parametrize(
    "bad", [0, 0.0, -1.0, NAN, INF, -INF, 1e-50, 1e300, 10**400, None, "1", True, [1.0], np.ones(2)]
)
def test_threshold_that_is_no_positive_finite_number_is_refused(method, bad):
    name = {"value": "clip_value", "adaptive": "clipping"}.get(
        next(k for k, m in METHODS.items() if m is method), "clip_norm"
    )
    text = f"`{name}` must be positive and finite. Received: {bad!r}"
    with pytest.raises(ValueError, match=re.escape(text)):
        method(tensors([1.0]), bad)


@every_method
def test_threshold_tensor_of_several_values_is_refused(method):
    with pytest.raises(ValueError, match=r"must be a scalar\. Received: shape \(2,\)"):
        method(tensors([1.0]), tf.constant([1.0, 2.0]))


@every_method
@pytest.mark.parametrize("bad", [0.0, -1.0, NAN, -INF])
def test_threshold_tensor_that_is_not_positive_gives_nan(method, bad):
    compiled = tf.function(method)
    assert_grads_equal(compiled(tensors([1.0, 2.0]), tf.constant(bad)), tensors([NAN, NAN]))


@every_method
def test_threshold_tensor_of_infinity_never_clips(method):
    grads = random_grads(scale=1e6)
    assert_grads_equal(tf.function(method)(grads, tf.constant(INF)), grads)


@every_method
def test_mixed_dtypes_stay_mixed(method):
    dtypes = [tf.float16, tf.float32, tf.bfloat16, tf.float64]
    grads = [tf.constant([3.0, 4.0], dtype) for dtype in dtypes]
    got = method(grads, 0.25)
    assert [g.dtype for g in got] == dtypes
    expected = method([tf.cast(g, tf.float64) for g in grads], 0.25)
    assert_grads_equal([tf.cast(g, tf.float64) for g in got], expected, rtol=4e-3)


@every_method
def test_half_precision_is_scaled_by_small_factors_too(method):
    # 60000 to 0.001 or so: a factor of 1.7e-8 would be 0 in float16.
    (got,) = method(tensors([60000.0], dtype=tf.float16), 1e-3)
    np.testing.assert_allclose(float(got[0]), 1e-3, rtol=1e-3)


@every_method
@pytest.mark.parametrize("dtype", [tf.int32, tf.complex64, tf.bool])
def test_other_dtypes_are_refused(method, dtype):
    grads = [tf.constant([1.0]), tf.cast([1], dtype)]
    text = f"`grads[1]` must be floating point. Received: {dtype.name}"
    with pytest.raises(TypeError, match=re.escape(text)):
        method(grads, 1.0)


@pytest.mark.parametrize("method", [clip_by_value, clip_by_norm, clip_by_global_norm])
@pytest.mark.parametrize("entry", [[[1.0], [2.0, 3.0]], [1.0, None], [1.0, "a"], object()])
def test_what_cannot_become_a_tensor_is_refused(method, entry):
    text = f"`grads[1]` must be a tensor, or numbers in rows of equal length. Received: {entry!r}"
    with pytest.raises(ValueError, match="^" + re.escape(text) + "$"):
        method([tf.constant([1.0]), entry], 1.0)


@pytest.mark.parametrize("method", [clip_by_value, clip_by_norm, clip_by_global_norm])
@pytest.mark.parametrize("grads", [tf.ones([3, 2]), None, "abc", 1.0])
def test_what_is_no_list_is_refused(method, grads):
    with pytest.raises(TypeError, match=r"`grads` must be a list of tensors or None\. Received: "):
        method(grads, 1.0)
    with pytest.raises(TypeError, match="`grads` must be a list"):
        global_norm(grads)


@every_method
def test_runs_side_by_side_with_a_threshold_each(method):
    grads = [tf.stack([g, 10 * g]) for g in random_grads()]
    limits = tf.constant([0.5, 2.0])
    stacked = tf.vectorized_map(
        lambda run: method(run[0], run[1]), (grads, limits), fallback_to_while_loop=False
    )
    for i in range(2):
        alone = method([g[i] for g in grads], float(limits[i]))
        assert_grads_equal([g[i] for g in stacked], alone, rtol=1e-5)


@every_method
def test_indexed_slices_stay_sparse_inside_a_graph(method):
    table = tf.Variable(tf.ones([5, 2]))

    @tf.function
    def step(rows):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(100.0 * tf.gather(table, rows) ** 2)
        raw = tape.gradient(loss, [table])
        if method is clip_against_ones:
            return raw, clip_adaptively(raw, [table], 0.1)
        return raw, method(raw, 0.1)

    (raw,), (got,) = step(tf.constant([1, 3]))
    assert isinstance(raw, tf.IndexedSlices)
    assert isinstance(got, tf.IndexedSlices)
    np.testing.assert_array_equal(got.indices, [1, 3])
    assert float(global_norm([got])) < 1.0


# Directions


def test_global_norm_keeps_the_direction_and_the_others_turn_it():
    grads = random_grads(scale=5.0)
    turned = {
        name: float(angle_between(grads, clip(grads, name, 0.5))) for name in clipping.METHODS
    }
    assert turned["global_norm"] < 1e-4
    assert turned["norm"] > 1.0
    assert turned["value"] > 1.0


def test_clip_by_norm_keeps_the_direction_of_each_variable():
    grads = random_grads(scale=5.0)
    for raw, got in zip(grads, clip_by_norm(grads, 0.5), strict=True):
        assert float(angle_between([raw], [got])) < 1e-4


def test_angle_of_worked_values():
    # (3, 4) cut at 1 is (1, 1): cos = 7 / (5 sqrt 2), 8.1301 degrees
    raw = tensors([3.0], [4.0])
    np.testing.assert_allclose(angle_between(raw, clip_by_value(raw, 1.0)), 8.130102, rtol=1e-5)
    assert float(angle_between(tensors([1.0, 0.0]), tensors([0.0, 7.0]))) == 90.0
    assert float(angle_between(tensors([2.0], [0.0]), tensors([-3.0], [0.0]))) == 180.0


@pytest.mark.parametrize("radians", [1e-6, 1e-4, 1e-2, 1.0, 3.0])
def test_small_angles_are_as_exact_as_large_ones(radians):
    turned = tensors([math.cos(radians)], [math.sin(radians)])
    got = angle_between(tensors([5.0], [0.0]), turned)
    np.testing.assert_allclose(got, math.degrees(radians), rtol=1e-5)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_angle_does_not_depend_on_size(size):
    got = angle_between(tensors([size, size]), tensors([0.0, 1.0]))
    np.testing.assert_allclose(got, 45.0, rtol=1e-6)


def test_angle_takes_none_for_zeros():
    # The angle from (3, 0) to (3, 3).
    got = angle_between(tensors([3.0], None, None), tensors([3.0], [3.0], None))
    np.testing.assert_allclose(got, 45.0, rtol=1e-6)


@pytest.mark.parametrize("other", [[0.0, 0.0], [NAN, 1.0], [INF, 1.0], None])
def test_angle_with_what_has_no_direction_is_nan(other):
    assert math.isnan(angle_between(tensors([1.0, 2.0]), tensors(other)))
    assert math.isnan(angle_between(tensors(other), tensors([1.0, 2.0])))
    assert math.isnan(angle_between([], []))


def test_angle_adds_up_equal_rows():
    # Rows (3, 0) and (0, 3) of the same index are the step (3, 3).
    sparse = tf.IndexedSlices(
        tf.constant([[3.0, 0.0], [0.0, 3.0]]), tf.constant([0, 0]), tf.constant([1, 2])
    )
    np.testing.assert_allclose(angle_between([sparse], tensors([[1.0, 0.0]])), 45.0, rtol=1e-6)


def test_angle_inside_a_graph_and_over_mixed_dtypes():
    a = [tf.constant([3.0], tf.float16), tf.constant([4.0])]
    b = [tf.constant([1.0], tf.float16), tf.constant([1.0])]
    np.testing.assert_allclose(tf.function(angle_between)(a, b), 8.130102, rtol=1e-5)


def test_angle_refuses_what_does_not_match():
    with pytest.raises(ValueError, match=r"must have equal lengths\. Received: 1 and 2"):
        angle_between(tensors([1.0]), tensors([1.0], [1.0]))
    with pytest.raises(
        ValueError, match=r"`grads_b\[0\]` must have equal shapes\. Received: \(1,\) and \(2,\)"
    ):
        angle_between(tensors([1.0]), tensors([1.0, 2.0]))
    with pytest.raises(TypeError, match=r"`grads_b\[0\]` must be floating point\. Received: int32"):
        angle_between(tensors([1.0]), [tf.constant([1])])


# Adaptive clipping


def brock(g, w, ratio, eps=1e-3):
    """Equation 3 of Brock et al. (2021), a unit at a time, in plain NumPy."""
    g, w = np.asarray(g, float), np.asarray(w, float)
    if g.ndim < 2:
        limit = ratio * max(np.sqrt((w**2).sum()), eps)
        length = np.sqrt((g**2).sum())
        return g * limit / length if length > limit else g
    units = [brock(g[..., i].ravel(), w[..., i].ravel(), ratio, eps) for i in range(g.shape[-1])]
    return np.stack(units, axis=-1).reshape(g.shape)


@pytest.mark.parametrize("shape", [(5, 4), (1, 4), (5, 1), (3, 2, 4), (3, 3, 2, 4), (7,), (1,), ()])
@pytest.mark.parametrize("ratio", [0.01, 0.16, 1.0])
def test_adaptive_clipping_equals_the_paper_unit_by_unit(shape, ratio):
    rng = np.random.default_rng(len(shape))
    w, g = rng.normal(size=shape), rng.normal(size=shape) * rng.choice([0.01, 1.0], shape[-1:])
    got = clip_adaptively(tensors(g), tensors(w), ratio)
    assert_grads_equal(got, [brock(g, w, ratio)], rtol=1e-5)


def test_adaptive_clipping_of_worked_values():
    # Columns of norm 5 and 1 at 0.1: gradients up to 0.5 and 0.1. The first, 5, is cut to a tenth.
    kernel, grad = tensors([[3.0, 1.0], [4.0, 0.0]], [[3.0, 0.0], [4.0, 0.05]])
    (got,) = clip_adaptively([grad], [kernel], 0.1)
    np.testing.assert_allclose(got, [[0.3, 0.0], [0.4, 0.05]], rtol=1e-6)


def test_weights_at_zero_are_counted_as_eps():
    # Limit 0.1 * 0.001 = 1e-4, and with eps = 1 it is 0.1.
    grads, bias = tensors([3.0, 4.0]), tensors([0.0, 0.0])
    assert_grads_equal(clip_adaptively(grads, bias, 0.1), tensors([6e-5, 8e-5]), rtol=1e-5)
    assert_grads_equal(clip_adaptively(grads, bias, 0.1, eps=1.0), tensors([0.06, 0.08]), rtol=1e-5)


@pytest.mark.parametrize(("bad", "unit"), [(INF, [0.0, NAN]), (NAN, [NAN, NAN])])
def test_inf_and_nan_stay_inside_their_unit(bad, unit):
    (got,) = clip_adaptively(tensors([[3.0, 0.05], [bad, 0.0]]), [tf.ones([2, 2])], 0.1)
    np.testing.assert_array_equal(got, np.array([unit, np.float32([0.05, 0.0])]).T)


def test_nan_weights_show_in_their_unit():
    (got,) = clip_adaptively([tf.ones([2, 2])], tensors([[NAN, 10.0], [1.0, 0.0]]), 10.0)
    np.testing.assert_array_equal(got, [[NAN, 1.0], [NAN, 1.0]])


def test_adaptive_clipping_takes_keras_variables():
    import keras

    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    grads = [tf.ones([2, 3]), tf.ones([3])]
    got = clip_adaptively(grads, layer.trainable_variables, 0.01)
    expected = [brock(g, v.numpy(), 0.01) for g, v in zip(grads, layer.weights, strict=True)]
    assert_grads_equal(got, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("params", "error", "text"),
    [
        (
            tensors([1.0]),
            ValueError,
            "`grads` and `params` must have equal lengths. Received: 2 and 1",
        ),
        (
            tensors([1.0], [2.0]),
            ValueError,
            "`grads[1]` and `params[1]` must have equal shapes. Received: (2,) and (1,)",
        ),
        (
            [tf.constant([1.0]), None],
            ValueError,
            "`params` must hold the weights of every gradient",
        ),
        (
            [tf.constant([1.0]), tf.constant([1, 2])],
            TypeError,
            "`params[1]` must be floating point. Received: int32",
        ),
        (tf.ones([2]), TypeError, "`params` must be a list"),
    ],
)
def test_params_that_do_not_match_are_refused(params, error, text):
    with pytest.raises(error, match=re.escape(text)):
        clip_adaptively(tensors([1.0], [1.0, 2.0]), params, 0.1)


def test_eps_is_checked_too():
    with pytest.raises(ValueError, match=r"`eps` must be positive and finite\. Received: 0"):
        clip_adaptively(tensors([1.0]), tensors([1.0]), 0.1, eps=0)


# Orders of norms


def norm_of(grads, order):
    """NumPy's norm of all entries as one vector."""
    return np.linalg.norm(np.concatenate([np.ravel(g) for g in grads if g is not None]), order)


@pytest.mark.parametrize("order", [1, 2, INF])
def test_norm_of_each_order_equals_numpys(order):
    for seed in range(3):
        grads = [*random_grads(seed), None]
        np.testing.assert_allclose(
            global_norm(grads, order=order), norm_of(grads, order), rtol=1e-6
        )


@pytest.mark.parametrize("order", [1, INF])
@pytest.mark.parametrize("threshold", [0.5, 1000.0])
def test_clipping_by_a_norm_of_another_order_is_pytorchs_by_hand(order, threshold):
    # torch.nn.utils.clip_grad_norm_ multiplies by min(1, max_norm / (norm + 1e-6)).
    grads = [*random_grads(scale=3.0), None]
    factor = min(1.0, threshold / (norm_of(grads, order) + 1e-6))
    expected = [None if g is None else g * factor for g in grads]
    clipped, norm = clip_by_global_norm(grads, threshold, order=order)
    assert_grads_equal(clipped, expected, rtol=1e-5)
    np.testing.assert_allclose(norm, norm_of(grads, order), rtol=1e-6)
    alone = [g * min(1.0, threshold / norm_of([g], order)) for g in grads[:-1]]
    assert_grads_equal(clip_by_norm(grads, threshold, order=order), [*alone, None], rtol=1e-5)


def test_orders_of_worked_values():
    # 3 + 4 + 12 = 19, and 12 is the largest
    grads = tensors([3.0, -4.0], [12.0])
    assert float(global_norm(grads, order=1)) == 19.0
    assert float(global_norm(grads, order=math.inf)) == 12.0
    assert_grads_equal(clip_by_norm(grads, 3.5, order=1), tensors([1.5, -2.0], [3.5]))
    assert_grads_equal(clip_by_norm(grads, 2.0, order=math.inf), tensors([1.5, -2.0], [2.0]))


@pytest.mark.parametrize("order", [1, INF])
def test_norms_of_other_orders_show_what_is_not_finite_and_take_nothing_for_zero(order):
    for grads in ([], [None], [tf.zeros([0, 3])], tensors([0.0])):
        assert float(global_norm(grads, order=order)) == 0.0
    for entry in (INF, NAN):
        for grads in (tensors([1.0, entry], [2.0]), tensors([2.0], [entry, 1.0])):
            np.testing.assert_equal(float(global_norm(grads, order=order)), entry)
    assert float(global_norm(tensors([1e38], [2e38]), order=order)) > 1.9e38


@pytest.mark.parametrize("order", [0, 3, -1, True, "2", None, NAN])
def test_other_orders_are_refused(order):
    text = re.escape(f"`order` must be 1, 2 or math.inf. Received: {order!r}")
    for call in (
        lambda: global_norm(tensors([1.0]), order=order),
        lambda: clip_by_norm(tensors([1.0]), 1.0, order=order),
        lambda: clip_by_global_norm(tensors([1.0]), 1.0, order=order),
    ):
        with pytest.raises(ValueError, match=text):
            call()


# A norm that is given


@pytest.mark.parametrize("given", [0.0, 0.5, 13.0, 1e30])
def test_a_norm_that_is_given_counts_as_in_tensorflow(given):
    grads = random_grads()
    clipped, norm = clip_by_global_norm(grads, 0.7, use_norm=given)
    expected = tf.clip_by_global_norm(grads, 0.7, use_norm=tf.constant(given))[0]
    if given == 0.0:  # where TensorFlow divides by it
        expected = grads
    assert_grads_equal(clipped, expected, rtol=1e-6)
    assert float(norm) == np.float32(given)


def test_parts_of_gradients_are_clipped_by_the_norm_of_all():
    # Two devices hold (3, 4) and 12: their norms 5 and 12 make 13.
    parts = tensors([3.0, 4.0]), tensors([12.0])
    total = tf.norm([global_norm(part) for part in parts])
    clipped = [clip_by_global_norm(part, 1.0, use_norm=total)[0][0] for part in parts]
    assert_grads_equal(clipped, clip_by_global_norm(tensors([3.0, 4.0], [12.0]), 1.0)[0], rtol=1e-6)


@pytest.mark.parametrize("given", [INF, NAN])
def test_a_given_norm_that_is_not_finite_shows(given):
    for norm in (given, tf.constant(given)):
        clipped, back = clip_by_global_norm(tensors([1.0]), 1.0, use_norm=norm)
        assert_grads_equal(clipped, tensors([NAN]))
        np.testing.assert_equal(float(back), given)
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="`use_norm` must be a finite norm"
        ):
            clip_by_global_norm(tensors([1.0]), 1.0, use_norm=norm, error_if_nonfinite=True)


@pytest.mark.parametrize("bad", [-1.0, "1", True, [1.0], -INF])
def test_what_is_no_norm_is_refused(bad):
    text = re.escape(f"`use_norm` must be a norm, 0 or more. Received: {bad!r}")
    with pytest.raises(ValueError, match=text):
        clip_by_global_norm(tensors([1.0]), 1.0, use_norm=bad)
    with pytest.raises(ValueError, match=r"`use_norm` must be a scalar\. Received: shape \(2,\)"):
        clip_by_global_norm(tensors([1.0]), 1.0, use_norm=tf.constant([1.0, 2.0]))


def test_a_negative_norm_in_a_tensor_gives_nan():
    clipped, _ = clip_by_global_norm(tensors([1.0]), 1.0, use_norm=tf.constant(-1.0))
    assert_grads_equal(clipped, tensors([NAN]))


# An error where a norm is not finite

strict_methods = pytest.mark.parametrize(
    ("method", "name"), [(clip_by_norm, "grads[2]"), (clip_by_global_norm, "grads")]
)


@strict_methods
@pytest.mark.parametrize(("entry", "said"), [(INF, "Inf"), (-INF, "Inf"), (NAN, "NaN")])
@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_norm_that_is_not_finite_is_an_error_on_request(method, name, entry, said, wrap):
    clip_strictly = wrap(functools.partial(method, error_if_nonfinite=True))
    text = rf"`{re.escape(name)}` must have a finite norm.*Received : Tensor had {said} values"
    grads = tensors([1.0], None, [2.0, entry])
    with pytest.raises(tf.errors.InvalidArgumentError, match=text):
        clip_strictly(grads, 1.0)


@strict_methods
def test_xla_leaves_the_error_out_and_nan_comes_through(method, name):  # noqa: ARG001
    clip_strictly = tf.function(
        functools.partial(method, error_if_nonfinite=True), jit_compile=True
    )
    clipped = clip_strictly(tensors([NAN, 1.0]), 1.0)
    assert_grads_equal(tf.nest.flatten(clipped)[:1], tensors([NAN, NAN]))


@strict_methods
def test_norm_that_is_not_finite_is_an_error_side_by_side_too(method, name):
    def one(g):
        return method([None, None, g], 1.0, error_if_nonfinite=True)

    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(f"`{name}` must have")):
        tf.vectorized_map(one, tf.constant([[1.0], [INF]]), fallback_to_while_loop=False)


@strict_methods
@pytest.mark.parametrize("order", [1, 2, INF])
@pytest.mark.parametrize("size", [0.0, 1e-30, 1.0, 1e30])
def test_norm_that_is_finite_is_no_error(method, name, order, size):  # noqa: ARG001
    grads = tensors([3 * size], None, [4 * size])
    strict = tf.function(functools.partial(method, order=order, error_if_nonfinite=True))
    got, expected = strict(grads, 1.0), method(grads, 1.0, order=order)
    if method is clip_by_global_norm:
        got, expected = got[0], expected[0]
    assert_grads_equal(got, expected, rtol=1e-6)


# Two bounds


@pytest.mark.parametrize("bounds", [(-1.0, 2.0), (-0.5, 0.0), (0, 3), (-INF, 0.5), (-0.5, INF)])
def test_two_bounds_cut_as_tensorflows_do(bounds):
    grads = random_grads(scale=3.0)
    expected = [tf.clip_by_value(g, *map(float, bounds)) for g in grads]
    assert_grads_equal(clip_by_value(grads, bounds), expected)
    assert_grads_equal(clip(grads, "value", bounds), expected)
    inside = tf.function(clip_by_value)(grads, tuple(tf.constant(float(b)) for b in bounds))
    assert_grads_equal(inside, expected)
    assert_grads_equal(clip_by_value([None, tf.zeros([2])], bounds), [None, tf.zeros([2])])


def test_a_threshold_is_two_bounds_of_opposite_sign():
    grads = [*random_grads(), *tensors([INF, -INF, NAN])]
    assert_grads_equal(clip_by_value(grads, (-0.7, 0.7)), clip_by_value(grads, 0.7))


@pytest.mark.parametrize(
    "bad",
    [
        (1.0, 2.0),
        (-2.0, -1.0),
        (2.0, -1.0),
        (0.0, 0.0),
        (-INF, INF),
        (NAN, 1.0),
        (-1.0, NAN),
        (-1.0, "2"),
        (-1.0, None),
        (-(10**400), 1.0),
        (-1.0, 1e-50),
    ],
)
def test_bounds_without_zero_between_them_are_refused(bad):
    text = "`clip_value` must be positive and finite, or a pair (low, high) with low <= 0 <= high"
    with pytest.raises(ValueError, match=re.escape(text) + ".*" + re.escape(f"Received: {bad!r}")):
        clip_by_value(tensors([1.0]), bad)


@pytest.mark.parametrize("bad", [(1.0, 2.0), (-2.0, -1.0), (NAN, 1.0)])
def test_tensors_as_bounds_without_zero_between_them_give_nan(bad):
    bounds = tuple(tf.constant(b) for b in bad)
    assert_grads_equal(tf.function(clip_by_value)(tensors([0.5]), bounds), tensors([NAN]))


# Each example on its own


def example_grads(n=6):
    rng = np.random.default_rng(0)
    sizes = np.geomspace(1e-3, 10.0, n)
    return [
        tf.constant(rng.normal(size=(n, *shape)) * sizes.reshape(-1, *[1] * len(shape)), tf.float32)
        for shape in ((5, 4), (4,), ())
    ]


@pytest.mark.parametrize("threshold", [0.01, 1.0, 1e6])
def test_each_example_is_clipped_as_tensorflow_clips_it_alone(threshold):
    grads = example_grads()
    clipped, norms = clip_per_example([*grads, None], threshold)
    assert clipped[-1] is None
    for i in range(6):
        alone, norm = tf.clip_by_global_norm([g[i] for g in grads], threshold)
        assert_grads_equal([g[i] for g in clipped[:-1]], alone, rtol=1e-5)
        np.testing.assert_allclose(norms[i], norm, rtol=1e-5)
    for name, reduce in (("mean", np.mean), ("sum", np.sum)):
        reduced, _ = clip_per_example(grads, threshold, reduction=name)
        expected = [reduce(g, axis=0) for g in clipped[:-1]]
        assert_grads_equal(reduced, expected, rtol=1e-5, atol=1e-6)


def test_examples_of_worked_values():
    # Norms 5, 0.5 and 0: the first is cut to 1, (0.6, 0.8); sums 0.9 and 1.2.
    grads = tensors([[3.0], [0.3], [0.0]], [4.0, 0.4, 0.0])
    clipped, norms = clip_per_example(grads, 1.0)
    assert_grads_equal(clipped, tensors([[0.6], [0.3], [0.0]], [0.8, 0.4, 0.0]), rtol=1e-6)
    np.testing.assert_allclose(norms, [5.0, 0.5, 0.0], rtol=1e-6)
    summed = clip_per_example(grads, 1.0, reduction="sum")[0]
    assert_grads_equal(summed, tensors([0.9], 1.2), rtol=1e-6)


def test_short_examples_pass_bit_for_bit():
    grads = example_grads()
    assert_grads_equal(clip_per_example(grads, 1e3)[0], grads)


def test_one_example_moves_the_sum_by_no_more_than_the_threshold():
    grads = example_grads()
    without = [g[1:] for g in grads]
    a, b = (clip_per_example(part, 0.1, reduction="sum")[0] for part in (grads, without))
    assert float(global_norm([x - y for x, y in zip(a, b, strict=True)])) <= 0.1 * (1 + 1e-5)


def test_a_broken_example_breaks_no_other():
    clipped, norms = clip_per_example(tensors([[3.0], [INF], [NAN]], [4.0, 1.0, 1.0]), 1.0)
    assert_grads_equal(clipped, tensors([[0.6], [NAN], [NAN]], [0.8, NAN, NAN]), rtol=1e-6)
    np.testing.assert_array_equal(norms, [5.0, INF, NAN])


@pytest.mark.parametrize(("size", "threshold"), [(1e-30, 1e-31), (1e30, 1e-3)])
def test_examples_of_any_size_are_clipped_not_lost(size, threshold):
    grads = tensors([[3 * size], [3.0]], [4 * size, 4.0])
    clipped, norms = clip_per_example(grads, threshold)
    expected = tensors([[0.6 * threshold]] * 2, [0.8 * threshold] * 2)
    assert_grads_equal(clipped, expected, rtol=1e-5)
    np.testing.assert_allclose(norms, [5 * size, 5.0], rtol=1e-6)


def test_gradients_of_each_example_are_clipped_inside_a_graph():
    w, x = tf.Variable([1.0, 2.0]), tf.constant([[3.0, 4.0], [0.3, 0.4]])

    @tf.function
    def step(x):
        def gradient(row):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(w * row)
            return tape.gradient(loss, w)

        return clip_per_example([tf.vectorized_map(gradient, x)], 1.0, reduction="mean")[0][0]

    np.testing.assert_allclose(step(x), [0.45, 0.6], rtol=1e-6)


def test_examples_keep_their_dtypes_and_half_precision_is_summed_in_single():
    grads = [tf.fill([3000, 1], tf.constant(1.0, tf.float16)), tf.zeros([3000])]
    reduced, norms = clip_per_example(grads, 2.0, reduction="sum")
    # Adding ones in float16 stops at 2048.
    assert [g.dtype for g in reduced] == [tf.float16, tf.float32]
    assert float(reduced[0][0]) == 3000.0
    assert norms.dtype == tf.float32


def test_no_examples_and_no_gradients_are_fine():
    clipped, norms = clip_per_example([tf.zeros([0, 3]), tf.zeros([0])], 1.0)
    assert [g.shape for g in clipped] == [(0, 3), (0,)]
    assert norms.shape == (0,)
    assert clip_per_example([None], 1.0)[0] == [None]
    assert clip_per_example([], 1.0)[1].shape == (0,)


@pytest.mark.parametrize(
    ("grads", "error", "text"),
    [
        (tensors([1.0], 2.0), ValueError, "`grads[1]` must have the examples as its first axis"),
        (tensors([1.0], [2.0, 3.0]), ValueError, "as many as the others. Received: shape (2,)"),
        (
            [tf.IndexedSlices(tf.ones([1, 2]), tf.constant([0]))],
            TypeError,
            "`grads[0]` must be a tensor. Received: tf.IndexedSlices",
        ),
        (tf.ones([2]), TypeError, "`grads` must be a list"),
        ([tf.constant([1])], TypeError, "`grads[0]` must be floating point. Received: int32"),
    ],
)
def test_what_holds_no_examples_is_refused(grads, error, text):
    with pytest.raises(error, match=re.escape(text)):
        clip_per_example(grads, 1.0)


def test_threshold_and_reduction_of_examples_are_checked():
    with pytest.raises(ValueError, match=r"`clip_norm` must be positive and finite\. Received: 0"):
        clip_per_example(tensors([1.0]), 0)
    text = "`reduction` must be None or one of ['mean', 'sum']. Received: 'max'"
    with pytest.raises(ValueError, match=re.escape(text)):
        clip_per_example(tensors([1.0]), 1.0, reduction="max")


# Gradients through the clipping

SHORTENING = {
    "norm": lambda g: clip_by_norm([g], 0.7)[0],
    "global_norm": lambda g: rescale_together([g], 0.7)[0],
    "adaptive": lambda g: clip_adaptively([g], [tf.constant([0.7, 0.0])], 1.0)[0],
    "per_example": lambda g: clip_per_example([g[tf.newaxis]], 0.7)[0][0][0],
    "without end": lambda g: clip_by_norm([g], tf.constant(INF))[0],
}
every_shortening = pytest.mark.parametrize("shorten", SHORTENING.values(), ids=SHORTENING)


def slopes(function, x):
    """First and second derivatives of a weighted sum of what `function` gives."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = tf.reduce_sum(tf.constant([1.0, 2.0]) * function(x))
        first = tape.gradient(value, x)
        again = tf.reduce_sum(tf.constant([3.0, 5.0]) * first)
    return first, outer.gradient(again, x)


@every_shortening
@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_gradient_through_the_clipping_of_short_gradients_is_the_identitys(shorten, wrap):
    find = wrap(lambda x: slopes(shorten, x))
    for size in (0.0, 1e-37, 1e-25, 1e-20, 1e-3, 0.1):
        found = find(tf.constant([3 * size, 4 * size]))
        assert_grads_equal(found, tensors([1.0, 2.0], [0.0, 0.0]))


@pytest.mark.parametrize("name", ["norm", "global_norm", "adaptive", "per_example"])
@pytest.mark.parametrize("x", [[3.0, 4.0], [-0.5, 2.0], [0.0, 0.8], [0.0, 0.0], [0.3, 0.4]])
def test_gradient_through_the_clipping_is_tensorflows(name, x):
    found = slopes(SHORTENING[name], tf.constant(x))
    expected = slopes(lambda g: tf.clip_by_norm(g, 0.7), tf.constant(x))
    assert_grads_equal(found, expected, rtol=1e-5, atol=1e-6)
    if any(x):  # TensorFlow's global norm divides by it
        expected = slopes(lambda g: tf.clip_by_global_norm([g], 0.7)[0][0], tf.constant(x))
        assert_grads_equal(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["norm", "global_norm", "per_example"])
@pytest.mark.parametrize("size", [1e13, 1e17])
def test_gradient_through_a_second_look_inside_a_graph_is_that_at_any_size(name, size):
    shorten = tf.function(SHORTENING[name])

    def slope(size):
        x = tf.constant([3 * size, 4 * size])
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = tf.reduce_sum(tf.constant([1.0, 2.0]) * shorten(x))
        return size * tape.gradient(value, x)

    np.testing.assert_allclose(slope(size), slope(1.0), rtol=1e-5)


@pytest.mark.parametrize("order", [1, INF])
def test_gradient_through_other_orders_is_the_identity_at_zero(order):
    for function in (
        lambda g: clip_by_norm([g], 0.7, order=order)[0],
        lambda g: clip_by_global_norm([g], 0.7, order=order)[0][0],
    ):
        assert_grads_equal(slopes(function, tf.zeros([2])), tensors([1.0, 2.0], [0.0, 0.0]))


@every_shortening
def test_gradient_through_the_clipping_side_by_side_is_that_of_each_alone(shorten):
    x = tf.constant([[0.0, 0.0], [0.1, 0.2], [3.0, 4.0], [1e-30, 0.0]])
    found = tf.vectorized_map(lambda g: slopes(shorten, g), x, fallback_to_while_loop=False)
    for i in range(len(x)):
        assert_grads_equal([f[i] for f in found], slopes(shorten, x[i]), rtol=1e-3, atol=1e-6)


def test_gradient_of_the_weights_reaches_through_adaptive_clipping():
    # G w / norm(G) at a ratio of 1, for one weight: its slope is G / norm(G) = 1.
    w = tf.constant([2.0])
    with tf.GradientTape() as tape:
        tape.watch(w)
        clipped = clip_adaptively(tensors([7.0]), [w], 1.0)[0]
    assert float(tape.gradient(clipped, w)[0]) == 1.0


# What it costs


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_ordinary_norms_are_those_of_the_plain_formula_bit_for_bit(wrap):
    def plain(grads):
        return np.sqrt(tf.add_n([tf.reduce_sum(tf.square(g)) for g in grads]).numpy())

    norm, together, alone = wrap(global_norm), wrap(rescale_together), wrap(clip_by_norm)
    for size in (1e-9, 1e-3, 1.0, 1e9):
        grads = random_grads(scale=size)
        limit = tf.constant(0.1 * size)
        assert norm(grads).numpy() == plain(grads)
        expected = [g * (limit / plain(grads)) for g in grads]
        assert_grads_equal(together(grads, limit), expected)
        assert_grads_equal(alone(grads, limit), [g * (limit / plain([g])) for g in grads])


@pytest.mark.parametrize("method", [clip_by_norm, rescale_together, clip_against_ones])
def test_runs_of_any_size_side_by_side_are_clipped_each_as_alone(method):
    sizes = [1.0, 1e-30, 1e30, 0.0, INF, NAN]
    rows = tf.constant([[3 * s, 4 * s] if s else [0.0, 0.0] for s in sizes])
    got = tf.vectorized_map(lambda g: method([g], 0.5), rows, fallback_to_while_loop=False)[0]
    for i in range(len(sizes)):
        assert_grads_equal([got[i]], method([rows[i]], 0.5), rtol=1e-6)


@pytest.mark.parametrize("method", [clip_by_norm, rescale_together])
def test_a_second_pass_is_made_only_where_it_is_needed(method, monkeypatch):
    from steadynet import _branches
    from steadynet.clipping import _norms

    asked = []
    look = lambda fine, first, second: (  # noqa: E731
        asked.append(bool(fine)) or _branches.second_look(fine, first, second)
    )
    monkeypatch.setattr(_norms, "second_look", look)
    for size in (1e-9, 1.0, 1e9, 1e-20, 1e20, 0.0, INF, NAN):
        method(tensors([3 * size, 4 * size]), 1.0)
    assert asked == [True, True, True, False, False, False, False, False]


@pytest.mark.parametrize("method", [clip_by_norm, rescale_together])
def test_what_is_not_needed_is_one_operation_in_the_graph(method):
    graph = tf.function(method).get_concrete_function(random_grads(), tf.constant(1.0)).graph
    (branch,) = (op for op in graph.get_operations() if op.type.endswith("If"))
    rare = graph._get_function(branch.get_attr("else_branch").name).graph.get_operations()
    work = [op.type for op in rare if op.type not in ("Placeholder", "Identity", "NoOp", "Const")]
    assert work == ["PartitionedCall"]


@every_method
def test_clipping_inside_a_function_that_runs_side_by_side(method):
    inner = tf.function(lambda g: method([g], 0.5)[0])
    rows = tf.constant([[3.0, 4.0], [0.03, 0.04]])
    got = tf.vectorized_map(inner, rows, fallback_to_while_loop=False)
    for i in range(2):
        assert_grads_equal([got[i]], method([rows[i]], 0.5), rtol=1e-6)


@every_method
def test_compiled_by_xla_it_is_the_same(method):
    grads = [*random_grads(scale=3.0), tf.constant([1e30, 1e-30])]
    compiled = tf.function(lambda grads: method(grads, 0.5), jit_compile=True)
    assert_grads_equal(compiled(grads), method(grads, 0.5), rtol=1e-5)


@pytest.mark.parametrize("name", [*clipping.METHODS])
def test_converted_for_a_page_it_clips_at_any_size(name):
    from steadynet.portable.convert import convert, spec
    from steadynet.portable.interpreter import Interpreter

    inputs = [spec("a", [2]), spec("b", [1]), spec("c")]
    program = Interpreter(convert(lambda a, b, c: tuple(clip([a, b], name, c)), inputs, "xy"))
    for size in (0.0, 1e-30, 1.0, 1e30):
        grads = tensors([3 * size, -4 * size], [12 * size])
        out = program(a=grads[0], b=grads[1], c=np.float32(0.5))
        assert_grads_equal([out["x"], out["y"]], clip(grads, name, 0.5), rtol=1e-6)


# By name


@pytest.mark.parametrize(
    ("name", "method"),
    [("value", clip_by_value), ("norm", clip_by_norm), ("global_norm", rescale_together)],
)
def test_clip_calls_the_method_named(name, method):
    grads = random_grads(scale=3.0)
    assert_grads_equal(clip(grads, name, 0.5), method(grads, 0.5))


@pytest.mark.parametrize("name", ["global", "", None, "adaptive"])
def test_clip_says_which_methods_there_are(name):
    text = f"`method` must be one of ['global_norm', 'norm', 'value']. Received: {name!r}"
    with pytest.raises(ValueError, match=re.escape(text)):
        clip(tensors([1.0]), name, 1.0)
