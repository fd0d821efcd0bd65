"""What a reader can do with an explorer, tried in Chromium."""

import csv
import pathlib

import pytest
from browser.conftest import BEFORE, NOW
from synthetic import THRESHOLDS


def drawn(page, name="median", panel=0):
    """The path drawn under a name in a panel."""
    return page.locator(".sn-panel").nth(panel).locator(f"path.sn-{name}").get_attribute("d")


def ready(page, address):
    """Open a static page and wait until its first explorer is drawn."""
    page.goto(address)
    page.wait_for_selector(".steadynet")
    return page


# --- recorded tier, on a static page


def test_explorer_takes_the_place_of_its_figure(watched, site):
    page = ready(watched(), site("clip"))
    assert page.get_by_text("Figure of clip").count() == 0
    assert page.get_by_role("group", name="Clip explorer").count() == 1
    assert "Recorded TensorFlow runs, 5 seeds." in page.locator(".sn-tier").inner_text()
    assert page.get_by_role("button", name="Train here").count() == 0
    assert page.locator(".sn-line-live").is_hidden()


def test_two_explorers_of_one_state_are_apart(watched, site):
    page = watched()
    page.goto(site("cliff", "cliff", "clip"))
    page.wait_for_function("document.querySelectorAll('.steadynet').length >= 2")
    one, two = page.locator(".steadynet").nth(0), page.locator(".steadynet").nth(1)
    one.get_by_role("switch").check()
    assert "Walks" in one.locator(".sn-line-recorded").first.inner_text()
    assert "Jumps" in two.locator(".sn-line-recorded").first.inner_text()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(set(ids)) == len(ids)


def test_state_far_below_is_loaded_only_when_it_comes_near(watched, site):
    page = watched()
    address = site("clip")
    path = pathlib.Path(address.removeprefix("file://"))
    path.write_text(path.read_text().replace("<h1>", '<div style="height:9000px"></div><h1>'))
    page.goto(address)
    # The page's own observer was asked before this one, and is told before it.
    page.evaluate(
        "new Promise((tell) => new IntersectionObserver(() => tell(null))"
        ".observe(document.querySelector('main')))"
    )
    assert page.locator(".steadynet").count() == 0
    page.get_by_text("Figure of clip").scroll_into_view_if_needed()
    page.wait_for_selector(".steadynet")


def test_missing_data_keeps_the_figure_and_says_so(watched, site):
    page = watched()
    page.goto(site("clip", missing=["clip"]))
    page.wait_for_selector(".steadynet-missing")
    assert "its data file is missing" in page.locator(".steadynet-missing").inner_text()
    assert page.get_by_text("Figure of clip").is_visible()
    assert [e for e in page.expected_errors if "ERR_FILE_NOT_FOUND" not in e] == []
    page.expected_errors.clear()


def test_keys_move_every_control_and_the_drawing_follows(watched, site):
    page = ready(watched(), site("clip"))
    slider = page.get_by_role("slider", name="Clip threshold")
    seen = {drawn(page)}
    slider.focus()
    for key, text in (
        ("ArrowRight", "1.8"),
        ("ArrowLeft", "1"),
        ("Home", "0.01"),
        ("End", "never"),
    ):
        page.keyboard.press(key)
        assert slider.get_attribute("aria-valuetext") == text
        seen.add(drawn(page))
    assert len(seen) == 4
    page.get_by_role("radio", name="global").focus()
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("radio", name="norm").is_checked()
    slider.focus()
    page.keyboard.press("Home")
    before = drawn(page)
    page.get_by_role("switch", name="Noisy labels").focus()
    page.keyboard.press("Space")
    assert page.get_by_role("switch", name="Noisy labels").is_checked()
    assert drawn(page) != before


def test_drawn_curve_is_the_recorded_one(watched, site):
    page = ready(watched(), site("clip"))
    page.get_by_role("button", name="Never clip").click()
    # Axis from 0.01 to 10 is three decades; the loss starts near 1.4, two decades and 0.146 up.
    path = drawn(page)
    start = float(path[1:].split("L")[0].split(",")[1])
    ends = page.evaluate(
        "[...document.querySelectorAll('.sn-panel:first-child .sn-axis-y .tick')]"
        ".map((t) => +t.getAttribute('transform').match(/,([-\\d.]+)/)[1])"
    )
    share = (max(ends) - start) / (max(ends) - min(ends))
    assert share == pytest.approx((2 + 0.146) / 3, abs=0.02)
    assert path.count("M") == 1
    assert drawn(page, "seeds").count("M") == 5


