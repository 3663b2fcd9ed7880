"""MTPB: its cases, what its own outputs come to by both rules, and solutions written turn by turn."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ratchet.decode.truncation import truncate_turn
from ratchet.errors import RatchetError
from ratchet.judge import Verdict, judge_many
from ratchet.problems import Benchmark, PrintedOracle, Problem, Sample, load_benchmark
from ratchet.problems.benchmarks.mtpb import FILE, HEADER, cases
from ratchet.problems.lines import Row
from ratchet.sandbox import LocalSandbox
from tests.problems.mtpb_solutions import SOLUTIONS

Pairs = list[tuple[Problem, Sample]]

ROW: dict[str, Any] = {
    "id": "7",
    "prompts": ['Assign {a} to "x".', "Make a dictionary {{1: x}}.", "Print it."],
    "inputs": [{"a": [1, 2]}, {"a": 3}],
    "outputs": [1, 2, 3],
    "category": "dict",
}


def expected(problem: Problem) -> Any:
    assert isinstance(problem.oracle, PrintedOracle)
    return problem.oracle.expected


def test_a_line_is_a_problem_per_input() -> None:
    first, second = cases(Row(ROW, "here"), "strict")
    assert (first.id, second.id) == ("mtpb/7/0", "mtpb/7/1")
    assert first.turns == (
        f'{HEADER}# Assign [1, 2] to "x".\n',
        "\n\n# Make a dictionary {1: x}.\n",
        "\n\n# Print it.\n",
    )
    assert second.prompt == f'{HEADER}# Assign 3 to "x".\n# Make a dictionary {{1: x}}.\n# Print it.\n'
    assert first.labels == {"problem": "7", "category": "dict", "turns": "3"}
    assert (first.max_tokens, expected(second)) == (256, 2)
    assert cases(Row(ROW | {"max_gen_length": 128}, "here"), "paper")[0].max_tokens == 128


def test_the_history_is_the_samplers() -> None:
    """The same text as adding a prompt's line, the cut completion and an empty line, turn after turn."""
    problem = cases(Row(ROW, "here"), "paper")[0]
    completions = ["x = [1, 2]", "d = {1: x}\n# more", "print(d)\n"]
    history = HEADER
    for prompt, completion in zip(ROW["prompts"], completions, strict=True):
        history += f"# {prompt.format(a=[1, 2])}\n" + f"{truncate_turn(completion)}\n\n"
    ours = "".join(turn + truncate_turn(c) for turn, c in zip(problem.turns, completions, strict=True))
    assert ours + "\n\n" == history


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"inputs": [{"b": 1}], "outputs": [1]}, r"here: the prompt .* cannot be filled \(KeyError: 'a'\)"),
        ({"inputs": [3], "outputs": [1]}, r"here: the prompt .* cannot be filled \(TypeError"),
        ({"outputs": [1]}, r"here: .* lists, with an output per input"),
        ({"inputs": None}, r"here: .* lists, with an output per input"),
        ({"prompts": "one"}, 'the field "prompts" must be an array of strings'),
        ({"prompts": []}, "here: .* has no prompts"),
    ],
)
def test_a_line_that_is_no_problem_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(RatchetError, match=complaint):
        cases(Row(ROW | change, "here"), "strict")


def test_all_cases_of_the_published_file(benchmark_data: Path) -> None:
    benchmark = load_benchmark("mtpb")
    assert (benchmark.name, benchmark.rules, len(benchmark.problems)) == ("mtpb:strict", "strict", 575)
    one_each = [problem for problem in benchmark.problems if problem.id.endswith("/0")]
    # SYSTEMS.md, section 2.7
    assert Counter(problem.labels["category"] for problem in one_each) == {
        "array": 23, "data science": 23, "math": 22, "string": 21, "algorithm": 21, "dict": 3, "class": 2,
    }  # fmt: skip
    assert Counter(len(problem.turns) for problem in one_each) == {
        3: 16,
        4: 56,
        5: 27,
        6: 9,
        7: 4,
        8: 2,
        9: 1,
    }
    assert Counter(problem.max_tokens for problem in one_each) == {128: 88, 256: 26, 512: 1}
    assert [expected(p) for p in benchmark.problems if p.labels["problem"] == "57"] == [1, 5, 1, 2, 10010]
    assert all(problem.prompt.count("\n# ") >= len(problem.turns) for problem in one_each)


