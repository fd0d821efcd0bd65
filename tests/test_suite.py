"""The rules that the tests themselves are run by."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

def test_passes(): pass

def test_is_skipped(): pytest.skip("a tool is missing")

def test_drives(chromium): raise AssertionError("not to be run here")
"""


@pytest.fixture
def suite(tmp_path):
    """Run three tests under these rules: one passes, one is skipped, one asks for Chromium."""
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_three.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = browser\n")

    def run(*arguments, **environment):
        kept = {name: value for name, value in os.environ.items() if name != "CI"}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        options = {"cwd": tmp_path, "env": kept | environment, "capture_output": True, "text": True}
        return subprocess.run(command, check=False, **options)

    return run


@pytest.mark.parametrize(("environment", "code"), [({}, 0), ({"CI": "true"}, 1)])
def test_skipped_test_fails_the_run_in_ci_only(suite, environment, code):
    done = suite("-m", "not browser", **environment)
    assert "1 passed, 1 skipped, 1 deselected" in done.stdout
    assert done.returncode == code
    assert ("A skipped test fails this run" in done.stdout) == bool(code)


def test_run_without_skips_passes_in_ci(suite):
    assert suite("-k", "passes", CI="true").returncode == 0


def test_what_asks_for_chromium_is_marked(suite):
    assert "test_drives" in suite("-m", "browser", "--collect-only", "-q").stdout
    assert "test_passes" not in suite("-m", "browser", "--collect-only", "-q").stdout