def test_slider_shows_people_s_texts_and_ticks(watched, site):
    page = ready(watched(), site("clip"))
    assert page.locator(".sn-ticks").first.locator("span").all_inner_texts() == [
        "0.01", "0.1", "1", "10", "never",
    ]  # fmt: skip
    assert page.locator(".sn-value").first.inner_text() == "1"


def test_preset_makes_its_point(watched, site):
    page = ready(watched(), site("clip"))
    button = page.get_by_role("button", name="Too tight")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.get_by_text("Safe, and so slow").is_visible()
    assert page.get_by_role("slider").first.get_attribute("aria-valuetext") == "0.01"
    page.get_by_role("slider").first.press("ArrowRight")
    assert button.get_attribute("aria-pressed") == "false"
    assert not page.get_by_text("Safe, and so slow").is_visible()


def test_pinned_run_stays_as_a_ghost_until_unpinned(watched, site):
    page = ready(watched(), site("clip"))
    curve = drawn(page)
    page.get_by_role("button", name="Pin this run").click()
    page.get_by_role("button", name="Never clip").click()
    assert drawn(page, "ghost") == curve
    assert drawn(page) != curve
    line = page.locator(".sn-line-pinned").inner_text()
    assert "Pinned (1 · global · 0.2 · off)" in line
    assert "Reached 100 %" in line
    page.get_by_role("button", name="Unpin").click()
    assert not drawn(page, "ghost")
    assert page.locator(".sn-line-pinned").is_hidden()


def test_reset_opens_it_anew(watched, site):
    page = ready(watched(), site("clip"))
    curve = drawn(page)
    page.get_by_role("button", name="Pin this run").click()
    page.get_by_role("button", name="Never clip").click()
    page.get_by_role("radio", name="value").check()
    page.get_by_role("button", name="Reset").click()
    assert drawn(page) == curve
    assert not drawn(page, "ghost")
    assert page.get_by_role("radio", name="global").is_checked()


def test_outcome_is_announced_once_the_hand_rests(watched, site):
    page = watched()
    page.clock.install(time=BEFORE)
    ready(page, site("clip"))
    page.clock.pause_at(NOW)
    status = page.locator("[role=status]")
    page.get_by_role("slider").first.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        page.clock.run_for(500)
    assert status.text_content() == ""
    page.clock.run_for(500)
    assert status.text_content() == page.locator(".sn-line-recorded .sn-words").first.inner_text()


def test_histogram_draws_the_threshold_and_says_the_share_beyond(watched, site):
    page = ready(watched(), site("clip"))
    panel = page.locator(".sn-panel").nth(2)
    assert panel.locator(".sn-marker-label").text_content() == "threshold 1"
    assert "11 % of steps went beyond the threshold" in panel.inner_text()
    page.get_by_role("button", name="Never clip").click()
    assert panel.locator(".sn-marker").get_attribute("d") == ""
    assert panel.locator(".sn-bars-beyond").get_attribute("d") == ""
    assert "No threshold." in panel.inner_text()


