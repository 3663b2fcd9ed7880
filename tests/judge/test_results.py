"""Figures from verdicts, and which k can be reported."""

from __future__ import annotations

import pytest

from ratchet.errors import RatchetError
from ratchet.judge.results import choose_k, tally
from ratchet.judge.types import Verdict, VerdictStatus


def verdict(problem: str, sample: int, status: str) -> Verdict:
    return Verdict(problem, sample, VerdictStatus(status), "", 1, 0.01, 0.01, 1 << 20)


def test_pass_at_k_is_the_mean_over_problems_not_over_samples() -> None:
    verdicts = [verdict("a", i, "passed") for i in range(4)]
    verdicts += [verdict("b", 0, "failed"), verdict("b", 1, "timeout")]
    rows, counts = tally(verdicts, (1, 2))
    assert [row.mean for row in rows] == [0.5, 0.5]
    assert rows[0].covers == "problems"
    assert counts == {
        "passed": 4, "failed": 1, "timeout": 1, "memory": 0, "crashed": 0, "invalid": 0, "tampered": 0,
    }  # fmt: skip


def test_one_problem_has_no_interval() -> None:
    rows, _ = tally([verdict("a", 0, "passed"), verdict("a", 1, "failed")], (1,))
    assert (rows[0].mean, rows[0].low, rows[0].high) == (0.5, None, None)


def test_default_k_are_those_that_fit() -> None:
    assert choose_k(None, {"a": 12, "b": 10}) == ((1, 10), (100,))
    assert choose_k(None, {"a": 1}) == ((1,), (10, 100))


def test_k_that_was_asked_for_must_fit_every_problem() -> None:
    assert choose_k([5, 1, 5], {"a": 5, "b": 9}) == ((1, 5), ())
    with pytest.raises(RatchetError, match=r"pass@10 needs 10 samples of every problem, but b has 3"):
        choose_k([1, 10], {"a": 12, "b": 3})
    for bad in ([0], [-1, 1], []):
        with pytest.raises(RatchetError, match="from 1 up"):
            choose_k(bad, {"a": 5})
