"""Describe the package on pages of its own: what Sphinx's autodoc shows beside the docstrings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadynet import notebook

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

PAGES = "chapters/api/"


def setup(app: Sphinx) -> None:
    """Add autodoc and mend what it finds."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("env-before-read-docs", import_quietly)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("autodoc-process-signature", shorten_defaults)


def import_quietly(_app: Sphinx, _env: BuildEnvironment, docnames: list[str]) -> None:
    """Load TensorFlow without its log lines, and only where a page to read needs it."""
    if any(name.startswith(PAGES) for name in docnames):
        notebook.prepare()


def skip_fields(
    _app: Sphinx, _what: str, _name: str, member: object, skip: bool, _options: object
) -> bool | None:
    """Leave out fields of named tuples: Python says "Alias for field number 0" of them."""
    return True if str(getattr(member, "__doc__", "")).startswith("Alias for field") else None


def shorten_defaults(_app, _what, _name, _found, _options, signature, returns):
    """Write `...` where a field's default is made anew each time; Sphinx cannot read its name."""
    return signature and signature.replace("<factory>", "..."), returns
