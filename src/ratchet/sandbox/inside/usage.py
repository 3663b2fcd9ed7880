"""What all processes of a program use together, as seen in /proc by who shares their pid namespace.

The limits of `setrlimit` are exact, but hold for one process: RLIMIT_DATA counts its
private memory, RLIMIT_CPU its own time. The sum over a family is looked at every
while; where there are control groups, they limit its memory exactly.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def pids(without: set[int]) -> list[int]:
    """The processes of this pid namespace, but for some."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in without]


def private_bytes() -> int:
    """The private data memory of this process, as RLIMIT_DATA counts it."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[5]) * _PAGE


def holds_over(limit: int, family: list[int]) -> bool:
    """Whether these processes hold more than `limit` bytes."""
    # Resident sizes count a shared page once for each holder: cheap, and never too low.
    if sum(map(_resident, family)) <= limit:
        return False
    return sum(map(_proportional, family)) > limit


def cpu_s(family: list[int]) -> float:
    """CPU seconds that these processes have used, and those whose ends they have waited for."""
    return sum(map(_clock, family)) + sum(map(_children, family))


def _clock(pid: int) -> float:
    try:
        return time.clock_gettime((~pid << 3) | 2)  # the kernel's name for the clock of another process
    except OSError:  # it has just ended
        return 0.0


def _children(pid: int) -> float:
    """CPU seconds of the children that a process has waited for."""
    with suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
        return (int(fields[13]) + int(fields[14])) / _TICKS
    return 0.0


def _resident(pid: int) -> int:
    with suppress(OSError), open(f"/proc/{pid}/statm", "rb") as file:
        return int(file.read().split()[1]) * _PAGE
    return 0


def _proportional(pid: int) -> int:
    """The resident size with every shared page divided by the number of its holders."""
    with suppress(OSError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        for line in file:
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0
