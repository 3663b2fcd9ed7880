"""The files of one control group, in the two dialects that Linux has for them.

Each is opened once and then read and written in place. Values are bytes, seconds
and counts, whatever unit the file has.
"""

from __future__ import annotations

import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_ENOUGH = 4096
_READ = os.O_RDONLY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CLOEXEC
_BOTH = os.O_RDWR | os.O_CLOEXEC
_REMOVE_S = 2.0
"""How long the kernel may take until a group whose processes are killed is empty."""


class Files(ABC):
    """One group; raises OSError where the kernel refuses."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        """`folders`: where the group lies, by controller; they exist, and are this object's to remove."""
        self.folders = folders
        self._open: dict[str, int] = {}

    def _file(self, folder: Path, name: str, flags: int) -> int:
        fd = os.open(folder / name, flags)
        self._open[f"{folder}/{name}"] = fd
        return fd

    @property
    @abstractmethod
    def doors(self) -> Sequence[int]:
        """The open cgroup.procs: a process number written to each moves that process in, 0 the writer."""

    @abstractmethod
    def limit_memory(self, size: int) -> None:
        """Let all processes together hold `size` bytes, and nothing of them be swapped out."""

    @abstractmethod
    def limit_processes(self, count: int) -> None:
        """Let there be `count` processes and threads."""

    @abstractmethod
    def held(self) -> int:
        """Bytes that cannot be had back at once: all but the page cache."""

    @abstractmethod
    def peak(self) -> int | None:
        """The most bytes ever held since `reset_peak`; None if this kernel does not keep it."""

    @abstractmethod
    def reset_peak(self) -> bool:
        """Begin the peak anew; False if this kernel keeps one for the group's whole life."""

    @abstractmethod
    def oom_kills(self) -> int:
        """How many processes were killed for memory, ever."""

    @abstractmethod
    def cpu_s(self) -> float | None:
        """CPU seconds of all processes, ended ones included; None if nobody counts."""

    @abstractmethod
    def processes(self) -> int:
        """Processes and threads that are alive."""

    @abstractmethod
    def refused(self) -> int:
        """How many forks were refused, ever."""

    @abstractmethod
    def kill(self) -> None:
        """Kill every process of the group; they may take a moment to end."""

    def close(self) -> None:
        """Close the files."""
        for fd in self._open.values():
            os.close(fd)
        self._open.clear()


class Version2(Files):
    """One folder holds everything."""

    def __init__(self, folder: Path) -> None:
        """Open the files of the group at `folder`, which has the controllers memory and pids."""
        super().__init__({"": folder})
        try:
            self._procs = self._file(folder, "cgroup.procs", _BOTH)
            self._memory_max = self._file(folder, "memory.max", _WRITE)
            self._memory = self._file(folder, "memory.current", _READ)
            self._stat = self._file(folder, "memory.stat", _READ)
            self._events = self._file(folder, "memory.events", _READ)
            self._pids_max = self._file(folder, "pids.max", _WRITE)
            self._pids = self._file(folder, "pids.current", _READ)
            self._pids_events = self._file(folder, "pids.events", _READ)
            self._cpu = self._file(folder, "cpu.stat", _READ)
            self._kill = self._later(folder, "cgroup.kill", _WRITE)  # since Linux 5.14
            self._peak = self._later(folder, "memory.peak", _BOTH)  # since 5.19, to be reset since 6.12
            if self._peak is None:
                self._peak = self._later(folder, "memory.peak", _READ)
            with suppress(FileNotFoundError):  # a kernel without swap
                (folder / "memory.swap.max").write_text("0")
        except BaseException:
            self.close()
            raise

    def _later(self, folder: Path, name: str, flags: int) -> int | None:
        try:
            return self._file(folder, name, flags)
        except (FileNotFoundError, PermissionError):
            return None

    @property
    def doors(self) -> Sequence[int]:
        """The one cgroup.procs."""
        return (self._procs,)

    def limit_memory(self, size: int) -> None:
        """Write memory.max."""
        _put(self._memory_max, size)

    def limit_processes(self, count: int) -> None:
        """Write pids.max."""
        _put(self._pids_max, count)

    def held(self) -> int:
        """From memory.stat: what is anonymous, and what the kernel keeps for it."""
        found = table(_take(self._stat))
        kernel = found.get("kernel")  # since 5.18
        if kernel is None:
            kernel = sum(found.get(name, 0) for name in ("slab", "kernel_stack", "pagetables", "percpu"))
        return found["anon"] + kernel

    def peak(self) -> int | None:
        """From memory.peak."""
        return None if self._peak is None else int(_take(self._peak))

    def reset_peak(self) -> bool:
        """By writing to memory.peak: it then counts anew for who reads it through the same descriptor."""
        try:
            return self._peak is not None and os.pwrite(self._peak, b"reset\n", 0) > 0
        except OSError:
            return False

    def oom_kills(self) -> int:
        """From memory.events."""
        return table(_take(self._events))["oom_kill"]

    def cpu_s(self) -> float | None:
        """From cpu.stat, which is there without the controller too."""
        return table(_take(self._cpu))["usage_usec"] / 1e6

    def processes(self) -> int:
        """From pids.current."""
        return int(_take(self._pids))

    def refused(self) -> int:
        """From pids.events."""
        return table(_take(self._pids_events))["max"]

    def kill(self) -> None:
        """By cgroup.kill, which no fork outruns."""
        if self._kill is not None:
            os.pwrite(self._kill, b"1", 0)
        else:
            self.limit_processes(0)
            kill_all(self._procs)


