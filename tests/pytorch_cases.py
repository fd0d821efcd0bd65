"""Networks in PyTorch and in Keras that must compute the same, with weights that anyone can make.

PyTorch is needed only for `Case.net`. What it computes is stored in ``data/pytorch_outputs.npz`` by
``data/make_pytorch_outputs.py``, with the names and shapes of the weights; their values, and the
inputs, are made here, from the names.
"""

import dataclasses
import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np

layers = keras.layers
STORED = Path(__file__).parent / "data" / "pytorch_outputs.npz"


@dataclasses.dataclass
class Case:
    """A network in both.

    Attributes
    ----------
    net : callable
        Of ``torch``; gives a module.
    model : callable
        Gives a Keras model.
    inputs : dict of str to tuple of int
        Shapes of PyTorch's inputs, by name; one that begins with "words" holds whole numbers.
    names, options : mapping
        Arguments of `load_pytorch`.
    maps : bool
        Whether inputs and outputs of more than one axis are channels first in PyTorch.
    """

    net: Callable
    model: Callable
    inputs: dict[str, tuple[int, ...]]
    names: Mapping[str, str] | None = None
    options: dict = dataclasses.field(default_factory=dict)
    maps: bool = True

    def to_keras(self, array):
        """An input or output as Keras has it."""
        return np.moveaxis(array, 1, -1) if self.maps and array.ndim > 2 else array


CASES: dict[str, Callable[[], Case]] = {}


def case(function):
    CASES[function.__name__] = function
    return function


def values(name, shape):
    """Weights of a name and shape: small, all different, variances positive."""
    drawn = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode()))).random(tuple(shape))
    part = name.rpartition(".")[2]
    if part == "num_batches_tracked":
        return np.array(7)
    if part == "running_var" or (part == "weight" and drawn.ndim == 1):
        return (drawn + 0.5).astype("float32")
    size = np.sqrt(3 / np.prod(drawn.shape[1:])) if drawn.ndim > 1 else 0.3
    return ((2 * drawn - 1) * size).astype("float32")


def state_of(shapes):
    """The state of a network, from names and shapes."""
    return {name: values(name, shape) for name, shape in shapes.items()}


def inputs_of(case):
    """PyTorch's inputs."""
    found = {}
    for name, shape in case.inputs.items():
        drawn = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode()))).random(shape)
        whole = name.startswith("words")
        found[name] = (drawn * 7).astype("int64") if whole else (2 * drawn - 1).astype("float32")
    return list(found.values())


def compute(torch, case):
    """Shapes of the state, and what PyTorch computes with it."""
    net = case.net(torch).eval()
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    state = {name: torch.tensor(array) for name, array in state_of(shapes).items()}
    net.load_state_dict(state)
    with torch.no_grad():
        return shapes, net(*map(torch.tensor, inputs_of(case))).numpy()


def stored(name):
    """The same, as it was stored."""
    with np.load(STORED) as file:
        return json.loads(str(file[f"{name}/shapes"])), file[f"{name}/output"]


def sequential(shape, *stack, **how):
    return keras.Sequential([keras.Input(shape, **how), *stack])


