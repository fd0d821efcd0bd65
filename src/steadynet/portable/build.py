"""Convert what the explorers train in a page: ``python -m steadynet.portable.build``.

Does nothing for a demo whose sources and packages are those of the last build.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from steadynet._runs import local_processes
from steadynet._sources import files_used
from steadynet.portable.plans import PLANS
from steadynet.portable.plans.base import File, Plan

__all__ = ["FOLDER", "build"]

FOLDER = Path(__file__).parent / "built"
TYPES = {"float32": "f32", "uint8": "u8", "uint16": "u16", "uint32": "u32", "int32": "i32"}
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
    stamp = _stamp()
    plans = {name: make() for name, make in PLANS.items()}
    old = [name for name in plans if force or not _is_fresh(folder / f"{name}.json", stamp)]
    if old:
        with executor or local_processes(sum(len(plans[name].parts) for name in old)) as pool:
            for name in old:
                _write(folder, plans[name], stamp, pool)
    _drop_old(folder)
    return old


def _write(folder: Path, plan: Plan, stamp: str, executor: Executor) -> None:
    """One plan and its files; the plan last, so that it names nothing missing."""
    names, files = {}, {}
    for made in executor.map(_make, plan.parts.values()):
        for key, (content, entry) in made.items():
            name = f"{hashlib.sha256(content).hexdigest()[:16]}.bin"
            (folder / name).write_bytes(content)
            names[key], files[name] = name, {"bytes": len(content), **entry}
    text = json.dumps({**plan.describe(names), "files": files, "built_from": stamp})
    (folder / f"{plan.demo}.json").write_text(text, encoding="utf-8")


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


def _stamp() -> str:
    """Digest of the code that plans reach, and of the packages that convert them."""
    digest = hashlib.sha256()
    for path in sorted(files_used("import steadynet.portable")):
        if "static" not in path.parts:
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for name in _PACKAGES:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    return digest.hexdigest()


def _is_fresh(path: Path, stamp: str) -> bool:
    """Whether a plan is that of today's code and all its files are there."""
    if not path.is_file():
        return False
    plan = json.loads(path.read_text(encoding="utf-8"))
    there = all((path.parent / name).is_file() for name in plan["files"])
    return plan["built_from"] == stamp and there


def _drop_old(folder: Path) -> None:
    """Delete the files that no plan names."""
    plans = [json.loads(p.read_text(encoding="utf-8")) for p in folder.glob("*.json")]
    named = {name for plan in plans for name in plan["files"]}
    for path in folder.glob("*.bin"):
        if path.name not in named:
            path.unlink()


if __name__ == "__main__":
    done = build(force="--force" in sys.argv[1:])
    print(f"programs for training in a page: {', '.join(done) or 'all up to date'}")