class Version1(Files):
    """Each controller has a tree of its own."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        """Open the files of the group at `folders`: memory, pids, and perhaps cpuacct."""
        super().__init__(folders)
        try:
            # Two controllers can be mounted together: a second door would be the same.
            places = dict.fromkeys(folders.values())
            self._doors = [self._file(folder, "cgroup.procs", _BOTH) for folder in places]
            memory, pids = folders["memory"], folders["pids"]
            self._limit = self._file(memory, "memory.limit_in_bytes", _WRITE)
            self._memory = self._file(memory, "memory.usage_in_bytes", _READ)
            self._peak = self._file(memory, "memory.max_usage_in_bytes", _BOTH)
            self._stat = self._file(memory, "memory.stat", _READ)
            self._control = self._file(memory, "memory.oom_control", _READ)
            self._kernel = self._file(memory, "memory.kmem.usage_in_bytes", _READ)
            self._pids_max = self._file(pids, "pids.max", _WRITE)
            self._pids = self._file(pids, "pids.current", _READ)
            self._pids_events = self._file(pids, "pids.events", _READ)
            self._cpu = None
            if "cpuacct" in folders:
                self._cpu = self._file(folders["cpuacct"], "cpuacct.usage", _READ)
            # For what the group itself runs out of: nothing of it is swapped out.
            (memory / "memory.swappiness").write_text("0")
        except BaseException:
            self.close()
            raise

    @property
    def doors(self) -> Sequence[int]:
        """One cgroup.procs for each tree."""
        return self._doors

    def limit_memory(self, size: int) -> None:
        """Write memory.limit_in_bytes."""
        _put(self._limit, size)

    def limit_processes(self, count: int) -> None:
        """Write pids.max."""
        _put(self._pids_max, count)

    def held(self) -> int:
        """From memory.stat and the kernel's own account."""
        return table(_take(self._stat))["rss"] + int(_take(self._kernel))

    def peak(self) -> int | None:
        """From memory.max_usage_in_bytes."""
        return int(_take(self._peak))

    def reset_peak(self) -> bool:
        """By writing to memory.max_usage_in_bytes."""
        return os.pwrite(self._peak, b"0", 0) > 0

    def oom_kills(self) -> int:
        """From memory.oom_control."""
        return table(_take(self._control)).get("oom_kill", 0)  # since 4.13

    def cpu_s(self) -> float | None:
        """From cpuacct.usage."""
        return None if self._cpu is None else int(_take(self._cpu)) / 1e9

    def processes(self) -> int:
        """From pids.current."""
        return int(_take(self._pids))

    def refused(self) -> int:
        """From pids.events."""
        return table(_take(self._pids_events))["max"]

    def kill(self) -> None:
        """One by one, while no new one can be born."""
        self.limit_processes(0)
        kill_all(self._doors[0])


def table(text: bytes) -> dict[str, int]:
    """A file of lines `name number`."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(b" ")
        found[name.decode()] = int(value)
    return found


def kill_all(procs: int) -> None:
    """Send SIGKILL to all that the open cgroup.procs names, until it names nobody new."""
    killed = {b"0"}  # what is not seen from here
    while new := set(_all(procs).split()) - killed:
        for pid in new:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(int(pid), signal.SIGKILL)
        killed |= new


def remove(folder: Path) -> bool:
    """Remove a group with all groups below it and all their processes; whether it is gone."""
    end = time.monotonic() + _REMOVE_S
    with suppress(OSError):
        (folder / "cgroup.kill").write_text("1")
    while folder.is_dir():
        try:
            for below in [entry for entry in folder.iterdir() if entry.is_dir()]:
                remove(below)
            with open(folder / "cgroup.procs", "rb") as procs:
                kill_all(procs.fileno())
            folder.rmdir()
        except FileNotFoundError:  # someone else sweeps here too
            continue
        except OSError:
            if time.monotonic() > end:
                return False
            time.sleep(0.002)
    return True


def _put(fd: int, number: int) -> None:
    os.pwrite(fd, b"%d" % number, 0)


def _take(fd: int) -> bytes:
    return os.pread(fd, _ENOUGH, 0)


def _all(fd: int) -> bytes:
    """A file of any length."""
    text = b""
    while more := os.pread(fd, 1 << 16, len(text)):
        text += more
    return text
