"""The few Linux calls that Python does not offer, by ctypes, each with its own error text.

Own calls rather than a binding: the bindings are unmaintained, or need a library
on the host, or are many times this size (EXECUTION.md, section 7).
"""

from __future__ import annotations

import ctypes
import os
import platform
from typing import Any

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
CLONE_NEWTIME = 0x00000080

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

_MOUNT_ATTR_RDONLY = 0x1
_MOUNT_ATTR_NOSUID = 0x2
_MOUNT_ATTR_NODEV = 0x4
_AT_RECURSIVE = 0x8000
_AT_FDCWD = -100

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

_SYSCALLS = {
    "x86_64": {"pivot_root": 155, "mount_setattr": 442, "capset": 126},
    "aarch64": {"pivot_root": 41, "mount_setattr": 442, "capset": 91},
}
_LANDLOCK = {"landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446}
"""Newer calls have one number on every architecture."""
_LANDLOCK_VERSION = 1
_LANDLOCK_PATH_BENEATH = 1

_libc = ctypes.CDLL(None, use_errno=True)


class WallError(Exception):
    """A call that a wall needs was refused; the text says which, in plain words."""


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise WallError(f"{what}: {os.strerror(number)}")
    return result


def machine() -> str:
    """The machine's architecture, as the tables here name it."""
    return {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine().lower(), platform.machine())


def _number(name: str) -> int:
    if name in _LANDLOCK:
        return _LANDLOCK[name]
    try:
        return _SYSCALLS[machine()][name]
    except KeyError:
        raise WallError(f"there are no system call numbers for a {machine()} machine") from None


def _syscall(name: str, what: str, *arguments: Any) -> int:
    return _check(_libc.syscall(ctypes.c_long(_number(name)), *arguments), what)


_NAMESPACES = {
    CLONE_NEWUSER: "user", CLONE_NEWPID: "pid", CLONE_NEWNS: "mount", CLONE_NEWNET: "network",
    CLONE_NEWIPC: "ipc", CLONE_NEWUTS: "uts", CLONE_NEWCGROUP: "cgroup",
}  # fmt: skip


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones."""
    if _libc.unshare(ctypes.c_int(flags)) < 0:
        reason = os.strerror(ctypes.get_errno())
        names = ", ".join(name for flag, name in _NAMESPACES.items() if flags & flag)
        raise WallError(f"new namespaces ({names}) are not permitted here: {reason}")


def setns(fd: int, kind: int) -> None:
    """Join the namespace that the descriptor `fd` stands for."""
    _check(_libc.setns(ctypes.c_int(fd), ctypes.c_int(kind)), "setns is refused")


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """mount(2)."""
    _check(
        _libc.mount(
            source.encode(),
            os.fsencode(target),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            data.encode() if data else None,
        ),
        f"mounting {kind or source} on {target} is refused",
    )


def umount(target: str, flags: int = 0) -> None:
    """umount2(2)."""
    _check(_libc.umount2(os.fsencode(target), ctypes.c_int(flags)), f"unmounting {target} is refused")


def make_read_only(target: str, *, recursive: bool = True, allow_devices: bool = False) -> None:
    """Make the mount at `target`, and with `recursive` all below it, read-only and nosuid, nodev."""
    attributes = _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | (0 if allow_devices else _MOUNT_ATTR_NODEV)
    request = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    _syscall(
        "mount_setattr",
        f"making {target} read-only is refused",
        ctypes.c_int(_AT_FDCWD),
        ctypes.c_char_p(os.fsencode(target)),
        ctypes.c_uint(_AT_RECURSIVE if recursive else 0),
        ctypes.byref(request),
        ctypes.c_size_t(ctypes.sizeof(request)),
    )


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root; the former root hangs at `old`."""
    _syscall(
        "pivot_root",
        "changing the root is refused",
        ctypes.c_char_p(os.fsencode(new)),
        ctypes.c_char_p(os.fsencode(old)),
    )


def prctl(option: int, value: int, what: str) -> None:
    """prctl(2) with one argument."""
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero), what)


def drop_bounding_set() -> None:
    """Take every capability out of the bounding set: no later exec can give one back."""
    zero = ctypes.c_ulong(0)
    for capability in range(64):
        if _libc.prctl(ctypes.c_int(PR_CAPBSET_DROP), ctypes.c_ulong(capability), zero, zero, zero) < 0:
            if capability == 0:
                _check(-1, "dropping the capability bounding set is refused")
            return


_NO_CAPABILITIES = (
    ctypes.byref((ctypes.c_uint32 * 2)(0x20080522, 0)),
    ctypes.byref((ctypes.c_uint32 * 6)(0, 0, 0, 0, 0, 0)),
)


def capset_arguments() -> tuple[Any, ...]:
    """What syscall(2) takes to give up every effective, permitted and inheritable capability."""
    return (ctypes.c_long(_number("capset")), *_NO_CAPABILITIES)


def drop_capabilities() -> None:
    """Give up every effective, permitted and inheritable capability."""
    _check(_libc.syscall(*capset_arguments()), "dropping capabilities is refused")


def landlock_abi() -> int:
    """The version of Landlock that the kernel has; raises OSError where it has none.

    ENOSYS: it was not built in; EOPNOTSUPP: it was, and is switched off.
    """
    found = _libc.syscall(
        ctypes.c_long(_LANDLOCK["landlock_create_ruleset"]),
        None,
        ctypes.c_size_t(0),
        ctypes.c_uint32(_LANDLOCK_VERSION),
    )
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(found)


def landlock_create(attributes: bytes) -> int:
    """A descriptor of a new rule set; `attributes`: struct landlock_ruleset_attr."""
    return _syscall(
        "landlock_create_ruleset",
        "a Landlock rule set is refused",
        attributes,
        ctypes.c_size_t(len(attributes)),
        ctypes.c_uint32(0),
    )


def landlock_allow(rules: int, path: str, rule: bytes) -> None:
    """Add a rule about `path`; `rule`: struct landlock_path_beneath_attr."""
    _syscall(
        "landlock_add_rule",
        f"a Landlock rule for {path} is refused",
        ctypes.c_int(rules),
        ctypes.c_int(_LANDLOCK_PATH_BENEATH),
        rule,
        ctypes.c_uint32(0),
    )


def landlock_arguments(rules: int, flags: int = 0) -> tuple[Any, ...]:
    """What syscall(2) takes to hold a process and its children to the rules, for good."""
    return (ctypes.c_long(_number("landlock_restrict_self")), ctypes.c_int(rules), ctypes.c_uint32(flags))


def landlock_restrict(rules: int, flags: int = 0) -> None:
    """Hold this process and its children to the rules, for good."""
    _check(_libc.syscall(*landlock_arguments(rules, flags)), "Landlock's rules are refused")


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class SeccompFilter:
    """An assembled BPF program, kept in memory that the kernel can read at any later time."""

    def __init__(self, code: bytes) -> None:
        """`code`: struct sock_filter entries of eight bytes each."""
        self._buffer = ctypes.create_string_buffer(code, len(code))
        self._program = _Program(len(code) // 8, ctypes.addressof(self._buffer))

    def arguments(self) -> tuple[Any, ...]:
        """What prctl(2) takes to install it."""
        zero = ctypes.c_ulong(0)
        return (ctypes.c_int(PR_SET_SECCOMP), ctypes.c_ulong(2), ctypes.byref(self._program), zero, zero)

    def install(self) -> None:
        """Filter every system call of this process, and of its children, from now on."""
        _check(_libc.prctl(*self.arguments()), "a seccomp filter is refused")
