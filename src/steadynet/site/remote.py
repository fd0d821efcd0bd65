"""Find what a page, a style sheet or a script would load from another host.

Links to follow are fine.
"""

import re
from html.parser import HTMLParser

REMOTE = re.compile(r"^\s*(?:https?:|wss?:|ftp:)?//", re.IGNORECASE)
STYLE = re.compile(r"""url\(\s*['"]?([^'")]*)|@import\s+['"]([^'"]*)""", re.IGNORECASE)
# Requests by name; an address in a comment, a licence or a namespace asks for nothing.
REQUEST = re.compile(
    r"""(?:\bimport\s*\(?|\bfrom|\bfetch\s*\(|importScripts\s*\(|new\s+(?:Shared)?Worker\s*\(|"""
    r"""new\s+(?:WebSocket|EventSource)\s*\(|sendBeacon\s*\(|\.src\s*=|\.open\s*\(\s*['"][A-Z]+['"]\s*,)"""
    r"""\s*['"`]((?:https?:|wss?:)?//[^'"`]*)"""
)
LOADING = {
    "src": None,
    "srcset": None,
    "poster": None,
    "data": {"object"},
    "background": {"body", "table", "td"},
    "href": {"image", "use", "feimage", "base"},
    "xlink:href": {"image", "use", "feimage"},
    "manifest": {"html"},
}
# A link element loads, or opens a connection, unless its relation only says where something is.
SAYING = re.compile(r"\b(canonical|alternate|author|license|next|prev|up|search|index|help)\b")
DATA = re.compile(r"json|^text/(?!javascript)")


def remote_in_page(html: str) -> list[str]:
    """What a page loads from other hosts, a line each.

    >>> remote_in_page('<a href="https://example.org">x</a><img src="//example.org/a.png">')
    ['<img src="//example.org/a.png">']
    """
    parser = _Page()
    parser.feed(html)
    return parser.found


def remote_in_style(css: str) -> list[str]:
    """What a style sheet loads from other hosts.

    >>> remote_in_style("@import 'https://example.org/a.css'; a{background:url(b.png)}")
    ['https://example.org/a.css']
    """
    addresses = [first or second for first, second in STYLE.findall(css)]
    return [address for address in addresses if REMOTE.match(address)]


def remote_in_script(script: str) -> list[str]:
    """What a script asks other hosts for, as far as the addresses stand in it.

    >>> remote_in_script('fetch("https://example.org/a.json"); // see https://example.org')
    ['https://example.org/a.json']
    """
    return REQUEST.findall(script)


class _Page(HTMLParser):
    """Collects what a page loads from other hosts."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        runs = tag == "script" and not DATA.search(values.get("type", ""))
        self.inside = tag if runs or tag == "style" else ""
        for name, value in values.items():
            if any(REMOTE.match(part) for part in _addresses(tag, name, value, values)):
                self.found.append(f'<{tag} {name}="{value}">')

    handle_startendtag = handle_starttag

    def handle_endtag(self, _tag):
        self.inside = ""

    def handle_data(self, data):
        look = {"style": remote_in_style, "script": remote_in_script}.get(self.inside)
        self.found += [f"<{self.inside}> {address}" for address in (look(data) if look else [])]


def _addresses(tag, name, value, attributes):
    """Addresses that one attribute makes the browser load."""
    if name == "style":
        return [first or second for first, second in STYLE.findall(value)]
    if name == "srcset":
        return [part.split()[0] for part in value.split(",") if part.split()]
    if tag == "link" and name == "href":
        return [] if SAYING.search(attributes.get("rel", "").lower()) else [value]
    if (tag, name) == ("meta", "content"):
        refreshes = attributes.get("http-equiv", "").lower() == "refresh"
        return [value.lower().partition("url=")[2]] if refreshes else []
    tags = LOADING.get(name, set())
    return [value] if tags is None or tag in tags else []
