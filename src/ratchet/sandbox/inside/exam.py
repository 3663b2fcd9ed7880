"""The examiner's side of an exam: a test's text is run, with stubs where the candidate's functions were.

The examiner's process is the only one with a descriptor for the verdict. What
comes from the candidate is plain data, or the name of an exception; the first
time that it is anything else, or nothing, the exam ends on the spot, whatever the
test's text would have done about it.

One examiner serves many exams (`stand`), so that a test is compiled once and its
process is not born anew for each candidate. It ends, and is replaced, after a text
that is not known to leave it as it was (see `tidy`), and whenever an exam is broken off.
"""

from __future__ import annotations

import builtins
import functools
import json
import marshal
import os
import random
import resource
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from . import entry, payload, proxy, root, tidy, wire

ALIAS = "__candidate__"
"""The function under this name is the candidate's too, for texts that define the entry point's name anew."""

_MAX_MESSAGE = 1 << 16
_MAX_DESCRIPTORS = 3


class Report:
    """The verdict to be, and the only writer of it."""

    def __init__(self, send: Callable[[bytes], int], number: int) -> None:
        """`send` sends a message to the supervisor; `number` is the exam's."""
        self.send = send
        self.number = number
        self.calls: Callable[[], int] = lambda: 0
        self.process = os.getpid()
        self.begun = time.process_time()

    def tell(self, passed: bool, detail: str, fault: str | None, *, tampered: bool, last: bool) -> None:
        """Write the verdict. `last`: no further exam can be held here."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(BaseException):
                stream.flush()
        if os.getpid() != self.process:
            os._exit(0)
        used = time.process_time() - self.begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        told = [self.number, passed, detail[:500], self.calls(), fault, tampered, last, used, peak]
        self.send(json.dumps(told).encode())

    def end(self, passed: bool, detail: str, fault: str | None = None, tampered: bool = False) -> NoReturn:
        """Write the verdict and end the process, from however deep in the test's text."""
        self.tell(passed, detail, fault, tampered=tampered, last=True)
        os._exit(0)


