"""A program's first lines: take its text, run it as it was asked for, end as an interpreter would.

    run      the text is `__main__`
    answer   the text is a module; then questions on a channel are put to one of its functions
    examine  the text is an examiner; a stub in its namespace puts the questions (see `exam`)
    both     candidate and examiner share this process (see `exam`)

The standard streams are descriptors 0 to 2, the text comes on 3, channels follow.
"""

from __future__ import annotations

import atexit
import builtins
import linecache
import os
import sys
import threading
import traceback
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from . import exam, wire

_SOURCE = 3
_CHANNEL = 4
_RESULT = 5

PROGRAM_FILE = "program.py"
EXAMINER_FILE = "examiner.py"


def remember(source: str, name: str) -> None:
    """Let tracebacks and `inspect` show the lines of a text that is no file."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)


def forget(name: str) -> None:
    """Undo `remember`."""
    linecache.cache.pop(name, None)


def take() -> dict[str, Any]:
    """Read the payload on the source descriptor, close it, and write the program's files."""
    data = b""
    offset = 0
    while chunk := os.pread(_SOURCE, 1 << 20, offset):
        data += chunk
        offset += len(chunk)
    os.close(_SOURCE)
    payload: dict[str, Any] = wire.unpack(data)
    for path, content in payload["files"].items():
        if folder := os.path.dirname(path):
            os.makedirs(folder, exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    return payload


def execute(source: str, file: str, name: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run `source` as the module `name`, with `given` in its namespace from the start; the namespace."""
    module = types.ModuleType(name)
    module.__file__ = file
    module.__dict__.update(given or {}, __builtins__=builtins)
    sys.modules[name] = module
    remember(source, file)
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)
    return module.__dict__


def run() -> NoReturn:
    """Run the text as `__main__`."""
    _settle()
    payload = take()
    _end_as_interpreter(lambda: execute(payload["source"], PROGRAM_FILE, "__main__"))


def answer() -> NoReturn:
    """Run the text as a module, then answer what is asked on the channel until it is closed."""
    _settle()
    payload = take()
    _end_as_interpreter(lambda: _answer(payload))


def examine() -> NoReturn:
    """Run the text as an examiner of a candidate in another process."""
    _settle()
    exam.split(take(), _CHANNEL, _RESULT)


def both() -> NoReturn:
    """Run a candidate, then its examiner, in this one process."""
    _settle()
    exam.together(take(), _CHANNEL)


def _settle() -> None:
    """Leave no trace of the zygote where a program looks: argv, modules, the seed of `random`."""
    sys.argv[:] = [PROGRAM_FILE]
    for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
        del sys.modules[name]


def _answer(payload: dict[str, Any]) -> None:
    name = payload["entry_point"]
    namespace = execute(payload["source"], PROGRAM_FILE, "program")
    me = os.getpid()
    reader = wire.FrameReader()
    while (question := read_frame(_CHANNEL, reader)) is not None:
        args, kwargs = wire.unpack(question)
        if name in namespace:
            reply = _reply(namespace[name], args, kwargs)
        else:
            reply = wire.frame(wire.pack(["missing"]))
        if os.getpid() != me:
            os._exit(0)  # a fork of the program came back through its function
        with suppress(Exception):
            sys.stdout.flush()
        write_all(_CHANNEL, reply)
    with suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def _reply(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> bytes:
    try:
        return wire.frame(wire.pack(["value", function(*args, **kwargs)]))
    except wire.NotPlainError as error:
        return wire.frame(wire.pack(["fault", str(error)[:300]]))
    except BaseException as error:
        return wire.frame(wire.pack(["raised", type(error).__name__[:100], message_of(error)]))


def message_of(error: BaseException) -> str:
    """The exception's text, whatever its class does when asked for it."""
    try:
        return str(error)[:2000]
    except BaseException:
        return ""


def read_frame(fd: int, reader: wire.FrameReader) -> bytes | None:
    """The next frame from a blocking descriptor; None at its end; raises WireError."""
    while (payload := reader.next()) is None:
        data = os.read(fd, 1 << 16)
        if not data:
            return None
        reader.feed(data)
    return payload


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data` to a blocking descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _end_as_interpreter(main: Callable[[], object]) -> NoReturn:
    """Call `main`, and end the process with what an interpreter would print and return."""
    code = 0
    try:
        main()
    except SystemExit as error:
        code = _exit_code(error)
    except BaseException as error:
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
        print_uncaught(error)
    finish(code)


def finish(code: int) -> NoReturn:
    """Wait for threads, run exit handlers, flush, and end."""
    me = os.getpid()
    try:
        if threading.current_thread() is threading.main_thread():
            threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    except BaseException as error:
        print_uncaught(error)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            if stream is sys.stdout and me == os.getpid():
                code = code or 120
    os._exit(code)


def _exit_code(error: SystemExit) -> int:
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    with suppress(Exception):
        print(error.code, file=sys.stderr)
    return 1


def print_uncaught(error: BaseException) -> None:
    """As the interpreter does, without the frames of these files."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_HERE):
        trace = trace.tb_next
    with suppress(BaseException):
        sys.stdout.flush()
    with suppress(BaseException):
        if sys.excepthook is not sys.__excepthook__:
            sys.excepthook(type(error), error, trace)
        else:
            traceback.print_exception(type(error), error, trace)


_PACKAGE = __name__.partition(".")[0]
_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep

MODES: dict[str, Callable[[], NoReturn]] = {"run": run, "answer": answer, "examine": examine, "both": both}
