"""Work that goes on beside a job, in threads that end with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Beside:
    """Functions that run in threads of their own; leaving the context waits for their end.

    What one of them raised is raised then, unless something else was raised already.
    """

    def __init__(self, *functions: Callable[[], object]) -> None:
        """They start with `start`."""
        self._error: BaseException | None = None
        self._threads = [threading.Thread(target=self._work, args=(each,), daemon=True) for each in functions]

    def _work(self, function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException as error:
            self._error = error

    def start(self) -> None:
        """Start all."""
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for those that were started."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        if error is None and self._error is not None:
            raise self._error
