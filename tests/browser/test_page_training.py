"""An explorer that trains in the page: on request, in a worker, with TensorFlow's own step."""

import json
import re
import shutil

import check_worker
import numpy as np
import pytest
from browser import tiny_training
from browser.test_explorer_view import drawn, ready
from browser.tiny_training import LIMITS, RATES, STEPS

from steadynet.assets.view import STATIC

FAST = ("worker", "relaxed_loader", "relaxed_wasm")
PLAIN = ("worker", "loader", "wasm")
# A browser with SIMD, but without relaxed SIMD: 128 is the byte of the instruction's name.
NOT_RELAXED = """{
    const validate = WebAssembly.validate.bind(WebAssembly);
    WebAssembly.validate = (bytes) => bytes[bytes.length - 3] !== 128 && validate(bytes);
}"""
STUBS = {
    "SIMD": "WebAssembly.validate = () => false",
    "web workers": "delete window.Worker",
    "DecompressionStream": "delete window.DecompressionStream",
}


def tier(page):
    """The words of the tier line."""
    return page.locator(".sn-tier").inner_text()


def offered(page, address):
    """Open the site and wait until training is offered; the button."""
    ready(page, address)
    button = page.get_by_role("button", name="Train in this page")
    button.wait_for()
    return button


def finish(page):
    """Wait until the run that was asked for is done."""
    done = "document.querySelector('.sn-tier').textContent.includes('Trained in this page')"
    page.wait_for_function(done)


def choose(page, rate=None, limit=None):
    """Move controls to positions."""
    if rate is not None:
        page.locator("input[type=radio]").nth(rate).check(force=True)
    if limit is not None:
        page.get_by_role("slider").first.evaluate(
            "(i, v) => { i.value = v; i.dispatchEvent(new Event('input', {bubbles: true})); }",
            limit,
        )


WORKERS = """
const Plain = window.Worker;
window.workers = [];
window.Worker = class extends Plain {
  constructor(...given) {
    super(...given);
    workers.push(this);
  }
};
"""
# A worker answers in turn: what it says of a plan that is none, it says last.
SETTLE = """() => new Promise((settled) => {
  const worker = workers.at(-1);
  worker.addEventListener('message', ({ data }) => data.run === 'none' && settled());
  worker.postMessage({ kind: 'train', run: 'none', address: location.href, plan: {}, chosen: {} });
})"""


def lengthen(site, times):
    """Make runs so many times as long, on examples in turn, over curves of the same places."""
    windows = {**site.plan["windows"], "every": times * tiny_training.EVERY}
    pick = {what: entry for what, entry in site.plan["pick"].items() if what != "order"}
    site.change_plan(steps=times * STEPS, windows=windows, pick=pick)


