"""Which files of the package a piece of code uses, and the stamp of what is built from them."""

import json
import shutil
import subprocess
import sys

import pytest

from steadynet._stamp import PACKAGE, files_used, stamp, versions
from steadynet.assets import notes


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
        "deep/under/__init__.py": "",
        "deep/under/data.npz": "",
        "built/view.js": "",
        "recordings/run.npz": "",
        "site/__init__.py": "",
    }
    for name, text in files.items():
        path = tmp_path / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "pack"


ROOT = {"__init__.py", "recordings/run.npz"}
IN_DEEP = ROOT | {"deep/__init__.py", "deep/static/view.js"}  # what lies around a module in it
DEEP = IN_DEEP | {"deep/one.py", "deep/two.py", "c.py"}
DEEP |= {"deep/under/__init__.py", "deep/under/data.npz"}


def names(paths, package):
    return {path.relative_to(package).as_posix() for path in paths}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import numpy, package", set()),
        ("import pack", ROOT),
        ("from pack import b", ROOT | {"b.py"}),
        ("import pack.b as b", ROOT | {"b.py"}),
        ("from pack.a import f", ROOT | {"a.py", "b.py"}),
        ("import pack\npack.a.f()", ROOT | {"a.py", "b.py"}),
        ("import pack as p\np.a.f()", ROOT | {"a.py", "b.py"}),
        ("from pack import deep", DEEP),
        ("from pack.deep import no_such_module", DEEP),
        ("from pack.deep.two import x", IN_DEEP | {"deep/two.py"}),
        ("from pack.deep import two", IN_DEEP | {"deep/two.py"}),
        ("import pack.deep.one", IN_DEEP | {"deep/one.py", "deep/two.py", "c.py"}),
        ("import pack.deep.under", IN_DEEP | {"deep/under/__init__.py", "deep/under/data.npz"}),
        ("%matplotlib inline\n!ls\nif 1:\n    from pack import c", ROOT | {"c.py"}),
        ("from pack import no_such_name", ROOT),
        ("import_module(f'pack.deep.{name}')", DEEP),
        ("this is no Python", DEEP | {"a.py", "b.py"}),
    ],
)
def test_files_are_those_that_the_imports_reach(package, code, expected):
    assert names(files_used(code, package), package) == expected


def test_what_is_left_out_is_left_out_wherever_it_lies(package):
    used = files_used("from pack import a, deep", package, without=("static", "recordings", "b.py"))
    assert names(used, package) == DEEP - {"deep/static/view.js", "recordings/run.npz"} | {"a.py"}


def test_file_is_read_again_after_it_changed(package):
    assert "c.py" not in names(files_used("import pack.b", package), package)
    (package / "b.py").write_text("from pack import c\n")
    assert "c.py" in names(files_used("import pack.b", package), package)


def test_stamp_is_of_names_contents_and_what_else_is_said(tmp_path):
    one, two = tmp_path / "here" / "one", tmp_path / "here" / "two"
    one.parent.mkdir()
    one.write_text("1")
    two.write_text("2")
    before = stamp([one, two], tmp_path / "here", "numpy 2")
    assert stamp([two, one, one], tmp_path / "here", "numpy 2") == before
    others = {
        "another version": stamp([one, two], tmp_path / "here", "numpy 3"),
        "another name": stamp([one, two], tmp_path, "numpy 2"),
        "a file less": stamp([one], tmp_path / "here", "numpy 2"),
    }
    one.write_text("2")
    others["another content"] = stamp([one, two], tmp_path / "here", "numpy 2")
    assert len({before, *others.values()}) == 5
    one.write_text("1")
    (tmp_path / "here").rename(tmp_path / "there")
    moved = [tmp_path / "there" / "one", tmp_path / "there" / "two"]
    assert stamp(moved, tmp_path / "there", "numpy 2") == before


def test_versions_are_pythons_and_the_packages():
    python = f"python {sys.version_info[0]}.{sys.version_info[1]}"
    assert versions() == python
    assert versions("pytest", "numpy").startswith(f"{python}, pytest {pytest.__version__}, numpy ")


# --- the programs for pages

