"""What the programs for pages were made from. Needs Python alone, so that packaging can ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steadynet._stamp import BUILT, PACKAGE, files_used, pages, stamp

__all__ = ["FILE", "FOLDER", "has_files", "read", "sources", "stale", "write"]

FOLDER = BUILT / "programs"
FILE = "notes.json"  # the site does not need it
# A demo draws figures and shows a recording; what a page trains is made of neither.
_NOT_USED = ("figures", "recordings")


def sources(module: str, package: Path = PACKAGE) -> str:
    """Stamp of all that a demo's programs are made by.

    Parameters
    ----------
    module : str
        The one whose plan it is, as ``steadynet.demos.clip_threshold.page``.
    package : Path
        Folder of the package.

    Returns
    -------
    str
        Of the files that the module and the conversion reach through their imports.
    """
    code = f"import {package.name}.assets.programs, {module}"
    return stamp(files_used(code, package, _NOT_USED), package)


def read(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """What the last conversion noted, by demo; nothing where there was none."""
    path = folder / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write(folder: Path, notes: Mapping[str, Mapping[str, Any]]) -> None:
    """Note what was converted, for the next time."""
    (folder / FILE).write_text(json.dumps(notes), encoding="utf-8")


def has_files(folder: Path, note: Mapping[str, Any]) -> bool:
    """Whether the files that a note names are there."""
    return all((folder / name).is_file() for name in note.get("files", ()))


def stale(folder: Path = FOLDER, package: Path = PACKAGE) -> list[str]:
    """Modules with a plan whose programs are missing, or of other sources than today's."""
    noted = {note.get("module"): (name, note) for name, note in read(folder).items()}

    def is_fresh(module: str) -> bool:
        name, note = noted.get(module, ("", {}))
        same = note.get("sources") == sources(module, package)
        return same and has_files(folder, note) and (folder / f"{name}.json").is_file()

    return [module for module in pages(package).values() if not is_fresh(module)]
