"""An examiner in one process, the candidate in another: what passes, and what never can."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ratchet.sandbox import ExamOutcome, Limits, LocalSandbox, Program, Status

GOOD = "def add(a, b=1): return a + b"


def examine(
    sandbox: LocalSandbox, candidate: str, test: str, in_process: bool = False, **limits: Any
) -> ExamOutcome:
    wall = Limits(**({"wall_s": 8.0} | limits))
    return sandbox.examine(Program(candidate), "add", Program(test), wall, in_process=in_process)


CHECK = """
def check(candidate):
    assert candidate(1, 2) == 3
    assert candidate(a=1, b=5) == 6, "keywords"
    assert candidate("a", b="b") == "ab"
    assert candidate([1], [2]) == [1, 2]
    assert candidate.__name__ == "add"
    try:
        candidate(1, "x")
        assert False, "no TypeError"
    except TypeError:
        pass
check(add)
"""


@pytest.mark.parametrize("in_process", [False, True])
def test_a_right_program_passes(sandbox: LocalSandbox, in_process: bool) -> None:
    exam = examine(sandbox, GOOD, CHECK, in_process)
    assert exam.passed, exam
    assert (exam.detail, exam.fault, exam.calls) == ("", None, 5)
    assert exam.candidate.status is Status.OK
    assert (exam.examiner is None) is in_process


@pytest.mark.parametrize("in_process", [False, True])
def test_a_wrong_program_fails_with_the_line_as_evidence(sandbox: LocalSandbox, in_process: bool) -> None:
    exam = examine(sandbox, "def add(a, b): return a - b", "\nassert add(1, 2) == 3", in_process)
    assert not exam.passed
    assert exam.detail == "AssertionError (line 2: assert add(1, 2) == 3)"
    assert exam.fault is None


@pytest.mark.parametrize("in_process", [False, True])
@pytest.mark.parametrize(
    "test",
    [
        "add(1, 2)\nraise SystemExit(0)",
        "add(1, 2)\nimport os; os._exit(0)",
        "add(1, 2)\nimport os; os.abort()",
        "add(1, 2",
        "import no_such_module",
    ],
)
def test_an_examiner_that_does_not_run_to_its_end_passes_nobody(
    sandbox: LocalSandbox, test: str, in_process: bool
) -> None:
    exam = examine(sandbox, GOOD, test, in_process)
    assert not exam.passed
    assert exam.detail


@pytest.mark.parametrize("in_process", [False, True])
def test_a_first_process_is_not_ended_by_signals_of_its_own(sandbox: LocalSandbox, in_process: bool) -> None:
    """Candidate and examiner are the first of their namespaces, whom only processes outside can kill."""
    kill = "import os, signal\nfor number in (9, 15, 19): os.kill(os.getpid(), number)\n"
    assert examine(sandbox, f"{kill}{GOOD}", f"{kill}assert add(1, 2) == 3", in_process).passed


def test_an_examiner_that_asks_nothing_says_so(sandbox: LocalSandbox) -> None:
    exam = examine(sandbox, GOOD, "pass")
    assert (exam.passed, exam.calls) == (True, 0)


def test_the_alias_survives_a_preamble_that_defines_the_name(sandbox: LocalSandbox) -> None:
    test = """
def add(a, b):
    'To be written.'
def helper(x): return x
assert __candidate__(helper(1), 2) == 3
"""
    assert examine(sandbox, GOOD, test).passed


BROKEN = {
    "exits at once": "import os; os._exit(0)",
    "exits when asked": "import os\ndef add(a, b): os._exit(0)",
    "fails to load": "1 / 0",
    "does not parse": "def add(:",
    "defines nothing": "x = 1",
    "is no plain data": "def add(a, b): return object()",
    "writes rubbish": "import os\ndef add(a, b):\n    os.write(4, b'\\0\\0\\0\\1x')\n    return 3",
    "closes the channel": "import os\ndef add(a, b):\n    os.close(4)\n    return 3",
    "dies by signal": "import os\ndef add(a, b): os.abort()",
}
STUBBORN = """
for i in range(3):
    try:
        add(1, 2)
    except:
        pass
"""


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_candidate_cannot_pass_whatever_the_examiner_catches(
    sandbox: LocalSandbox, name: str
) -> None:
    exam = examine(sandbox, BROKEN[name], STUBBORN)
    assert not exam.passed
    assert exam.detail
    assert exam.calls == 1


def test_why_it_broke_is_told(sandbox: LocalSandbox) -> None:
    assert examine(sandbox, BROKEN["dies by signal"], STUBBORN).candidate.status is Status.CRASHED
    assert examine(sandbox, BROKEN["fails to load"], STUBBORN).candidate.status is Status.ERROR
    assert "not plain data" in (examine(sandbox, BROKEN["is no plain data"], STUBBORN).fault or "")
    assert (examine(sandbox, BROKEN["writes rubbish"], STUBBORN).fault or "").startswith("wrote")
    assert examine(sandbox, BROKEN["defines nothing"], STUBBORN).fault == "does not define 'add'"


def test_time_is_one_budget_for_both(sandbox: LocalSandbox) -> None:
    started = time.monotonic()
    for candidate, test in [
        ("def add(a, b):\n    while True: pass", "add(1, 2)"),
        ("while True: pass", "add(1, 2)"),
        (GOOD, "add(1, 2)\nwhile True: pass"),
    ]:
        exam = examine(sandbox, candidate, test, wall_s=0.5)
        assert not exam.passed
        assert exam.candidate.status is Status.TIMEOUT
    assert time.monotonic() - started < 6


def test_a_stop_iteration_cannot_cut_the_examiners_loop_short(sandbox: LocalSandbox) -> None:
    candidate = "def add(a, b=1): raise StopIteration"
    assert not examine(sandbox, candidate, "assert list(map(add, [1, 2])) != [0]").passed


def test_exceptions_are_rebuilt_by_name(sandbox: LocalSandbox) -> None:
    candidate = (
        "class Own(Exception): pass\ndef add(a, b):\n    raise [ValueError('v'), Own('o'), KeyError('k')][a]"
    )
    test = """
for kind, a, name in [(ValueError, 0, "ValueError"), (Exception, 1, "Own"), (KeyError, 2, "KeyError")]:
    try:
        add(a, 0)
    except kind as error:
        assert type(error).__name__ == name
    else:
        raise AssertionError
"""
    assert examine(sandbox, candidate, test).passed


def test_what_comes_back_is_made_of_builtin_types_only(sandbox: LocalSandbox) -> None:
    candidate = """
class Always(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
def add(a, b): return [Always(0), {"k": Always(1)}]
"""
    test = "r = add(1, 2)\nassert type(r[0]) is int and r != [3, 3] and r == [0, {'k': 1}]"
    assert examine(sandbox, candidate, test).passed


def test_arguments_cross_by_value(sandbox: LocalSandbox) -> None:
    candidate = "def add(a, b):\n    a.clear()\n    return b"
    assert examine(sandbox, candidate, "x = [1]\nassert add(x, 2) == 2 and x == [1]").passed
