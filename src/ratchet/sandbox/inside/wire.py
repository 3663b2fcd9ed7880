"""Plain data between processes that do not trust each other: tagged JSON in length-prefixed frames.

    frame(pack([1, (2, "x")]))  ->  bytes;   unpack(payload)  ->  [1, (2, "x")]

What crosses is rebuilt from exact built-in types on the receiving side; no class,
no method and no pickle ever does. JSON's own types stand for themselves, all else
is `{"t": tag, "v": parts}`. The reader is bounded in bytes and depth, refuses
keys that were chosen to collide, and raises `WireError` for anything malformed.
"""

from __future__ import annotations

import base64
import datetime
import json
import math
import re
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

from .frames import FrameReader, NotPlainError, WireError, frame

__all__ = ["FrameReader", "NotPlainError", "WireError", "frame", "pack", "unpack"]

MAX_PARTS = 4_000_000
"""Items of all lists and objects together: small ones take 20 times their bytes in memory."""
MAX_DEPTH = 150
MAX_DRAINED = 1_000_000
_MAX_INT_DIGITS = 2 << 20  # hexadecimal digits of one integer
_MAX_FRACTION_BITS = 1 << 16  # reducing a fraction takes quadratic time
_MAX_COLLISIONS = 64


# Writing


def pack(value: Any) -> bytes:
    """`value` as the payload of a frame; raises NotPlainError."""
    try:
        tree = _tree(value, 0)
        payload = json.dumps(tree, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    except (RecursionError, ValueError) as error:
        raise NotPlainError(f"a value that cannot be written ({error})") from None
    if _parts(payload) > MAX_PARTS:
        raise NotPlainError(f"a value of more than {MAX_PARTS} parts")
    return payload


def _parts(payload: bytes) -> int:
    """No fewer than there are items in it; commas within texts count too."""
    return payload.count(b",") + payload.count(b"[")


def _tag(tag: str, parts: Any) -> dict[str, Any]:
    return {"t": tag, "v": parts}


def _tree(value: Any, depth: int) -> Any:
    """`value` as a tree of JSON's own types."""
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text_tree(value)
    if kind is int:
        return value if -(1 << 62) < value < 1 << 62 else _tag("int", hex(value))
    if kind is float:
        return value if math.isfinite(value) else _tag("float", repr(value))
    if depth >= MAX_DEPTH:
        raise NotPlainError(f"a value nested deeper than {MAX_DEPTH} levels")
    if kind is list:
        return [_tree(item, depth + 1) for item in value]
    write = _WRITERS.get(kind)
    if write is None:
        write = _writer_for(value, kind)
    return write(value, depth + 1)


def _text_tree(value: str) -> Any:
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON would join two lone surrogates that happen to make a pair
        return _tag("text", base64.b64encode(value.encode("utf-8", "surrogatepass")).decode())
    return value


def _items(tag: str, order: Callable[[Any], Any] = iter) -> Callable[[Any, int], Any]:
    return lambda value, depth: _tag(tag, [_tree(item, depth) for item in order(value)])


def _pairs(tag: str) -> Callable[[Any, int], Any]:
    return lambda value, depth: _tag(
        tag, [[_tree(key, depth), _tree(item, depth)] for key, item in dict.items(value)]
    )


def _text(tag: str, form: Callable[[Any], str]) -> Callable[[Any, int], Any]:
    return lambda value, depth: _tag(tag, form(value))


def _base64(value: Any) -> str:
    return base64.b64encode(value).decode()


def _write_deque(value: Any, depth: int) -> Any:
    return _tag("deque", [[_tree(item, depth) for item in value], value.maxlen])


def _write_range(value: Any, depth: int) -> Any:
    return _tag("range", [_tree(part, depth) for part in (value.start, value.stop, value.step)])


def _write_drained(value: Any, depth: int) -> Any:
    drained = list(islice(value, MAX_DRAINED + 1))
    if len(drained) > MAX_DRAINED:
        raise NotPlainError(f"an iterator of more than {MAX_DRAINED} items")
    return _tag("iterator", [_tree(item, depth) for item in drained])


def _write_delta(value: Any, depth: int) -> Any:
    return _tag("timedelta", [value.days, value.seconds, value.microseconds])


def _write_fraction(value: Any, depth: int) -> Any:
    return _tag("fraction", [_tree(value.numerator, depth), _tree(value.denominator, depth)])


def _write_complex(value: Any, depth: int) -> Any:
    return _tag("complex", [_tree(value.real, depth), _tree(value.imag, depth)])


_WRITERS: dict[type, Callable[[Any, int], Any]] = {
    tuple: _items("tuple"),
    set: _items("set"),
    frozenset: _items("frozenset"),
    dict: _pairs("dict"),
    OrderedDict: _pairs("odict"),
    defaultdict: _pairs("defaultdict"),
    Counter: _pairs("counter"),
    deque: _write_deque,
    range: _write_range,
    bytes: _text("bytes", _base64),
    bytearray: _text("bytearray", _base64),
    complex: _write_complex,
    type(Ellipsis): _text("ellipsis", lambda value: ""),
    Decimal: _text("decimal", str),
    Fraction: _write_fraction,
    datetime.date: _text("date", datetime.date.isoformat),
    datetime.time: _text("time", datetime.time.isoformat),
    datetime.datetime: _text("datetime", datetime.datetime.isoformat),
    datetime.timedelta: _write_delta,
}

# Subclasses are sent as the built-in that they extend; the first match counts.
_BASES: tuple[tuple[type, Callable[[Any, int], Any]], ...] = (
    (bool, lambda value, depth: bool(value)),
    (int, lambda value, depth: _tree(int.__add__(value, 0), depth)),
    (float, lambda value, depth: _tree(float.__add__(value, 0.0), depth)),
    (str, lambda value, depth: _text_tree(str.__getitem__(value, slice(None)))),
    (list, lambda value, depth: [_tree(item, depth) for item in list.__iter__(value)]),
    (tuple, _items("tuple", tuple.__iter__)),
    (Counter, _pairs("counter")),
    (defaultdict, _pairs("defaultdict")),
    (OrderedDict, _pairs("odict")),
    (dict, _pairs("dict")),
    (set, _items("set", set.__iter__)),
    (frozenset, _items("frozenset", frozenset.__iter__)),
    (bytes, _text("bytes", _base64)),
    (bytearray, _text("bytearray", _base64)),
    (complex, _write_complex),
    (deque, _write_deque),
    (Decimal, _text("decimal", str)),
    (Fraction, _write_fraction),
    (datetime.datetime, _text("datetime", datetime.datetime.isoformat)),
    (datetime.date, _text("date", datetime.date.isoformat)),
    (datetime.timedelta, _write_delta),
    (KeysView, lambda value, depth: [_tree(item, depth) for item in value]),
    (ValuesView, lambda value, depth: [_tree(item, depth) for item in value]),
    (ItemsView, lambda value, depth: [_tree(item, depth) for item in value]),
    (Iterator, _write_drained),
)


def _writer_for(value: Any, kind: type) -> Callable[[Any, int], Any]:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        return _write_numpy  # first, as numpy.float64 is a float too
    for base, write in _BASES:
        if issubclass(kind, base):
            return write
    raise NotPlainError(f"a value of type {kind.__name__}, which is not plain data")


def _write_numpy(value: Any, depth: int) -> Any:
    numpy = sys.modules["numpy"]
    array = numpy.asarray(value)
    if not _DTYPE.fullmatch(array.dtype.str):
        raise NotPlainError(f"an array of dtype {array.dtype}, which is not plain data")
    tag = "ndarray" if isinstance(value, numpy.ndarray) else "scalar"
    return _tag(tag, [array.dtype.str, list(array.shape), base64.b64encode(array.tobytes()).decode()])


# Reading

_DTYPE = re.compile(r"[<>|][biufcSUMm][0-9]{1,9}(\[[0-9]{0,6}[A-Za-zμ]{1,2}\])?")


def unpack(payload: bytes) -> Any:
    """The value that `payload` stands for; raises WireError."""
    if _parts(payload) > MAX_PARTS:
        raise WireError(f"a value of more than {MAX_PARTS} parts")
    try:
        return json.loads(payload, object_hook=_rebuild, parse_constant=_no_constant, parse_int=_small_int)
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, MemoryError) as error:
        raise WireError(f"{type(error).__name__}: {error}"[:200]) from None


