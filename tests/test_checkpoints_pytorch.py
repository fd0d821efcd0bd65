"""PyTorch's weights in Keras: equal outputs, or errors that leave the model as it was."""

import hashlib
import importlib.util
import pickle
import re

import keras
import numpy as np
import pytest
import pytorch_cases
from safetensors.numpy import save_file

from steadynet.checkpoints import CheckpointError, load_pytorch, read_safetensors

layers = keras.layers


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


# PyTorch, by its documented definitions, in NumPy


def torch_conv2d(x, weight, bias=None, stride=1, padding=0, groups=1):
    """out[n,o,i,j] = bias[o] + sum over c, u, v of weight[o,c,u,v] · x[n, c, s i + u, s j + v]."""
    x = np.pad(x, [(0, 0), (0, 0), (padding,) * 2, (padding,) * 2])
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    parts = zip(np.split(windows, groups, 1), np.split(weight, groups, 0), strict=True)
    out = np.concatenate([np.einsum("ncijuv,ocuv->noij", w, k) for w, k in parts], axis=1)
    return out if bias is None else out + bias[:, None, None]


def torch_norm(x, weight, bias, mean, var, eps=1e-5):
    """Batch normalization in evaluation over axis 1."""
    shape = (-1, *[1] * (x.ndim - 2))
    weight, bias, mean, var = (a.reshape(shape) for a in (weight, bias, mean, var))
    return (x - mean) / np.sqrt(var + eps) * weight + bias


def torch_linear(x, weight, bias):
    """x Aᵀ + b, with A of shape (out, in)."""
    return x @ weight.T + bias


def norm_state(rng, name, n):
    return {
        f"{name}.weight": rng.uniform(0.5, 2, n),
        f"{name}.bias": rng.normal(size=n),
        f"{name}.running_mean": rng.normal(size=n),
        f"{name}.running_var": rng.uniform(0.5, 2, n),
        f"{name}.num_batches_tracked": np.array(12, "int64"),
    }


def a_state(seed=0):
    """The state of a PyTorch network: conv, norm, depthwise, pool, flatten, norm, dense, dense."""
    rng = np.random.default_rng(seed)
    state = {
        "features.0.weight": rng.normal(size=(4, 2, 3, 3)),
        "features.0.bias": rng.normal(size=4),
        **norm_state(rng, "features.1", 4),
        "features.3.weight": rng.normal(size=(8, 1, 3, 3)),
        **norm_state(rng, "norm", 8 * 3 * 2),
        "fc1.weight": rng.normal(size=(5, 8 * 3 * 2)) / 7,
        "fc1.bias": rng.normal(size=5),
        "fc2.weight": rng.normal(size=(3, 5)),
        "fc2.bias": rng.normal(size=3),
    }
    return {n: a if a.dtype == "int64" else a.astype("float32") for n, a in state.items()}


def torch_forward(s, x):
    """What that network computes, channels first."""
    h = torch_conv2d(x, s["features.0.weight"], s["features.0.bias"], stride=2, padding=1)
    names = ("weight", "bias", "running_mean", "running_var")
    h = np.maximum(torch_norm(h, *(s[f"features.1.{n}"] for n in names)), 0)
    h = torch_conv2d(h, s["features.3.weight"], groups=4, padding=1)
    h = h[:, :, :6, :4].reshape(len(h), 8, 3, 2, 2, 2).max(axis=(3, 5))
    h = torch_norm(h.reshape(len(h), -1), *(s[f"norm.{n}"] for n in names))
    h = np.maximum(torch_linear(h, s["fc1.weight"], s["fc1.bias"]), 0)
    return torch_linear(h, s["fc2.weight"], s["fc2.bias"])


NAMES = {
    "conv": "features.0",
    "bn": "features.1",
    "depthwise": "features.3",
    "norm": "norm",
    "fc1": "fc1",
    "fc2": "fc2",
}


def keras_twin(epsilon=1e-5):
    """The same network in Keras, channels last."""
    norm = {"epsilon": epsilon, "momentum": 0.9}
    stack = [
        layers.ZeroPadding2D(1),
        layers.Conv2D(4, 3, strides=2, name="conv"),
        layers.BatchNormalization(**norm, name="bn"),
        layers.Activation("relu"),
        layers.DepthwiseConv2D(
            3, padding="same", depth_multiplier=2, use_bias=False, name="depthwise"
        ),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.BatchNormalization(**norm, name="norm"),
        layers.Dense(5, "relu", name="fc1"),
        layers.Dense(3, name="fc2"),
    ]
    return keras.Sequential([keras.Input((12, 9, 2)), *stack])


def channels_first(n=4, seed=1):
    return np.random.default_rng(seed).normal(size=(n, 2, 12, 9)).astype("float32")


def test_pytorch_weights_give_equal_outputs(tmp_path):
    state, model, x = a_state(), keras_twin(), channels_first()
    save_file(state, tmp_path / "net.safetensors")
    assert load_pytorch(model, tmp_path / "net.safetensors", NAMES) == []
    close(model(x.transpose(0, 2, 3, 1), training=False), torch_forward(state, x))


