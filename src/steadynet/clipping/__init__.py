"""Keep gradients at a size the weights can bear: by value, by norm, adaptively, by example.

All functions are pure, work inside ``tf.function`` and ``tf.vectorized_map``, and keep these rules.

- `grads` is a list with one entry a variable. None (no gradient) passes through; order, shapes and
  dtypes stay. Dtypes may be mixed: norms are computed in float32, or float64 if a gradient has it.
- `tf.IndexedSlices` are clipped by their rows, as in TensorFlow and Keras. A row that occurs twice
  counts as two rows, though the optimizer adds them up.
- A threshold given as a number must be positive and finite. A tensor's value is not looked at, for
  inside a graph it has none yet: infinity then never clips, and anything not positive gives NaN.
- Below the threshold, gradients come out bit for bit as they went in.
- An inf or NaN gradient is never hidden: what becomes NaN is what becomes NaN in TensorFlow. On
  request it is an error.
- Finite gradients are clipped up to a norm of 3.4e38, if that is under 1e37 times the threshold. In
  TensorFlow, from 1.8e19, `tf.clip_by_norm` gives zeros and `tf.clip_by_global_norm` NaN. Only
  where plain squares overflow or vanish are norms computed a second time, at another scale.
- Gradients flow through the clipping, at zero too, where it is the identity.
"""

from steadynet.clipping.adaptive import clip_adaptively
from steadynet.clipping.by_name import METHODS, clip
from steadynet.clipping.by_norm import clip_by_global_norm, clip_by_norm, global_norm
from steadynet.clipping.by_value import clip_by_value
from steadynet.clipping.direction import angle_between
from steadynet.clipping.per_example import clip_per_example

__all__ = [
    "METHODS",
    "angle_between",
    "clip",
    "clip_adaptively",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "clip_per_example",
    "global_norm",
]
