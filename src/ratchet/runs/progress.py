"""How far the work is: bars on a terminal, a line now and then elsewhere.

Everything goes to stderr, so that stdout stays clean for programs. A `Task` may be
driven from any thread: a thread that listens to worker processes can relay theirs.

    with Progress() as progress:
        task = progress.task("judging", total=164, unit="samples")
        for sample in samples:
            ...
            task.advance()
            task.info("12 wrong")
        task.finish("152 of 164 passed")
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

if TYPE_CHECKING:
    from ratchet.runs.bars import Bars

_WINDOW_S = 30.0
"""The rate is that of the last so many seconds."""


class Task:
    """One piece of work in progress; `Progress.task` makes it. Every method is thread-safe."""

    description: str
    total: float | None
    unit: str
    done: float
    note: str
    """What `info` said last."""
    finished: bool

    def __init__(self, progress: Progress, description: str, total: float | None, unit: str) -> None:
        self.description, self.total, self.unit = description, total, unit
        self.done, self.note, self.finished = 0.0, "", False
        self._progress = progress
        self._begun = time.monotonic()
        self._marks: deque[tuple[float, float]] = deque([(self._begun, 0.0)])

    def advance(self, amount: float = 1) -> None:
        """So much more is done."""
        with self._progress.guard:
            self.done += amount
            now = time.monotonic()
            if now - self._marks[-1][0] >= 0.5:
                self._marks.append((now, self.done))
                while now - self._marks[1][0] > _WINDOW_S:
                    self._marks.popleft()

    def info(self, text: str) -> None:
        """Show `text` beside the task, in place of what stood there: a loss, a count."""
        with self._progress.guard:
            self.note = text

    def finish(self, text: str = "") -> None:
        """The task is over; `text` says what came of it. Finishing twice is harmless."""
        with self._progress.guard:
            if not self.finished:
                self.finished = True
                self._progress.ended(self, text)

    def rate(self) -> float | None:
        """Units per second over the last half minute; None before there is anything to go by."""
        # No guard here and in `status`: the bars call them while rich's own lock is held.
        since, before = self._marks[0]
        seconds = time.monotonic() - since
        return (self.done - before) / seconds if self.done > before and seconds > 0.2 else None

    def status(self) -> str:
        """The task in one line: `57/164 samples, 12.3/s, 9 s left, 4 wrong`."""
        parts = [self.amount()]
        if (rate := self.rate()) is not None:
            parts.append(_rate(rate))
            if self.total is not None and self.total > self.done:
                parts.append(f"{seconds_in_words((self.total - self.done) / rate)} left")
        return ", ".join(part for part in [*parts, self.note] if part)

    def amount(self) -> str:
        """What is done of what there is: `57/164 samples`; empty for a task that is not counted."""
        if not self.done and self.total is None:
            return ""
        of = "" if self.total is None else f"/{_number(self.total)}"
        return f"{_number(self.done)}{of} {self.unit}".rstrip()

    def summary(self, text: str) -> str:
        """The line for its end: `164/164 samples in 13 s, 12.6/s: 152 passed`."""
        seconds = time.monotonic() - self._begun
        parts = [f"{self.amount()} in {seconds_in_words(seconds)}".lstrip()]
        if self.done and seconds >= 0.1:
            parts.append(_rate(self.done / seconds))
        return ", ".join(parts) + (f": {text}" if text else "")


class Display(Protocol):
    """What shows tasks: bars or lines. Its methods are called with the guard held."""

    def add(self, task: Task) -> None:
        """A task begins."""

    def end(self, task: Task, line: str) -> None:
        """A task is over, and `line` says how."""

    def say(self, text: str) -> None:
        """Print a line that stays."""

    def close(self) -> None:
        """Take down what moves."""


class Progress:
    """Shows tasks while they go on, as a context manager.

    On a terminal: a bar per task with rate, time left and its note. Elsewhere (a
    log, CI): a line when a task begins and ends, and one every `interval_s` seconds
    in between. With `quiet`: nothing at all.
    """

    def __init__(
        self, quiet: bool = False, *, stream: TextIO | None = None, interval_s: float = 10.0
    ) -> None:
        self.guard = threading.RLock()
        self._stream = stream
        self._quiet = quiet
        self._interval_s = interval_s
        self._tasks: list[Task] = []
        self._display: Display | None = None

    def __enter__(self) -> Self:
        """Begin to show."""
        if not self._quiet:
            stream = self._stream or sys.stderr
            if stream.isatty() and os.environ.get("TERM") != "dumb":
                self._display = _bars(stream)
            else:
                self._display = Lines(stream, self._interval_s, self.guard)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say where unfinished tasks stopped, and take the bars down."""
        with self.guard:
            for task in list(self._tasks):
                task.finish("stopped" if error is not None else "")
            display, self._display = self._display, None
        if display is not None:
            display.close()

    def task(self, description: str, total: float | None = None, unit: str = "") -> Task:
        """A new task: `total` of `unit` are to be done, if that is known."""
        task = Task(self, description, total, unit)
        with self.guard:
            self._tasks.append(task)
            if self._display is not None:
                self._display.add(task)
        return task

    def say(self, text: str) -> None:
        """Print a line that stays, above the bars."""
        with self.guard:
            if self._display is not None:
                self._display.say(text)

    def ended(self, task: Task, text: str) -> None:
        """For `Task.finish`: take the task from the display, with its last line."""
        self._tasks.remove(task)
        if self._display is not None:
            self._display.end(task, f"{task.description}: {task.summary(text)}")


class Lines:
    """The display where there is no terminal: whole lines, few of them."""

    def __init__(self, stream: TextIO, interval_s: float, guard: threading.RLock) -> None:
        self._stream = stream
        self._interval_s = interval_s
        self._guard = guard
        self._tasks: list[Task] = []
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="ratchet-progress", daemon=True)
        self._ticker.start()

    def add(self, task: Task) -> None:
        """Say that it begins."""
        self._tasks.append(task)
        amount = "" if task.total is None else f" ({_number(task.total)} {task.unit}".rstrip() + ")"
        self.say(f"{task.description}{amount} ...")

    def end(self, task: Task, line: str) -> None:
        """Say how it ended."""
        self._tasks.remove(task)
        self.say(line)

    def say(self, text: str) -> None:
        """Write the line at once."""
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """Stop the ticker."""
        self._over.set()
        self._ticker.join()

    def _tick(self) -> None:
        while not self._over.wait(self._interval_s):
            with self._guard:
                for task in self._tasks:
                    self.say(f"{task.description}: {task.status() or 'going on'}")


def _bars(stream: TextIO) -> Bars:
    from ratchet.runs.bars import Bars  # rich takes 0.2 s to import

    return Bars(stream)


def seconds_in_words(seconds: float) -> str:
    """A duration as people say it: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _rate(per_second: float) -> str:
    if per_second < 0.1:
        return f"{per_second * 60:.2g}/min"
    return f"{per_second:,.0f}/s" if per_second >= 100 else f"{per_second:.3g}/s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
