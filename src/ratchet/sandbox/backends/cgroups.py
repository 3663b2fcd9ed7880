"""Control groups: exact limits on the memory and the number of all processes of a slot.

    groups = cgroups.find()                  # what this machine grants, and why not more
    group = groups.group()                   # one per slot: it costs 0.2 ms, and none of a program's time
    group.attach(pid)                        # the warm zygote; its programs are born into the group
    group.begin(memory_bytes, processes)     # a program starts
    group.seen()                             # it has ended: peak, CPU time, whether memory ran out

A zygote joins when it is warm: what it holds by then stays counted where it was,
so that the group counts its programs and next to nothing else. Version 2 is used
where its controllers can be had, else version 1. Groups whose supervisor was
killed are swept away by the next one.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from ratchet.sandbox.backends.cgroup_files import Files, Version1, Version2, remove

Kind = Literal["cgroup v2", "cgroup v1", "none"]

_NAME = re.compile(r"ratchet-(\d+)-(\d+)-(\d+)-\d+")
"""ratchet-PID NAMESPACE-PID-START TIME-COUNT: whose it is, so that nobody's who lives is swept away."""
_NEEDED = ("memory", "pids")
_OUTSIDE = "ratchet-outside"
"""Where what runs beside the sandbox goes, in a group that may not have processes and groups at once."""
_REBASE = 256
"""After so many programs the idle zygote is weighed again."""
_TRIAL = 64 << 20

_count = itertools.count()

_SYSTEMD = "run it in a scope of its own: systemd-run --user --scope -p Delegate=yes ratchet ..."
_CONTAINER = "give the container a writable cgroup: docker run --cgroupns private --privileged ..."


@dataclass(frozen=True, slots=True)
class Seen:
    """What one program did to its group."""

    peak_memory: int | None
    """Bytes, of all processes and private files together; None if the kernel did not keep it."""
    oom_kills: int
    """How many processes were killed because the memory limit was reached."""
    cpu_s: float | None
    """CPU seconds of all its processes, the zygote's own share in them included."""
    refused_processes: int
    """How many processes and threads were refused because the limit was reached."""


class Group:
    """The group of one slot."""

    def __init__(self, files: Files) -> None:
        """Take over the open `files`."""
        self._files = files
        self._jobs = 0
        self._idle_memory = 0
        self._idle_processes = 0
        self._memory_max = -1
        self._processes_max = -1
        self._resets = False
        self._peak_before = 0
        self._cpu_before: float | None = None
        self._oom_before = files.oom_kills()
        self._refused_before = files.refused()

    def attach(self, pid: int) -> None:
        """Move a process in: all its threads, and what they fork from now on. Raises OSError."""
        for door in self._files.doors:
            os.pwrite(door, b"%d" % pid, 0)

    @property
    def doors(self) -> Sequence[int]:
        """Descriptors by which a process elsewhere moves itself in: it writes b"0" to each.

        The kernel asks what their opener may, so a process without rights can use them.
        """
        return self._files.doors

    def begin(self, memory_bytes: int, processes: int) -> None:
        """A program starts: hold it to the limits, and count anew.

        Called while nothing but the zygote is in the group; what that holds is
        granted on top. Raises OSError.
        """
        files = self._files
        if self._jobs % _REBASE == 0:
            self._idle_memory = files.held()
            self._idle_processes = files.processes()
        self._jobs += 1
        memory_max = memory_bytes + self._idle_memory
        if memory_max != self._memory_max:
            files.limit_memory(memory_max)
            self._memory_max = memory_max
        processes_max = processes + self._idle_processes
        if processes_max != self._processes_max:
            files.limit_processes(processes_max)
            self._processes_max = processes_max
        self._resets = files.reset_peak()
        if not self._resets:
            self._peak_before = files.peak() or 0
        self._cpu_before = files.cpu_s()

    def seen(self) -> Seen:
        """The program has ended: what it did since `begin`."""
        files = self._files
        peak = files.peak()
        if peak is not None:
            # Without a reset an old peak hides all that stay below it.
            known = self._resets or peak > self._peak_before
            peak = max(0, peak - self._idle_memory) if known else None
        cpu = files.cpu_s()
        if cpu is not None and self._cpu_before is not None:
            cpu -= self._cpu_before
        oom, refused = files.oom_kills(), files.refused()
        seen = Seen(peak, oom - self._oom_before, cpu, refused - self._refused_before)
        self._oom_before, self._refused_before = oom, refused
        return seen

    def ran_out(self) -> bool:
        """Whether a process was killed since `begin` because the memory limit was reached."""
        return self._files.oom_kills() > self._oom_before

    def kill(self) -> None:
        """Kill all that is in the group, the zygote too."""
        self._files.kill()

    def close(self) -> bool:
        """Kill what is left and remove the group; whether it is gone."""
        self.forget()
        gone = [remove(folder) for folder in dict.fromkeys(self._files.folders.values())]
        return all(gone)

    def forget(self) -> None:
        """In a fork of the supervisor: let go of the group, which stays the parent's."""
        self._files.close()


