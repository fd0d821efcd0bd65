"""Keep of the theme's two thousand icons those that the pages show.

The theme loads them all three times over: as a script of 1.5 MB, as rules, and as fonts.
"""

import re
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

RULE = re.compile(r'((?:\.fa-[\w-]+::?before,?)+)\{content:"[^"]*"\}')
NAME = re.compile(r"\bfa-[\w-]+")
# Private use area, where icon fonts draw: written out, or escaped as in "\f0c9".
DRAWN = re.compile(r"[\uf000-\uf8ff]|\\(?:f[0-9a-f]{3})", re.IGNORECASE)
OLD_FORMAT = re.compile(r',\s*url\([^)]*\.ttf\)\s*format\("truetype"\)')


def setup(app):
    """Trim once the pages are written."""
    app.connect("build-finished", trim_site, priority=300)


def trim_site(app, error):
    """Trim the styles and icon fonts of the built site."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    used = set().union(*(names_used(page.read_text("utf8")) for page in out.rglob("*.html")))
    drawn = set()
    for path in out.rglob("*.css"):
        text = path.read_text(encoding="utf8")
        trimmed = trim_style(text, used)
        drawn |= characters(trimmed)
        if trimmed != text:
            path.write_text(trimmed, encoding="utf8")
    for path in out.rglob("fa-*.woff2"):
        path.write_bytes(trim_font(path.read_bytes(), drawn))
    scripts = {*out.rglob("fontawesome*.js"), *out.rglob("fontawesome/**/*.js")}
    for path in {*out.rglob("fa-*.ttf"), *out.rglob("*.map"), *scripts}:
        path.unlink()


def names_used(html: str) -> set[str]:
    """Names of icons in the classes of a page.

    >>> sorted(names_used('<i class="fa-solid fa-bars"></i> and fa-sun'))
    ['fa-bars', 'fa-solid']
    """
    return {name for words in re.findall(r'class="([^"]*)"', html) for name in NAME.findall(words)}


def trim_style(css: str, used: set[str]) -> str:
    """Style sheet without the rules of icons that are not used.

    >>> trim_style('.fa-a:before{content:"1"}.fa-b:before,.fa-c:before{content:"2"}p{}', {"fa-c"})
    '.fa-b:before,.fa-c:before{content:"2"}p{}'
    """
    kept = RULE.sub(lambda rule: rule[0] if used & set(NAME.findall(rule[1])) else "", css)
    return OLD_FORMAT.sub("", kept)


def characters(css: str) -> set[int]:
    r"""Code points that a style sheet draws from an icon font.

    >>> [hex(code) for code in characters(r'i:before{content:"\f0c9"}')]
    ['0xf0c9']
    """
    return {ord(hit) if len(hit) == 1 else int(hit[1:], 16) for hit in DRAWN.findall(css)}


def trim_font(data: bytes, codes: set[int]) -> bytes:
    """Web font (woff2) with the glyphs of these code points only."""
    font = TTFont(BytesIO(data))
    if set(font.getBestCmap()) <= codes:
        return data
    options = subset.Options(flavor="woff2", layout_features=[], notdef_outline=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.flavor, out = "woff2", BytesIO()
    font.save(out)
    return out.getvalue()
