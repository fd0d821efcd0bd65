"""Reuse the lower layers of a trained network: copy, freeze, unfreeze, cache, train by layer.

Everywhere here, layers are counted over those with weights, from the input, inside nested models
too: `weighted_layers` lists them. A layer without weights (an activation, a pooling, a flattening)
belongs to the layer before it. Batch normalization counts as a layer of its own.
"""

from steadynet.reuse.freezing import (
    freeze_layers,
    gradual_unfreezing,
    layer_groups,
    trainable_count,
    unfreeze_layers,
    weighted_layers,
)
from steadynet.reuse.rates import rate_factors, with_layer_rates
from steadynet.reuse.surgery import cache_features, cuts, reuse_layers, split_layers

__all__ = [
    "cache_features",
    "cuts",
    "freeze_layers",
    "gradual_unfreezing",
    "layer_groups",
    "rate_factors",
    "reuse_layers",
    "split_layers",
    "trainable_count",
    "unfreeze_layers",
    "weighted_layers",
    "with_layer_rates",
]
