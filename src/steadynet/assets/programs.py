"""Convert what the explorers train in a page: ``python -m steadynet.assets.programs``.

Does nothing for a demo whose sources and packages are those of the last build.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import importlib.metadata
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from steadynet._runs import local_processes
from steadynet._sources import files_used
from steadynet.demos.plans import PLANS
from steadynet.explorer.plan import File, Plan

__all__ = ["FOLDER", "build"]

FOLDER = Path(__file__).parent.parent / "demos" / "built"
TYPES = {"float32": "f32", "uint8": "u8", "uint16": "u16", "uint32": "u32", "int32": "i32"}
NOTES = "notes.json"  # what was built from what; the site does not need it
_PACKAGES = ("keras", "numpy", "tensorflow")


def build(
    folder: Path = FOLDER, *, force: bool = False, executor: Executor | None = None
) -> list[str]:
    """Write each demo's plan, programs and data.

    Parameters
    ----------
    folder : Path
        Gets ``<demo>.json``, and ``<hash>.bin`` with a program or arrays, gzipped.
    force : bool
        Build all in any case.
    executor : concurrent.futures.Executor, optional
        Where programs are converted: a pool of this machine's processes by default.

    Returns
    -------
    list of str
        Demos that were built.
    """
    folder.mkdir(exist_ok=True)
    plans, known = {name: make() for name, make in PLANS.items()}, _known(folder)
    shared = _shared()
    stamps = {name: _stamp(plan, shared) for name, plan in plans.items()}
    old = [n for n in plans if force or not _is_fresh(folder, known.get(n, {}), stamps[n])]
    if old:
        with executor or local_processes(sum(len(plans[name].parts) for name in old)) as pool:
            for name in old:
                known[name] = {"stamp": stamps[name], **_write(folder, plans[name], pool)}
        (folder / NOTES).write_text(json.dumps(known), encoding="utf-8")
    for name, plan in plans.items():
        text = json.dumps({**plan.describe(known[name]["names"]), "files": known[name]["files"]})
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    _drop_old(folder, known)
    return old


def _write(folder: Path, plan: Plan, executor: Executor) -> dict[str, dict]:
    """The files of one plan: their names in the folder by the plan's, and what is in them."""
    names, files = {}, {}
    for made in executor.map(_make, plan.parts.values()):
        for key, (content, entry) in made.items():
            name = f"{hashlib.sha256(content).hexdigest()[:16]}.bin"
            (folder / name).write_bytes(content)
            names[key], files[name] = name, {"bytes": len(content), **entry}
    return {"names": names, "files": files}


def _make(part: Callable[[], Mapping[str, File]]) -> dict[str, tuple[bytes, dict]]:
    """One part's files, gzipped: here, as bytes travel better between processes than tensors."""
    return {name: _packed(file) for name, file in part().items()}


def _packed(file: File) -> tuple[bytes, dict]:
    """Gzipped bytes, and what the plan says of them."""
    if isinstance(file, tuple):
        return gzip.compress(file.content, 9, mtime=0), {"outputs": list(file.outputs)}
    arrays = {name: np.ascontiguousarray(a) for name, a in file.items()}
    heads = [[name, TYPES[a.dtype.name], list(a.shape)] for name, a in arrays.items()]
    raw = b"".join(a.astype(a.dtype.newbyteorder("<")).tobytes() for a in arrays.values())
    return gzip.compress(raw, 9, mtime=0), {"arrays": heads}


def _known(folder: Path) -> dict[str, dict]:
    """What the last build noted, by demo."""
    path = folder / NOTES
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _stamp(plan: Plan, shared: str) -> str:
    """Digest of the code that makes a plan's files, and of what all plans share."""
    made_by = {Path(inspect.getfile(_function(part))) for part in plan.parts.values()}
    return _digest(made_by, shared)


def _shared() -> str:
    """Digest of the code and data that all plans use, and of the packages that convert them."""
    versions = (f"{name} {importlib.metadata.version(name)}\n" for name in _PACKAGES)
    used = files_used("from steadynet import experiments, portable, tasks")
    return _digest(used, "".join(versions))


def _digest(paths: Iterable[Path], start: str) -> str:
    """Digest of files, their names included."""
    digest = hashlib.sha256(start.encode())
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _function(part: Callable) -> Callable:
    """The function that a part calls."""
    return part.func if isinstance(part, functools.partial) else part


def _is_fresh(folder: Path, note: dict, stamp: str) -> bool:
    """Whether a demo's files are those of today's code, and all there."""
    there = all((folder / name).is_file() for name in note.get("files", ()))
    return note.get("stamp") == stamp and there


def _drop_old(folder: Path, known: dict[str, dict]) -> None:
    """Delete the files that no plan names."""
    named = {name for note in known.values() for name in note["files"]}
    for path in folder.glob("*.bin"):
        if path.name not in named:
            path.unlink()


if __name__ == "__main__":
    done = build(force="--force" in sys.argv[1:])
    print(f"programs for training in a page: {', '.join(done) or 'all up to date'}")
