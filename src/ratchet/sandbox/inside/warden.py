"""A program's init: the trusted first process of its namespaces, which starts it, waits, and reports.

The kernel kills whatever is left in a pid namespace when its first process ends,
so the end of the warden is the end of everything the program started.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from . import entry, jail, kept, orders, syscalls, usage

END = signal.SIGUSR1
"""What the zygote sends to end a role."""

_LOOK_S = 0.05
"""How often the memory of the whole program is looked at."""

_exit = jail.call("_exit")
_AWAITED = (signal.SIGCHLD, END)
_BY_KILL = 0  # si_code of a signal from kill(2); no process can send it in another's name


class Report:
    """What the zygote is told of a program besides its end."""

    def __init__(self, role: int, fd: int) -> None:
        """`role`: the number that the supervisor gave it; `fd`: the pipe to the zygote."""
        self.role = role
        self.fd = fd

    def send(self, **facts: Any) -> None:
        """Tell it; one write, so that no two reports mix."""
        os.write(self.fd, json.dumps({"id": self.role} | facts).encode() + b"\n")


@dataclass(slots=True)
class Task:
    """What a warden has to start."""

    before: list[jail.Call]
    """For itself: session and mounts."""
    after: list[jail.Call]
    """For the program: descriptors, limits, rights."""
    mode: str
    limits: dict[str, Any]
    descriptors: int
    """How many there are: standard input, output, error, the source, and any channel."""
    report: Report
    folder: str
    """The private folder where there are no namespaces, else empty."""

    @property
    def kept(self) -> int:
        """The descriptor of the file for what the program leaves, or -1."""
        asked = self.mode in ("run", "execute") and self.descriptors == orders.KEPT
        return orders.KEPT - 1 if asked else -1


def main(task: Task, *, full: bool) -> NoReturn:
    """Start the program of `task`, wait for its end, report it, and end."""
    report = task.report
    victim = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    try:
        # The kernel's choice when memory runs out shall be the program; what it forks inherits this.
        os.write(victim, b"1000")
        if full:
            jail.make(task.before)
        else:
            os.setsid()
            syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER is refused")
            syscalls.prctl(syscalls.PR_SET_PDEATHSIG, 9, "PR_SET_PDEATHSIG is refused")
        syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0, "PR_SET_DUMPABLE is refused")
        pid = jail.fork()
        if pid == 0:
            _enter(task)
        os.write(victim, b"0")
        _keep_only(report.fd, task.kept)
        facts = _wait(pid, task.limits, full=full)
        status = _end_all(full=full).get(pid)
        if not facts and status is not None and os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            # It had ended by itself just before it was told to.
            facts = {"code": os.waitstatus_to_exitcode(status)}
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        if task.kept >= 0:
            kept.take(task.kept, f"{task.folder}/work")
        report.send(**facts, cpu_s=used.ru_utime + used.ru_stime, peak_memory=used.ru_maxrss * 1024)
    except BaseException as error:
        with suppress(OSError):
            report.send(broken=f"{type(error).__name__}: {error}"[:500])
    os._exit(0)


def _enter(task: Task) -> NoReturn:
    """In the fork: raise the walls and enter the program."""
    try:
        syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1, "PR_SET_DUMPABLE is refused")
        if task.folder:
            os.chdir(f"{task.folder}/work")
            entry.stand_in(f"{task.folder}/work", f"{task.folder}/tmp")
        if task.kept >= 0:
            os.close(task.kept)
        jail.make(task.after)
    except BaseException as error:
        task.report.send(broken=f"{type(error).__name__}: {error}"[:500])
        os._exit(1)
    gc.enable()
    try:
        entry.MODES[task.mode]()
    finally:  # a program can break what its own end is made of
        _exit(1)


def _keep_only(*descriptors: int) -> None:
    start = 0
    for fd in sorted(fd for fd in descriptors if fd >= 0):
        os.closerange(start, fd)
        start = fd + 1
    os.closerange(start, 4096)


def _wait(pid: int, limits: dict[str, Any], *, full: bool) -> dict[str, Any]:
    """Reap orphans until `pid` has ended, a limit is passed, or the zygote says END."""
    pause = min(limits["cpu_s"], _LOOK_S)
    look_at = time.monotonic() + pause
    while True:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == pid:
                    return {"code": os.waitstatus_to_exitcode(ended[1])}
        now = time.monotonic()
        if now >= look_at:  # whatever wakes us in between: a program can have many children end
            family = usage.pids({os.getpid()}) if full else [pid, *_descendants(pid, set())]
            left = limits["cpu_s"] - _reaped_s() - usage.cpu_s(family)
            if left <= 0:
                return {"code": -signal.SIGKILL, "over": orders.BY_CPU}
            if full and usage.holds_over(limits["all_memory_bytes"], family):
                return {"code": -signal.SIGKILL, "over": orders.BY_MEMORY}
            # With every core to itself it needs at least this long to use up what is left.
            pause = min(_LOOK_S, max(left / (os.cpu_count() or 1), 0.005))
            look_at = now + pause
        came = signal.sigtimedwait(_AWAITED, max(look_at - now, 0.001))
        # The program may signal its init too: only the parent's word counts (0 across namespaces).
        if came and (came.si_signo, came.si_code, came.si_pid) == (END, _BY_KILL, os.getppid()):
            return {}


def _reaped_s() -> float:
    """CPU seconds of the orphans that were waited for here."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _end_all(*, full: bool) -> dict[int, int]:
    """Kill what is left and wait for it, so that what it used is counted; wait statuses by process."""
    if not full:
        return sweep(set())
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
    import tempfile  # loads three libraries for compression, and is not needed behind walls

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
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def sweep(spared: set[int]) -> dict[int, int]:
    """Kill and reap every process below this one but for the families `spared`; wait statuses by process."""
    ended: dict[int, int] = {}
    while below := _descendants(os.getpid(), spared):
        for pid in below:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):  # not ours yet: its own parent ends first
                reaped, status = os.waitpid(pid, os.WNOHANG)
                if reaped:
                    ended[pid] = status
        time.sleep(0.001)
    return ended


def _descendants(ancestor: int, spared: set[int]) -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    queue = [ancestor]
    while queue:
        below = [pid for pid in children.get(queue.pop(), []) if pid not in spared]
        found += below
        queue += below
    return found
