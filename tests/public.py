"""What the package offers, as the pages in `chapters/api` list it."""

import importlib
import inspect
import re
from pathlib import Path

API = Path(__file__).parents[1] / "chapters" / "api"
MODULES = {
    page.stem: re.findall(r"^\.\. automodule:: (\S+)$", page.read_text("utf8"), re.MULTILINE)
    for page in sorted(API.glob("*.md"))
    if page.stem != "index"
}


def names(module):
    """Public names of a module: those it lists, or what is defined there without an underscore."""
    found = importlib.import_module(module)
    return getattr(found, "__all__", None) or [
        name
        for name, value in vars(found).items()
        if getattr(value, "__module__", None) == module
        and not name.startswith("_")
        and is_code(value)
    ]


def is_code(value):
    """Whether a value is a function or a class, and so has a docstring of its own."""
    plain = inspect.unwrap(value) if callable(value) else value
    return inspect.isfunction(plain) or inspect.isclass(plain)
