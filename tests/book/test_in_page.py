"""Training in the page, on the site: what is brought there, and what it does in Chromium."""

import base64
import json
import re
from pathlib import Path

import check_worker
import numpy as np
import pytest
from book.outputs import executed, explorer
from portable_runs import Reference
from sphinx.errors import ExtensionError

from steadynet.demos.plans import PLANS
from steadynet.site import in_page

# --- what the extension brings


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """Folders with a plan of one file, and with a runtime."""
    programs, runtime = tmp_path / "programs", tmp_path / "runtime"
    for folder in (programs, runtime):
        folder.mkdir()
    (programs / "clip.json").write_text(json.dumps({"files": {"0123456789abcdef.bin": {}}}))
    (programs / "0123456789abcdef.bin").write_bytes(b"program")
    (programs / "notes.json").write_text("{}")
    (runtime / "runtime.json").write_text(json.dumps({"worker": {"path": "worker.js"}}))
    (runtime / "worker.js").write_text("onmessage = null;")
    monkeypatch.setattr(in_page, "PROGRAMS", programs)
    monkeypatch.setattr(in_page, "RUNTIME", runtime)
    return programs, runtime


def trained(name="clip"):
    output = explorer()
    next(c for c in output["data"].values() if "state" in c)["training"] = name
    return output


@pytest.mark.usefixtures("view", "parts")
def test_explorer_names_its_plan_and_its_files_come_along(build):
    book = build({"index.ipynb": executed(trained(), explorer("Other"))})
    page = (book.out / "index.html").read_text("utf8")
    assert page.count('data-training="_static/steadynet/training/clip.json"') == 1
    folder = book.out / in_page.FOLDER
    names = {path.name for path in folder.iterdir()}
    assert names == {"clip.json", "0123456789abcdef.bin", "worker.js"}
    assert (
        json.loads((folder / "clip.json").read_text())["runtime"]["worker"]["path"] == "worker.js"
    )


@pytest.mark.usefixtures("view")
def test_files_that_no_plan_names_leave_the_site(build, parts):
    book = build({"index.ipynb": executed(trained())})
    (book.out / in_page.FOLDER / "fedcba9876543210.bin").write_bytes(b"old")
    (parts[1] / "worker.js").write_text("onmessage = print;")
    build({})
    assert not (book.out / in_page.FOLDER / "fedcba9876543210.bin").exists()
    assert (book.out / in_page.FOLDER / "worker.js").read_text() == "onmessage = print;"


@pytest.mark.usefixtures("view")
@pytest.mark.parametrize("missing", ["programs/clip.json", "runtime/runtime.json"])
def test_build_says_what_is_not_built(build, parts, missing):
    (parts[0].parent / missing).unlink()
    with pytest.raises(
        ExtensionError, match=rf"{Path(missing).name} is not built: run `make assets`"
    ):
        build({"index.ipynb": executed(trained())})


# --- what the shipped files do in Chromium

CHECK = """async ([source, relaxed, demo, program, inputs]) => {
    const address = new URL(`${demo}.json`, location.href).href;
    const plan = await (await fetch(address)).json();
    const { relaxed_loader: loader, relaxed_wasm: wasm } = plan.runtime;
    if (relaxed) Object.assign(plan.runtime, { loader, wasm });
    window.checkers ??= {};
    checkers[relaxed] ??= new Worker(URL.createObjectURL(new Blob([source])));
    const checker = checkers[relaxed];
    const filled = Object.fromEntries(inputs.map(([name, type, text]) => {
        const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        return [name, new ({ f4: Float32Array, i4: Int32Array })[type](bytes.buffer)];
    }));
    const answer = await new Promise((resolve) => {
        checker.onmessage = ({ data }) => resolve(data);
        checker.postMessage({ kind: 'check', id: 1, address, plan, program, inputs: filled });
    });
    if (answer.kind === 'error') throw new Error(answer.text);
    return Object.fromEntries(Object.entries(answer.outputs).map(([name, a]) => [name, [...a]]));
}"""
SETTINGS = {
    "clip": [{"method": method} for method in ("value", "norm", "global_norm")],
    "freeze": [{"n_frozen": k, "labels": n} for k, n in ((0, 10), (2, 300), (4, 1000))],
    "batch-norm": [
        {"normalize": "none", "depth": 20, "activation": "sigmoid"},
        {"normalize": "batch norm", "depth": 20, "activation": "elu"},
        {"normalize": "batch norm", "depth": 2, "activation": "relu"},
    ],
}
MOMENTS = {0, 5, 30, 140}


