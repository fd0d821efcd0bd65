"""The built site, as a folder, as pages and as an address."""

import functools
import http.server
import subprocess
import sys
import threading
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.console import nocolor
from sphinx.util.docutils import docutils_namespace

from steadynet.site.explorers import VIEW

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site():
    """Folder of the built site. Building is how to know that it is fresh: seconds where it is."""
    command = [
        Path(sys.executable).parent / "jupyter-book",
        "build",
        ".",
        "-n",
        "-W",
        "--keep-going",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(
            f"the book does not build (make book shows more):\n{done.stderr[-1200:]}", pytrace=False
        )
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def pages(site):
    """Every page by its path in the site, parsed; the redirect at the root is no page."""
    paths = {path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*.html"))}
    return {
        name: BeautifulSoup(path.read_text("utf8"), "html.parser")
        for name, path in paths.items()
        if name != "index.html"
    }


@pytest.fixture(scope="session")
def chapters(pages):
    """The pages that are chapters."""
    return {name: page for name, page in pages.items() if name.startswith("chapters/")}


@pytest.fixture(scope="session")
def address(site):
    """Address of the site, served on this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Say nothing."""

    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def build(tmp_path):
    """Build a book of these files, and give its pages' folder and its warnings."""
    source = tmp_path / "source"
    source.mkdir()

    def run(files, **options):
        for name, content in files.items():
            (source / name).write_text(content, encoding="utf8")
        warnings, out = StringIO(), tmp_path / "build" / "html"
        overrides = {"extensions": ["myst_nb", "steadynet.site"], "nb_execution_mode": "off"}
        overrides |= {"myst_enable_extensions": ["dollarmath"]}
        places = [source, None, out, tmp_path / "build" / ".doctrees", "html"]
        with docutils_namespace():
            nocolor()
            app = Sphinx(*places, confoverrides=overrides | options, status=None, warning=warnings)
            app.build()
        return SimpleNamespace(out=out, warnings=warnings.getvalue())

    return run


@pytest.fixture
def view(tmp_path, monkeypatch):
    """A view to serve, whether or not the real one is built."""
    path = tmp_path / VIEW.name
    path.write_text("var steadynet = {};")
    monkeypatch.setattr("steadynet.site.explorers.VIEW", path)
