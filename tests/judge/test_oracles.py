"""Where tests run: apart wherever they can be, together or not at all where they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.judge import OracleMode, Score, judge, score
from ratchet.problems import Benchmark, CallOracle, Case, CheckOracle, Problem, Sample
from ratchet.problems.assertions import assertion_problem
from ratchet.problems.jsonl import load_problems
from ratchet.sandbox import Limits, LocalSandbox

LIMITS = Limits(wall_s=2.0, memory_bytes=256 << 20)

APART = Problem(
    "apart", "def f(x):\n", CheckOracle("f", "def check(candidate):\n    assert candidate(1) == 2\n")
)
TOGETHER = Problem(
    "together",
    "def g(x):\n",
    CheckOracle(
        "g",
        "import inspect\ndef check(candidate):\n    assert str(candidate(1)) in inspect.getsource(candidate)",
        together="it looks into the function with inspect.getsource",
    ),
)
BENCHMARK = Benchmark("two", (APART, TOGETHER), LIMITS, "MIT", "here")
SAMPLES = [
    Sample("apart", 0, "    return 2\n"),
    Sample("together", 0, "    return 1\n"),
    Sample("apart", 1, "    return 3\n"),
    Sample("together", 1, "    return 1\n"),
]


@pytest.mark.parametrize(
    ("problem", "mode", "where"),
    [
        (APART, "split", "split"),
        (APART, "auto", "split"),
        (APART, "in-process", "in-process"),
        (TOGETHER, "auto", "in-process"),
        (TOGETHER, "in-process", "in-process"),
    ],
)
def test_the_verdict_says_where_the_tests_ran(
    sandbox: LocalSandbox, problem: Problem, mode: OracleMode, where: str
) -> None:
    completion = "    return 2\n"
    seen = judge(problem, Sample(problem.id, 0, completion), sandbox, LIMITS, oracle=mode)
    assert (seen.status, seen.oracle) == ("passed", where)


def test_strictly_split_refuses_what_cannot_be(sandbox: LocalSandbox) -> None:
    with pytest.raises(RatchetError, match=r"tests of together cannot be kept apart .*inspect.getsource"):
        judge(TOGETHER, SAMPLES[1], sandbox, LIMITS)


def test_calls_are_split_in_every_mode(sandbox: LocalSandbox) -> None:
    problem = Problem("p", "", CallOracle("f", (Case((1,), 1),)))
    sample = Sample("p", 0, "def f(x): return x\n")
    assert judge(problem, sample, sandbox, LIMITS, oracle="in-process").oracle == "split"


def scored(tmp_path: Path, mode: OracleMode, samples: list[Sample] | None = None) -> Score:
    return score(
        BENCHMARK, SAMPLES if samples is None else samples, oracle=mode, out=tmp_path / mode, quiet=True
    )


def test_a_score_has_the_share_of_each_and_the_figure_without_the_weak_ones(tmp_path: Path) -> None:
    auto = scored(tmp_path, "auto")
    assert (auto.oracles.split, auto.oracles.in_process_samples, auto.oracles.split_share) == (2, 2, 0.5)
    assert auto.oracles.in_process == {"together": "it looks into the function with inspect.getsource"}
    assert auto.pass_at[0].mean == 0.75
    assert auto.oracles.split_pass_at[0].mean == 0.5
    assert auto.as_dict()["oracles"]["split_pass_at"]["pass@1"]["mean"] == 0.5
    all_weak = scored(tmp_path, "in-process")
    assert (all_weak.oracles.split, all_weak.oracles.split_pass_at) == (0, ())


def test_strict_scores_leave_out_and_report_what_they_refuse(tmp_path: Path) -> None:
    strict = scored(tmp_path, "split")
    assert (strict.problems, strict.oracles.refused_samples, strict.left_out_problems) == (1, 2, 0)
    assert strict.oracles.refused == {"together": "it looks into the function with inspect.getsource"}
    assert strict.pass_at[0].mean == 0.5
    assert (strict.oracles.split_share, strict.oracles.split_pass_at) == (1.0, ())
    lines = (tmp_path / "split" / "verdicts.jsonl").read_text().splitlines()
    assert [line.split('"')[3] for line in lines] == ["apart", "apart"]
    again = score(BENCHMARK, SAMPLES, oracle="split", out=tmp_path / "split", resume=True, quiet=True)
    assert again.counts == strict.counts
    only = Benchmark("one", (TOGETHER,), LIMITS, "MIT", "here")
    with pytest.raises(RatchetError, match="no test of one can be kept apart"):
        score(only, SAMPLES[1:2], oracle="split", out=tmp_path / "none", quiet=True)
    assert not (tmp_path / "none").exists()


def test_a_mode_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match="oracle must be split, auto, in-process, not 'weak'"):
        score(BENCHMARK, SAMPLES, oracle="weak", out=tmp_path / "x")  # type: ignore[arg-type]


def test_a_file_of_problems_is_looked_through_for_such_tests(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(
        '{"task_id": "a", "prompt": "", "entry_point": "f", "handles": true, "in_place": null, '
        '"test": "def check(candidate):\\n    assert candidate.__doc__"}\n'
    )
    (problem,) = load_problems(path).problems
    assert isinstance(problem.oracle, CheckOracle)
    assert problem.oracle.together == "it reads __doc__ of the function"
    assert (problem.oracle.handles, problem.oracle.in_place) == (True, False)
    path.write_text(path.read_text().replace("true", "1"))
    with pytest.raises(RatchetError, match='"handles" must be true or false, not a number'):
        load_problems(path)


@pytest.mark.parametrize(
    ("completion", "status"),
    [
        ("def twice(x):\n    return 2 * x\n", "passed"),
        ("def twice(x):\n    return 4\n", "failed"),
        ("def other(x):\n    return 2 * x\n", "failed"),
        ("import os\nos._exit(0)\n", "failed"),
        ("def twice(x):\n    while True: pass\n", "timeout"),
    ],
)
def test_assertions_as_they_stand(sandbox: LocalSandbox, completion: str, status: str) -> None:
    problem = assertion_problem(
        "m", "Twice.", "", ["assert twice(2) == 4", "assert twice(3) == math.floor(6.5)", "assert n == 1"],
        setup="n = 1",
    )  # fmt: skip
    seen = judge(problem, Sample("m", 0, completion), sandbox, LIMITS)
    assert seen.status == status, seen
    if status == "passed":
        assert seen.tests_run == 2
