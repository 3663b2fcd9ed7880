"""Plain data crosses unchanged; anything else is refused, and nothing malformed is believed."""

from __future__ import annotations

import datetime
import json
import math
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from contextlib import suppress
from decimal import Decimal
from enum import IntEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.sandbox.inside import wire

surrogates = st.text(st.characters(codec=None), max_size=20)
hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | surrogates
    | st.binary(max_size=20)
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.complex_numbers(allow_nan=False)
    | st.just(...),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=4),
    max_leaves=8,
)
plain = st.recursive(
    hashable | st.binary(max_size=8).map(bytearray) | st.builds(range, st.integers(), st.integers()),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.sets(hashable, max_size=5)
        | st.dictionaries(hashable, inner, max_size=5)
        | st.dictionaries(hashable, inner, max_size=5).map(OrderedDict)
        | st.lists(inner, max_size=5).map(deque)
        | st.dictionaries(surrogates, st.integers(), max_size=5).map(Counter)
    ),
    max_leaves=20,
)


def crossed(value: Any) -> Any:
    return wire.unpack(wire.pack(value))


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(x, y) and same(a[x], b[y]) for x, y in zip(a, b, strict=True))
    if isinstance(a, list | tuple | deque):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float):
        return math.copysign(1, a) == math.copysign(1, b) and a == b
    return bool(a == b)


@settings(max_examples=150, deadline=None)
@given(plain)
def test_plain_data_comes_back_as_it_was(value: Any) -> None:
    assert same(crossed(value), value)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_rubbish_is_a_wire_error_or_a_value(payload: bytes) -> None:
    with suppress(wire.WireError):
        wire.unpack(payload)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.builds(lambda t, v: {"t": t, "v": v}, st.sampled_from(sorted(wire.READERS)), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(json_like)
def test_well_tagged_rubbish_is_a_wire_error_or_a_value(tree: Any) -> None:
    with suppress(wire.WireError):
        wire.unpack(json.dumps(tree).encode())


@given(st.lists(st.binary(max_size=30), max_size=5), st.integers(1, 7))
def test_frames_are_cut_wherever_the_bytes_are(payloads: list[bytes], step: int) -> None:
    stream = b"".join(map(wire.frame, payloads))
    reader = wire.FrameReader()
    seen = []
    for i in range(0, len(stream), step):
        reader.feed(stream[i : i + step])
        while (payload := reader.next()) is not None:
            seen.append(payload)
    assert seen == payloads
    assert not reader.pending


class Colour(IntEnum):
    RED = 1


class Words(list):  # type: ignore[type-arg]
    pass


class Liar(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class Other:
    def __init__(self) -> None:
        self.key = threading.Lock()


def itself() -> Any:
    other = Other()
    other.key = other  # type: ignore[assignment]
    return other


def endless() -> Any:
    while True:
        yield 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Colour.RED, 1),
        (Words("ab"), ["a", "b"]),
        (Liar(3), 3),
        ({1: 2}.keys(), [1]),
        ({1: 2}.values(), [2]),
        ({1: 2}.items(), [(1, 2)]),
        (defaultdict(list, {1: [2]}),) * 2,
        (defaultdict(endless, {1: [2]}), defaultdict(None, {1: [2]})),
        (-(2**5000), -(2**5000)),
        ("\ud83d\ude00", "\ud83d\ude00"),
        (datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc),) * 2,  # noqa: UP017
        (Decimal("NaN").is_nan(), True),
    ],
)
def test_subclasses_cross_as_what_they_extend(value: Any, expected: Any) -> None:
    back = crossed(value)
    assert type(back) is type(expected)
    assert back == expected


@pytest.mark.parametrize(
    "value", [(x for x in range(3)), map(int, "012"), iter([0, 1, 2]), zip(range(3), strict=True)]
)
def test_iterators_are_drained(value: Any) -> None:
    back = crossed(value)
    assert [x[0] if isinstance(x, tuple) else x for x in back] == [0, 1, 2]


def test_not_a_number_and_infinities() -> None:
    assert math.isnan(crossed(math.nan))
    assert crossed([math.inf, -math.inf]) == [math.inf, -math.inf]


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        object(),
        [object()],
        Other,
        open,
        lambda: 0,
        endless(),
        nested(10_000),
        np.array([object()]),
        threading.Lock(),
        itself(),
    ],
)
def test_anything_else_is_not_plain(value: Any) -> None:
    with pytest.raises(wire.NotPlainError):
        wire.pack(value)


def test_what_is_not_plain_is_named() -> None:
    with pytest.raises(wire.NotPlainError, match="a value of type lock, which is not plain data"):
        wire.pack([1, Other()])


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[1",
        b"NaN",
        b'{"a": 1}',
        b'{"t": "int", "v": "12"}',
        b'{"t": "int", "v": "0xZZ"}',
        b'{"t": "object", "v": 1}',
        b'{"t": ["x"], "v": 1}',
        b'{"t": "set", "v": [[1]]}',
        b'{"t": "ndarray", "v": ["|O8", [1], "AAAAAAAAAAA="]}',
        b'{"t": "ndarray", "v": ["<i8", [-1], ""]}',
        b'{"t": "ndarray", "v": ["<i8", [99999999999], "AAAA"]}',
        b'{"t": "range", "v": [1, 2, 0]}',
        b'{"t": "bytes", "v": "a"}',
        b'{"t": "decimal", "v": "one"}',
        b'{"t": "fraction", "v": [1, 0]}',
        b"1" * 5000,
        b"[" + b"1" * 4000 + b"]" + b" " * 200,
        b"1 ",
        b" 1",
        b"[" * 100_000,
        b'{"t":"tuple","v":[' * 5000 + b"]}" * 5000,
        b"[" + b"[]," * 5_000_000 + b"[]]",
        b"\xff\xfe",
    ],
)
def test_malformed_payloads(payload: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.unpack(payload)


def test_keys_chosen_to_collide_are_refused() -> None:
    p = 2**61 - 1
    keys = [hex(i * p + 5) for i in range(50_000)]
    parts = [[{"t": "int", "v": key}, 0] for key in keys]
    with pytest.raises(wire.WireError, match="collide"):
        wire.unpack(json.dumps({"t": "dict", "v": parts}).encode())


def test_a_frame_over_the_limit_is_refused_before_it_is_read() -> None:
    reader = wire.FrameReader()
    reader.feed(b"\xff\xff\xff\xff")
    with pytest.raises(wire.WireError):
        reader.next()
