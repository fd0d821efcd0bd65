"""Batch normalization from its four equations, as a Keras layer, and folded away after training.

For the activations ``x`` of one channel over a batch,

- ``mean = mean(x)`` and ``variance = mean((x - mean)**2)``: `batch_moments`;
- ``y = gamma * (x - mean) / sqrt(variance + epsilon) + beta``: `batch_normalize`;
- ``moving = momentum * moving + (1 - momentum) * batch``: `update_moving`, for use after training.

`BatchNorm` puts them together. Half precision is computed in float32 throughout. After training,
`fold` makes one layer of a dense layer or convolution and the normalization behind it;
`fold_batch_norm` does so wherever a network allows it.
"""

from steadynet.normalization.arithmetic import batch_moments, batch_normalize, update_moving
from steadynet.normalization.folding import fold, fold_batch_norm
from steadynet.normalization.layer import BatchNorm

__all__ = [
    "BatchNorm",
    "batch_moments",
    "batch_normalize",
    "fold",
    "fold_batch_norm",
    "update_moving",
]
