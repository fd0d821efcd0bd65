"""Bring to the site what its explorers need to train in a page: plans, programs, data, runtime."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from sphinx.errors import ExtensionError

from steadynet._stamp import BUILT

FOLDER = "_static/steadynet/training"
PROGRAMS, RUNTIME = BUILT / "programs", BUILT / "view" / "training"
# A file named by a digest of its content is the same wherever it is there already.
DIGEST = re.compile(r"[0-9a-f]{16}\.")


def setup(app):
    """Copy after the pages are written, before they are checked."""
    app.connect("build-finished", serve)


def address(demo: str) -> str:
    """Where the plan of a demo is on the site."""
    return f"{FOLDER}/{demo}.json"


def serve(app, error):
    """Give every demo that a page trains its plan and files, and keep no others."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    folder, kept = out / FOLDER, set()
    for demo in sorted(_wanted(out)):
        folder.mkdir(parents=True, exist_ok=True)
        kept |= _serve(demo, folder)
    for path in folder.glob("*"):
        if path.name not in kept:
            path.unlink()


def _wanted(out: Path) -> set[str]:
    """Demos that some page trains."""
    found = re.compile(rf'data-training="[^"]*{FOLDER}/([\w-]+)\.json"')
    pages = (page.read_text(encoding="utf8") for page in out.rglob("*.html"))
    return {name for page in pages for name in found.findall(page)}


def _serve(demo: str, folder: Path) -> set[str]:
    """Copy one demo's files; return the names of all that belongs to it."""
    plan = _read(PROGRAMS / f"{demo}.json")
    plan["runtime"] = _read(RUNTIME / "runtime.json")
    sources = {name: PROGRAMS / name for name in plan["files"]}
    sources |= {e["path"]: RUNTIME / e["path"] for e in plan["runtime"].values()}
    for name, source in sources.items():
        if not (folder / name).is_file() or not DIGEST.search(name):
            shutil.copyfile(source, folder / name)
    (folder / f"{demo}.json").write_text(json.dumps(plan), encoding="utf8")
    return {f"{demo}.json", *sources}


def _read(path: Path) -> dict[str, Any]:
    """What a build wrote, or how to have it written."""
    if not path.is_file():
        raise ExtensionError(f"{path.name} is not built: run `make assets`.")
    return json.loads(path.read_text(encoding="utf8"))
