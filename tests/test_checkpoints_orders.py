"""Rows whose order is known, said or refused; layers of PyTorch that Keras has or has not."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet.checkpoints import CheckpointError, as_in_pytorch, load_pytorch
from steadynet.checkpoints.pytorch.layouts import (
    Axes,
    Row,
    Steps,
    Unknown,
    channels_first,
    concatenate,
    flatten,
    merge,
    permute,
    reshape,
)
from steadynet.reuse import weighted_layers

layers = keras.layers


def sequential(shape, *stack):
    return keras.Sequential([keras.Input(shape), *stack])


def state_for(model):
    """A state with a module for each layer of dense, convolution and normalization kinds."""
    state = {}
    for layer in weighted_layers(model):
        for weight in layer.weights:
            n = np.arange(np.prod(weight.shape), dtype="float32").reshape(weight.shape)
            dense = isinstance(layer, layers.Dense)
            if weight.name == "kernel":
                n = n.T if dense else np.moveaxis(n, (-1, -2), (0, 1))
            part = {"kernel": "weight", "gamma": "weight", "scale": "weight", "beta": "bias"}
            state[f"{layer.name}.{part.get(weight.name, weight.name)}"] = n
    return state


def kernel(model, name="fc"):
    return model.get_layer(name).get_weights()[0]


def refuses(model, match, state=None, kind=ValueError, **options):
    """The load fails with a text, and leaves the model as it was."""
    before = model.get_weights()
    with pytest.raises(kind, match=match) as caught:
        load_pytorch(model, state_for(model) if state is None else state, **options)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    return f"{caught.value}"


MOVED = np.moveaxis(np.arange(2 * 3 * 4).reshape(4, 2, 3), 0, -1).ravel()


def flat_picture(*before):
    """A picture of 2 × 3 × 4 that is flattened; the kernel's rows are numbered as PyTorch's."""
    fc = layers.Dense(1, use_bias=False, name="fc")
    return sequential((2, 3, 4), *before, layers.Flatten(), fc)


ROWS = {"fc.weight": np.arange(24.0)[None]}


# Orders that are said


def test_a_flattened_picture_is_refused_with_what_to_pass_instead():
    text = refuses(flat_picture(), "`orders` must say in which order PyTorch has", ROWS)
    assert "layer 'fc': a tensor of shape (2, 3, 4) is flattened" in text
    assert "{'fc': (channels, height, width)}" in text
    assert "orders={'fc': None}" in text


def test_a_shape_moves_the_rows_and_none_keeps_them():
    load_pytorch(model := flat_picture(), ROWS, orders={"fc": (4, 2, 3)})
    np.testing.assert_array_equal(kernel(model).ravel(), MOVED)
    load_pytorch(model := flat_picture(), ROWS, orders={"fc": None})
    np.testing.assert_array_equal(kernel(model).ravel(), np.arange(24))


def test_what_is_said_counts_more_than_what_is_seen():
    pool = layers.MaxPooling2D(1)
    load_pytorch(model := flat_picture(pool), ROWS)
    np.testing.assert_array_equal(kernel(model).ravel(), MOVED)
    load_pytorch(model := flat_picture(pool), ROWS, orders={"fc": None})
    np.testing.assert_array_equal(kernel(model).ravel(), np.arange(24))


def test_shapes_of_joined_rows_are_listed():
    model = sequential((26,), layers.Dense(1, use_bias=False, name="fc"))
    load_pytorch(model, {"fc.weight": np.arange(26.0)[None]}, orders={"fc": [(2,), (4, 2, 3)]})
    np.testing.assert_array_equal(kernel(model).ravel(), [0, 1, *(MOVED + 2)])


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ((4, 2, 2), "24 numbers in all"),
        ((4, 6.0), "shapes of whole numbers above 0"),
        ((-4, -6), "shapes of whole numbers above 0"),
        ((), "shapes of whole numbers above 0"),
        (24, "shapes of whole numbers above 0"),
        ([24, True], "shapes of whole numbers above 0"),
        ([(4, 2, 3), ()], "shapes of whole numbers above 0"),
        ([(4, 2), (3,)], "24 numbers in all"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(order, says):
    refuses(
        flat_picture(),
        f"`orders` must give layer 'fc' {says}. Received: ",
        ROWS,
        orders={"fc": order},
    )


def test_orders_of_layers_that_take_none_are_refused():
    model = flat_picture(layers.Conv2D(4, 1, name="conv"))
    refuses(model, "`orders` must name layers of `model`.* Received: 'nope'", orders={"nope": None})
    flat = model.layers[1].name
    match = (
        rf"`orders` must give None for '{flat}', a layer without weights.* Received: \(4, 2, 3\)"
    )
    refuses(model, match, orders={flat: (4, 2, 3)})
    match = "`orders` must give layer 'conv' None, for it takes no row"
    refuses(model, match, orders={"conv": (4, 2, 3)})


def test_a_model_that_cannot_be_followed_names_every_layer_concerned():
    class ByCode(keras.Model):
        def __init__(self):
            super().__init__()
            self.conv = layers.Conv2D(4, 1, name="conv")
            self.over = layers.Dense(4, name="over")
            self.fc1, self.fc2 = layers.Dense(5, name="fc1"), layers.Dense(2, name="fc2")

        def call(self, x):
            h = tf.reshape(self.over(self.conv(x)), (-1, 24))  # no operation of Keras
            return self.fc2(self.fc1(h))

    model = ByCode()
    model(np.zeros((1, 2, 3, 4)))
    text = refuses(model, "written as a class")
    # The order of channels is the same in both, for `conv` and for `over`.
    assert "orders={'fc1': None, 'fc2': None}" in text
    load_pytorch(model, state_for(model), orders={"fc1": (4, 2, 3), "fc2": None})
    rows = np.arange(24 * 5).reshape(24, 5)[MOVED]
    np.testing.assert_array_equal(model.fc1.get_weights()[0], rows)


def test_a_class_with_a_call_of_its_own_is_followed_by_that():
    class Twice(keras.Sequential):
        def call(self, x):
            return super().call(keras.ops.transpose(x, (0, 3, 1, 2)))

    fc = layers.Dense(1, use_bias=False, name="fc")
    model = Twice([layers.Flatten(), fc])
    model.build((None, 2, 3, 4))
    load_pytorch(model, ROWS)
    np.testing.assert_array_equal(kernel(model).ravel(), np.arange(24))


# Orders that are seen, or not


def test_two_calls_on_rows_of_different_orders_are_refused():
    x, fc = keras.Input((2, 3, 4)), layers.Dense(2, name="fc")
    h = layers.MaxPooling2D(1)(x)
    one = fc(layers.Flatten()(h))
    other = fc(layers.Flatten()(layers.Permute((3, 1, 2))(h)))
    refuses(keras.Model(x, [one, other]), "'fc' is called on tensors of different orders")


def test_a_row_added_to_one_of_another_order_is_refused_wherever_it_goes():
    x = keras.Input((2, 3, 4))
    h = layers.MaxPooling2D(1)(x)
    row, pooled = layers.Flatten()(h), layers.GlobalAveragePooling2D()(h)
    out = layers.Add(name="sum")([row, layers.Dense(24, name="fc")(pooled)])
    refuses(keras.Model(x, out), "'sum' combines rows of different orders")
    # Not if PyTorch's row is said to be the same, or only a part is loaded.
    load_pytorch(keras.Model(x, out), state_for(keras.Model(x, out)), orders={"sum": None})
    top = layers.Dense(1, name="top")(layers.Dense(3, name="mid")(out))
    load_pytorch(model := keras.Model(x, top), state_for(model), {"fc": "fc", "top": "top"})
    refuses(model, "layer 'mid': 'sum' combines rows", name_map={"mid": "mid"})


@pytest.mark.parametrize(
    "layer",
    [layers.Conv2DTranspose(2, 2, name="up"), layers.Conv2D(2, 1, name="up")],
    ids=["transposed", "plain"],
)
def test_a_map_cut_from_a_row_is_refused_with_what_to_build(layer):
    stack = [layers.Dense(24, name="fc"), layers.Reshape((2, 3, 4), name="cut"), layer]
    model = sequential((5,), *stack)
    refuses(model, r"'up' takes a map that was cut from a row.*then Permute\(\(2, 3, 1\)\)")
    load_pytorch(model, state_for(model), orders={"cut": None})
    load_pytorch(model, state_for(model), {"fc": "fc"})


def test_a_pooling_of_a_map_cut_from_a_row_is_refused_at_the_output():
    stack = [layers.Dense(24, name="fc"), layers.Reshape((2, 3, 4)), layers.UpSampling2D(name="up")]
    refuses(sequential((5,), *stack), "`model` must compute what PyTorch does, and 'up' takes")


@pytest.mark.parametrize(
    "layer",
    [
        layers.BatchNormalization(epsilon=1e-5),
        layers.LayerNormalization(epsilon=1e-5),
        layers.Dense(4),
        layers.ZeroPadding2D(1),
        layers.GlobalMaxPooling2D(),
        layers.Permute((2, 1, 3)),
        layers.Reshape((6, 4)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_whatever_tells_channels_apart_in_what_was_cut_from_a_row_is_refused(layer):
    stack = [layers.Reshape((2, 3, 4), name="cut"), layer, layers.Flatten()]
    model = sequential((24,), *stack, layers.Dense(1, name="fc"))
    refuses(model, "cut from a row", name_map={"fc": "fc"})


def test_an_output_cut_from_a_row_is_refused_unless_said_to_be_so_in_pytorch():
    stack = [layers.Dense(24, name="fc"), layers.Reshape((2, 3, 4), name="cut")]
    model = sequential((5,), *stack, layers.Activation("tanh"))
    refuses(model, "must compute what PyTorch does, and its output takes a map")
    load_pytorch(model, state_for(model), orders={"cut": None})
    model = sequential((5,), layers.Dense(24), layers.Reshape((4, 6)))
    load_pytorch(model, state_for(model))


def test_what_is_said_of_a_layer_with_weights_is_of_what_it_takes():
    conv = layers.Conv2D(4, 1, use_bias=False, name="conv")
    state = ROWS | {"conv.weight": np.ones((4, 4, 1, 1))}
    load_pytorch(model := flat_picture(conv), state, orders={"conv": None})
    np.testing.assert_array_equal(kernel(model).ravel(), MOVED)


TO_FRONT = [layers.Conv2D(4, 1), layers.Permute((3, 1, 2))]


def operation(function):
    """What a network does between its layers, as a model that is followed."""
    x = keras.Input((None, None, None))
    return keras.Model(x, function(x))


@pytest.mark.parametrize(
    ("shape", "stack"),
    [
        ((4, 3), [layers.MaxPooling1D(2)]),
        ((4, 3), [layers.BatchNormalization(epsilon=1e-5)]),
        ((2, 3, 4), [layers.Conv2D(4, 1), layers.Dense(4)]),
        ((2, 3, 4), [layers.Conv2D(4, 1), layers.LayerNormalization(epsilon=1e-5)]),
        ((2, 3, 4), [layers.Conv2D(4, 1), layers.Reshape((6, 4))]),
        ((2, 3, 4), [layers.Conv2D(4, 1), layers.Reshape((4, 6))]),
        ((2, 3, 4), [layers.Conv2D(4, 1), layers.Permute((1, 3, 2))]),
        ((2, 3, 4), [layers.Conv2D(4, 1), layers.Lambda(lambda x: x[:, ::-1])]),
        ((2, 3, 4), [layers.Rescaling(2.0)]),
        ((2, 3, 4), [layers.Permute((2, 3, 1))]),
        ((2, 3, 4, 5), [layers.Flatten()]),
        ((None, None, 4), [layers.Conv2D(4, 1), layers.Reshape((24,))]),
        ((2, 3, 4), [*TO_FRONT, layers.Permute((2, 1, 3)), layers.Permute((1, 3, 2))]),
        ((2, 3, 4), [*TO_FRONT, operation(lambda x: keras.ops.moveaxis(x, 1, -1))]),
        ((2, 3, 4), [*TO_FRONT, operation(lambda x: keras.ops.einsum("bchw->bhwc", x))]),
    ],
)
def test_rows_whose_order_cannot_be_told_are_refused(shape, stack):
    # A Sequential names the layers of each case anew, and the error names only the last one.
    model = sequential(shape, *stack, layers.Flatten(), layers.Dense(1, name="fc"))
    names = {"fc": "fc"}
    refuses(model, r"orders=\{'fc': None\}", name_map=names)
    load_pytorch(model, state_for(model), names, orders={"fc": None})


@pytest.mark.parametrize(
    ("shape", "stack", "moved"),
    [
        ((2, 3, 4), [layers.Conv2D(4, 1), layers.Permute((2, 1, 3)), layers.ReLU()], True),
        (
            (2, 3, 4),
            [layers.ZeroPadding2D(0), layers.AveragePooling2D(1), layers.Dropout(0.1)],
            True,
        ),
        ((2, 3, 4), [layers.BatchNormalization(epsilon=1e-5)], True),
        ((2, 3, 4), [layers.Conv2D(4, 1), layers.Reshape((24,)), layers.Reshape((2, 3, 4))], True),
        ((24,), [layers.Reshape((2, 3, 4))], False),
        ((6, 4), [layers.LSTM(4, return_sequences=True), layers.Reshape((2, 12))], False),
        ((6, 4), [layers.BatchNormalization(axis=1, epsilon=1e-5)], False),
        ((6,), [layers.RepeatVector(4)], False),
        ((6, 4), [layers.TimeDistributed(layers.Dense(4))], False),
        ((6, 4), [layers.Permute((2, 1))], False),
        ((2, 3, 4), [layers.Permute((3, 1, 2))], False),
        ((2, 3, 4), [operation(lambda x: keras.ops.moveaxis(x, -1, 1))], False),
        ((2, 3, 4), [layers.Conv2D(4, 1), operation(lambda x: keras.ops.swapaxes(x, 1, 2))], True),
        ((24, 1), [layers.Conv1D(1, 1)], False),
        ((1, 1, 24), [layers.Conv2D(24, 1)], False),
    ],
)
def test_rows_whose_order_can_be_told_are_put_in_it(shape, stack, moved):
    fc = layers.Dense(1, use_bias=False, name="fc")
    load_pytorch(model := sequential(shape, *stack, layers.Flatten(), fc), ROWS, {"fc": "fc"})
    np.testing.assert_array_equal(kernel(model).ravel(), MOVED if moved else np.arange(24))


@pytest.mark.parametrize(
    "stack",
    [
        [layers.Conv1D(1, 1, name="fc")],
        [layers.Conv1DTranspose(1, 1, name="fc")],
        [layers.DepthwiseConv1D(1, name="fc")],
        [layers.MaxPooling1D(2), layers.LSTM(1, name="fc")],
        [layers.UpSampling1D(2), layers.Dense(1, name="fc")],
        [layers.BatchNormalization(epsilon=1e-5), layers.Dense(1, name="fc")],
    ],
    ids=lambda stack: type(stack[0]).__name__,
)
def test_steps_of_flattened_maps_are_refused_where_pytorch_may_have_turned_them(stack):
    each = layers.TimeDistributed
    film = [each(layers.Conv2D(4, 1)), each(layers.Flatten())]
    model = sequential((2, 2, 3, 4), *film, *stack)
    refuses(model, r"orders=\{'fc': None\}", name_map={"fc": "fc"})


@pytest.mark.parametrize("steps", [False, True], ids=["a picture", "a film"])
def test_an_output_that_is_a_flattened_map_is_refused_unless_said_to_be_so_in_pytorch(steps):
    each = layers.TimeDistributed if steps else lambda layer, **_: layer
    conv = each(layers.Conv2D(4, 1, name="conv"), name="conv")
    stack = [conv, each(layers.Flatten(name="row"), name="row"), layers.ReLU()]
    model = sequential((2, 2, 3, 4)[not steps :], *stack)
    state = {"conv.weight": np.ones((4, 4, 1, 1)), "conv.bias": np.ones(4)}
    refuses(
        model, r"its output is a flattened map.* put Permute\(\(3, 1, 2\)\) before Flatten", state
    )
    assert load_pytorch(model, state, orders={"row": None}) == []


def test_rows_of_a_recurrent_layer_behind_steps_are_averaged_in_their_order():
    each = layers.TimeDistributed
    stack = [each(layers.MaxPooling2D(1)), each(layers.Flatten()), layers.GlobalAveragePooling1D()]
    fc = layers.Dense(1, use_bias=False, name="fc")
    load_pytorch(model := sequential((5, 2, 3, 4), *stack, fc), ROWS)
    np.testing.assert_array_equal(kernel(model).ravel(), MOVED)


def test_keras_own_flattening_of_channels_first_is_undone():
    # It moves channels to the end before it flattens.
    flat = layers.Flatten(data_format="channels_first")
    fc = layers.Dense(1, use_bias=False, name="fc")
    stack = [layers.Permute((1, 2)), layers.Reshape((4, 2, 3)), flat, fc]
    load_pytorch(model := sequential((4, 6), *stack), ROWS, orders={"fc": (4, 2, 3)})
    np.testing.assert_array_equal(kernel(model).ravel(), MOVED)


def test_a_shape_may_be_an_array():
    load_pytorch(model := flat_picture(), ROWS, orders={"fc": np.array([4, 2, 3])})
    np.testing.assert_array_equal(kernel(model).ravel(), MOVED)


def test_the_algebra_of_layouts():
    shape = (2, 3, 4)
    row = flatten(Axes.MAP, shape)
    np.testing.assert_array_equal(row.order, MOVED)
    assert reshape(row, (24,), shape) is Axes.MAP
    assert isinstance(reshape(row, (24,), (2, 4, 3)), Unknown)
    assert reshape(Axes.SAME, (6, 5), (6, 5, 1)) is Axes.EITHER
    assert permute(Axes.MAP, (3, 1, 2), shape) is Axes.SAME
    assert permute(Axes.MAP, (2, 1, 3), shape) is Axes.MAP
    assert merge([Axes.MAP, Axes.EITHER], [shape, shape], "add") is Axes.MAP
    assert merge([Axes.MAP, Axes.SAME], [shape, (1, 1, 4)], "add") is Axes.MAP
    assert merge([row, Axes.SAME], [(24,), (24,)], "add").wrong
    assert merge([Axes.MAP, Axes.CUT], [shape, shape], "add").wrong
    assert concatenate([Axes.SAME, Axes.SAME], [(2,), (3,)], "join") is Axes.SAME
    joined = concatenate([Axes.SAME, row], [(2,), (24,)], "join")
    np.testing.assert_array_equal(joined.order, [0, 1, *(MOVED + 2)])
    steps = flatten(Steps(row), (2, 24))
    np.testing.assert_array_equal(steps.order, [*MOVED, *(MOVED + 24)])
    assert isinstance(flatten(Steps(row), (None, 24)), Unknown)
    assert row == Row(channels_first(shape)) != Axes.SAME


# Normalizations


def cube(normalization):
    return sequential((3, 3, 3), normalization)


def test_a_normalization_over_all_axes_is_turned_with_its_map_and_refused_without():
    state = {"norm.weight": np.arange(27.0).reshape(3, 3, 3), "norm.bias": np.zeros((3, 3, 3))}
    norm = {"axis": (-3, -2, -1), "epsilon": 1e-5, "name": "norm"}
    refuses(cube(layers.LayerNormalization(**norm)), r"orders=\{'norm': None\}", state)
    turned = np.moveaxis(state["norm.weight"], 0, -1)
    for options, expected in (((3, 3, 3), turned), (None, state["norm.weight"])):
        model = cube(layers.LayerNormalization(**norm))
        load_pytorch(model, state, orders={"norm": options})
        np.testing.assert_array_equal(kernel(model, "norm"), expected)
    refuses(
        cube(layers.LayerNormalization(**norm)),
        r"`orders` must give layer 'norm' \(3, 3, 3\), channels first, or None",
        state,
        orders={"norm": (9, 3)},
    )
    model = sequential((3, 3, 3), layers.MaxPooling2D(1), layers.LayerNormalization(**norm))
    load_pytorch(model, state)
    np.testing.assert_array_equal(kernel(model, "norm"), turned)


def test_a_normalization_over_a_part_of_a_map_has_no_twin():
    norm = layers.LayerNormalization(axis=(2, 3), epsilon=1e-5, name="norm")
    model = sequential((3, 3, 3), layers.MaxPooling2D(1), norm)
    refuses(model, "how PyTorch lays out")
    norm = layers.BatchNormalization(axis=1, epsilon=1e-5, name="norm")
    refuses(sequential((3, 3, 3), layers.MaxPooling2D(1), norm), "is not that of channels")


def test_groups_of_a_flattened_map_have_no_twin():
    norm = layers.GroupNormalization(2, epsilon=1e-5, name="norm")
    model = flat_picture(layers.MaxPooling2D(1), layers.Flatten(), norm)
    refuses(model, "'norm' normalizes groups of a flattened map", name_map={"norm": "norm"})


def test_scales_of_one_and_shifts_of_zero_need_no_place():
    norm = {"center": False, "scale": False, "epsilon": 1e-5, "name": "norm"}
    statistics = {"norm.running_mean": np.full(4, 2.0), "norm.running_var": np.full(4, 3.0)}
    state = statistics | {"norm.weight": np.ones(4), "norm.bias": np.zeros(4)}
    model = sequential((4,), layers.BatchNormalization(**norm))
    assert load_pytorch(model, state) == []
    np.testing.assert_array_equal(model.get_weights()[0], np.full(4, 2.0))
    for part in ("weight", "bias"):
        changed = state | {f"norm.{part}": np.full(4, 0.5)}
        refuses(model, rf"'norm\.{part}': has no place", changed, kind=CheckpointError)
    affine = sequential((4,), layers.BatchNormalization(epsilon=1e-5, name="norm"))
    affine.set_weights([np.full(4, 9.0)] * 4)
    load_pytorch(affine, statistics)  # affine=False
    for found, expected in zip(affine.get_weights(), (1, 0, 2, 3), strict=True):
        np.testing.assert_array_equal(found, np.full(4, expected))
    refuses(
        affine,
        r"'norm\.weight': is not in it",
        statistics | {"norm.bias": np.zeros(4)},
        kind=CheckpointError,
    )
    refuses(
        affine,
        r"'norm\.running_var': is not in it",
        {"norm.running_mean": np.ones(4)},
        kind=CheckpointError,
    )


def test_scaled_layer_normalization_is_not_rms_norm():
    with pytest.warns(UserWarning, match="deprecated"):
        norm = layers.LayerNormalization(rms_scaling=True, epsilon=1e-5, name="norm")
    model = sequential((4,), norm)
    refuses(model, "must have RMSNormalization for RMSNorm", {"norm.weight": np.ones(4)})


def test_epsilons_are_given_for_all_or_by_layer():
    model = sequential(
        (4,),
        layers.LayerNormalization(epsilon=1e-5, name="a"),
        layers.LayerNormalization(epsilon=1e-6, name="b"),
        layers.RMSNormalization(epsilon=1e-6, name="c"),
    )
    refuses(model, "`epsilon` must be that of layer 'b', 1e-06: .* Received: 1e-05")
    refuses(
        model, "`epsilon` must be that of layer 'c', 1e-06: .* Received: 1.19", epsilon={"b": 1e-6}
    )
    refuses(model, "`epsilon` must be that of layer 'a', 1e-05: .* Received: 1e-06", epsilon=1e-6)
    load_pytorch(model, state_for(model), epsilon={"b": 1e-6, "c": 1e-6})


# Biases


def test_a_bias_that_only_keras_has_becomes_zero():
    model = sequential((3,), layers.Dense(2, name="fc"))
    model.set_weights([np.ones((3, 2)), np.ones(2)])
    load_pytorch(model, {"fc.weight": np.ones((2, 3))})
    np.testing.assert_array_equal(model.get_weights()[1], [0, 0])


def test_a_bias_that_only_pytorch_has_is_refused_unless_it_is_zero():
    model = sequential((3,), layers.Dense(2, use_bias=False, name="fc"))
    state = {"fc.weight": np.ones((2, 3)), "fc.bias": np.zeros(2)}
    assert load_pytorch(model, state) == []
    match = r"variable 'fc\.bias': has no place in layer 'fc': build it with use_bias=True"
    refuses(model, match, state | {"fc.bias": np.array([0, 1e-9])}, kind=CheckpointError)
    refuses(model, match, state | {"fc.bias": np.array([0, np.nan])}, kind=CheckpointError)


# Recurrent layers


def recurrent_state(gates, n_in=3, units=4, ending="_l0"):
    rng = np.random.default_rng(0)
    shapes = {"weight_ih": (n_in,), "weight_hh": (units,), "bias_ih": (), "bias_hh": ()}
    return {f"rnn.{n}{ending}": rng.normal(size=(gates * units, *s)) for n, s in shapes.items()}


def test_a_stack_asks_for_a_layer_each():
    model = sequential((5, 3), layers.LSTM(4, name="rnn"))
    state = recurrent_state(4) | recurrent_state(4, n_in=4, ending="_l1")
    match = r"_l1': has no place .* give each layer of the stack its own, 'rnn\.l0' and so on"
    refuses(model, match, state, kind=CheckpointError)
    assert load_pytorch(model, state, {"rnn": "rnn.l0"}) == sorted(n for n in state if "_l1" in n)


def test_a_backward_direction_needs_a_bidirectional_layer():
    state = recurrent_state(3) | recurrent_state(3, ending="_l0_reverse")
    model = sequential((5, 3), layers.GRU(4, name="rnn"))
    refuses(model, "_reverse': has no place in layer 'rnn'", state, kind=CheckpointError)
    model = sequential((5, 3), layers.Bidirectional(layers.GRU(4), merge_mode="sum", name="rnn"))
    refuses(model, "with merge_mode='concat'. Received: 'rnn' with merge_mode='sum'", state)
    model = sequential((5, 3), layers.Bidirectional(layers.GRU(4), name="rnn"))
    match = r"'rnn\.weight_ih_l0_reverse': is not in it"
    refuses(model, match, recurrent_state(3), kind=CheckpointError)
    assert load_pytorch(model, state) == []


def test_biases_of_recurrent_layers_are_added_or_refused():
    state = recurrent_state(4)
    load_pytorch(model := sequential((5, 3), layers.LSTM(4, name="rnn")), state)
    both = state["rnn.bias_ih_l0"] + state["rnn.bias_hh_l0"]
    np.testing.assert_allclose(model.get_weights()[2], both, rtol=1e-5)
    plain = sequential((5, 3), layers.LSTM(4, use_bias=False, name="rnn"))
    match = r"'rnn\.bias_ih_l0': has no place .* use_bias=True"
    refuses(plain, match, state, kind=CheckpointError)
    odd = state | {"rnn.bias_hh_l0": np.zeros(15)}
    match = r"'rnn\.bias_hh_l0': has shape \(15,\), .* needs \(16,\)"
    refuses(model, match, odd, kind=CheckpointError)


@pytest.mark.parametrize(
    ("layer", "gates", "match"),
    [
        (layers.GRU(4, reset_after=False, name="rnn"), 3, "with reset_after=True"),
        (layers.LSTM(4, activation="relu", name="rnn"), 4, "tanh and sigmoid"),
        (layers.GRU(4, recurrent_activation="relu", name="rnn"), 3, "tanh and sigmoid"),
        (layers.SimpleRNN(4, activation="sigmoid", name="rnn"), 1, "tanh and sigmoid"),
        (layers.Bidirectional(layers.RNN(layers.LSTMCell(4)), name="rnn"), 4, "GRU, LSTM, Simple"),
    ],
)
def test_what_pytorchs_recurrent_layers_cannot_be_is_refused(layer, gates, match):
    state = recurrent_state(gates) | recurrent_state(gates, ending="_l0_reverse")
    refuses(sequential((5, 3), layer), match, state)


# Slopes


def test_slopes_of_channels_need_to_know_which_axis_they_are():
    state = {"slope.weight": np.array([0.1, 0.2, 0.3, 0.4])}
    model = sequential((4, 4), layers.MaxPooling1D(1), layers.PReLU(shared_axes=[1], name="slope"))
    refuses(model, r"which axis of \(4, 4\) PyTorch has as channels", state)
    load_pytorch(model, state, orders={"slope": None})
    np.testing.assert_allclose(kernel(model, "slope"), [[0.1, 0.2, 0.3, 0.4]])
    model = sequential((4, 3), layers.PReLU(shared_axes=[2], name="slope"))
    load_pytorch(model, state)  # of a sequence, the steps
    np.testing.assert_allclose(kernel(model, "slope")[:, 0], [0.1, 0.2, 0.3, 0.4])
    model = sequential((5, 3), layers.PReLU(name="slope"))
    refuses(model, r"'slope\.weight': has shape \(4,\)", state, kind=CheckpointError)


# Kinds of numbers, names, parts


@pytest.mark.parametrize("kind", ["int64", "int8", "bool", "complex64"])
def test_tensors_of_another_kind_are_converted_by_the_word_only(kind):
    model = sequential(
        (2,), layers.Dense(2, name="low"), layers.Dense(1, use_bias=False, name="fc")
    )
    state = state_for(model) | {"fc.weight": np.array([[1, 0]], kind)}
    match = rf"variable 'fc\.weight': is of kind {kind}, not float32; give convert=True"
    refuses(model, match, state, kind=CheckpointError)
    load_pytorch(model, state, convert=True)
    np.testing.assert_array_equal(kernel(model).ravel(), [1, 0])
    lost = state | {"fc.weight": np.array([[1, 2j]])}
    refuses(model, "has an imaginary part", lost, kind=CheckpointError, convert=True)


def test_maps_without_names_are_refused():
    model = sequential((2,), layers.Dense(2, name="fc"))
    refuses(model, r"`name_map` must name at least one layer.* Received: \{\}", name_map={})
    refuses(
        model, r"`name_map` must be a mapping.* Received: \['fc'\]", kind=TypeError, name_map=["fc"]
    )
    refuses(
        model, r"`orders` must be a mapping.* Received: \['fc'\]", kind=TypeError, orders=["fc"]
    )
    inner = sequential((2,), layers.Dense(2, name="fc"))
    refuses(sequential((2,), inner, layers.Dense(2, name="fc")), "differently. Received twice: fc")


def test_layers_that_cannot_be_converted_are_left_out_by_the_map():
    x = keras.Input((5, 4))
    attended = layers.MultiHeadAttention(2, 2, name="attention")(x, x)
    out = layers.Dense(1, name="fc")(layers.Flatten()(attended))
    model = keras.Model(x, out)
    refuses(model, "leave others out .* Received: 'attention', a MultiHeadAttention", {})
    load_pytorch(model, {"fc.weight": np.arange(20.0)[None]}, {"fc": "fc"})
    np.testing.assert_array_equal(kernel(model).ravel(), np.arange(20))


def test_weights_that_were_added_to_a_layer_are_refused():
    fc = layers.Dense(2, name="fc")
    model = sequential((3,), fc)
    state = state_for(model)
    fc.enable_lora(1)
    refuses(model, "no weights that PyTorch's layers have not.* Received: 'fc'", state)


def test_a_normalization_in_each_step_has_to_have_the_epsilon_too():
    norm = layers.TimeDistributed(layers.BatchNormalization(), name="norm")
    refuses(sequential((5, 3), norm), "`epsilon` must be that of layer 'norm', 0.001", {})


def test_a_depthwise_kernel_of_several_channels_is_refused():
    model = sequential((3, 3, 2), layers.DepthwiseConv2D(2, use_bias=False, name="conv"))
    match = r"'conv\.weight': has shape \(1, 2, 2, 2\)"
    refuses(model, match, {"conv.weight": np.ones((1, 2, 2, 2))}, kind=CheckpointError)


# Networks of keras.applications


@pytest.fixture(scope="module")
def mobile_net():
    how = {"input_shape": (32, 32, 3), "alpha": 0.35, "weights": None, "classes": 10}
    return keras.applications.MobileNetV2(**how)


def test_another_epsilon_names_how_to_convert_the_network(mobile_net):
    state = {"Conv1.weight": np.zeros((16, 3, 3, 3))}
    match = r"layer 'bn_Conv1', 0\.001: .*`as_in_pytorch` copies .* keras\.applications"
    refuses(mobile_net, match, state, name_map={"Conv1": "Conv1", "bn_Conv1": "bn"})


def test_a_copy_for_pytorch_pads_alike_on_all_sides(mobile_net):
    twin = as_in_pytorch(mobile_net)
    assert twin.output_shape == mobile_net.output_shape
    assert [w.shape for w in twin.weights] == [w.shape for w in mobile_net.weights]
    norms = [n for n in twin.layers if isinstance(n, layers.BatchNormalization)]
    assert {(n.epsilon, n.momentum) for n in norms} == {(1e-5, 0.9)}
    pads = [p.padding for p in twin.layers if isinstance(p, layers.ZeroPadding2D)]
    assert {tuple(map(tuple, p)) for p in pads} == {((1, 1), (1, 1))}
    first = twin.get_layer("Conv1_padded")
    assert [layer.name for layer in weighted_layers(first)] == ["Conv1"]
    assert first.get_layer("Conv1").padding == "valid"
    assert mobile_net.get_layer("bn_Conv1").epsilon == 1e-3


def test_padding_alone_makes_another_network(mobile_net):
    twin = as_in_pytorch(mobile_net, epsilon=1e-3)
    twin.set_weights(mobile_net.get_weights())
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    first = [keras.Model(m.inputs, m.get_layer("bn_Conv1").output) for m in (twin, mobile_net)]
    assert np.abs(first[0].predict(x, verbose=0) - first[1].predict(x, verbose=0)).max() > 0.1


def test_a_resnet_of_applications_is_refused_for_what_no_weights_mend():
    model = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), include_top=False)
    with pytest.raises(ValueError, match="stride in the first convolution of a block"):
        as_in_pytorch(model)
    state = {"0.weight": np.zeros((64, 3, 7, 7))}
    with pytest.raises(ValueError, match="torchvision's in the second"):
        load_pytorch(model, state, {"conv1_conv": "0", "conv1_bn": "1"})
