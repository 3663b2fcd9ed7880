"""Landlock, the second wall: what may be read and written, whatever the mounts say.

The rules are made once, in the zygote; every program is held to them by one call
when its mounts are made (under Landlock nobody mounts). The kernel's answer to
"which version" decides what can be ruled; what a version does not know is left to
the first wall. Numbers and layouts: linux/landlock.h.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Sequence
from typing import Any

from . import syscalls

EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_DIR = 1 << 3
REFER = 1 << 13
TRUNCATE = 1 << 14
IOCTL_DEV = 1 << 15

_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_SCOPE_ABSTRACT_UNIX_SOCKET, _SCOPE_SIGNAL = 1 << 0, 1 << 1
_UNLOGGED = 1 << 0 | 1 << 2
"""Since version 7 refusals go to the machine's audit log, which a program could flood."""

_READ = EXECUTE | READ_FILE | READ_DIR
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""The rights that a rule on something other than a folder may name."""


def abi() -> int:
    """The version of Landlock here; 0 where the kernel was built without it, or has it switched off."""
    try:
        return syscalls.landlock_abi()
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP):
            return 0
        raise


def rights(version: int) -> int:
    """All the rights over files that this version can rule."""
    known = REFER - 1
    for since, right in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        if version >= since:
            known |= right
    return known


def attributes(version: int, *, network: bool) -> bytes:
    """struct landlock_ruleset_attr, as long as this version knows it: what is ruled at all."""
    tcp = 0 if network else _BIND_TCP | _CONNECT_TCP
    fields = [rights(version)]
    if version >= 4:
        fields.append(tcp)
    if version >= 6:
        fields.append(_SCOPE_ABSTRACT_UNIX_SOCKET | _SCOPE_SIGNAL)
    return struct.pack(f"={len(fields)}Q", *fields)


def beneath(allowed: int, folder: int) -> bytes:
    """struct landlock_path_beneath_attr: what is allowed below the open `folder`."""
    return struct.pack("=Qi", allowed, folder)


class Ruleset:
    """Rules that any number of processes can be held to, each by one call.

    Below `readable` everything may be read and run; below `writable` everything
    may be done; `devices` may be read and written. Nothing else can be opened, but
    what is open already stays usable. A process held to the rules can send signals
    only to what is held to them with it, and reach no abstract socket of others
    (version 6); it can make no TCP connection unless `network` (version 4).
    """

    def __init__(
        self,
        *,
        readable: Sequence[str],
        writable: Sequence[str],
        devices: Sequence[str],
        network: bool = False,
    ) -> None:
        """Make the rules; raises WallError if the kernel has Landlock and refuses them."""
        self.version = abi()
        self._fd = -1
        if not self.version:
            return
        everything = rights(self.version)
        self._fd = syscalls.landlock_create(attributes(self.version, network=network))
        for path in readable:
            self._allow(path, _READ)
        for path in writable:
            # A device that could be made here would be one of the host's.
            self._allow(path, everything & ~IOCTL_DEV)
        for path in devices:
            self._allow(path, READ_FILE | (WRITE_FILE | TRUNCATE) & everything)

    def _allow(self, path: str, allowed: int) -> None:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.stat(fd).st_mode):
                allowed &= _OF_FILES
            syscalls.landlock_allow(self._fd, path, beneath(allowed, fd))
        finally:
            os.close(fd)

    def arguments(self, place: int) -> tuple[Any, ...] | None:
        """What syscall(2) takes to enforce the rules, moved to descriptor `place`; None without Landlock."""
        if self._fd < 0:
            return None
        moved = os.dup2(self._fd, place, inheritable=False)
        os.close(self._fd)
        self._fd = moved
        return syscalls.landlock_arguments(moved, self._flags())

    def _flags(self) -> int:
        return _UNLOGGED if self.version >= 7 else 0

    def enforce(self) -> bool:
        """Hold this process and its children to the rules for good; False where there is no Landlock.

        The process must have no_new_privs or be its user namespace's root, and the
        descriptor of the rules must not have been closed yet.
        """
        if self._fd < 0:
            return False
        syscalls.landlock_restrict(self._fd, self._flags())
        return True

    def close(self) -> None:
        """Let go of the rules; who is held to them stays so."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
