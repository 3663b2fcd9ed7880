"""One end of a channel between two processes: whole frames out, whole frames in."""

from __future__ import annotations

import os
import select
from contextlib import suppress

from .frames import MAX_FRAME, NotPlainError, WireError

_HEAD = 4
_CHUNK = 1 << 16
_LONG_CHUNK = 1 << 20


class Line:
    """A blocking descriptor that frames are written to and read from, each in one system call if it fits."""

    def __init__(self, fd: int) -> None:
        """Take over `fd`."""
        self.fd = fd
        self._left = b""
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    def send(self, *payloads: bytes) -> None:
        """Write each payload as a frame; raises NotPlainError for one over the limit, OSError at the end."""
        for payload in payloads:
            if len(payload) > MAX_FRAME:
                raise NotPlainError(f"a value of {len(payload)} bytes, over the limit of {MAX_FRAME}")
        data = b"".join([part for one in payloads for part in (len(one).to_bytes(_HEAD, "big"), one)])
        sent = os.write(self.fd, data)
        if sent < len(data):
            view = memoryview(data)[sent:]
            while view:
                view = view[os.write(self.fd, view) :]

    def receive(self) -> bytes | None:
        """The next frame's payload; None at the end of the channel; raises WireError for a longer one."""
        data = self._left
        while len(data) < _HEAD:
            more = os.read(self.fd, _CHUNK)
            if not more:
                return None
            data = data + more if data else more
        length = int.from_bytes(data[:_HEAD], "big")
        if length > MAX_FRAME:
            raise WireError(f"a frame of {length} bytes, over the limit of {MAX_FRAME}")
        end = _HEAD + length
        if len(data) < end:
            parts, missing = [data], end - len(data)
            while missing > 0:
                more = os.read(self.fd, _LONG_CHUNK if missing > _CHUNK else _CHUNK)
                if not more:
                    return None
                parts.append(more)
                missing -= len(more)
            data = b"".join(parts)
        self._left = data[end:]
        return data[_HEAD:end]

    def take_back(self, data: bytes) -> None:
        """Let what was read from the descriptor by other means be received."""
        self._left = data

    @property
    def excess(self) -> bool:
        """Whether more was read than the frames that were received."""
        return bool(self._left)

    @property
    def pending(self) -> bool:
        """Whether bytes have come that nobody has received yet."""
        if self._left:
            return True
        if self._poll.poll(0):
            with suppress(OSError):
                self._left = os.read(self.fd, _CHUNK)  # nothing, if it was closed at the other end
        return bool(self._left)
