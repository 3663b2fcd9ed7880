"""Oracles whose cases have a run each, predictions, and pieces of code in a context: in the real jail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ratchet.errors import RatchetError
from ratchet.judge import Verdict, judge
from ratchet.judge.oracles.prediction import predicted
from ratchet.judge.oracles.stdio import difference
from ratchet.problems import Case, Oracle, Problem, Sample
from ratchet.problems.types import ContextOracle, EachCallOracle, PredictionOracle, StdioOracle
from ratchet.sandbox import LocalSandbox
from ratchet.sandbox.types import Limits

LIMITS = Limits(wall_s=5.0)


def verdict(
    sandbox: LocalSandbox, oracle: Oracle, text: str, limits: Limits = LIMITS, **more: object
) -> Verdict:
    problem = replace(Problem("p", "What is asked.", oracle, prompt_in_program=False), **more)
    return judge(problem, Sample("p", 0, text), sandbox, limits)


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("7\n", "7", True),
        ("  7  \n\n", "7", True),
        ("1 2\n3\n", "1 2 \n 3", True),
        ("0.50 1e1", "0.5 10", True),
        ("1.0", "1", True),
        ("50000000000000001", "50000000000000000", False),
        ("0.1000001", "0.1", False),
        ("yes", "YES", False),
        ("1 2", "1\n2", False),
        ("1\n\n2", "1\n2", False),
        ("1  2", "1 2", True),
        ("a  b", "a b", False),
        ("nan", "nan", True),
        ("nan 1", "nan  1", False),
        ("sNaN", "1", False),
        ("", "", True),
        ("", "0", False),
        ("1\n2\n3", "1\n2", False),
        ("1e999999999", "1", False),
    ],
)
def test_outputs_are_compared_as_livecodebench_does(printed: str, expected: str, same: bool) -> None:
    assert (difference(printed, expected) == "") is same


ADD = StdioOracle((("3 4\n", "7"), ("10 -3\n", "7.0\n")))


@pytest.mark.parametrize(
    ("text", "status", "runs", "said"),
    [
        ("a, b = map(int, input().split())\nprint(a + b)\n", "passed", 2, ""),
        ("import sys\nprint(sum(map(int, sys.stdin.read().split())))\n", "passed", 2, ""),
        ("if __name__ == '__main__':\n    print(7)\n", "passed", 2, ""),
        ("print(sum(map(abs, map(int, input().split()))))\n", "failed", 2, "case 2: line 1 is '13'"),
        ("pass\n", "failed", 1, "case 1: line 1 is ''"),
        ("print(7)\nprint(7)\n", "failed", 1, "a line 2, '7', which should not be there"),
        ("print(7)\n1 / 0\n", "failed", 1, "ZeroDivisionError"),
        ("print(7\n", "invalid", 1, "SyntaxError"),
        ("import os\nprint(7, flush=True)\nos.kill(os.getpid(), 11)\n", "crashed", 1, "SIGSEGV"),
    ],
)
def test_a_script_is_judged_by_what_it_prints(
    sandbox: LocalSandbox, text: str, status: str, runs: int, said: str
) -> None:
    seen = verdict(sandbox, ADD, text)
    assert seen.oracle == "split"
    assert (seen.status, seen.tests_run) == (status, runs), seen.detail
    assert said in seen.detail


@pytest.mark.slow
def test_each_run_has_all_of_the_time(sandbox: LocalSandbox) -> None:
    nap = "import time\ntime.sleep(2.2)\nprint(sum(map(int, input().split())))\n"
    assert verdict(sandbox, ADD, nap, Limits(wall_s=4.2)).passed


def test_a_case_is_not_told_of_the_others_and_one_without_an_end_ends_it(sandbox: LocalSandbox) -> None:
    late = verdict(
        sandbox, ADD, "if input() == '3 4':\n    print(7)\nwhile True:\n    pass\n", Limits(wall_s=0.3)
    )
    assert (late.status, late.tests_run) == ("timeout", 1)
    keeps = "import os\nprint(7 if not os.path.exists('been') else 0)\nopen('been', 'w').close()\n"
    assert verdict(sandbox, ADD, keeps).passed


@pytest.mark.slow
def test_long_outputs_are_compared_whole_and_no_case_is_no_pass(sandbox: LocalSandbox) -> None:
    text = "print('\\n'.join(map(str, range(300000))))\n"
    whole = "\n".join(map(str, range(300000)))
    assert verdict(sandbox, StdioOracle((("", whole),)), text).passed
    assert not verdict(sandbox, StdioOracle((("", whole.replace("150000", "150001", 1)),)), text).passed
    assert verdict(sandbox, StdioOracle(()), "print(1)").detail == "the problem has no cases to be tested by"


def test_what_surrounds_a_program_surrounds_a_whole_one_too(sandbox: LocalSandbox) -> None:
    oracle = StdioOracle((("", "3 done"),))
    around = {"setup": "x = 1\n", "closing": "\nprint(y, 'done')"}
    problem = replace(Problem("p", "no code (", oracle, prompt_in_program=False), **around)
    for standalone in (False, True):
        assert judge(problem, Sample("p", 0, "y = x + 2", standalone), sandbox, LIMITS).passed


def test_each_call_has_a_run_of_its_own(sandbox: LocalSandbox) -> None:
    oracle = EachCallOracle("f", (Case(([1],), [1]), Case(([],), []), Case(([2],), [2])))
    counts = "seen = []\ndef f(xs):\n    seen.extend(xs)\n    return list(seen)\n"
    seen = verdict(sandbox, oracle, counts)
    assert (seen.status, seen.tests_run) == ("passed", 3)
    wrong = verdict(sandbox, oracle, "def f(xs):\n    return xs or None\n")
    assert (wrong.status, wrong.tests_run) == ("failed", 2)
    assert wrong.detail.startswith("case 2: f([]) returned None, expected []")


@pytest.mark.parametrize(
    ("answer", "asked", "expression"),
    [
        ("assert f(17) == 17\n", "output", "17"),
        ("17", "output", "17"),
        ("== 17", "output", "17"),
        (" f(1) == 'a == b'", "output", "'a == b'"),
        ("[ANSWER]\nassert f(1) == [1, 2]\n[/ANSWER] as I said", "output", "[1, 2]"),
        ("```python\nassert f(1) == 3\n```", "output", "3"),
        ("So it goes.\nassert f(1) == 3", "output", "3"),
        ("assert f([1, 2], x=3) == 4", "input", "f([1, 2], x=3)"),
        ("f('==') == 2", "input", "f('==')"),
        ("f(5)", "input", "f(5)"),
    ],
)
def test_an_answer_gives_an_expression(answer: str, asked: str, expression: str) -> None:
    assert predicted(answer, asked) == expression


DOUBLE = "def f(xs, by=2):\n    return [x * by for x in xs]"
FORGED = "type('E', (list,), {'__eq__': lambda s, o: True, '__iter__': lambda s: iter([4])})()"


@pytest.mark.parametrize(
    ("asked", "answer", "status"),
    [
        ("output", "assert f([2]) == [4]", "passed"),
        ("output", "[2 + 2]", "passed"),
        ("output", "assert f([2]) == (4,)", "failed"),
        ("output", "assert f([2]) == f([2])", "failed"),
        ("output", FORGED, "failed"),
        ("output", "type('E', (), {'__eq__': lambda s, o: True})()", "failed"),
        ("output", "4 5", "invalid"),
        ("output", "1)\nimport os\n(2", "invalid"),
        ("output", "", "invalid"),
        ("input", "assert f([2]) == [4]", "passed"),
        ("input", "f([1], by=4)", "passed"),
        ("input", "f([1], 4) == 'whatever'", "passed"),
        ("input", "f([3])", "failed"),
        ("input", "[2]", "invalid"),
        ("input", f"f({FORGED})", "failed"),
        ("input", "f([type('E', (), {'__mul__': lambda s, o: s, '__eq__': lambda s, o: True})()])", "failed"),
        ("input", "f(1 / 0)", "failed"),
    ],
)
def test_predictions_are_worth_what_they_say(
    sandbox: LocalSandbox, asked: str, answer: str, status: str
) -> None:
    oracle = PredictionOracle(DOUBLE, "input" if asked == "input" else "output", "[4]")
    seen = verdict(sandbox, oracle, answer)
    assert seen.status == status, seen.detail


CONTEXT = """
exec_context = "y = test_input\\n[insert]\\nresult = y"

