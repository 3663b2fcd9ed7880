"""What runs on this machine, seen from outside the jail."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from ratchet.sandbox import LocalSandbox


def processes_with(mark: str) -> list[int]:
    """Every process on this machine whose command line or environment holds `mark`."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                text = Path(f"/proc/{name}/cmdline").read_bytes() + Path(f"/proc/{name}/comm").read_bytes()
            except OSError:
                continue
            if mark.encode() in text:
                found.append(int(name))
    return found


def descendants(pid: int) -> set[int]:
    """All processes below `pid` now."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(name))
    found, queue = set(), [pid]
    while queue:
        below = parents.get(queue.pop(), [])
        found.update(below)
        queue += below
    return found


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def alive(pids: set[int]) -> set[int]:
    left = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            left.add(pid)
    return left


def outer(one: LocalSandbox) -> int:
    """The process that a sandbox of one slot started for its one zygote."""
    [kept] = one._idle.queue
    assert kept is not None
    [warm] = kept._warm.values()
    return warm.zygote._process.pid


def zygote_of(pid: int) -> int:
    """The zygote itself, which `outer` waits for."""
    [zygote] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(zygote)
