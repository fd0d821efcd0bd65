"""What each demo trains in a page: the plan of every folder that has a `page.py`."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable

from steadynet.demos import FOLDERS
from steadynet.explorer.plan import Plan

_PAGES = {name: f"steadynet.demos.{folder}.page" for name, folder in FOLDERS.items()}
PLANS: dict[str, Callable[[], Plan]] = {
    name: importlib.import_module(page).plan
    for name, page in _PAGES.items()
    if importlib.util.find_spec(page) is not None
}
