"""Mutants: one mistake each, all different, the same for the same seed."""

from __future__ import annotations

import ast

import pytest

from ratchet.problems.mutation import mutants

SOURCE = """
def f(xs, n=2):
    '''Say something.'''
    total = 0
    for i, x in enumerate(xs):
        if x > n and i % 2 == 0:
            total += x * 3
    return total
"""


def test_every_kind_of_mistake_is_made_and_each_once() -> None:
    found = mutants(SOURCE)
    texts = [mutant.source for mutant in found]
    assert len(set(texts)) == len(texts)
    assert {mutant.mistake for mutant in found} == {"operator", "off by one", "dropped line"}
    for wanted in (
        "x >= n",
        "or i % 2",
        "i // 2",
        "!= 0",
        "total -= x",
        "x + 3",
        "x * 4",
        "n=1",
        "total = -1",
    ):
        assert any(wanted in text for text in texts), wanted
    assert not any("Say something" not in text for text in texts)


def test_a_mutant_differs_in_one_line() -> None:
    whole = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in mutants(SOURCE):
        changed = set(whole) ^ set(mutant.source.splitlines())
        assert 1 <= len(changed) <= 4, mutant  # a dropped line may be a whole block


@pytest.mark.parametrize("most", [0, 1, 7, 1000])
def test_the_seed_decides(most: int) -> None:
    every = mutants(SOURCE)
    assert mutants(SOURCE, seed=3, most=most) == mutants(SOURCE, seed=3)[:most]
    assert len(mutants(SOURCE, seed=3, most=most)) == min(most, len(every))
    assert mutants(SOURCE, seed=4) != every
    assert set(mutants(SOURCE, seed=4)) == set(every)


def test_what_is_no_program_is_refused() -> None:
    assert mutants("") == []
    with pytest.raises(SyntaxError):
        mutants("def f(:")
