"""Each kind of oracle and how it is put to a candidate: what was seen, as a status with its evidence."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from ratchet.errors import RatchetError
from ratchet.judge.compare import equal
from ratchet.judge.evidence import complaint, how_it_ended, shown, shown_call
from ratchet.judge.exam import exam_text
from ratchet.judge.reference import reference_exam
from ratchet.judge.types import VerdictStatus
from ratchet.problems.types import CallOracle, CheckOracle, NativeOracle, Problem, ReferenceOracle
from ratchet.sandbox import Sandbox
from ratchet.sandbox.compilers import first_error
from ratchet.sandbox.languages import Unsplittable
from ratchet.sandbox.types import CallOutcome, CallResult, ExamOutcome, Limits, Outcome, Program, Status

OracleMode = Literal["split", "auto", "in-process"]
"""Where tests run. split: apart from the program, always; auto: apart, but for tests that cannot be
kept apart; in-process: together with the program, where they are a test text."""

_RAISED_BY_EXAM = {
    "AssertionError": VerdictStatus.FAILED,
    "MemoryError": VerdictStatus.MEMORY,
    "Slow": VerdictStatus.TIMEOUT,
}
"""What `ratchet.judge.reference_exam.hold` raises."""
_FRAMES = re.compile(r" \(line \d+: .*\)$", re.DOTALL)


class Together(RatchetError):
    """The tests of a problem cannot be kept apart from the program, and may not run together with it."""

    def __init__(self, problem_id: str, reason: str) -> None:
        super().__init__(
            f"the tests of {problem_id} cannot be kept apart from the program ({reason}); "
            'leave it out, or judge it with oracle="auto".'
        )
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Seen:
    """What an oracle made of a candidate."""

    status: VerdictStatus
    detail: str
    tests_run: int
    outcome: Outcome
    examiner: Outcome | None = None
    """Of the tests, where they ran in a process of their own."""
    mode: str = "split"
    together: str = ""
    """Why the tests ran in the program's process, where that could not be helped."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """A candidate before its oracle. `limits` are those in force, `patience` how far they were stretched."""

    problem: Problem
    candidate: Program
    sandbox: Sandbox
    limits: Limits
    told: Limits
    """The limits before they were stretched, for the evidence."""
    patience: float
    mode: OracleMode


def hear(hearing: Hearing) -> Seen:
    """Put the candidate to its problem's oracle; raises as `ratchet.judge.judge` does."""
    return _KINDS[type(hearing.problem.oracle)](hearing, hearing.problem.oracle)


def where(problem: Problem, mode: OracleMode) -> str:
    """Where the tests of `problem` run in that mode: "split", "in-process", or "refused".

    Of a `NativeOracle` "split" may still turn out to be impossible.
    """
    oracle = problem.oracle
    if not isinstance(oracle, CheckOracle | NativeOracle):
        return "split"
    if mode == "in-process":
        return mode
    if not oracle.together:
        return "split"
    return "in-process" if mode == "auto" else "refused"


def _by_calls(hearing: Hearing, oracle: CallOracle) -> Seen:
    calls = [case.args for case in oracle.cases]
    seen = hearing.sandbox.call(
        hearing.candidate,
        oracle.entry_point,
        calls,
        hearing.limits,
        in_place=oracle.in_place,
    )
    status, detail = _compare_cases(oracle, seen, hearing.told)
    return Seen(status, detail, len(seen.results), seen.outcome)


def _compare_cases(oracle: CallOracle, seen: CallOutcome, limits: Limits) -> tuple[VerdictStatus, str]:
    """The verdict on the answers, by the first case that is not as it should be."""
    for number, (case, result) in enumerate(zip(oracle.cases, seen.results, strict=False), start=1):
        if result.raised is not None or not equal(result.value, case.expected):
            call = shown_call(oracle.entry_point, case.args)
            memory = result.raised is not None and result.raised.name == "MemoryError"
            return (
                VerdictStatus.MEMORY if memory else VerdictStatus.FAILED,
                f"case {number}: {call} {_answer(result)}, expected {shown(case.expected)}",
            )
        if case.after is not None and not equal(result.arguments, case.after):
            call = shown_call(oracle.entry_point, case.args)
            left, meant = shown(result.arguments), shown(case.after)
            return VerdictStatus.FAILED, f"case {number}: {call} made its arguments {left}, expected {meant}"
    if seen.fault is not None:
        return _status_of_fault(seen), f"the program {seen.fault}"
    if not oracle.cases:
        return VerdictStatus.FAILED, "the problem has no cases to be tested by"
    if len(seen.results) < len(oracle.cases):
        number = len(seen.results) + 1
        call = shown_call(oracle.entry_point, oracle.cases[number - 1].args)
        ended = how_it_ended(seen.outcome, limits)
        return _status_of(seen.outcome), f"case {number}: {call} got no answer: the program {ended}"
    return VerdictStatus.PASSED, ""