def numbers(page):
    """The live numbers of the table, by caption: as text, x to value."""
    if page.locator(".sn-tables").is_visible():
        page.get_by_text("Numbers as a table").click()
    page.locator(".sn-tables").evaluate("(tables) => tables.replaceChildren()")
    page.get_by_text("Numbers as a table").click()
    page.locator(".sn-tables table").first.wait_for()
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.sn-tables table')].map((t) => {
            const at = [...t.querySelectorAll('thead th')].findIndex((h) => /^live$/.test(h.textContent));
            const rows = [...t.querySelectorAll('tbody tr')];
            return [t.caption.textContent, rows.map((r) => r.children[at]?.textContent)];
        }))"""  # noqa: E501
    )


# --- what is offered


def test_nothing_but_the_plan_is_fetched_before_the_button_is_pressed(watched, training_site):
    page = watched()
    button = offered(page, training_site.address)
    choose(page, rate=0, limit=0)
    page.evaluate("fetch('index.html').then((answer) => answer.text())")
    asked = [path for path, _, _ in training_site.sent if "training" in path]
    assert asked == ["/training/tiny.json"]
    assert drawn(page, "live") in ("", None)
    assert "Recorded TensorFlow runs, 3 seeds." in tier(page)
    plan = training_site.plan
    files = sum(entry["bytes"] for entry in plan["files"].values())
    others = sum(training_site.program(k).stat().st_size for k in (1, 2))
    runtime = sum(plan["runtime"][part]["bytes"] for part in FAST)
    size = f"Downloads {(files - others + runtime) / 1e6:.1f} MB, once."
    described = page.locator(f"#{button.get_attribute('aria-describedby')}")
    assert described.inner_text() == size


@pytest.mark.parametrize("lacking", STUBS)
def test_a_browser_that_cannot_train_is_told_why(watched, training_site, lacking):
    page = watched()
    page.add_init_script(STUBS[lacking])
    ready(page, training_site.address)
    assert re.search(f"This browser cannot train in the page: it has no .*{lacking}", tier(page))
    assert "The recorded runs stay." in tier(page)
    assert page.get_by_role("button", name="Train in this page").count() == 0
    assert not [path for path, _, _ in training_site.sent if "training" in path]


def test_a_page_opened_from_a_file_says_that_it_needs_the_website(watched, training_site):
    page = ready(watched(), (training_site.folder / "index.html").as_uri())
    assert "needs the website" in tier(page)
    assert page.get_by_role("button", name="Train in this page").count() == 0
    choose(page, rate=0)
    assert drawn(page)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (None, "could not be loaded (404)"),
        ("{", "its plan is damaged"),
        ('{"version": 3}', "its plan is of version 3, this page reads 2"),
        ('{"version": 2, "runtime": {}, "files": {}}', "its plan has no pick"),
    ],
)
def test_a_plan_that_cannot_be_used_is_told(watched, training_site, plan, words):
    file = training_site.folder / "training/tiny.json"
    file.unlink() if plan is None else file.write_text(plan)
    page = ready(watched(), training_site.address)
    page.wait_for_function(
        "document.querySelector('.sn-tier').textContent.includes('not on offer')"
    )
    assert words in tier(page)
    assert page.get_by_role("button", name="Train in this page").count() == 0
    page.expected_errors[:] = [e for e in page.expected_errors if "404" not in e]


# --- training


def test_a_run_is_drawn_over_its_recorded_twin_and_compared(watched, training_site):
    page = watched()
    offered(page, training_site.address)
    choose(page, rate=0)
    page.get_by_role("button", name="Train in this page").click()
    finish(page)
    for name in ("live", "twin"):
        assert len(re.findall("[ML]", drawn(page, name))) == STEPS / tiny_training.EVERY
    live = page.locator(".sn-line-live").inner_text()
    assert re.fullmatch(r"Live run: Seed 0, trained in this page: solved after \d+ steps\.", live)
    twin = page.locator(".sn-line-twin").inner_text()
    assert "TensorFlow’s recording of the same seed" in twin
    said = "document.querySelector('[role=status]').textContent"
    page.wait_for_function(f"{said}.startsWith('Live run')")
    assert page.locator("[role=status]").text_content() == f"{live} {twin}"
    assert page.locator(".sn-offer").is_hidden()
    found = numbers(page)
    measures, _ = tiny_training.run(RATES[0], LIMITS[1])
    loss = measures.reshape(-1, tiny_training.EVERY, 4).mean(1)[:, 0]
    np.testing.assert_allclose([float(v) for v in found["Loss: loss"]], loss, rtol=2e-3)


def test_moves_train_after_the_button_was_pressed_and_the_newest_wins(watched, training_site):
    page = watched()
    offered(page, training_site.address).click()
    finish(page)
    for limit in (0, 2, 0, 1):
        choose(page, limit=limit)
        page.evaluate("new Promise(requestAnimationFrame)")
    choose(page, rate=0)
    finish(page)
    measures, _ = tiny_training.run(RATES[0], LIMITS[1])
    accuracy = measures.reshape(-1, tiny_training.EVERY, 4).mean(1)[:, 1]
    found = [float(v) for v in numbers(page)["Accuracy: acc"]]
    np.testing.assert_allclose(found, accuracy, atol=0.02)


def test_stop_keeps_what_was_drawn(watched, training_site):
    lengthen(training_site, 50)
    page = watched()
    page.add_init_script(WORKERS)
    offered(page, training_site.address).click()
    page.wait_for_function("document.querySelector('.sn-panel path.sn-live').getAttribute('d')")
    bar = page.get_by_role("progressbar", name="Training")
    assert 0 < bar.evaluate("(b) => b.value") < 1
    page.get_by_role("button", name="Stop").click()
    curve = drawn(page, "live")
    page.evaluate(SETTLE)
    assert drawn(page, "live") == curve
    assert re.search(r"Stopped in this page: step \d+ of 30000", tier(page))
    assert page.get_by_role("button", name="Train in this page").is_visible()


def test_download_is_told_in_megabytes_and_can_be_stopped(watched, training_site):
    training_site.gate.clear()
    page = watched()
    offered(page, training_site.address).click()
    page.wait_for_function(r"/Downloading [1-9]\.\d of \d\.\d MB/.test(document.body.innerText)")
    assert page.get_by_role("progressbar", name="Download").is_visible()
    page.get_by_role("button", name="Stop").click()
    assert "Stopped before the first step." in tier(page)
    assert page.locator(".sn-offer").is_visible()
    training_site.gate.set()
    page.get_by_role("button", name="Train in this page").click()
    finish(page)


def test_reset_goes_back_to_the_recorded_runs(watched, training_site):
    page = watched()
    page.add_init_script(WORKERS)
    offered(page, training_site.address).click()
    finish(page)
    page.get_by_role("button", name="Reset").click()
    assert not drawn(page, "live")
    assert not drawn(page, "twin")
    assert page.locator(".sn-line-twin").is_hidden()
    assert "Recorded TensorFlow runs" in tier(page)
    choose(page, rate=0)
    page.evaluate(SETTLE)
    assert not drawn(page, "live")


def test_a_second_visit_transfers_nothing_again(watched, training_site):
    page = watched()
    offered(page, training_site.address).click()
    finish(page)
    before = training_site.trained_bytes()
    offered(page, training_site.address)
    assert page.locator(".sn-offer").is_hidden()
    page.get_by_role("button", name="Train in this page").click()
    finish(page)
    assert training_site.trained_bytes() == before
    choose(page, limit=2)
    finish(page)
    assert training_site.trained_bytes() == before + training_site.program(2).stat().st_size


def test_files_that_no_plan_names_any_more_are_dropped(watched, training_site):
    page = watched()
    offered(page, training_site.address).click()
    finish(page)
    old, pick = training_site.program(1).name, training_site.plan["pick"]
    entries = [training_site.program(0).name] * 3
    files = {n: e for n, e in training_site.plan["files"].items() if n != old}
    training_site.change_plan(files=files, pick={**pick, "step": {"over": [1], "entries": entries}})
    offered(page, training_site.address).click()
    finish(page)
    kept = page.evaluate(
        "caches.open('steadynet-training').then((c) => c.keys()).then((k) => k.map((r) => r.url))"
    )
    assert not [url for url in kept if url.endswith(old)]
    assert [url for url in kept if url.endswith(entries[0])]


def test_a_program_that_is_missing_names_itself_and_can_be_tried_again(watched, training_site):
    page = watched()
    program = training_site.program(1)
    away = program.rename(training_site.folder / "away.bin")
    offered(page, training_site.address).click()
    page.get_by_role("alert").wait_for()
    words = f"{program.name} could not be loaded (404): the recorded runs stay."
    assert words in page.get_by_role("alert").inner_text()
    assert "Recorded TensorFlow runs" in tier(page)
    choose(page, rate=0)
    assert page.get_by_role("alert").is_hidden()
    away.rename(program)
    page.get_by_role("button", name="Train in this page").click()
    finish(page)
    page.expected_errors[:] = [e for e in page.expected_errors if "404" not in e]


@pytest.mark.parametrize("broken", ["worker", "program", "examples"])
def test_broken_files_are_told_in_a_sentence(watched, training_site, broken):
    folder, plan = training_site.folder / "training", training_site.plan
    names = {
        "worker": plan["runtime"]["worker"]["path"],
        "program": training_site.program(1).name,
        "examples": plan["pick"]["examples"]["entries"][0],
    }
    file = folder / names[broken]
    file.unlink() if broken == "worker" else file.write_bytes(file.read_bytes()[:-9])
    page = watched()
    offered(page, training_site.address).click()
    page.get_by_role("alert").wait_for()
    why = "" if broken == "worker" else " (it is damaged)"
    said = page.get_by_role("alert").inner_text()
    assert f"{names[broken]} could not be loaded{why}: the recorded runs stay." in said
    assert page.get_by_role("button", name="Train in this page").is_visible()
    page.expected_errors[:] = [e for e in page.expected_errors if "404" not in e]


def test_without_the_browser_s_store_it_trains_all_the_same(watched, training_site):
    page = watched()
    page.add_init_script("Object.defineProperty(window, 'caches', {get() { throw Error('no') }})")
    offered(page, training_site.address).click()
    finish(page)
    assert page.locator(".sn-offer").is_hidden()


def test_a_run_that_diverges_is_a_result(watched, training_site):
    page = watched()
    offered(page, training_site.address)
    choose(page, rate=2, limit=2)
    page.get_by_role("button", name="Train in this page").click()
    finish(page)
    assert "not solved; accuracy ends at" in page.locator(".sn-line-live").inner_text()
    assert page.get_by_role("alert").is_hidden()
    paths = page.evaluate("[...document.querySelectorAll('path')].map((p) => p.getAttribute('d'))")
    assert not [d for d in paths if d and re.search("NaN|Infinity|undefined", d)]
    assert set(numbers(page)["Loss: loss"][1:]) == {"–"}


@pytest.mark.parametrize(("relaxed", "used"), [(True, FAST), (False, PLAIN)])
def test_it_loads_the_runtime_that_suits_the_browser(watched, training_site, relaxed, used):
    page = watched()
    if not relaxed:
        page.add_init_script(NOT_RELAXED)
    offered(page, training_site.address).click()
    finish(page)
    runtime = training_site.plan["runtime"]
    asked = {path.rsplit("/", 1)[1] for path, _, _ in training_site.sent}
    paths = {part: entry["path"] for part, entry in runtime.items()}
    assert {part for part, path in paths.items() if path in asked} == set(used)
    assert "recording of the same seed" in page.locator(".sn-line-twin").inner_text()


# --- the numbers


CHECK = """async ([source, address, plan, program, inputs]) => {
  const worker = new Worker(URL.createObjectURL(new Blob([source])));
  const ask = (kind, rest) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.kind === 'error' ? reject(data.text) : resolve(data));
    worker.postMessage({ kind, address, plan, program, ...rest });
  });
  const found = [];
  let { state, ...others } = inputs;
  for (let k = 0; k < others.x.length; k++) {
    const at = Object.fromEntries(Object.entries(others).map(([n, v]) => [n, v[k]]));
    const { outputs } = await ask('check', { id: k, inputs: { state, ...at } });
    if (outputs.state) state = [...outputs.state];
    found.push(Object.fromEntries(Object.entries(outputs).map(([n, v]) => [n, [...v]])));
  }
  worker.terminate();
  return found;
}"""


def check(page, site, what, entry, **inputs):
    """Outputs of a program of the plan in the page's worker, one call a row of the inputs."""
    address = f"{site.address}training/tiny.json"
    name = site.plan["pick"][what]["entries"][entry]
    plain = {n: np.asarray(v).tolist() for n, v in inputs.items()}
    return page.evaluate(CHECK, [check_worker.script(), address, site.plan, name, plain])


