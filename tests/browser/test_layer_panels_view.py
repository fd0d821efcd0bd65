"""The panels over layers, over one control and of the network, tried in Chromium."""

import csv
import pathlib

import pytest


@pytest.fixture
def opened(watched, site):
    """Open a static page with one explorer: `opened("deep", width=…)`."""

    def open_page(*names, **options):
        page = watched(**options)
        page.goto(site(*names))
        page.wait_for_function(
            f"document.querySelectorAll('.steadynet').length == {len(names)}",
        )
        return page

    return open_page


def drawn(page, name, panel):
    """The path drawn under a name in the chart of a panel."""
    chart = page.locator(".sn-panel").nth(panel).locator(".sn-chart")
    return chart.locator(f"path.sn-{name}").get_attribute("d")


def points(path):
    """How many points a line has."""
    return 1 + path.count("L") if path else 0


# --- layers


def test_bands_and_line_hold_the_layers_that_are_there(opened):
    page = opened("deep")
    axes = "[...document.querySelectorAll('.sn-axis')].map((g) => g.outerHTML).join('')"
    before = page.evaluate(axes)
    for depth in (2, 5, 20):
        page.get_by_role("radio", name=str(depth), exact=True).check()
        assert [points(drawn(page, "median", panel)) for panel in (0, 1)] == [depth + 1] * 2
    assert page.evaluate(axes) == before, "the axis reaches to the deepest network's last layer"
    assert drawn(page, "bands", 0).count("Z") == drawn(page, "bands-inner", 0).count("Z") == 1
    assert drawn(page, "bands", 1) == ""


def test_moment_moves_by_keyboard_in_every_layers_panel(opened):
    page = opened("deep")
    sliders = page.get_by_role("slider", name="Moment of training")
    assert sliders.count() == 2
    texts = lambda: [s.get_attribute("aria-valuetext") for s in sliders.all()]  # noqa: E731
    assert texts() == ["step 200"] * 2
    seen = {drawn(page, "median", 1)}
    for panel, key, text in ((0, "Home", "step 0"), (1, "ArrowRight", "step 10")):
        sliders.nth(panel).press(key)
        assert texts() == [text] * 2
        assert page.locator(".sn-moment output").all_inner_texts() == [text] * 2
        label = page.locator(".sn-chart").nth(1 - panel).get_attribute("aria-label")
        assert f"at {text}." in label
        seen.add(drawn(page, "median", 1))
    assert len(seen) == 3
    page.get_by_role("button", name="Reset").click()
    assert texts() == ["step 200"] * 2


def test_quantiles_are_said_beside_and_under_the_chart(opened):
    page = opened("deep")
    text = page.locator(".sn-panel").first.inner_text().replace("\u00a0", " ")
    assert "Line: median. Bands: the middle 50 % and 90 % of the values." in text
    label = page.locator(".sn-chart").first.get_attribute("aria-label")
    assert "Recorded: median" in label
    assert "(5 % to 95 %:" in label
    assert "at layer 11, the last." in label


def test_pinned_layers_stay_at_the_shared_moment(opened):
    page = opened("deep")
    page.get_by_role("button", name="Pin this run").click()
    line, edges = drawn(page, "median", 0), drawn(page, "seeds", 0)
    page.get_by_role("switch").check()
    assert drawn(page, "ghost", 0) == line
    assert drawn(page, "ghost-edges", 0) == edges
    page.get_by_role("slider").first.press("Home")
    assert drawn(page, "ghost", 0) != line


def test_live_layers_are_shown_as_far_as_the_run_has_come(played):
    page = played("deep")
    page.get_by_role("button", name="Train here").click()
    page.wait_for_function("trains().length == 1")
    page.evaluate(
        "live(trains()[0].run, {activations: Array(2 * 21 * 5).fill(1)}, 0.4,"
        " {activations: [2, 21, 5]})"
    )
    panel = page.locator(".sn-panel").first
    assert panel.locator(".sn-behind").inner_text() == "live run: step 10 so far"
    assert points(drawn(page, "live", 0)) == 21
    assert drawn(page, "live", 1) == ""
    page.get_by_role("slider").first.press("Home")
    assert panel.locator(".sn-behind").inner_text() == ""
    assert page.evaluate("trains().length") == 1, "a moment is looked at, not trained again"


