"""The floor: a bare fork per sample from a warm interpreter, with no walls and no oracle.

`spec["preload"]` names what it has imported beforehand: what the programs import,
and nothing else, as the cost of a fork grows with the memory that is forked.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from parts.tasks import Task

_SAMPLE = '''
def work(n: int, *more, key=None, **rest):
    """Doc."""
    try:
        return {i: f"{i:>3}{n!r}" for i in range(n) if i % 2} | {}
    except (OSError, ValueError) as error:
        raise RuntimeError("sample") from error
class Thing:
    x: int = 0
assert len(work(3)) == 1 and Thing().x == 0, "never"
'''


@contextmanager
def ready(tasks: Sequence[Task], spec: dict[str, Any]) -> Iterator[Callable[[Task], bool]]:
    """Warm: everything imported, the compiler used once, all objects out of the collector's sight."""
    for name in spec["preload"]:
        with suppress(ImportError):  # a test may try what is not there
            import_module(name)
    exec(compile(_SAMPLE, "sample.py", "exec"), {"__name__": "sample"})
    gc.collect()
    gc.freeze()
    yield passed


def passed(task: Task) -> bool:
    """Whether a fork that ran the whole text ended with 0."""
    pid = os.fork()
    if pid == 0:
        try:
            exec(compile(task.script, "program.py", "exec"), {"__name__": "program"})
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