def test_what_no_program_can_pass_is_listed(benchmark_data: Path) -> None:
    strict, paper = load_benchmark("mtpb:strict"), load_benchmark("mtpb:paper")
    assert len(strict.broken) == 16
    added = set(paper.broken) - set(strict.broken)
    refused = {f"mtpb/89/{number}" for number in (0, 1, 3, 4)} | {"mtpb/41/1", "mtpb/41/4"}
    assert added == refused | {f"mtpb/14/{number}" for number in range(5)}
    assert strict.digest() != paper.digest()


def verdicts(pairs: Pairs, sandbox: LocalSandbox, benchmark: Benchmark) -> list[Verdict]:
    found = dict(judge_many(pairs, sandbox, benchmark.default_limits))
    return [found[position] for position in range(len(pairs))]


def printing(problem: Problem, value: Any) -> tuple[Problem, Sample]:
    """A program that prints the value and needs no packages."""
    sample = Sample(problem.id, 0, f"print({value!r})\n", standalone=True)
    return replace(problem, packages=()), sample


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "failing"),
    [("strict", ()), ("paper", ("41/1", "41/4", "89/0", "89/1", "89/2", "89/3", "89/4"))],
)
def test_every_output_against_itself(
    benchmark_data: Path, sandbox: LocalSandbox, rules: str, failing: tuple[str, ...]
) -> None:
    benchmark = load_benchmark(f"mtpb:{rules}")
    pairs = [printing(problem, expected(problem)) for problem in benchmark.problems]
    seen = verdicts(pairs, sandbox, benchmark)
    assert [v.problem_id for v in seen if not v.passed] == [f"mtpb/{name}" for name in failing]
    assert sum(verdict.passed for verdict in seen) == (575 if rules == "strict" else 568)


WRONG: dict[type, Callable[[Any], Any]] = {
    bool: lambda value: not value,
    int: lambda value: value + 1,
    float: lambda value: value * (1 + 1e-5) + 2e-6,
    str: lambda value: value + ".",
    list: lambda value: [*value[1:], *value[:1], 0],
    dict: lambda value: {name: [*items, items[0]] for name, items in value.items()},
    type(None): lambda value: 0,
}


@pytest.mark.slow
@pytest.mark.parametrize("rules", ["strict", "paper"])
def test_no_output_a_little_changed_passes(benchmark_data: Path, sandbox: LocalSandbox, rules: str) -> None:
    benchmark = load_benchmark(f"mtpb:{rules}")
    some = [p for p in benchmark.problems if p.id.endswith("/3") or p.labels["problem"] in ("22", "41", "89")]
    pairs = [printing(problem, WRONG[type(expected(problem))](expected(problem))) for problem in some]
    assert [v.problem_id for v in verdicts(pairs, sandbox, benchmark) if v.passed] == []


def written(problem: Problem, given: dict[str, Any]) -> Sample:
    """The program of our solution, each turn cut as the sampler cuts it."""
    answers = [template.format(**given) for template in SOLUTIONS[problem.labels["problem"]]]
    program = "".join(turn + truncate_turn(a) for turn, a in zip(problem.turns, answers, strict=True))
    return Sample(problem.id, 0, program, standalone=True)


@pytest.mark.slow
@pytest.mark.parametrize("rules", ["strict", "paper"])
def test_solutions_written_turn_by_turn(benchmark_data: Path, sandbox: LocalSandbox, rules: str) -> None:
    """Without the pinned packages, so with the numpy that is here."""
    rows = [json.loads(line) for line in (benchmark_data / FILE.path).read_text().splitlines()]
    inputs = {row["id"]: row["inputs"] for row in rows}
    benchmark = load_benchmark(f"mtpb:{rules}")
    most = 2 if rules == "strict" else 1
    pairs = [
        (replace(problem, packages=()), written(problem, inputs[problem.labels["problem"]][number]))
        for problem in benchmark.problems
        if problem.labels["problem"] in SOLUTIONS and (number := int(problem.id[-1])) < most
    ]
    seen = verdicts(pairs, sandbox, benchmark)
    assert (len(seen), sum(verdict.passed for verdict in seen)) == (12 * most, 12 * most)
    # The answer to another input of the same problem does not pass.
    swapped = [
        (one, replace(sample, problem_id=one.id))
        for (one, _), (other, sample) in pairwise(pairs)
        if one.labels == other.labels and expected(one) != expected(other)
    ]
    assert len(swapped) == (10 if rules == "strict" else 0)
    assert not any(verdict.passed for verdict in verdicts(swapped, sandbox, benchmark))
