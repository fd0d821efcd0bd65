"""The demos of the book, each a short spec over one recording."""

from steadynet.demos.batch_norm_depth.demo import batch_norm_demo
from steadynet.demos.cliff.demo import cliff_demo
from steadynet.demos.clip_threshold.demo import clip_demo
from steadynet.demos.frozen_layers.demo import freeze_demo

__all__ = ["batch_norm_demo", "cliff_demo", "clip_demo", "freeze_demo"]
