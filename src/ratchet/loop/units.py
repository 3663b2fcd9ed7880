"""Work as a graph of units: each runs in a worker process, and is journalled when it is done.

A unit is a top-level function with plain arguments, the names of the units it
needs, and a name of its own. Units whose needs are met run side by side in
processes that last for the whole Run, so that torch is imported once a process.
A unit that is in the journal is not run again: that is all that resuming is.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from ratchet.errors import HarnessError, RatchetError
from ratchet.runs import Progress, Run, Task

_PR_SET_PDEATHSIG = 1
_MAX_TEXT = 500
"""Characters of what a unit says, so that an event stays far below the 4096 bytes that a
pipe takes in one piece: a worker that is killed leaves no half event and no held lock."""


class Report(Protocol):
    """How a unit says how far it is; its calls are shown by the parent process."""

    def begin(self, total: float, unit: str) -> None:
        """There are `total` things to do; `unit` is what they are called."""

    def advance(self, amount: float = 1) -> None:
        """So many more are done."""

    def info(self, text: str) -> None:
        """Something to show beside the bar: a loss, a rate."""


UnitFunction = Callable[..., Any]
"""The work of a unit, called as `function(place, needs, report, **arguments)`.

It writes files under the folder `place` and returns plain JSON data. `needs` maps the
name that the unit gave to each need to its result, and "NAME.files" to the folder of
its files. It must be importable by name, since it runs in another process.
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of work."""

    name: str
    label: str
    """What a person reads beside the bar."""
    function: UnitFunction
    needs: Mapping[str, str] = field(default_factory=dict)
    """What the function calls it -> the name of the unit."""
    arguments: Mapping[str, Any] = field(default_factory=dict)


def run_units(
    run: Run,
    units: Sequence[Unit],
    *,
    workers: int,
    progress: Progress,
    summarize: Callable[[str, Any], str] = lambda name, result: "",
) -> None:
    """Run every unit that is not in the journal of `run`; earlier units first where there is a choice.

    `summarize(name, result)` is the sentence shown when a unit is done. An error
    in a unit is raised here; what was finished before it stays in the journal.

    Raises:
        RatchetError: the disk is full.
        HarnessError: a worker process was killed from outside (out of memory, say).
        ValueError: a unit needs one that is not among the units.
    """
    names = {unit.name for unit in units}
    if missing := {need for unit in units for need in unit.needs.values()} - names:
        raise ValueError(f"units are needed that nobody makes: {', '.join(sorted(missing))}")
    todo = [unit for unit in units if run.get(unit.name) is None]
    if not todo:
        return
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, initializer=_begin_worker, initargs=(writer, os.getpid()))
    try:
        _work_off(run, todo, pool, workers, progress, reader, writer, summarize)
    except BrokenProcessPool as error:
        raise HarnessError(
            "a worker process was ended from outside, perhaps for want of memory; "
            f"{run.path} keeps what was done"
        ) from error
    finally:
        for process in list((pool._processes or {}).values()):
            process.kill()
        reader.close()
        pool.shutdown(wait=True, cancel_futures=True)
        writer.close()


def _work_off(
    run: Run,
    todo: list[Unit],
    pool: ProcessPoolExecutor,
    workers: int,
    progress: Progress,
    reader: Connection,
    writer: Connection,
    summarize: Callable[[str, Any], str],
) -> None:
    tasks: dict[str, Task] = {}
    running: dict[str, tuple[Unit, Path, Future[Any]]] = {}

    def tell_done(name: str) -> Callable[[Future[Any]], None]:
        def tell(_: Future[Any]) -> None:
            with contextlib.suppress(OSError):  # nobody listens any more
                writer.send((name, "done", 0.0, ""))

        return tell

    while todo or running:
        ready = [u for u in todo if all(run.get(need) is not None for need in u.needs.values())]
        for unit in ready[: workers - len(running)]:
            todo.remove(unit)
            needs: dict[str, Any] = {}
            for called, name in unit.needs.items():
                needs[called] = run.get(name)
                needs[f"{called}.files"] = run.artefact(name)
            place = run.work(unit.name)
            tasks[unit.name] = progress.task(unit.label)
            future = pool.submit(_do, unit.function, unit.name, place, needs, dict(unit.arguments))
            running[unit.name] = (unit, place, future)
            future.add_done_callback(tell_done(unit.name))
        if not running:
            raise ValueError(f"units wait for each other: {', '.join(unit.name for unit in todo)}")
        unit, place, future = running.pop(_listen(reader, tasks))
        result = _result(future, run)
        run.publish(place, unit.name)
        run.record(unit.name, result)
        tasks[unit.name].finish(summarize(unit.name, result))


def _result(future: Future[Any], run: Run) -> Any:
    try:
        return future.result()
    except Exception as error:
        # Each library that writes for a unit wraps the system's error in one of its own.
        if os.strerror(errno.ENOSPC) in str(error):
            raise RatchetError(
                f"no space is left for the Run at {run.path}: free some, then resume it; "
                "what was recorded is safe."
            ) from error
        raise


def _listen(reader: Connection, tasks: Mapping[str, Task]) -> str:
    """Show what the units say, until one of them is done; return its name.

    A unit's end comes through the same pipe as its reports, and so after all of them.
    """
    while True:
        name, what, amount, text = reader.recv()
        task = tasks[name]
        match what:
            case "begin":
                task.total, task.unit = amount, text
            case "advance":
                task.advance(amount)
            case "info":
                task.info(text)
            case _:
                return str(name)


class _PipeReport:
    """A `Report` that sends what it is told to the parent process; any thread may use it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def begin(self, total: float, unit: str) -> None:
        _events.send((self._name, "begin", total, unit[:_MAX_TEXT]))

    def advance(self, amount: float = 1) -> None:
        _events.send((self._name, "advance", amount, ""))

    def info(self, text: str) -> None:
        _events.send((self._name, "info", 0.0, text[:_MAX_TEXT]))


_events: Any = None
"""In a worker process: the pipe to the parent."""


def _begin_worker(events: Connection, parent: int) -> None:
    """Make a worker end with its parent, leave ctrl-C to it, and use one thread.

    One thread, so that sums are repeatable, and because workers share the cores.
    """
    global _events
    _events = events
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGKILL") and os.name == "posix":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "prctl"):
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    # Their bars would write over ours.
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"


def _do(
    function: UnitFunction, name: str, place: Path, needs: Mapping[str, Any], arguments: dict[str, Any]
) -> Any:
    return function(place, needs, _PipeReport(name), **arguments)
