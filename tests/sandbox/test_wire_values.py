"""Values of the standard library, and of a program's own classes, cross as what they are."""

from __future__ import annotations

import array
import datetime
import pathlib
import re
import types
import uuid
import zoneinfo
from collections import defaultdict, namedtuple
from dataclasses import dataclass, field
from enum import Enum, Flag, StrEnum
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.sandbox.inside import wire
from ratchet.sandbox.inside.records import Match, Member, Pattern, Record, RecordTuple


def crossed(value: Any) -> Any:
    return wire.unpack(wire.pack(value))


BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30), "East")
PLUS = datetime.timezone(datetime.timedelta(hours=-3))


@pytest.mark.parametrize(
    "value",
    [
        slice(1, None, 2),
        ...,
        NotImplemented,
        array.array("d", [1.5, 2.5]),
        uuid.UUID(int=5),
        pathlib.Path("/a/b.txt"),
        pathlib.PureWindowsPath("c:\\x"),
        datetime.datetime(2020, 6, 1, 12, tzinfo=BERLIN),
        datetime.datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=BERLIN),
        datetime.datetime(2020, 6, 1, 12, tzinfo=EAST),
        datetime.time(12, 30, tzinfo=PLUS),
        datetime.UTC,
        EAST,
        BERLIN,
        int,
        dict,
        type(None),
        ValueError,
        len,
        sorted,
        re.compile("a(b)", re.IGNORECASE),
        range(2**70, 2**71, 3),
        defaultdict(int, a=1),
    ],
    ids=repr,
)
def test_values_come_back_equal(value: Any) -> None:
    back = crossed(value)
    assert back == value
    assert type(back) in (type(value), pathlib.PosixPath, Pattern)
    assert type(back) is Pattern or repr(back) == repr(value)


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(timezones=st.timezone_keys(allow_prefix=False).map(zoneinfo.ZoneInfo) | st.just(EAST))
    | st.times(timezones=st.just(EAST))
    | st.uuids()
)
def test_moments_with_zones(value: Any) -> None:
    back = crossed(value)
    assert back == value
    if not isinstance(value, uuid.UUID):
        assert back.tzname() == value.tzname()
        assert back.utcoffset() == value.utcoffset()
        assert back.fold == value.fold


def test_memory_and_mappings() -> None:
    assert crossed(memoryview(b"ab")) == b"ab"
    assert crossed(types.MappingProxyType({"a": 1})) == {"a": 1}


class Colour(Enum):
    RED = 1
    PAIR = (1, 2)


class Bits(Flag):
    A = 1
    B = 2


class Word(StrEnum):
    A = "a"


@dataclass
class Point:
    x: int
    y: list[int] = field(default_factory=list)
    note: str = field(default="", compare=False)

    def __eq__(self, other: object) -> bool:
        if type(other) is not Point:
            return NotImplemented
        return self.x == other.x and self.y == other.y

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Frozen:
    x: int


class Simple:
    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)


class Slotted:
    __slots__ = ("a", "b")


class Named(NamedTuple):
    first: int
    second: str = "s"


Old = namedtuple("Old", "a b")


def test_records_of_dataclasses() -> None:
    back = crossed(Point(1, [2], "n"))
    assert type(back) is Record
    assert back == Point(1, [2], "other")
    assert Point(1, [2]) == back
    assert back != Point(1, [3])
    assert back != crossed(Frozen(1))
    assert (back.x, back.y, back.note) == (1, [2], "n")
    assert crossed(back) == back
    assert Frozen(3) in {crossed(Frozen(3))}


def test_records_of_simple_objects() -> None:
    slotted = Slotted()
    slotted.a = 5
    assert crossed(slotted).a == 5
    assert crossed(Simple(a=[1], b=Simple())) == Simple(a=[1], b=crossed(Simple()))
    assert crossed(types.SimpleNamespace(a=1)) == types.SimpleNamespace(a=1)
    assert repr(crossed(Simple(a=1))) == "Simple(a=1)"


