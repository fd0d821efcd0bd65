"""What the built pages hold."""

import gzip
import re
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.book

# Page, styles and scripts as a server sends them. The theme as it comes weighs 690 KB and MathJax.
WEIGHT = 190_000
LOADED = [("script", "src"), ("img", "src"), ("link", "href"), ("div", "data-src")]


def test_pages_are_free_of_thebe_requirejs_html_manager_and_widget_state(site):
    unwanted = ("thebe", "require.js", "require.min.js", "html-manager", "widget-state+json")
    for path in site.rglob("*.html"):
        text = path.read_text("utf8").lower()
        assert not [word for word in unwanted if word in text], path


def test_no_script_stands_twice_in_a_page(pages):
    for name, page in pages.items():
        scripts = [str(script) for script in page.find_all("script")]
        assert len(scripts) == len(set(scripts)), name


def test_pictures_say_in_words_what_they_show(pages):
    for name, page in pages.items():
        for picture in page.find_all("img"):
            words = picture.get("alt", "").strip()
            assert len(words) > 3, f"{name}: {picture}"
            assert not words.endswith((".png", ".svg", ".jpeg")), f"{name}: {picture}"


def test_figures_of_chapters_are_numbered_and_captioned(chapters):
    for name, page in chapters.items():
        for figure in page.select("figure:not(.steadynet-fallback)"):
            assert figure.select_one(".caption-number"), f"{name}: {figure.get('id')}"
            assert figure.select_one(".caption-text"), f"{name}: {figure.get('id')}"


def test_links_and_anchors_lead_somewhere(site, pages):
    broken = []
    for name, page in pages.items():
        for link in page.find_all("a", href=True):
            parts = urlsplit(link["href"])
            if parts.scheme or parts.netloc:
                continue
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            there = target.resolve().relative_to(site.resolve()).as_posix()
            if not target.is_file():
                broken.append((name, link["href"]))
            elif parts.fragment and there in pages:
                found = pages[there].find(id=unquote(parts.fragment))
                broken += [] if found is not None else [(name, link["href"])]
    assert broken == []


def test_all_that_a_page_loads_is_in_the_site(site, pages):
    missing = []
    for name, page in pages.items():
        for tag, attribute in LOADED:
            for element in page.find_all(tag, attrs={attribute: True}):
                path = unquote(urlsplit(element[attribute]).path)
                if path and not ((site / name).parent / path).is_file():
                    missing.append((name, element[attribute]))
    assert missing == []


def test_headings_descend_one_level_at_a_time(chapters):
    for name, page in chapters.items():
        levels = [int(tag.name[1]) for tag in page.article.find_all(["h1", "h2", "h3", "h4", "h5"])]
        assert levels.count(1) == 1, name
        assert levels[0] == 1, name
        steps = [after - before for before, after in pairwise(levels)]
        assert all(step <= 1 for step in steps), name


def test_pages_say_their_language_and_title(pages):
    for name, page in pages.items():
        assert page.html["lang"] == "en", name
        assert page.title.text.strip(), name


def test_pages_are_light(site, pages):
    for name, page in pages.items():
        files = [site / name]
        links = page.find_all("link", rel="stylesheet") + page.find_all("script", src=True)
        for link in links:
            path = urlsplit(link.get("href") or link["src"]).path
            files.append((site / name).parent / path)
        weight = sum(len(gzip.compress(path.read_bytes())) for path in files)
        assert weight < WEIGHT, f"{name} weighs {weight} bytes"


def test_katex_style_comes_with_formulas_only(pages):
    for name, page in pages.items():
        styled = page.find("link", href=lambda href: href and "katex" in href) is not None
        assert styled == bool(page.select(".katex")), name


def test_katex_brings_woff2_and_every_licence_reaches_the_site(site):
    katex = site / "_static" / "katex"
    assert {path.suffix for path in (katex / "fonts").iterdir()} == {".woff2"}
    named = set(re.findall(r"url\((.*?)\)", (katex / "katex.min.css").read_text("utf8")))
    assert named == {f"fonts/{path.name}" for path in (katex / "fonts").iterdir()}
    assert "The MIT License" in (katex / "LICENSE").read_text("utf8")
    assert "d3-shape" in (site / "_static" / "explorer-licences.txt").read_text("utf8")
    training = site / "_static" / "steadynet" / "training"
    assert "Apache License" in (training / "litert-licence.txt").read_text("utf8")


def test_no_warning_of_a_run_shows(chapters):
    for name, page in chapters.items():
        assert not page.select(".output.stderr, .output.traceback"), name
