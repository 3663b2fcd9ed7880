"""Judging by a test text in the problem's own language, which says no more than how it ended."""

from __future__ import annotations

import signal
from functools import partial

from ratchet.errors import RatchetError
from ratchet.judge.evidence import complaint, how_it_ended
from ratchet.judge.hearing import Hearing, Seen, Together, hears, mode_of, status_of_exam
from ratchet.judge.types import VerdictStatus
from ratchet.problems.types import NativeOracle
from ratchet.sandbox.compilers import first_error
from ratchet.sandbox.languages import Unsplittable
from ratchet.sandbox.types import ExamOutcome, Limits, Program, Status


@hears(NativeOracle)
def by_native(hearing: Hearing, oracle: NativeOracle) -> Seen:
    """Run the test text; where it turns out that it cannot be kept apart, together with the program."""
    mode, together = mode_of(hearing, oracle), oracle.together
    examine = partial(
        hearing.sandbox.examine,
        hearing.candidate,
        oracle.entry_point,
        Program(oracle.test, hearing.problem.language),
        hearing.limits,
        declaration=oracle.declaration,
    )
    try:
        seen = examine(in_process=mode == "in-process")
    except Unsplittable as error:
        if hearing.mode == "split":
            raise Together(hearing.problem.id, str(error)) from None
        seen, mode, together = examine(in_process=True), "in-process", str(error)
    if seen.candidate.status is Status.UNAVAILABLE:
        raise RatchetError(f"{seen.candidate.reason}.")
    status, detail = _status_of_native(seen, hearing.told)
    return Seen(status, detail, seen.calls, seen.candidate, seen.examiner, mode, together)


def _status_of_native(seen: ExamOutcome, limits: Limits) -> tuple[VerdictStatus, str]:
    """The verdict of a test that tells no more than how it ended, and what it wrote before."""
    if seen.candidate.status is Status.INVALID:
        said = seen.candidate.compilation or seen.candidate
        return VerdictStatus.INVALID, first_error(said) or seen.candidate.reason
    together = seen.examiner is None
    if seen.passed and together:  # nobody counts the calls in one process
        return VerdictStatus.PASSED, ""
    test = seen.examiner or seen.candidate
    refused = test.status is Status.ERROR or test.signal == signal.SIGABRT  # as C's assert ends
    if refused and seen.fault is None and (together or seen.candidate.status is Status.OK):
        return VerdictStatus.FAILED, complaint(test) or f"its tests {how_it_ended(test, limits)}"
    return status_of_exam(seen, limits)
