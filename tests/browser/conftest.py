"""The explorer's view in Chromium, alone: on a static page, and beside a kernel that is played."""

import json
import pathlib

import pytest
import synthetic
from browser import tiny_training
from browser.training_site import TrainingSite

from steadynet.assets.view import SOURCE, STATIC, bundle, install
from steadynet.explorer.state import as_text, state_of

HERE = pathlib.Path(__file__).parent
BEFORE, NOW = "2030-01-01", "2030-01-02"  # for tests that hold a page's time still
PAGE = """<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Explorers</title>
<link rel="icon" href="data:,"><style>main{max-width:62rem;margin:auto}</style>
<script defer src="explorer-page.js"></script><main><h1>Explorers</h1>{}</main></html>"""
HOST = (
    '<div class="steadynet-explorer" data-state="{0}" data-src="{0}.js"><p>Figure of {0}</p></div>'
)


@pytest.fixture(scope="session")
def bundles():
    """The folder of the bundled view, bundled anew where its sources changed."""
    bundle()
    return STATIC


@pytest.fixture(scope="session")
def axe(bundles):  # noqa: ARG001 - whose packages stay
    """The script that audits a page for accessibility."""
    install(checkers=True)
    return SOURCE / "node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="session")
def states():
    """The synthetic demos as the view gets them."""
    demos = {
        "clip": synthetic.clip_demo(),
        "cliff": synthetic.cliff_demo(),
        "deep": synthetic.deep_demo(),
        "reuse": synthetic.reuse_demo(),
    }
    return {name: as_text(state_of(demo)) for name, demo in demos.items()}


@pytest.fixture
def watched(chromium):
    """Open pages that must log no error; `watched(width=…, …)` gives one."""
    contexts, errors = [], []

    def open_page(width=1000, **options):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: m.type == "error" and errors.append(m.text))
        page.expected_errors = errors
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def site(tmp_path, bundles, states):
    """Write a static page holding the named explorers; gives its address."""

    def write(*names, missing=()):
        for name in set(names) - set(missing):
            text = json.dumps(states[name])
            (tmp_path / f"{name}.js").write_text(f'steadynet.define("{name}", {text});')
        (tmp_path / "explorer-page.js").write_bytes((bundles / "explorer-page.js").read_bytes())
        page = PAGE.replace("{}", "".join(HOST.format(name) for name in names))
        (tmp_path / "index.html").write_text(page)
        return (tmp_path / "index.html").as_uri()

    return write


@pytest.fixture
def played(watched, bundles, states):
    """A page with the Jupyter view and a kernel that the test plays (see `play_kernel.js`)."""

    def open_view(name="clip", answer=True, still=False, **options):
        page = watched(**options)
        if still:
            page.clock.install(time=BEFORE)
        page.set_content(PAGE.replace('<script defer src="explorer-page.js"></script>', ""))
        page.add_script_tag(path=HERE / "play_kernel.js")
        source = (bundles / "explorer.mjs").read_text()
        page.evaluate("([s, t]) => openView(s, t)", [source, {**states[name], "live": True}])
        if still:
            page.clock.pause_at(NOW)
        if answer:
            page.evaluate("model.hear({kind: 'pong', live: true}, [])")
        return page

    return open_view


@pytest.fixture(scope="session")
def tiny_state():
    """The explorer that trains in the page, as the view gets it."""
    return as_text(state_of(tiny_training.demo()))


@pytest.fixture
def training_site(tmp_path, bundles, tiny_state):
    """A served page with one explorer that trains in it."""
    served = TrainingSite(tmp_path, bundles, PAGE, tiny_state)
    yield served
    served.close()
