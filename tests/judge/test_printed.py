"""What a program prints last: how it is found, and when it is right, by the paper's rules and by ours."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from typing import Any, Literal

import pytest

from ratchet.judge import Verdict, judge
from ratchet.judge.printed import equal_as_paper, equal_strictly, program_of
from ratchet.judge.printed_inside import snapshot, wrapped
from ratchet.problems import PrintedOracle, Problem, Sample
from ratchet.sandbox import LocalSandbox
from ratchet.sandbox.types import Limits

LIMITS = Limits(wall_s=20.0)
Rules = Literal["strict", "paper"]


def judged(
    sandbox: LocalSandbox,
    text: str,
    expected: Any,
    rules: Rules,
    *,
    limits: Limits = LIMITS,
    seconds: float = 20.0,
) -> Verdict:
    problem = Problem("p", "", PrintedOracle(expected, rules, seconds))
    return judge(problem, Sample("p", 0, text), sandbox, limits)


LISTENING = "class A:\n    def __int__(self): return 3\n"
CASES: list[tuple[str, Any, str, str]] = [
    # the program, what is expected, the strict verdict, the paper's
    ("print(3)", 3, "passed", "passed"),
    ("print(2)\nprint(3)", 3, "passed", "passed"),
    ("print(3)\nprint(2)", 3, "failed", "failed"),
    ("3", 3, "passed", "passed"),
    ("x = 3", 3, "failed", "passed"),
    ("x = 0\nx += 3", 3, "failed", "passed"),
    ("x = 3\nif x:\n    x", 3, "failed", "failed"),
    ("def f():\n    print(3)\nf()", 3, "passed", "failed"),
    ("def f():\n    print(2)\n    return 3\nf()", 3, "passed", "passed"),
    ("def print_it(x):\n    print(x)\nprint_it(3)", 3, "passed", "passed"),
    ("print([1])\n[1].append(2)", [1], "passed", "failed"),
    ("x = [1]\nprint(x)\nx.append(2)\ny = 0\ndel y", [1], "passed", "failed"),
    ("print(3)\nprint()", 3, "passed", "failed"),
    ("print(3, 4)", 3, "failed", "passed"),
    ("print('Result:', 3)", 3, "failed", "failed"),
    ("print(3)\n1 / 0", 3, "failed", "passed"),
    ("1 / 0\nprint(3)", 3, "failed", "failed"),
    ("print(3)\nexit()", 3, "passed", "passed"),
    ("import sys\nprint(3)\nsys.exit()", 3, "passed", "failed"),
    ("import sys\nprint(3)\nsys.exit(2)", 3, "failed", "failed"),
    ("import sys\nprint(3)\nprint(4, file=sys.stderr)", 3, "passed", "failed"),
    ("import builtins\nbuiltins.print(3)\nx: int", 3, "failed", "failed"),
    ("print(3", 3, "invalid", "invalid"),
    ("", 3, "failed", "failed"),
    ("if __name__ == '__main__':\n    print(3)", 3, "passed", "passed"),
    ("import os\nos.getcwd()\nprint(3)", 3, "passed", "failed"),
    ("print('3')", 3, "failed", "passed"),
    ("print(3.9)", 3, "failed", "passed"),
    ("print(3.0)", 3, "passed", "passed"),
    ("print('True')", True, "failed", "passed"),
    ("print(1)", True, "failed", "failed"),
    ("print('abc')", ["a", "b", "c"], "failed", "passed"),
    ("print({1, 2})", [1, 2], "failed", "passed"),
    ("print((1, 2))", [1, 2], "passed", "passed"),
    ("print([(1, 2)])", [[1, 2]], "passed", "passed"),
    ("print([[0.1 + 0.2]])", [[0.3]], "passed", "failed"),
    ("print({'a': [1]})", {"a": [1]}, "passed", "failed"),
    ("print(None)", None, "passed", "failed"),
    (f"{LISTENING}print(A())", 3, "failed", "passed"),
    ("print(iter([1, 2]))", [1, 2], "failed", "passed"),
    # As numpy 1 compared them, which the authors had.
    ("import numpy\nprint([numpy.float32(0.3)])", [0.3], "passed", "failed"),
    ("import numpy\nprint([numpy.int64(1)])", [[1]], "failed", "passed"),
    ("import numpy\nprint(numpy.float32(1.5))", 1.5, "passed", "passed"),
    ("import numpy\nprint(numpy.array([[1], [2]]))", [[1], [2]], "passed", "passed"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("text", "expected", "strict", "paper"), CASES)
def test_programs_by_both_rules(
    sandbox: LocalSandbox, text: str, expected: Any, strict: str, paper: str
) -> None:
    seen = [judged(sandbox, text, expected, rules).status for rules in ("strict", "paper")]  # type: ignore[arg-type]
    assert seen == [strict, paper]


def test_the_evidence_says_what_was_printed(sandbox: LocalSandbox) -> None:
    strict = judged(sandbox, "print('a', 2)", 3, "strict")
    assert strict.detail == "it printed 2 values last ('a', 2), expected 3"
    paper = judged(sandbox, "print(2)\nnone", 3, "paper")
    assert paper.detail == "it printed '2' last (NameError: name 'none' is not defined), expected 3"
    nothing = judged(sandbox, "for _ in (): pass", 3, "paper")
    assert (nothing.detail, nothing.tests_run) == ("it printed nothing", 1)
    thing = judged(sandbox, "class A: pass\nprint(A())", 3, "paper")
    assert thing.detail == "it printed '<__main__.A object>' last, expected 3"


@pytest.mark.slow
def test_the_papers_alarm_ends_a_program_whose_output_is_then_judged(sandbox: LocalSandbox) -> None:
    endless = "while True: pass"
    right = judged(sandbox, f"print(3)\n{endless}", 3, "paper", seconds=0.2)
    wrong = judged(sandbox, endless, 3, "paper", seconds=0.2)
    assert (right.status, wrong.status, wrong.detail) == (
        "passed",
        "timeout",
        "the program ran into the alarm (0.2 s)",
    )


@pytest.mark.slow
def test_strictly_a_program_that_does_not_end_fails(sandbox: LocalSandbox) -> None:
    seen = judged(
        sandbox, "print(3)\nwhile True: pass", 3, "strict", limits=replace(LIMITS, wall_s=0.5, cpu_s=0.5)
    )
    assert seen.status == "timeout"


@pytest.mark.parametrize("rules", ["strict", "paper"])
def test_the_jail_is_told_nothing_of_what_is_expected(rules: Rules) -> None:
    texts = {
        program_of(PrintedOracle(expected, rules), "print(1)") for expected in (1, "two", [3], None, {"4": 5})
    }
    assert len(texts) == 1


SEARCHING = """
import gc, os, sys
def frames():
    frame = sys._getframe()
    while frame:
        yield frame.f_locals, frame.f_globals
        frame = frame.f_back
