"""The demos of the book, each a short spec over one recording."""

from steadynet.explorers.demos.batch_norm import batch_norm_demo
from steadynet.explorers.demos.cliff import cliff_demo
from steadynet.explorers.demos.clip import clip_demo
from steadynet.explorers.demos.freeze import freeze_demo

__all__ = ["batch_norm_demo", "cliff_demo", "clip_demo", "freeze_demo"]
