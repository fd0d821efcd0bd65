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
    ("_checks", "data", "_branches", "_gradients", "_quiet", "_stamp"),
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


def test_package_sets_nothing_and_loads_no_library():
    code = (
        "import os, sys\nbefore, loaded = dict(os.environ), set(sys.modules)\n"
        "import steadynet\nassert dict(os.environ) == before\n"
        "assert set(sys.modules) - loaded == {'steadynet'}, set(sys.modules) - loaded"
    )
    modules_loaded_by(code)


def test_package_lists_its_rooms_for_people_and_type_checkers():
    private = {"assets", "data", "site"}  # what builds the book, and what datasets reads
    rooms = {name for name in PRESENT if not name.startswith("_")} - private
    assert set(steadynet.__all__) == rooms
    assert set(dir(steadynet)) == rooms | {"__version__"}
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    (imports,) = (node for node in stub.body if isinstance(node, ast.ImportFrom))
    assert {alias.name for alias in imports.names} == rooms
    (listed,) = (node for node in stub.body if isinstance(node, ast.Assign))
    assert ast.literal_eval(listed.value) == steadynet.__all__
    assert (PACKAGE / "py.typed").is_file()


def test_room_is_loaded_when_it_is_first_asked_for():
    modules_loaded_by(
        "import sys, steadynet\nassert 'steadynet.steps' not in sys.modules\n"
        "steadynet.experiments.NAMES\nassert 'steadynet.experiments' in sys.modules\n"
        "assert 'steadynet.steps' not in sys.modules"
    )
    with pytest.raises(AttributeError, match="no attribute 'no_such_room'"):
        _ = steadynet.no_such_room


def test_chapter_quiets_tensorflow_unless_told_otherwise():
    # With TensorFlow hidden: the level is set before it would be imported.
    code = (
        "import os, sys\nsys.modules['tensorflow'] = None\n{}\n"
        "from steadynet import notebook\nnotebook.prepare()\n"
        "assert os.environ['TF_CPP_MIN_LOG_LEVEL'] == '{}'"
    )
    modules_loaded_by(code.format("os.environ.pop('TF_CPP_MIN_LOG_LEVEL', None)", 3))
    modules_loaded_by(code.format("os.environ['TF_CPP_MIN_LOG_LEVEL'] = '0'", 0))


def test_check_reads_relative_and_nested_imports(tmp_path):
    path = tmp_path / "experiments" / "one.py"
    path.parent.mkdir()
    path.write_text(
        "from ..explorer import Demo\ndef f():\n    from . import two\n    import a.b\n"
    )
    names = list(imported_names(path, tmp_path))
    assert names == ["steadynet.explorer.Demo", "steadynet.experiments.two", "a.b"]
