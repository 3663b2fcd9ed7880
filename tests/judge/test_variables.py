"""Scripts whose variables are tested: what crosses, what does not, and what cannot be claimed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ratchet.errors import RatchetError
from ratchet.judge import judge
from ratchet.problems import Problem, Sample
from ratchet.problems.types import VariablesOracle
from ratchet.sandbox import LocalSandbox
from ratchet.sandbox.types import Limits

TEST = "def check():\n    assert list(found) == [1, 2, 3]\n    assert first == found_first\ncheck()\n"
PROBLEM = Problem(
    "p", "first = 1\nfound =", VariablesOracle(("first", "found"), TEST, preamble="found_first = 1\n")
)


def said(sandbox: LocalSandbox, completion: str, *, whole: bool = False) -> tuple[str, str]:
    verdict = judge(PROBLEM, Sample("p", 0, completion, standalone=whole), sandbox, Limits(wall_s=10.0))
    assert verdict.oracle == "split"
    return str(verdict.status), verdict.detail


@pytest.mark.parametrize(
    "answer",
    [
        " [1, 2, 3]",
        " (i for i in (1, 2, 3))",
        " map(int, '123')",
        " {1: 0, 2: 0, 3: 0}.keys()",
        " []\nfor i in 1, 2, 3:\n    found.append(i)",
        " [1, 2, 3]\nclass Own:\n    pass\nprint('noise')\n",
    ],
)
def test_a_right_answer_passes(sandbox: LocalSandbox, answer: str) -> None:
    assert said(sandbox, answer) == ("passed", "")


def test_a_whole_program_is_judged_by_its_variables_too(sandbox: LocalSandbox) -> None:
    assert said(sandbox, "found = [1, 2, 3]\nfirst = 1\n", whole=True) == ("passed", "")


@pytest.mark.parametrize(
    ("answer", "status", "detail"),
    [
        (" [1, 2]", "failed", "AssertionError"),
        (" [1, 2, 3]\nfirst = 2", "failed", "AssertionError"),
        (" 5", "failed", "TypeError: 'int' object is not iterable"),
        (" [1, 2, 3]\ndel first", "failed", "NameError: name 'first' is not defined"),
        (" [1, 2, 3]\nraise SystemExit(0)", "failed", "ended before it answered"),
        (" [1, 2, 3", "invalid", "SyntaxError"),
        (" 0\nwhile True:\n    pass", "timeout", "time limit (0.3 s)"),
    ],
)
def test_a_wrong_answer_fails(sandbox: LocalSandbox, answer: str, status: str, detail: str) -> None:
    limits = Limits(wall_s=0.3 if status == "timeout" else 10.0)
    verdict = judge(PROBLEM, Sample("p", 0, answer), sandbox, limits)
    assert str(verdict.status) == status
    assert detail in verdict.detail


@pytest.mark.parametrize(
    "answer",
    [
        # An object that equals everything, and one that iterates as it likes but orders of nobody.
        " type('A', (), {'__eq__': lambda s, o: True, '__iter__': lambda s: iter([s, s, s])})()",
        " [1, 2, 3]\nfirst = type('A', (), {'__eq__': lambda s, o: True})()",
        # A reader of its own below the script has no say: ours comes last.
        " 0\n__variables__ = lambda: (1, [1, 2, 3])",
        " 0\nlist = lambda x: [1, 2, 3]",
        " 0\ndef check():\n    pass",
    ],
)
def test_a_script_cannot_answer_for_the_test(sandbox: LocalSandbox, answer: str) -> None:
    assert said(sandbox, answer)[0] == "failed"


def test_in_one_process_the_same_is_found(sandbox: LocalSandbox) -> None:
    for answer, status in ((" map(int, '123')", "passed"), (" [1, 2]", "failed")):
        verdict = judge(PROBLEM, Sample("p", 0, answer), sandbox, Limits(wall_s=10.0), oracle="in-process")
        assert (str(verdict.status), verdict.oracle) == (status, "in-process")


def test_without_its_packages_a_problem_is_unavailable(sandbox: LocalSandbox) -> None:
    lacking = replace(PROBLEM, packages=("../somewhere",))
    with pytest.raises(RatchetError, match=r"^p is unavailable: '\.\./somewhere' is an address or a path"):
        judge(lacking, Sample("p", 0, " [1, 2, 3]"), sandbox, Limits())
