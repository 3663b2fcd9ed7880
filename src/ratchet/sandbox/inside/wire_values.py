"""The tags of single values: numbers, texts, dates, paths, records, exceptions, types by name."""

from __future__ import annotations

import array
import base64
import dataclasses
import enum
import pathlib
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from .frames import WireError
from .records import Match, Member, Record, RecordTuple, fields_of
from .wire_names import FUNCTION_OF, FUNCTIONS, TYPE_NAMES, TYPES, base_of, exception, message_of

_MAX_FRACTION_BITS = 1 << 16  # reducing a fraction takes quadratic time
_MAX_PATTERN = 2000
_MAX_NAME = 200


class Tree(Protocol):
    """The writer that is under way, as the single tags see it."""

    def tree(self, value: Any, depth: int) -> Any:
        """The tree of one value."""

    def items(self, values: Any, depth: int) -> list[Any]:
        """The trees of several."""

    def pairs(self, value: Any, depth: int) -> list[Any]:
        """The trees of the keys and values of a mapping."""


def tag(name: str, parts: Any) -> dict[str, Any]:
    """The JSON object of one tagged value."""
    return {"t": name, "v": parts}


def want(parts: Any, kind: type, length: int | None = None) -> Any:
    """`parts`, if it is of exactly that type (and length); raises WireError."""
    if type(parts) is not kind or (length is not None and len(parts) != length):  # type: ignore[arg-type]
        raise WireError(f"a part that is not a {kind.__name__}{' of the right length' if length else ''}")
    return parts


def text_tree(value: str) -> Any:
    """A text that is not ASCII."""
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON would join two lone surrogates that happen to make a pair
        return tag("text", base64.b64encode(value.encode("utf-8", "surrogatepass")).decode())
    return value


def to_base64(value: Any) -> str:
    """Bytes as a text."""
    return base64.b64encode(value).decode()


def from_base64(parts: Any) -> bytes:
    """Bytes from a text."""
    return base64.b64decode(want(parts, str), validate=True)


# Writing

Write = Callable[[Any, int, Tree], Any]


def _text(name: str, form: Callable[[Any], Any]) -> Write:
    return lambda value, depth, codec: tag(name, form(value))


def zone_tree(zone: tzinfo | None, moment: datetime | None) -> Any:
    """Key, offset in seconds at `moment`, and name of a time zone; None for none."""
    if zone is None:
        return None
    offset = zone.utcoffset(moment)
    seconds = None if offset is None else offset.total_seconds()
    key = zone.key if isinstance(zone, zoneinfo.ZoneInfo) else None
    return [key, seconds, zone.tzname(None) if isinstance(zone, timezone) else None]


def _moment(value: Any) -> list[Any]:
    moment = value if isinstance(value, datetime) else None
    return [value.replace(tzinfo=None).isoformat(), value.fold, zone_tree(value.tzinfo, moment)]


def _write_range(value: Any, depth: int, codec: Tree) -> Any:
    return tag("range", [codec.tree(part, depth) for part in (value.start, value.stop, value.step)])


def _write_slice(value: Any, depth: int, codec: Tree) -> Any:
    return tag("slice", [codec.tree(part, depth) for part in (value.start, value.stop, value.step)])


def _write_fraction(value: Any, depth: int, codec: Tree) -> Any:
    return tag("fraction", [codec.tree(value.numerator, depth), codec.tree(value.denominator, depth)])


def _write_complex(value: Any, depth: int, codec: Tree) -> Any:
    return tag("complex", [codec.tree(value.real, depth), codec.tree(value.imag, depth)])


def _write_match(value: Any, depth: int, codec: Tree) -> Any:
    spans = [list(value.span(number)) for number in range(value.re.groups + 1)]
    return tag(
        "match", [codec.tree(value.string, depth), spans, codec.pairs(dict(value.re.groupindex), depth)]
    )


def _write_pattern(value: Any, depth: int, codec: Tree) -> Any:
    return tag("pattern", [codec.tree(value.pattern, depth), value.flags])


