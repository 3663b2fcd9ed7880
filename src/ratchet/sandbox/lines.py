"""Plain data as lines: what programs in languages other than Python ask and answer with.

A frame is the length of its payload in bytes, in decimal, a line feed, and the
payload. A payload is one value, and every value begins with a line:

    n                   nothing: null, nil, None, unit
    T   F               true, false
    i-12                a whole number, of any size
    d1.5                a floating-point number as Python's repr writes it; also dinf, d-inf, dnan
    s5                  a text of 5 bytes of UTF-8, which follow, and a line feed after them
    l2                  a list (array, tuple, set in order) of 2 values, which follow
    o1                  a map of 1 pair: key and value follow for each

A question is the list of a function's name and its arguments. An answer is a list of
one value, what the function returned, or of two texts: the name of what it raised (an
exception's class, say), and its message. A program reads from descriptor 3 and writes
to descriptor 4, one frame for one frame, until it reads the end of the file; then it
ends with exit code 0. An examiner is the other side: it writes a question to 4, reads
the answer from 3, and ends with another code than 0 if there is none.

It is read here without trust: in length, depth and number of values there are bounds,
and whatever is not written as above is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAX_FRAME = 64 << 20
"""Bytes of a payload."""
MAX_DEPTH = 200
MAX_VALUES = 1 << 20
"""Values of a payload, parts of others counted too: each takes a microsecond to read, and a hundred bytes."""
_MAX_DIGITS = 4000
_TOO_LARGE = 10**_MAX_DIGITS
_INT = re.compile(rb"-?[0-9]{1,%d}\Z" % _MAX_DIGITS)
_FLOAT = re.compile(rb"-?(?:inf|[0-9]{1,400}(?:\.[0-9]{0,400})?(?:e[-+]?[0-9]{1,5})?)\Z|nan\Z", re.IGNORECASE)
_COUNT = re.compile(rb"[0-9]{1,9}\Z")
_LONGEST_HEAD = 10


class LinesError(ValueError):
    """What came is not plain data as lines; the message says what is wrong with it."""


class NotPlain(ValueError):
    """A value has no form here; the message names its type."""


def pack(value: Any) -> bytes:
    """The payload of one value; raises NotPlain."""
    parts: list[bytes] = []
    _pack(value, parts.append, 0)
    return b"".join(parts)


def frame(payload: bytes) -> bytes:
    """The payload as it is sent."""
    return b"%d\n%b" % (len(payload), payload)


def _pack(value: Any, add: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise NotPlain("nested too deeply")
    if value is None:
        add(b"n\n")
    elif isinstance(value, bool):
        add(b"T\n" if value else b"F\n")
    elif isinstance(value, int):
        if not -_TOO_LARGE < value < _TOO_LARGE:
            raise NotPlain(f"a whole number of more than {_MAX_DIGITS} digits")
        add(b"i%d\n" % value)
    elif isinstance(value, float):
        add(f"d{float(value)!r}\n".encode())
    elif isinstance(value, str):
        data = value.encode("utf-8", "replace")
        add(b"s%d\n%b\n" % (len(data), data))
    elif isinstance(value, list | tuple | set | frozenset):
        add(b"l%d\n" % len(value))
        for item in value:
            _pack(item, add, depth + 1)
    elif isinstance(value, Mapping):
        add(b"o%d\n" % len(value))
        for pair in value.items():
            for item in pair:
                _pack(item, add, depth + 1)
    else:
        raise NotPlain(f"of type {type(value).__name__}")


def unpack(payload: bytes) -> Any:
    """The value of a payload; maps whose keys are lists or maps are refused. Raises LinesError."""
    reader = _Reader(payload)
    value = reader.value(0)
    if reader.at != len(payload):
        raise LinesError("there is more behind the value")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.left = MAX_VALUES

    def line(self) -> bytes:
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise LinesError("it ends in the middle of a value")
        line, self.at = self.data[self.at : end], end + 1
        return line

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise LinesError("it is nested too deeply")
        self.left -= 1
        if self.left < 0:
            raise LinesError(f"it has more than {MAX_VALUES} values")
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind in _WORDS and not rest:
            return _WORDS[kind]
        if kind == b"i" and _INT.match(rest):
            return int(rest)
        if kind == b"d" and _FLOAT.match(rest):
            return float(rest)
        if kind in (b"s", b"l", b"o") and _COUNT.match(rest):
            return self._sized(kind, int(rest), depth)
        raise LinesError(f"no value begins with {line[:20]!r}")

    def _sized(self, kind: bytes, count: int, depth: int) -> Any:
        if count > len(self.data) - self.at:  # each part takes a byte at least
            raise LinesError("it announces more than there is")
        if kind == b"l":
            return [self.value(depth + 1) for _ in range(count)]
        if kind == b"o":
            return dict(self._pair(depth + 1) for _ in range(count))
        text, self.at = self.data[self.at : self.at + count], self.at + count + 1
        if self.data[self.at - 1 : self.at] != b"\n":
            raise LinesError("a text is not as long as it says")
        try:
            return text.decode()
        except UnicodeDecodeError:
            raise LinesError("a text is not UTF-8") from None

    def _pair(self, depth: int) -> tuple[Any, Any]:
        key = self.value(depth)
        if isinstance(key, list | dict):
            raise LinesError("the key of a map is a list or a map")
        return key, self.value(depth)


_WORDS: dict[bytes, Any] = {b"n": None, b"T": True, b"F": False}


class FrameReader:
    """Cuts what arrives into payloads."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._buffer += data

    def next(self) -> bytes | None:
        """The next payload that is there as a whole; raises LinesError on what begins no frame."""
        end = self._buffer.find(b"\n", 0, _LONGEST_HEAD + 1)
        head = bytes(self._buffer[: end if end >= 0 else _LONGEST_HEAD])
        if end < 0:
            if len(self._buffer) >= _LONGEST_HEAD or (head and not head.isdigit()):
                raise LinesError(f"no frame begins with {head!r}")
            return None
        if not _COUNT.match(head) or int(head) > MAX_FRAME:
            raise LinesError(f"no frame begins with {head!r}")
        stop = end + 1 + int(head)
        if len(self._buffer) < stop:
            return None
        payload = bytes(self._buffer[end + 1 : stop])
        del self._buffer[:stop]
        return payload
