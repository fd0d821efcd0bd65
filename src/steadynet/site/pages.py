"""Make every written page light and local, and fail the build where one would ask another host."""

import re
from pathlib import Path

from sphinx.errors import SphinxError

from steadynet.site.remote import remote_in_page, remote_in_script, remote_in_style

SCRIPT = re.compile(r"[ \t]*<script\b([^>]*)>(.*?)</script>\n?", re.DOTALL)
LINK = re.compile(r"[ \t]*<link\b[^>]*>\n?")
# thebe runs code on a public server; fontawesome.js weighs a hundred times the font it replaces.
UNWANTED = re.compile(
    r"thebe|fontawesome[^\"]*\.js|preload[^>]*fontawesome|require(\.min)?\.js|html-manager",
    re.IGNORECASE,
)
# The theme loads the search on every page, for an option (search as you type) that is off.
SEARCH = re.compile(r"searchtools\.js|language_data\.js|searchindex\.js")
# Without a stored choice the theme starts from none: an error in the console, and a flash.
FIRST_THEME = re.compile(r'(dataset\.theme = localStorage\.getItem\("theme"\) \|\| )"[^"]*"')
SYSTEM_THEME = r'\1(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'
# A page opened as a file may not fetch the pages it found, to quote from them.
OPTIONS = re.compile(r"<script[^>]*documentation_options\.js[^>]*></script>\n?")
QUOTE = """<script>if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}</script>
"""
CHECKS = {".html": remote_in_page, ".css": remote_in_style, ".js": remote_in_script}


def setup(app):
    """Mend pages after all else, and check last."""
    app.connect("html-page-context", choose_theme)
    app.connect("build-finished", mend_site, priority=200)
    app.connect("build-finished", check_site, priority=900)


def choose_theme(app, pagename, template, context, doctree):
    """Follow the reader's system until a theme is chosen."""
    context["default_mode"] = context.get("default_mode") or "auto"


def mend_site(app, error):
    """Rewrite the pages that need it."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for path in out.rglob("*.html"):
        text = path.read_text(encoding="utf8")
        depth = len(path.relative_to(out).parts) - 1
        mended = mend(text, "../" * depth, search=path.name == "search.html")
        if mended != text:
            path.write_text(mended, encoding="utf8")
    for path in [*out.rglob("sphinx-thebe*"), *out.rglob("thebelab*")]:
        path.unlink()


def mend(html: str, root: str = "", *, search: bool = False) -> str:
    """Page without what is unwanted or doubled, and with KaTeX's style where it holds a formula.

    Parameters
    ----------
    html : str
        Page as the theme wrote it.
    root : str
        Relative path from the page to the site's root.
    search : bool
        Whether this is the page of search results.
    """
    seen = set()

    def keep(tag: re.Match[str]) -> str:
        head = tag[0] if tag[0].lstrip().startswith("<link") else f"{tag[1]} {tag[2]}"
        unwanted = UNWANTED.search(head) or (not search and SEARCH.search(tag[0]))
        doubled = head.strip() in seen and "application/" not in tag[0]
        seen.add(head.strip())
        return "" if unwanted or doubled else tag[0]

    html = SCRIPT.sub(keep, html)
    html = LINK.sub(keep, html)
    html = FIRST_THEME.sub(SYSTEM_THEME, html)
    if search and QUOTE not in html:
        html = OPTIONS.sub(lambda tag: tag[0] + QUOTE, html)
    style = f'<link rel="stylesheet" href="{root}_static/katex/katex.min.css" />\n'
    if 'class="katex"' in html and style not in html:
        html = html.replace("</head>", style + "</head>", 1)
    return html


def check_site(app, error):
    """Raise for whatever in the built site would ask another host."""
    if error or app.builder.format != "html":
        return
    out, found = Path(app.outdir), []
    for path in sorted(out.rglob("*")):
        if path.suffix in CHECKS:
            remote = CHECKS[path.suffix](path.read_text(encoding="utf8"))
            found += [f"  {path.relative_to(out).as_posix()}: {what}" for what in remote]
    if found:
        raise SphinxError("The site would ask other hosts for:\n" + "\n".join(found))
