"""What a server's heap gives back: answers of megabytes come and go in many threads."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h
_ARENAS = 2
_EVERY_S = 5.0


@contextmanager
def trimmed() -> Iterator[None]:
    """While this is open, few heaps serve all threads, and free memory goes back to the system.

    Left alone, glibc gives each thread a heap of its own and keeps what it once had: a server that
    answers with 16 MB here and there grows for hours. Nothing happens with another C library.
    """
    library = ctypes.CDLL(None)
    tune: Callable[[int, int], int] | None = getattr(library, "mallopt", None)
    trim: Callable[[int], int] | None = getattr(library, "malloc_trim", None)
    if tune is None or trim is None:
        yield
        return
    tune(_ARENA_MAX, _ARENAS)
    over = threading.Event()

    def work() -> None:
        while not over.wait(_EVERY_S):
            trim(0)

    thread = threading.Thread(target=work, name="ratchet-heap", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
