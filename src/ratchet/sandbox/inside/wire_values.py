"""The tags of single values of the standard library: numbers, texts, dates, paths.

Modules that a fork would have to carry for the sake of a rare value are imported only
where such a value is read; one that is written has imported them.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from .frames import NotPlainError, WireError

if TYPE_CHECKING:
    import array
    import pathlib
    import uuid

_MAX_DECIMAL = 10_000
_SHORT_FRACTION_BITS = 512
_MAX_FRACTION_BITS = 1 << 16  # reducing a fraction takes quadratic time
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
        return tag("text", to_base64(value.encode("utf-8", "surrogatepass")))
    return value


def to_base64(value: Any) -> str:
    """Bytes as a text."""
    import binascii

    return binascii.b2a_base64(value, newline=False).decode()


def from_base64(parts: Any) -> bytes:
    """Bytes from a text."""
    import binascii

    return binascii.a2b_base64(want(parts, str), strict_mode=True)


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
    key = zone.key if _is_a(zone, "zoneinfo", "ZoneInfo") else None  # type: ignore[attr-defined]
    return [key, seconds, zone.tzname(None) if isinstance(zone, timezone) else None]


def _moment(value: Any) -> list[Any]:
    moment = value if isinstance(value, datetime) else None
    return [value.replace(tzinfo=None).isoformat(), value.fold, zone_tree(value.tzinfo, moment)]


def _write_range(value: Any, depth: int, codec: Tree) -> Any:
    return tag("range", [codec.tree(part, depth) for part in (value.start, value.stop, value.step)])


def _write_slice(value: Any, depth: int, codec: Tree) -> Any:
    return tag("slice", [codec.tree(part, depth) for part in (value.start, value.stop, value.step)])


def _write_fraction(value: Any, depth: int, codec: Tree) -> Any:
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if bits > _MAX_FRACTION_BITS:
        raise NotPlainError(f"a fraction of more than {_MAX_FRACTION_BITS} bits")
    name = "fraction" if bits <= _SHORT_FRACTION_BITS else "long fraction"
    return tag(name, [codec.tree(value.numerator, depth), codec.tree(value.denominator, depth)])


def _write_decimal(value: Any, depth: int, codec: Tree) -> Any:
    text = str(value)
    if len(text) > _MAX_DECIMAL:
        raise NotPlainError(f"a decimal of more than {_MAX_DECIMAL} digits")
    return tag("decimal", text)


def _write_complex(value: Any, depth: int, codec: Tree) -> Any:
    return tag("complex", [codec.tree(value.real, depth), codec.tree(value.imag, depth)])


def _write_array(value: Any, depth: int, codec: Tree) -> Any:
    if value.typecode == "u":
        raise NotPlainError("an array of characters, which is not plain data")
    return tag("array", [value.typecode, to_base64(value.tobytes())])


def _write_path(value: Any, depth: int, codec: Tree) -> Any:
    return tag("path", [_is_a(value, "pathlib", "PureWindowsPath"), str(value)])


WRITERS: dict[type, Write] = {
    range: _write_range,
    slice: _write_slice,
    bytes: _text("bytes", to_base64),
    bytearray: _text("bytearray", to_base64),
    memoryview: _text("bytes", lambda value: to_base64(value.tobytes())),
    complex: _write_complex,
    type(...): _text("ellipsis", lambda value: ""),
    type(NotImplemented): _text("notimplemented", lambda value: ""),
    Decimal: _write_decimal,
    Fraction: _write_fraction,
    date: _text("date", date.isoformat),
    time: _text("time", _moment),
    datetime: _text("datetime", _moment),
    timedelta: _text("timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    timezone: _text("zone", lambda value: zone_tree(value, None)),
    types.MappingProxyType: lambda value, depth, codec: codec.tree(dict(value), depth),
}
_IF_LOADED: tuple[tuple[str, str, Write], ...] = (
    ("array", "array", _write_array),
    ("zoneinfo", "ZoneInfo", WRITERS[timezone]),
    ("uuid", "UUID", _text("uuid", lambda value: value.hex)),
    ("pathlib", "PurePath", _write_path),
)


def writer(value: Any) -> Write | None:
    """How to write `value`, if it is of a class that only a program that has imported it can have."""
    return next((write for module, name, write in _IF_LOADED if _is_a(value, module, name)), None)


def _is_a(value: Any, module: str, name: str) -> bool:
    """Whether `value` is of that class of a module that may not have been imported."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


# Reading


def _read_float(parts: Any) -> float:
    if parts not in ("nan", "inf", "-inf"):
        raise WireError("a malformed float")
    return float(parts)


def _read_decimal(parts: Any) -> Decimal:
    if len(want(parts, str)) > _MAX_DECIMAL:
        raise WireError(f"a decimal of more than {_MAX_DECIMAL} digits")
    return Decimal(parts)


def _read_fraction(bits: int) -> Callable[[Any], Fraction]:
    def read(parts: Any) -> Fraction:
        numerator, denominator = (want(part, int) for part in want(parts, list, 2))
        if max(numerator.bit_length(), denominator.bit_length()) > bits:
            raise WireError("a fraction that is too long")
        return Fraction(numerator, denominator)

    return read


def _read_complex(parts: Any) -> complex:
    real, imaginary = want(parts, list, 2)
    return complex(want(real, float), want(imaginary, float))


@functools.cache
def _zones() -> set[str]:
    """All that exist: looking for one that does not exist takes long."""
    import zoneinfo

    return zoneinfo.available_timezones()


def _read_zone(parts: Any) -> tzinfo:
    key, seconds, name = want(parts, list, 3)
    known = None if key is None else want(key, str).removeprefix("posix/")
    if known in _zones():  # it may have no zone data where it is read
        import zoneinfo

        return zoneinfo.ZoneInfo(known)
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
    import array

    code, data = want(parts, list, 2)
    if code == "u":
        raise WireError("an array of characters")
    return array.array(want(code, str), from_base64(data))


def _read_uuid(parts: Any) -> uuid.UUID:
    import uuid

    return uuid.UUID(hex=want(parts, str))


def _read_path(parts: Any) -> pathlib.PurePath:
    import pathlib

    windows, text = want(parts, list, 2)
    return pathlib.PureWindowsPath(want(text, str)) if windows else pathlib.Path(want(text, str))


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
    "fraction": _read_fraction(_SHORT_FRACTION_BITS),
    "long fraction": _read_fraction(_MAX_FRACTION_BITS),
    "date": lambda parts: date.fromisoformat(want(parts, str)),
    "time": _read_moment(time),
    "datetime": _read_moment(datetime),
    "timedelta": lambda parts: timedelta(*(want(part, int) for part in want(parts, list, 3))),
    "zone": _read_zone,
    "uuid": _read_uuid,
    "path": _read_path,
}
