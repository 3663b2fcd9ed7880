"""A program's init: the trusted first process of its namespaces, which starts it, waits, and reports.

The kernel kills whatever is left in a pid namespace when its first process ends,
so the end of the warden is the end of everything the program started.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from . import child, memory, root, seccomp, syscalls

END = signal.SIGUSR1
"""What the zygote sends to end a role."""

_LOOK_S = 0.05
"""How often the memory of the whole program is looked at."""

_AWAITED = (signal.SIGCHLD, END)
_BY_KILL = 0  # si_code of a signal from kill(2); no process can send it in another's name

_TMPFS_FLAGS = syscalls.MS_NOSUID | syscalls.MS_NODEV


@dataclass(slots=True)
class Task:
    """What a warden has to start."""

    job: dict[str, Any]
    role: int
    descriptors: list[int]
    """Standard input, output, error, the source, and any channels, in the order of the role's numbers."""
    report_fd: int
    folder: str
    """The private folder where there are no namespaces, else empty."""

    def report(self, **facts: Any) -> None:
        """Tell the zygote; one write, so that no two reports mix."""
        line = json.dumps({"job": self.job["id"], "role": self.role} | facts)
        os.write(self.report_fd, line.encode() + b"\n")


def prepare() -> None:
    """In the zygote: assemble and install the slot's filter, assemble the programs'."""
    child.prepare()
    syscalls.SeccompFilter(seccomp.slot_filter()).install()


def main(task: Task, *, full: bool) -> NoReturn:
    """Start the program of `task`, wait for its end, report it, and end."""
    try:
        os.setsid()
        syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0, "PR_SET_DUMPABLE is refused")
        if full:
            _private_mounts(task.job["limits"])
        else:
            syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER is refused")
            syscalls.prctl(syscalls.PR_SET_PDEATHSIG, 9, "PR_SET_PDEATHSIG is refused")
        pid = os.fork()
        if pid == 0:
            child.main(task, full=full)
        _keep_only(task.report_fd)
        facts = _wait(pid, task.job["limits"], full=full)
        status = _end_all(full=full).get(pid)
        if not facts and status is not None and os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            # It had ended by itself just before it was told to.
            facts = {"code": os.waitstatus_to_exitcode(status)}
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        task.report(**facts, cpu_s=usage.ru_utime + usage.ru_stime, peak_memory=usage.ru_maxrss * 1024)
    except BaseException as error:
        with suppress(OSError):
            task.report(broken=f"{type(error).__name__}: {error}"[:500])
    os._exit(0)


def _private_mounts(limits: dict[str, Any]) -> None:
    """A tmpfs and a proc of its own, over the slot's."""
    syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWIPC)
    size, inodes = limits["disk_bytes"], limits["inodes"]
    syscalls.mount("tmpfs", root.BOX, "tmpfs", _TMPFS_FLAGS, f"size={size},nr_inodes={inodes},mode=0755")
    for name in ("work", "tmp", "shm"):
        os.mkdir(f"{root.BOX}/{name}", 0o700)
    syscalls.mount("proc", "/proc", "proc", root.PROC_FLAGS | syscalls.MS_RDONLY)


def _keep_only(fd: int) -> None:
    os.closerange(0, fd)
    os.closerange(fd + 1, 4096)


def _wait(pid: int, limits: dict[str, Any], *, full: bool) -> dict[str, Any]:
    """Reap orphans until `pid` has ended, a limit is passed, or the zygote says END."""
    clock = (~pid << 3) | 2  # the kernel's name for the CPU time of another process
    cores = os.cpu_count() or 1
    while True:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == pid:
                    return {"code": os.waitstatus_to_exitcode(ended[1])}
        try:
            left = limits["cpu_s"] - time.clock_gettime(clock)
        except OSError:  # it has just ended
            left = 1.0
        if left <= 0:
            return {"code": -signal.SIGKILL, "over": "cpu"}
        # With every core to itself it needs at least this long to use up what is left.
        pause = max(left / cores, 0.005)
        came = signal.sigtimedwait(_AWAITED, min(pause, _LOOK_S) if full else pause)
        # The program may signal its init too: only the parent's word counts (0 across namespaces).
        if came and (came.si_signo, came.si_code, came.si_pid) == (END, _BY_KILL, os.getppid()):
            return {}
        if came is None and full and memory.over(limits["all_memory_bytes"]):
            return {"code": -signal.SIGKILL, "over": "memory"}


def _end_all(*, full: bool) -> dict[int, int]:
    """Kill what is left and wait for it, so that what it used is counted; wait statuses by process."""
    if not full:
        return sweep()
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    ended: dict[int, int] = {}
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, 0)
            ended[pid] = status
    return ended


# Without namespaces


def private_folder() -> str:
    """A folder that stands in for the private tmpfs."""
    folder = tempfile.mkdtemp(prefix="ratchet-")
    for name in ("work", "tmp"):
        os.mkdir(f"{folder}/{name}", 0o700)
    return folder


def remove_folders(folders: list[str]) -> None:
    """Remove private folders, whatever their programs did to them."""
    for folder in folders:
        for path, _, _ in os.walk(folder):
            with suppress(OSError):
                os.chmod(path, 0o700)
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> dict[int, int]:
    """Kill and reap every process below this one, until there is none; wait statuses by process."""
    ended: dict[int, int] = {}
    while below := _descendants(os.getpid()):
        for pid in below:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while (one := os.waitpid(-1, os.WNOHANG))[0]:
                ended[one[0]] = one[1]
        time.sleep(0.001)
    return ended


def _descendants(ancestor: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    queue = [ancestor]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found
