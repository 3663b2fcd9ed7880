"""What the languages without a compiler share where a test is taken apart from a function."""

from __future__ import annotations

import re

from ratchet.sandbox.languages import Unsplittable


def before(declaration: str, head: str) -> str:
    """What stands before the last match of `head` (a pattern) in a declaration; raises Unsplittable."""
    if not declaration.strip():
        return ""
    found = list(re.finditer(head, declaration, re.MULTILINE))
    if not found:
        raise Unsplittable("the function's head is not in the declaration")
    return declaration[: found[-1].start()]


def named(entry_point: str, pattern: str = r"[A-Za-z_]\w*") -> str:
    """The name, to be put into a text; raises Unsplittable if it is none."""
    if re.fullmatch(pattern, entry_point, re.ASCII) is None:
        raise Unsplittable(f"{entry_point!r} is no name of a function")
    return entry_point
