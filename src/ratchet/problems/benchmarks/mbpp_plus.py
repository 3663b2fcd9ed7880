"""MBPP+ 0.2.0: 378 tasks of sanitized MBPP, mended, with a hundred inputs each (Liu et al. 2023, Apache-2.0).

Read from the release in MBPP's own form: its inputs are written in Python, where those of
the JSON form have lost their tuples, sets and complex numbers.
"""

from __future__ import annotations

import re

from ratchet.errors import RatchetError
from ratchet.problems.assertions import SHOTS, STYLES, after_shots, docstring_prompt, shown_solved
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.benchmarks.humaneval_plus import LIMITS
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.literals import read_inputs
from ratchet.problems.registry import benchmark
from ratchet.problems.syntax import entry_point_of
from ratchet.problems.types import Problem, ReferenceOracle

FILE = DataFile(
    path="mbpp-plus/MbppPlus-OriginFmt.jsonl.gz",
    url="https://github.com/evalplus/mbppplus_release/raw/dadf43da556a/MbppPlus-OriginFmt.jsonl.gz",
    sha256="7a5aec547b134fa297ee6c45f829298aa3f58de02547b8d8a5c3d85d9cb10efc",
)

RULES = {
    **dict.fromkeys((2, 7, 111, 140, 232, 579, 769), "evalplus set"),
    **dict.fromkeys((737, 787, 794), "evalplus not none"),
    558: "evalplus digits",
    581: "evalplus pyramid",
}
"""What is compared otherwise than by value, as EvalPlus does: sets in any order, whether there is a
match, and two tasks whose sentence can be read in two ways."""

LEFT_OUT = {255: (89, 90, 94, 100, 104)}
"""Inputs, counted from 1, whose right answer has 6 to 130 million items: more than may cross to the tests."""

ORIGINAL = {3: 5, 162: 4, 223: 3, 780: 4}
"""Where the release has another number of MBPP's own inputs than MBPP has assertions; they come first."""

_INPUTS = re.compile(r"^inputs = (.*)$", re.MULTILINE)
_TOLERANCE = re.compile(r", ([0-9.e-]+)\)\s*$")


@benchmark("mbpp+", choices=STYLES, default="docstring")
def load(style: str) -> Benchmark:
    """The 378 tasks; each input that the JSON form repeats occurs once."""
    rows = list(read_rows(find_data(FILE)))
    problems = tuple(map(_problem, rows))
    if style == "docstring":
        return Benchmark("mbpp+", problems, LIMITS, "Apache-2.0", FILE.url)
    solved = [row for row in rows if row.number("task_id") in SHOTS]
    shots = shown_solved((row.text("prompt"), row.texts("test_list"), row.text("code")) for row in solved)
    problems = tuple(
        after_shots(problem, shots, row.text("prompt"), row.texts("test_list"))
        for problem, row in zip(problems, rows, strict=True)
    )
    return Benchmark(f"mbpp+:{style}", problems, LIMITS, "Apache-2.0", FILE.url)


def _problem(row: Row) -> Problem:
    number, code, test = row.number("task_id"), row.text("code"), row.text("test")
    assertion = row.texts("test_list")[0]
    entry_point = entry_point_of(assertion)
    inputs, tolerance = _INPUTS.search(test), _TOLERANCE.search(test)
    if entry_point is None or inputs is None or tolerance is None:
        raise RatchetError(f"{row.where}: the test is not in the form of MBPP+; fetch the file again.")
    oracle = ReferenceOracle(
        entry_point,
        _without(inputs[1], LEFT_OUT.get(number, ())),
        code,
        RULES.get(number, "evalplus"),
        float(tolerance[1]),
        ORIGINAL.get(number, len(set(row.texts("test_list")))),
    )
    prompt = docstring_prompt(row.text("prompt"), assertion)
    return Problem(id=f"Mbpp/{number}", prompt=prompt, oracle=oracle, turns=(prompt,), reference=code)


def _without(inputs: str, left_out: tuple[int, ...]) -> str:
    if not left_out:
        return inputs
    numbered = enumerate(read_inputs(inputs), start=1)
    return repr([list(args) for number, args in numbered if number not in left_out])
