"""Locks between processes and threads, on files; the kernel lets go of them when their holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ratchet.sandbox.packages.nouns import TimedOutError

_PAUSE_S = 0.02


def take(path: Path, *, exclusive: bool, deadline: float) -> int:
    """Lock a file, which is made if need be; return the descriptor, which is the lock until it is closed.

    Raises TimedOutError after `deadline` (of time.monotonic).
    """
    mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        while True:
            try:
                fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise TimedOutError(
                        "timed out while another process was installing the same packages; try again later"
                    ) from None
                time.sleep(_PAUSE_S)
            else:
                return descriptor
    except BaseException:
        os.close(descriptor)
        raise


@contextmanager
def held(path: Path, *, deadline: float) -> Iterator[None]:
    """Have a lock for oneself; raises TimedOutError."""
    # It is let go of by closing: a fork of this process would share it, and unlock it for both.
    descriptor = take(path, exclusive=True, deadline=deadline)
    try:
        yield
    finally:
        os.close(descriptor)
