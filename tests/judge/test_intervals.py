"""Intervals: they hold the truth as often as they say, and say what they cover."""

from __future__ import annotations

import numpy as np
import pytest

from ratchet.judge.intervals import (
    Interval,
    nested_interval,
    paired_interval,
    problem_interval,
    seed_interval,
)
from ratchet.judge.student import incomplete_beta, t_quantile


@pytest.mark.parametrize(
    ("level", "degrees", "expected"),
    # Any printed table of the t distribution.
    [(0.95, 1, 12.7062), (0.95, 2, 4.3027), (0.95, 4, 2.7764), (0.99, 10, 3.1693), (0.9, 30, 1.6973)],
)
def test_t_quantiles_are_those_of_the_tables(level: float, degrees: int, expected: float) -> None:
    assert t_quantile(level, degrees) == pytest.approx(expected, abs=5e-5)


def test_the_incomplete_beta_function_at_known_points() -> None:
    assert incomplete_beta(2.0, 3.0, 0.4) == pytest.approx(0.5248, abs=1e-10)
    assert incomplete_beta(0.5, 0.5, 0.5) == pytest.approx(0.5, abs=1e-12)
    assert (incomplete_beta(3.0, 2.0, 0.0), incomplete_beta(3.0, 2.0, 1.0)) == (0.0, 1.0)


def test_the_problem_interval_is_that_of_the_normal_approximation() -> None:
    values = [1.0] * 120 + [0.0] * 280
    interval = problem_interval(values, resamples=20_000)
    half = 1.96 * (0.3 * 0.7 / 400) ** 0.5
    assert interval.mean == pytest.approx(0.3)
    assert interval.low == pytest.approx(0.3 - half, abs=0.005)
    assert interval.high == pytest.approx(0.3 + half, abs=0.005)
    assert interval.covers == "problems"


def test_it_is_the_same_for_the_same_seed_and_not_for_another() -> None:
    values = list(np.random.default_rng(5).random(30))
    assert problem_interval(values, seed=1) == problem_interval(values, seed=1)
    assert problem_interval(values, seed=1) != problem_interval(values, seed=2)


def test_problem_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(300):
        interval = problem_interval(rng.binomial(1, 0.4, size=100).astype(float), seed=trial, resamples=400)
        held += interval.low <= 0.4 <= interval.high
    assert 0.90 <= held / 300 <= 0.98


def test_seed_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    trials = [seed_interval(rng.normal(0.5, 0.1, size=3)) for _ in range(1000)]
    held = sum(interval.low <= 0.5 <= interval.high for interval in trials)
    assert 0.93 <= held / 1000 <= 0.97


def test_pairing_takes_out_what_both_find_hard() -> None:
    hard = np.random.default_rng(3).random(200)
    a, b = list(hard + 0.1), list(hard)
    paired = paired_interval(a, b)
    assert paired.mean == pytest.approx(0.1)
    assert paired.high - paired.low < 1e-9
    alone = problem_interval(a)
    assert alone.high - alone.low > 0.05


def test_a_nested_interval_is_wider_than_either_part_alone() -> None:
    rng = np.random.default_rng(4)
    rows = [list(rng.binomial(1, rate, size=60).astype(float)) for rate in (0.2, 0.4, 0.6, 0.8)]
    nested = nested_interval(rows)
    pooled = problem_interval([value for row in rows for value in row])
    assert nested.covers == "problems and training seeds"
    assert nested.mean == pytest.approx(pooled.mean)
    assert nested.high - nested.low > pooled.high - pooled.low


def test_problems_that_all_seeds_share_do_not_average_out() -> None:
    values = [1.0] * 30 + [0.0] * 70
    shared = nested_interval([values] * 5, same_problems=True)
    alone = problem_interval(values)
    assert shared.high - shared.low == pytest.approx(alone.high - alone.low, abs=0.03)
    independent = nested_interval([values] * 5)
    assert independent.high - independent.low < 0.6 * (shared.high - shared.low)


def test_many_problems_are_resampled_in_little_memory() -> None:
    values = np.random.default_rng(1).random(20_000)
    interval = problem_interval(values, resamples=500)
    assert interval.high - interval.low == pytest.approx(3.92 * 0.2887 / 20_000**0.5, rel=0.2)


def test_values_that_are_all_equal_give_no_width() -> None:
    assert problem_interval([1.0] * 164) == Interval(1.0, 1.0, 1.0, "problems")


def test_what_gives_no_interval_is_refused() -> None:
    for values in ([], [0.5, float("nan")], [float("inf")]):
        with pytest.raises(ValueError, match="needs"):
            problem_interval(values)
    with pytest.raises(ValueError, match="at least two"):
        seed_interval([0.4])
    with pytest.raises(ValueError, match="equal lengths"):
        paired_interval([1.0, 0.0], [1.0])
    with pytest.raises(ValueError, match="equally many"):
        nested_interval([[1.0, 0.0], [1.0]], same_problems=True)
    with pytest.raises(ValueError, match="level"):
        problem_interval([0.5, 0.7], level=95)
    with pytest.raises(ValueError, match="at least one"):
        nested_interval([])
