"""Derived seeds are fixed for ever, and differ where their names do."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from ratchet.runs import derive

name = st.integers(-(2**70), 2**70) | st.text(max_size=8)


def test_the_values_never_change() -> None:
    assert derive(0) == 7520536977032167579
    assert derive(0, "train", 3) == 4649139585362993845
    assert derive(12345, "naïve", "data") == 6091983468669914900


def test_the_definition_is_what_the_docstring_says() -> None:
    digest = hashlib.sha256(b'[7,"a",1]').digest()
    assert derive(7, "a", 1) == int.from_bytes(digest, "big") >> 193


@given(st.integers(), st.lists(name, max_size=4), st.lists(name, max_size=4))
def test_different_names_give_different_seeds(
    seed: int, one: list[str | int], other: list[str | int]
) -> None:
    assert 0 <= derive(seed, *one) < 2**63
    assert (derive(seed, *one) == derive(seed, *other)) == (one == other)


def test_a_number_is_not_its_text_and_names_do_not_run_together() -> None:
    assert len({derive(0, 1), derive(0, "1"), derive(0, "a", "b"), derive(0, "ab"), derive(0, 'a","b')}) == 5