seen = repr(list(frames())) + repr(gc.get_objects()) + repr(dict(os.environ)) + repr(sys.argv)
seen += sys.stdin.read()
for name in os.listdir("."):
    seen += open(name).read()
needle = " ".join(["very", "secret"])
print(needle if needle in seen else "nothing")
"""


@pytest.mark.slow
@pytest.mark.parametrize("rules", ["strict", "paper"])
def test_a_program_that_looks_for_the_answer_does_not_find_it(sandbox: LocalSandbox, rules: Rules) -> None:
    hidden = "import os\nos.environ['HINT'] = ' '.join(['very', 'secret'])\n"
    if rules == "strict":  # the paper's guard takes away what changes the environment
        assert judged(sandbox, hidden + SEARCHING, "very secret", rules).passed
    seen = judged(sandbox, SEARCHING, "very secret", rules)
    assert (seen.status, seen.detail) == ("failed", "it printed 'nothing' last, expected 'very secret'")


@pytest.mark.slow
@pytest.mark.parametrize("rules", ["strict", "paper"])
@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("7", "passed"),
        ("{'answer': 7}", "failed"),
        ("float('nan')", "failed"),
        ("object()", "failed"),
        ("1 / 0", "failed"),
        ("os._exit(0)", "failed"),
        ("os.write(4, b'x' * 100)", "tampered"),
    ],
)
def test_who_puts_itself_in_the_place_of_the_capture_only_answers_otherwise(
    sandbox: LocalSandbox, rules: Rules, value: str, status: str
) -> None:
    text = (
        "import os, sys\n"
        "program = sys.modules['program']\n"
        f"forged = lambda *_: {value}\n"
        "program.snapshot = program._unwrapped = forged\n"
        "program._CASTS = dict.fromkeys(('str', 'int', 'float', 'list'), forged)\n"
        "print(2)\n"
    )
    assert judged(sandbox, text, 7, rules).status == status


STRICT = [
    # printed, expected, equal
    (1, 1, True),
    ("1", 1, False),
    (1.9, 1, False),
    (1.0, 1, True),
    (1, 1.0, True),
    (True, 1, False),
    (1, True, False),
    (False, 0, False),
    (True, True, True),
    ("True", True, False),
    (True, "True", False),
    (1.0 + 9e-7, 1.0, True),
    (1.0 + 2e-6, 1.0, False),
    (1e-30, 0.0, True),
    (0.0, 1e-30, False),
    (0, 1e-30, False),
    (1e-8, 0, False),
    (16.000000000000004, 16, True),
    (10**12 + 1, 10**12, False),
    (float(10**12 + 1), 10**12, False),
    (7e100 * (1 + 1e-15), 7e100, True),
    (10**400, 1.0, False),
    (10**400, inf, False),
    (inf, inf, True),
    (-inf, inf, False),
    (nan, nan, True),
    (nan, 1.0, False),
    ("abc", "abc", True),
    ("abc ", "abc", False),
    ("abc", ["a", "b", "c"], False),
    ({1, 2}, [1, 2], False),
    ((1, 2), [1, 2], True),
    ([1, 2], [2, 1], False),
    ([1, 2], [1, 2, 3], False),
    ([], [], True),
    ((), [], True),
    ("", [], False),
    ([0.1 + 0.2, [1e-12]], [0.3, [0]], True),
    ([0.31], [0.3], False),
    ({"a": (1.0,)}, {"a": [1]}, True),
    ({1: "a"}, {"1": "a"}, False),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
    ({"a": 1, "b": 2}, {"a": 1}, False),
    ([("a", 1)], {"a": 1}, False),
    (None, None, True),
    ("None", None, False),
    (0, None, False),
    (None, 0, False),
    (b"abc", "abc", False),
    (1 + 0j, 1, False),
]


@pytest.mark.parametrize(("got", "expected", "same"), STRICT)
def test_the_strict_equality(got: Any, expected: Any, same: bool) -> None:
    assert equal_strictly(got, expected) is same


PAPER = [
    # the forms of what was printed, expected, equal
    ({"str": "1", "int": 1}, 1, True),
    ({"str": "1.9", "int": 1}, 1, True),
    ({"str": "x"}, 1, False),
    ({"str": "True", "int": 1}, True, True),
    ({"str": "1", "int": 1}, True, False),
    ({"float": 1.0000009}, 1.0, True),
    ({"float": 1.0000011}, 1.0, False),
    ({"float": nan}, 1.0, False),
    ({"list": [0.30000000000000004]}, [0.3], False),
    ({"list": [1, 2]}, [1, 2], True),
    ({"str": "None"}, None, False),
    ({"str": "{'a': 1}", "list": ["a"]}, {"a": 1}, False),
    ({"series": [1.0, 2.000001]}, [1, 2], True),
    ({"series": [1.0, 1.0]}, 1, True),
    ({"series": []}, 7, True),
    ({"series": [1.0, 2.0]}, [1, 2, 3], False),
    ({"series": ["a"]}, ["a"], False),
]


@pytest.mark.parametrize(("forms", "expected", "same"), PAPER)
def test_the_papers_equality(forms: dict[str, Any], expected: Any, same: bool) -> None:
    assert equal_as_paper(forms, expected) is same


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("def f(a):\n    return a ** 2\nf(2)", "def f(a):\n    return a ** 2\nprint(f(2))"),
        ("df.groupby('a')['b'].value_counts()", "print(df.groupby('a')['b'].value_counts())"),
        ("x = 3", "x = print(3)"),
        ("x += 3", "x += print(3)"),
        ("x: int = 3", "x: int = print(3)"),
        ("a.print(3)", "print(a.print(3))"),
        ("print(3)  # kept", "print(3)  # kept"),
        ("printer(3)", "printer(3)"),
        ("x = print(3)", "x = print(3)"),
        ("'''text'''", "print('text')"),
    ],
)
def test_the_papers_rewriting(text: str, changed: str) -> None:
    assert wrapped(text) == changed


@pytest.mark.parametrize(
    "text", ["", "x: int", "for x in y:\n    x", "def f(): pass", "import os", "assert x", "x ="]
)
def test_what_the_papers_rewriting_cannot_change(text: str) -> None:
    with pytest.raises((AttributeError, IndexError, SyntaxError)):
        wrapped(text)


def test_a_snapshot_is_plain_and_stays() -> None:
    numpy = pytest.importorskip("numpy")
    inner = [1, 2]
    value = [inner, (numpy.float32(0.5), numpy.bool_(True)), {numpy.int64(3): numpy.array([[1], [2]])}]
    taken = snapshot(value)
    inner.append(3)
    assert taken == [[1, 2], (0.5, True), {3: [[1], [2]]}]
    assert type(taken[1][1]) is bool
    endless: list[Any] = []
    endless.append(endless)
    assert snapshot(endless) is endless


@pytest.mark.slow
def test_frames_and_series_are_lists_in_a_snapshot() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    assert snapshot(frame) == [[1.0, 0.5], [2.0, 1.5]]
    assert snapshot(frame["a"]) == [1, 2]
    assert snapshot(frame.columns) == ["a", "b"]
    assert snapshot([frame["b"].mean()]) == [1.0]
