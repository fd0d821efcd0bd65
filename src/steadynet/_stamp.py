"""What a built thing was built from: the files that its code uses, under one stamp."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import itertools
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

__all__ = ["BUILT", "PACKAGE", "files_used", "pages", "stamp", "versions"]

PACKAGE = Path(__file__).parent
BUILT = PACKAGE / "built"  # all that is built and lies in no repository
# The site's own code shapes pages, not results; the rest of these is not what runs.
NOT_RUN = frozenset({"site", "built", "__pycache__", ".ipynb_checkpoints"})

Name: TypeAlias = tuple[str, ...]  # a dotted name, or the parts of a path


def stamp(files: Iterable[Path], root: Path, *said: str) -> str:
    """Digest of files, their names below `root` included, and of what else counts.

    Parameters
    ----------
    files : iterable of Path
        Below `root`, in any order.
    root : Path
        A folder; where it lies does not count.
    *said : str
        Versions of packages, or other stamps.

    Returns
    -------
    str
        16 hexadecimal digits.

    Examples
    --------
    >>> stamp([PACKAGE / "_stamp.py"], PACKAGE) == stamp([PACKAGE / "_stamp.py"], PACKAGE.parent)
    False
    """
    digest = hashlib.sha256("\n".join(said).encode())
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in set(files)):
        digest.update(f"\n{name}\n{_content(*_state(path))}".encode())
    return digest.hexdigest()[:16]


def meaning(files: Iterable[Path], root: Path = PACKAGE) -> str:
    """Digest as `stamp`, in which comments, docstrings and layout of Python code do not count.

    Examples
    --------
    >>> len(meaning([PACKAGE / "_stamp.py"]))
    16
    """
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in set(files)):
        said = _said(path) if path.suffix == ".py" else _content(*_state(path))
        digest.update(f"\n{name}\n{said}".encode())
    return digest.hexdigest()[:16]


def _said(path: Path) -> str:
    """A module's syntax tree without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            del body[0]
    return ast.dump(tree)


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is a string alone."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text and isinstance(node.value.value, str)  # type: ignore[attr-defined]


def versions(*packages: str) -> str:
    """Python's version and those of packages, to be stamped.

    Examples
    --------
    >>> versions("numpy")  # doctest: +ELLIPSIS
    'python 3..., numpy ...'
    """
    named = [("python", f"{sys.version_info[0]}.{sys.version_info[1]}")]
    named += [(name, importlib.metadata.version(name)) for name in packages]
    return ", ".join(f"{name} {version}" for name, version in named)


def files_used(code: str, package: Path = PACKAGE, without: Collection[str] = ()) -> set[Path]:
    """Files of `package` that `code` reaches through its imports, data beside them included.

    A module brings itself, a sub-package all that is in it (it may import lazily), and both bring
    what they import in turn. Each brings the `__init__` of the packages around it and their data:
    files that are no Python, in the package's folder or in one below it that is no package.

    Parameters
    ----------
    code : str
        Python, as a chapter's cells hold it; lines of IPython magic are passed over.
    package : Path
        Folder of the package.
    without : collection of str
        Names of folders and files that do not count, wherever they lie.

    Returns
    -------
    set of Path
        Empty where the package is not imported. All of it where the code cannot be parsed.

    Examples
    --------
    >>> files_used("import numpy")
    set()
    >>> sorted(path.name for path in files_used("import steadynet") if path.suffix == ".py")
    ['__init__.py']
    """
    found = dict(_below(package, NOT_RUN | set(without)))
    modules = {_module(parts): path for parts, path in found.items() if path.suffix == ".py"}
    names = _names(code, ())
    waiting = set(modules) if names is None else _imported(names, package.name, modules)
    used: set[Name] = set()
    while waiting - used:
        module = (waiting - used).pop()
        used.add(module)
        home = (package.name, *modules[module].relative_to(package).parts[:-1])
        names = _names_in(home, *_state(modules[module])) or frozenset()
        waiting |= _imported(names, package.name, modules)
    around = {name[:k] for name in used for k in range(len(name) + 1)}
    data = {path for parts, path in found.items() if _home(parts, modules) in around}
    return {path for name, path in modules.items() if name in around} | {
        path for path in data if path.suffix != ".py"
    }


