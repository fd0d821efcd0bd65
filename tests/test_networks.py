"""The small networks are what their formulas say, and the same for the same seed."""

import numpy as np
import pytest

from steadynet.networks import dense_network, recurrent_network
from steadynet.normalization import BatchNorm


def test_recurrent_network_follows_its_recurrence():
    model = recurrent_network(5, n_inputs=3, n_classes=2, units=4, seed=7)
    w, u, b, head, bias = model.get_weights()
    x = np.random.default_rng(0).normal(size=(6, 5, 3)).astype("float32")
    h = np.zeros((6, 4))
    for t in range(5):
        h = np.tanh(x[:, t] @ w + h @ u + b)
    np.testing.assert_allclose(model(x), h @ head + bias, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("gain", [0.8, 1.2])
def test_recurrent_kernel_starts_as_gain_times_an_orthogonal_matrix(gain):
    u = recurrent_network(3, units=16, gain=gain).get_weights()[1]
    np.testing.assert_allclose(u @ u.T, gain**2 * np.eye(16), atol=1e-5)
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(u)), gain, rtol=1e-4)


def test_dense_network_follows_its_formula():
    model = dense_network(4, 3, depth=2, units=5, activation="tanh", seed=1)
    (w1, b1, w2, b2, head, bias), x = model.get_weights(), np.eye(4, dtype="float32")
    hidden = np.tanh(np.tanh(x @ w1 + b1) @ w2 + b2)
    np.testing.assert_allclose(model(x), hidden @ head + bias, rtol=1e-4, atol=1e-6)


def test_dense_network_starts_at_he_s_scale():
    kernels = [w for w in dense_network(400, 3, depth=2, units=400).get_weights() if w.ndim == 2]
    for kernel in kernels[:2]:  # He: variance 2 over the number of inputs
        np.testing.assert_allclose(kernel.std(), np.sqrt(2 / 400), rtol=0.02)


@pytest.mark.parametrize("build", [lambda s: recurrent_network(3, seed=s), lambda s: dense_network(
    4, 3, depth=3, seed=s)], ids=["recurrent", "dense"])  # fmt: skip
def test_weights_follow_from_the_seed_alone(build):
    one, same, other = (build(seed).get_weights() for seed in (1, 1, 2))
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not any(np.array_equal(a, b) for a, b in zip(one, other, strict=True) if a.ndim == 2)
    kernels = [w for w in one if w.ndim == 2]
    assert len({k.ravel()[0] for k in kernels}) == len(kernels), "no two layers start alike"


def test_batch_norm_leaves_the_kernels_as_they_were():
    plain = [w for w in dense_network(4, 3, depth=2).get_weights() if w.ndim == 2]
    for placement in ("before", "after"):
        normalized = dense_network(4, 3, depth=2, batch_norm=True, placement=placement)
        kernels = [w for w in normalized.get_weights() if w.ndim == 2]
        for a, b in zip(plain, kernels, strict=True):
            np.testing.assert_array_equal(a, b)


def test_batch_norm_stands_where_it_is_placed():
    kinds = [type(layer).__name__ for layer in dense_network(4, 3, depth=1, batch_norm=True).layers]
    assert kinds == ["Dense", "BatchNorm", "Activation", "Dense"]
    after = dense_network(4, 3, depth=1, batch_norm=True, placement="after")
    assert [type(layer).__name__ for layer in after.layers] == ["Dense", "BatchNorm", "Dense"]
    assert [layer.use_bias for layer in after.layers[::2]] == [True, True]


def test_batch_norm_may_be_a_layer_of_the_reader_s_own():
    model = dense_network(4, 3, depth=2, batch_norm=lambda: BatchNorm(momentum=0.5))
    assert [m.momentum for m in model.layers if isinstance(m, BatchNorm)] == [0.5, 0.5]


def test_another_placement_is_refused():
    with pytest.raises(ValueError, match=r"`placement` must be one of .* Received: 'between'"):
        dense_network(4, 3, depth=1, batch_norm=True, placement="between")
