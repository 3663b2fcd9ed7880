"""A bounded queue of work and a fixed number of threads that do it.

What waits can be cancelled and then takes no time; what has begun runs to its end,
which the limits of its program bound. Threads are daemons: a process that is made to
end at once does not wait for them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")


class QueueFull(Exception):
    """There is no room for this work now."""


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[], Any]
    since: float = field(default_factory=time.monotonic)
    future: Future[Any] = field(default_factory=Future)


class Jobs:
    """Use as a context manager: its end waits for the work that was taken on.

    with Jobs(threads=2, most_waiting=100) as jobs:
        [future] = jobs.submit([lambda: sandbox.run(program)])
        future.result().stdout
    """

    def __init__(
        self, *, threads: int, most_waiting: int, waited: Callable[[float], None] = lambda seconds: None
    ) -> None:
        """`threads` are at work at once, and at most `most_waiting` jobs wait besides.

        `waited` is told, from a thread of ours, how many seconds each job waited that was begun.
        """
        if threads < 1 or most_waiting < 0:
            raise ValueError("there is at least one thread, and room for no fewer than 0 jobs")
        self.threads = threads
        self.most_waiting = most_waiting
        self._waited = waited
        self._queue: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._running = 0
        self._workers = [
            threading.Thread(target=self._work, name=f"ratchet-job-{number}", daemon=True)
            for number in range(threads)
        ]

    def __enter__(self) -> Jobs:
        """Start the threads."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do what waits, and end the threads."""
        self.close()
        for worker in self._workers:
            worker.join()

    def start(self) -> None:
        """Start the threads."""
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        """Take on no more work; what waits is still done, and then the threads end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether all threads have."""
        return not any(worker.is_alive() for worker in self._workers)

    @property
    def waiting(self) -> int:
        """Jobs that wait; those cancelled are not among them."""
        with self._changed:
            self._forget_cancelled()
            return len(self._queue)

    @property
    def running(self) -> int:
        """Jobs that have begun and are not done."""
        return self._running

    def submit(self, works: Sequence[Callable[[], T]]) -> list[Future[T]]:
        """Their results to come, in their order. All are taken, or none.

        Raises:
            QueueFull: there is no room for all of them.
            RuntimeError: no more work is taken on.
        """
        jobs = [_Job(work) for work in works]
        with self._changed:
            if self._closing:
                raise RuntimeError("no more work is taken on")
            self._forget_cancelled()
            idle = self.threads - self._running
            if len(self._queue) + len(jobs) > self.most_waiting + idle:
                raise QueueFull
            self._queue.extend(jobs)
            self._changed.notify(len(jobs))
        return [job.future for job in jobs]

    def _forget_cancelled(self) -> None:
        if any(job.future.cancelled() for job in self._queue):
            self._queue = deque(job for job in self._queue if not job.future.cancelled())

    def _next(self) -> _Job | None:
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._queue or self._closing)
                if not self._queue:
                    return None
                job = self._queue.popleft()
                if job.future.set_running_or_notify_cancel():
                    self._running += 1
                    return job

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._waited(time.monotonic() - job.since)
            try:
                result = job.work()
            except BaseException as error:
                self._done()
                job.future.set_exception(error)
            else:
                self._done()
                job.future.set_result(result)
            # Or the last job's request and answer would be kept until there is another.
            del job

    def _done(self) -> None:
        with self._changed:
            self._running -= 1
