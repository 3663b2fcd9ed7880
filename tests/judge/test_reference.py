"""Judging by a reference's answers: right, wrong, late, and what is kept of the reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.judge import Verdict, judge
from ratchet.judge import reference as reference_room
from ratchet.judge.reference import Expected, expected_answers, reference_exam
from ratchet.problems import Problem, ReferenceOracle, Sample
from ratchet.problems.literals import read_inputs
from ratchet.sandbox import Limits, LocalSandbox

LIMITS = Limits(wall_s=20.0, memory_bytes=256 << 20)
PROMPT = "def half(x):\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def problem(
    inputs: str = "[[1], [3], [-5]]", solution: str = "    return x / 2\n", rule: str = "evalplus"
) -> Problem:
    return Problem("p", PROMPT, ReferenceOracle("half", inputs, PROMPT + solution, rule), reference=solution)


def verdict(sandbox: LocalSandbox, asked: Problem, completion: str) -> Verdict:
    return judge(asked, Sample(asked.id, 0, completion), sandbox, LIMITS)


@pytest.mark.parametrize(
    ("completion", "status", "detail"),
    [
        ("    return x / 2\n", "passed", ""),
        ("    return x / 2 + 1e-9\n", "passed", ""),
        ("    return x // 2\n", "failed", "case 1: half(1) returned 0, expected 0.5"),
        ("    return x / 2 if x > 0 else None\n", "failed", "case 3: half(-5) returned None, expected -2.5"),
        ("    raise ValueError('no')\n", "failed", "case 1: half(1) raised ValueError: no, expected 0.5"),
        ("    raise MemoryError\n", "memory", "case 1: half(1) raised MemoryError"),
        ("    return x / 2 if x < 3 else half(x)\n", "failed", "case 2: half(3) raised RecursionError"),
        ("    import os\n    os._exit(0)\n", "failed", "the program ended before it answered"),
        (
            "    class Slow(Exception): pass\n    raise Slow('took')\n",
            "failed",
            "case 1: half(1) raised Slow",
        ),
        ("    return lambda: x\n", "failed", "not plain data"),
        ("    return x /\n", "invalid", "SyntaxError"),
    ],
)
def test_the_first_answer_that_disagrees_is_the_evidence(
    sandbox: LocalSandbox, completion: str, status: str, detail: str
) -> None:
    seen = verdict(sandbox, problem(), completion)
    assert seen.status == status, seen
    assert detail in seen.detail
    assert seen.oracle == "split"
    assert "hold(" not in seen.detail


def test_one_call_that_takes_too_long_ends_it(sandbox: LocalSandbox) -> None:
    hangs = "    while x == 3: pass\n    return x / 2\n"
    seen = verdict(sandbox, problem(), hangs)
    late = "case 1 or one soon after it: half(1) took longer than 1 s"
    assert (seen.status, seen.detail) == ("timeout", late)
    assert 1.0 <= seen.wall_s < 3.0
    # The original inputs are asked before the others, so that it is known which of the two it was.
    oracle = replace(problem("[[1], [3]]").oracle, original=1)
    seen = verdict(sandbox, replace(problem(), oracle=oracle), hangs)
    assert (seen.status, seen.detail, seen.tests_run) == (
        "timeout",
        "case 2: half(3) took longer than 1 s",
        2,
    )


def test_slow_answers_do_not_wait_for_one_another(sandbox: LocalSandbox) -> None:
    """Each has its own time: together they take longer than one may."""
    slow = "    from time import sleep\n    sleep(0.4)\n    return x / 2\n"
    assert verdict(sandbox, problem(), slow).status == "passed"


def test_the_tests_stop_at_the_first_wrong_answer(sandbox: LocalSandbox) -> None:
    many = problem(str([[n] for n in range(500)]))
    assert verdict(sandbox, many, "    return x / 2\n").tests_run == 500
    assert verdict(sandbox, many, "    return x / 2 if x < 7 else 0\n").tests_run == 8


def test_an_answer_that_is_large_is_asked_of_the_reference_again(
    sandbox: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_room, "LARGE", 100)
    asked = problem("[[1], [2]]", "    return [x] * 200\n")
    assert isinstance(asked.oracle, ReferenceOracle)
    answers = expected_answers(asked.oracle, [(1,), (2,)], sandbox)
    assert [(answer.known, answer.value) for answer in answers] == [(False, None)] * 2
    assert verdict(sandbox, asked, "    return [x] * 200\n").passed
    seen = verdict(sandbox, asked, "    return [x] * (200 if x == 1 else 199)\n")
    assert (seen.status, seen.tests_run) == ("failed", 2)


def test_the_reference_is_asked_once_and_its_answers_kept(sandbox: LocalSandbox, home: Path) -> None:
    oracle = ReferenceOracle("f", "[[(1, 2)], [{3}], [inf], [2j]]", "def f(x):\n    return [x, {x: 1}]\n")
    inputs = read_inputs(oracle.inputs)[:1]
    first = expected_answers(oracle, inputs, sandbox)
    assert [answer.value for answer in first] == [[(1, 2), {(1, 2): 1}]]
    (kept,) = (home / "expected").iterdir()
    closed = LocalSandbox(slots=1)
    closed.close()
    assert expected_answers(oracle, inputs, closed) == first
    for damage in (kept.read_bytes()[:-3], b"", b"\xff" * 40, b"\0" * 8):
        kept.write_bytes(damage)
        again = expected_answers(oracle, inputs, sandbox)
        assert [answer.value for answer in again] == [answer.value for answer in first]


def test_a_home_that_cannot_be_written_only_costs_time(sandbox: LocalSandbox, home: Path) -> None:
    home.write_text("a file, not a directory")
    assert verdict(sandbox, problem("[[7]]"), "    return x / 2\n").passed


@pytest.mark.parametrize(
    ("solution", "sentence"),
    [
        ("    return 1 / (x - 3)\n", "the reference of half raises ZeroDivisionError on input 2"),
        ("    import os\n    os._exit(x)\n", "the reference of half gave no answer on input 1"),
        ("    return (lambda: x)\n", "the reference of half gave no answer on input 1"),
    ],
)
def test_a_reference_that_fails_is_the_benchmarks_fault(
    sandbox: LocalSandbox, solution: str, sentence: str
) -> None:
    with pytest.raises(RatchetError, match=sentence):
        verdict(sandbox, problem(solution=solution), "    return x\n")


def test_the_time_of_an_input_follows_the_references() -> None:
    assert Expected(1, 0.01, 10).limit_s() == pytest.approx(1.0, abs=0.001)
    assert Expected(1, 2.0, 10).limit_s() == pytest.approx(8.0, abs=0.001)


def test_the_examiner_is_one_text_for_all_problems(sandbox: LocalSandbox) -> None:
    one, other = (
        reference_exam(ReferenceOracle("half", text, PROMPT + "    return x\n"), sandbox)
        for text in ("[[1]]", "[[2]]")
    )
    assert one.source == other.source
    assert "ratchet" not in one.source.replace("ratchet.judge.reference", "")
    assert one.files["cases"] != other.files["cases"]
