"""Which files of the package a piece of code uses."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).parent
# The site's own code shapes pages, not results; the rest of these is not what runs.
NOT_RUN = {"site", "built", "js", "node_modules", "__pycache__", ".ipynb_checkpoints"}


def files_used(code: str, package: Path = PACKAGE) -> set[Path]:
    """Files of `package` that `code` reaches through its imports, data beside them included.

    A module brings itself, a sub-package all that is in it (it may import lazily), and both bring
    what they import in turn. The package brings its own `__init__` and its folders of data.

    Parameters
    ----------
    code : str
        Python, as a chapter's cells hold it; lines of IPython magic are passed over.
    package : Path
        Folder of the package.

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
    waiting, seen = list(_imported(code, package.name, (), package)), set()
    while waiting:
        unit = waiting.pop()
        if unit in seen:
            continue
        seen.add(unit)
        for path in _unit_files(unit, package):
            if path.suffix == ".py":
                home = path.relative_to(package.parent).parts[:-1]
                waiting += _imported(path.read_text(encoding="utf8"), package.name, home, package)
    return {path for unit in seen for path in _unit_files(unit, package)}


def _imported(code: str, name: str, home: tuple[str, ...], package: Path) -> set[str]:
    """First-level names of the package that the code imports; "" is the package itself."""
    lines = code.splitlines()
    plain = "\n".join("" if line.lstrip()[:1] in ("%", "!") else line for line in lines)
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return _units(package)
    dotted = [parts for node in ast.walk(tree) for parts in _targets(node, home)]
    found = {parts[1] if len(parts) > 1 else "" for parts in dotted if parts[:1] == (name,)}
    return (found & _units(package)) | ({""} if found else set())


def _targets(node: ast.AST, home: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Dotted names that a piece of code may import, as tuples."""
    if isinstance(node, ast.Import):
        yield from (tuple(alias.name.split(".")) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = home[: len(home) - node.level + 1] if node.level else ()
        base += tuple(node.module.split(".")) if node.module else ()
        yield base
        yield from ((*base, alias.name) for alias in node.names)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield tuple(node.value.strip(".").split("."))  # a name for importlib


@lru_cache
def _units(package: Path) -> set[str]:
    """Modules and sub-packages directly in the package, and "" for the package itself."""
    modules = {path.stem for path in package.glob("*.py") if path.stem != "__init__"}
    packages = {path.parent.name for path in package.glob("*/__init__.py")}
    return (modules | packages | {""}) - NOT_RUN


@lru_cache
def _unit_files(unit: str, package: Path) -> tuple[Path, ...]:
    """Files that belong to one unit."""
    if (package / f"{unit}.py").is_file():
        return (package / f"{unit}.py",)
    if unit:
        return tuple(_below(package / unit))
    folders = [path for path in package.iterdir() if path.name not in _units(package)]
    return (package / "__init__.py", *(path for folder in folders for path in _below(folder)))


def _below(folder: Path) -> list[Path]:
    """Files in the folder and below it that count."""
    inside = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [path.relative_to(folder.parent).parts for path in inside]
    return [path for path, names in zip(inside, parts, strict=True) if not NOT_RUN & set(names)]
