"""What a test text needs, read off its syntax tree: which function, which names, and whether it can be split.

Nothing here is run. A text that does not parse says nothing: it will fail where it is run.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator

from ratchet.problems.parsing import parse

_LOOKS_INTO = frozenset({"inspect", "dis", "traceback"})
"""Modules that take a function apart: of a stand-in they would show the stand-in."""

_HARMLESS = frozenset({"__name__", "__qualname__", "__call__"})
_PATCHERS = frozenset({"patch", "patch.object", "patch.dict", "patch.multiple", "monkeypatch.setattr"})


def why_together(test: str, entry_point: str) -> str:
    """Why `test` must share a process with the function it tests; empty where it need not.

    Two things cannot be done from another process: to look into the function itself (its
    source, its code object), and to replace what it calls (mocks).
    """
    tree = _tree(test)
    subjects = {entry_point, "candidate", "__candidate__"}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                if name in subjects and attribute.startswith("__") and attribute not in _HARMLESS:
                    return f"it reads {attribute} of the function"
            case ast.Call(func=function, args=arguments):
                called = ast.unparse(function)
                if called.partition(".")[0] in _LOOKS_INTO and _has_name(arguments, subjects):
                    return f"it looks into the function with {called}"
                if called.removeprefix("unittest.").removeprefix("mock.") in _PATCHERS:
                    return f"it replaces with {called} what the function uses"
    return ""


def entry_point_of(test: str) -> str | None:
    """The function that an assertion is about: the outermost call of a name that Python does not know.

    Where all names that it calls are built in, the first of them (MBPP/126 asks for a `sum`).
    """
    called = [
        node.func.id
        for node in ast.walk(_tree(test))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    own = [name for name in called if not hasattr(builtins, name)]
    return next(iter(own or called), None)


def unbound_names(test: str) -> frozenset[str]:
    """The names that `test` uses and neither defines nor imports, built-in ones left out."""
    tree = _tree(test)
    return frozenset(_used(tree)) - frozenset(_bound(tree)) - frozenset(dir(builtins))


def missing_imports(test: str) -> str:
    """`import` lines for the modules of the standard library that `test` uses without importing them."""
    modules = sorted(unbound_names(test) & sys.stdlib_module_names)
    return "".join(f"import {name}\n" for name in modules)


def imported_modules(text: str) -> frozenset[str]:
    """The top-level names of the modules that `text` imports, anywhere in it."""
    found = set()
    for node in ast.walk(_tree(text)):
        match node:
            case ast.Import(names=aliases):
                found |= {alias.name.partition(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                found.add(module.partition(".")[0])
    return frozenset(found)


def _tree(test: str) -> ast.AST:
    try:
        return parse(test)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _has_name(arguments: list[ast.expr], names: set[str]) -> bool:
    return any(isinstance(argument, ast.Name) and argument.id in names for argument in arguments)


def _used(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id


def _bound(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.ExceptHandler(name=str(name)):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield alias.asname or alias.name.partition(".")[0]
