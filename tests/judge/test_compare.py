"""Equality of answers: Python's own, but for NaN."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.judge.compare import equal
from ratchet.sandbox.inside.records import Member, Pattern, Record, RecordTuple

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
        (Record("P", [("x", NAN), ("y", [1])]), Record("P", [("x", NAN), ("y", [1])])),
        (RecordTuple("P", "xy", [1, NAN]), (1, NAN)),
        (Member("Colour", "RED", 1), Member("Colour", "RED", 1)),
        (Pattern("a", 32), re.compile("a")),
        (iter([1, [NAN]]), iter([1, [NAN]])),
        (np.array([[1, None], ["a", NAN]], object), np.array([[1, None], ["a", NAN]], object)),
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
        (Decimal("sNaN"), Decimal("sNaN")),
        (Decimal("sNaN"), 1),
        ([1, Decimal("sNaN")], [1, 2]),
        (Pattern("a", 32), re.compile("a", re.IGNORECASE)),
        (Pattern("a", 32), "a"),
        (np.array([1, 2]), [1, 2]),
        (np.array([1, 2]), np.array([[1, 2]])),
        (np.array([1, 2]), np.array([1, 3])),
        (np.array([]), 1),
        (b"a", "a"),
        (Record("P", [("x", 1)]), Record("Q", [("x", 1)])),
        (Record("P", [("x", 1)]), Record("P", [("x", 2)])),
        (Record("P", [("x", 1)]), {"x": 1}),
        (Record("int", [("real", 1)]), 1),
        (Member("Colour", "RED", 1), 1),
        (iter([1]), iter([1, 2])),
        (iter([1]), [1]),
    ],
)
def test_not_equal(got: Any, expected: Any) -> None:
    assert not equal(got, expected)
    assert not equal(expected, got)


def odd_values() -> list[Any]:
    """Values of which a library's `==` raises, or gives no truth value, with one another."""
    moment = datetime(2020, 1, 1)
    return [
        Decimal("sNaN"),
        moment,
        moment.replace(tzinfo=UTC),
        moment.time(),
        moment.time().replace(tzinfo=UTC),
        moment.date(),
        timedelta(1),
        np.array(["2020-01-01", "NaT"], "M8[ns]"),
        np.array([1577836800000000000, -(2**63)]),
        np.array(["2020-01-01", "NaT"], "M8[s]"),
        np.array([1, 2], "m8[s]"),
        np.array([(1, 2.0)], "i4,f8"),
        np.array([1, Decimal("sNaN")], object),
        np.array([b"a", b"b"]),
        np.array([1, 2], "f2"),
        np.ma.MaskedArray([1, 2], [True, False]),
        np.datetime64("2020-01-01"),
        np.bool_(True),
        np.dtype("i4"),
        OrderedDict(a=np.array([1, 2])),
        Counter({"a": np.array([1, 2])}),  # type: ignore[dict-item]
        deque([np.array([1, 2])]),
        Record("P", [("x", np.array([1, 2]))]),
        Member("Colour", "RED", np.array([1, 2])),
        Pattern("a", 32),
        ValueError(np.array([1, 2])),
        slice(np.array([1, 2])),
        10**5000,
        Decimal("1e999999999"),
        complex("nan"),
        range(10**30),
        b"",
        NotImplemented,
    ]


def test_comparing_never_raises() -> None:
    values = odd_values()
    for got in values:
        for expected in [*values, *odd_values()]:
            assert equal(got, expected) in (True, False)
            assert equal([got], {"a": expected}) is False


def test_frames_of_odd_values_never_raise() -> None:
    pd = pytest.importorskip("pandas", reason="needs pandas: pip install pandas")
    frames = [
        pd.DataFrame({"a": [np.array([1, 2]), Decimal("sNaN")]}),
        pd.Series(pd.to_datetime(["2020-01-01"]).tz_localize("UTC")),
        pd.Series(pd.to_datetime(["2020-01-01"])),
        pd.Series(["a"], dtype="category"),
        pd.Series(["b"], dtype="category"),
        pd.Timestamp("2020-01-01"),
        pd.Timestamp("2020-01-01", tz="UTC"),
        pd.Timedelta(1),
        pd.Period("2020"),
        pd.Period("2020-01-01"),
        pd.Interval(1, 2),
        pd.NA,
        pd.NaT,
    ]
    for got in frames:
        for expected in [*frames, *odd_values()]:
            assert equal(got, expected) in (True, False)
            assert equal(expected, got) in (True, False)


def test_moments_are_not_numbers() -> None:
    moments = np.array(["2020-01-01", "NaT"], "M8[ns]")
    assert equal(moments, moments.copy())
    assert not equal(moments, moments.astype("i8"))
    assert not equal(moments, moments.astype("i8").astype("m8[ns]"))
    assert equal(moments, moments.astype("M8[s]"))


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


def test_frames_are_equal_as_a_whole() -> None:
    pd = pytest.importorskip("pandas", reason="needs pandas: pip install pandas")
    frame = pd.DataFrame({"a": [1.0, NAN], "b": ["x", None]})
    assert equal([frame], [frame.copy()])
    assert not equal(frame, frame.iloc[:1])
    assert not equal(frame, frame.astype({"a": object}))
    assert not equal(frame, frame.to_dict())
    assert not equal(frame["a"], frame["a"].to_numpy())
    assert not equal(frame["a"], [1.0, NAN])
    assert equal(frame.columns, pd.Index(["a", "b"]))
    assert equal(pd.NA, pd.NA)
    assert not equal(pd.NA, 1)
    assert not equal(pd.NaT, None)
    assert equal(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01"))
    assert equal(frame["b"].astype("category").array, frame["b"].astype("category").array)


@pytest.mark.local
def test_tensors_are_equal_by_their_items() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra `local`")
    assert equal(torch.tensor([1.0, NAN]), torch.tensor([1.0, NAN]))
    assert not equal(torch.tensor([1.0]), torch.tensor([2.0]))
    assert not equal(torch.tensor([1.0]), [1.0])
    assert not equal(torch.tensor([1.0]), np.array([1.0]))
    assert equal(torch.tensor(1.0), 1.0)
