"""How a failed program and its error are put before a model that shall repair it.

The corpus that teaches repair and the recipe that asks for it must use the very
same words, so they are written once, here.
"""

from __future__ import annotations

EVIDENCE_LENGTH = 80
"""Characters of evidence that are shown: what a tiny model's context affords."""


def repair_context(program: str, evidence: str) -> str:
    """The text after which a revised program is due: the failed one, and what was wrong with it.

    `evidence` is a verdict's detail; it is cut to one line of `EVIDENCE_LENGTH` characters.
    """
    line = " ".join(evidence.split())[:EVIDENCE_LENGTH]
    return f"{program.rstrip()}\n# Wrong: {line}\n"


def evidence(case: int, call: str, got: str, expected: str) -> str:
    """One wrong case in words, as the judge's verdicts word it; cases count from 1.

    Call and values are given as the judge writes them (`ratchet.judge.evidence`).
    """
    return f"case {case}: {call} returned {got}, expected {expected}"
