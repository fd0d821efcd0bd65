"""Weights that PyTorch saved, as safetensors, into a Keras model with equal outputs."""

from steadynet.checkpoints.pytorch.loading import load_pytorch
from steadynet.checkpoints.pytorch.reading import read_safetensors
from steadynet.checkpoints.pytorch.targets import as_in_pytorch

__all__ = ["as_in_pytorch", "load_pytorch", "read_safetensors"]
