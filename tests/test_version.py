"""One place says the version; what must repeat it for others agrees."""

import json
import re
from pathlib import Path

import steadynet

ROOT = Path(__file__).parents[1]


def found(path, pattern):
    """What a pattern's group finds in a file, first."""
    match = re.search(pattern, (ROOT / path).read_text("utf8"), re.MULTILINE)
    assert match, path
    return match[1]


def test_package_is_built_with_the_version_that_it_says():
    assert found("pyproject.toml", r'^dynamic = \["(\w+)"\]') == "version"
    assert found("pyproject.toml", r'^path = "(src/.*)"') == "src/steadynet/__init__.py"
    assert found("src/steadynet/__init__.py", r'^__version__ = "(.*)"') == steadynet.__version__


def test_citation_and_changelog_know_the_version_and_its_day():
    assert found("CITATION.cff", r"^version: (\S+)") == steadynet.__version__
    day = found("CITATION.cff", r'^date-released: "(.*)"')
    assert found("CHANGELOG.md", r"^## \[(\d\S*)\]") == steadynet.__version__
    assert found("CHANGELOG.md", r"^## \[\d\S*\] – (.*)") == day


def test_javascript_has_the_same_version():
    for name in ("package.json", "package-lock.json"):
        read = json.loads((ROOT / "js" / name).read_text("utf8"))
        assert read["version"] == steadynet.__version__, name
    assert read["packages"][""]["version"] == steadynet.__version__
