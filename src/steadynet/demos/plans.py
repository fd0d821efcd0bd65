"""What each demo trains in a page: the plan of every folder that has a `page.py`."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from steadynet._stamp import pages
from steadynet.demos import FOLDERS
from steadynet.explorer.plan import Plan

_PAGES = pages()
PLANS: dict[str, Callable[[], Plan]] = {
    name: importlib.import_module(_PAGES[folder]).plan
    for name, folder in FOLDERS.items()
    if folder in _PAGES
}
