"""Programs with one small mistake: what a test suite that is worth anything tells from the right one.

The mistakes are those of mutation testing (DeMillo, Lipton and Sayward 1978): another operator,
a number that is off by one, a statement that is missing.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from ratchet.problems.parsing import parse

_Change = Callable[[Any], None]

_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.FloorDiv,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program with one mistake; `mistake` is "operator", "off by one" or "dropped line"."""

    source: str
    mistake: str


def mutants(source: str, *, seed: int = 0, most: int | None = None) -> list[Mutant]:
    """Different mutants of a Python program, at most so many, drawn by the seed; each differs in one place.

    Whether one of them behaves differently is not known: some mistakes change nothing. Raises
    SyntaxError where the program does not parse.
    """
    tree = parse(source)
    plain = ast.unparse(tree)
    found: dict[str, str] = {}
    for mutated, mistake in _each(tree):
        text = ast.unparse(ast.fix_missing_locations(mutated))
        if text != plain:
            found.setdefault(text, mistake)
    chosen = [Mutant(f"{text}\n", mistake) for text, mistake in found.items()]
    Random(seed).shuffle(chosen)
    return chosen[:most]


def _each(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """A changed copy of the tree for every place in which it can be changed."""
    for number, node in enumerate(ast.walk(tree)):
        for mistake, change in _changes(node):
            mutated = copy.deepcopy(tree)
            # The same walk meets the same node in the copy.
            change(next(same for place, same in enumerate(ast.walk(mutated)) if place == number))
            yield mutated, mistake


def _changes(node: ast.AST) -> Iterator[tuple[str, _Change]]:
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in _OTHER:
        yield "operator", partial(_with_operator, other=_OTHER[type(node.op)])
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            if type(op) in _OTHER:
                yield "operator", partial(_with_comparison, place=place, other=_OTHER[type(op)])
    if isinstance(node, ast.Constant) and type(node.value) is int:
        for by in (1, -1):
            yield "off by one", partial(_moved, by=by)
    if isinstance(node, ast.FunctionDef | ast.For | ast.While | ast.If | ast.With):
        for place, statement in enumerate(node.body):
            if not _says_nothing(statement):
                yield "dropped line", partial(_without, place=place)


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _with_operator(node: Any, other: type[ast.AST]) -> None:
    node.op = other()


def _with_comparison(node: Any, place: int, other: type[ast.AST]) -> None:
    node.ops[place] = other()


def _moved(node: Any, by: int) -> None:
    node.value += by


def _without(node: Any, place: int) -> None:
    node.body[place] = ast.Pass()