def test_execution(solution):
    for number in (1, 5):
        test_env = {"test_input": [number]}
        exec(exec_context.replace("[insert]", solution), test_env)
        assert test_env["result"] == [number, 0]

def test_string(solution):
    assert "append" not in solution
"""


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("y = y + [0]", "passed"),
        ("y = [1, 0]", "failed"),
        ("y.append(0)", "failed"),
        ("y = type('E', (list,), {'__eq__': lambda s, o: True})()", "failed"),
        ("import gc, sys\nsys.modules['__main__'].__dict__['test_execution'] = print\ny = 0", "failed"),
        ("raise SystemExit(0)", "failed"),
        ("import os\nos._exit(0)", "failed"),
        ("y = (", "failed"),
    ],
)
def test_a_piece_of_code_is_run_apart_from_its_context(sandbox: LocalSandbox, text: str, status: str) -> None:
    seen = verdict(sandbox, ContextOracle(CONTEXT, ("result",)), text)
    assert (seen.status, seen.oracle) == (status, "split"), seen.detail


def test_a_context_that_cannot_be_kept_apart_runs_together_where_that_is_allowed(
    sandbox: LocalSandbox,
) -> None:
    problem = Problem("p", "", ContextOracle(CONTEXT, (), "it looks at figures"), prompt_in_program=False)
    right, wrong = Sample("p", 0, "y = y + [0]"), Sample("p", 1, "y = y")
    together = replace(problem, oracle=ContextOracle(CONTEXT, ("result",), "it looks at figures"))
    assert [judge(together, one, sandbox, LIMITS, oracle="auto").status for one in (right, wrong)] == [
        "passed",
        "failed",
    ]
    assert judge(together, right, sandbox, LIMITS, oracle="auto").together == "it looks at figures"
    with pytest.raises(RatchetError, match="it looks at figures"):
        judge(problem, right, sandbox, LIMITS)