def test_table_is_of_the_moment_and_csv_of_all(opened):
    page = opened("deep", accept_downloads=True)
    page.get_by_text("Numbers as a table").click()
    table = page.get_by_role("table").first
    table.wait_for()
    heads = table.get_by_role("columnheader").all_inner_texts()
    assert heads[0] == "layer"
    assert heads[1] == "recorded, output, 5 % quantile, step 200"
    assert heads[3] == "recorded, output, median, step 200"
    assert table.get_by_role("rowheader").count() == 11
    with page.expect_download() as got:
        page.get_by_role("button", name="Download as CSV").click()
    rows = list(csv.DictReader(pathlib.Path(got.value.path()).read_text().splitlines()))
    layers = [r for r in rows if r["panel"] == "Outputs of the layers"]
    assert len(layers) == 5 * 11 * 5
    assert {r["moment"] for r in layers} == {"0", "10", "50", "200", "800"}
    assert {r["quantity"] for r in rows if r["panel"].startswith("Grad")} == {"gradient norm"}
    assert {r["moment"] for r in rows if r["panel"] == "The network"} == {""}


# --- across


def spot(page, panel, i):
    """Middle of a point of the median line on the screen."""
    path = drawn(page, "median", panel)
    x, y = (float(v) for v in path[1:].split("L")[i].split(","))
    plot = page.locator(".sn-panel").nth(panel).locator("path.sn-ground").bounding_box()
    return plot["x"] + x, plot["y"] + y


def test_click_on_a_point_moves_the_control_and_the_ring(opened):
    page = opened("reuse")
    ring = page.locator(".sn-panel").nth(1).locator(".sn-ring")
    for i in (5, 0, 2):
        page.mouse.click(*spot(page, 1, i))
        assert page.get_by_role("slider").get_attribute("aria-valuetext") == str(i)
        box = ring.bounding_box()
        assert box["x"] + box["width"] / 2 == pytest.approx(spot(page, 1, i)[0], abs=1)
        words = page.locator(".sn-panel").nth(1).locator(".sn-share").inner_text()
        assert words.startswith(f"Frozen layers {i}:")
    page.mouse.click(*spot(page, 2, 3))
    assert page.get_by_role("radio", name="300").is_checked()


def test_drag_scrubs_and_keys_move_the_ring(opened):
    page = opened("reuse")
    page.mouse.move(*spot(page, 1, 0))
    page.mouse.down()
    page.mouse.move(*spot(page, 1, 4), steps=6)
    page.mouse.up()
    slider = page.get_by_role("slider")
    assert slider.get_attribute("aria-valuetext") == "4"
    ring = page.locator(".sn-panel").nth(1).locator(".sn-ring")
    before = ring.bounding_box()["x"]
    slider.press("ArrowLeft")
    assert ring.bounding_box()["x"] < before


def test_tap_moves_the_control(opened):
    page = opened("reuse", width=360, has_touch=True, is_mobile=True)
    page.locator(".sn-panel").nth(1).scroll_into_view_if_needed()
    page.touchscreen.tap(*spot(page, 1, 1))
    assert page.get_by_role("slider").get_attribute("aria-valuetext") == "1"


def test_panel_across_a_control_follows_the_other_controls_and_says_both_series(opened):
    page = opened("reuse")
    line, reference = drawn(page, "median", 1), drawn(page, "reference", 1)
    page.get_by_role("button", name="Pin this run").click()
    page.get_by_role("slider").press("Home")
    assert drawn(page, "median", 1) == line, "its own control moves the ring only"
    page.get_by_role("radio", name="300").check()
    assert drawn(page, "median", 1) != line
    assert drawn(page, "reference", 1) != reference
    assert drawn(page, "ghost", 1) == line
    # 0.95 - 0.3 exp(-300 / 60) - 0.02 * 9 = 0.768; from scratch 0.35 + 0.15 log10(30) = 0.572
    words = page.locator(".sn-panel").nth(1).locator(".sn-share").inner_text()
    words = words.replace("\u00a0", " ")
    assert "reused: 77 % (5 seeds: 72 % to 82 %)" in words
    assert "from scratch: 57 % (5 seeds: 53 % to 61 %)" in words
    label = page.locator(".sn-chart").first.get_attribute("aria-label").replace("\u00a0", " ")
    assert "At 0: reused 77 %" in label
    assert "Highest at 3: 95 %; lowest at 0: 77 %." in label
    assert "The pinned run, at 3: 77 %." in label


def test_reference_shows_its_spread_and_says_where_it_was_not_run(opened):
    page = opened("reuse")
    assert drawn(page, "reference-range", 1).count("M") == 2, "lowest and highest of the seeds"
    page.get_by_role("slider").press("End")
    page.get_by_role("radio", name="10", exact=True).check()
    words = page.locator(".sn-panel").nth(1).locator(".sn-share").inner_text()
    assert "from scratch: no run" in words
    label = page.locator(".sn-chart").first.get_attribute("aria-label").replace("\u00a0", " ")
    assert "from scratch no run." in label


