"""Mutants of each benchmark's own solutions fail, wherever they behave differently."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from ratchet.judge import judge_many
from ratchet.judge.closeness import RULES, tolerance_for
from ratchet.problems import ReferenceOracle, Sample, load_benchmark
from ratchet.problems.literals import read_inputs
from ratchet.problems.mutation import mutants
from ratchet.sandbox import LocalSandbox

EACH = 2
# Small inputs and quick functions, so that the mutants can be asked here, too, without a jail.
CHOSEN = {"humaneval+": range(12), "mbpp+": range(10, 24)}


def differs(program: str, mutant: str, oracle: ReferenceOracle) -> bool:
    """Whether a mutant's answer on some input is another than the program's, found without the judge."""
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    exec(program, ours)
    exec(mutant, theirs)
    for args in read_inputs(oracle.inputs):
        expected = ours[oracle.entry_point](*copy.deepcopy(args))
        try:
            got = theirs[oracle.entry_point](*copy.deepcopy(args))
        except Exception:
            return True
        if not RULES[oracle.rule](args, got, expected, tolerance_for(expected, oracle.tolerance)):
            return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOSEN)
def test_a_mutant_fails_exactly_if_it_answers_otherwise(
    benchmark_data: Path, sandbox: LocalSandbox, name: str
) -> None:
    benchmark = load_benchmark(name)
    pairs, wanted = [], []
    for place in CHOSEN[name]:
        problem = benchmark.problems[place]
        assert isinstance(problem.oracle, ReferenceOracle)
        for index, mutant in enumerate(mutants(problem.oracle.program, seed=place, most=EACH)):
            if "while" in mutant.source:  # it might never end
                continue
            pairs.append((problem, Sample(problem.id, index, mutant.source, True)))
            wanted.append(not differs(problem.oracle.program, mutant.source, problem.oracle))
    seen = dict(judge_many(pairs, sandbox, benchmark.default_limits))
    wrong = [(seen[i], pairs[i][1].completion) for i in range(len(pairs)) if seen[i].passed is not wanted[i]]
    assert not wrong, wrong[:2]
    assert wanted.count(False) > len(wanted) / 2
