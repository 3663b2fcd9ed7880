"""What a documentation's summary is, and where its signature ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.search.entries import SUMMARY_LENGTH, split_call, summary_of


@pytest.mark.parametrize(
    ("doc", "summary"),
    [
        ("Sort a list.\n\nMore.", "Sort a list."),
        ("Sort\n  a list\nin place.\n\nMore.", "Sort a list in place."),
        ("sort(a, key=f(x))\n\nSort a list.", "Sort a list."),
        ("sort(a,\n     b)\n--\n\nSort a list.", "Sort a list."),
        ("sort(a) -> list[int]\nsort(a, b) -> int\n\nSort a list.", "Sort a list."),
        ("apply(f): apply(f, *a) Apply a function.", "Apply a function."),
        ("f(x) is the value of f.", "f(x) is the value of f."),
        ("f(x", "f(x"),
        ("range(3)", ""),
        ("-----\n\nSort.", "Sort."),
        ("", ""),
        ("a" * 1000, "a" * SUMMARY_LENGTH),
    ],
)
def test_summary(doc: str, summary: str) -> None:
    assert summary_of(doc) == summary


@given(st.text(alphabet="ab()[]->:'\" \n.,", max_size=60) | st.text())
def test_any_text_is_split_into_a_call_and_a_rest(text: str) -> None:
    summary = summary_of(text)
    assert "\n" not in summary
    assert len(summary) <= SUMMARY_LENGTH
    call, rest = split_call(text)
    assert text.startswith(call)
    assert text.rstrip().endswith(rest.rstrip())


def test_calls_without_end_take_no_time() -> None:
    assert summary_of("a() " * 500_000) == ""
    assert summary_of("a(" * 500_000).startswith("a(a(")
