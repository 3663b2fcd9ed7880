"""Plain data as lines: what is packed comes back, and hostile bytes are refused and cost little."""

from __future__ import annotations

import math
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ratchet.sandbox.lines import (
    MAX_DEPTH,
    MAX_FRAME,
    MAX_VALUES,
    FrameReader,
    LinesError,
    NotPlain,
    frame,
    pack,
    unpack,
)

TEXTS = st.text(st.characters(codec="utf-8"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS | st.integers(), inner),
    max_leaves=30,
)
# Bytes that are nearly a payload: its lines, mixed.
HEADS = [
    b"n\n",
    b"T\n",
    b"F\n",
    b"i1\n",
    b"i-\n",
    b"d1.5\n",
    b"dnan\n",
    b"s3\nabc\n",
    b"s3\n",
    b"l2\n",
    b"o1\n",
]
NEARLY = st.lists(st.sampled_from(HEADS) | st.binary(max_size=4)).map(b"".join)


def same(one: Any, other: Any) -> bool:
    """Whether values are equal, and of the same types all through."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one), list(other)) and same(list(one.values()), list(other.values()))
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return bool(one == other)


@given(VALUES)
@example(10**3999)
@example(5e-324)
@example(1.7976931348623157e308)
@example(math.inf)
@example(-0.0)
@example("\0")
@example("n\ns5\n")
def test_what_is_packed_comes_back(value: Any) -> None:
    assert same(unpack(pack(value)), value)


def test_what_is_no_number_comes_back() -> None:
    assert math.isnan(unpack(pack(math.nan)))


def test_tuples_and_sets_come_back_as_lists() -> None:
    assert unpack(pack(((1, 2), {3}, frozenset()))) == [[1, 2], [3], []]


@pytest.mark.parametrize(
    "value",
    [object(), b"bytes", 1j, [object()], {"key": range(3)}, 10**4000, -(10**5000)],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(NotPlain):
        pack(value)


def test_what_is_nested_too_deeply_is_refused_on_both_sides() -> None:
    value: list[Any] = []
    for _ in range(MAX_DEPTH):
        value = [value]
    assert unpack(pack(value)) == value
    with pytest.raises(NotPlain):
        pack([value])
    with pytest.raises(LinesError):
        unpack(b"l1\n" + pack(value))
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NotPlain):
        pack(endless)


@given(st.binary() | NEARLY)
def test_hostile_payloads_are_refused_or_plain(payload: bytes) -> None:
    try:
        value = unpack(payload)
    except LinesError as error:
        said = str(error)
    else:
        said = ""
        assert same(unpack(pack(value)), value) or "nan" in repr(value)
    assert "\n" not in said
    assert len(said) < 200


@given(VALUES, st.data())
def test_a_payload_that_is_cut_or_goes_on_is_refused(value: Any, data: st.DataObject) -> None:
    payload = pack(value)
    cut = data.draw(st.integers(0, len(payload) - 1))
    with pytest.raises(LinesError):
        unpack(payload[:cut])
    with pytest.raises(LinesError):
        unpack(payload + b"n\n")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"n",
        b"n \n",
        b"x\n",
        b"i\n",
        b"i+1\n",
        b"i1_0\n",
        b"i 1\n",
        b"i\xd9\xa1\n",
        b"i1.0\n",
        b"i" + b"9" * 4001 + b"\n",
        b"d\n",
        b"d.5\n",
        b"d0x1p3\n",
        b"d1_0\n",
        b"dinfinity\n",
        b"d1e100000\n" * 2,
        b"s1\na",
        b"s2\na\n",
        b"s0\na\n",
        b"s-1\n\n",
        b"s1\n\xff\n",
        b"s3\n\xed\xa0\x80\n",
        b"l1\n",
        b"l-1\n",
        b"l999999999\nn\n",
        b"l9999999999\nn\n",
        b"o1\ns1\na\n",
        b"o1\nl0\nn\n",
        b"o1\no0\nn\n",
    ],
)
def test_what_is_not_written_so_is_refused(payload: bytes) -> None:
    with pytest.raises(LinesError):
        unpack(payload)


def test_the_number_of_values_is_bounded() -> None:
    with pytest.raises(LinesError):
        unpack(b"l%d\n" % MAX_VALUES + b"n\n" * MAX_VALUES)


def test_an_announced_length_costs_nothing() -> None:
    tracemalloc.start()
    try:
        for head in (b"l900000000\n", b"o900000000\n", b"s900000000\n"):
            with pytest.raises(LinesError):
                unpack(head + b"n\n")
        reader = FrameReader()
        reader.feed(b"%d\nx" % MAX_FRAME)
        assert reader.next() is None
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@given(st.lists(st.binary(max_size=40), max_size=6), st.data())
def test_frames_come_back_however_they_are_cut(payloads: list[bytes], data: st.DataObject) -> None:
    sent = b"".join(map(frame, payloads))
    reader, found = FrameReader(), []
    while sent:
        size = data.draw(st.integers(1, len(sent)))
        reader.feed(sent[:size])
        sent = sent[size:]
        while (payload := reader.next()) is not None:
            found.append(payload)
    assert found == payloads


@given(st.binary())
def test_hostile_frames_are_refused_or_wait(data: bytes) -> None:
    reader = FrameReader()
    reader.feed(data)
    taken = 0
    with suppress(LinesError):
        while (payload := reader.next()) is not None:
            taken += len(payload)
    assert taken <= len(data)


@pytest.mark.parametrize(
    "data",
    [b"\n", b"x", b"-1\n", b" 1\n", b"1 \n", b"0x1\n", b"99999999999", b"%d\n" % (MAX_FRAME + 1), b"1\r\n"],
)
def test_what_begins_no_frame_is_refused(data: bytes) -> None:
    reader = FrameReader()
    reader.feed(data)
    with pytest.raises(LinesError):
        reader.next()