class Groups:
    """What this machine grants: a maker of groups, or the reason why there are none."""

    def __init__(self, kind: Kind, reason: str, advice: str, homes: Mapping[str, Path]) -> None:
        """`homes`: this supervisor's own folder by controller ("" for version 2), empty for kind "none"."""
        self.kind: Kind = kind
        self.reason = reason
        """Why nothing better was had; empty if the first try went well."""
        self.advice = advice
        """What would help, where there are none."""
        self.homes = homes

    def group(self) -> Group | None:
        """A new group; None if there are none here. Raises OSError."""
        if not self.homes:
            return None
        name = f"slot-{next(_count)}"
        folders = {controller: home / name for controller, home in self.homes.items()}
        places = list(dict.fromkeys(folders.values()))
        try:
            for folder in places:
                folder.mkdir()
            return Group(Version2(folders[""]) if "" in folders else Version1(folders))
        except OSError:
            for folder in places:
                remove(folder)
            raise

    def close(self) -> bool:
        """Remove all groups that were made here, with what is in them; whether they are gone."""
        gone = [remove(home) for home in dict.fromkeys(self.homes.values())]
        self.homes = {}
        return all(gone)

    def forget(self) -> None:
        """In a fork of the supervisor: let go of what stays the parent's."""
        self.homes = {}

    def __enter__(self) -> Self:
        """The groups themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove them."""
        self.close()


@dataclass(frozen=True, slots=True)
class Mounts:
    """Where this process' own groups can be seen."""

    v2: Path | None
    v2_top: Path | None
    """The mount point, above which nothing is to be had."""
    v1: Mapping[str, Path]


def mounts(mountinfo: str, cgroup: str) -> Mounts:
    """From the texts of /proc/self/mountinfo and /proc/self/cgroup."""
    own: dict[str, str] = {}
    for line in cgroup.splitlines():
        _, controllers, path = line.split(":", 2)
        own |= dict.fromkeys(controllers.split(","), path)
    v2 = v2_top = None
    v1: dict[str, Path] = {}
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        root, point = (_unescaped(field) for field in left.split(" ")[3:5])
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup2" and v2 is None and (folder := _below(root, point, own.get(""))):
            v2, v2_top = folder, Path(point)
        elif kind == "cgroup":
            for controller in options.split(","):
                folder = _below(root, point, own.get(controller))
                if folder and controller in (*_NEEDED, "cpuacct"):
                    v1.setdefault(controller, folder)
    return Mounts(v2, v2_top, v1)


