"""A program's first lines: take its text, run it as it was asked for, end as an interpreter would.

    run      the text is `__main__`
    answer   the text is a module; then questions on a channel are put to its functions
    both     candidate and examiner share this process (see `exam`)
    oracle   not a program, but the examiner of many (see `exam`)
    execute  another executable takes this process over

The standard streams are descriptors 0 to 2, the text comes on 3, a channel on 4.
"""

from __future__ import annotations

import atexit
import builtins
import functools
import gc
import linecache
import os
import signal
import sys
import threading
import traceback
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NoReturn

from . import answering, exam, payload, wire

_SOURCE = 3
_BYTE_ORDER_MARK = "\ufeff"
CHANNEL = 4
_LINES = (4, 5)
"""Where the lines of an executable come; see `execute`."""

PROGRAM_FILE = "program.py"
EXAMINER_FILE = "examiner.py"


def remember(source: str, name: str) -> None:
    """Let tracebacks and `inspect` show the lines of a text that is no file."""
    linecache.cache[name] = (lambda: source,)  # cut into lines when somebody asks


def forget(name: str) -> None:
    """Undo `remember`."""
    linecache.cache.pop(name, None)


def take() -> payload.Payload:
    """Read the payload on the source descriptor, close it, and write the program's files."""
    taken = payload.unpack(_read_source())
    if taken.files:
        write_files(taken.files)
    if taken.arguments:
        sys.argv[1:] = taken.arguments
    return taken


def _read_source() -> bytes:
    size = os.lseek(_SOURCE, 0, os.SEEK_END)
    data = os.pread(_SOURCE, size, 0)
    while len(data) < size:
        data += os.pread(_SOURCE, size - len(data), len(data))
    os.close(_SOURCE)
    return data


def write_files(files: Mapping[str, bytes], mode: int = 0o644) -> None:
    """Put a program's files into its working directory."""
    for path, content in files.items():
        if folder := os.path.dirname(path):
            os.makedirs(folder, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(content)


def execute_text(source: str, file: str, name: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run `source` as the module `name`, with `given` in its namespace from the start; the namespace."""
    return enter(module_of(source, file, name, given), compile(source, file, "exec", dont_inherit=True))


def module_of(source: str, file: str, name: str, given: dict[str, Any] | None = None) -> types.ModuleType:
    """A module that is known to the interpreter, and its lines to tracebacks; nothing has run."""
    module = types.ModuleType(name)
    module.__file__ = file
    module.__dict__.update(given or {}, __builtins__=builtins)
    sys.modules[name] = module
    remember(source, file)
    return module


def enter(module: types.ModuleType, code: types.CodeType) -> dict[str, Any]:
    """Run `code` as the module's text; its namespace."""
    exec(code, module.__dict__)
    return module.__dict__


def program(taken: payload.Payload) -> dict[str, Any]:
    """Run the text as a module that stands where a script would; its namespace."""
    if taken.on_disk:
        _write(taken.source)
    module = module_of(taken.source, PROGRAM_FILE, "program")
    sys.modules["__main__"] = module
    return enter(module, compile(taken.source, PROGRAM_FILE, "exec", dont_inherit=True))


def _write(source: str) -> None:
    """Put the text where `__file__` says that it lies."""
    with open(PROGRAM_FILE, "w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        file.write(source)


def run() -> NoReturn:
    """Run the text as `__main__`."""
    source = take().source.removeprefix(_BYTE_ORDER_MARK)
    _write(source)
    _end_as_interpreter(lambda: execute_text(source, PROGRAM_FILE, "__main__"), finalize=True)


def answer() -> NoReturn:
    """Run the text as a module, then answer what is asked on the channel until it is closed."""
    taken = take()
    _end_as_interpreter(lambda: _answer(taken))


def both() -> NoReturn:
    """Run a candidate, then its examiner, in this one process."""
    exam.together(take(), functools.partial(os.write, CHANNEL))
    os._exit(0)


def oracle() -> NoReturn:
    """Examine one candidate after the other."""
    exam.stand(_SOURCE)


def execute() -> NoReturn:
    """Let the executable that the payload names take this process over.

    Its lines to and from another process, if it has any, are then its descriptors 3 and 4.
    """
    argv, environment, files = wire.unpack(_read_source())
    write_files(files, 0o755)
    for line, place in zip(_LINES, (3, 4), strict=True):
        with suppress(OSError):  # it has none
            os.dup2(line, place)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
        signal.signal(number, signal.SIG_DFL)
    folders = {"PWD": os.environ["PWD"], "HOME": "/tmp", "TMPDIR": "/tmp"}
    if "TMPDIR" in os.environ:
        folders["HOME"] = folders["TMPDIR"] = os.environ["TMPDIR"]
    try:
        os.execve(argv[0], argv, folders | environment)
    except OSError as error:
        print(f"{argv[0]} cannot be executed: {error.strerror}", file=sys.stderr, flush=True)
    os._exit(127)


def settle() -> None:
    """In the zygote, last: leave no trace of it where a program looks: argv, lines of texts, modules."""
    sys.argv[:] = [PROGRAM_FILE]
    linecache.clearcache()
    for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
        del sys.modules[name]


def stand_in(work: str, temporary: str) -> None:
    """Say where a program's folders are."""
    os.environ["PWD"] = work
    if temporary != "/tmp":
        os.environ["TMPDIR"] = temporary
        if "tempfile" in sys.modules:
            # It remembers the place it found first.
            sys.modules["tempfile"].tempdir = None  # type: ignore[attr-defined]
    sys.path.insert(0, work)
    if "multiprocessing.process" in sys.modules:
        sys.modules["multiprocessing.process"].ORIGINAL_DIR = work  # type: ignore[attr-defined]


def _answer(taken: payload.Payload) -> None:
    namespace = program(taken)
    answering.serve(namespace, taken.entry_point, CHANNEL, in_place=taken.in_place, handles=taken.handles)
    with suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def message_of(error: BaseException) -> str:
    """The exception's text, whatever its class does when asked for it."""
    try:
        return str(error)[:2000]
    except BaseException:
        return ""


def _end_as_interpreter(main: Callable[[], object], *, finalize: bool = False) -> NoReturn:
    """Call `main`, and end the process with what an interpreter would print and return."""
    code = 0
    try:
        main()
    except SystemExit as error:
        code = _exit_code(error)
    except BaseException as error:
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
        print_uncaught(error)
    finish(code, finalize=finalize)


def finish(code: int, *, finalize: bool = False) -> NoReturn:
    """Wait for threads, run exit handlers, let go of a script's objects (`finalize`), flush, and end."""
    me = os.getpid()
    try:
        if threading.current_thread() is threading.main_thread():
            threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        if finalize:
            _let_go(sys.modules["__main__"].__dict__)
    except BaseException as error:
        print_uncaught(error)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            if stream is sys.stdout and me == os.getpid():
                code = code or 120
    os._exit(code)


def _let_go(namespace: dict[str, Any]) -> None:
    """Set a script's names to None as an ending interpreter does, so that its finalizers run."""
    names = [name for name in namespace if name != "__builtins__"]
    for name in sorted(names, key=lambda name: not (name[:1] == "_" and name[1:2] != "_")):
        namespace[name] = None
    gc.collect()


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

MODES: dict[str, Callable[[], NoReturn]] = {
    "run": run,
    "answer": answer,
    "both": both,
    "oracle": oracle,
    "execute": execute,
}
