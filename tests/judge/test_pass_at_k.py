"""pass@k against its closed formula, and against drawing k samples by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import comb

import pytest

from ratchet.judge.pass_at_k import pass_at_k


def test_it_is_the_closed_formula_for_all_small_counts() -> None:
    for n in range(1, 21):
        for c in range(n + 1):
            for k in range(1, n + 1):
                exact = 1 - Fraction(comb(n - c, k), comb(n, k))
                assert pass_at_k(n, c, k) == pytest.approx(float(exact), abs=1e-13), (n, c, k)


def test_it_is_the_share_of_draws_with_a_right_one() -> None:
    right = [True, False, True, False, False, False, False]
    for k in range(1, 8):
        draws = list(combinations(right, k))
        assert pass_at_k(7, 2, k) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_large_counts_neither_overflow_nor_lose_digits() -> None:
    n, c, k = 100_000, 17, 50_000
    exact = 1 - Fraction(comb(n - c, k), comb(n, k))
    assert pass_at_k(n, c, k) == pytest.approx(float(exact), rel=1e-12)
    assert pass_at_k(6, 3, 1) == 0.5
    assert pass_at_k(200, 0, 100) == 0.0
    assert pass_at_k(200, 101, 100) == 1.0


@pytest.mark.parametrize(("n", "c", "k"), [(5, 6, 1), (5, -1, 1), (5, 2, 6), (5, 2, 0), (0, 0, 1)])
def test_what_cannot_be_estimated_is_refused(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="cannot"):
        pass_at_k(n, c, k)
