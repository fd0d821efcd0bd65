"""`make lab`: what a learner meets on opening a chapter."""

import pytest

pytestmark = [pytest.mark.lab, pytest.mark.browser]


@pytest.fixture
def page(lab, chromium):
    """A chapter opened in JupyterLab; `page.asked` is what it asked other hosts for."""
    context = chromium.new_context()
    page = context.new_page()
    page.asked = []
    inside = (lab.base, lab.base.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(inside) else page.asked.append(r.url))
    page.goto(lab.url("exploding_gradients.md"))
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    yield page
    context.close()


def test_chapter_opens_as_a_notebook_with_its_exercises_set(page):
    page.wait_for_selector(".jp-MarkdownCell details summary")  # a drop-down solution
    assert ":::{" not in page.inner_text(".jp-Notebook")


def test_lab_asks_no_other_host(page):
    page.get_by_text("| Idle").wait_for()  # all is loaded, and the kernel has started
    assert page.asked == []