def test_twenty_steps_are_those_of_litert_in_python(watched, training_site):
    page = ready(watched(), training_site.address)
    x, y, order, start = tiny_training.material()
    rows = order[:20]
    batches = {"x": x[rows].reshape(20, -1), "y": y[rows]}
    scalars = {"rate": np.full((20, 1), RATES[0]), "limit": np.full((20, 1), 1.0)}
    found = check(page, training_site, "step", 1, state=start, **batches, **scalars)
    expected, state = tiny_training.run(RATES[0], 1.0, steps=20)
    np.testing.assert_allclose([f["measures"] for f in found], expected, atol=1e-5)
    np.testing.assert_allclose(found[-1]["state"], state, atol=1e-5)


def test_looks_and_tests_are_those_of_litert_in_python(watched, training_site):
    page = ready(watched(), training_site.address)
    x, y, _, start = tiny_training.material()
    x, y = x[: tiny_training.CHUNK].astype("i4"), y[: tiny_training.CHUNK].astype("i4")
    for what, output in (("look", "hidden"), ("test", "right")):
        program = tiny_training.Program(tiny_training.programs()[what])
        rows = {"x": x.reshape(1, -1), "y": y.reshape(1, -1)}
        found = check(page, training_site, what, 0, state=start, **rows)[0][output]
        expected = program(state=start, x=x, y=y)[0].ravel()
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_tests_on_held_out_examples_can_be_the_outcome(watched, training_site):
    training_site.change_plan(outcome={"kind": "right"}, compare=None)
    page = watched()
    offered(page, training_site.address)
    choose(page, rate=0)
    page.get_by_role("button", name="Train in this page").click()
    finish(page)
    x, y, _, _ = tiny_training.material()
    _, state = tiny_training.run(RATES[0], LIMITS[1])
    test = tiny_training.Program(tiny_training.programs()["test"])
    held = [slice(900 + i, 932 + i) for i in (0, 32, 64)]
    right = sum(float(test(state=state, x=x[s].astype("i4"), y=y[s].astype("i4"))[0]) for s in held)
    live = page.locator(".sn-line-live").inner_text()
    assert f"{100 * right / 96:.0f} % of test pictures right." in live


