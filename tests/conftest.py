"""What a run of the tests is marked and judged by, and the browser that several kinds share."""

import os
import shutil

import pytest

# No sandbox as root in a container; the rest keeps Chromium itself from asking other hosts.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.hookimpl(tryfirst=True)  # before pytest picks by markers
def pytest_collection_modifyitems(items):
    """Mark what drives Chromium."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


def pytest_sessionfinish(session):
    """Fail a run in CI that skipped a test: what the test needs is to be installed there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("\nA skipped test fails this run: CI is set.", red=True)


# Tests wait for states; how long one takes on a busy machine decides nothing.
PATIENCE = 180_000  # milliseconds


def patient(browser):
    """The browser, whose pages wait for long before they give up."""
    plain = browser.new_context

    def new_context(**options):
        context = plain(**options)
        context.set_default_timeout(PATIENCE)
        return context

    browser.new_context = new_context
    browser.new_page = lambda **options: new_context(**options).new_page()
    return browser


@pytest.fixture(scope="session")
def chromium():
    """A Playwright browser: `CHROMIUM`, else the system's Chromium, else Playwright's own."""
    from playwright import sync_api

    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        except sync_api.Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Chromium to drive (set CHROMIUM to its path): {error}")
        yield patient(browser)
        browser.close()
