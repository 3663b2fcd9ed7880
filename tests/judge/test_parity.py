"""Published verdicts on real model samples are ours, too; where they are not, the reason is known."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from ratchet.judge import judge_many
from ratchet.problems import CheckOracle, Problem, Sample, load_benchmark
from ratchet.sandbox import Limits, LocalSandbox

HOW_MANY = 300
LIMITS = Limits(wall_s=6.0)
DIFFERENT = {
    "ldb-mbpp-codellama#294": "takes the first of a set: which that is differs from process to process",
}
"""What may be judged otherwise than was published, and why."""


def read(folder: Path) -> list[dict[str, Any]]:
    with gzip.open(folder / "samples" / "python_model_samples.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def pair(row: dict[str, Any], problems: dict[str, Problem], number: int) -> tuple[Problem, Sample]:
    """The problem that a row is on, and its sample: a test of its own makes a problem of its own."""
    if "test" not in row:
        return problems[row["task_id"]], Sample(row["task_id"], number, row["text"], row["mode"] == "full")
    called = row["test"].rstrip().rpartition("check(")[2].rstrip(")")
    test = row["test"].rpartition("check(")[0]
    oracle = CheckOracle(called, test)
    return Problem(row["task_id"], "", oracle), Sample(row["task_id"], number, row["text"], True)


@pytest.mark.slow
def test_verdicts_are_those_that_were_published(benchmark_data: Path, sandbox: LocalSandbox) -> None:
    rows = random.Random(11).sample(read(benchmark_data), HOW_MANY)
    problems = {problem.id: problem for problem in load_benchmark("humaneval").problems}
    pairs = [pair(row, problems, number) for number, row in enumerate(rows)]
    different = {}
    for number, verdict in judge_many(pairs, sandbox, LIMITS, oracle="auto"):
        row = rows[number]
        published = row["verdict"] == "pass" if row["upstream_passed"] is None else row["upstream_passed"]
        if verdict.passed != published and "numpy" not in row["text"]:
            different[row["id"]] = f"{verdict.status}: {verdict.detail}"
    assert different.keys() <= DIFFERENT.keys(), different