def _no_constant(name: str) -> Any:
    raise WireError(f"the constant {name}")


def _small_int(digits: str) -> int:
    if len(digits) > 20:
        raise WireError("a long integer in decimal digits")
    return int(digits)


def _rebuild(parts: dict[str, Any]) -> Any:
    if len(parts) != 2 or "t" not in parts or "v" not in parts or type(parts["t"]) is not str:
        raise WireError("an object without tag and parts")
    read = _READERS.get(parts["t"])
    if read is None:
        raise WireError(f"the unknown tag {parts['t'][:40]!r}")
    return read(parts["v"])


def _want(parts: Any, kind: type, length: int | None = None) -> Any:
    if type(parts) is not kind:
        raise WireError(f"a part that is not a {kind.__name__}")
    if length is not None and len(parts) != length:  # type: ignore[arg-type]
        raise WireError(f"a part that is not a {kind.__name__} of the right length")
    return parts


def _spread(keys: list[Any]) -> list[Any]:
    """`keys`, unless so many share one hash that building a table of them would take for ever."""
    if len(keys) > _MAX_COLLISIONS:
        hashes = sorted(map(hash, keys))
        if any(low == high for low, high in zip(hashes, hashes[_MAX_COLLISIONS:], strict=False)):
            raise WireError("keys that were chosen to collide")
    return keys


