"""Python's own parser, from one thread at a time."""

from __future__ import annotations

import ast
import threading
from typing import Literal

_LOCK = threading.Lock()


def parse(text: str, mode: Literal["exec", "eval"] = "exec") -> ast.Module | ast.Expression:
    """As `ast.parse`, for code that runs in several threads.

    Up to Python 3.12 all threads count the depth of what they parse in one place, and one
    that is interrupted there gets a SystemError ("AST constructor recursion depth mismatch").
    """
    with _LOCK:
        if mode == "eval":
            return ast.parse(text, mode="eval")
        return ast.parse(text)
