"""Cut a network after some layers: put a new head on a copy, or keep what the lower part gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from steadynet._checks import is_whole, require
from steadynet.reuse.freezing import check_count, check_model, weighted_layers
from steadynet.reuse.walk import GRAPHS, Walk

__all__ = ["cache_features", "cuts", "reuse_layers", "split_layers"]


def reuse_layers(
    model: keras.Model,
    n_reused: int,
    head: keras.Layer | Sequence[keras.Layer],
    *,
    input_shape: Sequence[int | None] | None = None,
    share: bool = False,
) -> keras.Model:
    """Build a new network from the first `n_reused` layers of `model`, as trained, and a new head.

    The reused layers are copies: training the new network leaves `model` as it was. What has no
    weights and follows the last of them (activation, pooling, flattening, dropout) comes along.
    Copies keep whether they are frozen; see `freeze_layers`. Nested models are taken apart.

    Parameters
    ----------
    model : keras.Model
        Built; Sequential or functional, with a place to cut after layer `n_reused` (see `cuts`).
    n_reused : int
        Layers with weights to keep, from the input.
    head : keras.Layer or sequence of keras.Layer
        New layers, the last one with as many units as the new task has classes. Used, not copied.
    input_shape : tuple of int or None, optional
        Shape of the new task's pictures, (height, width) or (height, width, channels), if it is not
        that of the first task: they are resized inside the new network, bilinearly, and with
        antialiasing, so that shrinking averages. None stands for a side that varies.
    share : bool
        True uses the very layers of `model`: training either network then changes both.

    Returns
    -------
    keras.Model
        Built, functional, not compiled.

    Raises
    ------
    TypeError
        If `model` is of another kind, or `head` not of layers.
    ValueError
        If `model` is not built, has fewer layers or no cut there, if `head` does not fit what the
        reused layers give, or pictures of `input_shape` cannot be resized to what they take.

    Examples
    --------
    >>> layers = [keras.layers.Dense(8, "relu"), keras.layers.Dense(7)]
    >>> old = keras.Sequential([keras.Input((4,)), *layers])
    >>> new = reuse_layers(old, 1, keras.layers.Dense(3))
    >>> new.output_shape, bool((new.weights[0] == old.weights[0]).numpy().all())
    ((None, 3), True)

    References
    ----------
    Yosinski et al. (2014), "How transferable are features in deep neural networks?"
    """
    head = _as_layers(head)
    _check_graph(model)
    check_count("n_reused", n_reused, len(weighted_layers(model)))
    inputs, start = _new_inputs(model, input_shape)
    walk = Walk(model, start, share=share, taken={layer.name for layer in head})
    features = walk.cut("n_reused", n_reused)
    outputs = features
    try:
        for layer in head:
            outputs = layer(outputs)
        return keras.Model(inputs, outputs)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"`head` must fit the reused layers' output of shape {tuple(features.shape)}. "
            f"Received: {[layer.name for layer in head]}, which fails with: {error}"
        ) from error


def split_layers(model: keras.Model, n_lower: int) -> tuple[keras.Model, keras.Model]:
    """Cut a network in two, so that ``upper(lower(x))`` is ``model(x)``. The layers stay its own.

    What has no weights goes with the layer before it, except from the first layer on that draws at
    random (dropout, augmentation): that one goes up, where training draws anew at each step.

    Parameters
    ----------
    model : keras.Model
        Built; Sequential or functional, with a place to cut after layer `n_lower` (see `cuts`).
    n_lower : int
        Layers with weights in the lower part, from the input.

    Returns
    -------
    lower, upper : keras.Model
        They share the layers of `model`: training `upper` trains it.

    Raises
    ------
    TypeError
        If `model` is of another kind.
    ValueError
        If it is not built, has fewer layers or no cut there.

    Examples
    --------
    >>> layers = [keras.layers.Dense(8, "relu"), keras.layers.Dense(3)]
    >>> lower, upper = split_layers(keras.Sequential([keras.Input((4,)), *layers]), 1)
    >>> lower.output_shape, upper.output_shape
    ((None, 8), (None, 3))
    """
    _check_graph(model)
    check_count("n_lower", n_lower, len(weighted_layers(model)))
    inputs, start = _new_inputs(model, None)
    walk = Walk(model, start, share=True)
    features = walk.cut("n_lower", n_lower, deterministic=True)
    return keras.Model(inputs, features), _above(features, walk)


def cache_features(
    model: keras.Model, n_cached: int, x: np.ndarray, *, batch_size: int = 256
) -> tuple[np.ndarray, keras.Model]:
    """Compute once what frozen layers give on every pass; return it, and what is left to train.

    The upper part on the features predicts what `model` predicts on the examples. Training it is
    training `model` with its first `n_cached` layers frozen, if none of those draws at random.

    Parameters
    ----------
    model : keras.Model
        Built; Sequential or functional, with a place to cut after layer `n_cached` (see `cuts`).
    n_cached : int
        Layers with weights to go through, from the input.
    x : array, shape (examples, …)
        What `model` takes.
    batch_size : int
        Examples to compute at once.

    Returns
    -------
    features : ndarray, shape (examples, …)
        What the lower part gives in inference: no dropout, batch norm by its moving statistics.
    upper : keras.Model
        The rest of the network. It shares the layers of `model`: training it trains `model`.

    Raises
    ------
    TypeError, ValueError
        As `split_layers`, and if `x` is empty or `batch_size` not a positive integer.

    Examples
    --------
    >>> layers = [keras.layers.Dense(8, "relu"), keras.layers.Dense(3)]
    >>> model, x = keras.Sequential([keras.Input((4,)), *layers]), np.ones((5, 4), "float32")
    >>> features, upper = cache_features(model, 1, x)
    >>> features.shape, bool(np.allclose(upper(features), model(x)))
    ((5, 8), True)
    """
    good = is_whole(batch_size) and batch_size > 0
    require(good, "`batch_size`", "a positive integer", batch_size)
    if not len(x):
        raise ValueError(f"`x` must hold examples. Received: shape {np.shape(x)}")
    lower, upper = split_layers(model, n_cached)
    compute = tf.function(lambda batch: lower(batch, training=False), reduce_retracing=True)
    batches = [tf.constant(x[i : i + batch_size]) for i in range(0, len(x), batch_size)]
    return np.concatenate([compute(batch) for batch in batches]), upper


def cuts(model: keras.Model) -> list[int]:
    """List the numbers of layers after which a network can be cut in two.

    A cut needs a place where a single tensor carries everything: between blocks, not inside a
    branch or below a shortcut.

    Parameters
    ----------
    model : keras.Model
        Built; Sequential or functional.

    Returns
    -------
    list of int
        Counts of layers with weights, in order.

    Raises
    ------
    TypeError
        If `model` is of another kind.
    ValueError
        If it is not built.

    Examples
    --------
    >>> x = keras.Input((4,))
    >>> h = keras.layers.Dense(4)(keras.layers.Dense(4)(x))
    >>> cuts(keras.Model(x, keras.layers.Dense(3)(x + h)))  # a shortcut passes by the first layer
    [0, 2, 3]
    """
    _check_graph(model)
    return sorted(Walk(model, _new_inputs(model, None)[1], share=True).cuts())


def _as_layers(head: keras.Layer | Sequence[keras.Layer]) -> list[keras.Layer]:
    """The head as a list of layers."""
    layers = list(head) if isinstance(head, Sequence) else [head]
    if not layers or not all(isinstance(layer, keras.Layer) for layer in layers):
        raise TypeError(f"`head` must be a Keras layer or a sequence of them. Received: {head!r}")
    return layers


def _above(features: tf.Tensor, walk: Walk) -> keras.Model:
    """What is left of a network above a tensor, which may be one of its outputs as well."""
    if all(t is not features for t in walk.outputs):
        return keras.Model(features, walk.structure)
    # Keras finds no way from a tensor inside a network to itself, but it does from an input.
    others = {id(t): t for t in walk.outputs if t is not features}
    rest, given = keras.Input(features.shape[1:], dtype=features.dtype), []
    if others:
        upper = keras.Model(features, list(others.values()))
        rest, given = upper.inputs[0], upper.outputs
    found = {id(features): rest, **dict(zip(others, given, strict=True))}
    return keras.Model(rest, tf.nest.map_structure(lambda t: found[id(t)], walk.structure))


def _check_graph(model: object) -> None:
    """Refuse a model whose calls cannot be followed."""
    check_model(model)
    if not isinstance(model, GRAPHS):
        raise TypeError(
            "`model` must be Sequential or functional: how another passes its input on is hidden "
            f"in its code. Received: {type(model).__name__}"
        )


def _new_inputs(model: keras.Model, input_shape: Sequence[int | None] | None) -> tuple[Any, Any]:
    """Inputs for a new network, and the tensors that the layers of `model` take from them."""
    fresh = lambda t: keras.Input(t.shape[1:], dtype=t.dtype, name=t.name)  # noqa: E731
    # A Sequential has one input, and gives it as a list.
    takes = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    if input_shape is None:
        inputs = tf.nest.map_structure(fresh, takes)
        return inputs, inputs
    takes = tf.nest.flatten(takes)
    height, *_ = expected = tuple(takes[0].shape[1:])
    given = tuple(input_shape)
    channels = [s[2] if len(s) == 3 else 1 for s in (given, expected)]
    fits = len(takes) == 1 and {len(given), len(expected)} <= {2, 3} and None not in expected
    if not fits or channels[0] != channels[1]:
        raise ValueError(
            "`input_shape` must be (height, width) or (height, width, channels), with the channels "
            f"that `model` takes; it takes {expected}. Received: {input_shape!r}"
        )
    inputs = keras.Input(given, dtype=takes[0].dtype)
    if given == expected:
        return inputs, inputs
    x = inputs if len(given) == 3 else keras.ops.expand_dims(inputs, -1)
    x = keras.layers.Resizing(height, expected[1], antialias=True, name="resize")(x)
    return inputs, x if len(expected) == 3 else keras.ops.squeeze(x, -1)
