"""What a process and everything below it use, read from /proc.

CPU time of processes that have ended is in their parents' account, so the sum
over the living is the whole as long as the tree's root lives and all are waited for.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Stat(NamedTuple):
    """What /proc/PID/stat says, as far as it is wanted."""

    parent: int
    state: str
    cpu_s: float
    """User and system time, with that of the ended children."""


class Memory(NamedTuple):
    """Bytes of a tree of processes."""

    pss: int
    """Each page divided by how many share it. Where this user may not read it: the private pages."""
    rss: int
    private: int


def stat(pid: int) -> Stat | None:
    """None for a process that has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return Stat(int(fields[1]), fields[0], sum(map(int, fields[11:15])) / _TICK)


def tree(root: int) -> list[int]:
    """The process ids of `root` and all below it; zombies too."""
    below: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (seen := stat(int(name))) is not None:
            below.setdefault(seen.parent, []).append(int(name))
    found = [root]
    for pid in found:
        found += below.get(pid, [])
    return found


def cpu_s(root: int) -> float:
    """CPU seconds that the tree has used so far."""
    return sum(seen.cpu_s for pid in tree(root) if (seen := stat(pid)) is not None)


def memory(pids: list[int]) -> Memory:
    """What these processes hold together now."""
    parts = [_memory_of(pid) for pid in pids]
    return Memory(*(sum(column) for column in zip(*parts, strict=True))) if parts else Memory(0, 0, 0)


def _memory_of(pid: int) -> Memory:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
        found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        if found:
            return Memory(found["Pss"], found["Rss"], found["Private_Clean"] + found["Private_Dirty"])
    with suppress(OSError):
        _, resident, shared = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[:3]
        private = (int(resident) - int(shared)) * _PAGE
        return Memory(private, int(resident) * _PAGE, private)
    return Memory(0, 0, 0)


class PeakMemory:
    """Looks at a tree again and again, from a thread, and keeps the most that it saw."""

    def __init__(self, root: int, every_s: float = 0.01) -> None:
        self.peak = Memory(0, 0, 0)
        self._root, self._every_s = root, every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> PeakMemory:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            self.peak = max(self.peak, memory(tree(self._root)))
            self._over.wait(self._every_s)
