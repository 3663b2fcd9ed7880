"""Specifications: two forms that say and do the same, and a split that nothing crosses."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.problems.micro import (
    MAX_STEPS,
    OPERATIONS,
    Specification,
    Step,
    draw,
    draw_inputs,
    execute,
    is_held_out,
)
from ratchet.sandbox import LocalSandbox

SEEDS = st.integers(0, 2**32)
LONGER = st.integers(2, MAX_STEPS)


def specification(*names: str) -> Specification:
    return Specification(tuple(Step(name, 0) for name in names))


@given(SEEDS, SEEDS, LONGER, LONGER)
def test_no_specification_is_on_both_sides(a: int, b: int, few: int, many: int) -> None:
    train, held_out = draw(Random(a), few, held_out=False), draw(Random(b), many, held_out=True)
    assert not is_held_out(train.signature)
    assert is_held_out(held_out.signature)
    assert train.signature != held_out.signature
    assert train.program(interleaved=True) != held_out.program(interleaved=True)
    assert train.program(interleaved=False) != held_out.program(interleaved=False)


@given(SEEDS, LONGER, st.booleans(), SEEDS)
def test_the_side_does_not_depend_on_the_wording(seed: int, steps: int, held_out: bool, other: int) -> None:
    drawn = draw(Random(seed), steps, held_out=held_out)
    random = Random(other)
    again = Specification(tuple(Step(step.name, random.randrange(2)) for step in drawn.steps))
    assert is_held_out(again.signature) == held_out


@given(SEEDS, LONGER, st.booleans())
def test_steps_fit_together(seed: int, steps: int, held_out: bool) -> None:
    drawn = draw(Random(seed), steps, held_out=held_out)
    assert len(drawn.steps) == steps
    operations = [step.operation for step in drawn.steps]
    assert all(first.gives is second.takes for first, second in pairwise(operations))
    assert (drawn.takes, drawn.gives) == (operations[0].takes, operations[-1].gives)


def test_about_a_quarter_is_held_out() -> None:
    names = list(OPERATIONS)
    pairs = [is_held_out((a, b)) for a in names for b in names]
    assert 0.2 < sum(pairs) / len(pairs) < 0.3
    assert not any(is_held_out((name,)) for name in names)


@pytest.mark.parametrize(("steps", "held_out"), [(0, False), (MAX_STEPS + 1, False), (1, True)])
def test_what_there_is_none_of(steps: int, held_out: bool) -> None:
    with pytest.raises(ValueError, match="no specification"):
        draw(Random(0), steps, held_out=held_out)


def test_both_forms_in_full() -> None:
    spec = specification("keep_above", "sum")
    assert spec.program(interleaved=True) == (
        "def f(xs):\n"
        "    # Keep numbers above 3.\n"
        "    xs = [x for x in xs if x > 3]\n"
        "    # Add up the numbers.\n"
        "    n = sum(xs)\n"
        "    # Return the result.\n"
        "    return n\n"
    )
    assert spec.program(interleaved=False) == (
        "# Keep numbers above 3.\n"
        "# Add up the numbers.\n"
        "# Return the result.\n"
        "def f(xs):\n"
        "    xs = [x for x in xs if x > 3]\n"
        "    n = sum(xs)\n"
        "    return n\n"
    )
    assert spec.turns == (
        "def f(xs):\n    # Keep numbers above 3.\n",
        "    # Add up the numbers.\n",
        "    # Return the result.\n",
    )


@given(SEEDS, st.integers(1, MAX_STEPS))
def test_both_forms_hold_the_same_sentences_and_code(seed: int, steps: int) -> None:
    spec = draw(Random(seed), steps, held_out=False)
    turns, block = spec.program(interleaved=True), spec.program(interleaved=False)
    assert sorted(map(str.strip, turns.splitlines())) == sorted(map(str.strip, block.splitlines()))
    assert block.startswith(spec.block_prompt)
    at = 0
    for turn in spec.turns:
        at = turns.index(turn, at) + len(turn)


def test_both_forms_execute_to_the_same_answers(sandbox: LocalSandbox) -> None:
    random = Random(5)
    drawn = [draw(random, 1 + i % MAX_STEPS, held_out=False) for i in range(100)]
    jobs = [
        ([spec.program(interleaved=form) for form in (True, False)], draw_inputs(random, spec.takes))
        for spec in drawn
    ]
    for spec, (turns, block) in zip(drawn, execute(sandbox, jobs), strict=True):
        assert turns == block, spec.signature
        assert all(ok for ok, _ in turns), spec.signature


@settings(max_examples=50)
@given(SEEDS, st.sets(st.integers(0, MAX_STEPS - 1)), st.booleans())
def test_only_the_confused_steps_differ(seed: int, confused: set[int], interleaved: bool) -> None:
    spec = draw(Random(seed), MAX_STEPS, held_out=False)
    right = spec.program(interleaved=interleaved).splitlines()
    wrong = spec.program(interleaved=interleaved, confused=confused).splitlines()
    changed = [(a, b) for a, b in zip(right, wrong, strict=True) if a != b]
    twins = [spec.steps[i] for i in sorted(confused) if spec.steps[i].operation.confused]
    assert changed == [(s.code().rstrip("\n"), s.code(confused=True).rstrip("\n")) for s in twins]


def test_a_step_goes_only_where_the_rest_still_fits() -> None:
    spec = specification("keep_even", "sum", "add")
    assert spec.without(0) == specification("sum", "add")
    assert spec.without(1) is None
    assert spec.without(2) == specification("keep_even", "sum")
    assert specification("keep_even").without(0) is None
