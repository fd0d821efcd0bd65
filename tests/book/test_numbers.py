"""A chapter's text asks for numbers in one way; Jupyter and the site each answer in theirs."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import jupytext
import pytest

from steadynet import experiments, recording
from steadynet.site.numbers import glue_in

FILES = sorted((Path(__file__).parents[2] / "chapters").glob("*.md"))
TEXTS = {"tensorflow", "keras"}  # versions have no range


class Chapter(NamedTuple):
    """What a chapter says, and where it has it from."""

    text: str
    cells: list  # code cells
    experiments: set  # names given to `glue_experiment`
    glued: dict  # arguments of `glue`, by name


def calls(code, function):
    """Every call of a function in a cell, by name or as an attribute of `notebook`."""
    shown = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return [
        node
        for node in shown
        if getattr(node.func, "attr", getattr(node.func, "id", "")) == function
    ]


def read(path):
    """A chapter's source."""
    text = path.read_text(encoding="utf8")
    cells = [cell for cell in jupytext.reads(text, fmt="md:myst").cells if cell.cell_type == "code"]
    found = {
        function: [call for cell in cells for call in calls(cell.source, function)]
        for function in ("glue", "glue_experiment")
    }
    return Chapter(
        text,
        cells,
        {call.args[0].value for call in found["glue_experiment"]},
        {call.args[0].value: call for call in found["glue"]},
    )


CHAPTERS = {path.stem: read(path) for path in FILES}
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS.values(), ids=CHAPTERS)


def said(chapter):
    """Names of the numbers that a chapter's text asks for."""
    return set(re.findall(r'\{eval\}`glued\("([^"]+)"', chapter.text))


def numbers(chapter):
    """What a chapter has from its experiments."""
    names = chapter.experiments
    return {key for name in names for key in experiments.get(name).numbers(recording.load(name))}


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


@each_chapter
def test_every_number_in_the_text_is_asked_for_in_the_way_that_both_understand(chapter):
    assert "{glue:text}" not in chapter.text, (
        "JupyterLab cannot show that role: use {eval}`glued(…)`"
    )
    for found in re.finditer(r"\{eval\}`([^`]*)`", chapter.text):
        assert re.fullmatch(r'glued\("[\w.-]+"(, "[^"]+")?\)', found[1]), found[0]
    if "{eval}" in chapter.text:
        line = r"^from steadynet\.notebook import (glue, )?glued$"
        assert re.search(line, chapter.text, re.MULTILINE)


@each_chapter
def test_what_a_chapter_says_comes_from_an_experiment_or_from_its_own_cells(chapter):
    assert said(chapter) <= numbers(chapter) | set(chapter.glued)
    assert not numbers(chapter) & set(chapter.glued), "one name, two numbers"


@each_chapter
def test_a_chapter_says_what_its_cells_keep_for_it_and_within_which_range(chapter):
    assert set(chapter.glued) <= said(chapter)
    for name, call in chapter.glued.items():
        ranges = [word for word in call.keywords if word.arg == "within"]
        assert bool(ranges) != (name in TEXTS), f"`{name}` needs a range unless it is a text"


@each_chapter
def test_cells_that_keep_numbers_are_short(chapter):
    for cell in chapter.cells:
        if calls(cell.source, "glue"):
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= 5, cell.source


@pytest.mark.parametrize("name", experiments.NAMES)
def test_every_number_that_an_experiment_offers_is_said_somewhere(name):
    heard = [said(chapter) for chapter in CHAPTERS.values() if name in chapter.experiments]
    offered = set(experiments.get(name).numbers(recording.load(name)))
    assert offered <= set().union(*heard)
