"""What a zygote loads and warms once, so that no program has to.

The modules are those that model-written code imports most. Warming the compiler
and the traceback printer matters as much: the first `compile()` in a process
builds all AST types, over a millisecond that every fork would pay.
"""

from __future__ import annotations

import _sitebuiltins
import builtins
import contextlib
import importlib
import io
import marshal
import os
import socket
import sys
import traceback

from . import answering, entry, exam, payload, wire

_MODULES = """
bisect collections collections.abc copy dataclasses datetime decimal enum fractions functools
heapq itertools json linecache math numbers operator random re string struct sys threading time
traceback types typing
"""

_REHEARSALS = 20
"""The interpreter rewrites code that is run more than a few times: here, and not in each fork."""

_SAMPLE = '''
from dataclasses import dataclass
from typing import List, Optional
@dataclass
class Point:
    x: int = 0
    names: Optional[List[str]] = None
def work(n: int, *more, key=None, **rest) -> List[int]:
    """Doc."""
    total = {i: f"{i:>3}{n!r}" for i in range(n) if i % 2} | {}
    try:
        with open("/dev/null") as file:
            yield from (lambda x: x)(sorted(total, key=lambda k: -k))
    except (OSError, ValueError) as error:
        raise RuntimeError("sample") from error
    finally:
        assert total is not None, "never"
async def later():
    return [x async for x in (y for y in ())]
list(work(3))
1 / 0
'''


def preload(import_path: list[str]) -> None:
    """Import, compile, fail and print once; then `import_path` follows the standard library's paths."""
    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))  # as `site` would
    for name in _MODULES.split():
        with contextlib.suppress(ImportError):  # a Python built without it
            importlib.import_module(name)
    try:
        entry.execute_text(_SAMPLE, "sample.py", "sample")
    except ZeroDivisionError as error:
        traceback.print_exception(error, file=io.StringIO())
    del sys.modules["sample"]
    entry.forget("sample.py")
    for _ in range(_REHEARSALS):
        _rehearse()
    answering.prepare(entry.CHANNEL)
    sys.path[:] = [path for path in sys.path if path] + import_path
    os.environ["PYTHONPATH"] = os.pathsep.join(import_path)  # for interpreters that a program starts


def _rehearse() -> None:
    """Go through all that a program's process does, from its payload to its last answer."""
    main = sys.modules["__main__"]
    text = "from typing import List\ndef work(n: int, more: List[int]) -> int:\n    return n + sum(more)\n"
    taken = payload.unpack(payload.pack(payload.Payload(text, "work")))
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # else all would come in one read
    with near, far:
        for arguments in ([1, [2, 3]], [1, [2.5]], ["1", []], [True, [None]]):
            near.send(wire.frame(wire.pack([arguments, None, "work"])))
        near.shutdown(socket.SHUT_WR)
        answering.serve(entry.program(taken), taken.entry_point, far.fileno(), in_place=False, handles=False)
    test = "def check(candidate):\n    assert candidate(1, [2]) == 3\ncheck(work)\n"
    code = marshal.dumps(compile(test, entry.EXAMINER_FILE, "exec"))
    exam.together(taken._replace(test=test, compiled=code), len)
    sys.modules["__main__"] = main
    del sys.modules["program"], sys.modules["examiner"]
    entry.forget(entry.PROGRAM_FILE)
    entry.forget(entry.EXAMINER_FILE)


def load(modules: list[str]) -> None:
    """Import what programs of one kind need besides; what cannot be imported is left to them to find out."""
    for name in modules:
        before = set(sys.modules)
        try:
            importlib.import_module(name)
        except Exception:
            # Half of a package would be in the way of its next import.
            for left in set(sys.modules) - before:
                if left.partition(".")[0] == name.partition(".")[0]:
                    del sys.modules[left]
    if "numpy" in sys.modules:  # which would load it when it is first named, and seed it by chance
        importlib.import_module("numpy.random")
