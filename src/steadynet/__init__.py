"""Train deep networks steadily: batch normalization, gradient clipping and reused layers.

The package is made of rooms, `__all__` lists them. Importing the package loads none of them and
sets nothing: a room is loaded when it is first asked for, as ``steadynet.clipping`` or imported.

Examples
--------
>>> import steadynet
>>> steadynet.experiments.get("cliff").name
'cliff'
"""

__version__ = "0.1.0"

# Type checkers and editors read `__init__.pyi`, which says the same.
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


def __getattr__(name: str) -> object:
    """Load a room when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'steadynet' has no attribute {name!r}")
    from importlib import import_module

    return import_module(f"steadynet.{name}")


def __dir__() -> list[str]:
    """The rooms, loaded or not."""
    return [*__all__, "__version__"]
