"""The panels over layers, over one control and of the network — without a browser."""

import dataclasses
import json

import numpy as np
import pytest
import synthetic
from shown import unpack

from steadynet.explorer import Across, Control, Demo, Layers, Network, NetworkLayer, Table
from steadynet.explorer.state import as_text, pack, state_of

A = Control("a", "A", (0.1, 1.0, None), ("0.1", "1", "never"))
B = Control("b", "B", ("x", "y"), kind="choice")
AXIS = {"y_label": "output", "y_domain": (-1, 1)}
LAYERS = Layers(title="L", y="y", moments=(0, 10), quantiles=(0.25, 0.5, 0.75), **AXIS)
ACROSS = Across(title="S", control="a", y="y", **AXIS)
NETWORK = Network(
    title="N",
    layers=(
        NetworkLayer("in", "pictures", "28×28"),
        NetworkLayer("one", "dense", "8", 100, norm=8),
        NetworkLayer("two", "dense", "8", 72, norm=8),
        NetworkLayer("out", "softmax", "3", 27),
    ),
    frozen="frozen",
    depth="depth",
)


def demo_of(*panels, **arrays):
    """A demo of two controls with these panels and arrays."""
    return Demo(
        name="d",
        title="D",
        question="?",
        controls=(A, B),
        panels=panels,
        arrays=arrays,
        outcome=Table.of((A,), lambda a: f"a is {a}"),
    )


def described(panel, **arrays):
    """The panel as the view gets it."""
    return demo_of(panel, **arrays).describe()["panels"][0]


# --- layers


def test_layers_say_their_moments_and_open_at_the_last():
    panel = described(LAYERS, y=np.zeros((3, 2, 2, 7, 3)))
    assert panel["moments"] == ["step 0", "step 10"]
    assert panel["moment"] == 1
    assert panel["layers"] == 7
    named = dataclasses.replace(LAYERS, moment=0, moment_texts=("before", "after"))
    panel = described(named, y=np.zeros((3, 2, 2, 7, 3)))
    assert (panel["moments"], panel["moment"]) == (["before", "after"], 0)


def test_layers_of_one_quantile_may_leave_its_dimension_out():
    one = dataclasses.replace(LAYERS, quantiles=(0.5,), y_scale="log", y_domain=(1e-3, 1))
    for shape in ((3, 2, 2, 7), (3, 2, 2, 7, 1)):
        assert described(one, y=np.ones(shape))["layers"] == 7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"moments": (10, 0)}, "`moments` of panel 'L' must be at least two rising numbers"),
        ({"moment": 2}, "`moment` of panel 'L' must be in -2…1. Received: 2"),
        ({"moment_texts": ("a",)}, "`moment_texts` of panel 'L' must be 2 texts"),
        ({"quantiles": (0.5, 0.9)}, "`quantiles` of panel 'L' must be 1, 3 or 5, rising around"),
        ({"quantiles": (0.1, 0.5, 0.8)}, "rising around 0.5. Received"),
        ({"quantiles": (0.9, 0.5, 0.1)}, "rising around 0.5. Received"),
        (
            {"quantiles": (0.5,)},
            r"shaped \(\*controls, moment, layer, quantile\) \(3, 2, 2, n, 1\)",
        ),
        ({"moments": (0, 1, 2)}, r"\(3, 2, 3, n, 3\). Received: \(3, 2, 2, 7, 3\)"),
        ({"y": "z"}, "array of panel 'L' must be one of"),
        ({"y_scale": "log"}, r"`y_domain` of panel 'L' must be positive \(log axis\)"),
    ],
)
def test_layers_refuse_what_does_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        demo_of(dataclasses.replace(LAYERS, **changes), y=np.zeros((3, 2, 2, 7, 3)))


def test_layers_of_a_demo_share_their_moments():
    other = dataclasses.replace(LAYERS, title="M", moments=(0, 20))
    with pytest.raises(ValueError, match="of the Layers panels of a demo must be the same"):
        demo_of(LAYERS, other, y=np.zeros((3, 2, 2, 7, 3)))


