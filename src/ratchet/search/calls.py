"""How a function or class is called, and whether it should be: signatures and deprecations."""

from __future__ import annotations

import ast
import re

MAX_SIGNATURE = 1000
"""Characters: longer signatures are cut there."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_DIRECTIVE = re.compile(r"^\s*\.\. +deprecated:: *(.*)$", re.MULTILINE)


def dotted(node: ast.expr) -> str:
    """`a.b.c` as written; empty for anything but names with dots between them."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def decorator_names(node: _Function | ast.ClassDef) -> set[str]:
    """The last name of each decorator: `property`, `setter`, `overload`, `dataclass`."""
    nodes = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return {dotted(decorator).rpartition(".")[2] for decorator in nodes}


def signature_of_function(node: _Function, *, method: bool) -> str:
    """`(a, b=1, *, c) -> int`; without the first parameter of a method that is bound to it."""
    bound = method and "staticmethod" not in decorator_names(node)
    result = f" -> {_text(node.returns)}" if node.returns is not None else ""
    return f"({_parameters(node.args, skip_first=bound)}){result}"[:MAX_SIGNATURE]


def signature_of_class(node: ast.ClassDef) -> str:
    """How to make one: the parameters of `__init__` or `__new__`, or a dataclass's fields; else empty."""
    makers = {
        statement.name: statement
        for statement in node.body
        if isinstance(statement, _Function) and "overload" not in decorator_names(statement)
    }
    for name in ("__init__", "__new__"):
        if name in makers:
            return f"({_parameters(makers[name].args, skip_first=True)})"[:MAX_SIGNATURE]
    bases = {dotted(base).rpartition(".")[2] for base in node.bases}
    if "dataclass" not in decorator_names(node) and bases.isdisjoint({"NamedTuple", "TypedDict"}):
        return ""
    fields = []
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            default = "" if statement.value is None else f" = {_text(statement.value)}"
            annotation = _text(statement.annotation)
            if "ClassVar" not in annotation:
                fields.append(f"{statement.target.id}: {annotation}{default}")
    return f"({', '.join(fields)})"[:MAX_SIGNATURE]


def deprecation(node: _Function | ast.ClassDef, doc: str) -> str:
    """Why not to use it, by its `@deprecated` or by the directive in `doc`; empty if neither is there."""
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        name = dotted(call.func if call is not None else decorator).rpartition(".")[2]
        if name.endswith(("deprecated", "deprecate")):
            texts = [a.value for a in (call.args if call else []) if isinstance(a, ast.Constant)]
            return next((text for text in texts if isinstance(text, str) and " " in text), "deprecated")
    directive = _DIRECTIVE.search(doc)
    if directive is None:
        return ""
    reason = re.match(r"(?:\s*\n)?((?:[ \t]+\S.*\n?)*)", doc[directive.end() :])
    words = " ".join(f"{directive[1]} {reason[1] if reason is not None else ''}".split())
    return words or "deprecated"


def _parameters(arguments: ast.arguments, *, skip_first: bool) -> str:
    before, plain = list(arguments.posonlyargs), list(arguments.args)
    defaults = list(arguments.defaults)
    texts = []
    missing = len(before) + len(plain) - len(defaults)
    for index, argument in enumerate([*before, *plain]):
        texts.append(_parameter(argument, defaults[index - missing] if index >= missing else None))
        if before and index == len(before) - 1:
            texts.append("/")
    if skip_first and (before or plain):
        texts.pop(0)
        if texts and texts[0] == "/":
            texts.pop(0)
    if arguments.vararg is not None:
        texts.append("*" + _parameter(arguments.vararg, None))
    elif arguments.kwonlyargs:
        texts.append("*")
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        texts.append(_parameter(argument, default))
    if arguments.kwarg is not None:
        texts.append("**" + _parameter(arguments.kwarg, None))
    return ", ".join(texts)


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    if argument.annotation is None:
        return argument.arg if default is None else f"{argument.arg}={_text(default)}"
    typed = f"{argument.arg}: {_text(argument.annotation)}"
    return typed if default is None else f"{typed} = {_text(default)}"


def _text(node: ast.expr) -> str:
    """The source of an expression; three dots where it is too deep, too odd or too long."""
    try:
        text = ast.unparse(node)
    except (RecursionError, ValueError):  # ValueError: a string that cannot be written within an f-string
        return "..."
    return text if len(text) <= MAX_SIGNATURE else "..."
