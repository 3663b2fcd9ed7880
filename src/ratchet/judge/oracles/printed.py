"""Judging by what a program prints last, compared out here.

The jail is told nothing that is expected, not even its type: under the paper's rules the
value is asked for as every type that it might be compared as. A program that tampers with
the capture only changes its own answer.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ratchet.judge.evidence import how_it_ended, last_line, shown
from ratchet.judge.hearing import Hearing, Seen, hears, status_of, status_of_fault
from ratchet.judge.printed import equal_as_paper, equal_strictly, program_of
from ratchet.judge.types import VerdictStatus
from ratchet.problems.types import PrintedOracle
from ratchet.sandbox.types import CallOutcome, CallResult

_FORMS = ("late", "series", "str", "int", "float", "list")
"""In this order: what may go wrong for a strange value comes last, and what came before is still known."""
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
"""Of an object without a text of its own: another one in every run."""


@hears(PrintedOracle)
def by_printed(hearing: Hearing, oracle: PrintedOracle) -> Seen:
    """Run the program, ask for what it printed last, and compare."""
    text = program_of(oracle, hearing.candidate.source, patience=hearing.patience)
    asked = [(form,) for form in _FORMS] if oracle.rules == "paper" else [()]
    seen = hearing.sandbox.call(replace(hearing.candidate, source=text), "answer", asked, hearing.limits)
    judged = _by_paper if oracle.rules == "paper" else _strictly
    status, detail = judged(hearing, oracle, seen)
    return Seen(status, detail, 1 if seen.results else 0, seen.outcome)


def _by_paper(hearing: Hearing, oracle: PrintedOracle, seen: CallOutcome) -> tuple[VerdictStatus, str]:
    answers = dict(zip(_FORMS, seen.results, strict=False))
    forms = {name: answer.value for name, answer in answers.items() if answer.raised is None}
    if forms.get("series") is None:
        forms.pop("series", None)
    if equal_as_paper(forms, oracle.expected):
        return VerdictStatus.PASSED, ""
    if not answers:
        return _unanswered(hearing, seen)
    if forms.get("late"):
        return VerdictStatus.TIMEOUT, f"the program ran into the alarm ({oracle.seconds:g} s)"
    if _nothing(answers.get("series")):
        return VerdictStatus.FAILED, f"it printed nothing{_said(seen)}"
    if "str" not in forms:
        return _unanswered(hearing, seen)
    printed = f"it printed {_ADDRESS.sub('', shown(forms['str']))} last{_said(seen)}"
    return VerdictStatus.FAILED, f"{printed}, expected {shown(oracle.expected)}"


def _strictly(hearing: Hearing, oracle: PrintedOracle, seen: CallOutcome) -> tuple[VerdictStatus, str]:
    if not seen.results:
        return _unanswered(hearing, seen)
    values = seen.results[0].value
    if seen.results[0].raised is not None or not isinstance(values, list):
        return VerdictStatus.FAILED, "it put something else in the place of what it had printed"
    if not values:
        return VerdictStatus.FAILED, "it printed nothing"
    expected = shown(oracle.expected)
    if len(values) > 1:
        together = ", ".join(map(shown, values[:5]))
        return VerdictStatus.FAILED, f"it printed {len(values)} values last ({together}), expected {expected}"
    if equal_strictly(values[0], oracle.expected):
        return VerdictStatus.PASSED, ""
    return VerdictStatus.FAILED, f"it printed {shown(values[0])} last, expected {expected}"


def _unanswered(hearing: Hearing, seen: CallOutcome) -> tuple[VerdictStatus, str]:
    if seen.fault is not None:
        return status_of_fault(seen), f"the program {seen.fault}"
    return status_of(seen.outcome), f"the program {how_it_ended(seen.outcome, hearing.told)}"


def _nothing(answer: CallResult | None) -> bool:
    return answer is not None and answer.raised is not None and answer.raised.name == "IndexError"


def _said(seen: CallOutcome) -> str:
    """The exception that ended the program, where one did."""
    line = last_line(seen.outcome.stderr)
    return f" ({line})" if line else ""
