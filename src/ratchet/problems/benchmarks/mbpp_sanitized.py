"""MBPP sanitized: the 427 tasks of MBPP that people went over by hand (Austin et al. 2021, CC-BY-4.0)."""

from __future__ import annotations

from ratchet.problems.assertions import SHOTS, STYLES, after_shots, assertion_problem, shown_solved
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.benchmarks.mbpp import LIMITS
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.lines import Row, read_array
from ratchet.problems.registry import benchmark
from ratchet.problems.types import Problem

FILE = DataFile(
    path="mbpp/sanitized-mbpp.json",
    url="https://raw.githubusercontent.com/google-research/google-research/"
    "30adf0ec5f35f9609c2f1d896005e184195d9146/mbpp/sanitized-mbpp.json",
    sha256="ca95deaa9a01ef0a6f439f88bcf0dd3db3563d22f22aad6cae04ebb9a8d8c8e9",
)


@benchmark("mbpp-sanitized", choices=STYLES, default="docstring")
def load(style: str) -> Benchmark:
    """The 427 tasks; a task's `test_imports` run before its assertions."""
    rows = list(read_array(find_data(FILE)))
    problems = tuple(map(_problem, rows))
    if style == "docstring":
        return Benchmark("mbpp-sanitized", problems, LIMITS, "CC-BY-4.0", FILE.url)
    solved = [row for row in rows if row.number("task_id") in SHOTS]
    shots = shown_solved((row.text("prompt"), row.texts("test_list"), row.text("code")) for row in solved)
    problems = tuple(
        after_shots(problem, shots, row.text("prompt"), row.texts("test_list"))
        for problem, row in zip(problems, rows, strict=True)
    )
    return Benchmark(f"mbpp-sanitized:{style}", problems, LIMITS, "CC-BY-4.0", FILE.url)


def _problem(row: Row) -> Problem:
    return assertion_problem(
        f"mbpp/{row.number('task_id')}",
        row.text("prompt"),
        row.text("code"),
        row.texts("test_list"),
        imports=row.texts("test_imports"),
    )
