"""Imports run one way through the package, and what opens a page stays light."""

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import steadynet

PACKAGE = Path(steadynet.__file__).parent

# The order that keeps the package simple: a module imports from its own row or an earlier one.
ROWS = (
    ("_checks", "data", "_gradients", "_quiet", "_sources"),
    ("datasets", "networks", "normalization", "clipping"),
    ("reuse", "checkpoints", "steps", "training", "sweeps", "portable"),
    ("tasks",),
    ("experiments", "_runs", "recording", "recordings"),
    ("figures", "explorer", "exercises", "notebook"),
    ("demos",),
    ("assets",),
    ("site",),
)
ROW_OF = {name: row for row, names in enumerate(ROWS) for name in names}
PRESENT = sorted(module.name for module in pkgutil.iter_modules([str(PACKAGE)]))

DRAWING = {"matplotlib", "ipywidgets", "anywidget"}
FIRST_ROWS = [name for name in PRESENT if ROW_OF.get(name, 99) <= 1]
WITHOUT_TENSORFLOW = [
    *("data", "datasets", "recording", "experiments", "figures", "notebook"),
    *("tasks.temporal_order", "explorer", "demos", "assets.programs", "assets.built"),
    *("site", "portable.interpreter"),
]


def sources(module):
    """All Python files of a module or package."""
    folder = PACKAGE / module
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{module}.py"]


def imported_names(path, root=PACKAGE):
    """Dotted names of everything a file imports, at its top or inside a function."""
    package = ("steadynet", *path.relative_to(root).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join(filter(None, (*parents, node.module)))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def modules_loaded_by(statement):
    """Top-level modules that a fresh interpreter holds after a statement."""
    code = (
        f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_every_module_has_its_row():
    missing = set(PRESENT) - set(ROW_OF)
    assert not missing, f"say in ROWS where {sorted(missing)} stand in the order of imports"


@pytest.mark.parametrize("module", [name for name in PRESENT if name in ROW_OF])
def test_module_imports_from_its_own_row_or_an_earlier_one(module):
    for path in sources(module):
        for name in imported_names(path):
            if name.startswith("steadynet.") and name.split(".")[1] in ROW_OF:
                other = name.split(".")[1]
                assert ROW_OF[other] <= ROW_OF[module], f"{path.name} imports {name}"


def test_the_ground_floor_imports_nothing_of_the_package():
    names = list(imported_names(PACKAGE / "_checks.py"))
    assert not [name for name in names if name.startswith("steadynet")]


@pytest.mark.parametrize("module", FIRST_ROWS)
def test_first_rows_name_no_drawing_library(module):
    for path in sources(module):
        named = {name.split(".")[0] for name in imported_names(path)}
        assert not named & DRAWING, path.name


def test_first_rows_import_where_no_drawing_library_is():
    # Keras loads matplotlib where it finds it, so what counts is that we can do without.
    assert {"datasets", "clipping"} <= set(FIRST_ROWS)
    hidden = f"import sys; sys.modules.update(dict.fromkeys({sorted(DRAWING)}))"
    modules_loaded_by(f"{hidden}\nimport " + ", ".join(f"steadynet.{n}" for n in FIRST_ROWS))


@pytest.mark.parametrize("module", WITHOUT_TENSORFLOW)
def test_module_opens_without_tensorflow(module):
    assert not modules_loaded_by(f"import steadynet.{module}") & {"tensorflow", "keras"}


def test_figures_and_demos_of_a_recording_are_drawn_without_tensorflow():
    # A chapter that only shows what was recorded opens as fast as its explorer.
    draw = (
        "from steadynet import experiments, figures, recording\n"
        "from steadynet import demos\n"
        "[experiments.get(name) for name in experiments.NAMES]\n"
        "[demos.clip_demo().fallback(), demos.cliff_demo().fallback()]\n"
        "figures.plot_angles(recording.load('clip_direction'))"
    )
    assert not modules_loaded_by(draw) & {"tensorflow", "keras"}


def test_each_room_loads_only_the_libraries_it_needs():
    assert "ipywidgets" not in modules_loaded_by("import steadynet.figures")
    assert "matplotlib" not in modules_loaded_by("import steadynet.recording")


def test_package_quiets_tensorflow_unless_told_otherwise():
    ask = "import os, steadynet; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"

    def level(code):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return done.stdout.decode().strip()

    assert level(f"import os; os.environ.pop('TF_CPP_MIN_LOG_LEVEL', None); {ask}") == "3"
    assert level(f"import os; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '0'; {ask}") == "0"


def test_check_reads_relative_and_nested_imports(tmp_path):
    path = tmp_path / "experiments" / "one.py"
    path.parent.mkdir()
    path.write_text(
        "from ..explorer import Demo\ndef f():\n    from . import two\n    import a.b\n"
    )
    names = list(imported_names(path, tmp_path))
    assert names == ["steadynet.explorer.Demo", "steadynet.experiments.two", "a.b"]
