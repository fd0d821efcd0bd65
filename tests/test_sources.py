"""Which files of the package a chapter's code uses."""

import pytest

from steadynet._sources import files_used


@pytest.fixture
def package(tmp_path):
    """A package: `a` imports `b` lazily, `deep.one` imports `c`; data lie beside them."""
    files = {
        "__init__.py": "",
        "a.py": "def f():\n    from pack import b\n",
        "b.py": "import numpy\n",
        "c.py": "",
        "deep/__init__.py": "",
        "deep/one.py": "from ..c import name\nfrom . import two\n",
        "deep/two.py": "",
        "deep/static/view.js": "",
        "deep/js/node_modules/x/index.js": "",
        "recordings/run.npz": "",
        "site/__init__.py": "",
    }
    for name, text in files.items():
        path = tmp_path / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "pack"


ROOT = {"__init__.py", "recordings/run.npz"}
DEEP = {"deep/__init__.py", "deep/one.py", "deep/two.py", "deep/static/view.js", "c.py"}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import numpy, package", set()),
        ("import pack", ROOT),
        ("from pack import b", ROOT | {"b.py"}),
        ("import pack.b as b", ROOT | {"b.py"}),
        ("from pack.a import f", ROOT | {"a.py", "b.py"}),
        ("from pack import deep", ROOT | DEEP),
        ("from pack.deep.two import x", ROOT | DEEP),
        ("%matplotlib inline\n!ls\nif 1:\n    from pack import c", ROOT | {"c.py"}),
        ("from pack import no_such_name", ROOT),
        ("import_module(f'pack.deep.{name}')", ROOT | DEEP),
        ("this is no Python", ROOT | DEEP | {"a.py", "b.py"}),
    ],
)
def test_files_are_those_that_the_imports_reach(package, code, expected):
    used = {path.relative_to(package).as_posix() for path in files_used(code, package)}
    assert used == expected
