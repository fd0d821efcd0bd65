"""A chapter's text asks for numbers in one way; Jupyter and the site each answer in theirs."""

import re
from pathlib import Path

import pytest

from steadynet.site.numbers import glue_in

CHAPTERS = sorted((Path(__file__).parents[2] / "chapters").glob("*.md"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{eval}`glued("a-b", ".1f")` %', "{glue:text}`a-b:.1f` %"),
        ('{eval}`glued("seeds")`.', "{glue:text}`seeds`."),
        ("{eval}`other(1)`", "{eval}`other(1)`"),
        ('`glued("a")`', '`glued("a")`'),
    ],
)
def test_pages_glue_what_notebooks_evaluate(text, read):
    source = [text]
    glue_in(None, "chapter", source)
    assert source == [read]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=[path.stem for path in CHAPTERS])
def test_every_number_in_the_text_is_glued_in_a_cell_before_it(chapter):
    text = chapter.read_text(encoding="utf8")
    assert "{glue:text}" not in text, "JupyterLab cannot show that role: use {eval}`glued(…)`"
    for found in re.finditer(r"\{eval\}`([^`]*)`", text):
        assert re.fullmatch(r'glued\("[\w.-]+"(, "[^"]+")?\)', found[1]), found[0]
    if "{eval}" in text:
        assert "from steadynet.notebook import glue, glued" in text
