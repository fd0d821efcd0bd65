"""Numbers in a chapter's text come from the kernel in JupyterLab."""

import pytest

pytestmark = [pytest.mark.lab, pytest.mark.browser]


def test_running_a_chapter_fills_the_numbers_into_its_text(lab, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 4000})
    page = context.new_page()
    page.goto(lab.url("gradient_clipping.md"))
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.get_by_text("| Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    question = page.locator(".jp-MarkdownCell", has_text="Nothing else differs").first
    question.get_by_text("on 0 of 5 seeds it is solved").wait_for()
    assert "glued(" not in question.inner_text()
    context.close()