def _read_pairs(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(parts: Any) -> Any:
        pairs = [tuple(_want(pair, list, 2)) for pair in _want(parts, list)]
        _spread([key for key, _ in pairs])
        return build(pairs)

    return read


def _read_items(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda parts: build(_want(parts, list))


def _read_unique(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda parts: build(_spread(_want(parts, list)))


def _read_text(build: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda parts: build(_want(parts, str))


def _read_int(digits: str) -> int:
    if len(digits) > _MAX_INT_DIGITS or not re.fullmatch(r"-?0x[0-9a-f]+", digits):
        raise WireError("an integer that is malformed or too long")
    return int(digits, 16)


def _read_float(text: str) -> float:
    if text not in ("nan", "inf", "-inf"):
        raise WireError("a malformed float")
    return float(text)


def _read_decimal(text: str) -> Decimal:
    if len(text) > 10_000:
        raise WireError("a decimal of more than 10000 digits")
    return Decimal(text)


def _read_fraction(parts: Any) -> Fraction:
    numerator, denominator = (_want(part, int) for part in _want(parts, list, 2))
    if max(numerator.bit_length(), denominator.bit_length()) > _MAX_FRACTION_BITS:
        raise WireError("a fraction that is too long")
    return Fraction(numerator, denominator)


def _read_deque(parts: Any) -> deque[Any]:
    items, maxlen = _want(parts, list, 2)
    return deque(_want(items, list), None if maxlen is None else _want(maxlen, int))


def _read_complex(parts: Any) -> complex:
    real, imaginary = _want(parts, list, 2)
    return complex(_want(real, float), _want(imaginary, float))


def _read_counter(pairs: Any) -> Counter[Any]:
    counter: Counter[Any] = Counter()
    for key, count in pairs:
        dict.__setitem__(counter, key, count)
    return counter


def _read_array(parts: Any) -> Any:
    import numpy

    kind, shape, data = _want(parts, list, 3)
    if not _DTYPE.fullmatch(_want(kind, str)):
        raise WireError("an array of a dtype that is not plain")
    raw = base64.b64decode(_want(data, str), validate=True)
    dtype = numpy.dtype(kind)
    if any(type(n) is not int or n < 0 for n in _want(shape, list)) or len(shape) > 32:
        raise WireError("a malformed array shape")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise WireError("an array whose data does not fill its shape")
    if not raw:
        return numpy.zeros(shape, dtype)
    return numpy.frombuffer(raw, dtype).reshape(shape).copy()


def _read_scalar(parts: Any) -> Any:
    array = _read_array(parts)
    if array.shape != ():
        raise WireError("a scalar with a shape")
    return array[()]


_READERS: dict[str, Callable[[Any], Any]] = {
    "int": _read_text(_read_int),
    "text": _read_text(lambda text: base64.b64decode(text, validate=True).decode("utf-8", "surrogatepass")),
    "float": _read_text(_read_float),
    "complex": _read_complex,
    "ellipsis": lambda parts: ...,
    "bytes": _read_text(lambda text: base64.b64decode(text, validate=True)),
    "bytearray": _read_text(lambda text: bytearray(base64.b64decode(text, validate=True))),
    "tuple": _read_items(tuple),
    "iterator": _read_items(iter),
    "set": _read_unique(set),
    "frozenset": _read_unique(frozenset),
    "dict": _read_pairs(dict),
    "odict": _read_pairs(OrderedDict),
    "defaultdict": _read_pairs(lambda pairs: defaultdict(None, pairs)),
    "counter": _read_pairs(_read_counter),
    "deque": _read_deque,
    "range": lambda parts: range(*(_want(part, int) for part in _want(parts, list, 3))),
    "decimal": _read_text(_read_decimal),
    "fraction": _read_fraction,
    "date": _read_text(datetime.date.fromisoformat),
    "time": _read_text(datetime.time.fromisoformat),
    "datetime": _read_text(datetime.datetime.fromisoformat),
    "timedelta": lambda parts: datetime.timedelta(*(_want(part, int) for part in _want(parts, list, 3))),
    "ndarray": _read_array,
    "scalar": _read_scalar,
}