def _answer(result: CallResult) -> str:
    if result.raised is None:
        return f"returned {shown(result.value)}"
    return f"raised {result.raised.name}: {result.raised.message[:100]}"


def _by_check(hearing: Hearing, oracle: CheckOracle) -> Seen:
    mode = _mode(hearing, oracle)
    seen = hearing.sandbox.examine(
        hearing.candidate,
        oracle.entry_point,
        Program(exam_text(oracle)),
        hearing.limits,
        in_process=mode == "in-process",
        in_place=oracle.in_place,
        handles=oracle.handles,
    )
    status, detail = _status_of_exam(seen, hearing.told)
    return Seen(status, detail, seen.calls, seen.candidate, seen.examiner, mode, oracle.together)


def _by_native(hearing: Hearing, oracle: NativeOracle) -> Seen:
    mode, together = _mode(hearing, oracle), oracle.together
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
    return _status_of_exam(seen, limits)


def _mode(hearing: Hearing, oracle: CheckOracle | NativeOracle) -> str:
    mode = where(hearing.problem, hearing.mode)
    if mode == "refused":
        raise Together(hearing.problem.id, oracle.together)
    return mode


def _by_reference(hearing: Hearing, oracle: ReferenceOracle) -> Seen:
    examiner = reference_exam(oracle, hearing.sandbox, patience=hearing.patience)
    seen = hearing.sandbox.examine(hearing.candidate, oracle.entry_point, examiner, hearing.limits)
    status, detail = _status_of_exam(seen, hearing.told)
    # The examiner's text is ours: what it raised is the evidence, where it stopped says nothing.
    kind, _, said = _FRAMES.sub("", detail).partition(": ")
    if kind in _RAISED_BY_EXAM:
        detail = said
        status = _RAISED_BY_EXAM[kind]
    return Seen(status, detail, seen.calls, seen.candidate, seen.examiner)


def _status_of_exam(seen: ExamOutcome, limits: Limits) -> tuple[VerdictStatus, str]:
    if seen.fault is not None:
        return _status_of_fault(seen), f"the program {seen.fault}"
    if seen.passed:
        if seen.calls:
            return VerdictStatus.PASSED, ""
        return VerdictStatus.FAILED, "the tests never called it"
    # A program that ends of itself explains more than what its tests made of that.
    if seen.candidate.status is not Status.OK:
        return _status_of(seen.candidate), f"the program {how_it_ended(seen.candidate, limits)}"
    if seen.examiner is not None and _status_of(seen.examiner) is not VerdictStatus.FAILED:
        return _status_of(seen.examiner), f"its tests {how_it_ended(seen.examiner, limits)}"
    memory = seen.detail.startswith("MemoryError")
    return VerdictStatus.MEMORY if memory else VerdictStatus.FAILED, seen.detail


def _status_of_fault(seen: CallOutcome | ExamOutcome) -> VerdictStatus:
    """An answer that is no plain data is only wrong; anything but an answer on its channel is a forgery."""
    return VerdictStatus.TAMPERED if seen.tampered else VerdictStatus.FAILED


def _status_of(outcome: Outcome) -> VerdictStatus:
    """The verdict on a program that owed an answer when it ended like this."""
    if (
        outcome.signal == signal.SIGSYS
    ):  # it used the system calls of another architecture, to get round the filter
        return VerdictStatus.TAMPERED
    if outcome.compilation is not None and outcome.status is Status.CRASHED and outcome.reason:
        return VerdictStatus.INVALID  # its compiler crashed
    ended = {
        Status.TIMEOUT: VerdictStatus.TIMEOUT,
        Status.MEMORY: VerdictStatus.MEMORY,
        Status.CRASHED: VerdictStatus.CRASHED,
        Status.INVALID: VerdictStatus.INVALID,
    }
    return ended.get(outcome.status, VerdictStatus.FAILED)


_KINDS: dict[type, Callable[[Hearing, Any], Seen]] = {
    CallOracle: _by_calls,
    CheckOracle: _by_check,
    NativeOracle: _by_native,
    ReferenceOracle: _by_reference,
}
