"""What does a first visit to each page bring over the wire, text gzipped?

Scripts, styles, pictures and the data of explorers; fonts, which a browser loads as it needs
them, are not counted.
"""

from __future__ import annotations

import gzip
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bench.measure import Row

SITE = Path("_build/html")
TEXT = {".html", ".css", ".js", ".mjs", ".svg", ".json"}


class Files(HTMLParser):
    """Files that a page names: scripts, styles, pictures, and the states of its explorers."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list) -> None:
        """Note what a tag loads; a link to another page loads nothing."""
        values = dict(attributes)
        loads = tag != "link" or values.get("rel") in {"stylesheet", "icon"}
        names = ("src", "data-src", "href" if tag == "link" else "")
        if loads:
            self.found |= {values[name] for name in names if values.get(name)}


def rows(_repeats: int) -> list[Row]:
    """Every page of the built site, the page itself and all that it loads."""
    if not SITE.is_dir():
        return [Row("the site is not built: run `make book`", "–")]
    pages = sorted(p for p in SITE.glob("**/*.html") if "_static" not in p.parts)
    return [Row(str(page.relative_to(SITE)), _weigh(page)) for page in pages]


def _weigh(page: Path) -> str:
    """Total, and the page's own share."""
    files = Files()
    files.feed(page.read_text(encoding="utf-8"))
    local = {urlsplit(name).path for name in files.found if not urlsplit(name).scheme}
    paths = {(page.parent / unquote(name)).resolve() for name in local}
    total = sum(_size(path) for path in paths if path.is_file()) + _size(page)
    return f"{total / 1000:.0f} kB, {_size(page) / 1000:.0f} of them the page itself"


def _size(path: Path) -> int:
    """Bytes over the wire."""
    data = path.read_bytes()
    return len(gzip.compress(data)) if path.suffix in TEXT else len(data)
