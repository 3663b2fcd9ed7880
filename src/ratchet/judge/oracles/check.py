"""Judging by a test text in Python that raises on a wrong answer."""

from __future__ import annotations

from ratchet.judge.exam import exam_text
from ratchet.judge.hearing import Hearing, Seen, hears, mode_of, status_of_exam
from ratchet.problems.types import CheckOracle
from ratchet.sandbox.types import Program


@hears(CheckOracle)
def by_check(hearing: Hearing, oracle: CheckOracle) -> Seen:
    """Run the test text, apart from the program or together with it."""
    mode = mode_of(hearing, oracle)
    seen = hearing.sandbox.examine(
        hearing.candidate,
        oracle.entry_point,
        Program(exam_text(oracle), packages=hearing.problem.packages),
        hearing.limits,
        in_process=mode == "in-process",
        in_place=oracle.in_place,
        handles=oracle.handles,
    )
    status, detail = status_of_exam(seen, hearing.told)
    return Seen(status, detail, seen.calls, seen.candidate, seen.examiner, mode, oracle.together)
