"""A seeded sample of each benchmark: its own solutions pass, split, and broken ones do not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ratchet.judge import judge_many
from ratchet.problems import Problem, Sample, load_benchmark
from ratchet.sandbox import LocalSandbox

HOW_MANY = {"humaneval": 40, "humaneval+": 8, "mbpp": 40, "mbpp-sanitized": 30, "mbpp+": 12}
HEAVY = {"HumanEval/15", "HumanEval/130", "HumanEval/139", "mbpp/123", "mbpp/367", "mbpp/601", "mbpp/927"} | {
    f"Mbpp/{number}" for number in (84, 123, 255, 271, 392, 583, 589, 592, 599, 603, 630)
}
"""Left to `ratchet score NAME`: they take seconds."""


def broken(problem: Problem) -> Sample:
    """The problem's own solution, under another name: what is asked for answers None."""
    name = problem.oracle.entry_point
    text = problem.prompt + (problem.reference or "") + f"\n\ndef {name}(*args, **named):\n    return None\n"
    return Sample(problem.id, 1, text, standalone=True)


@pytest.mark.parametrize("name", HOW_MANY)
def test_solutions_pass_split_and_broken_ones_do_not(
    benchmark_data: Path,
    sandbox: LocalSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path))
    benchmark = load_benchmark(name)
    able = [problem for problem in benchmark.problems if problem.id not in HEAVY]
    chosen = random.Random(7).sample(able, HOW_MANY[name])
    pairs = [(problem, Sample(problem.id, 0, problem.reference or "")) for problem in chosen]
    pairs += [(problem, broken(problem)) for problem in chosen]
    seen = [verdict for _, verdict in judge_many(pairs, sandbox, benchmark.default_limits)]
    wrong = [
        verdict
        for verdict in seen
        if (verdict.status, verdict.oracle) != ("passed" if verdict.sample == 0 else "failed", "split")
    ]
    assert not wrong, wrong[:3]


def test_the_benchmarks_are_whole(benchmark_data: Path) -> None:
    loaded = {name: load_benchmark(name) for name in HOW_MANY}
    sizes = {name: len(benchmark.problems) for name, benchmark in loaded.items()}
    assert sizes == {"humaneval": 164, "humaneval+": 164, "mbpp": 974, "mbpp-sanitized": 427, "mbpp+": 378}
    for name, benchmark in loaded.items():
        assert len({problem.id for problem in benchmark.problems}) == sizes[name]
        for problem in benchmark.problems:
            assert f"def {problem.oracle.entry_point}" in " ".join(
                (problem.prompt + (problem.reference or "")).split()
            ), problem.id
