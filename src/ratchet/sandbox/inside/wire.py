"""Plain data between processes that do not trust each other, as tagged JSON.

    pack([1, (2, "x")])  ->  bytes;   unpack(payload)  ->  [1, (2, "x")]

What crosses is rebuilt from exact built-in types, or from the few value types of
`records`, on the receiving side; no class, no method and no pickle ever does.
JSON's own types stand for themselves, all else is `{"t": tag, "v": parts}`. The
reader is bounded in bytes, depth and work, refuses keys that were chosen to collide,
and raises `WireError` for anything malformed; the writer refuses what is over the same
bounds. The tags are in `wire_values`, `wire_records`, `wire_arrays` and `wire_frames`; a
conversation that lends out more than plain data makes a `Codec` of its own.
"""

from __future__ import annotations

import json.encoder
import math
import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

from . import wire_arrays, wire_frames, wire_keys, wire_records, wire_sets, wire_values, wire_work
from .frames import FrameReader, NotPlainError, WireError, frame
from .wire_names import TYPE_NAMES, TYPES
from .wire_records import object_writer
from .wire_values import Tree, tag, text_tree, want

__all__ = ["Codec", "FrameReader", "NotPlainError", "WireError", "frame", "pack", "unpack"]

MAX_PARTS = 4_000_000
"""Items of all lists and objects together: small ones take 20 times their bytes in memory."""
MAX_DEPTH = 150
MAX_DRAINED = 1_000_000
_MAX_INT_DIGITS = 2 << 20  # hexadecimal digits of one integer
LARGEST = 1 << 62
SHORT = 4096
"""Bytes of a payload in which nothing can be so long, or so often, that reading it would take time."""
_MANY_DIGITS = re.compile(r"[0-9]{21}")
_FEW = 4

Write = Callable[[Any, int, Tree], Any]


class Codec:
    """One side's way to write and to read values; the default one has no state."""

    def __init__(
        self,
        *,
        other: Callable[[Any], Any] | None = None,
        first: Callable[[Any], Any] | None = None,
        readers: Mapping[str, Callable[[Any], Any]] | None = None,
    ) -> None:
        """`first` and `other` may make a tree of a value of no built-in type, before and after all else.

        They return None for a value that is not theirs. `readers` are further tags, or
        other ways to read the known ones.
        """
        self._first = first
        self._other = other
        self._rebuild = _rebuilder({**READERS, **readers}) if readers else _rebuild
        self.scan = _scanner(self._rebuild) if readers else _scan
        """Value and end of a text of no more than `SHORT` letters."""

    def pack(self, value: Any) -> bytes:
        """`value` as the payload of a frame; raises NotPlainError."""
        return self.text(self.tree(value, 0))

    def text(self, tree: Any) -> bytes:
        """A tree of JSON's own types as the payload of a frame; raises NotPlainError."""
        try:
            payload = encode(tree).encode()
        except (RecursionError, ValueError) as error:
            raise NotPlainError(f"a value that cannot be written ({error})") from None
        if len(payload) > MAX_PARTS and _parts(payload) > MAX_PARTS:
            raise NotPlainError(f"a value of more than {MAX_PARTS} parts")
        if len(payload) > SHORT and wire_work.is_too_much(payload):
            raise NotPlainError("a value that takes too long to read")
        return payload

    def tree(self, value: Any, depth: int) -> Any:
        """`value` as a tree of JSON's own types."""
        kind = type(value)
        if kind is str:
            return value if value.isascii() else text_tree(value)
        if kind is int:
            return value if -LARGEST < value < LARGEST else _write_int(value)
        if value is None or kind is bool:
            return value
        if kind is float:
            return value if math.isfinite(value) else tag("float", repr(value))
        if depth >= MAX_DEPTH:
            raise NotPlainError(f"a value nested deeper than {MAX_DEPTH} levels")
        if kind is list:
            return self.items(value, depth + 1)
        write = _WRITERS.get(kind)
        if write is not None:
            return write(value, depth + 1, self)
        return self._rare(value, kind, depth)

    def items(self, values: Any, depth: int) -> list[Any]:
        """The trees of all `values`."""
        if type(values) is list and len(values) > _FEW and is_flat(values):
            return values
        tree = self.tree
        return [tree(value, depth) for value in values]

    def pairs(self, value: Any, depth: int) -> list[Any]:
        """The trees of the keys and values of a mapping."""
        tree = self.tree
        pairs = [[tree(key, depth), tree(item, depth)] for key, item in dict.items(value)]
        wire_keys.check(list(dict.keys(value)), [key for key, _ in pairs])
        return pairs

    def _rare(self, value: Any, kind: type, depth: int) -> Any:
        if self._first is not None and (made := self._first(value)) is not None:
            return made
        write = wire_arrays.writer(value) or wire_frames.writer(value)
        write = write or wire_records.writer(value) or wire_values.writer(value)
        if write is None:
            for base, of_base in _BASES:
                if issubclass(kind, base):
                    write = of_base
                    break
        if write is not None:
            return write(value, depth + 1, self)
        if self._other is not None and (made := self._other(value)) is not None:
            return made
        if (write := object_writer(value)) is not None:
            return write(value, depth + 1, self)
        raise NotPlainError(f"a value of type {kind.__name__}, which is not plain data")

    def unpack(self, payload: bytes) -> Any:
        """The value that `payload` stands for; raises WireError."""
        try:
            text = payload.decode("ascii")
            scan = self.scan
            if len(text) > SHORT:
                if len(text) > MAX_PARTS and _parts(payload) > MAX_PARTS:
                    raise WireError(f"a value of more than {MAX_PARTS} parts")
                hooks = {"parse_int": _small_int} if _MANY_DIGITS.search(text) else {}
                scan = _scanner(wire_work.counted(self._rebuild), **hooks)
            value, end = scan(text, 0)
        except WireError:
            raise
        except StopIteration:
            raise WireError("a payload without a value") from None
        except Exception as error:  # whatever hostile bytes make a library say
            raise WireError(f"{type(error).__name__}: {error}"[:200]) from None
        if end != len(text):
            raise WireError("bytes after the value")
        return value


