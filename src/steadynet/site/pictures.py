"""Every picture says in words what it shows."""

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)
HOW = (
    "a picture has no alternative text. Say in words what it shows: `:alt:` of the figure, "
    "`mystnb: {image: {alt: …}}` of the cell, or `metadata={'alt': …}` of `display`."
)


def setup(app):
    """Look at every page once its outputs are chosen."""
    app.connect("doctree-resolved", require_alt)


def require_alt(app, doctree, docname):
    """Warn, at its place in the chapter, of each picture without words."""
    for picture in doctree.findall(nodes.image):
        if not picture.get("alt", "").strip():
            logger.warning(HOW, location=_placed(picture), type="picture", subtype="alt")


def _placed(node):
    """The node, or what holds it, that knows its line."""
    while not node.line and node.parent is not None:
        node = node.parent
    return node
