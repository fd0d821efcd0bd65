"""Charts and controls keep their places, to the pixel, whatever a run and a reader do."""

import pathlib

import pytest
from browser.test_page_training import offered

from steadynet import demos
from steadynet.explorer.state import as_text, state_of

HERE = pathlib.Path(__file__).parent
WIDTHS = (320, 360, 390, 768, 1024, 1280, 1440, 1920)
DEMOS = tuple(demos.FOLDERS)
OUTCOME = "Seed 100, trained here: not solved; accuracy ends at 100 %."
ERROR = "InvalidArgumentError: " + 9 * "a rate of nothing at all trains nothing whatsoever; "


@pytest.fixture(scope="session")
def states(states):
    """The book's own explorers beside the synthetic ones."""
    return states | {f"book {name}": as_text(state_of(demos.load(name))) for name in DEMOS}


class Watched:
    """A page whose first explorer is watched: every act is followed by a look at what it moved."""

    def __init__(self, page):
        self.page = page
        page.add_script_tag(path=HERE / "stillness.js")
        page.evaluate(
            "document.querySelector('main')"
            ".insertAdjacentHTML('beforeend', '<p class=\"sn-after\">What follows.</p>')"
        )
        page.evaluate("document.fonts.ready")
        page.evaluate("moved()")

    def then(self, event, script=None, press=None):
        """Run a script or press a button; nothing may have moved."""
        if press:
            self.page.locator(".sn-actions").get_by_role("button", name=press).click()
        if script:
            self.page.evaluate(script)
        assert self.page.evaluate("moved()") == [], event

    def wait(self, event, condition):
        """Wait for a state of the page; nothing may have moved."""
        self.page.wait_for_function(condition)
        self.then(event)


def try_all(watch):
    """Every preset, every value of every control and moment, a look at every chart."""
    page = watch.page
    for button in page.locator(".sn-presets button").all():
        button.click()
        watch.then("a preset is chosen")
    assert page.evaluate("tryControls()") == []
    for chart in page.locator(".sn-frame svg.sn-chart").all():
        chart.hover()
        watch.then("a chart is pointed at")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [*(f"book {name}" for name in DEMOS), "clip", "deep", "reuse"])
def test_nothing_moves_beside_a_kernel(played, name, width):
    page = played(name, width=width, answer=False)
    watch, last = Watched(page), "trains().at(-1).run"
    watch.then("a kernel answers", "model.hear({kind: 'pong', live: true}, [])")
    for count, end in enumerate(("done", "stop", "error"), 1):
        watch.then("a run is asked for", press="Train here")
        watch.wait("it was sent", f"trains().length >= {count}")
        for progress in (0.01, 0.99):
            watch.then(
                "a run goes on",
                f"() => {{ const [c, s] = report(0.5, 3); live({last}, c, {progress}, s); }}",
            )
        if end == "done":
            done = f"model.hear({{kind: 'done', run: {last}, outcome: '{OUTCOME}'}}, [])"
            watch.then("a run ends", done)
            watch.then("a run is pinned", press="Pin this run")
        elif end == "stop":
            watch.then("a run is stopped", press="Stop")
        else:
            error = f"{{kind: 'error', run: {last}, text: '{ERROR}', trace: 'line 1'}}"
            watch.then("a run fails", f"model.hear({error}, [])")
            assert page.get_by_role("alert").is_visible()
    page.get_by_text("Where", exact=True).click()
    watch.then("it is told where")
    watch.then("a run is unpinned", press="Unpin")
    watch.then("all is reset", press="Reset")
    try_all(watch)
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [f"book {name}" for name in DEMOS])
def test_nothing_moves_where_runs_are_only_recorded(watched, site, name, width):
    page = watched(width=width)
    page.goto(site(name))
    page.wait_for_selector(".steadynet")
    watch = Watched(page)
    page.get_by_text("Code for this setting").click()
    page.evaluate("moved()")  # opening it is the reader's own move
    watch.then("a setting is pinned", press="Pin this run")
    assert page.evaluate("tryControls()") == []
    watch.then("a setting is unpinned", press="Unpin")
    watch.then("all is reset", press="Reset")
    try_all(watch)
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_moves_while_the_page_trains(watched, training_site, width):
    phone = {"has_touch": True, "is_mobile": True} if width < 500 else {}
    page = watched(width=width, **phone)
    offered(page, training_site.address)
    watch, tier = Watched(page), "document.querySelector('.sn-tier').textContent"
    watch.then("a run is asked for", press="Train in this page")
    watch.wait("it is drawn", "document.querySelector('.sn-panel path.sn-live').getAttribute('d')")
    watch.wait("it ends", f"{tier}.includes('Trained in this page')")
    watch.then("it is pinned", press="Pin this run")
    training_site.program(2).unlink()
    slider = page.get_by_role("slider").first
    slider.press("End")
    watch.wait("the next fails", "!document.querySelector('.sn-error').hidden")
    slider.press("Home")
    watch.then("the reader moves on")
    watch.then("it trains again", press="Train in this page")
    watch.wait("it ends", f"{tier}.includes('Trained in this page')")
    watch.then("all is reset", press="Reset")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.expected_errors[:] = [e for e in page.expected_errors if "404" not in e]
