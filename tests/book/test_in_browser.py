"""The built pages in Chromium, with every other host out of reach."""

from contextlib import contextmanager

import pytest

pytestmark = [pytest.mark.book, pytest.mark.browser]

PHONE = {"width": 360, "height": 740}


LOADED = """() => {
    const drawn = ({ dataset }) => dataset.drawn === 'yes' || dataset.drawn === 'failed';
    return [...document.querySelectorAll('.steadynet-explorer')].every(drawn)
        && [...document.images].every((image) => image.complete || !image.checkVisibility());
}"""


@contextmanager
def opened(chromium, base, **options):
    """A page that may ask `base` only; gives it with the list of what went wrong."""
    context = chromium.new_context(**options)
    page, wrong = context.new_page(), []

    def route(request):
        if request.request.url.startswith(base):
            request.continue_()
        else:
            wrong.append(f"asked {request.request.url}")
            request.abort()

    def failed(request):
        # Leaving a page ends what it still loads.
        if request.failure != "net::ERR_ABORTED":
            wrong.append(f"failed {request.url}: {request.failure}")

    page.route("**/*", route)
    page.on("pageerror", lambda error: wrong.append(f"threw {error}"))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("requestfailed", failed)
    try:
        yield page, wrong
    finally:
        context.close()


def scroll_through(page):
    """Pass over the whole page until what waits to be near the viewport has loaded."""
    page.evaluate(
        """async () => {
            for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
                scrollTo(0, y);
                for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
            }
        }"""
    )
    page.wait_for_function(LOADED)


@pytest.fixture(scope="module", params=["http", "file"])
def base(request):
    """The site served, and opened as files."""
    if request.param == "http":
        return request.getfixturevalue("address")
    return request.getfixturevalue("site").as_uri() + "/"


def test_no_error_and_no_other_host_on_a_first_visit(chromium, base, pages):
    for name in pages:
        with opened(chromium, base) as (page, wrong):
            page.goto(base + name, wait_until="load")
            scroll_through(page)
            assert wrong == [], name


SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => shifts.push(value)))
    .observe({ type: 'layout-shift', buffered: true });
"""
DRAWN = "document.querySelector('.steadynet-explorer').dataset.drawn === 'yes'"
FRAMES = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


@pytest.mark.parametrize("size", [(360, 740), (390, 844), (1280, 800), (1920, 1080)])
def test_an_explorer_takes_its_place_and_moves_nothing_in_sight(chromium, address, size):
    width, height = size
    with opened(chromium, address, viewport={"width": width, "height": height}) as (page, wrong):
        page.add_init_script(SHIFTS)
        held = []

        def hold(route):
            held.append(route)

        page.route("**/_static/steadynet/*.js", hold)
        with page.expect_request("**/_static/steadynet/*.js"):
            page.goto(address + "chapters/index.html", wait_until="domcontentloaded")
        page.evaluate("document.fonts.ready")
        page.evaluate(FRAMES)
        before = page.evaluate("shifts.length")
        for route in held:
            route.continue_()
        page.wait_for_function(DRAWN)
        page.get_by_role("button", name="Train in this page").wait_for()
        page.evaluate(FRAMES)
        assert page.evaluate("shifts.length") == before, page.evaluate("shifts")
        assert wrong == []


def test_root_leads_to_the_first_chapter(chromium, base):
    with opened(chromium, base) as (page, wrong):
        page.goto(base + "index.html")
        page.wait_for_url("**/chapters/index.html")
        assert wrong == []


def test_phone_needs_no_sideways_scroll(chromium, address, pages):
    with opened(chromium, address, viewport=PHONE) as (page, _):
        for name in pages:
            page.goto(address + name)
            scroll_through(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_first_paint_follows_the_system(chromium, address, scheme):
    with opened(chromium, address, color_scheme=scheme) as (page, _):
        page.goto(address + "chapters/index.html", wait_until="commit")
        page.wait_for_selector("body", state="attached")
        assert page.evaluate("document.documentElement.dataset.theme") == scheme


def test_theme_button_goes_through_its_modes(chromium, address):
    with opened(chromium, address) as (page, wrong):
        page.goto(address + "chapters/index.html")
        seen = []
        for _ in range(3):
            seen.append(page.evaluate("document.documentElement.dataset.mode"))
            page.locator(".theme-switch-button:visible").first.click()
        assert sorted(seen) == ["auto", "dark", "light"]
        assert wrong == []


def test_icons_of_the_buttons_are_drawn(chromium, address):
    with opened(chromium, address) as (page, _):
        page.goto(address + "chapters/index.html")
        page.evaluate("document.fonts.ready")
        # A glyph that the font lacks would be drawn by another font, or as a box.
        icons = page.evaluate(
            """() => [...document.querySelectorAll("i[class*=fa-], span[class*=fa-]")]
                .filter((icon) => icon.checkVisibility())
                .map((icon) => {
                    const style = getComputedStyle(icon, "::before");
                    return [icon.className, style.content, icon.getBoundingClientRect().width];
                })"""
        )
        assert len(icons) >= 4
        assert all(len(content) == 3 and width > 8 for _, content, width in icons), icons
        assert page.evaluate(
            """document.fonts.check('900 16px "Font Awesome 6 Free"', "\\uf0c9")"""
        )


def test_phone_menu_opens_the_list_of_chapters(chromium, address):
    with opened(chromium, address, viewport=PHONE) as (page, wrong):
        page.goto(address + "chapters/index.html")
        link = page.locator(".bd-sidebar-primary a", has_text="Glossary")
        assert not link.is_visible()
        page.locator("button.primary-toggle:visible").click()
        link.click()
        page.wait_for_url("**/glossary.html")
        assert wrong == []


def test_search_finds_without_a_server(chromium, base):
    with opened(chromium, base) as (page, wrong):
        page.goto(base + "chapters/index.html")
        page.keyboard.press("Control+k")
        page.locator("#pst-search-dialog input, .search-button__search-container input").first.fill(
            "gradient norm"
        )
        page.keyboard.press("Enter")
        page.wait_for_selector("#search-results li a")
        page.get_by_text("Search finished").wait_for()
        assert page.locator("#search-results li").count() >= 1
        assert wrong == []


def test_page_reads_without_scripts(chromium, address):
    with opened(chromium, address, java_script_enabled=False) as (page, wrong):
        page.goto(address + "chapters/exploding_gradients.html")
        assert page.locator("figure img").first.is_visible()
        assert not [what for what in wrong if what.startswith("asked")]