def module(torch, forward, **children):
    """A PyTorch module from its children and a function of itself and the inputs."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.torch = torch
            for name, child in children.items():
                setattr(self, name, child)

        def forward(self, *inputs):
            return forward(self, *inputs)

    return Net()


# Rows that stay as they are


@case
def smallest():
    return Case(
        lambda torch: module(torch, lambda net, x: net.fc(x.flatten(1)), fc=torch.nn.Linear(6, 1)),
        lambda: sequential((2, 3), layers.Flatten(), layers.Dense(1, name="fc")),
        {"x": (4, 2, 3)},
        maps=False,
    )


@case
def pictures_without_channels():
    return Case(
        lambda torch: torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(30, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3)
        ),
        lambda: sequential(
            (6, 5), layers.Flatten(), layers.Dense(5, "relu", name="1"), layers.Dense(3, name="3")
        ),
        {"x": (4, 6, 5)},
        maps=False,
    )


@case
def pictures_of_one_channel():
    return Case(
        lambda torch: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(30, 5)),
        lambda: sequential((6, 5, 1), layers.Flatten(), layers.Dense(5, name="1")),
        {"x": (4, 1, 6, 5)},
    )


@case
def flattened_embedding():
    return Case(
        lambda torch: torch.nn.Sequential(
            torch.nn.Embedding(7, 4), torch.nn.Flatten(), torch.nn.Linear(20, 3)
        ),
        lambda: sequential(
            (5,),
            layers.Embedding(7, 4, name="0"),
            layers.Flatten(),
            layers.Dense(3, name="2"),
            dtype="int64",
        ),
        {"words": (4, 5)},
    )


@case
def dense_over_a_sequence():
    return Case(
        lambda torch: torch.nn.Sequential(
            torch.nn.Linear(3, 4), torch.nn.Flatten(), torch.nn.Linear(20, 2)
        ),
        lambda: sequential(
            (5, 3), layers.Dense(4, name="0"), layers.Flatten(), layers.Dense(2, name="2")
        ),
        {"x": (4, 5, 3)},
        maps=False,
    )


@case
def permuted_before_it_is_flattened():
    return Case(
        _conv_flatten,
        lambda: sequential(
            (5, 6, 2),
            layers.Conv2D(4, 3, name="conv"),
            layers.Permute((3, 1, 2)),
            layers.Flatten(),
            layers.Dense(3, name="fc"),
        ),
        {"x": (4, 2, 5, 6)},
    )


@case
def pooled_over_all():
    return Case(
        lambda torch: module(
            torch,
            lambda net, x: net.fc(net.conv(x).mean((2, 3))),
            conv=torch.nn.Conv2d(2, 4, 3),
            fc=torch.nn.Linear(4, 3),
        ),
        lambda: sequential(
            (5, 6, 2),
            layers.Conv2D(4, 3, name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, name="fc"),
        ),
        {"x": (4, 2, 5, 6)},
    )


# Rows that move


def _conv_flatten(torch):
    return module(
        torch,
        lambda net, x: net.fc(net.conv(x).flatten(1)),
        conv=torch.nn.Conv2d(2, 4, 3),
        fc=torch.nn.Linear(48, 3),
    )


@case
def flattened_map():
    return Case(
        _conv_flatten,
        lambda: sequential(
            (5, 6, 2),
            layers.Conv2D(4, 3, name="conv"),
            layers.Flatten(),
            layers.Dense(3, name="fc"),
        ),
        {"x": (4, 2, 5, 6)},
    )


@case
def reshaped_map():
    return Case(
        _conv_flatten,
        lambda: sequential(
            (5, 6, 2),
            layers.Conv2D(4, 3, name="conv"),
            layers.Reshape((-1,)),
            layers.Dense(3, name="fc"),
        ),
        {"x": (4, 2, 5, 6)},
    )


class ByCode(keras.Model):
    """A convolution network written as a class."""

    def __init__(self):
        super().__init__()
        self.conv = layers.Conv2D(4, 3, name="conv")
        self.fc = layers.Dense(3, name="fc")

    def call(self, x):
        h = self.conv(x)
        return self.fc(keras.ops.reshape(h, (-1, 48)))


def by_code():
    model = ByCode()
    model(np.zeros((1, 5, 6, 2)))
    return model


@case
def written_as_a_class():
    return Case(_conv_flatten, by_code, {"x": (4, 2, 5, 6)})


@case
def a_class_inside_a_model():
    def model():
        x = keras.Input((5, 6, 2))
        return keras.Model(x, by_code()(x))

    return Case(_conv_flatten, model, {"x": (4, 2, 5, 6)})


@case
def joined_with_other_numbers():
    def model():
        x, more = keras.Input((5, 6, 2), name="x"), keras.Input((2,), name="more")
        h = layers.Flatten()(layers.Conv2D(4, 3, name="conv")(x))
        low = layers.Flatten()(layers.MaxPooling2D()(layers.Conv2D(3, 2, name="low")(x)))
        joined = layers.Concatenate()([h, more, low])
        return keras.Model([x, more], layers.Dense(3, name="fc")(joined))

    return Case(
        lambda torch: module(
            torch,
            lambda net, x, more: net.fc(
                torch.cat([net.conv(x).flatten(1), more, net.pool(net.low(x)).flatten(1)], 1)
            ),
            conv=torch.nn.Conv2d(2, 4, 3),
            low=torch.nn.Conv2d(2, 3, 2),
            pool=torch.nn.MaxPool2d(2),
            fc=torch.nn.Linear(48 + 2 + 12, 3),
        ),
        model,
        {"x": (4, 2, 5, 6), "more": (4, 2)},
    )


@case
def joined_maps_and_residuals():
    def model():
        x = keras.Input((5, 6, 2))
        h = layers.ReLU()(layers.Conv2D(2, 3, padding="same", name="a")(x)) + x
        h = layers.Concatenate()([h, layers.Conv2D(3, 1, name="b")(h)])
        gate = layers.Dense(5, "sigmoid", name="gate")(layers.GlobalAveragePooling2D()(h))
        h = layers.Multiply()([h, layers.Reshape((1, 1, 5))(gate)])
        h = layers.Flatten()(layers.AveragePooling2D(2)(layers.Dropout(0.5)(h)))
        return keras.Model(x, layers.Dense(3, name="fc")(layers.LeakyReLU(0.1)(h)))

    def forward(net, x):
        h = net.a(x).relu() + x
        h = net.torch.cat([h, net.b(h)], 1)
        h = h * net.gate(h.mean((2, 3))).sigmoid()[:, :, None, None]
        h = net.torch.nn.functional.avg_pool2d(h, 2).flatten(1)
        return net.fc(net.torch.nn.functional.leaky_relu(h, 0.1))

    return Case(
        lambda torch: module(
            torch,
            forward,
            a=torch.nn.Conv2d(2, 2, 3, padding=1),
            b=torch.nn.Conv2d(2, 3, 1),
            gate=torch.nn.Linear(5, 5),
            fc=torch.nn.Linear(5 * 2 * 3, 3),
        ),
        model,
        {"x": (4, 2, 5, 6)},
    )


@case
def flattened_sequence_of_a_convolution():
    return Case(
        lambda torch: module(
            torch,
            lambda net, words: net.fc(net.conv(net.table(words).transpose(1, 2)).flatten(1)),
            table=torch.nn.Embedding(7, 4),
            conv=torch.nn.Conv1d(4, 3, 2),
            fc=torch.nn.Linear(12, 2),
        ),
        lambda: sequential(
            (5,),
            layers.Embedding(7, 4, name="table"),
            layers.Conv1D(3, 2, name="conv"),
            layers.Flatten(),
            layers.Dense(2, name="fc"),
            dtype="int64",
        ),
        {"words": (4, 5)},
    )


@case
def steps_of_a_film():
    def forward(net, x):
        steps = net.conv(x.flatten(0, 1)).flatten(1).unflatten(0, x.shape[:2])
        return net.fc(net.rnn(steps)[0].flatten(1))

    def model():
        each = layers.TimeDistributed
        stack = [each(layers.Conv2D(4, 3), name="conv"), each(layers.Flatten())]
        stack += [layers.LSTM(3, return_sequences=True, name="rnn"), layers.Flatten()]
        turn = layers.Permute((1, 3, 4, 2))
        return sequential((3, 2, 4, 5), turn, *stack, layers.Dense(2, name="fc"))

    return Case(
        lambda torch: module(
            torch,
            forward,
            conv=torch.nn.Conv2d(2, 4, 3),
            rnn=torch.nn.LSTM(24, 3, batch_first=True),
            fc=torch.nn.Linear(9, 2),
        ),
        model,
        {"x": (2, 3, 2, 4, 5)},
        maps=False,
    )


@case
def a_row_cut_into_a_map():
    return Case(
        lambda torch: torch.nn.Sequential(
            torch.nn.Linear(5, 48),
            torch.nn.ReLU(),
            torch.nn.Unflatten(1, (4, 3, 4)),
            torch.nn.BatchNorm2d(4),
            torch.nn.ConvTranspose2d(4, 2, 3, stride=2),
        ),
        lambda: sequential(
            (5,),
            layers.Dense(48, "relu", name="0"),
            layers.Reshape((4, 3, 4)),
            layers.Permute((2, 3, 1)),
            layers.BatchNormalization(epsilon=1e-5, name="3"),
            layers.Conv2DTranspose(2, 3, strides=2, name="4"),
        ),
        {"x": (4, 5)},
    )


# Layers


@case
def transposed_convolutions():
    return Case(
        lambda torch: torch.nn.Sequential(
            torch.nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1),
            torch.nn.GroupNorm(2, 4),
            torch.nn.PReLU(4),
            torch.nn.ConvTranspose2d(4, 4, (2, 3), stride=(2, 1), bias=False),
            torch.nn.PReLU(),
            torch.nn.Flatten(),
            torch.nn.PReLU(),
            torch.nn.Linear(4 * 12 * 8, 2),
        ),
        lambda: sequential(
            (3, 3, 3),
            layers.Conv2DTranspose(4, 4, strides=2, name="0"),
            layers.Cropping2D(1),
            layers.GroupNormalization(2, epsilon=1e-5, name="1"),
            layers.PReLU(shared_axes=[1, 2], name="2"),
            layers.Conv2DTranspose(4, (2, 3), strides=(2, 1), name="3"),
            layers.PReLU(name="4"),
            layers.Flatten(),
            layers.PReLU(name="6"),
            layers.Dense(2, name="7"),
        ),
        {"x": (4, 3, 3, 3)},
    )


@case
def along_one_axis():
    return Case(
        lambda torch: torch.nn.Sequential(
            torch.nn.Conv1d(3, 6, 3, groups=3, bias=False),
            torch.nn.InstanceNorm1d(6, affine=True),
            torch.nn.ConvTranspose1d(6, 4, 3, stride=2),
            torch.nn.GroupNorm(2, 4),
            torch.nn.Flatten(),
            torch.nn.Linear(36, 2),
        ),
        lambda: sequential(
            (6, 3),
            layers.DepthwiseConv1D(3, depth_multiplier=2, name="0"),
            layers.GroupNormalization(-1, epsilon=1e-5, name="1"),
            layers.Conv1DTranspose(4, 3, strides=2, name="2"),
            layers.GroupNormalization(2, epsilon=1e-5, name="3"),
            layers.Flatten(),
            layers.Dense(2, name="5"),
        ),
        {"x": (4, 3, 6)},
    )


@case
def in_a_volume():
    return Case(
        lambda torch: torch.nn.Sequential(
            torch.nn.Conv3d(2, 3, 2),
            torch.nn.BatchNorm3d(3, affine=False),
            torch.nn.ConvTranspose3d(3, 2, 2, stride=2),
            torch.nn.MaxPool3d(2),
            torch.nn.Flatten(),
            torch.nn.BatchNorm1d(2 * 3 * 4 * 2),
            torch.nn.Linear(48, 2),
        ),
        lambda: sequential(
            (4, 5, 3, 2),
            layers.Conv3D(3, 2, name="0"),
            layers.BatchNormalization(epsilon=1e-5, name="1"),
            layers.Conv3DTranspose(2, 2, strides=2, name="2"),
            layers.MaxPooling3D(2),
            layers.Flatten(),
            layers.BatchNormalization(epsilon=1e-5, name="5"),
            layers.Dense(2, name="6"),
        ),
        {"x": (4, 2, 4, 5, 3)},
    )


@case
def normalized_over_channels_height_and_width():
    return Case(
        lambda torch: torch.nn.Sequential(
            torch.nn.Conv2d(2, 3, 1),
            torch.nn.LayerNorm((3, 3, 3)),
            torch.nn.Flatten(),
            torch.nn.LayerNorm(27, bias=False),
            torch.nn.Linear(27, 2, bias=False),
        ),
        lambda: sequential(
            (3, 3, 2),
            layers.Conv2D(3, 1, name="0"),
            layers.LayerNormalization(axis=(1, 2, 3), epsilon=1e-5, name="1"),
            layers.Flatten(),
            layers.LayerNormalization(epsilon=1e-5, name="3"),
            layers.Dense(2, name="4"),
        ),
        {"x": (4, 2, 3, 3)},
    )


@case
def normalized_over_a_sequence():
    return Case(
        lambda torch: torch.nn.Sequential(
            torch.nn.Linear(3, 3),
            torch.nn.LayerNorm((3, 3)),
            torch.nn.RMSNorm(3),
            torch.nn.Flatten(),
            torch.nn.RMSNorm(9, eps=1e-6),
            torch.nn.Linear(9, 2),
        ),
        lambda: sequential(
            (3, 3),
            layers.Dense(3, name="0"),
            layers.LayerNormalization(axis=(1, 2), epsilon=1e-5, name="1"),
            layers.RMSNormalization(epsilon=float(np.finfo("float32").eps), name="2"),
            layers.Flatten(),
            layers.RMSNormalization(name="4"),
            layers.Dense(2, name="5"),
        ),
        {"x": (4, 3, 3)},
        options={"epsilon": {"4": 1e-6}},
        maps=False,
    )


@case
def a_convnext_block():
    def forward(net, x):
        h = net.norm(net.depthwise(net.stem(x)).permute(0, 2, 3, 1))
        h = net.project(net.torch.nn.functional.gelu(net.expand(h))).permute(0, 3, 1, 2)
        return net.fc((net.stem(x) + h).flatten(1))

    def model():
        x = keras.Input((6, 4, 2))
        stem = layers.Conv2D(4, 2, strides=2, name="stem")(x)
        h = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(stem)
        h = layers.LayerNormalization(epsilon=1e-6, name="norm")(h)
        h = layers.Dense(8, "gelu", name="expand")(h)
        h = layers.Add()([stem, layers.Dense(4, name="project")(h)])
        return keras.Model(x, layers.Dense(2, name="fc")(layers.Flatten()(h)))

    return Case(
        lambda torch: module(
            torch,
            forward,
            stem=torch.nn.Conv2d(2, 4, 2, stride=2),
            depthwise=torch.nn.Conv2d(4, 4, 3, padding=1, groups=4),
            norm=torch.nn.LayerNorm(4, eps=1e-6),
            expand=torch.nn.Linear(4, 8),
            project=torch.nn.Linear(8, 4),
            fc=torch.nn.Linear(24, 2),
        ),
        model,
        {"x": (4, 2, 6, 4)},
        options={"epsilon": 1e-6},
    )


def _recurrent(kind, keras_layer, **how):
    return Case(
        lambda torch: module(
            torch,
            lambda net, x: net.rnn(x)[0],
            rnn=getattr(torch.nn, kind)(3, 4, batch_first=True, **how),
        ),
        lambda: sequential((5, 3), keras_layer),
        {"x": (4, 5, 3)},
        maps=False,
    )


@case
def simple_recurrent():
    return _recurrent("RNN", layers.SimpleRNN(4, return_sequences=True, name="rnn"))


@case
def simple_recurrent_without_biases():
    relu = {"nonlinearity": "relu", "bias": False}
    layer = layers.SimpleRNN(4, "relu", return_sequences=True, name="rnn")
    return _recurrent("RNN", layer, **relu)


@case
def lstm():
    return _recurrent("LSTM", layers.LSTM(4, return_sequences=True, name="rnn"))


@case
def gru():
    return _recurrent("GRU", layers.GRU(4, return_sequences=True, name="rnn"))


@case
def bidirectional_gru():
    layer = layers.Bidirectional(layers.GRU(4, return_sequences=True), name="rnn")
    return _recurrent("GRU", layer, bidirectional=True)


@case
def a_stack_of_lstms():
    return Case(
        lambda torch: module(
            torch,
            lambda net, x: net.fc(net.rnn(net.conv(x).transpose(1, 2))[0][:, -1]),
            conv=torch.nn.Conv1d(3, 5, 2),
            rnn=torch.nn.LSTM(5, 4, num_layers=2, batch_first=True),
            fc=torch.nn.Linear(4, 2),
        ),
        lambda: sequential(
            (6, 3),
            layers.Conv1D(5, 2, name="conv"),
            layers.LSTM(4, return_sequences=True, name="first"),
            layers.LSTM(4, name="second"),
            layers.Dense(2, name="fc"),
        ),
        {"x": (4, 3, 6)},
        names={"conv": "conv", "first": "rnn.l0", "second": "rnn.l1", "fc": "fc"},
    )


# Networks


@case
def convolution_network():
    return Case(
        lambda torch: torch.nn.Sequential(
            torch.nn.Conv2d(2, 4, 3, stride=2, padding=1),
            torch.nn.BatchNorm2d(4),
            torch.nn.ReLU(),
            torch.nn.Conv2d(4, 8, 3, padding=1, groups=4, bias=False),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(),
            torch.nn.BatchNorm1d(48),
            torch.nn.Linear(48, 5),
            torch.nn.ReLU(),
            torch.nn.Linear(5, 3),
        ),
        lambda: sequential(
            (12, 9, 2),
            layers.ZeroPadding2D(1),
            layers.Conv2D(4, 3, strides=2, name="0"),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="1"),
            layers.Activation("relu"),
            layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, use_bias=False, name="3"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="6"),
            layers.Dense(5, "relu", name="7"),
            layers.Dense(3, name="9"),
        ),
        {"x": (4, 2, 12, 9)},
    )


def mobile_net(torch, width=0.35):
    """MobileNetV2 as torchvision builds it (Sandler et al. 2018), narrow, for 10 classes."""
    nn = torch.nn

    def channels(n):
        rounded = max(8, int(n + 4) // 8 * 8)
        return rounded + 8 if rounded < 0.9 * n else rounded

    def conv(n_in, n_out, size=3, stride=1, groups=1):
        pad = (size - 1) // 2
        made = nn.Conv2d(n_in, n_out, size, stride, pad, groups=groups, bias=False)
        return [made, nn.BatchNorm2d(n_out), nn.ReLU6()]

    def block(n_in, n_out, stride, expand):
        wide = n_in * expand
        stack = conv(n_in, wide, 1) if expand > 1 else []
        stack += conv(wide, wide, stride=stride, groups=wide)
        stack += conv(wide, n_out, 1)[:-1]
        inner = nn.Sequential(*stack)
        skip = stride == 1 and n_in == n_out
        return module(torch, lambda net, x: net.conv(x) + x if skip else net.conv(x), conv=inner)

    n = channels(32 * width)
    features = conv(3, n, stride=2)
    for expand, c, repeats, stride in (
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
        *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    ):
        for i in range(repeats):
            features.append(block(n, channels(c * width), stride if i == 0 else 1, expand))
            n = channels(c * width)
    features += conv(n, 1280, 1)
    return module(
        torch,
        lambda net, x: net.classifier(net.features(x).mean((2, 3))),
        features=nn.Sequential(*features),
        classifier=nn.Linear(1280, 10),
    )


def mobile_net_twin():
    from steadynet.checkpoints import as_in_pytorch

    return as_in_pytorch(
        keras.applications.MobileNetV2(
            input_shape=(64, 64, 3),
            alpha=0.35,
            weights=None,
            classes=10,
            classifier_activation=None,
        )
    )


def in_order(model, shapes):
    """A name map by place: both list their layers from input to output."""
    from steadynet.reuse import weighted_layers

    modules = dict.fromkeys(name.rpartition(".")[0] for name in shapes)
    return dict(zip([layer.name for layer in weighted_layers(model)], modules, strict=True))


@case
def mobile_net_of_applications():
    return Case(mobile_net, mobile_net_twin, {"x": (2, 3, 64, 64)}, names="in order")
