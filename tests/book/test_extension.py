"""The Sphinx extension, on books of a page or two made for the test."""

import nbformat.v4 as nb
import pytest
from book.outputs import executed, explorer
from sphinx.errors import SphinxError

from steadynet.site import freshness
from steadynet.site.icons import trim_font
from steadynet.site.pages import mend

# Sphinx is built with, not tested here: its own deprecations are its own.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://example.org/a.js"></script>',
        "<script>import('https://example.org/a.mjs')</script>",
        '<link rel="stylesheet" href="//example.org/a.css">',
        '<link rel="preconnect" href="https://example.org">',
        '<img alt="a picture" src="http://example.org/a.png">',
        '<img alt="a picture" srcset="a.png 1x, https://example.org/a.png 2x">',
        '<iframe src="https://example.org"></iframe>',
        '<p style="background: url(https://example.org/a.png)">text</p>',
        "<style>@import 'https://example.org/a.css';</style>",
        '<svg><use href="https://example.org/a.svg#b"/></svg>',
        '<video poster="https://example.org/a.png"></video>',
    ],
)
def test_page_that_would_ask_another_host_fails_the_build(build, tag):
    with pytest.raises(SphinxError, match=r"index\.html: .*example\.org"):
        build({"index.md": f"# Title\n\n{tag}\n"})


