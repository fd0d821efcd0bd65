"""Bring to the site what its explorers need to train in a page: plans, programs, data, runtime."""

import json
import re
import shutil
from pathlib import Path

from sphinx.errors import ExtensionError

from steadynet.explorers import build as view
from steadynet.explorers.programs import build as programs

FOLDER = "_static/steadynet/training"
RUNTIME = view.STATIC / "training"


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
    out, kept = Path(app.outdir), set()
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    for demo in sorted(_wanted(out)):
        kept |= _serve(demo, out / FOLDER)
    for path in (out / FOLDER).iterdir():
        if path.name not in kept:
            path.unlink()


def _wanted(out: Path) -> set[str]:
    """Demos that some page trains."""
    found = re.compile(rf'data-training="[^"]*{FOLDER}/([\w-]+)\.json"')
    pages = (page.read_text(encoding="utf8") for page in out.rglob("*.html"))
    return {name for page in pages for name in found.findall(page)}


def _serve(
    demo: str, folder: Path, programs_at: Path | None = None, runtime_at: Path | None = None
):
    """Copy one demo's files; return the names of all that belongs to it."""
    built, runtime = programs_at or programs.FOLDER, runtime_at or RUNTIME
    for file, how in (
        (built / f"{demo}.json", "steadynet.explorers.programs.build"),
        (runtime / "runtime.json", "steadynet.explorers.build"),
    ):
        if not file.is_file():
            raise ExtensionError(f"{file.name} is not built: python -m {how}")
    plan = json.loads((built / f"{demo}.json").read_text(encoding="utf8"))
    plan["runtime"] = json.loads((runtime / "runtime.json").read_text(encoding="utf8"))
    sources = {name: built / name for name in plan["files"]}
    notices = [path for path in runtime.iterdir() if path.suffix in {".txt", ".md"}]
    used = [entry["path"] for entry in plan["runtime"].values()]
    sources |= {name: runtime / name for name in (*used, *(path.name for path in notices))}
    for name, source in sources.items():
        if not (folder / name).is_file():  # a name is a digest of its content
            shutil.copyfile(source, folder / name)
    (folder / f"{demo}.json").write_text(json.dumps(plan), encoding="utf8")
    return {f"{demo}.json", *sources}
