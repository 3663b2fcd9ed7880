"""EvalPlus, its PyPI package, as it comes: `untrusted_check` on base-style inputs.

EvalPlus does not run the test's text: it calls the function with stored inputs and
compares with stored results. Both are recorded here from one run of the test, so
that it makes the same calls as the others.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from importlib import import_module
from typing import Any, NamedTuple

from evalplus.eval import PASS, untrusted_check

from parts.tasks import Task

NO_RULE_OF_ITS_OWN = ("find_zero",)
"""EvalPlus's own rule for this one never counts an input (0.3.1: `continue` comes before the count), so that
no program passes; it is compared like all others here."""


class Recorded(NamedTuple):
    """What EvalPlus keeps of a problem."""

    inputs: list[tuple[Any, ...]]
    expected: list[Any]
    seconds: list[float]


@contextmanager
def ready(tasks: Sequence[Task], spec: dict[str, Any]) -> Iterator[Callable[[Task], bool]]:
    """Record first, in another process: what the programs import is not to stay in this one by that."""
    recorded = _in_a_fork(lambda: {task.task_id: record(task) for task in tasks})
    for name in spec["preload"]:
        import_module(name)

    def passed(task: Task) -> bool:
        known = recorded[task.task_id]
        found, _ = untrusted_check(
            "" if task.entry_point in NO_RULE_OF_ITS_OWN else "humaneval",
            task.program,
            known.inputs,
            task.entry_point,
            known.expected,
            0,  # floats are compared with 1e-6 all the same
            known.seconds,
            fast_check=True,
        )
        return bool(found == PASS)

    yield passed


def record(task: Task) -> Recorded:
    """The calls that the task's test makes, and what its right program answers."""
    inputs: list[tuple[Any, ...]] = []
    expected: list[Any] = []
    seconds: list[float] = []
    names: dict[str, Any] = {}
    exec(f"{task.program}\n{task.test}", names)
    function = names[task.entry_point]

    def recorder(*args: Any) -> Any:
        inputs.append(deepcopy(args))
        started = time.perf_counter()
        answer = function(*args)
        seconds.append(time.perf_counter() - started)
        expected.append(deepcopy(answer))
        return answer

    names["check"](recorder)
    return Recorded(inputs, expected, seconds)


def _in_a_fork(work: Callable[[], dict[str, Recorded]]) -> dict[str, Recorded]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    found: dict[str, Recorded] = pickle.loads(data)
    return found
