"""Frames on a stream of bytes: four bytes of length, then the payload; and the two ways that `wire` fails."""

from __future__ import annotations

import struct

MAX_FRAME = 64 << 20
_HEAD = struct.Struct(">I")


class WireError(Exception):
    """The bytes are not a well-formed value (reading)."""


class NotPlainError(Exception):
    """The value is not plain data (writing); the text says what it is."""


def frame(payload: bytes) -> bytes:
    """`payload` with its length in front."""
    if len(payload) > MAX_FRAME:
        raise NotPlainError(f"a value of {len(payload)} bytes, over the limit of {MAX_FRAME}")
    return _HEAD.pack(len(payload)) + payload


class FrameReader:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take further bytes of the stream."""
        self._buffer += data

    def next(self) -> bytes | None:
        """The next whole frame's payload, or None if more bytes are needed; raises WireError."""
        if len(self._buffer) < _HEAD.size:
            return None
        (length,) = _HEAD.unpack_from(self._buffer)
        if length > MAX_FRAME:
            raise WireError(f"a frame of {length} bytes, over the limit of {MAX_FRAME}")
        end = _HEAD.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[_HEAD.size : end])
        del self._buffer[:end]
        return payload

    @property
    def pending(self) -> bool:
        """Whether bytes are left over."""
        return bool(self._buffer)
