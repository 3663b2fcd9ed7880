"""Equality of answers: Python's own, but for NaN."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.judge.compare import equal

NAN = float("nan")


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (1, True),
        (1.0, 1),
        (NAN, float("nan")),
        ([1, (2, NAN)], [1, (2, NAN)]),
        ({"a": [NAN]}, {"a": [NAN]}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (defaultdict(int, a=1), {"a": 1}),
        (Counter(a=1, b=0), Counter(a=1)),
        (deque([1, 2]), deque([1, 2])),
        (Decimal("NaN"), Decimal("NaN")),
        (Fraction(1, 2), 0.5),
        (10**400, 10**400),
        ("\ud800", "\ud800"),
        (np.array([[1.0, np.nan]]), np.array([[1.0, np.nan]])),
        (np.float64(2.0), 2.0),
    ],
)
def test_equal(got: Any, expected: Any) -> None:
    assert equal(got, expected)
    assert equal(expected, got)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ([1], (1,)),
        ([1, 2], [1]),
        (0.1 + 0.2, 0.3),
        ("1", 1),
        (None, False),
        (NAN, 0.0),
        ({"a": NAN}, {"b": NAN}),
        ({1, 2}, [1, 2]),
        (OrderedDict(a=1, b=2), OrderedDict(b=2, a=1)),
        (Decimal("NaN"), Decimal(1)),
        (np.array([1, 2]), [1, 2]),
        (np.array([1, 2]), np.array([[1, 2]])),
        (np.array([1, 2]), np.array([1, 3])),
        (np.array([]), 1),
        (b"a", "a"),
    ],
)
def test_not_equal(got: Any, expected: Any) -> None:
    assert not equal(got, expected)
    assert not equal(expected, got)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(PLAIN, PLAIN)
def test_without_nan_it_is_pythons_own(got: Any, expected: Any) -> None:
    assert equal(got, expected) == (got == expected)
    assert equal(got, got)
