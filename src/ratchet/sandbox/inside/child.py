"""The last steps before a program's own text: descriptors, limits, no rights, the filter."""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from . import entry, seccomp, syscalls

if TYPE_CHECKING:
    from .warden import Task

_filters: list[syscalls.SeccompFilter] = []
_STACK = (8 << 20, 64 << 20)
_SPARE = 1000
"""Descriptors are first moved up here, out of the way of their final numbers."""


def prepare() -> None:
    """In the zygote: assemble the filter that every program will install."""
    _filters.append(syscalls.SeccompFilter(seccomp.program_filter()))


def main(task: Task, *, full: bool) -> NoReturn:
    """Become the program of `task`: close everything that is not its own, raise the walls, enter it."""
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        report = _SPARE - 1
        os.dup2(task.report_fd, report, inheritable=False)
        task.report_fd = report
        _arrange(task.descriptors)
        _set_environment(task.folder)
        syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1, "PR_SET_DUMPABLE is refused")
        _set_limits(task.job["limits"], full=full)
        if full:
            syscalls.drop_capabilities()
            _filters[0].install()
        else:
            syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1, "no_new_privs is refused")
        mode = task.job["roles"][task.role]["mode"]
    except BaseException as error:
        task.report(broken=f"{type(error).__name__}: {error}"[:500])
        os._exit(1)
    os.close(report)
    gc.enable()
    entry.MODES[mode]()


def _arrange(descriptors: list[int]) -> None:
    """Give `descriptors` the numbers 0, 1, 2, 3, ... and close all others but the report's."""
    for i, fd in enumerate(descriptors):
        os.dup2(fd, _SPARE + i, inheritable=False)
    for i in range(len(descriptors)):
        os.dup2(_SPARE + i, i, inheritable=i < 3)
    os.closerange(len(descriptors), _SPARE - 1)
    os.closerange(_SPARE, 4096)


def _set_environment(folder: str) -> None:
    work = f"{folder}/work" if folder else "/work"
    os.chdir(work)
    os.environ["PWD"] = work
    if folder:
        os.environ["TMPDIR"] = f"{folder}/tmp"
    sys.path.insert(0, os.getcwd())


def _set_limits(limits: dict[str, Any], *, full: bool) -> None:
    pairs = [
        (resource.RLIMIT_CPU, limits["cpu_backstop_s"]),
        (resource.RLIMIT_DATA, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["disk_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ]
    if full:  # elsewhere it would count every process of the same user
        pairs.append((resource.RLIMIT_NPROC, limits["processes"] + limits["trusted_processes"]))
    for which, value in pairs:
        _set_limit(which, value, value)
    _set_limit(resource.RLIMIT_STACK, *_STACK)


def _set_limit(which: int, soft: int, hard: int) -> None:
    ours = resource.getrlimit(which)[1]
    if ours != resource.RLIM_INFINITY:
        soft, hard = min(soft, ours), min(hard, ours)
    resource.setrlimit(which, (soft, hard))
