"""What programs could leave behind on this machine, counted between batches, when none runs."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from parts import trees
from parts.programs import IPC_KEY, MARK


@dataclass(frozen=True)
class Census:
    """Counts at one moment. Memory in bytes."""

    programs: int
    """Judged so far."""
    seconds: float
    supervisor_rss: int
    supervisor_pss: int
    slots_rss: int
    slots_pss: int
    slots_private: int
    processes: int
    """Below the supervisor, those that have ended but are not waited for among them."""
    zombies: int
    threads: int
    """Of the supervisor."""
    files: int
    """Open in the supervisor."""
    sockets: int
    """Those of them that are sockets."""
    slot_files: int
    mounts: int
    """That the supervisor sees."""
    slot_mounts: int
    """That the processes below it see, added up."""
    cgroups: int
    """Named after this process."""
    temporary: int
    """Entries of the folder for temporary files, which is this run's own."""
    marked: int
    """Files with the programs' mark outside of every jail, and SysV segments with their key."""
    dentries: int
    """Of the whole machine, as the next two."""
    inodes: int
    slab_kb: int


STEADY = (
    "processes",
    "zombies",
    "threads",
    "files",
    "sockets",
    "slot_files",
    "mounts",
    "slot_mounts",
    "cgroups",
    "temporary",
    "marked",
)
"""What must be as much at the end as after the first batch: anything more is a leak."""

GONE = ("processes", "zombies", "cgroups", "temporary", "marked")
"""What must be zero once the sandbox is closed."""


def take(programs: int, seconds: float) -> Census:
    """Count now."""
    me = os.getpid()
    below = trees.tree(me)[1:]
    own, slots = trees.memory([me]), trees.memory(below)
    states = [seen.state for pid in below if (seen := trees.stat(pid)) is not None]
    links = _links(me)
    return Census(
        programs=programs,
        seconds=seconds,
        supervisor_rss=own.rss,
        supervisor_pss=own.pss,
        slots_rss=slots.rss,
        slots_pss=slots.pss,
        slots_private=slots.private,
        processes=len(states),
        zombies=states.count("Z"),
        threads=threading.active_count(),
        files=len(links),
        sockets=sum(link.startswith("socket:") for link in links),
        slot_files=sum(len(_links(pid)) for pid in below),
        mounts=_lines(f"/proc/{me}/mountinfo"),
        slot_mounts=sum(_lines(f"/proc/{pid}/mountinfo") for pid in below),
        cgroups=_cgroups(me),
        temporary=len(os.listdir(tempfile.gettempdir())),
        marked=_marked(),
        dentries=_first_number("/proc/sys/fs/dentry-state"),
        inodes=_first_number("/proc/sys/fs/inode-nr"),
        slab_kb=_slab(),
    )


def _links(pid: int) -> list[str]:
    found = []
    with suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):  # the one that lists the folder is gone by now
                found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found


def _lines(path: str) -> int:
    with suppress(OSError):
        return len(Path(path).read_bytes().splitlines())
    return 0


def _cgroups(pid: int) -> int:
    """Control groups that carry this process's number in their name."""
    return sum(
        name.startswith("ratchet") and str(pid) in re.findall(r"\d+", name)
        for _, folders, _ in os.walk("/sys/fs/cgroup")
        for name in folders
    )


def _marked() -> int:
    count = 0
    for folder in ("/", "/tmp", "/var/tmp", "/dev/shm", os.getcwd(), str(Path.home())):
        with suppress(OSError):
            count += sum(name.startswith(f"{MARK}-") for name in os.listdir(folder))
    with suppress(OSError):
        rows = Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()[1:]
        count += sum(int(row.split()[0]) == IPC_KEY for row in rows)
    with suppress(OSError):
        count += Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace").count(f"@{MARK}-")
    return count


def _first_number(path: str) -> int:
    return int(Path(path).read_text(encoding="ascii").split()[0])


def _slab() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("Slab:"):
            return int(line.split()[1])
    return 0