def test_packing_for_a_log_axis_keeps_small_numbers_beside_a_zero():
    packed = pack([0.0, 1e-7, 100.0], log=True, span=(1e-8, 1))
    assert packed["type"] == "f32"
    assert unpack(packed)[1] == pytest.approx(1e-7)


# --- across


def test_across_knows_its_control_and_both_arrays():
    both = dataclasses.replace(ACROSS, reference="z", label="reused", reference_label="scratch")
    values = np.zeros((3, 2, 5))
    demo = demo_of(both, y=values, z=values)
    assert demo.describe()["panels"][0]["control"] == 0
    assert demo.describe()["panels"][0]["x_label"] == "A"
    assert set(state_of(demo)["arrays"]) == {"y", "z"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"control": "c"}, "`c` must be the name of a control"),
        ({"reference": "z", "label": "m"}, "array of panel 'S' must be one of"),
        ({"reference": "y"}, "`label` and `reference_label` of panel 'S' must be given with"),
        ({"y": "w"}, r"array 'w' of panel 'S' must be shaped \(\*controls, seed\) \(3, 2, n\)"),
        ({"y_domain": (1, 0)}, "`y_domain` of panel 'S' must be at least two rising numbers"),
    ],
)
def test_across_refuses_what_does_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        demo_of(dataclasses.replace(ACROSS, **changes), y=np.zeros((3, 2, 5)), w=np.zeros((3, 2)))


# --- network


def counts(frozen, depth):
    """The arrays of a network, the same at every setting."""
    return {"frozen": np.full((3, 2), frozen), "depth": np.full((3, 2), depth)}


def test_network_is_described_layer_by_layer():
    panel = described(NETWORK, **counts(1, 2))
    assert panel["layers"][1] == {
        "name": "one", "kind": "dense", "size": "8", "parameters": 100, "norm": 8,
    }  # fmt: skip
    assert (panel["frozen"], panel["depth"], panel["norm"]) == ("frozen", "depth", None)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (counts(4, 2), "array 'frozen' of panel 'N' must be whole numbers in 0…3"),
        (counts(3, 1), "array 'frozen' of panel 'N' must be whole numbers in 0…2"),
        (counts(0, 3), "array 'depth' of panel 'N' must be whole numbers in 0…2"),
        (counts(0.5, 2), "array 'frozen' of panel 'N' must be whole numbers"),
        (counts(np.nan, 2), "array 'frozen' of panel 'N' must be whole numbers"),
        ({"frozen": np.zeros((3, 2))}, "array of panel 'N' must be one of"),
        ({"frozen": 0, "depth": 0}, r"shaped \(\*controls,\) \(3, 2\). Received: \(\)"),
    ],
)
def test_network_refuses_counts_that_cannot_be(arrays, message):
    with pytest.raises(ValueError, match=message):
        demo_of(NETWORK, **arrays)


def test_network_refuses_layers_that_cannot_be():
    with pytest.raises(ValueError, match="`layers` of panel 'N' must be NetworkLayer objects"):
        demo_of(Network(title="N", layers=({"name": "one"},)))
    with pytest.raises(ValueError, match="`layers` of panel 'N' must be some with parameters"):
        demo_of(Network(title="N", layers=(NetworkLayer("in", "pictures"),)))
    with pytest.raises(ValueError, match="`parameters` of layer 'one' must be a whole number ≥ 0"):
        NetworkLayer("one", "dense", "8", -1)


# --- all


def test_states_of_these_panels_are_json():
    for demo in (synthetic.deep_demo(), synthetic.reuse_demo()):
        text = as_text(state_of(demo))
        assert json.loads(json.dumps(text, allow_nan=False)) == text
        assert set(text["arrays"]) == {name for panel in demo.panels for name in panel.uses()}