def test_a_record_never_equals_plain_data() -> None:
    for payload, plain in [
        (b'{"t":"record","v":["int",[["real",3]]]}', 3),
        (b'{"t":"record","v":["list",[]]}', []),
        (b'{"t":"record","v":["str",[]]}', ""),
        (b'{"t":"record","v":["NoneType",[]]}', None),
        (b'{"t":"record","v":["type",[]]}', int),
        (b'{"t":"record","v":["function",[]]}', crossed),
        (b'{"t":"record","v":["object",[]]}', object()),
        (b'{"t":"record","v":["ndarray",[]]}', b""),
        (b'{"t":"member","v":["int","real",3]}', 3),
    ]:
        record = wire.unpack(payload)
        assert record != plain
        assert plain != record


@pytest.mark.parametrize("name", ["__eq__", "__class__", "__dict__", "a b", "", "1", "a" * 500])
def test_fields_with_bad_names_are_refused(name: str) -> None:
    with pytest.raises(wire.WireError):
        wire.unpack(wire.pack(None).replace(b"null", b'{"t":"record","v":["R",[["%s",1]]]}' % name.encode()))


def test_a_field_that_hides_a_name_of_the_record_changes_nothing() -> None:
    fields = b'[["_class_name","int"],["real",1],["update",2]]'
    back = wire.unpack(b'{"t":"record","v":["R",%s]}' % fields)
    assert back._class_name == "R"
    assert back != 1
    assert back.real == 1


def test_named_tuples_are_tuples_with_names() -> None:
    back = crossed(Named(1, "b"))
    assert type(back) is RecordTuple
    assert back == (1, "b") == Named(1, "b")
    assert (back.first, back[1], back._asdict()) == (1, "b", {"first": 1, "second": "b"})
    assert repr(back) == "Named(first=1, second='b')"
    assert crossed([Old([1], None)]) == [Old([1], None)]
    assert crossed(back) == back
    with pytest.raises(AttributeError):
        back.third  # noqa: B018


def test_enumerations() -> None:
    back = crossed(Colour.RED)
    assert type(back) is Member
    assert back == Colour.RED
    assert back == Colour.RED
    assert back != Colour.PAIR
    assert back not in (1, "RED")
    assert (back.name, back.value) == ("RED", 1)
    assert {crossed(Colour.PAIR): 1} == {Colour.PAIR: 1}
    assert crossed(Word.A) == "a"
    assert crossed(Bits.A | Bits.B) == Bits.A | Bits.B


class OwnError(ValueError):
    pass


def test_exceptions_as_values() -> None:
    back = crossed([KeyError("k"), OwnError(1, "x"), StopIteration(3), OSError(2, "no")])
    assert type(back[0]) is KeyError
    assert back[0].args == ("k",)
    assert isinstance(back[1], ValueError)
    assert (type(back[1]).__name__, back[1].args, str(back[1])) == ("OwnError", (1, "x"), "(1, 'x')")
    assert type(back[2]) is RuntimeError
    assert type(back[3]) is FileNotFoundError


@pytest.mark.parametrize(
    ("pattern", "text"), [("a(b)?(?P<n>c)", "xacx"), ("", ""), ("(a)|(b)", "b"), (b"a", b"ba")]
)
def test_matches(pattern: Any, text: Any) -> None:
    found = re.search(pattern, text)
    back = crossed(found)
    assert found is not None
    assert type(back) is Match
    assert back
    assert (back.group(), back[0], back.groups(), back.groupdict()) == (
        found.group(),
        found[0],
        found.groups(),
        found.groupdict(),
    )
    assert (back.span(), back.start(), back.end(), back.string) == (
        found.span(),
        found.start(),
        found.end(),
        found.string,
    )
    assert back == crossed(found)
    assert repr(back) == repr(found)
    with pytest.raises(IndexError):
        back.group(9)


tagged = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.floats()
    | st.sampled_from(["", "a", "int", "ValueError", "AAAA", "<i8", "UTC", "2020-01-01", "Int64", "M"]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.builds(lambda t, v: {"t": t, "v": v}, st.sampled_from(sorted(wire.READERS)), inner)
    ),
    max_leaves=15,
)


@settings(max_examples=400, deadline=None)
@given(tagged)
def test_hostile_parts_are_a_wire_error_or_a_value(tree: Any) -> None:
    import json

    try:
        wire.unpack(json.dumps(tree).encode())
    except wire.WireError:
        return
