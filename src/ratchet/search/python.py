"""What one file of Python source defines, imports and exports, read from its syntax tree alone.

Nothing is imported and nothing is run. Statements under `if`, `try` and `with` at
the top of a module count, but for `if TYPE_CHECKING`; of several definitions of a
name the last counts. Documentation that is attached by a call, as numpy and torch
do for what is compiled (`add_newdoc(place, name, text)`), is read as well.
"""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from ratchet.search.calls import (
    decorator_names,
    deprecation,
    dotted,
    signature_of_class,
    signature_of_function,
)
from ratchet.search.entries import Kind, split_call

MAX_NESTING = 4
"""Classes within classes are followed this far."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Something that a module defines. `name` is dotted within the module: `JSONDecoder.decode`."""

    name: str
    kind: Kind
    signature: str
    doc: str
    deprecated: str
    line: int


@dataclass(frozen=True, slots=True)
class Import:
    """A name that stands for `name` of `module`, or for the module itself where `name` is empty."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that was assigned another one, or (`instance`) a call of another one: `a = b.c`, `a = B()`."""

    target: str
    instance: bool


Binding = Definition | Import | Alias


@dataclass(slots=True)
class Module:
    """One file, parsed. `bindings` holds the names at its top, `members` what each class there has."""

    name: str
    package: bool
    where: str
    doc: str = ""
    bindings: dict[str, Binding] = field(default_factory=dict)
    members: dict[str, list[Definition]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    exported: set[str] = field(default_factory=set)
    exports_of: list[str] = field(default_factory=list)
    """Modules, by the name they have here, whose own `__all__` is part of this one's."""
    all_known: bool = False
    """Whether `exported` and `exports_of` are all that `__all__` holds."""
    attached: list[tuple[str, Definition]] = field(default_factory=list)
    """(place, definition): documentation attached from here to what other modules define."""


def parse(source: bytes, name: str, *, package: bool, where: str) -> Module | None:
    """The module `name`, whose file holds `source`; None where that is no Python of this version.

    `where` is its file, for locations. Any bytes at all may be given.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, LookupError, OverflowError, RecursionError, MemoryError):
        return None
    module = Module(name, package, where, doc=_docstring(tree))
    previous: ast.stmt | None = None
    for statement in _statements(tree.body):
        _take(statement, module)
        _take_text_below(previous, statement, module)
        previous = statement
    return module


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module's top level, those under conditions included."""
    waiting = [iter(body)]
    while waiting:
        statement = next(waiting[-1], None)
        if statement is None:
            waiting.pop()
        elif isinstance(statement, ast.If):
            # As below: the substitute comes first.
            if dotted(statement.test).rpartition(".")[2] != "TYPE_CHECKING":
                waiting.append(iter(statement.body))
            waiting.append(iter(statement.orelse))
        elif isinstance(statement, ast.Try):
            # What an except branch defines is a substitute: it comes first, so that the body wins.
            parts = [statement.finalbody, statement.orelse, statement.body]
            parts += [handler.body for handler in statement.handlers]
            waiting += [iter(part) for part in parts]
        elif isinstance(statement, ast.With):
            waiting.append(iter(statement.body))
        else:
            yield statement


def _take(statement: ast.stmt, module: Module) -> None:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            if "overload" not in decorator_names(statement):
                module.bindings[statement.name] = _function(statement, statement.name, "function")
        case ast.ClassDef():
            _take_class(statement, statement.name, module, depth=1)
        case ast.Import():
            for name in statement.names:
                top = name.name.partition(".")[0]
                module.bindings[name.asname or top] = Import(name.name if name.asname else top, "")
        case ast.ImportFrom():
            _take_import(statement, module)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            _take_assignment(name, value, statement.lineno, module)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            _take_assignment(name, value, statement.lineno, module)
        case ast.AugAssign(target=ast.Name(id="__all__"), value=value):
            _take_exports(value, module)
        case ast.Expr(value=ast.Call() as call):
            _take_call(call, module)
        case _:
            return


def _take_class(node: ast.ClassDef, name: str, module: Module, depth: int) -> None:
    definition = Definition(
        name,
        "class",
        signature_of_class(node),
        _docstring(node),
        deprecation(node, _docstring(node)),
        node.lineno,
    )
    if depth == 1:
        module.bindings[name] = definition
        module.members.pop(name, None)
    else:
        module.members.setdefault(name.partition(".")[0], []).append(definition)
    members = module.members.setdefault(name.partition(".")[0], [])
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = decorator_names(statement)
            accessor = {"setter", "deleter", "overload"} & decorators
            if not statement.name.startswith("_") and not accessor:
                is_property = bool({"property", "cached_property", "cache_readonly"} & decorators)
                members.append(
                    _function(statement, f"{name}.{statement.name}", "property" if is_property else "method")
                )
        elif (
            isinstance(statement, ast.ClassDef) and depth < MAX_NESTING and not statement.name.startswith("_")
        ):
            _take_class(statement, f"{name}.{statement.name}", module, depth + 1)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, kind: Kind) -> Definition:
    signature = "" if kind == "property" else signature_of_function(node, method=kind == "method")
    doc = _docstring(node)
    return Definition(name, kind, signature, doc, deprecation(node, doc), node.lineno)


