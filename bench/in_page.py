"""How much faster trains a page in Chromium (ours) than Python that calls TensorFlow each step?

Whole runs without tests and looks: by the worker, programs and data of the built site, and by
TensorFlow with as many threads as it takes.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Row, compare

SITE = Path("_build/html/_static/steadynet/training")
START = """async (demo) => {
    const address = new URL(`${demo}.json`, location.href).href;
    const { looks, tests, ...plan } = await (await fetch(address)).json();
    const { relaxed_loader: loader, relaxed_wasm: wasm } = plan.runtime;
    Object.assign(plan.runtime, { loader, wasm }); // as Chromium gets them
    const worker = new Worker(new URL(plan.runtime.worker.path, address));
    window.train = (chosen) => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
            if (data.kind === 'done') resolve();
            if (data.kind === 'error') reject(new Error(data.text));
        };
        worker.postMessage({ kind: 'train', run: 'bench', address, plan, chosen });
    });
}"""
SETTINGS = {
    "clip": ({},),
    "batch-norm": ({"normalize": "batch norm"}, {"normalize": "batch norm", "depth": 2}),
    "freeze": ({"n_frozen": 0}, {"n_frozen": 3}),
}


def rows(repeats: int) -> list[Row]:
    """Each explorer's runs, both ways."""
    if not SITE.is_dir():
        return [Row("the site is not built: run `make book`", "–")]
    from steadynet import demos

    with _chromium() as page:
        return [
            _row(page, demo, setting, repeats)
            for demo in map(demos.load, SETTINGS)
            for setting in SETTINGS[demo.name]
        ]


def _row(page, demo, setting, repeats):
    """One setting."""
    from steadynet.assets.built import Built

    built = Built(demo, SITE)
    setting = demo.complete(setting)
    chosen = {
        what: built.pick(what, **setting)
        for what in ("step", "start", "examples", "order", "rate", "limit")
        if built.has(what)
    }
    page.evaluate(START, demo.name)
    ours = functools.partial(page.evaluate, "(chosen) => train(chosen)", chosen)
    steps = built.plan["steps"]
    words = ", ".join(str(value) for value in setting.values())
    row = compare(f"{demo.name}: {words}", ours, _python(built, setting), repeats, 1.0, "s a run")
    return Row(row.what, f"{row.ours} of {steps:,} steps", row.other, row.ratios)


def _python(built, setting):
    """A run of TensorFlow's own step, called from Python; what it measures is read each step."""
    import tensorflow as tf

    _, function, first, numbers = built.tensorflow(**setting)
    step, start = tf.function(function), tf.constant(first)
    knobs = [tf.constant(value, "float32") for value in numbers.values()]
    batches = list(built.batches(**setting))

    def run():
        state = start
        for x, y in batches:
            state, measures = step(state, tf.constant(x), tf.constant(y), *knobs)
            measures.numpy()

    return run


@contextmanager
def _chromium():
    """A page of the site's training folder in Chromium."""
    from playwright.sync_api import sync_playwright

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Say nothing."""

    handler = functools.partial(Quiet, directory=SITE)
    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/clip.json")
        yield page
        browser.close()
        server.shutdown()
