"""The lock: every dependency exact and hashed, and no host named."""

import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.txt").read_text("utf8")
PINS = re.split(r"\n(?=\S)", re.sub(r"(?m)^ *#.*\n", "", LOCK).strip())


def declared():
    """Requirements of pyproject.toml; read as text, since Python 3.10 has no reader of TOML."""
    text = (ROOT / "pyproject.toml").read_text("utf8")
    lists = re.findall(r"^(?:dependencies|book|dev) = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    return [
        Requirement(line)
        for lines in lists
        for line in re.findall(r'^ *"(.*?)"', lines, re.MULTILINE)
    ]


def test_every_pin_is_exact_and_hashed():
    for pin in PINS:
        assert re.match(r"[\w.-]+==\S+", pin), pin
        assert "--hash=sha256:" in pin, pin


def test_lock_names_no_host():
    assert "://" not in LOCK
    assert "--index-url" not in LOCK
    assert "--find-links" not in LOCK


def test_lock_satisfies_what_is_declared():
    assert len(declared()) > 10
    for wanted in declared():
        versions = [
            pin.split("==")[1].split()[0]
            for pin in PINS
            if canonicalize_name(pin.split("==")[0]) == canonicalize_name(wanted.name)
        ]
        assert versions, wanted
        assert all(version in wanted.specifier for version in versions), wanted
