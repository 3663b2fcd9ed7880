"""HumanEval-X and MultiPL-E: what is right passes, split, and what is wrong does not.

Here a slice of each; `ratchet score humaneval-x:cpp` judges a whole one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ratchet.judge import judge, judge_many
from ratchet.problems import Problem, Sample, load_benchmark
from ratchet.sandbox import LocalSandbox
from ratchet.sandbox.languages import Missing, resolve, toolchain
from tests.judge.multipl_e_bodies import BODIES

SLICE = slice(5, None, 14)
"""Every fourteenth problem: 12 of 164."""
LANGUAGES = ("cpp", "go", "java", "js", "python", "rust")
QUICK = ("python",)


def skip_without(language: str) -> None:
    if resolve(language) != "python":
        try:
            toolchain(language)
        except Missing as missing:
            pytest.skip(str(missing))


def broken(problem: Problem) -> Sample:
    """The problem's own solution, answering another question: the function that is asked is another one."""
    name = problem.oracle.entry_point
    text = problem.setup + problem.prompt + (problem.reference or "")
    return Sample(problem.id, 1, text.replace(name, f"{name}_other"), standalone=True)


@pytest.mark.parametrize(
    "choice", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in LANGUAGES]
)
def test_solutions_pass_split_and_broken_ones_do_not(
    benchmark_data: Path, sandbox: LocalSandbox, choice: str
) -> None:
    benchmark = load_benchmark(f"humaneval-x:{choice}")
    chosen = [each for each in benchmark.problems[SLICE] if each.id not in benchmark.exceptions]
    skip_without(chosen[0].language)
    pairs = [(problem, Sample(problem.id, 0, problem.reference or "")) for problem in chosen]
    pairs += [(problem, broken(problem)) for problem in chosen]
    seen = [verdict for _, verdict in judge_many(pairs, sandbox, benchmark.default_limits)]
    wrong = [each for each in seen if each.oracle != "split" or each.passed is bool(each.sample)]
    assert not wrong, wrong[:3]


@pytest.mark.parametrize(
    "translation",
    [
        name if name.endswith(("-sh", "-php")) else pytest.param(name, marks=pytest.mark.slow)
        for name in BODIES
    ],
)
def test_multipl_e_tells_right_from_wrong_split(
    benchmark_data: Path, sandbox: LocalSandbox, translation: str
) -> None:
    benchmark = load_benchmark(f"multipl-e:{translation}")
    skip_without(benchmark.problems[0].language)
    problems = {problem.id: problem for problem in benchmark.problems}
    found = {}
    for name, bodies in BODIES[translation].items():
        for place, body in enumerate(bodies):
            sample = Sample(name, place, body)
            seen = judge(problems[name], sample, sandbox, benchmark.default_limits, oracle="auto")
            if (seen.passed, seen.oracle) != (place == 0, "split"):
                found[name, "wrong" if place else "right"] = seen
            assert place == 0 or seen.status == "failed", seen
    assert not found, found
