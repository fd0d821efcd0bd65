"""Go through a network call by call, with its layers or with copies; find where to cut it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from steadynet.reuse.freezing import has_weights, weighted_layers

GRAPHS = keras.Sequential, keras.Function


@dataclasses.dataclass
class _Step:
    """One call of a layer or operation: what it took, what it gave, layers with weights so far."""

    layer: keras.Operation
    taken: list[keras.KerasTensor]
    given: list[keras.KerasTensor]
    n_layers: int


class Walk:
    """All calls of a network in order, made again on new inputs, with its layers or with copies."""

    def __init__(
        self, model: keras.Model, start: Any, *, share: bool, taken: Iterable[str] = ()
    ) -> None:
        self._share, self._names = share, set(taken)
        self._copies: dict[int, keras.Operation] = {}
        self._counted: set[int] = set()
        self.steps: list[_Step] = []
        self.structure = self._run(model, start)
        self.outputs = tf.nest.flatten(self.structure)

    def cuts(self, deterministic: bool = False) -> dict[int, keras.KerasTensor]:
        """For each number of layers that can be cut after, the last tensor that carries everything.

        With `deterministic`, the last one before a layer that draws at random, if there is one.
        """
        found: dict[int, keras.KerasTensor] = {}
        passed = [0, *(step.n_layers for step in self.steps)]
        places = zip(passed, [None, *self.steps], self._alive(), strict=True)
        for n, after_same in itertools.groupby(places, key=lambda place: place[0]):
            for i, (_, step, alive) in enumerate(after_same):
                if deterministic and n in found and i and step and _draws(step.layer):
                    break
                if len(alive) == 1:
                    (found[n],) = alive.values()
        return found

    def _alive(self) -> list[dict[int, keras.KerasTensor]]:
        """Before the first call and after each: the tensors that later calls or outputs need."""
        alive = [{id(t): t for t in self.outputs}]
        for step in reversed(self.steps):
            given = set(map(id, step.given))
            kept = {key: t for key, t in alive[-1].items() if key not in given}
            alive.append(kept | {id(t): t for t in step.taken})
        return alive[::-1]

    def cut(self, name: str, n: int, **how: bool) -> keras.KerasTensor:
        """The tensor after `n` layers, or an error that lists where a cut is possible."""
        found = self.cuts(**how)
        if n not in found:
            raise ValueError(
                f"`{name}` must be a place to cut: after {n} layers the network has branches. "
                f"Possible: {sorted(found)}. Received: {n}"
            )
        return found[n]

    def _run(self, model: keras.Model, tensors: Any) -> Any:
        """Call what `model` is made of; nested models are taken apart."""

        def call(layer: keras.Operation, *args: Any, **kwargs: Any) -> Any:
            # What else such a model was called with, a `training` say, Keras itself puts aside.
            if isinstance(layer, GRAPHS):
                return self._run(layer, args[0] if args else kwargs["inputs"])
            return self._call(layer, args, kwargs)

        if isinstance(model, keras.Sequential):
            for layer in model.layers:
                tensors = call(layer, tensors)
            return tensors
        # The only way to go through a functional model without building another one around each
        # nested model; `keras.models.clone_model` uses it too.
        return model._run_through_graph(tensors, call_fn=call)

    def _call(self, layer: keras.Operation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call one layer, or its copy, and take note."""
        used = layer if self._share or not isinstance(layer, keras.Layer) else self._copy(layer)
        given = used(*args, **kwargs)
        if used is not layer and layer.weights:
            used.set_weights(layer.get_weights())
        if isinstance(used, keras.layers.Normalization):
            used.finalize_state()  # it computes with what it derives from its weights
        self._counted |= set(map(id, _counting(layer)))
        taken = [t for t in tf.nest.flatten((args, kwargs)) if isinstance(t, keras.KerasTensor)]
        self.steps.append(_Step(layer, taken, tf.nest.flatten(given), len(self._counted)))
        return given

    def _copy(self, layer: keras.Layer) -> keras.Layer:
        """A layer with the same settings, one for each layer however often it is called."""
        if id(layer) not in self._copies:
            name = layer.name
            while name in self._names:
                name += "_reused"
            self._names.add(name)
            try:
                copy = type(layer).from_config({**layer.get_config(), "name": name})
            except Exception as error:  # whatever a layer of someone's own raises
                raise ValueError(
                    f"`model` must have layers that can be copied. Received: layer {layer.name!r}, "
                    f"which fails with: {error}"
                ) from error
            self._copies[id(layer)] = copy
        return self._copies[id(layer)]


def _counting(layer: keras.Operation) -> list[keras.Layer]:
    """The layers with weights that one call passes: several in a model written as a class."""
    if isinstance(layer, keras.Model):
        return weighted_layers(layer)
    return [layer] if isinstance(layer, keras.Layer) and has_weights(layer) else []


def _draws(layer: keras.Operation) -> bool:
    """Whether a layer draws at random: it has state that is no weight, the state of a generator."""
    return isinstance(layer, keras.Layer) and len(layer.variables) > len(layer.weights)
