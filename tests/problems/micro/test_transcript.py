"""What a model is shown about an error is what the judge saw, in the judge's own words."""

from __future__ import annotations

from typing import Any

import pytest

from ratchet.judge import judge
from ratchet.judge.evidence import shown, shown_call
from ratchet.problems import CallOracle, Case, Problem, Sample
from ratchet.problems.micro import ENTRY_POINT, evidence, repair_context
from ratchet.problems.micro.transcript import EVIDENCE_LENGTH
from ratchet.sandbox import Limits, LocalSandbox


@pytest.mark.parametrize(
    ("argument", "got", "expected"),
    [
        ([3, -1, 3], [3], [3, -1]),
        ("ab Cd", "dC ba", "ba dC"),
        (7, 1, 0),
        ([9, 1, 9], {9: 1, 1: 2}, {9: 2, 1: 1}),
        ("ab " * 40, "ba" * 60, "ab" * 60),
    ],
)
def test_the_corpus_words_an_error_as_the_judge_does(
    sandbox: LocalSandbox, argument: Any, got: Any, expected: Any
) -> None:
    problem = Problem("p", "", CallOracle(ENTRY_POINT, (Case((argument,), expected),)))
    program = f"def f(x):\n    return {got!r}\n"
    verdict = judge(problem, Sample("p", 0, program), sandbox, Limits(wall_s=10))
    assert verdict.detail == evidence(1, shown_call(ENTRY_POINT, [argument]), shown(got), shown(expected))


def test_a_repair_begins_behind_the_program_and_one_line_of_evidence() -> None:
    context = repair_context("def f(n):\n    return n\n\n", "case 1:\n  returned 2\t, expected 3")
    assert context == "def f(n):\n    return n\n# Wrong: case 1: returned 2 , expected 3\n"


def test_long_evidence_is_cut() -> None:
    last = repair_context("pass\n", "x" * 500).splitlines()[-1]
    assert last == "# Wrong: " + "x" * EVIDENCE_LENGTH