def pages(package: Path = PACKAGE) -> dict[str, str]:
    """Modules that hold the plan of what a page trains, by the folder of their demo.

    Examples
    --------
    >>> pages()["clip_threshold"]
    'steadynet.demos.clip_threshold.page'
    """
    folders = [path.parent.name for path in sorted(package.glob("demos/*/page.py"))]
    return {folder: f"{package.name}.demos.{folder}.page" for folder in folders}


def _below(package: Path, without: Collection[str]) -> Iterator[tuple[Name, Path]]:
    """Files that count, by the parts of their names."""
    for path in sorted(package.rglob("*")):
        parts = path.relative_to(package).parts
        if path.is_file() and not set(parts) & set(without):
            yield parts, path


def _module(parts: Name) -> Name:
    """A module's name below the package, which is () itself."""
    return parts[:-1] if parts[-1] == "__init__.py" else (*parts[:-1], parts[-1][:-3])


def _home(parts: Name, modules: Mapping[Name, Path]) -> Name:
    """The package that a file belongs to."""
    folders = (parts[:k] for k in range(len(parts) - 1, 0, -1))
    return next((folder for folder in folders if folder in modules), ())


def _imported(names: Iterable[Name], top: str, modules: Mapping[Name, Path]) -> set[Name]:
    """Modules that dotted names stand for; of a sub-package, all."""
    found = {_home((*name[1:], ""), modules) for name in names if name[:1] == (top,)}
    packages = {name for name in found if name and modules[name].name == "__init__.py"}
    return found | {m for m in modules if any(m[: len(p)] == p for p in packages)}


def _state(path: Path) -> tuple[Path, int, int]:
    """A file, and what changes when it is written."""
    status = path.stat()
    return path, status.st_mtime_ns, status.st_size


@functools.cache
def _content(path: Path, *_changed: int) -> str:
    """Digest of one file, taken once."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.cache
def _names_in(home: Name, path: Path, *_changed: int) -> frozenset[Name] | None:
    """As `_names`, of a file, read once."""
    return _names(path.read_text(encoding="utf8"), home)


def _names(code: str, home: Name) -> frozenset[Name] | None:
    """Dotted names that code in the package `home` may import; None where it cannot be parsed."""
    lines = code.splitlines()
    plain = "\n".join("" if line.lstrip()[:1] in ("%", "!") else line for line in lines)
    try:
        nodes = list(ast.walk(ast.parse(plain)))
    except SyntaxError:
        return None
    imports = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    short = {alias.asname: tuple(alias.name.split(".")) for alias in imports if alias.asname}
    every = itertools.chain.from_iterable(_named(node, home) for node in nodes)
    return frozenset((*short.get(name[0], name[:1]), *name[1:]) for name in every if name)


def _named(node: ast.AST, home: Name) -> Iterator[Name]:
    """Dotted names in a piece of code: imported, reached by attributes, or in a string."""
    if isinstance(node, ast.Import):
        yield from (tuple(alias.name.split(".")) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = home[: len(home) - node.level + 1] if node.level else ()
        base += tuple(node.module.split(".")) if node.module else ()
        yield from ((*base, alias.name) for alias in node.names)
    elif isinstance(node, ast.Attribute):
        yield _chain(node)  # a package may load its rooms when they are asked for
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield tuple(node.value.strip(".").split("."))  # a name for importlib


def _chain(node: ast.AST) -> Name:
    """``a.b.c`` as a name; empty where it does not begin with one."""
    if isinstance(node, ast.Attribute):
        before = _chain(node.value)
        return (*before, node.attr) if before else ()
    return (node.id,) if isinstance(node, ast.Name) else ()
