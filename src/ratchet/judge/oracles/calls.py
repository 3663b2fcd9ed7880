"""Judging by input/output cases: the entry point is called, and what it returned is compared out here."""

from __future__ import annotations

from ratchet.judge.compare import equal
from ratchet.judge.evidence import how_it_ended, shown, shown_call
from ratchet.judge.hearing import Hearing, Seen, hears, status_of, status_of_fault
from ratchet.judge.types import VerdictStatus
from ratchet.problems.types import CallOracle
from ratchet.sandbox.types import CallOutcome, CallResult, Limits


@hears(CallOracle)
def by_calls(hearing: Hearing, oracle: CallOracle) -> Seen:
    """Call the entry point on every case, and compare what comes back."""
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
        return status_of_fault(seen), f"the program {seen.fault}"
    if not oracle.cases:
        return VerdictStatus.FAILED, "the problem has no cases to be tested by"
    if len(seen.results) < len(oracle.cases):
        number = len(seen.results) + 1
        call = shown_call(oracle.entry_point, oracle.cases[number - 1].args)
        ended = how_it_ended(seen.outcome, limits)
        return status_of(seen.outcome), f"case {number}: {call} got no answer: the program {ended}"
    return VerdictStatus.PASSED, ""


def _answer(result: CallResult) -> str:
    if result.raised is None:
        return f"returned {shown(result.value)}"
    return f"raised {result.raised.name}: {result.raised.message[:100]}"
