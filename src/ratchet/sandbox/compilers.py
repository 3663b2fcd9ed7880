"""What a compiler said, in one line."""

from __future__ import annotations

import re

from ratchet.sandbox.types import Outcome

_ERROR = re.compile(r"\berror\b", re.IGNORECASE)


def first_error(compilation: Outcome) -> str:
    """The first error in a compiler's output, or its first line; empty if it said nothing."""
    lines = [line.strip() for line in f"{compilation.stderr}\n{compilation.stdout}".splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]  # Go names its package so
    return next(filter(_ERROR.search, lines), lines[0] if lines else "")