# --- form


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_before_during_and_after(watched, training_site, axe, theme):
    page = watched()
    offered(page, training_site.address)
    page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
    if theme == "dark":
        page.add_style_tag(
            content="html{--pst-color-background:#121212;--pst-color-text-base:#ced6dd;"
            "--pst-color-text-muted:#9ca4af;background:#121212}h1{color:#fff}"
        )
    page.add_script_tag(path=axe)
    audit = "axe.run().then((r) => r.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]))"
    assert page.evaluate(audit) == []
    training_site.gate.clear()
    page.get_by_role("button", name="Train in this page").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop").wait_for()
    assert page.evaluate(audit) == []
    training_site.gate.set()
    finish(page)
    assert page.evaluate(audit) == []


def computed(trace, thread):
    """Milliseconds that each task of a thread computed: what other programs took is not counted."""
    events = trace["traceEvents"]
    named = [e for e in events if e["name"] == "thread_name" and e["args"]["name"] == thread]
    threads = {(e["pid"], e["tid"]) for e in named}
    tasks = [e for e in events if e["ph"] == "X" and e["name"].endswith("RunTask")]
    return [e["tdur"] / 1000 for e in tasks if (e["pid"], e["tid"]) in threads and "tdur" in e]


def test_the_page_stays_responsive_while_it_trains(watched, training_site, chromium):
    lengthen(training_site, 4)
    page = watched()
    button = offered(page, training_site.address)
    chromium.start_tracing(page=page, categories=["toplevel"])
    button.click()
    finish(page)
    tasks = computed(json.loads(chromium.stop_tracing()), "CrRendererMain")
    assert len(tasks) > 50
    assert max(tasks) <= 50  # about 6 here


