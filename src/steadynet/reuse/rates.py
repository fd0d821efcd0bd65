"""Smaller steps for lower layers, with any optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from steadynet import _checks
from steadynet.reuse.freezing import layer_groups

__all__ = ["rate_factors", "with_layer_rates"]


def rate_factors(model: keras.Model, divide_by: float = 2.6) -> tuple[float, ...]:
    """Share of the learning rate for each group of layers: ``divide_by ** -k``, k below the top.

    Parameters
    ----------
    model : keras.Model
        Built; its groups are those of `layer_groups`.
    divide_by : float
        How many times smaller the rate is in each group than in the next. Positive; 1: equal.

    Returns
    -------
    tuple of float
        One a group, from the input to the output; the last is 1.

    Raises
    ------
    ValueError
        If `model` is not built or `divide_by` is not positive and finite.

    Examples
    --------
    >>> layers = [keras.layers.Dense(8), keras.layers.Dense(8), keras.layers.Dense(3)]
    >>> [round(f, 3) for f in rate_factors(keras.Sequential([keras.Input((4,)), *layers]))]
    [0.148, 0.385, 1.0]

    References
    ----------
    Howard and Ruder (2018), "Universal language model fine-tuning for text classification", 3.2.
    """
    divide_by = float(_checks.positive("divide_by", divide_by, dtype="float64"))
    groups = layer_groups(model)
    return tuple(divide_by ** (k + 1 - len(groups)) for k in range(len(groups)))


def with_layer_rates(
    optimizer: keras.optimizers.Optimizer,
    model: keras.Model,
    factors: Sequence[float] | None = None,
) -> keras.optimizers.Optimizer:
    """Make an optimizer of the same kind whose steps are smaller in lower layers.

    Of each step that `optimizer` would take, a weight takes its layer's share:
    ``w = w + factor * (step(w) - w)``. Where steps are proportional to the rate, as with SGD,
    momentum, RMSprop and Adam, and weight decay, that is a rate of ``factor * learning_rate``.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Gives kind and settings; stays as it is, and its state is not taken over.
    model : keras.Model
        Built. The new optimizer is for this model's weights only.
    factors : sequence of float, optional
        One a group of `layer_groups`, not negative; `rate_factors` by default.

    Returns
    -------
    keras.optimizers.Optimizer
        For ``compile`` or `training.train`. Made for `model` as it stands in memory: a file cannot
        restore it, so save the model without its optimizer.

    Raises
    ------
    TypeError
        If `optimizer` is no Keras optimizer.
    ValueError
        If it averages weights (``use_ema``), or `factors` are not as many as groups, or negative.

    Examples
    --------
    >>> layers = [keras.layers.Dense(1, use_bias=False), keras.layers.Dense(1, use_bias=False)]
    >>> model = keras.Sequential([keras.Input((1,)), *layers])
    >>> model.set_weights([np.ones((1, 1)), np.ones((1, 1))])
    >>> optimizer = with_layer_rates(keras.optimizers.SGD(0.5), model, factors=(0.25, 1))
    >>> optimizer.apply([np.ones((1, 1), "float32")] * 2, model.trainable_variables)
    >>> [w.item() for w in model.get_weights()]  # 1 - 0.25 × 0.5, and 1 - 0.5
    [0.875, 0.5]

    References
    ----------
    Howard and Ruder (2018), "Universal language model fine-tuning for text classification", 3.2.
    """
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(f"`optimizer` must be a Keras optimizer. Received: {optimizer!r}")
    if getattr(optimizer, "use_ema", False):
        raise ValueError("`optimizer` must not average weights. Received: use_ema=True")
    groups, default = layer_groups(model), rate_factors(model)
    chosen = default if factors is None else tuple(factors)
    if len(chosen) != len(groups) or not all(0 <= f < np.inf for f in chosen):
        raise ValueError(
            f"`factors` must be {len(groups)} numbers, 0 or more, one a group of layers. "
            f"Received: {factors!r}"
        )
    factor_of = {
        id(weight): float(factor)
        for group, factor in zip(groups, chosen, strict=True)
        for layer in group
        for weight in layer.weights
    }
    return _scaled(type(optimizer), factor_of).from_config(optimizer.get_config())


def _scaled(
    kind: type[keras.optimizers.Optimizer], factor_of: dict[int, float]
) -> type[keras.optimizers.Optimizer]:
    """A subclass of an optimizer that takes a share of its steps, by the identity of the weight."""

    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> None:
        weights = list(trainable_variables or self._trainable_variables)
        factors = [factor_of.get(id(weight), 1.0) for weight in weights]
        before = [keras.ops.copy(weight) for weight in weights]
        kind.apply(self, grads, trainable_variables)
        for weight, factor, old in zip(weights, factors, before, strict=True):
            if factor != 1.0:  # else the step stays bit for bit as it was
                weight.assign(old + factor * (weight - old))

    return type(f"LayerRates{kind.__name__}", (kind,), {"apply": apply})