def as_text(name, values, dtype):
    """An input as a browser can be given it."""
    return [name, dtype, base64.b64encode(np.asarray(values, dtype).tobytes()).decode()]


@pytest.fixture(scope="module")
def blank(chromium, address):
    """A small page of the site, to run the worker from."""
    page = chromium.new_page()
    page.goto(f"{address}{in_page.FOLDER}/clip.json")
    yield page
    page.close()


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.parametrize(
    ("demo", "setting"), [(demo, s) for demo, each in SETTINGS.items() for s in each]
)
def test_shipped_program_takes_tensorflows_step_in_chromium(blank, demo, setting):
    reference = Reference(demo, **setting)
    name = reference.built.pick("step", **reference.setting)
    kinds = {"x": "i4" if demo == "clip" else "f4", "y": "i4"}
    compared = 0
    for inputs, new, measures in reference.run(MOMENTS):
        sent = [as_text(key, value, kinds.get(key, "f4")) for key, value in inputs.items()]
        for relaxed in (False, True):
            given = [check_worker.script(), relaxed, demo, name, sent]
            out = blank.evaluate(CHECK, given)
            state = np.array(out["state"], "f4")
            assert np.abs(state - new).max() <= 1e-5 * np.abs(new).max()
            assert np.allclose(out["measures"], measures, rtol=1e-3, atol=1e-6)
        compared += 1
    assert compared == len(MOMENTS)


CHAPTERS = {
    "clip": "gradient_clipping",
    "batch-norm": "batch_normalization_and_depth",
    "freeze": "how_many_layers_to_freeze",
}
PRESETS = {"clip": "Just right", "batch-norm": "Deep, with", "freeze": "Freeze two"}


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.parametrize("demo", PLANS)
def test_reader_trains_by_keyboard_and_is_told_how_it_compares(chromium, address, demo):
    page = chromium.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}chapters/{CHAPTERS[demo]}.html")
    host = page.locator(f'[data-training$="/{demo}.json"]').first
    host.scroll_into_view_if_needed()
    button = host.get_by_role("button", name="Train in this page")
    button.wait_for()
    before = [url for url in asked if "/training/" in url]
    assert [url.rsplit("/", 1)[1] for url in before] == [f"{demo}.json"]
    assert re.search(r"Downloads \d\.\d MB, once\.", host.inner_text())
    button.focus()
    page.keyboard.press("Enter")
    host.get_by_text("Trained in this page.").wait_for()
    words = host.inner_text()
    assert "Seed 0, trained in this page:" in words
    assert "recording of the same seed" in words
    assert all(url.startswith((address, "blob:", "data:")) for url in asked)
    page.close()


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.parametrize(
    ("demo", "preset"),
    [("clip", "Just right"), ("batch-norm", "Deep, with"), ("freeze", "Freeze two")],
)
def test_tame_runs_follow_their_recording(chromium, address, demo, preset):
    page = chromium.new_page()
    page.goto(f"{address}chapters/{CHAPTERS[demo]}.html")
    host = page.locator(f'[data-training$="/{demo}.json"]').first
    host.scroll_into_view_if_needed()
    host.get_by_role("button", name=preset, exact=True).click()
    host.get_by_role("button", name="Train in this page").click()
    host.get_by_text("Trained in this page.").wait_for()
    said = host.inner_text()
    found = re.search(r"the same within ([\d.]+) points? throughout|up to step (\d+)", said)
    assert found, said
    page.close()
