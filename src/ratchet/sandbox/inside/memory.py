"""How much memory all processes of a program hold together, as their init sees it.

RLIMIT_DATA is exact, but counts the private memory of one process only: not what
is shared, and not the sum over a family. So the init looks every while.
"""

from __future__ import annotations

import os
from contextlib import suppress

_PAGE = os.sysconf("SC_PAGE_SIZE")


def over(limit: int) -> bool:
    """Whether the processes of this pid namespace, but for process 1, hold more than `limit` bytes."""
    pids = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    # Resident sizes count a shared page once for each holder: cheap, and never too low.
    if sum(map(_resident, pids)) <= limit:
        return False
    return sum(map(_proportional, pids)) > limit


def _resident(pid: str) -> int:
    with suppress(OSError), open(f"/proc/{pid}/statm", "rb") as file:
        return int(file.read().split()[1]) * _PAGE
    return 0


def _proportional(pid: str) -> int:
    """The resident size with every shared page divided by the number of its holders."""
    with suppress(OSError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        for line in file:
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0
