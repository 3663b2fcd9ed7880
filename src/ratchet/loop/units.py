"""Work as a graph of units: each runs in a worker process, and is journalled when it is done.

A unit is a top-level function with plain arguments, the names of the units it
needs, and a name of its own. Units whose needs are met run side by side in
processes that last for the whole Run, so that torch is imported once a process.
A unit that is in the journal is not run again: that is all that resuming is.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ratchet.errors import HarnessError
from ratchet.runs import Progress, Run, Task

_PR_SET_PDEATHSIG = 1


class Report(Protocol):
    """How a unit says how far it is; its calls are shown by the parent process."""

    def begin(self, total: float, unit: str) -> None:
        """There are `total` things to do; `unit` is what they are called."""

    def advance(self, amount: float = 1) -> None:
        """So many more are done."""

    def info(self, text: str) -> None:
        """Something to show beside the bar: a loss, a rate."""


class UnitFunction(Protocol):
    """The work of a unit; importable by name, since it runs in another process."""

    def __call__(self, place: Path, needs: Mapping[str, Any], report: Report, **arguments: Any) -> Any:
        """Do the work, write files under `place`, and return plain JSON data.

        `needs` maps the name that the unit gave to each need to its result, and
        "NAME.files" to the folder of its files.
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
    events = context.Queue()
    tasks: dict[str, Task] = {}
    listener = threading.Thread(target=_listen, args=(events, tasks), daemon=True)
    listener.start()
    pool = ProcessPoolExecutor(workers, context, initializer=_begin_worker, initargs=(events, os.getpid()))
    try:
        _work_off(run, todo, pool, workers, progress, tasks, summarize)
    except BrokenProcessPool as error:
        raise HarnessError(
            f"a worker process was ended from outside, perhaps for want of memory; {run.path} keeps what was done"
        ) from error
    finally:
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=True, cancel_futures=True)
        events.put(None)
        listener.join(timeout=5)
        events.close()
        events.join_thread()


def _work_off(
    run: Run,
    todo: list[Unit],
    pool: ProcessPoolExecutor,
    workers: int,
    progress: Progress,
    tasks: dict[str, Task],
    summarize: Callable[[str, Any], str],
) -> None:
    running: dict[Future[Any], tuple[Unit, Path]] = {}
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
            running[future] = (unit, place)
        if not running:
            raise ValueError(f"units wait for each other: {', '.join(unit.name for unit in todo)}")
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            unit, place = running.pop(future)
            result = future.result()
            run.publish(place, unit.name)
            run.record(unit.name, result)
            tasks[unit.name].finish(summarize(unit.name, result))


class _QueueReport:
    """A `Report` that sends what it is told to the parent process."""

    def __init__(self, name: str) -> None:
        self._name = name

    def begin(self, total: float, unit: str) -> None:
        _events.put((self._name, "begin", total, unit))

    def advance(self, amount: float = 1) -> None:
        _events.put((self._name, "advance", amount, ""))

    def info(self, text: str) -> None:
        _events.put((self._name, "info", 0.0, text))


_events: Any = None
"""In a worker process: the queue to the parent."""


def _begin_worker(events: Any, parent: int) -> None:
    """Make a worker end with its parent, leave ctrl-C to it, and use one thread, so that sums are repeatable."""
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


def _do(function: UnitFunction, name: str, place: Path, needs: Mapping[str, Any], arguments: dict[str, Any]) -> Any:
    return function(place, needs, _QueueReport(name), **arguments)


def _listen(events: Any, tasks: Mapping[str, Task]) -> None:
    while True:
        try:
            event = events.get()
        except (EOFError, OSError, queue.Empty):
            return
        if event is None:
            return
        name, what, amount, text = event
        task = tasks[name]
        if what == "begin":
            task.total, task.unit = amount, text
        elif what == "advance":
            task.advance(amount)
        else:
            task.info(text)
