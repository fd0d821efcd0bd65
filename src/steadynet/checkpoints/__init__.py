"""Models that someone else trained: TensorFlow 1 checkpoints and PyTorch weights into Keras 3.

Names map from ours to theirs everywhere. Everything is read and checked before anything is
changed, a file that is damaged or of another kind is named, and no pickle is ever read.
"""

from steadynet.checkpoints.digests import digests
from steadynet.checkpoints.errors import CheckpointError
from steadynet.checkpoints.files import list_variables, read_variables, write_variables
from steadynet.checkpoints.formats import FORMATS, what_each_keeps
from steadynet.checkpoints.pytorch import as_in_pytorch, load_pytorch, read_safetensors
from steadynet.checkpoints.shipped import ORIGINAL, ORIGINAL_SHA256
from steadynet.checkpoints.tensorflow1 import import_graph, original_graph, restore
from steadynet.checkpoints.weights import (
    keras_names,
    load_tensorflow,
    original_network,
    save_tensorflow,
)

__all__ = [
    "FORMATS",
    "ORIGINAL",
    "ORIGINAL_SHA256",
    "CheckpointError",
    "as_in_pytorch",
    "digests",
    "import_graph",
    "keras_names",
    "list_variables",
    "load_pytorch",
    "load_tensorflow",
    "original_graph",
    "original_network",
    "read_safetensors",
    "read_variables",
    "restore",
    "save_tensorflow",
    "what_each_keeps",
    "write_variables",
]
