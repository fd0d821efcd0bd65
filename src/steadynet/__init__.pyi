# What `__init__.py` loads lazily, for type checkers and editors; a test holds the two together.
from steadynet import (
    checkpoints,
    clipping,
    datasets,
    demos,
    experiments,
    explorer,
    figures,
    networks,
    normalization,
    notebook,
    portable,
    recording,
    reuse,
    steps,
    sweeps,
    tasks,
    training,
)

__version__: str

__all__ = [
    "checkpoints",
    "clipping",
    "datasets",
    "demos",
    "experiments",
    "explorer",
    "figures",
    "networks",
    "normalization",
    "notebook",
    "portable",
    "recording",
    "reuse",
    "steps",
    "sweeps",
    "tasks",
    "training",
]
