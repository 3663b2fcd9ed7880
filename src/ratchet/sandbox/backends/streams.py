"""What is kept of a stream that may be endless: its head and its tail."""

from __future__ import annotations

import fcntl
import os
from collections import deque
from contextlib import suppress

_CHUNK = 1 << 18


class Kept:
    """The first and the last bytes of a stream, up to a limit; the middle is dropped and counted."""

    def __init__(self, limit: int) -> None:
        """Keep at most `limit` bytes: half from the start, half from the end."""
        self._head_room = limit - limit // 2
        self._tail_limit = limit // 2
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self.dropped = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._head_room:
            self._head += data[: self._head_room]
            taken = min(len(data), self._head_room)
            self._head_room -= taken
            data = data[taken:]
        if not data:
            return
        self._tail.append(data)
        self._tail_size += len(data)
        while self._tail_size - len(self._tail[0]) >= self._tail_limit and len(self._tail) > 1:
            self._shorten(len(self._tail.popleft()))
        surplus = self._tail_size - self._tail_limit
        if surplus > _CHUNK or (surplus > 0 and len(self._tail) == 1):
            self._tail[0] = self._tail[0][surplus:]
            self._shorten(surplus)

    def _shorten(self, count: int) -> None:
        self._tail_size -= count
        self.dropped += count

    @property
    def truncated(self) -> bool:
        """Whether anything was dropped."""
        return self.dropped > 0 or self._tail_size > self._tail_limit

    def text(self) -> str:
        """What was kept, as text; a line in the middle says how much was dropped."""
        tail = b"".join(self._tail)
        surplus = len(tail) - self._tail_limit
        dropped = self.dropped
        if surplus > 0:
            tail, dropped = tail[surplus:], dropped + surplus
        mark = f"\n[... {dropped} bytes dropped ...]\n".encode() if dropped else b""
        return (bytes(self._head) + mark + tail).decode("utf-8", "replace")


class Stream:
    """A pipe that one program after the other writes to, and what was kept of it.

    Both ends stay open here: the end of a program is told by the zygote, never by
    the end of its output, which a child of it could hold open.
    """

    def __init__(self) -> None:
        """Make the pipe: `fd` is read here, `far` is for the programs."""
        self.fd, self.far = os.pipe()
        os.set_blocking(self.fd, False)
        os.fchmod(self.far, 0o666)  # so that a program can open /dev/stdout, whoever it is
        self.kept = Kept(0)

    def renew(self, limit: int) -> None:
        """Begin anew for the next program, of whose output `limit` bytes are kept."""
        fcntl.fcntl(self.far, fcntl.F_SETFL, 0)  # the last program shared these flags
        self.kept = Kept(limit)

    def read(self) -> None:
        """Take what is there."""
        with suppress(BlockingIOError):
            self.kept.feed(os.read(self.fd, _CHUNK))

    def drain(self) -> None:
        """Take all that is left; to be called when nobody writes any more."""
        try:
            while True:
                self.kept.feed(os.read(self.fd, _CHUNK))
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close both ends."""
        os.close(self.fd)
        os.close(self.far)