WRITERS: dict[type, Write] = {
    range: _write_range,
    slice: _write_slice,
    bytes: _text("bytes", to_base64),
    bytearray: _text("bytearray", to_base64),
    memoryview: _text("bytes", lambda value: to_base64(value.tobytes())),
    array.array: _text("array", lambda value: [value.typecode, to_base64(value.tobytes())]),
    complex: _write_complex,
    type(...): _text("ellipsis", lambda value: ""),
    type(NotImplemented): _text("notimplemented", lambda value: ""),
    Decimal: _text("decimal", str),
    Fraction: _write_fraction,
    date: _text("date", date.isoformat),
    time: _text("time", _moment),
    datetime: _text("datetime", _moment),
    timedelta: _text("timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    timezone: _text("zone", lambda value: zone_tree(value, None)),
    zoneinfo.ZoneInfo: _text("zone", lambda value: zone_tree(value, None)),
    uuid.UUID: _text("uuid", lambda value: value.hex),
    re.Match: _write_match,
    re.Pattern: _write_pattern,
    types.MappingProxyType: lambda value, depth, codec: codec.tree(dict(value), depth),
}


def value_writer(value: Any) -> Write | None:
    """How to write a value whose class was made by somebody but is known by what it extends."""
    if isinstance(value, enum.Enum):
        return None if isinstance(value, int | str | float) else _write_member
    if isinstance(value, type):
        return _text("type", lambda kind: TYPE_NAMES[kind]) if value in TYPE_NAMES else None
    if isinstance(value, tuple):
        return _write_named if hasattr(value, "_fields") else None
    if dataclasses.is_dataclass(value) and not isinstance(value, list | dict | set | int | str | float):
        return _write_dataclass
    if isinstance(value, BaseException):
        return _write_exception
    if isinstance(value, pathlib.PurePath):
        return _text("path", lambda path: [isinstance(path, pathlib.PureWindowsPath), str(path)])
    if id(value) in FUNCTION_OF:
        return _text("function", lambda function: FUNCTION_OF[id(function)])
    if isinstance(value, Record | RecordTuple | Member):
        return _write_ours
    return None


def object_writer(value: Any) -> Write | None:
    """How to write an object that is nothing but its attributes; None for any other."""
    fields = fields_of(value)
    if fields is None:
        return None
    return lambda value, depth, codec: _record(type(value).__name__, fields, depth, codec)


def _record(name: str, fields: dict[str, Any], depth: int, codec: Tree) -> Any:
    pairs = [[str(field), codec.tree(value, depth)] for field, value in fields.items()]
    return tag("record", [name[:_MAX_NAME], pairs])


def _write_dataclass(value: Any, depth: int, codec: Tree) -> Any:
    names = [field.name for field in dataclasses.fields(value)]
    fields = {name: getattr(value, name) for name in names if hasattr(value, name)}
    return _record(type(value).__name__, fields, depth, codec)


def _write_named(value: Any, depth: int, codec: Tree) -> Any:
    names = [str(field) for field in value._fields]
    items = list(tuple.__iter__(value))
    if len(names) != len(items):
        return tag("tuple", codec.items(items, depth))
    return tag("named", [type(value).__name__[:_MAX_NAME], names, codec.items(items, depth)])


def _write_member(value: Any, depth: int, codec: Tree) -> Any:
    return tag("member", [type(value).__name__[:_MAX_NAME], value.name, codec.tree(value.value, depth)])


def _write_ours(value: Any, depth: int, codec: Tree) -> Any:
    name = value._class_name
    if isinstance(value, RecordTuple):
        return tag("named", [name, list(value._fields), codec.items(list(value), depth)])
    if isinstance(value, Member):
        return tag("member", [name, value.name, codec.tree(value.value, depth)])
    return _record(name, vars(value), depth, codec)


def _write_exception(value: Any, depth: int, codec: Tree) -> Any:
    name, base = type(value).__name__[:100], base_of(type(value))
    return tag("exception", [name, base, codec.items(list(value.args), depth), message_of(value)])


# Reading


def _name(parts: Any) -> str:
    if len(want(parts, str)) > _MAX_NAME or not parts.isidentifier() or parts.startswith("__"):
        raise WireError("a malformed name")
    return str(parts)


def _read_record(parts: Any) -> Record:
    name, pairs = want(parts, list, 2)
    fields = [(_name(pair[0]), pair[1]) for pair in want(pairs, list) if want(pair, list, 2)]
    return Record(want(name, str), fields)


def _read_named(parts: Any) -> RecordTuple:
    name, fields, items = want(parts, list, 3)
    if len(want(fields, list)) != len(want(items, list)):
        raise WireError("a named tuple with more names than items, or fewer")
    return RecordTuple(want(name, str), map(_name, fields), items)


def _read_member(parts: Any) -> Member:
    class_name, name, value = want(parts, list, 3)
    return Member(want(class_name, str), None if name is None else want(name, str), value)


def _read_exception(parts: Any) -> BaseException:
    name, base, args, message = want(parts, list, 4)
    return exception(want(name, str), want(base, str), want(args, list), want(message, str))


def _read_float(parts: Any) -> float:
    if parts not in ("nan", "inf", "-inf"):
        raise WireError("a malformed float")
    return float(parts)


def _read_decimal(parts: Any) -> Decimal:
    if len(want(parts, str)) > 10_000:
        raise WireError("a decimal of more than 10000 digits")
    return Decimal(parts)


def _read_fraction(parts: Any) -> Fraction:
    numerator, denominator = (want(part, int) for part in want(parts, list, 2))
    if max(numerator.bit_length(), denominator.bit_length()) > _MAX_FRACTION_BITS:
        raise WireError("a fraction that is too long")
    return Fraction(numerator, denominator)


def _read_complex(parts: Any) -> complex:
    real, imaginary = want(parts, list, 2)
    return complex(want(real, float), want(imaginary, float))


def _read_zone(parts: Any) -> tzinfo:
    key, seconds, name = want(parts, list, 3)
    if key is not None and re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", want(key, str)):
        with suppress(KeyError, ValueError, OSError):  # it may have no zone data where it is read
            return zoneinfo.ZoneInfo(key)
    offset = timedelta(seconds=float(seconds if type(seconds) in (int, float) else 0))
    if offset == timedelta(0) and name in (None, "UTC"):
        return UTC
    default = timezone(offset).tzname(None)
    return timezone(offset) if name in (None, default) else timezone(offset, want(name, str)[:_MAX_NAME])


def _read_moment(kind: Any) -> Callable[[Any], Any]:
    def read(parts: Any) -> Any:
        text, fold, zone = want(parts, list, 3)
        made = kind.fromisoformat(want(text, str)).replace(fold=want(fold, int))
        return made if zone is None else made.replace(tzinfo=_read_zone(zone))

    return read


def _read_array(parts: Any) -> array.array[Any]:
    code, data = want(parts, list, 2)
    if code == "u":
        raise WireError("an array of characters")
    return array.array(want(code, str), from_base64(data))


def _read_path(parts: Any) -> pathlib.PurePath:
    windows, text = want(parts, list, 2)
    return pathlib.PureWindowsPath(want(text, str)) if windows else pathlib.Path(want(text, str))


def _read_match(parts: Any) -> Match:
    string, spans, names = want(parts, list, 3)
    pairs = [tuple(want(part, int) for part in want(span, list, 2)) for span in want(spans, list)]
    if type(string) not in (str, bytes) or not pairs:
        raise WireError("a malformed match")
    return Match(string, pairs, {want(name, str): want(number, int) for name, number in names})


def _read_pattern(parts: Any) -> re.Pattern[Any]:
    pattern, flags = want(parts, list, 2)
    if type(pattern) not in (str, bytes) or len(pattern) > _MAX_PATTERN:
        raise WireError("a pattern that is malformed or too long")
    try:
        return re.compile(pattern, want(flags, int) & ~re.DEBUG)
    except re.error as error:
        raise WireError(f"a malformed pattern: {error}") from None


def _read_type(parts: Any) -> Any:
    return TYPES[want(parts, str)]


READERS: dict[str, Callable[[Any], Any]] = {
    "text": lambda parts: from_base64(parts).decode("utf-8", "surrogatepass"),
    "float": _read_float,
    "complex": _read_complex,
    "ellipsis": lambda parts: ...,
    "notimplemented": lambda parts: NotImplemented,
    "bytes": from_base64,
    "bytearray": lambda parts: bytearray(from_base64(parts)),
    "array": _read_array,
    "range": lambda parts: range(*(want(part, int) for part in want(parts, list, 3))),
    "slice": lambda parts: slice(*want(parts, list, 3)),
    "decimal": _read_decimal,
    "fraction": _read_fraction,
    "date": lambda parts: date.fromisoformat(want(parts, str)),
    "time": _read_moment(time),
    "datetime": _read_moment(datetime),
    "timedelta": lambda parts: timedelta(*(want(part, int) for part in want(parts, list, 3))),
    "zone": _read_zone,
    "uuid": lambda parts: uuid.UUID(hex=want(parts, str)),
    "path": _read_path,
    "match": _read_match,
    "pattern": _read_pattern,
    "record": _read_record,
    "named": _read_named,
    "member": _read_member,
    "exception": _read_exception,
    "type": _read_type,
    "function": lambda parts: FUNCTIONS[want(parts, str)],
}
