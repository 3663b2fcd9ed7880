"""What the supervisor hears from a job besides its output: answers to calls, or a verdict."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Sequence
from typing import Any

from ratchet.errors import RatchetError
from ratchet.sandbox.backends.slot import Talk
from ratchet.sandbox.inside import exam, wire
from ratchet.sandbox.types import CallResult, ExamOutcome, Outcome, Raised

_CHUNK = 1 << 18


class Answers:
    """Puts questions to a program one at a time, and collects its answers.

    Ends the job when all are answered, or at the first thing that is no answer.
    """

    def __init__(
        self, near: socket.socket, questions: Sequence[bytes], entry_point: str, dismiss: Callable[[], None]
    ) -> None:
        """`near` is our end of the channel, non-blocking; `dismiss` ends the job."""
        self.results: list[CallResult] = []
        self.fault: str | None = None
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
    def question(args: Sequence[Any]) -> bytes:
        """One argument list, ready to be sent."""
        try:
            return wire.frame(wire.pack([list(args), {}]))
        except wire.NotPlainError as error:
            raise RatchetError(f"an argument of a call is {error}; pass plain data.") from None

    def _ask(self) -> None:
        if len(self.results) < len(self._questions):
            self._unsent = memoryview(self._questions[len(self.results)])
        elif not self._questions:
            self._near.shutdown(socket.SHUT_WR)  # nothing to ask: it ends by itself once its text has run
        else:
            self._end()

    def _end(self, fault: str | None = None) -> None:
        self.fault = fault
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
            except OSError:
                self._over = True
                return
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
                self._end(f"wrote no answer on the answer channel: {error}")

    def _take(self) -> None:
        payload = self._reader.next()
        if payload is None:
            return
        if self._unsent or self._reader.pending:
            self._end("wrote on the answer channel unasked")
            return
        reply = exam.read_reply(payload)
        if reply[0] == "fault":
            self._end(f"returned {reply[1][:300]}")
        elif reply[0] == "missing":
            self._end(f"does not define {self._entry_point!r}")
        else:
            if reply[0] == "value":
                self.results.append(CallResult(reply[1]))
            else:
                self.results.append(CallResult(raised=Raised(reply[1][:100], reply[2][:2000])))
            self._ask()


class Verdict:
    """The one message that an examiner may write."""

    def __init__(self) -> None:
        """Make the pipe: `far` is the examiner's end."""
        self._near, self.far = os.pipe()
        os.set_blocking(self._near, False)
        self._data = bytearray()
        self._over = False
        self.talk = Talk(self._near, self._on_ready, lambda: 0 if self._over else select.POLLIN)

    def _on_ready(self, events: int) -> None:
        while not self._over:
            try:
                data = os.read(self._near, _CHUNK)
            except BlockingIOError:
                return
            self._data += data
            self._over = not data or len(self._data) > _CHUNK

    def exam(self, candidate: Outcome, examiner: Outcome | None) -> ExamOutcome:
        """The exam's outcome, once all is over."""
        told = self._message()
        ended_well = (examiner or candidate).exit_code == 0
        if told is None or not ended_well:
            last = (examiner or candidate).status
            detail = f"the examiner ended before its text did ({last})"
            return ExamOutcome(False, detail, candidate, examiner, told["calls"] if told else 0)
        return ExamOutcome(told["passed"], told["detail"], candidate, examiner, told["calls"], told["fault"])

    def _message(self) -> dict[str, Any] | None:
        """What was told: None if nothing was, or more than one whole and well-formed message."""
        reader = wire.FrameReader()
        reader.feed(bytes(self._data))
        try:
            payload = reader.next()
            told = None if payload is None or reader.pending else wire.unpack(payload)
        except wire.WireError:
            return None
        if type(told) is not dict or list(told) != ["passed", "detail", "calls", "fault"]:
            return None
        forms = [type(part) for part in told.values()]
        if forms[:3] != [bool, str, int] or forms[3] not in (str, type(None)):
            return None
        return told

    def close(self) -> None:
        """Close our end."""
        os.close(self._near)
