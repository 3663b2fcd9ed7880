"""A few threads that work on calls, and do not keep an interrupted process from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Workers(Generic[T]):
    """`count` threads; as a context manager, it starts nothing new once it is left.

    Those of `ThreadPoolExecutor` are waited for when the interpreter ends: ctrl-C
    would wait for the time limit of whatever is running. A program in a sandbox
    dies with our process anyway, so these threads are left to that.
    """

    def __init__(self, count: int) -> None:
        self._calls: SimpleQueue[tuple[Future[T], Callable[[], T]] | None] = SimpleQueue()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"ratchet-judge-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Have `call` called by the next free thread; its result, or what it raised, is the future's."""
        future: Future[T] = Future()
        self._calls.put((future, call))
        return future

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let each thread end after what it is at, and drop what waits."""
        self._over.set()
        for _ in self._threads:
            self._calls.put(None)

    def _work(self) -> None:
        while (job := self._calls.get()) is not None and not self._over.is_set():
            future, call = job
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)
