"""Follow the order of numbers through a network, from its inputs to each layer with weights."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import keras

from steadynet.checkpoints.pytorch.layouts import (
    Axes,
    Layout,
    Shape,
    Unknown,
    start,
)
from steadynet.checkpoints.pytorch.rules import Call, after, one_step
from steadynet.reuse.walk import GRAPHS, Walk

__all__ = ["Taken", "Tracked", "track"]

_BY_CODE = Unknown("what a model written as a class does between its layers cannot be followed")


class Taken(NamedTuple):
    """What a layer takes: its layout, and its shape without the batch, None if not known."""

    layout: Layout
    shape: Shape | None


class Tracked(NamedTuple):
    """What each layer takes, by its id, and the outputs of a model, as if one more took them."""

    taken: dict[int, Taken]
    outputs: list[Taken]

    def by(self, layer: keras.Layer) -> Taken:
        """What a layer takes; its shape alone where the model could not be followed."""
        return self.taken.get(id(layer)) or Taken(_BY_CODE, _shape_built(layer))


def track(model: keras.Model, believed: Collection[str] = ()) -> Tracked:
    """Follow a model; layers named in `believed` are taken to give what PyTorch's give."""
    tracked = Tracked({}, [])
    graph = _as_graph(model, None)
    if graph is not None:
        inputs = keras.tree.map_structure(_fresh, _inputs(graph))
        layouts = [start(tuple(t.shape[1:])) for t in keras.tree.flatten(inputs)]
        given = _follow(graph, inputs, layouts, tracked.taken, believed)
        shapes = [tuple(t.shape[1:]) for t in graph.outputs]
        tracked.outputs.extend(map(Taken, given, shapes))
    return tracked


def _follow(graph, inputs, layouts, taken, believed):
    """Layouts of a graph's outputs; what each of its layers takes is noted in `taken`."""
    held = {id(t): layout for t, layout in zip(keras.tree.flatten(inputs), layouts, strict=True)}
    walk = Walk(graph, inputs, share=True)
    for step in walk.steps:
        layer, shapes = step.layer, [tuple(t.shape[1:]) for t in step.taken]
        call = Call([held[id(t)] for t in step.taken], shapes, tuple(step.given[0].shape[1:]))
        _note(taken, layer, call)
        given = (
            [Axes.SAME] if layer.name in believed else _given(layer, call, step, taken, believed)
        )
        given *= len(step.given) if len(given) == 1 else 1
        held |= {id(t): layout for t, layout in zip(step.given, given, strict=True)}
    return [held[id(t)] for t in walk.outputs]


def _given(layer, call, step, taken, believed):
    """Layout of what a layer gives, one for each output if it is a model."""
    if isinstance(layer, keras.Model):
        inputs = [_fresh(t) for t in step.taken]
        graph = _as_graph(layer, inputs[0] if len(inputs) == 1 else inputs)
        if graph is None:
            return [_BY_CODE]
        return _follow(graph, _inputs(graph), call.layouts, taken, believed)
    return [after(layer, call)]


def _note(taken, layer, call):
    """Note what a layer takes; if it is called again, both times alike or it is not known."""
    if not call.layouts:
        return
    found = Taken(call.layouts[0], call.shapes[0])
    if isinstance(layer, keras.layers.TimeDistributed):
        found = Taken(one_step(call.layouts[0], call.shapes[0]), call.shapes[0][1:])
    before = taken.setdefault(id(layer), found)
    if before.layout != found.layout:
        why = f"{layer.name!r} is called on tensors of different orders"
        taken[id(layer)] = Taken(Unknown(why, mixed=True), found.shape)


def _as_graph(model, inputs):
    """A model as a graph of its layers; one written as a class by calling it, if that works."""
    if isinstance(model, GRAPHS) and _calls_as_keras(model):
        return model
    try:
        inputs = _inputs_built(model) if inputs is None else inputs
        return keras.Model(inputs, model.call(inputs))
    # Whatever someone's own code raises on tensors without numbers: it is not followed then.
    except Exception:  # noqa: BLE001
        return None


def _calls_as_keras(model):
    """Whether a graph's `call` is Keras's own."""
    owner = next(kind for kind in type(model).__mro__ if "call" in vars(kind))
    return owner.__module__.startswith("keras.")


def _inputs_built(model):
    """New inputs of the shape that a model written as a class was built with."""
    shape = (model.get_build_config() or {})["input_shape"]
    return keras.Input(batch_shape=(None, *shape[1:]))


def _shape_built(layer):
    """Shape without the batch that a layer was built with, if it says so."""
    inner = layer.layer if isinstance(layer, keras.layers.TimeDistributed) else layer
    shape: Any = (inner.get_build_config() or {}).get("input_shape")
    return tuple(shape[1:]) if isinstance(shape, tuple | list) else None


def _inputs(graph):
    """Inputs of a graph as it was given them."""
    return graph.inputs[0] if isinstance(graph, keras.Sequential) else graph.input


def _fresh(tensor):
    """A new input of the same shape."""
    return keras.Input(tensor.shape[1:], dtype=tensor.dtype)
