"""Each kind of oracle, and how a candidate is put to it: a file each, which registers itself by `@hears`.

To add one, give it a dataclass in `ratchet.problems.types` and a file here, and import that below.
"""

from __future__ import annotations

from ratchet.judge.hearing import KINDS, Hearing, Seen
from ratchet.judge.oracles import (
    calls,
    check,
    context,
    native,
    prediction,
    printed,
    reference,
    renamed,
    stdio,
    variables,
)

__all__ = [
    "calls",
    "check",
    "context",
    "hear",
    "native",
    "prediction",
    "printed",
    "reference",
    "renamed",
    "stdio",
    "variables",
]


def hear(hearing: Hearing) -> Seen:
    """Put the candidate to its problem's oracle; raises as `ratchet.judge.judge` does."""
    return KINDS[type(hearing.problem.oracle)](hearing, hearing.problem.oracle)