def _unescaped(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _below(root: str, point: str, path: str | None) -> Path | None:
    """The folder of the group `path` in a mount of `root` at `point`; None if it is not seen there."""
    if path is None or f"{path}/".startswith("/../"):
        return None
    if root == "/":
        return Path(point + path)
    return Path(point + path.removeprefix(root)) if f"{path}/".startswith(f"{root}/") else None


def find() -> Groups:
    """Find out by trying what this machine grants, and sweep away what killed supervisors left."""
    try:
        seen = mounts(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text())
    except OSError as error:
        return Groups(
            "none", f"{error.filename} cannot be read: {error.strerror}", "run on Linux with /proc", {}
        )
    home = _home_name()
    reasons: list[str] = []
    for homes in _candidates(seen, home, reasons):
        for folder in dict.fromkeys(homes.values()):
            _sweep(folder.parent)
        kind: Kind = "cgroup v2" if "" in homes else "cgroup v1"
        groups = Groups(kind, "; ".join(reasons), "", homes)
        try:
            _make(homes)
            _try(groups)
        except OSError as error:
            groups.close()
            where = error.filename or next(iter(homes.values())).parent
            reasons.append(f"{kind} at {where}: {error.strerror}")
        else:
            return groups
    return Groups("none", "; ".join(reasons) or "no cgroups are mounted", _advice(seen), {})


def _candidates(seen: Mounts, home: str, reasons: list[str]) -> Iterator[Mapping[str, Path]]:
    """Places for this supervisor's folder, the best first."""
    if seen.v2 is not None and seen.v2_top is not None:
        own, top = seen.v2, seen.v2_top
        given = _words(own / "cgroup.controllers")
        if missing := [name for name in _NEEDED if name not in given]:
            reasons.append(f"cgroup v2 has no controller {' and '.join(missing)} at {own}")
        else:
            above = [own, *own.parents]
            for parent in above[: above.index(top) + 1]:
                if set(_NEEDED) <= set(_words(parent / "cgroup.subtree_control")) or _is_root(parent):
                    yield {"": parent / home}
            # A group that was handed over may be divided, once nothing runs in it itself.
            if _handed_over(own, top) and _make_room(own):
                yield {"": own / home}
    if set(_NEEDED) <= set(seen.v1):
        yield {controller: folder / home for controller, folder in seen.v1.items()}
    else:
        reasons.append("cgroup v1 is not mounted with memory and pids")


def _make(homes: Mapping[str, Path]) -> None:
    for folder in dict.fromkeys(homes.values()):
        if "" in homes and _is_root(folder.parent):
            _enable(folder.parent)
        folder.mkdir()
        if "" in homes:
            _enable(folder)


def _enable(folder: Path) -> None:
    (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in _NEEDED))


def _try(groups: Groups) -> None:
    """Make a group and move a process into it. Raises OSError."""
    group = groups.group()
    assert group is not None
    process = subprocess.Popen(["/bin/sh", "-c", "read line"], stdin=subprocess.PIPE, cwd="/")
    try:
        group.attach(process.pid)
        group.begin(_TRIAL, 8)
        group.seen()
    finally:
        process.kill()
        process.communicate()
        group.close()


def _is_root(folder: Path) -> bool:
    """Whether this is the machine's own root group, which alone may hold processes beside groups."""
    return (folder / "cgroup.controllers").exists() and not (folder / "cgroup.type").exists()


def _handed_over(own: Path, top: Path) -> bool:
    """Whether all below `own` is this process' to arrange: systemd's mark, or a container's whole tree."""
    with suppress(OSError):
        if os.getxattr(own, "user.delegate") == b"1":
            return True
    return own == top and os.access(own / "cgroup.subtree_control", os.W_OK)


def _make_room(own: Path) -> bool:
    """Move what runs in `own` into a group below it, so that it can be divided."""
    outside = own / _OUTSIDE
    try:
        outside.mkdir(exist_ok=True)
        _move(own, outside)
        _enable(own)
    except OSError:
        with suppress(OSError):
            _move(outside, own)
            outside.rmdir()
        return False
    return True


def _move(source: Path, target: Path) -> None:
    for pid in _words(source / "cgroup.procs"):
        with suppress(ProcessLookupError):
            (target / "cgroup.procs").write_text(pid)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _advice(seen: Mounts) -> str:
    if os.geteuid() == 0:
        return _CONTAINER
    if seen.v2 is not None and not seen.v1:
        return _SYSTEMD
    return f"run as root; or start Linux with systemd.unified_cgroup_hierarchy=1, and {_SYSTEMD}"


def _home_name() -> str:
    start = _start_time(os.getpid())
    return f"ratchet-{_pid_namespace()}-{os.getpid()}-{start}-{next(_count)}"


def _pid_namespace() -> int:
    return os.stat("/proc/self/ns/pid").st_ino


def _start_time(pid: int) -> int | None:
    """When the process started, in ticks since boot; None if it is no more."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return None


def _sweep(parent: Path) -> None:
    """Remove the folders of supervisors that have ended without doing so."""
    with suppress(OSError):
        for entry in parent.iterdir():
            match = _NAME.fullmatch(entry.name)
            if match is None or int(match[1]) != _pid_namespace():  # elsewhere the same number is another
                continue
            if _start_time(int(match[2])) != int(match[3]):
                remove(entry)
