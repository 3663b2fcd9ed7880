"""HumanEval+ 0.1.10: HumanEval's 164 problems with hundreds of inputs each (Liu et al. 2023, Apache-2.0).

An answer must agree with what the release's own solution returns. Those solutions are
mended: 22 of HumanEval's fail here.
"""

from __future__ import annotations

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.registry import benchmark
from ratchet.problems.types import Problem, ReferenceOracle
from ratchet.sandbox.types import Limits

FILE = DataFile(
    path="humaneval-plus/HumanEvalPlus.jsonl.gz",
    url="https://raw.githubusercontent.com/evalplus/humanevalplus_release/"
    "200defce9e3429d28ca215b6dd061c0f7f31c18b/HumanEvalPlus.jsonl.gz",
    sha256="272720b90ac375502c8ed23cd791c2a93dfb22a911641a494da74a426c09f101",
)

LIMITS = Limits(wall_s=62.0, memory_bytes=4 << 30)
"""EvalPlus's: 60 s and 4 GB for a sample, besides a limit for each input (`ratchet.judge.reference`)."""

STOP = (
    *("\nif __name__", "\ndef main(", "\nprint("),
    *("\ndef ", "\nclass ", "\nimport ", "\nfrom ", "\nassert "),
)
"""Where EvalPlus cuts what a base model writes (its `provider/utility.py`)."""

RULES = {"HumanEval/32": "evalplus root"}
"""What is compared otherwise than by value: 32 asks for any root of a polynomial."""


@benchmark("humaneval+")
def load() -> Benchmark:
    """The 164 problems with all their inputs, HumanEval's own first."""
    problems = tuple(_problem(row) for row in read_rows(find_data(FILE)))
    return Benchmark("humaneval+", problems, LIMITS, "Apache-2.0", FILE.url)


def _problem(row: Row) -> Problem:
    id, prompt, solution = row.text("task_id"), row.text("prompt"), row.text("canonical_solution")
    oracle = ReferenceOracle(
        row.text("entry_point"),
        repr(row.fields["base_input"] + row.fields["plus_input"]),
        prompt + solution,
        RULES.get(id, "evalplus"),
        float(row.fields["atol"]),
        len(row.fields["base_input"]),
    )
    return Problem(id=id, prompt=prompt, oracle=oracle, turns=(prompt,), reference=solution, stop=STOP)