def test_code_holds_the_present_values_and_is_copied(watched, site):
    page = ready(watched(permissions=["clipboard-read", "clipboard-write"]), site("clip"))
    page.get_by_text("Code for this setting").click()
    page.get_by_role("radio", name="norm").check()
    code = page.locator(".sn-code code").inner_text()
    assert code == "optimizer = keras.optimizers.SGD(0.2, norm=1)\nmodel.compile(optimizer, {})\n"
    page.get_by_role("button", name="Copy").click()
    page.wait_for_selector("text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == code


def test_numbers_are_a_table_that_follows(watched, site):
    page = ready(watched(), site("clip"))
    page.get_by_text("Numbers as a table").click()
    table = page.get_by_role("table").first
    assert table.locator("caption").inner_text() == "Loss: training loss"
    heads = table.get_by_role("columnheader").all_inner_texts()
    assert heads == ["step", "recorded, median", *(f"recorded, seed {i}" for i in range(1, 6))]
    assert table.get_by_role("rowheader").count() == 60
    last = table.get_by_role("row").last.inner_text()
    page.get_by_role("button", name="Never clip").click()
    now = "document.querySelector('.sn-tables tbody tr:last-child').innerText"
    page.wait_for_function(f"(last) => {now}.trim() !== last.trim()", arg=last)


def test_csv_is_tidy_and_in_plain_decimals(watched, site):
    page = ready(watched(accept_downloads=True), site("clip"))
    page.get_by_role("button", name="Pin this run").click()
    page.get_by_role("button", name="Never clip").click()
    page.get_by_text("Numbers as a table").click()
    with page.expect_download() as got:
        page.get_by_role("button", name="Download as CSV").click()
    assert got.value.suggested_filename == "synthetic-clip.csv"
    rows = list(csv.DictReader(pathlib.Path(got.value.path()).read_text().splitlines()))
    assert list(rows[0]) == [
        "panel", "source", "threshold", "method", "rate", "noise",
        "seed", "x_label", "x", "quantity", "value",
    ]  # fmt: skip
    assert len(rows) == 2 * (2 * 5 * 60 + 30)  # now and pinned: two curve panels and 30 bins
    assert {(r["source"], r["threshold"]) for r in rows} == {("recorded", "never"), ("pinned", "1")}
    assert not any("e" in r["value"] for r in rows if r["value"] != "inf")
    gone = [
        r for r in rows if r["panel"] == "Loss" and r["seed"] == "3" and r["source"] == "recorded"
    ]
    assert [r["value"] for r in gone][30:] == [""] * 30


def test_start_of_the_surface_is_dragged_and_follows_its_sliders(watched, site):
    page = ready(watched(), site("cliff"))
    ring = page.locator(".sn-start .sn-ring")
    before, box = drawn(page), ring.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 200, y + 60, steps=8)
    page.mouse.up()
    assert drawn(page) != before
    moved = page.get_by_role("slider", name="Start, weight").get_attribute("aria-valuetext")
    assert moved != "-1.5"
    after = ring.bounding_box()
    assert abs(after["x"] - box["x"] - 200) < 50
    page.get_by_role("slider", name="Start, weight").press("Home")
    assert ring.bounding_box()["x"] < box["x"]


def test_hover_reads_a_step(watched, site):
    page = ready(watched(), site("clip"))
    page.locator(".sn-panel svg").nth(1).hover()
    text = page.locator(".sn-panel").nth(1).locator(".sn-readout").inner_text()
    assert 1500 < int(text.removeprefix("step ").split(":")[0].replace(",", "")) < 2500
    assert "%" in text


# --- form


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(watched, site, axe, theme):
    page = ready(watched(), site("clip", "cliff"))
    page.wait_for_function("document.querySelectorAll('.steadynet').length == 2")
    page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
    if theme == "dark":
        page.add_style_tag(
            content="html{background:#121212;--pst-color-background:#121212;--pst-color-text-base:#ced6dd;"
            "--pst-color-text-muted:#9ca4af;--pst-color-surface:#29313d;--pst-color-border:#48566b}"
            "h1{color:#fff}"
        )
    page.get_by_role("button", name="Pin this run").first.click()
    for summary in page.locator("summary").all():
        summary.click()
    page.add_script_tag(path=axe)
    found = page.evaluate("axe.run().then((r) => r.violations)")
    assert [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found] == []


