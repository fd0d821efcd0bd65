"""Sphinx extension: a site that asks other hosts for nothing, stays light, and is never stale."""

from pathlib import Path

from steadynet.site import (
    api,
    claims,
    explorers,
    formulas,
    freshness,
    icons,
    in_page,
    numbers,
    pages,
    pictures,
)

ASSETS = Path(__file__).parent / "assets"
# In the order in which a build meets them.
PARTS = (numbers, freshness, api, claims, explorers, in_page, formulas, pictures, icons, pages)


def setup(app):
    """Connect the parts to Sphinx."""
    app.connect("config-inited", add_assets, priority=100)
    app.add_css_file("site.css", priority=900)
    for part in PARTS:
        part.setup(app)
    # Reading notes which code each chapter uses in the environment of one process.
    return {"parallel_read_safe": False, "parallel_write_safe": False}


def add_assets(app, config):
    """Serve this extension's own files beside the book's."""
    config.html_static_path = [*config.html_static_path, str(ASSETS)]
