"""A candidate before its oracle: what every kind of oracle is given, and what it answers with."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from ratchet.errors import RatchetError
from ratchet.judge.evidence import how_it_ended
from ratchet.judge.types import VerdictStatus
from ratchet.problems.types import CheckOracle, ContextOracle, NativeOracle, Problem, RenamedOracle
from ratchet.sandbox import Sandbox
from ratchet.sandbox.types import CallOutcome, ExamOutcome, Limits, Outcome, Program, Status

OracleMode = Literal["split", "auto", "in-process"]
"""Where tests run. split: apart from the program, always; auto: apart, but for tests that cannot be
kept apart; in-process: together with the program, where they are a test text."""


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


Hear = Callable[[Hearing, Any], Seen]
_H = TypeVar("_H", bound=Hear)

KINDS: dict[type, Hear] = {}
"""Kind of oracle -> what puts a candidate to it."""


def hears(kind: type) -> Callable[[_H], _H]:
    """Register the decorated function as what puts a candidate to oracles of this kind."""

    def register(function: _H) -> _H:
        KINDS[kind] = function
        return function

    return register


def status_of_exam(seen: ExamOutcome, limits: Limits) -> tuple[VerdictStatus, str]:
    """The verdict of an exam, and the evidence."""
    if seen.fault is not None:
        return status_of_fault(seen), f"the program {seen.fault}"
    if seen.passed:
        if seen.calls:
            return VerdictStatus.PASSED, ""
        return VerdictStatus.FAILED, "the tests never called it"
    # A program that ends of itself explains more than what its tests made of that.
    if seen.candidate.status is not Status.OK:
        return status_of(seen.candidate), f"the program {how_it_ended(seen.candidate, limits)}"
    if seen.examiner is not None and status_of(seen.examiner) is not VerdictStatus.FAILED:
        return status_of(seen.examiner), f"its tests {how_it_ended(seen.examiner, limits)}"
    memory = seen.detail.startswith("MemoryError")
    return VerdictStatus.MEMORY if memory else VerdictStatus.FAILED, seen.detail


def status_of_fault(seen: CallOutcome | ExamOutcome) -> VerdictStatus:
    """An answer that is no plain data is only wrong; anything but an answer on its channel is a forgery."""
    return VerdictStatus.TAMPERED if seen.tampered else VerdictStatus.FAILED


def status_of(outcome: Outcome) -> VerdictStatus:
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


def where(problem: Problem, mode: OracleMode) -> str:
    """Where the tests of `problem` run in that mode: "split", "in-process", or "refused".

    Of a `NativeOracle` "split" may still turn out to be impossible.
    """
    oracle = problem.oracle
    while isinstance(oracle, RenamedOracle):
        oracle = oracle.oracle
    if not isinstance(oracle, CheckOracle | NativeOracle | ContextOracle):
        return "split"
    if mode == "in-process":
        return mode
    if not oracle.together:
        return "split"
    return "in-process" if mode == "auto" else "refused"


def mode_of(hearing: Hearing, oracle: CheckOracle | NativeOracle) -> str:
    """Where this test runs; raises Together where it may not run at all."""
    mode = where(hearing.problem, hearing.mode)
    if mode == "refused":
        raise Together(hearing.problem.id, oracle.together)
    return mode