def luminance(colour):
    """Relative luminance of an `rgb(r, g, b)`."""
    parts = [int(c) / 255 for c in colour[4:-1].split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("theme", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(18, 18, 18)")]
)
def test_every_line_stands_out_from_the_ground(watched, site, theme, ground):
    page = ready(watched(), site("clip"))
    page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
    for name in ("seeds", "median", "live", "ghost"):
        path = page.locator(f".sn-panel path.sn-{name}").first
        colour = path.evaluate("(p) => getComputedStyle(p).stroke")
        light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, (name, colour)


def test_phone_needs_no_sideways_scroll_and_gives_fingers_room(watched, site):
    page = ready(watched(width=360, has_touch=True, is_mobile=True), site("clip", "cliff"))
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.get_by_role("slider").first.bounding_box()["height"] >= 44
    for target in page.locator("button:visible, input[type=radio], summary").all():
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 24


def test_print_hides_buttons_and_keeps_charts(watched, site):
    page = ready(watched(), site("clip"))
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Reset").is_visible()
    assert page.locator(".sn-chart").first.is_visible()
    assert page.locator(".sn-value").first.is_visible()


def test_axes_stand_still_while_a_control_moves(watched, site):
    page = ready(watched(), site("clip"))
    axes = "[...document.querySelectorAll('.sn-axis')].map((g) => g.outerHTML).join('')"
    places = "[...document.querySelectorAll('.sn-chart')].map((g) => g.getBoundingClientRect().top)"
    before = page.evaluate(axes), page.evaluate(places)
    slider = page.get_by_role("slider").first
    for _ in THRESHOLDS:
        slider.press("ArrowRight")
        assert (page.evaluate(axes), page.evaluate(places)) == before


def test_nothing_is_asked_of_any_host(watched, site):
    page = watched()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    ready(page, site("clip"))
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


# --- kernel tier


def test_without_an_answer_the_recorded_runs_just_show(played):
    page = played(answer=False, still=True)
    page.get_by_role("slider").first.press("ArrowRight")
    page.clock.run_for(1000)
    assert page.evaluate("model.sent.map((m) => m.kind)") == ["ping"]
    assert "Recorded TensorFlow runs" in page.locator(".sn-tier").inner_text()
    assert drawn(page)


def test_a_move_trains_at_once_and_streams_over_the_recorded_curve(played):
    page = played(still=True)
    assert "Connected to your Python kernel" in page.locator(".sn-tier").inner_text()
    moved = page.evaluate(
        "() => { const t = performance.now();"
        "const i = document.querySelector('input[type=range]'); i.value = 17;"
        "i.dispatchEvent(new Event('input')); return t; }"
    )
    page.clock.run_for(1)
    sent = page.evaluate("trains()[0]")
    assert sent["at"] - moved <= 1
    assert sent["setting"] == {"threshold": 17, "method": 2, "rate": 1, "noise": 0}
    recorded = drawn(page)
    page.evaluate("live(trains()[0].run, {loss: [1, 0.5, 0.25]}, 0.05)")
    assert drawn(page, "live").count("L") == 2
    assert drawn(page) == recorded
    assert "Training in your kernel: step 200 of 4000" in page.locator(".sn-tier").inner_text()
    page.evaluate("model.hear({kind: 'done', run: trains()[0].run, outcome: 'loss 0.25'}, [])")
    assert "loss 0.25" in page.locator(".sn-line-live").inner_text()
    assert "Trained in your kernel." in page.locator(".sn-tier").inner_text()


def test_stop_keeps_what_was_drawn_and_ignores_the_rest(played):
    page = played()
    page.get_by_role("button", name="Train here").click()
    page.wait_for_function("trains().length == 1")
    page.evaluate("live(trains()[0].run, {loss: [1, 0.5]}, 0.1)")
    curve = drawn(page, "live")
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate("model.sent.at(-1).kind") == "stop"
    page.evaluate("live(trains()[0].run, {loss: [1, 0.5, 0.1]}, 0.2)")
    assert drawn(page, "live") == curve
    assert "Stopped in your kernel: step 400 of 4000" in page.locator(".sn-tier").inner_text()
    assert page.get_by_role("button", name="Train here").is_visible()


def test_an_error_is_an_alert_and_the_next_move_clears_it(played):
    page = played()
    page.get_by_role("button", name="Train here").click()
    page.wait_for_function("trains().length == 1")
    page.evaluate(
        "model.hear({kind: 'error', run: trains()[0].run,"
        "text: 'ValueError: bad <b>', trace: 'line 1'}, [])"
    )
    assert "ValueError: bad <b>" in page.get_by_role("alert").inner_text()
    page.get_by_role("slider").first.press("ArrowRight")
    assert page.get_by_role("alert").is_hidden()


def test_only_the_last_view_to_go_stops_the_work(played):
    page = played()
    page.evaluate(
        "() => { const el = document.createElement('div');"
        "document.querySelector('main').append(el); "
        "view.render({ model, el })(); }"
    )
    assert page.evaluate("model.sent.filter((m) => m.kind === 'stop').length") == 0
    page.evaluate("close_()")
    assert page.evaluate("model.sent.at(-1).kind") == "stop"
    assert page.evaluate("model.listeners.length") == 0
    assert page.locator(".steadynet").count() == 0


@pytest.mark.parametrize(
    ("name", "seed"), [("clip", 1), ("clip", 2), ("clip", 3), ("deep", 4), ("reuse", 5)]
)
def test_hundreds_of_random_moves_break_nothing(played, name, seed):
    page = played(name)
    result = page.evaluate("(seed) => fuzz(seed, 400)", seed)
    assert result["wrong"] == [], result
    assert result["trained"] > 20
    assert result["shortest"] > 50


def test_a_redraw_is_quick(played):
    page = played(answer=False)
    session = page.context.new_cdp_session(page)
    # Time that the page computed: what other programs took is not counted.
    session.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    session.send("Performance.enable")

    def computed():
        metrics = session.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in metrics}["ScriptDuration"]

    page.evaluate("redraw(200)")
    before = computed()
    page.evaluate("redraw(400)")
    milliseconds = 1000 * (computed() - before) / 400
    assert 0 < milliseconds < 8  # half of a frame of 60 Hz; about 1 here
