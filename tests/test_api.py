"""What is public has types, a page in the book, and an example that doctest runs."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from public import API, MODULES, is_code, names

import steadynet
from steadynet import experiments

PACKAGE = Path(steadynet.__file__).parent
# Called by the tests on every recording: what they give is a claim, and stands in a chapter.
CLAIMED = {f"steadynet.experiments.{name}" for name in experiments.NAMES + experiments.WRITTEN}


def public_functions(tree):
    """Functions of a module, and methods of its classes, without an underscore in front."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node)
        elif isinstance(node, ast.FunctionDef) and not re.match(r"_(?!_init__)", node.name):
            yield node


def is_typed(function):
    """Whether every argument and the result have a type; `self` and what is not used need none."""
    a = function.args
    given = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
    bare = [arg.arg for arg in given if arg.annotation is None]
    return set(bare) <= {"self", "cls"} and function.returns is not None


@pytest.mark.parametrize("room", steadynet.__all__)
def test_public_functions_have_types(room):
    folder = PACKAGE / room
    paths = sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]
    bare = [
        f"{path.name}: {function.name}"
        for path in paths
        for function in public_functions(ast.parse(path.read_text("utf8")))
        if not is_typed(function)
    ]
    assert bare == []


def test_check_sees_what_has_no_type():
    code = (
        "class A:\n    def __init__(self, x): ...\n    def _b(self, x): ...\ndef c(x: int): ...\n"
    )
    found = list(public_functions(ast.parse(f"{code}def d(x: int, *y: int) -> int: ...\n")))
    assert [(f.name, is_typed(f)) for f in found] == [
        ("__init__", False),
        ("c", False),
        ("d", True),
    ]


def test_every_room_has_a_page_that_begins_with_it():
    assert {room: modules[0] for room, modules in MODULES.items()} == {
        room: f"steadynet.{room}" for room in steadynet.__all__
    }
    listed = re.findall(
        r"^   steadynet\.(\w+)$", (API / "index.md").read_text("utf8"), re.MULTILINE
    )
    assert sorted(listed) == steadynet.__all__


@pytest.mark.parametrize("room", ["experiments", "portable", "tasks"])
def test_room_whose_modules_are_used_by_name_describes_each(room):
    modules = {path.stem for path in (PACKAGE / room).glob("[!_]*.py")}
    modules |= {path.parent.name for path in (PACKAGE / room).glob("*/__init__.py")}
    modules -= {"base", "evidence"}  # the room itself offers what is in it
    assert {name.split(".")[-1] for name in MODULES[room][1:]} == modules


@pytest.mark.parametrize("room", MODULES)
def test_page_says_what_each_constant_is(room):
    said = re.findall(
        r"^\.\. py:data:: (\w+)$", (API / f"{room}.md").read_text("utf8"), re.MULTILINE
    )
    for module in MODULES[room]:
        values = {name: getattr(importlib.import_module(module), name) for name in names(module)}
        assert {name for name, value in values.items() if not is_code(value)} <= set(said), module


def test_every_public_function_and_class_has_an_example():
    modules = {module for on_page in MODULES.values() for module in on_page} - CLAIMED
    lacking = {
        f"{module.removeprefix('steadynet.')}.{name}"
        for module in modules
        for name in names(module)
        if is_code(value := getattr(importlib.import_module(module), name))
        and ">>> " not in (value.__doc__ or "")
    }
    assert lacking == set()


def test_every_public_function_and_class_says_what_it_is():
    modules = {module for on_page in MODULES.values() for module in on_page}
    for module in modules:
        for name in names(module):
            value = getattr(importlib.import_module(module), name)
            assert not is_code(value) or (value.__doc__ or "").strip(), f"{module}.{name}"
