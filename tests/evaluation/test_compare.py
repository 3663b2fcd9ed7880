"""Comparing Runs: values from the literature, laws of the tests, and what is said about real differences."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ratchet.errors import RatchetError
from ratchet.evaluation.compare import Comparison, compare, run_names
from ratchet.evaluation.paired_tests import holm, mcnemar, sign_flip
from ratchet.evaluation.records import SampleRecord, read_evaluation
from tests.evaluation.building import sample, write_run

DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
"""Darwin's pairs of maize, crossed less self-fertilised, in eighths of an inch."""


def test_mcnemar_as_published() -> None:
    # Fagerland, Lydersen and Laake 2013 (BMC Medical Research Methodology 13:91), the exact conditional
    # test on their two examples: Bentur et al. 2009, and Cavo et al. 2012.
    assert mcnemar(1, 7) == pytest.approx(0.0703, abs=5e-5)
    assert mcnemar(6, 16) == pytest.approx(0.0525, abs=5e-5)
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(0, 6) == 2 / 64
    assert mcnemar(5, 5) == 1.0
    assert 0 < mcnemar(900, 1200) < 1e-9
    with pytest.raises(ValueError, match="below 0"):
        mcnemar(-1, 2)


def test_sign_flip_as_fisher_published() -> None:
    # The Design of Experiments (1935), section 21: 863 of 32,768 sums are 314 or more.
    assert sign_flip([Fraction(d) for d in DARWIN]) == pytest.approx(2 * 863 / 32768, rel=1e-12)
    assert sign_flip([]) == 1.0


def test_sign_flip_by_chance_is_near_the_exact_one() -> None:
    # Denominators that no array could hold: the flips are drawn.
    odd = [Fraction(d) + Fraction(1, 1_000_003 + i) for i, d in enumerate(DARWIN)]
    assert sign_flip(odd) == pytest.approx(2 * 863 / 32768, abs=0.008)
    assert sign_flip(odd) == sign_flip(odd)


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=40))
def test_with_one_sample_a_problem_sign_flip_is_mcnemar(signs: list[int]) -> None:
    expected = mcnemar(signs.count(1), signs.count(-1))
    assert sign_flip([Fraction(s) for s in signs]) == pytest.approx(expected, rel=1e-9)


@hypothesis_settings(max_examples=50)
@given(st.lists(st.fractions(-1, 1, max_denominator=10), min_size=1, max_size=12))
def test_the_order_and_the_sides_do_not_matter(differences: list[Fraction]) -> None:
    p = sign_flip(differences)
    assert 0 < p <= 1
    assert sign_flip([-d for d in reversed(differences)]) == pytest.approx(p, rel=1e-9)


def test_holm_as_in_r() -> None:
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_no_correction_and_bonferroni(values: list[float]) -> None:
    for before, after in zip(values, holm(values), strict=True):
        assert before <= after <= min(1.0, len(values) * before)


def compared(folder: Path, *runs: list[SampleRecord], **known: Any) -> Comparison:
    paths = [write_run(folder / f"run{i}", run, model=f"m{i}", **known) for i, run in enumerate(runs)]
    return compare([read_evaluation(path) for path in paths])


def solved(which: range, of: int = 40, n: int = 1, **known: Any) -> list[SampleRecord]:
    return [sample(f"t/{i}", j, passed=i in which, **known) for i in range(of) for j in range(n)]


def test_a_large_difference_is_more_than_noise_and_a_small_one_is_not(tmp_path: Path) -> None:
    found = compared(tmp_path, solved(range(30)), solved(range(10)), solved(range(9)))
    assert found.runs == ("m0", "m1", "m2")
    by_pair = {(p.first, p.second): p for p in found.pairings}
    large, small = by_pair[0, 1], by_pair[1, 2]
    assert large.conclusion == "more than noise"
    assert "m0 is 50.0 points of pass@1 ahead of m1; the difference is more than noise" in large.sentence
    assert large.differences[0].first == pytest.approx(0.75)
    assert large.differences[0].difference.mean == pytest.approx(0.5)
    assert large.mcnemar_p == pytest.approx(2 / 2**20)
    assert large.sign_flip_p == pytest.approx(large.mcnemar_p)
    assert large.corrected_p == pytest.approx(2 * large.sign_flip_p)  # the second smallest of three
    assert large.solved_by_first_alone == tuple(f"t/{i}" for i in range(10, 30))
    assert small.conclusion == "may be noise"
    assert "may be noise" in small.sentence
    assert "Holm's correction over 3 tests" in small.sentence
    json.dumps(found.as_dict())


