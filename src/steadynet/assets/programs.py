"""Convert what the explorers train in a page.

Does nothing for a demo whose sources and packages are the same as last time.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np

from steadynet._runs import local_processes
from steadynet._stamp import versions
from steadynet.assets import notes
from steadynet.explorer.plan import File, Plan

__all__ = ["TYPES", "convert"]

TYPES = {"float32": "f32", "uint8": "u8", "uint16": "u16", "uint32": "u32", "int32": "i32"}


def convert(
    plans: Mapping[str, Callable[[], Plan]],
    folder: Path = notes.FOLDER,
    *,
    force: bool = False,
    executor: Executor | None = None,
) -> list[str]:
    """Write each demo's plan, programs and data.

    Parameters
    ----------
    plans : mapping of str to callable
        By demo, as ``demos.plans.PLANS``. The files of a demo that is not among them are deleted.
    folder : Path
        Gets ``<demo>.json``, and ``<hash>.bin`` with a program or arrays, gzipped.
    force : bool
        Convert all in any case.
    executor : concurrent.futures.Executor, optional
        Where programs are converted; it is left running. A pool of this machine's processes by
        default.

    Returns
    -------
    list of str
        Demos that were converted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known, made = notes.read(folder), {name: make() for name, make in plans.items()}
    heads = {name: _head(make) for name, make in plans.items()}
    old = [n for n in plans if force or not _is_fresh(folder, known.get(n, {}), heads[n])]
    if old:
        most = sum(len(made[name].parts) for name in old)
        with contextlib.nullcontext(executor) if executor else local_processes(most) as pool:
            known |= {name: heads[name] | _write(folder, made[name], pool) for name in old}
    known = {name: known[name] for name in plans}
    notes.write(folder, known)
    for name, plan in made.items():
        text = json.dumps({**plan.describe(known[name]["names"]), "files": known[name]["files"]})
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    _drop_old(folder, known)
    return old


def _head(make: Callable[[], Plan]) -> dict[str, str]:
    """What a plan's files depend on: its sources, and the packages that convert them."""
    packages = versions("keras", "numpy", "tensorflow")
    return {
        "module": make.__module__,
        "sources": notes.sources(make.__module__),
        "packages": packages,
    }


def _is_fresh(folder: Path, note: Mapping[str, Any], head: Mapping[str, str]) -> bool:
    """Whether a demo's files are those of today's code and packages, and all there."""
    return {name: note.get(name) for name in head} == head and notes.has_files(folder, note)


def _write(folder: Path, plan: Plan, executor: Executor) -> dict[str, dict[str, Any]]:
    """The files of one plan: their names in the folder by the plan's, and what is in them."""
    names, files = {}, {}
    for made in executor.map(_make, plan.parts.values()):
        for key, (content, entry) in made.items():
            name = f"{hashlib.sha256(content).hexdigest()[:16]}.bin"
            (folder / name).write_bytes(content)
            names[key], files[name] = name, {"bytes": len(content), **entry}
    return {"names": names, "files": files}


def _make(part: Callable[[], Mapping[str, File]]) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """One part's files, gzipped: here, as bytes travel better between processes than tensors."""
    import keras

    # A program holds its layers' names, which count up over all that a process made before.
    keras.utils.clear_session()
    return {name: _packed(file) for name, file in part().items()}


def _packed(file: File) -> tuple[bytes, dict[str, Any]]:
    """Gzipped bytes, and what the plan says of them."""
    if isinstance(file, tuple):
        return gzip.compress(file.content, 9, mtime=0), {"outputs": list(file.outputs)}
    arrays = {name: np.ascontiguousarray(a) for name, a in file.items()}
    heads = [[name, TYPES[a.dtype.name], list(a.shape)] for name, a in arrays.items()]
    raw = b"".join(a.astype(a.dtype.newbyteorder("<")).tobytes() for a in arrays.values())
    return gzip.compress(raw, 9, mtime=0), {"arrays": heads}


def _drop_old(folder: Path, known: dict[str, dict[str, Any]]) -> None:
    """Delete the files that no plan names."""
    named = {name for note in known.values() for name in note["files"]}
    named |= {f"{name}.json" for name in known} | {notes.FILE}
    for path in folder.iterdir():
        if path.name not in named:
            path.unlink()