PAGES = sorted(path.parent.name for path in PACKAGE.glob("demos/*/page.py"))
# What the conversion does not reach is of other kinds: drawn, shown, checked or written about.
NOT_USED = ["figures/style.py", "explorer/widget.py", "recordings/cliff.npz", "site/pages.py"]
NOT_USED += ["assets/view.py", "notebook.py", "checkpoints/__init__.py", "demos/cliff/demo.py"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the package, with no built files."""
    target = tmp_path_factory.mktemp("copy") / PACKAGE.name
    return shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("built", "__pycache__"))


def sources(page, package):
    return notes.sources(f"steadynet.demos.{page}.page", package)


def edited(path):
    """Change a file, and give what undoes it."""
    content = path.read_bytes()
    path.write_bytes(content + b"\n# edited\n")
    return lambda: path.write_bytes(content)


@pytest.mark.parametrize("page", PAGES)
def test_programs_are_stale_after_an_edit_of_any_source(copy, page):
    before = sources(page, copy)
    code = f"import steadynet.assets.programs, steadynet.demos.{page}.page"
    used = files_used(code, copy, ("figures", "recordings"))
    assert len(used) > 50
    for path in sorted(used):
        undo = edited(path)
        assert sources(page, copy) != before, path
        undo()
    assert sources(page, copy) == before


@pytest.mark.parametrize(
    "name",
    [
        *("explorer/plan.py", "explorer/table.py", "assets/programs.py", "_runs.py", "steps.py"),
        *("demos/{}/page.py", "demos/{}/demo.py", "experiments/{}.py", "training.py"),
        *(
            "portable/convert.py",
            "portable/program.py",
            "networks/plain.py",
            "clipping/by_norm.py",
            "datasets.py",
        ),
        *("data/files.py", "data/fashion_mnist_sample.npz", "_stamp.py", "assets/notes.py"),
    ],
)
@pytest.mark.parametrize("page", PAGES)
def test_programs_are_made_of(copy, page, name):
    before, undo = sources(page, copy), edited(copy / name.format(page))
    assert sources(page, copy) != before
    undo()


def test_another_seed_makes_other_programs(copy):
    path, before = copy / "explorer/plan.py", [sources(page, copy) for page in PAGES]
    text = path.read_text()
    assert text.count("\nSEED = 0 ") == 1
    path.write_text(text.replace("\nSEED = 0 ", "\nSEED = 1 "))
    after = [sources(page, copy) for page in PAGES]
    path.write_text(text)
    assert not set(before) & set(after)


def test_pretrained_weights_beside_a_page_make_its_programs(copy):
    before = {page: sources(page, copy) for page in PAGES}
    undo = edited(copy / "demos/frozen_layers/start.npz")
    changed = {page for page in PAGES if sources(page, copy) != before[page]}
    undo()
    assert changed == {"frozen_layers"}


@pytest.mark.parametrize("name", NOT_USED)
def test_programs_stay_after_an_edit_of_what_they_are_not_made_of(copy, name):
    before, undo = [sources(page, copy) for page in PAGES], edited(copy / name)
    assert [sources(page, copy) for page in PAGES] == before
    undo()


def test_one_demo_leaves_the_programs_of_the_others(copy):
    before, undo = {p: sources(p, copy) for p in PAGES}, edited(copy / f"demos/{PAGES[0]}/page.py")
    assert [p for p in PAGES if sources(p, copy) != before[p]] == PAGES[:1]
    undo()


@pytest.mark.parametrize("page", PAGES)
def test_all_modules_that_a_plan_loads_are_counted(page):
    # Python loads the packages around a module too, and with `demos` the other demos.
    code = f"import sys, steadynet.demos.{page}.page as page; page.plan()\n"
    code += "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('steadynet')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = names(map(type(PACKAGE), done.stdout.split()), PACKAGE)
    others = {f"demos/{path.name}/" for path in PACKAGE.glob("demos/*") if path.name != page}
    beside = ("figures/", "explorer/state.py", "explorer/widget.py", "explorer/worker.py", *others)
    code = f"import steadynet.assets.programs, steadynet.demos.{page}.page"
    assert {n for n in loaded if not n.startswith(beside)} <= names(files_used(code), PACKAGE)


def test_stale_programs_are_named_until_all_is_there(copy, tmp_path):
    modules = [f"steadynet.demos.{page}.page" for page in PAGES]
    assert notes.stale(tmp_path, copy) == modules
    known = {
        page: {
            "module": module,
            "sources": notes.sources(module, copy),
            "files": {f"{page}.bin": {}},
        }
        for page, module in zip(PAGES, modules, strict=True)
    }
    notes.write(tmp_path, known)
    for page in PAGES:
        for name in (f"{page}.bin", f"{page}.json"):
            assert f"steadynet.demos.{page}.page" in notes.stale(tmp_path, copy)
            (tmp_path / name).write_text("built")
    assert notes.stale(tmp_path, copy) == []
    known[PAGES[0]]["sources"] = "of older code"
    (tmp_path / notes.FILE).write_text(json.dumps(known))
    assert notes.stale(tmp_path, copy) == modules[:1]