def _rebuilder(readers: Mapping[str, Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def rebuild(parts: dict[str, Any]) -> Any:
        if len(parts) != 2 or "t" not in parts or "v" not in parts or type(parts["t"]) is not str:
            raise WireError("an object without tag and parts")
        read = readers.get(parts["t"])
        if read is None:
            raise WireError(f"the unknown tag {parts['t'][:40]!r}")
        return read(parts["v"])

    return rebuild


def _scanner(rebuild: Callable[[Any], Any], **hooks: Any) -> Callable[[str, int], tuple[Any, int]]:
    """`JSONDecoder.decode` less its search for white space, which takes as long as the rest."""
    decoder: Any = json.JSONDecoder(object_hook=rebuild, parse_constant=_no_constant, **hooks)
    scan: Callable[[str, int], tuple[Any, int]] = decoder.scan_once
    return scan


def _parts(payload: bytes) -> int:
    """No fewer than there are items in it; commas within texts count too."""
    return payload.count(b",") + payload.count(b"[")


def _no_json(value: Any) -> Any:
    raise NotPlainError(f"a value of type {type(value).__name__}, which is not plain data")


def _encoder() -> Callable[[Any], str]:
    """`JSONEncoder.encode`, less what it makes anew for every value."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return json.JSONEncoder(
            check_circular=False, allow_nan=False, separators=(",", ":"), default=_no_json
        ).encode
    chunks = make(None, _no_json, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, False)
    return lambda tree: "".join(chunks(tree, 0))


encode = _encoder()


def is_flat(values: list[Any]) -> bool:
    """Whether JSON's encoder may have the list as it is."""
    kinds = set(map(type, values))
    if len(kinds) > 1:
        return kinds <= {bool, type(None)}
    kind = kinds.pop()
    if kind is int:
        return bool(min(values) > -LARGEST and max(values) < LARGEST)
    if kind is str:
        return "".join(values).isascii()
    return kind is float and all(map(math.isfinite, values))


# Writing


def _write_int(value: int) -> Any:
    digits = hex(value)
    if len(digits) > _MAX_INT_DIGITS:
        raise NotPlainError(f"an integer of more than {_MAX_INT_DIGITS} digits")
    return tag("int", digits)


def _items(name: str, order: Callable[[Any], Any] = list) -> Write:
    return lambda value, depth, codec: tag(name, codec.items(order(value), depth))


def _pairs(name: str) -> Write:
    return lambda value, depth, codec: tag(name, codec.pairs(value, depth))


def _listed(value: Any, depth: int, codec: Tree) -> Any:
    return codec.items(value, depth)


def _write_set(kind: Any) -> Write:
    def write(value: Any, depth: int, codec: Tree) -> Any:
        size, order = wire_sets.parts_of(value if type(value) is kind else kind(kind.__iter__(value)))
        items = codec.items(order, depth)
        wire_keys.check(order, items)
        return tag("table", [kind.__name__, size, items]) if size else tag(kind.__name__, items)

    return write


def _write_defaultdict(value: Any, depth: int, codec: Tree) -> Any:
    return tag("defaultdict", [codec.pairs(value, depth), TYPE_NAMES.get(value.default_factory)])


def _write_deque(value: Any, depth: int, codec: Tree) -> Any:
    return tag("deque", [codec.items(list(value), depth), value.maxlen])


def _write_drained(value: Any, depth: int, codec: Tree) -> Any:
    drained = list(islice(value, MAX_DRAINED + 1))
    if len(drained) > MAX_DRAINED:
        raise NotPlainError(f"an iterator of more than {MAX_DRAINED} items")
    return tag("iterator", codec.items(drained, depth))


_WRITERS: dict[type, Write] = {
    **wire_values.WRITERS,
    **wire_records.WRITERS,
    tuple: _items("tuple"),
    set: _write_set(set),
    frozenset: _write_set(frozenset),
    dict: _pairs("dict"),
    OrderedDict: _pairs("odict"),
    defaultdict: _write_defaultdict,
    Counter: _pairs("counter"),
    deque: _write_deque,
}

# Subclasses are sent as the built-in that they extend; the first match counts.
_BASES: tuple[tuple[type, Write], ...] = (
    (int, lambda value, depth, codec: codec.tree(int.__add__(value, 0), depth)),
    (float, lambda value, depth, codec: codec.tree(float.__add__(value, 0.0), depth)),
    (str, lambda value, depth, codec: text_tree(str.__getitem__(value, slice(None)))),
    (list, lambda value, depth, codec: codec.items(list(list.__iter__(value)), depth)),
    (tuple, _items("tuple", lambda value: list(tuple.__iter__(value)))),
    (Counter, _pairs("counter")),
    (defaultdict, _write_defaultdict),
    (OrderedDict, _pairs("odict")),
    (dict, _pairs("dict")),
    (set, _write_set(set)),
    (frozenset, _write_set(frozenset)),
    (deque, _write_deque),
    *((kind, wire_values.WRITERS[kind]) for kind in (bytes, bytearray, complex, Decimal, Fraction)),
    *((kind, wire_values.WRITERS[kind]) for kind in (datetime, date, time, timedelta)),
    (KeysView, _listed),
    (ValuesView, _listed),
    (ItemsView, _listed),
    (Iterator, _write_drained),
)


# Reading


def _no_constant(name: str) -> Any:
    raise WireError(f"the constant {name}")


def _small_int(digits: str) -> int:
    if len(digits) > 20:
        raise WireError("a long integer in decimal digits")
    return int(digits)


def _read_int(parts: Any) -> int:
    digits = want(parts, str)
    sign = digits.startswith("-")
    if len(digits) > _MAX_INT_DIGITS or digits[sign : sign + 2] != "0x" or "_" in digits:
        raise WireError("an integer that is malformed or too long")
    return int(digits, 16)


def _pairs_of(parts: Any) -> list[Any]:
    pairs = [want(pair, list, 2) for pair in want(parts, list)]
    wire_keys.spread([key for key, _ in pairs])
    return pairs


def _read_defaultdict(parts: Any) -> defaultdict[Any, Any]:
    pairs, factory = want(parts, list, 2)
    return defaultdict(None if factory is None else TYPES[factory], _pairs_of(pairs))


def _read_table(parts: Any) -> Any:
    name, size, items = want(parts, list, 3)
    kind = {"set": set, "frozenset": frozenset}[name]
    return wire_sets.rebuilt(want(size, int), wire_keys.spread(want(items, list)), kind)


def _read_deque(parts: Any) -> deque[Any]:
    items, maxlen = want(parts, list, 2)
    return deque(want(items, list), None if maxlen is None else want(maxlen, int))


def _read_counter(parts: Any) -> Counter[Any]:
    counter: Counter[Any] = Counter()
    for key, count in _pairs_of(parts):
        dict.__setitem__(counter, key, count)
    return counter


READERS: dict[str, Callable[[Any], Any]] = {
    **wire_values.READERS,
    **wire_records.READERS,
    **wire_arrays.READERS,
    **wire_frames.READERS,
    "int": _read_int,
    "tuple": lambda parts: tuple(want(parts, list)),
    "iterator": lambda parts: iter(want(parts, list)),
    "set": lambda parts: set(wire_keys.spread(want(parts, list))),
    "frozenset": lambda parts: frozenset(wire_keys.spread(want(parts, list))),
    "table": _read_table,
    "dict": lambda parts: dict(_pairs_of(parts)),
    "odict": lambda parts: OrderedDict(_pairs_of(parts)),
    "defaultdict": _read_defaultdict,
    "counter": _read_counter,
    "deque": _read_deque,
}

_rebuild = _rebuilder(READERS)
_scan = _scanner(_rebuild)
_default = Codec()
pack = _default.pack
unpack = _default.unpack
