"""The floor with one wall after the other, by plain system calls: what each of them costs at least.

`spec["walls"]` names those that are raised: pid, mounts, ipc, proc, rights. They are
raised for each sample, in namespaces that the driver made once. There is no oracle
and no root of its own: this is for measuring, and guards nothing.
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parts.tasks import Task
from parts.ways import fork

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID = 0x20000, 0x8000000, 0x10000000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 2, 4, 8, 1 << 14, 1 << 18
_NO_NEW_PRIVS, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_CAPSET = {"x86_64": 126, "aarch64": 91}
_libc = ctypes.CDLL(None, use_errno=True)


class _Instruction(ctypes.Structure):
    """struct sock_filter."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Filter(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


@contextmanager
def ready(tasks: Sequence[Task], spec: dict[str, Any]) -> Iterator[Callable[[Task], bool]]:
    """Enter the driver's own namespaces, be warm as the floor is, then judge."""
    user, group = os.getuid(), os.getgid()
    _must(_libc.unshare(_NEWUSER | _NEWNS | _NEWPID))
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")
    _mount("none", "/", "", _MS_REC | _MS_PRIVATE, "")
    if pid := os.fork():  # the first process of the driver's own pid namespace goes on
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
    home = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    walls = frozenset(spec["walls"])
    program = _filter()

    def passed(task: Task) -> bool:
        if "pid" in walls:
            _must(_libc.unshare(_NEWPID))
        pid = os.fork()
        if pid == 0:
            try:
                _raise_walls(walls, program)
                exec(compile(task.script, "program.py", "exec"), {"__name__": "program"})
            except BaseException:
                os._exit(1)
            os._exit(0)
        if "pid" in walls:
            _must(_libc.setns(home, _NEWPID))
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

    with fork.ready(tasks, spec):
        yield passed


def _raise_walls(walls: frozenset[str], program: _Filter) -> None:
    if "mounts" in walls:
        _must(_libc.unshare(_NEWNS))
        _mount("tmpfs", "/tmp", "tmpfs", _MS_NOSUID | _MS_NODEV, "size=64m,nr_inodes=4096")
    if "ipc" in walls:
        _must(_libc.unshare(_NEWIPC))
    if "proc" in walls:
        _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "")
    if "rights" in walls:
        os.setsid()
        limits = {
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_CPU: 20,
            resource.RLIMIT_DATA: 1 << 30,
            resource.RLIMIT_FSIZE: 64 << 20,
            resource.RLIMIT_NOFILE: 256,
        }
        for name, value in limits.items():
            resource.setrlimit(name, (value, value))
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        _must(_libc.syscall(_CAPSET[os.uname().machine], header, (ctypes.c_uint32 * 6)()))
        _must(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
        _must(_libc.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0))


def _filter() -> _Filter:
    """Twenty comparisons that nothing meets, then allowed: the length of a real one."""
    load, equal, end, allow = 0x20, 0x15, 0x06, 0x7FFF0000
    lines = [(load, 0, 0, 0), *((equal, 0, 0, 0xFFFF0000 + i) for i in range(20)), (end, 0, 0, allow)]
    code = (_Instruction * len(lines))(*(_Instruction(*one) for one in lines))
    return _Filter(len(lines), code)


def _mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    arguments = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _must(_libc.mount(*arguments))


def _must(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