def test_style_sheet_that_would_ask_another_host_fails_the_build(build, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.css").write_text("@font-face{src:url(//example.org/a.woff2)}")
    with pytest.raises(SphinxError, match=r"own\.css: //example\.org/a\.woff2"):
        build({"index.md": "# Title\n"}, html_static_path=[str(tmp_path / "own")])


def test_links_to_other_sites_are_fine(build):
    build({"index.md": "# Title\n\n[there](https://example.org), <https://example.org>\n"})


def test_picture_without_words_is_a_warning_at_its_place(build):
    picture = "![]({})\n"
    book = build({"a.svg": "<svg/>", "index.md": f"# Title\n\n{picture.format('a.svg')}"})
    assert "index.md:3: WARNING: a picture has no alternative text" in book.warnings


def test_picture_with_words_is_none(build):
    book = build({"a.svg": "<svg/>", "index.md": "# Title\n\n![A line that falls](a.svg)\n"})
    assert book.warnings == ""


def test_formula_is_set_without_a_script(build):
    files = {"index.md": "# Title\n\n{doc}`b`\n\n$a^2$\n", "b.md": "---\norphan: true\n---\n# B\n"}
    book = build(files)
    page, other = ((book.out / name).read_text("utf8") for name in ("index.html", "b.html"))
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML">' in page
    assert "_static/katex/katex.min.css" in page
    assert "katex" not in other
    assert "tex-mml-chtml" not in page


def test_formula_that_cannot_be_set_is_a_warning_at_its_place(build):
    book = build({"index.md": "# Title\n\nText.\n\n$$\n\\frac{a\n$$\n"})
    assert "index.md:5: WARNING: formula: KaTeX parse error" in book.warnings


@pytest.mark.usefixtures("view")
def test_explorer_is_a_figure_with_its_data_beside_the_page(build):
    book = build({"index.ipynb": executed(explorer(), explorer(), explorer("Other"))})
    page = (book.out / "index.html").read_text("utf8")
    assert page.count('<div class="steadynet-explorer"') == 3
    assert 'alt="Loss falls &quot;fast&quot;"' in page
    assert "At 0.01, 5 of 5 seeds succeed." in page
    assert page.count("explorer-page.js") == 1
    scripts = sorted((book.out / "_static" / "steadynet").glob("*.js"))
    assert len(scripts) == 2
    for script in scripts:
        assert f'data-src="_static/steadynet/{script.name}"' in page
        assert script.read_text().startswith(f'steadynet.define("{script.stem}", {{')
    assert book.warnings == ""


@pytest.mark.usefixtures("view")
def test_data_of_an_explorer_that_is_gone_goes_too(build):
    build({"index.ipynb": executed(explorer("Old"))})
    out = build({"index.ipynb": executed(explorer("New"))}).out
    files = [path.read_text() for path in (out / "_static" / "steadynet").iterdir()]
    assert len(files) == 2
    assert all("New" in text for text in files)


@pytest.mark.usefixtures("view")
def test_no_widget_state_reaches_the_page(build):
    page = (build({"index.ipynb": executed(explorer())}).out / "index.html").read_text("utf8")
    assert "widget-state" not in page
    assert "widget-view" not in page
    assert "_esm" not in page


@pytest.mark.usefixtures("view")
def test_page_without_an_explorer_does_not_load_the_view(build):
    page = (build({"index.md": "# Title\n"}).out / "index.html").read_text("utf8")
    assert "explorer-page.js" not in page


def test_run_can_word_its_own_picture(build):
    metadata = {"alt": "The loss ends at 0.3"}
    output = nb.new_output("display_data", {"image/svg+xml": "<svg/>"}, metadata=metadata)
    book = build({"index.ipynb": executed(output)})
    assert 'alt="The loss ends at 0.3"' in (book.out / "index.html").read_text("utf8")
    assert book.warnings == ""


CHAPTER = """---
file_format: mystnb
kernelspec: {{name: python3, display_name: x}}
---
# {0}

```{{code-cell}}
{1}
```
"""


def test_chapter_runs_again_when_what_it_imports_changes_and_no_other_does(
    build, tmp_path, monkeypatch
):
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "one.py").write_text("VALUE = 'first'\n")
    (package / "two.py").write_text("VALUE = 'other'\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(freshness, "PACKAGE", package)
    toc = "# Title\n\n```{toctree}\na\nb\n```\n"
    files = {
        "index.md": toc,
        "a.md": CHAPTER.format("A", "import pack.one\nprint(pack.one.VALUE)"),
        "b.md": CHAPTER.format("B", "import time\nprint(time.time_ns())"),
    }
    built = build(files, nb_execution_mode="cache", nb_execution_raise_on_error=True).out
    before = (built / "b.html").read_text("utf8")
    assert "first" in (built / "a.html").read_text("utf8")
    (package / "two.py").write_text("VALUE = 'still other'\n")
    (package / "one.py").write_text("VALUE = 'second'\n")
    build({}, nb_execution_mode="cache", nb_execution_raise_on_error=True)
    assert "second" in (built / "a.html").read_text("utf8")
    assert (built / "b.html").read_text("utf8") == before


def test_static_file_is_fresh_and_removed_page_is_gone_after_a_second_build(build, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "own.css").write_text("a{}")
    toc = "# Title\n\n```{toctree}\nb\n```\n"
    build({"index.md": toc, "b.md": "# B\n"}, html_static_path=[str(own)])
    (own / "own.css").write_text("b{}")
    (tmp_path / "source" / "b.md").unlink()
    out = build({"index.md": "# Title\n"}, html_static_path=[str(own)]).out
    assert (out / "_static" / "own.css").read_text() == "b{}"
    assert not (out / "b.html").exists()


def test_mend_drops_thebe_fontawesome_and_doubles_and_keeps_the_rest():
    kept = '<script>let a = 1</script>\n<script src="a.js?v=1"></script>\n'
    dropped = (
        '<script>const THEBE_JS_URL = "https://unpkg.com/thebe"</script>\n'
        '<script src="_static/scripts/fontawesome.js?digest=1" defer></script>\n'
        '<link rel="preload" as="script" href="_static/scripts/fontawesome.js" />\n'
        '<script type="text/x-thebe-config">{"thebe": 1}</script>\n'
        '<script src="_static/searchtools.js"></script>\n'
    )
    assert mend(kept + dropped + kept) == kept


def test_mend_changes_nothing_the_second_time():
    page = '<head></head><script>dataset.theme = localStorage.getItem("theme") || "auto";</script>'
    page += '<span class="katex"></span>'
    once = mend(page, "../", search=True)
    assert '"../_static/katex/katex.min.css"' in once
    assert mend(once, "../", search=True) == once


def test_trimmed_font_keeps_what_is_drawn():
    from io import BytesIO
    from pathlib import Path

    import pydata_sphinx_theme
    from fontTools.ttLib import TTFont

    theme = Path(pydata_sphinx_theme.__file__).parent
    data = next(theme.rglob("fa-solid-900.woff2")).read_bytes()
    small = trim_font(data, {0xF0C9, 0xF185})
    assert len(small) < 2000
    assert set(TTFont(BytesIO(small)).getBestCmap()) == {0xF0C9, 0xF185}
    assert trim_font(small, {0xF0C9, 0xF185, 0xF186}) == small