def test_alike_is_said_to_be_alike(tmp_path: Path) -> None:
    found = compared(tmp_path, solved(range(5)), solved(range(5)))
    assert "the same pass@1" in found.pairings[0].sentence
    assert found.pairings[0].conclusion == "may be noise"


def test_all_samples_count_and_k_only_where_both_have_them(tmp_path: Path) -> None:
    many = [sample(f"t/{i}", j, passed=j < 6) for i in range(8) for j in range(12)]
    few = [sample(f"t/{i}", j, passed=j < 2) for i in range(8) for j in range(10)]
    (pairing,) = compared(tmp_path, many, few).pairings
    assert [d.k for d in pairing.differences] == [1, 10]
    assert pairing.differences[0].difference.mean == pytest.approx(0.3)
    assert pairing.mcnemar_p == 1.0  # the first samples all pass, in both
    assert pairing.sign_flip_p == pytest.approx(2 / 2**8)
    assert pairing.conclusion == "more than noise"


def test_only_common_problems_and_that_is_said(tmp_path: Path) -> None:
    extra = [sample("only/0", benchmark="other"), *solved(range(3), of=6)]
    found = compared(tmp_path, extra, solved(range(3), of=4))
    (pairing,) = found.pairings
    assert (pairing.problems, pairing.only_in_first, pairing.only_in_second) == (4, 2, 0)
    assert found.notes == ("other is in m0 and not in m1.",)


def test_equal_temperatures_are_compared_else_the_lowest(tmp_path: Path) -> None:
    a = solved(range(3), temperature=0.2) + solved(range(4), temperature=0.8)
    both = compared(tmp_path / "x", a, solved(range(3), temperature=0.8))
    assert [p.temperatures for p in both.pairings] == [(0.8, 0.8)]
    none = compared(tmp_path / "y", a, solved(range(3), temperature=None))
    assert [p.temperatures for p in none.pairings] == [(0.2, None)]
    assert "toy (at temperature 0.2 against an unknown one): m0" in none.pairings[0].sentence
    twice = compared(tmp_path / "z", a, a)
    assert "toy (at temperature 0.2): m0" in twice.pairings[0].sentence


def test_settings_that_differ_are_named(tmp_path: Path) -> None:
    for name, wall, walls in (("a", 3.0, "full"), ("b", 5.0, "process")):
        toy = {"name": "toy", "rules": "strict", "limits": {"wall_s": wall, "cpu_s": None}}
        alone = {"name": f"alone-{name}", "rules": "strict", "limits": {"wall_s": wall}}
        config = {"benchmarks": [toy, alone], "oracle": "auto", "walls": walls}
        write_run(tmp_path / name, solved(range(3)), config=config)
    found = compare([read_evaluation(tmp_path / name) for name in "ab"])
    assert found.differing_settings == {"walls": ("full", "process"), "toy limits.wall_s": (3.0, 5.0)}
    assert found.runs == ("tiny (a)", "tiny (b)")


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    one = read_evaluation(write_run(tmp_path / "one", solved(range(3))))
    with pytest.raises(RatchetError, match="two Runs or more"):
        compare([one])
    other = read_evaluation(write_run(tmp_path / "two", [sample("x", benchmark="other")]))
    with pytest.raises(RatchetError, match="no common problem"):
        compare([one, other])
    empty = read_evaluation(write_run(tmp_path / "empty", []))
    with pytest.raises(RatchetError, match="no common problem"):
        compare([one, empty])


def test_names_are_short_and_tell_runs_apart(tmp_path: Path) -> None:
    models = [
        "hf:a/coder",
        "hf:b/coder",
        "openai:gpt@https://host/v1",
        "openai:gpt@https://host/v1",
        "s/x.jsonl",
    ]
    runs = [write_run(tmp_path / f"r{i}", [sample("t/0")], model=model) for i, model in enumerate(models)]
    names = run_names([read_evaluation(run) for run in runs])
    assert names == ("hf:a/coder", "hf:b/coder", "gpt (r2)", "gpt (r3)", "x.jsonl")
    assert run_names([read_evaluation(runs[0])] * 2) == ("coder (r0) #1", "coder (r0) #2")
