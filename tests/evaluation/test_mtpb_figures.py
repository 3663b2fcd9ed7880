"""MTPB's figures: the mean over problems of the mean over their cases, and its groups."""

from __future__ import annotations

import pytest

from ratchet.errors import RatchetError
from ratchet.evaluation.mtpb import CaseResult, Rate, difficulties, pass_rates, summarise


def case(
    problem: str, number: int, passes: int, samples: int, category: str = "math", turns: int = 3
) -> CaseResult:
    labels = {"problem": problem, "category": category, "turns": str(turns)}
    return CaseResult(f"mtpb/{problem}/{number}", labels, passes, samples)


RESULTS = [
    case("1", 0, 4, 4),
    case("1", 1, 2, 4),
    case("2", 0, 1, 4, "array", 10),
    case("2", 1, 0, 2, "array", 10),
    case("3", 0, 2, 4),
]


def test_a_problem_is_the_mean_of_its_cases_and_a_model_that_of_its_problems() -> None:
    assert pass_rates(RESULTS) == {"1": 0.75, "2": 0.125, "3": 0.5}
    found = summarise(RESULTS)
    assert found.overall == Rate((0.75 + 0.125 + 0.5) / 3, 3, 5, 18)
    assert found.by_category == {"math": Rate(0.625, 2, 3, 12), "array": Rate(0.125, 1, 2, 6)}
    assert list(found.by_category) == ["math", "array"]
    assert list(found.by_turns) == ["3", "10"]
    assert found.by_difficulty == {
        "easy": Rate(0.75, 1, 2, 8),
        "medium": Rate(0.5, 1, 1, 4),
        "hard": Rate(0.125, 1, 2, 6),
    }
    assert found.own_difficulty
    assert found.as_dict()["by_turns"]["10"] == {
        "pass_rate": 0.125, "problems": 1, "cases": 2, "samples": 6,
    }  # fmt: skip


def test_difficulties_come_from_the_mean_of_several_runs() -> None:
    levels = difficulties([{"1": 1.0, "2": 0.0, "3": 0.6}, {"1": 0.4, "2": 0.61, "3": 0.9}, {"3": 0.9}])
    assert levels == {"1": "medium", "2": "medium", "3": "easy"}
    assert difficulties([{"1": 0.3, "2": 0.29}]) == {"1": "medium", "2": "hard"}
    found = summarise(RESULTS, levels)
    assert {level: rate.problems for level, rate in found.by_difficulty.items()} == {"easy": 1, "medium": 2}
    assert found.by_difficulty["easy"].pass_rate == 0.5
    assert not found.own_difficulty


@pytest.mark.parametrize(
    ("results", "complaint"),
    [
        ([], "there are no results"),
        ([case("1", 0, 0, 0)], "mtpb/1/0 has 0 passes of 0 samples"),
        ([case("1", 0, 3, 2)], "mtpb/1/0 has 3 passes of 2 samples"),
        ([CaseResult("HumanEval/0", {}, 1, 1)], 'HumanEval/0 has no label "problem"'),
    ],
)
def test_results_that_cannot_be_summarised_are_refused(results: list[CaseResult], complaint: str) -> None:
    with pytest.raises(RatchetError, match=complaint):
        summarise(results)


def test_a_difficulty_is_needed_for_every_problem() -> None:
    with pytest.raises(RatchetError, match="difficulty of problem 2 is not known"):
        summarise(RESULTS, {"1": "easy"})
