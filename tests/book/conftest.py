"""The built site, as a folder, as pages and as an address."""

import functools
import http.server
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

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
