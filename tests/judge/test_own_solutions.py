"""Scoring a benchmark by its own solutions: several for a problem, and problems that nothing passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ratchet.judge import score
from ratchet.problems import Benchmark, CallOracle, Case, Problem, Sample
from ratchet.sandbox.types import Limits

ONE = CallOracle("f", (Case((1,), 2),))
RIGHT, WRONG = "    return x + 1\n", "    return x\n"


def problem(name: str, *solutions: str) -> Problem:
    return Problem(name, "def f(x):\n", ONE, reference=solutions[0], other_references=solutions[1:])


BENCHMARK = Benchmark(
    "mine",
    (
        problem("right", RIGHT),
        problem("second", WRONG, RIGHT, WRONG),
        problem("wrong", WRONG, WRONG),
        problem("broken", WRONG),
        problem("unexplained", WRONG),
    ),
    Limits(wall_s=10.0),
    "MIT",
    "here",
    exceptions={"wrong": "it does not add"},
    broken={"broken": "it cannot be passed"},
    rules="paper",
    notes=("Half of it is wrong.",),
)


def test_a_problem_passes_if_one_of_its_solutions_does(tmp_path: Path) -> None:
    scored = score(BENCHMARK, out=tmp_path / "run", jobs=1, quiet=True)
    assert (scored.problems, scored.samples) == (5, 8)
    assert {name: n for name, n in scored.counts.items() if n} == {"passed": 2, "failed": 3}
    assert [row.mean for row in scored.pass_at] == [2 / 5]
    assert [row.mean for row in scored.unbroken_pass_at] == [2 / 4]
    unexplained = scored.failed_references.pop("unexplained")
    assert scored.failed_references == {"wrong": "it does not add", "broken": "it cannot be passed"}
    assert "returned 1, expected 2" in unexplained
    written = json.loads((tmp_path / "run" / "score.json").read_text(encoding="utf-8"))
    assert (written["rules"], written["notes"]) == ("paper", ["Half of it is wrong."])
    assert written["broken"] == {"broken": "it cannot be passed"}
    assert written["unbroken_pass_at"]["pass@1"]["mean"] == 0.5


@pytest.mark.slow
def test_samples_count_each_for_themselves_with_and_without_the_broken(tmp_path: Path) -> None:
    samples = [Sample(name, i, RIGHT if i else WRONG) for name in ("right", "broken") for i in (0, 1)]
    samples += [Sample("second", i, RIGHT) for i in (0, 1)]
    scored = score(BENCHMARK, samples, out=tmp_path / "run", partial=True, jobs=1, quiet=True)
    assert [row.mean for row in scored.pass_at] == [2 / 3]
    assert [row.mean for row in scored.unbroken_pass_at] == [3 / 4]
    assert scored.failed_references == {}


@pytest.mark.slow
def test_where_only_broken_ones_have_samples_there_is_no_figure_without_them(tmp_path: Path) -> None:
    samples = [Sample("broken", 0, WRONG)]
    scored = score(BENCHMARK, samples, out=tmp_path / "run", partial=True, jobs=1, quiet=True)
    assert scored.unbroken_pass_at == ()
