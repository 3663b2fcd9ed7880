"""Problems of the micro-domain: their tests were executed, and prove something."""

from __future__ import annotations

import json
from random import Random

import pytest

from ratchet.errors import HarnessError
from ratchet.judge import judge_many
from ratchet.problems import CallOracle, Sample
from ratchet.problems.micro import (
    Kind,
    MicroProblem,
    draw_inputs,
    execute,
    is_held_out,
    is_telling,
    make_problems,
    mutants,
)
from ratchet.problems.micro.generation import INPUTS, MAX_SIZE, MIN_DISTINCT
from ratchet.sandbox import Limits, LocalSandbox

COUNTS = {2: 12, 4: 10, 5: 8}


@pytest.fixture(scope="module")
def held_out(sandbox: LocalSandbox) -> list[MicroProblem]:
    return make_problems(sandbox, seed=3, name="held-out", counts=COUNTS, held_out=True)


def test_as_many_as_asked_for_and_all_different(sandbox: LocalSandbox, held_out: list[MicroProblem]) -> None:
    done: list[int] = []
    train = make_problems(
        sandbox, seed=3, name="train", counts={1: 9, 3: 20}, held_out=False, on_done=done.append
    )
    assert [p.problem.id for p in train] == [
        f"train/{n}/{i:03d}" for n, c in ((1, 9), (3, 20)) for i in range(c)
    ]
    assert sum(done) == 29
    for problems, side in ((train, False), (held_out, True)):
        signatures = [p.specification.signature for p in problems]
        assert len(set(signatures)) == len(signatures)
        assert all(is_held_out(signature) == side for signature in signatures)
        assert all(p.problem.id.split("/")[1] == str(len(p.specification.steps)) for p in problems)


def test_the_same_seed_gives_the_same_problems(sandbox: LocalSandbox, held_out: list[MicroProblem]) -> None:
    again = make_problems(sandbox, seed=3, name="held-out", counts=COUNTS, held_out=True)
    other = make_problems(sandbox, seed=4, name="held-out", counts=COUNTS, held_out=True)
    assert again == held_out
    assert other != held_out


def test_the_reference_passes_and_every_mutant_fails(
    sandbox: LocalSandbox, held_out: list[MicroProblem]
) -> None:
    pairs, right = [], []
    for made in held_out:
        assert made.problem.reference is not None
        pairs.append((made.problem, Sample(made.problem.id, 0, made.problem.reference)))
        right.append(True)
        for number, program in enumerate(mutants(made.specification), start=1):
            pairs.append((made.problem, Sample(made.problem.id, number, program, standalone=True)))
            right.append(False)
    assert right.count(False) > 2 * len(held_out)
    passed = {position: v.passed for position, v in judge_many(pairs, sandbox, Limits(wall_s=10))}
    wrong = [pairs[i][1] for i, expected in enumerate(right) if passed[i] != expected]
    assert wrong == []


def test_the_tests_are_varied_and_short(held_out: list[MicroProblem]) -> None:
    for made in held_out:
        assert isinstance(made.problem.oracle, CallOracle)
        written = [repr(case.expected) for case in made.problem.oracle.cases]
        assert len(written) == INPUTS
        assert len(set(written)) >= MIN_DISTINCT
        assert max(map(len, written)) <= MAX_SIZE
        assert made.problem.turns == made.specification.turns
        assert made.problem.prompt == made.specification.block_prompt


def test_problems_survive_json(held_out: list[MicroProblem]) -> None:
    for made in held_out:
        assert MicroProblem.from_dict(json.loads(json.dumps(made.as_dict()))) == made


def test_tables_keep_their_integer_keys_and_their_order_in_json() -> None:
    data = {
        "id": "t/2/000",
        "steps": [["table_swap", 1], ["table_values", 0]],
        "cases": [["{7: 1, 2: 5}", "[7, 2]"]],
    }
    made = MicroProblem.from_dict(data)
    assert isinstance(made.problem.oracle, CallOracle)
    [case] = made.problem.oracle.cases
    assert case.args == ({7: 1, 2: 5},)
    assert list(case.args[0]) == [7, 2]
    assert json.loads(json.dumps(made.as_dict())) == data


def test_more_than_there_are(sandbox: LocalSandbox) -> None:
    with pytest.raises(ValueError, match="fewer than 60 different problems of 1 steps"):
        make_problems(sandbox, seed=0, name="all", counts={1: 60}, held_out=False)


def test_what_tells_nothing_is_no_problem() -> None:
    good = [(True, i) for i in range(8)]
    assert is_telling(good, [[(True, 0)] * 8])
    assert not is_telling([*good[:7], (False, "ValueError")], [])
    assert not is_telling([(True, i % 2) for i in range(8)], [])
    assert not is_telling([*good[:7], (True, "x" * MAX_SIZE)], [])
    assert not is_telling(good, [[(True, 0)] * 8, list(good)])


@pytest.mark.parametrize("kind", list(Kind))
def test_inputs_are_drawn_from_their_seed(kind: Kind) -> None:
    drawn = draw_inputs(Random(1), kind, 30)
    assert len(drawn) == 30
    assert drawn == draw_inputs(Random(1), kind, 30)
    assert len({repr(value) for value in drawn}) > 15


def test_programs_are_run_in_order_and_their_exceptions_kept(sandbox: LocalSandbox) -> None:
    source = "def f(n):\n    return 10 // n\n"
    told: list[int] = []
    rows = execute(sandbox, [([source], [i, 0]) for i in range(1, 121)], told.append)
    assert rows == [[[(True, 10 // i), (False, "ZeroDivisionError")]] for i in range(1, 121)]
    assert sum(told) == 120


def test_one_program_does_not_change_what_the_next_is_given(sandbox: LocalSandbox) -> None:
    greedy = "def f(xs):\n    xs.clear()\n    return xs\n"
    plain = "def f(xs):\n    return xs\n"
    assert execute(sandbox, [([greedy, plain], [[1, 2]])]) == [[[(True, [])], [(True, [1, 2])]]]


def test_a_reference_that_does_not_run_is_our_fault(sandbox: LocalSandbox) -> None:
    with pytest.raises(HarnessError, match="references did not run"):
        execute(sandbox, [(["def f(:\n"], [1])])