def _take_import(node: ast.ImportFrom, module: Module) -> None:
    base = node.module or ""
    if node.level:
        parts = module.name.split(".")
        kept = len(parts) - node.level + (1 if module.package else 0)
        if kept < 1:
            return  # beyond the top package: an error when it is run
        base = ".".join([*parts[:kept], *([base] if base else [])])
    for name in node.names:
        if name.name == "*":
            module.stars.append(base)
        elif not isinstance(module.bindings.get(name.asname or name.name), Definition):
            # What is defined here as well is imported in its compiled form.
            module.bindings[name.asname or name.name] = Import(base, name.name)


def _take_assignment(name: str, value: ast.expr, line: int, module: Module) -> None:
    if name == "__all__":
        module.exported.clear()
        module.exports_of.clear()
        module.all_known = True
        _take_exports(value, module)
        return
    instance = isinstance(value, ast.Call)
    target = dotted(value.func if isinstance(value, ast.Call) else value)
    if target and not (instance and isinstance(module.bindings.get(name), Definition)):
        module.bindings[name] = Alias(target, instance)


def _take_text_below(previous: ast.stmt | None, statement: ast.stmt, module: Module) -> None:
    """A text that stands below an assignment documents the constant."""
    match previous, statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
            ast.Expr(value=ast.Constant(value=str(text))),
        ) if previous is not None:
            module.bindings[name] = Definition(
                name, "constant", "", inspect.cleandoc(text), "", previous.lineno
            )
        case _:
            return


def _take_exports(value: ast.expr, module: Module) -> None:
    """Add what `value` contributes to `__all__`: names, and other modules' `__all__`."""
    match value:
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            for item in items:
                if isinstance(item, ast.Constant) and isinstance(item.value, str):
                    module.exported.add(item.value)
                elif isinstance(item, ast.Starred):
                    _take_exports(item.value, module)
                else:
                    module.all_known = False
        case ast.BinOp(op=ast.Add() | ast.BitOr()):
            for side in _operands(value):
                _take_exports(side, module)
        case ast.Attribute(value=owner, attr="__all__") if dotted(owner):
            module.exports_of.append(dotted(owner))
        case ast.Call(func=ast.Name(id="list" | "set" | "sorted" | "tuple"), args=[only], keywords=[]):
            _take_exports(only, module)
        case ast.Call(func=ast.Attribute(value=copied, attr="copy"), args=[], keywords=[]):
            _take_exports(copied, module)
        case _:
            module.all_known = False


def _operands(value: ast.expr) -> list[ast.expr]:
    """The operands of a sum, however long it is: a sum is as deep as it has terms."""
    found = []
    while isinstance(value, ast.BinOp):
        found.append(value.right)
        value = value.left
    return [value, *found]


def _take_call(call: ast.Call, module: Module) -> None:
    """`__all__.extend(...)`, `add_newdoc("module", "name", text)`, `add_docstr(torch.name, text)`."""
    function = dotted(call.func)
    if function in ("__all__.extend", "__all__.append") and len(call.args) == 1:
        one = function.endswith("append")
        _take_exports(ast.List(elts=call.args) if one else call.args[0], module)
        return
    match function.rpartition(".")[2], call.args:
        case "add_newdoc", [ast.Constant(value=str(place)), ast.Constant(value=str(name)), text, *_]:
            for within, doc in _attached_texts(text):
                kind: Kind = "method" if within else "function"
                _attach(place, f"{name}.{within}" if within else name, kind, doc, call.lineno, module)
        case "add_docstr", [target, text, *_] if "." in dotted(target):
            place, _, name = dotted(target).rpartition(".")
            for _, doc in _attached_texts(text):
                _attach(place, name, "function", doc, call.lineno, module)


def _attach(place: str, name: str, kind: Kind, doc: str, line: int, module: Module) -> None:
    own, text = name.rpartition(".")[2], inspect.cleandoc(doc)
    call, rest = split_call(text)
    signature = ""
    if call.startswith(f"{own}("):
        signature, text = re.sub(r"^\(\$\w+(, )?(/(, )?)?", "(", call[len(own) :]), rest
    elif kind == "method":
        kind = "property"
    if not own.startswith("_"):
        module.attached.append((place, Definition(name, kind, signature, text, "", line)))


def _attached_texts(node: ast.expr) -> list[tuple[str, str]]:
    """(member or nothing, text) for a text, a pair of member and text, or a list of such pairs."""
    match node:
        case ast.Constant(value=str(text)):
            return [("", text)]
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)))):
            return [("", text)]
        case ast.Tuple(elts=[ast.Constant(value=str(member)), text_node]):
            return [(member, text) for _, text in _attached_texts(text_node)]
        case ast.List(elts=items):
            return [pair for item in items if isinstance(item, ast.Tuple) for pair in _attached_texts(item)]
        case _:
            return []


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return ast.get_docstring(node) or ""
