"""What an oracle asks of the sandbox: arguments changed in place, objects that are no plain data."""

from __future__ import annotations

from pathlib import Path

import pytest

from ratchet.judge import judge
from ratchet.problems import CallOracle, Case, CheckOracle, Problem, Sample, load_benchmark
from ratchet.sandbox import Limits, LocalSandbox

LIMITS = Limits(wall_s=2.0)
SORT = Problem(
    "sort", "def sort(xs):\n", CallOracle("sort", (Case(([2, 1],), None, after=([1, 2],)),), in_place=True)
)
SORT_CHECK = Problem(
    "sort",
    "def sort(xs):\n",
    CheckOracle(
        "sort", "xs = [2, 1]\nassert sort(xs) is None\nassert xs == [1, 2]\n", script=True, in_place=True
    ),
)


@pytest.mark.parametrize("problem", [SORT, SORT_CHECK], ids=["calls", "check"])
def test_what_became_of_the_arguments_is_judged(sandbox: LocalSandbox, problem: Problem) -> None:
    assert judge(problem, Sample("sort", 0, "    xs.sort()\n"), sandbox, LIMITS).passed
    assert judge(problem, Sample("sort", 1, "    sorted(xs)\n"), sandbox, LIMITS).status == "failed"


def test_the_first_wrong_argument_is_the_evidence(sandbox: LocalSandbox) -> None:
    seen = judge(SORT, Sample("sort", 0, "    xs.clear()\n"), sandbox, LIMITS)
    assert seen.detail == "case 1: sort([2, 1]) made its arguments ([],), expected ([1, 2],)"


def test_tasks_that_use_classes_of_the_program_are_split(benchmark_data: Path, sandbox: LocalSandbox) -> None:
    benchmark = load_benchmark("mbpp")
    for problem in benchmark.problems:
        if problem.id in ("mbpp/367", "mbpp/601", "mbpp/927"):
            sample = Sample(problem.id, 0, problem.reference or "")
            seen = judge(problem, sample, sandbox, benchmark.default_limits)
            assert (seen.status, seen.oracle) == ("passed", "split"), seen
