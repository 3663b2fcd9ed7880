"""The self-learning rule: a 1:9 split by problem, and strictly better or nothing."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.loop.selflearning import Decision, decide, held_out_tenth

NAMES = st.lists(st.text(max_size=8), unique=True, min_size=2, max_size=60)


@given(NAMES, st.randoms(use_true_random=False))
def test_the_tenth_is_decided_by_the_set_of_problems_alone(names: list[str], chance: random.Random) -> None:
    held_out = {name for name, held in zip(names, held_out_tenth(names), strict=True) if held}
    assert len(held_out) == max(1, round(len(names) / 10))
    entries = [name for name in names for _ in range(chance.randint(1, 3))]
    chance.shuffle(entries)
    assert held_out_tenth(entries) == [name in held_out for name in entries]


def test_one_in_ten_and_no_problem_on_both_sides() -> None:
    ids = [f"lesson/3/{i:03d}" for i in range(200)] * 2
    sides = held_out_tenth(ids)
    assert sum(sides) == 40
    assert sides[:200] == sides[200:]
    numbers = [int(name[-3:]) for name, held in zip(ids, sides, strict=True) if held]
    assert max(numbers) > 150 > 50 > min(numbers)


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "a", "a"]])
def test_a_split_needs_two_problems(ids: list[str]) -> None:
    with pytest.raises(ValueError, match="at least two problems, not"):
        held_out_tenth(ids)


def answers(right: int, of: int = 100) -> list[bool]:
    return [i < right for i in range(of)]


def test_a_much_better_student_becomes_the_teacher() -> None:
    decision = decide(answers(40), answers(80))
    assert decision.student_is_teacher
    assert decision.difference.mean == pytest.approx(0.4)
    assert decision.difference.low > 0
    assert decision.difference.covers == "problems"
    assert decision.sentence == (
        "The student becomes the teacher: student 80.0% against teacher 40.0% on the same 100 held-out "
        "problems, strictly better, and more than the choice of problems explains."
    )


def test_one_problem_more_is_strictly_better_and_it_says_how_little_that_is() -> None:
    decision = decide(answers(50), answers(51))
    assert decision.student_is_teacher
    assert decision.difference.low <= 0
    assert decision.sentence.endswith(
        "strictly better, though by no more than the choice of problems may explain."
    )


@pytest.mark.parametrize("student", [answers(50), answers(49), answers(0)])
def test_equal_or_worse_and_the_teacher_stays(student: list[bool]) -> None:
    decision = decide(answers(50), student)
    assert not decision.student_is_teacher
    assert decision.sentence == (
        f"The teacher stays: student {sum(student)}.0% against teacher 50.0% on the same 100 held-out "
        "problems, not strictly better."
    )


def test_equal_scores_on_different_problems_are_equal() -> None:
    assert not decide([True, True, False, False], [False, False, True, True]).student_is_teacher


def test_the_difference_is_paired() -> None:
    better = [*answers(50)[:60], *[True] * 10, *answers(50)[70:]]
    decision = decide(answers(50), better)
    assert decision.difference.low > 0  # what neither or both solved cancels
    assert decision.student.low < decision.teacher.high


@pytest.mark.parametrize(("teacher", "student"), [([], []), ([True], []), ([True], [True, False])])
def test_what_cannot_be_compared(teacher: list[bool], student: list[bool]) -> None:
    with pytest.raises(ValueError, match=r"at least one value|equal lengths"):
        decide(teacher, student)


def test_the_decision_is_plain_data_and_the_same_every_time() -> None:
    decision = decide(answers(30), answers(35), seed=3)
    assert decision == decide(answers(30), answers(35), seed=3)
    assert isinstance(decision, Decision)
    data = json.loads(json.dumps(decision.as_dict()))
    assert data["sentence"] == decision.sentence
    assert data["student_is_teacher"] is True
    assert data["problems"] == 100
    assert set(data["difference"]) == {"mean", "low", "high", "covers"}
