"""Set formulas while the book is built: a page carries KaTeX's style and fonts, and no script.

MathML alone would be lighter, but what it looks like depends on the reader's fonts. KaTeX comes
from npm and is bundled with the view: see ``js/typeset`` and ``js/build.mjs``.
"""

import atexit
import json
import subprocess
from functools import lru_cache
from typing import IO

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from steadynet.assets.view import STATIC, find_tools

TYPESET = STATIC / "typeset" / "typeset.mjs"
SERVED = STATIC / "typeset" / "served"  # style, fonts and licence
logger = logging.getLogger(__name__)


def setup(app):
    """Register the renderer; Sphinx prefers it to MathJax, which is its default."""
    app.add_config_value("formula_macros", {}, "html")
    app.connect("config-inited", serve_style, priority=100)
    app.add_html_math_renderer("steadynet", (write_inline, None), (write_display, None))


def serve_style(app, config):
    """Serve KaTeX's style and fonts, once built."""
    if SERVED.is_dir():
        config.html_static_path = [*config.html_static_path, str(SERVED)]


def write_inline(self, node):
    """Write a formula in a line of text."""
    self.body.append(f'<span class="math">{_typeset(self, node, display=False)}</span>')
    raise nodes.SkipNode


def write_display(self, node):
    """Write a formula on a line of its own, its number beside it."""
    # The keyboard must reach what scrolls on a narrow screen.
    self.body.append(self.starttag(node, "div", "", CLASS="math", tabindex="0"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append(f"{_typeset(self, node, display=True)}</div>\n")
    raise nodes.SkipNode


def _typeset(translator, node, *, display):
    """HTML and MathML of a formula; a formula that KaTeX refuses is a warning at its place."""
    macros = dict(translator.config.formula_macros)
    request = {"tex": node.astext(), "display": display, "macros": macros}
    answer = _ask(json.dumps(request))
    if "error" in answer:
        logger.warning("formula: %s", answer["error"], location=node, type="formula")
    return answer.get("html", "")


@lru_cache(maxsize=4096)
def _ask(request: str) -> dict[str, str]:
    """Answer of the typesetter to one request."""
    to_process, from_process = _typesetter()
    to_process.write(request + "\n")
    to_process.flush()
    return json.loads(from_process.readline())


@lru_cache(maxsize=1)
def _typesetter() -> tuple[IO[str], IO[str]]:
    """Start the typesetter for the whole build."""
    if not TYPESET.is_file():
        raise ExtensionError("What sets formulas is not built: run `make assets`.")
    command = [find_tools()["node"], str(TYPESET)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf8")
    assert process.stdin is not None  # for the type checker: both are pipes
    assert process.stdout is not None
    atexit.register(process.terminate)
    return process.stdin, process.stdout
