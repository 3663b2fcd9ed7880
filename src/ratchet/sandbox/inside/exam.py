"""The examiner's side of an exam: the stub that stands for the candidate, and the one report.

The examiner's process is the only one with a descriptor for the verdict. What
comes from the candidate is plain data, or the name of an exception; the first
time that it is anything else, or nothing, the exam ends on the spot, whatever
the examiner's text would have done about it.
"""

from __future__ import annotations

import builtins
import functools
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from . import entry, wire

ALIAS = "__candidate__"
"""The function under this name is the candidate's too, for texts that define the entry point's name anew."""


class _Report:
    """The verdict to be, and the only writer of it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.calls = 0
        self.process = os.getpid()

    def end(self, passed: bool, detail: str, fault: str | None = None) -> NoReturn:
        """Write the verdict and end the process."""
        with suppress(BaseException):
            sys.stdout.flush()
        with suppress(BaseException):
            sys.stderr.flush()
        if os.getpid() == self.process:
            told = {"passed": passed, "detail": detail[:500], "calls": self.calls, "fault": fault}
            entry.write_all(self.fd, wire.frame(wire.pack(told)))
        os._exit(0)


def split(payload: dict[str, Any], channel: int, result: int) -> NoReturn:
    """Run the examiner's text with a stub for the candidate, and report."""
    report = _Report(result)
    stub = _stub(payload["entry_point"], channel, report)
    _examine(payload, stub, report)


def together(payload: dict[str, Any], result: int) -> NoReturn:
    """Run the candidate's text, then the examiner's with the candidate's own function, and report."""
    report = _Report(result)
    name = payload["entry_point"]
    try:
        namespace = entry.execute(payload["candidate"], entry.PROGRAM_FILE, "program")
    except BaseException as error:
        entry.print_uncaught(error)
        report.end(False, f"the program itself ended with {one_line(error, entry.PROGRAM_FILE)}")
    if name not in namespace:
        report.end(False, f"does not define {name!r}", f"does not define {name!r}")
    function = namespace[name]

    def counted(*args: Any, **kwargs: Any) -> Any:
        report.calls += 1
        return function(*args, **kwargs)

    with suppress(AttributeError, TypeError):
        functools.update_wrapper(counted, function)
    _examine(payload, counted, report)


def _examine(payload: dict[str, Any], candidate: Callable[..., Any], report: _Report) -> NoReturn:
    name, source = payload["entry_point"], payload["source"]
    try:
        entry.execute(source, entry.EXAMINER_FILE, "examiner", {name: candidate, ALIAS: candidate})
    except BaseException as error:
        entry.print_uncaught(error)
        report.end(False, one_line(error, entry.EXAMINER_FILE))
    report.end(True, "")


def _stub(name: str, channel: int, report: _Report) -> Callable[..., Any]:
    """A function that looks like the entry point and asks the candidate's process."""
    reader = wire.FrameReader()
    lock = threading.Lock()
    line = socket.socket(fileno=channel)

    def stub(*args: Any, **kwargs: Any) -> Any:
        with lock:
            report.calls += 1
            question = wire.frame(wire.pack([list(args), kwargs]))
            reply = _ask(question)
        if reply[0] == "value":
            return reply[1]
        raise rebuilt(reply[1], reply[2])

    def _ask(question: bytes) -> list[Any]:
        number = report.calls
        try:
            if reader.pending or _unasked(line):
                report.end(False, f"call {number}: bytes came unasked", "wrote on the answer channel unasked")
            entry.write_all(channel, question)
            payload = entry.read_frame(channel, reader)
            reply = None if payload is None else read_reply(payload)
        except OSError:
            reply = None
        except wire.WireError as error:
            report.end(False, f"call {number}: no answer", f"wrote no answer on the answer channel: {error}")
        if reply is None:
            report.end(False, f"call {number}: the program ended before it answered")
        if reply[0] == "fault":
            report.end(False, f"call {number}: returned {reply[1]}", f"returned {reply[1]}")
        if reply[0] == "missing":
            report.end(False, f"does not define {name!r}", f"does not define {name!r}")
        return reply

    stub.__name__ = stub.__qualname__ = name
    return stub


def _unasked(line: socket.socket) -> bool:
    """Whether bytes lie in the channel that nobody asked for."""
    try:
        return bool(line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return False


def read_reply(payload: bytes) -> list[Any]:
    """What the candidate's process says, checked for form; raises WireError."""
    reply = wire.unpack(payload)
    form = [type(part) for part in reply] if type(reply) is list else []
    right = (
        (len(form) == 2 and reply[0] == "value")
        or (form == [str, str, str] and reply[0] == "raised")
        or (form == [str, str] and reply[0] == "fault")
        or reply == ["missing"]
    )
    if not right or (form and form[0] is not str):
        raise wire.WireError("not an answer")
    return list(reply)


def rebuilt(name: str, message: str) -> BaseException:
    """A built-in exception of that name, else one of a new class of that name.

    Never StopIteration: raised below a `map` or a `for` it would end the
    examiner's loop in silence, with the later cases untried.
    """
    name, message = name[:100], message[:2000]
    if name in ("StopIteration", "StopAsyncIteration"):
        return RuntimeError(f"the function raised {name}")
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, BaseException):
        with suppress(Exception):
            built: BaseException = kind(message)
            return built
    own: type[Exception] = type(name if name.isidentifier() else "CandidateError", (Exception,), {})
    return own(message)


def one_line(error: BaseException, file: str) -> str:
    """The exception, its text and the line of `file` that it left from, on one line."""
    where = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == file:
            where = f" (line {frame.lineno}: {frame.line})"
    text = " ".join(entry.message_of(error).split())[:300]
    return f"{type(error).__name__}{': ' if text else ''}{text}{where}"
