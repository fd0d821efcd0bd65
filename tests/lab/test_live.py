"""The kernel tier in JupyterLab: a chapter is run, and moving a control trains for real."""

from pathlib import Path

import pytest

pytestmark = [pytest.mark.lab, pytest.mark.browser]

LIVE = ".sn-panels .sn-live"
SLIDER = ".steadynet input[type=range]"
STILLNESS = Path(__file__).parents[1] / "browser/stillness.js"


@pytest.fixture(scope="module")
def page(lab, chromium):
    """The first chapter with every cell run and its explorer beside a kernel."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.goto(lab.url("index.md"))
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.get_by_text("| Idle").wait_for()  # the kernel has started
    run_all_cells(page)
    page.wait_for_selector(SLIDER)
    page.get_by_text("Connected to your Python kernel").wait_for()
    yield page
    context.close()


def run_all_cells(page):
    """Run › Run All Cells."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def press(page, key, times=1):
    """Press a key on the threshold's slider."""
    slider = page.locator(SLIDER).first
    slider.focus()
    for _ in range(times):
        slider.press(key)


def trained(page):
    """Wait for the end of the training under way; return its curves as drawn."""
    page.get_by_text("Trained in your kernel").first.wait_for()
    return page.locator(LIVE).evaluate_all("paths => paths.map(p => p.getAttribute('d'))")


def test_a_key_press_trains_live_beside_the_recorded_curve(page):
    recorded = page.locator(".sn-panels .sn-median").first.get_attribute("d")
    press(page, "ArrowLeft")
    curves = trained(page)
    assert all(curves)
    assert page.locator(SLIDER).first.get_attribute("aria-valuetext") == "0.5"
    moved = page.locator(".sn-panels .sn-median").first.get_attribute("d")
    assert moved
    assert moved not in (recorded, *curves)


def test_nothing_moves_in_its_cell_while_it_trains(page):
    page.add_script_tag(path=STILLNESS)
    page.locator(SLIDER).first.focus()
    page.evaluate("moved()")
    press(page, "ArrowRight")
    assert page.evaluate("moved()") == []
    page.wait_for_function("document.querySelector('.sn-panel path.sn-live').getAttribute('d')")
    assert page.evaluate("moved()") == []
    trained(page)
    assert page.evaluate("moved()") == []
    for name in ("Pin this run", "Unpin"):
        page.get_by_role("button", name=name).first.click()
        assert page.evaluate("moved()") == []
    press(page, "ArrowLeft")
    trained(page)
    assert page.evaluate("moved()") == []


def test_of_twenty_quick_moves_only_the_last_run_remains(page):
    press(page, "ArrowRight")
    alone = trained(page)
    press(page, "ArrowLeft", times=10)
    press(page, "ArrowRight", times=10)
    assert trained(page) == alone
    # Messages come in the order they were sent: a late one of an older run is before these.
    press(page, "ArrowLeft")
    assert trained(page) != alone
    press(page, "ArrowRight")
    assert trained(page) == alone


def test_nothing_went_wrong_on_the_way(page):
    assert page.problems == []
    assert page.locator(".steadynet [role=alert]:visible").count() == 0
    assert page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0


def test_running_the_cell_again_leaves_one_explorer(page):
    page.locator(".steadynet").evaluate("(old) => { old.className += ' old'; }")
    run_all_cells(page)
    page.wait_for_selector(".steadynet:not(.old)")
    page.wait_for_selector(".steadynet.old", state="detached")
    page.get_by_text("Connected to your Python kernel").wait_for()
    assert page.locator(".steadynet").count() == 1
    press(page, "ArrowLeft")
    assert all(trained(page))
