"""Between two processes that exchange frames of lines: nothing passes that is not plain data.

The asking side (an examiner, or a list of calls) is trusted to ask; the answering
side is not trusted in anything. One answer is taken for one question. See
`ratchet.sandbox.lines`.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ratchet.sandbox import lines
from ratchet.sandbox.types import CallResult, Raised

_CHUNK = 1 << 18
_LOOK_S = 1.0


class Pipes:
    """Two pipes to a program: one that it reads as descriptor 3, one that it writes as 4."""

    def __init__(self) -> None:
        """Open them; ours do not block."""
        theirs_in, self.write = os.pipe2(os.O_CLOEXEC)
        self.read, theirs_out = os.pipe2(os.O_CLOEXEC)
        self.theirs = (theirs_in, theirs_out)
        for fd in (self.read, self.write):
            os.set_blocking(fd, False)
        for fd in self.theirs:
            os.fchmod(fd, 0o666)  # some runtimes have to open /dev/fd/3
        self._reader = lines.FrameReader()
        self._unsent = bytearray()
        self._closing = False

    def send(self, payload: bytes) -> None:
        """Have a payload written, as soon as there is room for it."""
        self._unsent += lines.frame(payload)
        self.flush()

    def flush(self) -> None:
        """Write what there is room for. Once there is nobody to read it, it is forgotten."""
        try:
            while self._unsent:
                del self._unsent[: os.write(self.write, self._unsent[:_CHUNK])]
        except BlockingIOError:
            return
        except OSError:
            self._unsent.clear()
        if self._closing:
            self._close_write()

    def end(self) -> None:
        """Let the other side see the end of the file once it has read all."""
        self._closing = True
        self.flush()

    def _close_write(self) -> None:
        if self.write >= 0:
            os.close(self.write)
            self.write = -1

    def feed(self) -> bool:
        """Take what has come; False at the end of the file."""
        try:
            data = os.read(self.read, _CHUNK)
        except BlockingIOError:
            return True
        self._reader.feed(data)
        return bool(data)

    def next(self) -> bytes | None:
        """The next payload that has come as a whole; raises LinesError."""
        return self._reader.next()

    @property
    def waits_to_write(self) -> bool:
        """Whether there is something that could not be written yet."""
        return bool(self._unsent) and self.write >= 0

    def close(self) -> None:
        """Close our ends."""
        self._close_write()
        if self.read >= 0:
            os.close(self.read)
            self.read = -1


def read_answer(payload: bytes) -> CallResult:
    """An answer's value, or what was raised; raises LinesError."""
    answer = lines.unpack(payload)
    if isinstance(answer, list):
        if len(answer) == 1:
            return CallResult(answer[0])
        if len(answer) == 2 and all(isinstance(part, str) for part in answer):
            return CallResult(raised=Raised(answer[0], answer[1][:2000]))
    raise lines.LinesError("it is neither a value nor what was raised")


class Answering:
    """The answering side: what it is asked, and what it makes of that."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.pipes = Pipes()
        self.fault: str | None = None
        self.tampered = False
        self.asked = 0
        self._due = False

    def ask(self, question: bytes) -> None:
        """Send one question."""
        self.asked += 1
        self._due = True
        self.pipes.send(question)

    def answers(self) -> list[CallResult]:
        """What has come by now; after a `fault` there is no more."""
        found: list[CallResult] = []
        try:
            while (payload := self.pipes.next()) is not None:
                if not self._due:
                    self._refuse("wrote on the answer channel unasked")
                    break
                self._due = False
                found.append(read_answer(payload))
        except lines.LinesError as error:
            self._refuse(f"wrote no answer on the answer channel: {error}")
        return found

    def _refuse(self, fault: str) -> None:
        self.fault = fault
        self.tampered = True


class Asker:
    """Puts questions to a program one at a time, and collects its answers."""

    def __init__(self, questions: Sequence[bytes], dismiss: Callable[[], None]) -> None:
        """`dismiss` ends the program once all is answered, or at the first thing that is no answer."""
        self.side = Answering()
        self.results: list[CallResult] = []
        self._questions = questions
        self._dismiss = dismiss

    def talk(self) -> None:
        """Serve until the end; to be called in a thread of its own."""
        pipes = self.side.pipes
        self._next()
        open_ = True
        while open_ and len(self.results) < len(self._questions) and self.side.fault is None:
            _wait([pipes.read], [pipes])
            pipes.flush()
            open_ = pipes.feed()
            for result in self.side.answers():
                self.results.append(result)
                self._next()
        pipes.end()
        if self._questions:
            self._dismiss()

    def _next(self) -> None:
        if len(self.results) < len(self._questions):
            self.side.ask(self._questions[len(self.results)])


class Relay:
    """Carries questions from an examiner to a candidate, and answers back."""

    def __init__(self, dismiss: Callable[[], None]) -> None:
        """`dismiss` ends the candidate, when nothing more is asked of it."""
        self.candidate = Answering()
        self.examiner = Pipes()
        self._dismiss = dismiss

    def talk(self) -> None:
        """Serve until the examiner has ended; to be called in a thread of its own."""
        examiner, candidate = self.examiner, self.candidate.pipes
        reading = {examiner.read: examiner, candidate.read: candidate}
        while examiner.read in reading:
            ready = _wait(list(reading), [examiner, candidate])
            for pipes in (examiner, candidate):
                pipes.flush()
            for fd in ready.intersection(reading):
                if not reading[fd].feed():
                    del reading[fd]
            # Before the questions: what came together with one was no answer to it.
            for result in self.candidate.answers():
                examiner.send(lines.pack(_as_written(result)))
            with suppress(lines.LinesError):  # an examiner's own; it gets no answer
                while (question := examiner.next()) is not None:
                    self.candidate.ask(question)
            if candidate.read not in reading or self.candidate.fault is not None:
                examiner.end()
        if candidate.read in reading and candidate.feed():
            self.candidate.answers()  # what came after the last answer was not asked for
        candidate.end()
        self._dismiss()


def _wait(reading: Sequence[int], writing: Sequence[Pipes]) -> set[int]:
    """Wait until one of them can be read from, or written to; the descriptors that are ready."""
    poll = select.poll()
    for fd in reading:
        poll.register(fd, select.POLLIN)
    for pipes in writing:
        if pipes.waits_to_write:
            poll.register(pipes.write, select.POLLOUT)
    return {fd for fd, _ in poll.poll(_LOOK_S * 1000)}


def _as_written(result: CallResult) -> list[Any]:
    if result.raised is not None:
        return [result.raised.name, result.raised.message]
    return [result.value]
