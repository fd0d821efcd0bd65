"""Fixtures shared by the browser, book and lab tests."""

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


@pytest.fixture(scope="session")
def chromium():
    """A Playwright browser: `CHROMIUM`, else the system's Chromium, else Playwright's own."""
    sync_api = pytest.importorskip("playwright.sync_api")
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
        yield browser
        browser.close()