def test_pytorch_weights_reach_into_nested_models():
    state, x = a_state(), channels_first()
    inputs = keras.Input((12, 9, 2))
    model = keras.Model(inputs, keras_twin()(inputs))
    load_pytorch(model, state, NAMES)
    close(model(x.transpose(0, 2, 3, 1), training=False), torch_forward(state, x))


def test_without_a_flattening_no_row_moves():
    rng = np.random.default_rng(0)
    state = {"conv.weight": rng.normal(size=(5, 2, 1, 1)), "fc.weight": rng.normal(size=(3, 5))}
    state |= {"conv.bias": rng.normal(size=5), "fc.bias": rng.normal(size=3)}
    stack = [layers.Conv2D(5, 1, name="conv"), layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((12, 9, 2)), *stack, layers.Dense(3, name="fc")])
    load_pytorch(model, state)
    x = channels_first()
    pooled = torch_conv2d(x, state["conv.weight"], state["conv.bias"]).mean(axis=(2, 3))
    close(
        model(x.transpose(0, 2, 3, 1)), torch_linear(pooled, state["fc.weight"], state["fc.bias"])
    )


def test_flattened_sequences_change_their_order_too():
    rng = np.random.default_rng(0)
    state = {"conv.weight": rng.normal(size=(4, 2, 3)), "conv.bias": rng.normal(size=4)}
    state |= {"fc.weight": rng.normal(size=(3, 4 * 6)), "fc.bias": rng.normal(size=3)}
    stack = [layers.Conv1D(4, 3, name="conv"), layers.Flatten(), layers.Dense(3, name="fc")]
    model = keras.Sequential([keras.Input((8, 2)), *stack])
    load_pytorch(model, state)
    x = rng.normal(size=(3, 2, 8))
    h = torch_conv2d(x[:, :, None], state["conv.weight"][:, :, None], state["conv.bias"])
    expected = torch_linear(h.reshape(3, -1), state["fc.weight"], state["fc.bias"])
    close(model(x.transpose(0, 2, 1)), expected)


def test_grouped_convolution_and_layer_norm_and_embedding():
    rng = np.random.default_rng(0)
    conv = rng.normal(size=(6, 1, 3, 3)).astype("float32")
    model = keras.Sequential(
        [keras.Input((5, 5, 2)), layers.Conv2D(6, 3, groups=2, use_bias=False, name="conv")]
    )
    load_pytorch(model, {"conv.weight": conv})
    x = rng.normal(size=(2, 2, 5, 5)).astype("float32")
    expected = torch_conv2d(x, conv, groups=2)
    close(model(x.transpose(0, 2, 3, 1)), expected.transpose(0, 2, 3, 1))

    table, gamma, beta = rng.normal(size=(7, 4)), rng.normal(size=4), rng.normal(size=4)
    words = [
        layers.Embedding(7, 4, name="table"),
        layers.LayerNormalization(epsilon=1e-5, name="n"),
    ]
    model = keras.Sequential([keras.Input((3,), dtype="int32"), *words])
    load_pytorch(model, {"table.weight": table, "n.weight": gamma, "n.bias": beta})
    rows = table[[[1, 6, 0]]]
    mean, var = rows.mean(-1, keepdims=True), rows.var(-1, keepdims=True)
    close(model(np.array([[1, 6, 0]])), (rows - mean) / np.sqrt(var + 1e-5) * gamma + beta)


def test_keras_momentum_is_one_less_pytorchs():
    # PyTorch with momentum 0.1: mean (1 - 0.1) · 0 + 0.1 · 5. Variance 0.9 · 1 + 0.1 · 4 here, and
    # 0.1 · 8 there: it keeps the unbiased one, n / (n - 1) times this, while it trains.
    norm = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    norm(np.array([[3.0], [7.0]], "float32"), training=True)
    close(norm.moving_mean, [0.5])
    close(norm.moving_variance, [1.3])


def test_only_mapped_modules_are_loaded_and_the_rest_is_told():
    model, state = keras_twin(), a_state()
    before = model.get_layer("fc2").get_weights()
    left = load_pytorch(model, state, {"conv": "features.0", "bn": "features.1"})
    np.testing.assert_array_equal(model.get_layer("fc2").get_weights()[0], before[0])
    assert "fc1.weight" in left
    assert "features.1.num_batches_tracked" not in left


@pytest.mark.parametrize("name", pytorch_cases.CASES)
def test_keras_computes_what_pytorch_computes(name):
    # What PyTorch computed is stored; where it is installed, it has to compute that again.
    case = pytorch_cases.CASES[name]()
    shapes, output = pytorch_cases.stored(name)
    if importlib.util.find_spec("torch"):
        real_shapes, real = pytorch_cases.compute(importlib.import_module("torch"), case)
        assert {name: list(shape) for name, shape in real_shapes.items()} == shapes
        close(real, output)
    model, state = case.model(), pytorch_cases.state_of(shapes)
    names = case.names
    if names == "in order":
        names = pytorch_cases.in_order(model, shapes)
    assert load_pytorch(model, state, names, **case.options) == []
    inputs = [case.to_keras(array) for array in pytorch_cases.inputs_of(case)]
    found = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    assert output.std() > 0.03
    close(found, case.to_keras(output))


