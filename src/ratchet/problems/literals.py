"""Lists of argument lists, written as a Python literal."""

from __future__ import annotations

import ast
from typing import Any

from ratchet.errors import RatchetError
from ratchet.problems.parsing import parse


def read_inputs(text: str) -> list[tuple[Any, ...]]:
    """The argument lists that `text` stands for; `inf` and `nan` are numbers in it.

    Raises RatchetError on any other text.
    """
    try:
        tree = parse(text.strip(), "eval")
        if "inf" in text or "nan" in text:
            tree = ast.fix_missing_locations(_Floats().visit(tree))
        value = ast.literal_eval(tree)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        value = None
    if not isinstance(value, list) or not value or not all(isinstance(args, list | tuple) for args in value):
        raise RatchetError(
            f"the inputs {text[:60]!r} are no list of argument lists; write one as a Python literal."
        )
    return [tuple(args) for args in value]


class _Floats(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A constant in place of `inf` and `nan`."""
        return ast.Constant(float(node.id)) if node.id in ("inf", "nan") else node
