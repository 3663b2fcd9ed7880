"""What the supervisor hears from a job besides its output: answers to calls, or a verdict."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ratchet.errors import RatchetError
from ratchet.sandbox.backends.slot import Talk
from ratchet.sandbox.inside import proxy, wire
from ratchet.sandbox.inside.wire_arrays import read_tensor_here
from ratchet.sandbox.inside.wire_shared import Mirror
from ratchet.sandbox.types import CallResult, Raised

_CHUNK = 1 << 18
_HEAD = len(wire.frame(b""))
_READERS = {"tensor": read_tensor_here}
read = wire.Codec(readers=_READERS).unpack
"""What a program wrote, as a value."""


class Answers:
    """Puts questions to a program one at a time, and collects its answers.

    Ends the job when all are answered, or at the first thing that is no answer.
    """

    def __init__(
        self,
        near: socket.socket,
        questions: Sequence[bytes],
        entry_point: str,
        dismiss: Callable[[], None],
        *,
        in_place: bool = False,
    ) -> None:
        """`near` is our end of the channel, non-blocking; `dismiss` ends the job.

        `in_place` as `question` was asked with; then `arguments` holds what each answered
        call made of its arguments, in copies, or None where it raised an exception.
        """
        self.results: list[CallResult] = []
        self.arguments: list[tuple[Any, ...] | None] = []
        self.fault: str | None = None
        self.tampered = False
        self._in_place = in_place
        self._near = near
        self._questions = questions
        self._entry_point = entry_point
        self._dismiss = dismiss
        self._reader = wire.FrameReader()
        self._over = False
        self._unsent = memoryview(b"")
        self._ask()
        self.talk = Talk(near.fileno(), self._on_ready, self._events)

    @staticmethod
    def question(args: Sequence[Any], *, in_place: bool = False) -> bytes:
        """One argument list, ready to be sent; `in_place` numbers its mutable objects."""
        try:
            return wire.frame((Mirror().pack_question if in_place else wire.pack)([list(args), None]))
        except wire.NotPlainError as error:
            raise RatchetError(f"an argument of a call is {error}; pass plain data.") from None

    def finish(self) -> None:
        """After the program's end: take what it had still written."""
        if not self._over:
            self._receive()

    def all_results(self) -> tuple[CallResult, ...]:
        """What was answered, with what became of the arguments if that was asked for."""
        if not self._in_place:
            return tuple(self.results)
        pairs = zip(self.results, self.arguments, strict=True)
        return tuple(replace(result, arguments=arguments) for result, arguments in pairs)

    def _ask(self) -> None:
        if len(self.results) < len(self._questions):
            self._unsent = memoryview(self._questions[len(self.results)])
        elif not self._questions:
            self._near.shutdown(socket.SHUT_WR)  # nothing to ask: it ends by itself once its text has run
        else:
            self._end()

    def _end(self, fault: str | None = None, *, tampered: bool = False) -> None:
        self.fault = fault
        self.tampered = tampered
        self._over = True
        self._dismiss()

    def _events(self) -> int:
        if self._over:
            return 0
        return select.POLLIN | (select.POLLOUT if self._unsent else 0)

    def _on_ready(self, events: int) -> None:
        if events & select.POLLOUT and self._unsent:
            try:
                self._unsent = self._unsent[self._near.send(self._unsent) :]
            except BlockingIOError:
                pass
            except OSError:  # it has ended; what it wrote before its end, unasked, is read below
                events |= select.POLLHUP
        if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
            self._receive()

    def _receive(self) -> None:
        """Take all answers that have come."""
        while not self._over:
            try:
                data = self._near.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:  # it ended; its outcome says why, also in the middle of an answer
                self._over = True
                return
            self._reader.feed(data)
            try:
                self._take()
            except wire.WireError as error:
                self._end(f"wrote no answer on the answer channel: {error}", tampered=True)

    def _take(self) -> None:
        payload = self._reader.next()
        if payload is None:
            return
        if self._unsent or self._reader.pending:
            self._end("wrote on the answer channel unasked", tampered=True)
            return
        reply, arguments = self._read(payload)
        if reply[0] == "fault":
            self._end(f"returned {reply[1][:300]}")
        elif reply[0] == "missing":
            self._end(f"does not define {self._entry_point!r}")
        else:
            if reply[0] == "value":
                self.results.append(CallResult(reply[1]))
            else:
                self.results.append(CallResult(raised=Raised(reply[1][:100], reply[2][:2000])))
            self.arguments.append(arguments)
            self._ask()

    def _read(self, payload: bytes) -> tuple[list[Any], tuple[Any, ...] | None]:
        """One answer, and what became of its question's arguments."""
        if not self._in_place:
            return proxy.checked(read(payload)), None
        mirror = Mirror(readers=_READERS)
        sent = self._questions[len(self.results)][_HEAD:]
        args, _ = mirror.unpack_question(sent)  # a copy: the caller's own objects stay as they are
        reply = proxy.checked(mirror.unpack_answer(payload))
        return reply, tuple(args) if reply[0] == "value" else None
