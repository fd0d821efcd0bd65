"""The book's explorers, a folder each, named like the experiment that it shows.

A folder is found by being there. Its `__init__.py` gives a ``NAME``, its `demo.py` has
``make() -> Demo`` and, where a page can train it, its `page.py` has ``plan() -> Plan``.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING

from steadynet import _checks

if TYPE_CHECKING:
    from steadynet.explorer.demo import Demo

__all__ = ["FOLDERS", "load"]


def _found() -> dict[str, str]:
    """The name of each demo and its folder, which is opened no further than that."""
    folders = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    return {importlib.import_module(f"{__name__}.{f}").NAME: f for f in folders}


FOLDERS = _found()


def load(name: str) -> Demo:
    """Build a demo by its name.

    Parameters
    ----------
    name : str
        One of `FOLDERS`.

    Returns
    -------
    Demo
        Over the recording of the experiment that its folder is named like.

    Raises
    ------
    ValueError
        If there is no such demo.

    Examples
    --------
    >>> tuple(FOLDERS)
    ('batch-norm', 'cliff', 'clip', 'convolutions', 'freeze')
    >>> load("clip").title
    'Clip explorer'
    """
    _checks.one_of("name", name, tuple(FOLDERS))
    return importlib.import_module(f"{__name__}.{FOLDERS[name]}.demo").make()


def __getattr__(attribute: str) -> Callable[[], Demo]:
    """``clip_demo()`` is short for ``load("clip")``."""
    name = attribute.removesuffix("_demo").replace("_", "-")
    if name not in FOLDERS or not attribute.endswith("_demo"):
        raise AttributeError(f"module {__name__!r} has no attribute {attribute!r}")
    return functools.partial(load, name)