# What of PyTorch is refused


def refuses(match, state=None, name_map=NAMES, model=None, kind=CheckpointError, **options):
    model = model or keras_twin()
    before = model.get_weights()
    with pytest.raises(kind, match=match) as caught:
        load_pytorch(model, a_state() if state is None else state, name_map, **options)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    return caught.value


def test_a_partial_state_names_the_tensor(tmp_path):
    state = a_state()
    del state["features.1.running_var"]
    save_file(state, tmp_path / "part.safetensors")
    error = refuses(
        r"part\.safetensors, variable 'features\.1\.running_var': is not in it",
        tmp_path / "part.safetensors",
    )
    assert error.variable == "features.1.running_var"


@pytest.mark.parametrize("shape", [(5, 47), (48, 5), (5,), (5, 48, 1)])
def test_a_tensor_of_another_shape_is_named(shape):
    state = a_state() | {"fc1.weight": np.zeros(shape, "f")}
    refuses(rf"variable 'fc1\.weight': has shape {re.escape(str(shape))}.* \(48, 5\)", state)


def test_a_tensor_without_a_place_is_named():
    refuses(
        r"variable 'features\.3\.bias': has no place in layer 'depthwise'",
        a_state() | {"features.3.bias": np.full(8, 0.1, "f")},
    )


def test_another_epsilon_is_refused():
    # Keras's default of 1e-3 would give outputs that are nearly equal, and wrong.
    refuses(
        r"`epsilon` must be that of layer 'bn', 0\.001.* Received: 1e-05",
        model=keras_twin(1e-3),
        kind=ValueError,
    )
    load_pytorch(keras_twin(1e-3), a_state(), NAMES, epsilon=1e-3)


def test_names_and_layers_that_do_not_fit_are_refused():
    refuses(
        "`name_map` must name layers .* Received: 'nope'", name_map={"nope": "a"}, kind=ValueError
    )
    refuses(r"variable 'a\.weight': is not in it", name_map={"conv": "a"})
    separable = keras.Sequential([keras.Input((3, 3, 2)), layers.SeparableConv2D(2, 2, name="s")])
    refuses("Received: 's', a SeparableConv2D", name_map=None, model=separable, kind=ValueError)


def test_a_pickle_is_refused_unread(tmp_path):
    class Trap:
        def __reduce__(self):
            return open, (str(tmp_path / "sprung"), "w")

    for name, data in (("a.pt", b"PK\3\4rest of a zip"), ("b.pth", pickle.dumps(Trap()))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CheckpointError, match=rf"{name} is a pickle, .* any code"):
            read_safetensors(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:40],
        lambda _: b"",
        lambda data: b"\xff" * 8 + data[8:],
        lambda _: b"<html>404</html>",
        lambda data: data.replace(b"F32", b"F99", 1),
        lambda data: data.replace(b'"F32"', b'"BF16"'[:5], 1),
    ],
    ids=["last byte", "header", "empty", "length", "foreign", "kind", "broken header"],
)
def test_a_damaged_safetensors_file_is_named(tmp_path, damage):
    path = tmp_path / "net.safetensors"
    save_file({"a": np.ones(3, "float32")}, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match=r"net\.safetensors is damaged or no safetensors"):
        read_safetensors(path)


def test_numbers_that_numpy_has_not_are_named(tmp_path):
    path = tmp_path / "net.safetensors"
    head = b'{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    path.write_bytes(len(head).to_bytes(8, "little") + head + bytes(4))
    with pytest.raises(CheckpointError, match=r"net\.safetensors holds numbers .* 'BF16'"):
        read_safetensors(path)


def test_a_missing_safetensors_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.safetensors cannot be read: No such file"):
        read_safetensors(tmp_path / "none.safetensors")


def test_a_safetensors_file_is_read_with_its_digest_or_not_at_all(tmp_path):
    path = tmp_path / "net.safetensors"
    save_file(a_state(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert set(read_safetensors(path, sha256=digest)) == set(a_state())
    load_pytorch(keras_twin(), path, NAMES, sha256=digest.upper())
    data = bytearray(path.read_bytes())
    data[-9] ^= 64
    path.write_bytes(data)
    read_safetensors(path)  # the format itself does not notice
    for read in (read_safetensors, lambda p, **how: load_pytorch(keras_twin(), p, NAMES, **how)):
        with pytest.raises(CheckpointError, match=rf"net\.safetensors is altered .* not {digest}"):
            read(path, sha256=digest)
    with pytest.raises(ValueError, match=r"`sha256` must be of 64 hexadecimal .* Received: 'abc'"):
        read_safetensors(path, sha256="abc")
    with pytest.raises(ValueError, match=r"`sha256` must go with a file\. Received: a mapping"):
        load_pytorch(keras_twin(), a_state(), NAMES, sha256=digest)
