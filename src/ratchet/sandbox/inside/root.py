"""The small world that programs see: a new root of read-only binds on tmpfs, and the way into it.

Two ways in. An ordinary user first makes a user namespace and has there the
rights to mount. Real root builds the tree first (the interpreter may lie under a
folder that only root can enter), then becomes a user that owns nothing on this
machine, and only then makes the namespaces: so the limit on processes binds and
the host's files are not the slot's.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import stat
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from . import syscalls

USER = 1000
"""The uid and gid that programs see themselves as."""

BOX = "/box/own"
"""Where each program's own tmpfs lies; /work, /tmp and /dev/shm are links into it.

It is one step below `WRITABLE`, since Landlock does not see a rule on a folder
that is covered by a mount, but does see the one on its parent.
"""

FOLDERS = ("work", "tmp", "shm")
"""What is in it."""

WRITABLE = "/box"
"""All that programs may write to lies below this, besides `DEVICES`."""

PROC_FLAGS = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_LINKS = {
    "/work": f"{BOX}/work",
    "/tmp": f"{BOX}/tmp",
    "/dev/shm": f"{BOX}/shm",
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
}
_ETC = {
    "passwd": f"root:x:0:0:root:/root:/sbin/nologin\nuser:x:{USER}:{USER}:user:/tmp:/bin/sh\n",
    "group": f"root:x:0:\nuser:x:{USER}:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
_ETC_BINDS = ("/etc/ld.so.cache", "/etc/alternatives")
_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/libx32", "/bin", "/sbin")

_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1

_ALL = (
    syscalls.CLONE_NEWUSER
    | syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUTS
    | syscalls.CLONE_NEWCGROUP
)


def enter(spec: dict[str, Any]) -> None:
    """Leave the host: on return this is process 1 of a slot whose root is the small world.

    `spec["readable"]` names the folders bound read-only besides the system's, as
    pairs of where they lie and where they are shown. The process that called
    waits outside and ends with the slot. Raises WallError.
    """
    spare = spare_ids() if os.geteuid() == 0 else None
    if spare is not None:
        syscalls.unshare(syscalls.CLONE_NEWNS)
        syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
        new = _build(spec["readable"])
        number = become_nobody(spare)
        syscalls.unshare(_ALL)
        map_user(number, number)
    else:
        user, group = os.geteuid(), os.getegid()
        syscalls.unshare(_ALL)
        map_user(user, group)
        syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
        new = _build(spec["readable"])
    child = os.fork()
    if child:
        _wait_outside(child)
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, 9, "asking to end with the parent is refused")
    os.setsid()
    _pivot(new)


def _wait_outside(child: int) -> None:
    os.closerange(0, 4096)  # the control socket too: its end must be seen when the slot is gone
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def spare_ids() -> range | None:
    """Ids that root can become and nobody uses; None for the root of a namespace that has hardly any."""
    highest = 1 << 32
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/self/{name}") as file:
            maps = [[int(number) for number in line.split()] for line in file]
        highest = min(highest, max(start + count for start, _, count in maps))
    if highest > 1_200_000:
        return range(200_000, 1_200_000)
    return range(61_000, 65_000) if highest > 65_000 else None


def become_nobody(spare: range) -> int:
    """From root to a user and group of its own, which own nothing."""
    number = random.SystemRandom().choice(spare)
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)
    # Else /proc/self belongs to root, and the maps cannot be written.
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1, "PR_SET_DUMPABLE is refused")
    return number


def map_user(user: int, group: int) -> None:
    """Write the maps: inside there is one user and one group, which are `user` and `group` outside."""
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{USER} {user} 1"),
            ("gid_map", f"{USER} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    except OSError as error:
        raise syscalls.WallError(f"writing {error.filename or 'the user maps'} is refused") from None


def _build(readable: list[list[str]]) -> str:
    """Build the small world on a fresh tmpfs and return the folder that it lies in."""
    # Sources are looked up before the tmpfs hides what lies below the mount point.
    new = next((path for path in ("/mnt", "/srv", "/media", "/opt", "/tmp") if _free(path, readable)), None)
    if new is None:
        raise syscalls.WallError("no folder to mount the new root on (tried /mnt, /srv, /media, /opt, /tmp)")
    syscalls.mount("tmpfs", new, "tmpfs", syscalls.MS_NOSUID, "size=1m,nr_inodes=4096,mode=0755")
    for folder in ("/proc", "/dev", "/etc", WRITABLE, BOX, "/old"):
        os.mkdir(new + folder, 0o755)
    for path in _SYSTEM:
        if os.path.islink(path):
            os.symlink(os.readlink(path), new + path)
        elif os.path.isdir(path):
            _bind(path, new + path)
    for source, target in readable:
        if not f"{target}/".startswith("/usr/"):
            _bind(source, new + target)
    for path in DEVICES:
        _bind(path, new + path, device=True)
    for name, text in _ETC.items():
        with open(f"{new}/etc/{name}", "w") as file:
            file.write(text)
    for path in _ETC_BINDS:
        if os.path.exists(path):
            _bind(path, new + path)
    for link, goal in _LINKS.items():
        os.symlink(goal, new + link)
    return new


def _free(path: str, readable: list[list[str]]) -> bool:
    return os.path.isdir(path) and not any(f"{source}/".startswith(f"{path}/") for source, _ in readable)


def _bind(source: str, target: str, *, device: bool = False) -> None:
    """Show `source` at `target`, read-only with all that is mounted below it."""
    if os.path.lexists(target):
        return
    if stat.S_ISDIR(os.stat(source).st_mode):
        os.makedirs(target, 0o755)
    else:
        os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
        with open(target, "x"):
            pass
    syscalls.mount(source, target, None, syscalls.MS_BIND | syscalls.MS_REC)
    syscalls.make_read_only(target, allow_devices=device)


def _pivot(new: str) -> None:
    """Make `new` the root, with a proc of this pid namespace, and let go of the old one."""
    # A mount from a more privileged namespace is locked and cannot become the root; a bind of it can.
    syscalls.mount(new, new, None, syscalls.MS_BIND | syscalls.MS_REC)
    os.chdir(new)
    # While the old proc can still be seen: the kernel gives a new one only to who sees one whole.
    syscalls.mount("proc", f"{new}/proc", "proc", PROC_FLAGS)
    syscalls.pivot_root(".", "old")
    os.chdir("/")
    syscalls.umount("/old", syscalls.MNT_DETACH)
    # Whoever makes a user namespace has every right in it: a second lock beside the filter.
    with suppress(OSError), open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")
    syscalls.make_read_only("/", recursive=False)


def open_box() -> None:
    """Folders to write to while packages are loaded, as some make files then. Raises WallError."""
    syscalls.mount("tmpfs", BOX, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=16m,mode=0755")
    for name in FOLDERS:
        os.mkdir(f"{BOX}/{name}", 0o700)


def close_box() -> None:
    """Take them away again, with all that is in them."""
    syscalls.umount(BOX, syscalls.MNT_DETACH)


def loopback_up() -> None:
    """Let programs talk to themselves over 127.0.0.1 and ::1; the slot's own network has nothing else.

    For the zygote, between `enter` and the end of its rights. Raises WallError.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            request = struct.pack("16sH22x", b"lo", _IFF_UP)
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)
        # A port that one program has closed is free at once for the next.
        with open("/proc/sys/net/ipv4/tcp_max_tw_buckets", "w") as file:
            file.write("0")
    except OSError as error:
        raise syscalls.WallError(f"a loopback of its own is refused: {error.strerror}") from None


def join_cgroup(descriptors: Sequence[int]) -> None:
    """Put this process into the groups whose cgroup.procs the supervisor opened, and close them.

    The kernel asks what the opener may, so that a process without rights can.
    """
    for fd in descriptors:
        try:
            os.write(fd, b"0")
        except OSError as error:
            raise syscalls.WallError(f"joining a cgroup is refused: {error.strerror}") from None
        finally:
            os.close(fd)