def test_memory_does_not_grow_from_run_to_run(watched, training_site):
    page = ready(watched(), training_site.address)
    plan = training_site.plan
    chosen = {what: entry["entries"][0] for what, entry in plan["pick"].items() if what != "step"}
    steps = plan["pick"]["step"]["entries"]
    address = f"{training_site.address}training/tiny.json"
    sizes = page.evaluate(
        """async ([source, address, plan, chosen, steps, inputs]) => {
          const worker = new Worker(URL.createObjectURL(new Blob([source])));
          const ask = (message, kind) => new Promise((resolve, reject) => {
            worker.onmessage = ({ data }) => {
              if (data.kind === 'error') reject(data.text);
              if (data.kind === kind) resolve(data);
            };
            worker.postMessage({ address, plan, ...message });
          });
          const sizes = [];
          for (let run = 0; run < 9; run++) {
            const step = steps[run % steps.length];
            await ask({ kind: 'train', run, chosen: { ...chosen, step } }, 'done');
            const told = await ask({ kind: 'check', id: run, program: step, inputs }, 'checked');
            sizes.push(told.memory);
          }
          worker.terminate();
          return sizes;
        }""",
        [check_worker.script(), address, plan, chosen, steps, {"rate": [0.1]}],
    )
    assert len(set(sizes[3:])) == 1, sizes


def test_the_runtime_is_named_by_its_content(bundles):
    runtime = json.loads((bundles / "training/runtime.json").read_text())
    assert bundles == STATIC
    for part in runtime.values():
        assert (bundles / "training" / part["path"]).stat().st_size == part["bytes"]
    there = {path.name for path in (bundles / "training").iterdir()}
    assert there == {part["path"] for part in runtime.values()} | {"runtime.json"}
    assert "Apache License" in (bundles / "training" / runtime["licence"]["path"]).read_text()
    assert shutil.which("gzip") is None or runtime["wasm"]["bytes"] < 3_000_000