def test_live_outcome_is_a_mark_at_the_present_value(played):
    page = played("reuse")
    page.get_by_role("slider").press("ArrowRight")
    page.wait_for_function("trains().length == 1")
    page.evaluate("live(trains()[0].run, {accuracy: [0.6]})")
    assert drawn(page, "live-end", 1)
    assert "Live run: 60" in page.locator(".sn-panel").nth(1).inner_text()
    page.get_by_role("slider").press("ArrowLeft")
    assert drawn(page, "live-end", 1) == ""


def test_rows_across_a_control_carry_the_control_s_own_value(opened):
    page = opened("reuse", accept_downloads=True)
    page.get_by_text("Numbers as a table").click()
    with page.expect_download() as got:
        page.get_by_role("button", name="Download as CSV").click()
    rows = list(csv.DictReader(pathlib.Path(got.value.path()).read_text().splitlines()))
    assert "moment" not in rows[0]
    swept = [r for r in rows if r["panel"] == "Accuracy by frozen layers"]
    assert len(swept) == 2 * 5 * 6
    assert all(r["frozen"] == r["x"] and r["examples"] == "30" for r in swept)
    assert {r["quantity"] for r in swept} == {
        "test accuracy, reused",
        "test accuracy, from scratch",
    }


# --- network


def test_network_locks_the_frozen_and_counts_what_trains(opened):
    page = opened("reuse")
    panel, slider = page.locator(".sn-panel").first, page.get_by_role("slider")
    # 160 + 4,640 + 51,264 + 4,160 + 195, and 4 numbers for each of 48 normalized units, 2 of
    # which train: 60,611 in all, 4,355 in the last two layers.
    assert "3 of 5 layers frozen; 4,355 of 60,611 parameters train." in panel.inner_text()
    assert panel.locator(".sn-frozen .sn-full .sn-lock:visible").count() == 3
    slider.press("Home")
    assert "0 of 5 layers frozen; 60,515 of 60,611 parameters train." in panel.inner_text()
    assert panel.locator(".sn-full .sn-lock:visible").count() == 0
    page.get_by_role("button", name="Pin this run").click()
    slider.press("End")
    assert "5 of 5 layers frozen; 0 of 60,611 parameters train." in panel.inner_text()
    assert "Pinned: 0 of 5 layers frozen" in panel.inner_text()
    label = panel.get_by_role("img").first.get_attribute("aria-label")
    assert "input (pictures, 28×28); conv 1 (3×3 convolution, 13×13×16)" in label
    assert "dense 1 to dense 2 (dense, ELU, 64), frozen; output" in label


def test_network_grows_with_depth_and_shows_its_normalizations(opened):
    page = opened("deep")
    panel = page.locator(".sn-panel").nth(2)
    height = panel.bounding_box()["height"]
    for depth in (2, 20, 5):
        page.get_by_role("radio", name=str(depth), exact=True).check()
        assert panel.locator(".sn-slim:visible").count() == depth
        assert panel.bounding_box()["height"] == height
    assert "6 layers with weights; 3,250 of 3,250 parameters train." in panel.inner_text()
    assert panel.locator(".sn-normed").count() == 0
    page.get_by_role("switch").check()
    assert panel.locator(".sn-normed").count() == 5
    assert "3,490 of 3,730 parameters train." in panel.inner_text()  # 5 * 24 units, 4 each
    label = panel.get_by_role("img").first.get_attribute("aria-label")
    assert "hidden 1 to hidden 5 (dense, ELU, 24), then batch normalization; output" in label


# --- form


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_these_panels(opened, axe, theme):
    page = opened("deep", "reuse")
    page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
    if theme == "dark":
        page.add_style_tag(
            content="html{background:#121212;--pst-color-background:#121212;--pst-color-text-base:#ced6dd;"
            "--pst-color-text-muted:#9ca4af;--pst-color-surface:#29313d;--pst-color-border:#48566b}"
            "h1{color:#fff}"
        )
    for button in reversed(page.get_by_role("button", name="Pin this run").all()):
        button.click()
    for summary in page.locator("summary").all():
        summary.click()
    page.add_script_tag(path=axe)
    found = page.evaluate("axe.run().then((r) => r.violations)")
    assert [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found] == []


def test_phone_needs_no_sideways_scroll_for_these_panels(opened):
    page = opened("deep", "reuse", width=360, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for slider in page.get_by_role("slider").all():
        assert slider.bounding_box()["height"] >= 44
    right = "[...document.querySelectorAll('.sn-box')].map((b) => b.getBoundingClientRect().right)"
    assert max(page.evaluate(right)) <= 360


def test_print_keeps_the_moment_in_words(opened):
    page = opened("deep")
    page.emulate_media(media="print")
    assert not page.get_by_role("slider").first.is_visible()
    assert page.locator(".sn-moment output").first.inner_text() == "step 200"
    assert page.locator(".sn-chain").first.is_visible()
