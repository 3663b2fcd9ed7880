"""Judging by cases that each have a run of their own: what is printed for an input, or returned.

The rules are those of LiveCodeBench (lcb_runner/evaluation/testing_util.py): a case has all of the
time limit, the first one that fails decides, and printed lines are equal as texts or as numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from itertools import zip_longest

from ratchet.errors import RatchetError
from ratchet.judge.evidence import how_it_ended, shown
from ratchet.judge.hearing import Hearing, Seen, hears, status_of
from ratchet.judge.oracles.calls import by_calls
from ratchet.judge.types import VerdictStatus
from ratchet.problems.types import CallOracle, EachCallOracle, StdioOracle
from ratchet.sandbox.types import Limits, Outcome, Status


@hears(StdioOracle)
def by_stdio(hearing: Hearing, oracle: StdioOracle) -> Seen:
    """Run the program once per case with the case's input, and compare what it printed out here.

    A program that ends otherwise than with exit code 0 has failed, whatever it printed.
    """
    return _first_failure(_runs(hearing, oracle))


@hears(EachCallOracle)
def by_each_call(hearing: Hearing, oracle: EachCallOracle) -> Seen:
    """Call the entry point on every case, in a program that was started anew, and compare what comes back."""
    return _first_failure(by_calls(hearing, CallOracle(oracle.entry_point, (case,))) for case in oracle.cases)


def _first_failure(runs: Iterable[Seen]) -> Seen:
    """The first run that is no pass, else the one that took longest; `tests_run` counts them all."""
    longest: Seen | None = None
    number = 0
    for number, seen in enumerate(runs, start=1):
        if seen.status is not VerdictStatus.PASSED:
            said = seen.detail.removeprefix("case 1: ")
            return replace(seen, detail=f"case {number}: {said}", tests_run=number)
        if longest is None or seen.outcome.wall_s > longest.outcome.wall_s:
            longest = seen
    if longest is None:
        nothing = Outcome(Status.ERROR, None, None, "", "", False, False, 0.0, 0.0, 0)
        return Seen(VerdictStatus.FAILED, "the problem has no cases to be tested by", 0, nothing)
    return replace(longest, tests_run=number)


def _runs(hearing: Hearing, oracle: StdioOracle) -> Iterator[Seen]:
    for stdin, expected in oracle.cases:
        # What is dropped from the middle of a long output cannot be compared.
        room = max(hearing.limits.output_bytes, 2 * len(expected.encode("utf-8", "surrogatepass")))
        program = replace(hearing.candidate, stdin=stdin)
        outcome = hearing.sandbox.run(program, replace(hearing.limits, output_bytes=room))
        if outcome.status is Status.UNAVAILABLE:
            raise RatchetError(f"{outcome.reason}.")
        status, detail = _status_of_run(outcome, expected, hearing.told)
        yield Seen(status, detail, 1, outcome)


def _status_of_run(outcome: Outcome, expected: str, limits: Limits) -> tuple[VerdictStatus, str]:
    if outcome.status is not Status.OK:
        return status_of(outcome), f"the program {how_it_ended(outcome, limits)}"
    if outcome.stdout_truncated:
        return VerdictStatus.FAILED, "it printed more than was kept"
    wrong = difference(outcome.stdout, expected)
    return (VerdictStatus.FAILED, wrong) if wrong else (VerdictStatus.PASSED, "")


def difference(printed: str, expected: str) -> str:
    """The first line in which two outputs differ, in one sentence; empty where they are equal.

    White space at both ends of the whole and of each line counts for nothing. Lines that differ as
    texts are equal where both are numbers, separated by white space, that are equal one by one.
    """
    pairs = zip_longest(_lines(printed), _lines(expected))
    for number, (got, wanted) in enumerate(pairs, start=1):
        if got is None:
            return f"it printed {number - 1} lines where there should be {len(_lines(expected))}"
        if wanted is None:
            return f"it printed a line {number}, {shown(got)}, which should not be there"
        if got != wanted and not _same_numbers(got, wanted):
            return f"line {number} is {shown(got)}, expected {shown(wanted)}"
    return ""


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]


def _same_numbers(got: str, expected: str) -> bool:
    try:
        return [Decimal(word) for word in got.split()] == [Decimal(word) for word in expected.split()]
    except InvalidOperation:  # no number, or a NaN that cannot be compared
        return False