class _Test:
    """A test's text, compiled once."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.code: Any = None
        self.fault = ""
        self.tidy = False
        self.unknown: frozenset[str] = frozenset()
        """Names that the text takes from the candidate besides the entry point: helpers, classes."""
        self.draws = any(word in source for word in ("random", "sample", "shuffle"))
        try:
            self.code = compile(source, entry.EXAMINER_FILE, "exec", dont_inherit=True)
            self.tidy = tidy.is_tidy(self.code) or tidy.says_so(self.code)
            self.unknown = proxy.unknown_names(self.code)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self.fault = one_line(error, entry.EXAMINER_FILE)


def stand(control: int) -> NoReturn:
    """Hold one exam after the other, as the supervisor asks on `control`, until it hangs up.

    An order names the exam, its text (which comes on a descriptor the first time)
    and the entry point; the channel to the candidate comes on a descriptor.
    """
    root.join_cgroup(_rest(control))
    line = socket.socket(fileno=control)
    tests: dict[int, _Test] = {}
    start = _Start()
    while True:
        message, descriptors, _, _ = socket.recv_fds(line, _MAX_MESSAGE, _MAX_DESCRIPTORS)
        if not message:
            os._exit(0)
        order = json.loads(message)
        channel, *rest = descriptors
        if order["files"]:
            entry.write_files(wire.unpack(_read(rest.pop())))
        if rest:
            tests[order["text"]] = _Test(_read(rest[0]).decode("utf-8", "surrogatepass"))
        test = tests[order["text"]]
        report = Report(line.send, order["exam"])
        passed, detail, clean = _hold(test, order, channel, report)
        clean = clean and test.tidy and start.again(test)
        report.tell(passed, detail, None, tampered=False, last=not clean)
        if not clean:
            os._exit(0)


def _rest(fd: int) -> list[int]:
    """The open descriptors after `fd`: the doors of a control group, where there is one."""
    found: list[int] = []
    with suppress(OSError):
        while True:
            os.fstat(fd + len(found) + 1)
            found.append(fd + len(found) + 1)
    return found


class _Start:
    """What an exam finds in the process, and what the next one shall find too."""

    def __init__(self) -> None:
        self.builtins = dict(builtins.__dict__)
        self.environment: dict[bytes, bytes] = dict(os.environ._data)  # type: ignore[attr-defined]
        self.path = list(sys.path)
        self.folder = os.getcwd()
        self.chance = random.getstate()
        numpy_random: Any = sys.modules.get("numpy.random")
        self.numpy_chance = None if numpy_random is None else numpy_random.get_state()

    def again(self, test: _Test) -> bool:
        """Whether all is as it was. It is for tidy tests, but for the state of `random`: that is put back."""
        for name in os.listdir():
            if os.path.isdir(name):
                return False
            os.remove(name)
        if test.draws:
            random.setstate(self.chance)
            if self.numpy_chance is not None:
                sys.modules["numpy.random"].set_state(self.numpy_chance)
        return (
            builtins.__dict__ == self.builtins
            and os.environ._data == self.environment  # type: ignore[attr-defined]
            and sys.path == self.path
            and os.getcwd() == self.folder
        )


def _read(fd: int) -> bytes:
    with open(fd, "rb") as file:
        file.seek(0)
        return file.read()


def _hold(test: _Test, order: dict[str, Any], channel: int, report: Report) -> tuple[bool, str, bool]:
    """One exam; whether it was passed, and if not, why; and whether the text says that nothing stayed."""
    if test.fault:
        os.close(channel)
        return False, test.fault, True
    conversation = proxy.Conversation(channel, report, in_place=order["in_place"], handles=order["handles"])
    report.calls = lambda: conversation.calls
    name = order["entry_point"]
    stub = conversation.stub(name)
    given = {one: conversation.stub(one) for one in test.unknown} | {name: stub, ALIAS: stub}
    module = entry.module_of(test.source, entry.EXAMINER_FILE, "examiner", given)
    if order["handles"]:
        conversation.classes = module.__dict__
    try:
        entry.enter(module, test.code)
    except BaseException as error:
        entry.print_uncaught(error)
        passed, detail = False, one_line(error, entry.EXAMINER_FILE)
    else:
        passed, detail = True, ""
    clean = module.__dict__.get("__tidy__", True) is True
    os.close(channel)
    module.__dict__.clear()
    del sys.modules["examiner"]
    return passed, detail, clean


def together(taken: payload.Payload, send: Callable[[bytes], int]) -> None:
    """Run the candidate's text, then the examiner's with the candidate's own function; report by `send`."""
    report = Report(send, 1)
    passed, detail, fault = _hold_together(taken, report)
    report.tell(passed, detail, fault, tampered=False, last=True)


def _hold_together(taken: payload.Payload, report: Report) -> tuple[bool, str, str | None]:
    name = taken.entry_point
    try:
        namespace = entry.program(taken)
    except BaseException as error:
        entry.print_uncaught(error)
        return False, f"the program itself ended with {one_line(error, entry.PROGRAM_FILE)}", None
    if name not in namespace:
        fault = f"does not define {name!r}"
        return False, fault, fault
    candidate, report.calls = _counted(namespace[name])
    given = {name: candidate, ALIAS: candidate}
    try:
        module = entry.module_of(taken.test, entry.EXAMINER_FILE, "examiner", given)
        if taken.compiled:
            entry.enter(module, marshal.loads(taken.compiled))
        else:  # it says why not
            entry.enter(module, compile(taken.test, entry.EXAMINER_FILE, "exec", dont_inherit=True))
    except BaseException as error:
        entry.print_uncaught(error)
        return False, one_line(error, entry.EXAMINER_FILE), None
    return True, "", None


def _counted(function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[[], int]]:
    """The function, and what says how often it was called; a class stays what it is and counts as called."""
    if isinstance(function, type):
        return function, lambda: 1
    calls = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        return function(*args, **kwargs)

    with suppress(AttributeError, TypeError):
        functools.update_wrapper(counted, function)
    return counted, lambda: calls


def one_line(error: BaseException, file: str) -> str:
    """The exception, its text and the line of `file` that it left from, on one line."""
    where = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == file:
            where = f" (line {frame.lineno}: {frame.line})"
    text = " ".join(entry.message_of(error).split())[:300]
    return f"{type(error).__name__}{': ' if text else ''}{text}{where}"
