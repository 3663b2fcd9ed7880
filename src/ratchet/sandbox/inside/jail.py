"""The last steps before a program's own text: its mounts, descriptors and limits, no rights, the filters.

All of it happens between a fork and the first line that somebody else wrote, once
for every program, so it is made of prepared calls into the C library. What costs
there is not the calls but the memory that is touched: the first write to a page
after a fork copies it, at about 2 microseconds a page. `os.fork` alone runs hooks
that write to 200 pages; the C library's own `fork` needs 40, and a zygote has one
thread, so the hooks have nothing to mend.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
from collections.abc import Callable, Sequence
from typing import Any

from . import landlock, root, seccomp, syscalls

# PyDLL keeps the interpreter's lock: letting go of it and taking it back writes to pages too.
_libc = ctypes.PyDLL(None, use_errno=True)

Call = tuple[Callable[..., int], tuple[Any, ...], str]
"""A prepared call, its arguments, and what is said when it fails."""

_STACK = (8 << 20, 64 << 20)
_ADDRESS_SPACE = 1 << 36
"""Bytes. Libraries reserve gigabytes that they never touch; but page tables are memory too."""
_SIG_SETMASK = 2
_CLOEXEC = 4  # a flag of close_range
_ALL_ABOVE = 0xFFFFFFFF
_TMPFS_FLAGS = syscalls.MS_NOSUID | syscalls.MS_NODEV
_ZERO = ctypes.c_ulong(0)
_NO_NEW_PRIVS = (syscalls.PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), _ZERO, _ZERO, _ZERO)
_NO_SIGNALS = ctypes.create_string_buffer(128)

_last_walls: list[Call] = []
_kept: list[syscalls.SeccompFilter] = []


def prepare(rules_place: int, *, network: bool) -> None:
    """In the zygote: make the rules and the filter that every program is held to.

    The rules' descriptor is put at `rules_place`. `network`: programs may use their
    own loopback.
    """
    rules = landlock.Ruleset(
        readable=("/",), writable=(root.WRITABLE,), devices=root.DEVICES, network=network
    )
    arguments = rules.arguments(rules_place)
    if arguments is not None:
        _last_walls.append((_libc.syscall, arguments, "holding it to Landlock's rules"))
    _last_walls.append((_libc.syscall, syscalls.capset_arguments(), "dropping capabilities"))
    _kept.append(syscalls.SeccompFilter(seccomp.program_filter()))
    _last_walls.append((_libc.prctl, _kept[0].arguments(), "the seccomp filter"))


def call(name: str) -> Callable[..., int]:
    """A function of the C library that returns an int, to be called without letting go of the lock."""
    function: Callable[..., int] = getattr(_libc, name)
    return function


def fork() -> int:
    """The C library's fork: 0 in the child. Raises OSError.

    Only for a process with one thread. The interpreter's own hooks do not run: a
    child begins with the parent's state of `random`, which the zygote seeded.
    """
    pid = int(_libc.fork())
    if pid < 0:
        raise OSError(ctypes.get_errno(), "fork is refused")
    return pid


def victim(descriptors: int) -> list[Call]:
    """The calls that make a process the kernel's choice when memory runs out.

    For a process whose first free descriptor is `descriptors`.
    """
    path, flags = b"/proc/self/oom_score_adj", os.O_WRONLY
    return [
        (_libc.open, (path, flags), "opening its oom_score_adj"),
        (_libc.write, (descriptors, b"1000", ctypes.c_size_t(4)), "setting its oom_score_adj"),
        (_libc.close, (descriptors,), "closing its oom_score_adj"),
    ]


def mounts(limits: dict[str, Any]) -> list[Call]:
    """The calls that give a process a session, a tmpfs and a proc of its own."""
    options = f"size={limits['disk_bytes']},nr_inodes={limits['inodes']},mode=0755".encode()
    box, proc = root.BOX.encode(), b"/proc"
    flags, proc_flags = ctypes.c_ulong(_TMPFS_FLAGS), ctypes.c_ulong(root.PROC_FLAGS | syscalls.MS_RDONLY)
    calls: list[Call] = [
        (_libc.setsid, (), "a session of its own"),
        (_libc.unshare, (syscalls.CLONE_NEWNS,), "a mount namespace of its own"),
        (_libc.mount, (b"tmpfs", box, b"tmpfs", flags, options), "a tmpfs of its own"),
    ]
    calls += [(_libc.mkdir, (f"{root.BOX}/{name}".encode(), 0o700), "a folder") for name in root.FOLDERS]
    calls += [
        (_libc.mount, (b"proc", proc, b"proc", proc_flags, None), "a proc of its own"),
        (_libc.chdir, (b"/work",), "the working directory"),
    ]
    return calls


def walls(limits: dict[str, Any], descriptors: int, *, full: bool) -> list[Call]:
    """The calls that leave a process its `descriptors` first descriptors, its limits, and no rights.

    Of the descriptors the first three outlive an exec. With `full` walls the last
    call is the filter, after which none of the others would be permitted.
    """
    calls: list[Call] = [(_libc.sigprocmask, (_SIG_SETMASK, _NO_SIGNALS, None), "the signal mask")]
    calls += [(_libc.setrlimit, pair, "a limit") for pair in _rlimits(limits, full=full)]
    closing: list[Call] = [
        (close_range(), (3, descriptors - 1, _CLOEXEC), "marking descriptors"),
        (close_range(), (descriptors, _ALL_ABOVE, 0), "closing descriptors"),
    ]
    if not full:
        return [*calls, *closing, (_libc.prctl, _NO_NEW_PRIVS, "no_new_privs")]
    *walls, last = _last_walls
    return [*calls, *walls, *closing, last]  # the rules are a descriptor too


def make(calls: Sequence[Call]) -> None:
    """Make prepared calls, in order; raises WallError at the first that fails."""
    for call, arguments, what in calls:
        if call(*arguments) < 0:
            raise syscalls.WallError(f"{what} is refused: {os.strerror(ctypes.get_errno())}")


def close_range() -> Callable[..., int]:
    """close_range(2), or what does the same where the C library does not know it."""
    found: Callable[..., int] = getattr(_libc, "close_range", _close_range_by_hand)
    return found


def _close_range_by_hand(first: int, last: int, flags: int) -> int:
    """close_range(2) for C libraries that do not know it."""
    for fd in range(first, min(last, 4095) + 1):
        try:
            if flags & _CLOEXEC:
                os.set_inheritable(fd, False)
            else:
                os.close(fd)
        except OSError as error:
            if error.errno != errno.EBADF:
                return -1
    return 0


def _rlimits(limits: dict[str, Any], *, full: bool) -> list[tuple[int, Any]]:
    wanted = {
        resource.RLIMIT_CPU: (limits["cpu_backstop_s"],) * 2,
        resource.RLIMIT_DATA: (limits["memory_bytes"],) * 2,
        resource.RLIMIT_FSIZE: (limits["disk_bytes"],) * 2,
        resource.RLIMIT_NOFILE: (limits["open_files"],) * 2,
        resource.RLIMIT_AS: (_ADDRESS_SPACE, _ADDRESS_SPACE),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_MEMLOCK: (0, 0),
        resource.RLIMIT_MSGQUEUE: (0, 0),
        resource.RLIMIT_STACK: _STACK,
    }
    if full:  # elsewhere it would count every process of the same user
        wanted[resource.RLIMIT_NPROC] = (limits["processes"] + limits["trusted_processes"],) * 2
    pairs = []
    for which, (soft, hard) in wanted.items():
        ours = resource.getrlimit(which)[1]
        if ours != resource.RLIM_INFINITY:
            soft, hard = min(soft, ours), min(hard, ours)
        unlimited = ctypes.c_ulong(-1).value
        pairs.append((which, (ctypes.c_ulong * 2)(*(unlimited if v < 0 else v for v in (soft, hard)))))
    return pairs
