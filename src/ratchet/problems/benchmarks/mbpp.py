"""MBPP: 974 short Python tasks with three assertions each (Austin et al. 2021, CC-BY-4.0).

Tasks 11 to 510 are its test split; 1 to 10 are for few-shot prompts, the rest for training and validation.
"""

from __future__ import annotations

from ratchet.problems.assertions import SHOTS, STYLES, after_shots, assertion_problem, shown_solved
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.registry import benchmark
from ratchet.problems.types import Problem
from ratchet.sandbox.types import Limits

FILE = DataFile(
    path="mbpp/mbpp.jsonl",
    url="https://github.com/deepseek-ai/DeepSeek-Coder/raw/2f9fd85927c6/Evaluation/MBPP/data/mbpp.jsonl",
    sha256="ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f",
)

LIMITS = Limits(wall_s=10.0)
"""For a sample with all its tests: task 123's own solution needs about 4 s."""


@benchmark("mbpp", choices=STYLES, default="docstring")
def load(style: str) -> Benchmark:
    """All 974 tasks; `test_setup_code` runs after the program, as two of them need its classes there."""
    rows = list(read_rows(find_data(FILE)))
    problems = tuple(map(_problem, rows))
    if style == "docstring":
        return Benchmark("mbpp", problems, LIMITS, "CC-BY-4.0", FILE.url)
    solved = [row for row in rows if row.number("task_id") in SHOTS]
    shots = shown_solved((row.text("text"), row.texts("test_list"), row.text("code")) for row in solved)
    problems = tuple(
        after_shots(problem, shots, row.text("text"), row.texts("test_list"))
        for problem, row in zip(problems, rows, strict=True)
    )
    return Benchmark(f"mbpp:{style}", problems, LIMITS, "CC-BY-4.0", FILE.url)


def _problem(row: Row) -> Problem:
    return assertion_problem(
        f"mbpp/{row.number('task_id')}",
        row.text("text"),
        row.text("code"),
        row.texts("test_list"),
        setup=row.text("test_setup_code"),
    )
