"""Judging by what a trusted program answers on the same inputs."""

from __future__ import annotations

import re

from ratchet.judge.hearing import Hearing, Seen, hears, status_of_exam
from ratchet.judge.reference import reference_exam
from ratchet.judge.types import VerdictStatus
from ratchet.problems.types import ReferenceOracle

_RAISED_BY_EXAM = {
    "AssertionError": VerdictStatus.FAILED,
    "MemoryError": VerdictStatus.MEMORY,
    "Slow": VerdictStatus.TIMEOUT,
}
"""What `ratchet.judge.reference_exam.hold` raises."""
_FRAMES = re.compile(r" \(line \d+: .*\)$", re.DOTALL)


@hears(ReferenceOracle)
def by_reference(hearing: Hearing, oracle: ReferenceOracle) -> Seen:
    """Ask program and reference the same, and compare by the oracle's rule."""
    examiner = reference_exam(oracle, hearing.sandbox, patience=hearing.patience)
    seen = hearing.sandbox.examine(hearing.candidate, oracle.entry_point, examiner, hearing.limits)
    status, detail = status_of_exam(seen, hearing.told)
    # The examiner's text is ours: what it raised is the evidence, where it stopped says nothing.
    kind, _, said = _FRAMES.sub("", detail).partition(": ")
    if kind in _RAISED_BY_EXAM:
        detail = said
        status = _RAISED_BY_EXAM[kind]
    return Seen(status, detail, seen.calls, seen.candidate, seen.examiner)
