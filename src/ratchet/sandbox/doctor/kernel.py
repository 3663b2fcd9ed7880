"""The calls that walls are made of, each tried in a process of its own.

Nothing is concluded from version numbers: what is refused is refused by a kernel,
a container's filter or a security module, and only trying tells.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ratchet.sandbox.inside import landlock, root, seccomp, syscalls

_PATIENCE_S = 20.0

_SETTINGS = (
    # File, the value that forbids, how to permit it.
    ("user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=65536"),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    ("kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
)
_DOCKER = (
    "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined ..."
)


def in_child(trial: Callable[[], None]) -> str:
    """Call `trial` in a fork of this process: empty if it came back, else why it did not."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(reading)
            trial()
            code = 0
        except BaseException as error:
            os.write(writing, str(error).encode()[:2000] or b"it failed without a word")
        finally:
            os._exit(code)
    os.close(writing)
    with open(reading, "rb", buffering=0) as pipe:
        ready = select.select([pipe], [], [], _PATIENCE_S)[0]
        if not ready:
            os.kill(pid, signal.SIGKILL)
        said = pipe.readall() if ready else b"it did not end"
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return "" if code == 0 else (said or b"").decode("utf-8", "replace") or f"it ended with {code}"


def user_namespace() -> None:
    """A user namespace, by the way in that the jail takes: real root first becomes an ordinary user."""
    spare = root.spare_ids() if os.geteuid() == 0 else None
    if spare is not None:
        number = root.become_nobody(spare)
        syscalls.unshare(syscalls.CLONE_NEWUSER)
        root.map_user(number, number)
    else:
        user, group = os.geteuid(), os.getegid()
        syscalls.unshare(syscalls.CLONE_NEWUSER)
        root.map_user(user, group)


def namespace(flag: int) -> Callable[[], None]:
    """Another namespace, within a user namespace."""

    def trial() -> None:
        user_namespace()
        syscalls.unshare(flag)

    return trial


def proc() -> None:
    """A proc file system that shows a pid namespace of its own."""
    user_namespace()
    syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWPID)
    syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    pid = os.fork()
    if pid == 0:
        try:
            syscalls.mount("proc", "/proc", "proc", root.PROC_FLAGS)
        except syscalls.WallError:
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise syscalls.WallError("mounting proc is refused: parts of the one here are masked")


def new_root() -> None:
    """A tmpfs as the root, with a read-only bind in it."""
    user_namespace()
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.mount("tmpfs", "/mnt", "tmpfs", 0)
    for name in ("old", "usr"):
        os.mkdir(f"/mnt/{name}")
    syscalls.mount("/usr", "/mnt/usr", None, syscalls.MS_BIND | syscalls.MS_REC)
    syscalls.make_read_only("/mnt/usr")
    os.chdir("/mnt")
    syscalls.pivot_root(".", "old")


def loopback() -> None:
    """A network of its own, with a loopback that is up."""
    namespace(syscalls.CLONE_NEWNET)()
    root.loopback_up()


def no_new_privileges() -> None:
    """No later exec can give rights."""
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1, "no_new_privs is refused")


def filters() -> None:
    """A filter refuses keyctl and lets the rest be."""
    no_new_privileges()
    syscalls.SeccompFilter(seccomp.slot_filter()).install()
    with suppress(PermissionError):
        os.chroot("/")  # root could do this without the filter
        raise syscalls.WallError("a seccomp filter was installed and does not filter")
    os.getppid()


def file_rules() -> None:
    """Landlock refuses a file that the file's own mode permits."""
    version = landlock.abi()
    if not version:
        raise syscalls.WallError("the kernel has no Landlock, or has it switched off")
    folder = tempfile.mkdtemp(prefix="ratchet-doctor-")
    try:
        no_new_privileges()
        rules = landlock.Ruleset(readable=("/",), writable=(), devices=())
        inside = Path(folder, "file")
        inside.write_text("x")
        inside.unlink()
        pid = os.fork()
        if pid == 0:
            rules.enforce()
            with suppress(PermissionError):
                inside.write_text("x")
                os._exit(1)
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            raise syscalls.WallError("Landlock's rules were taken and do not bind")
    finally:
        for path in Path(folder).iterdir():
            path.unlink()
        Path(folder).rmdir()


def limits() -> None:
    """A limit on open files binds."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    with suppress(OSError):
        for _ in range(32):
            os.dup(0)
        raise syscalls.WallError("resource limits are taken and do not bind")


def advice() -> str:
    """What permits user namespaces here, by what forbids them."""
    found = [
        how
        for name, forbids, how in _SETTINGS
        if _setting(name) == forbids and (os.geteuid() != 0 or name == "user/max_user_namespaces")
    ]
    if found:
        return "; ".join(found)
    if any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv")):
        return _DOCKER
    return f"permit user namespaces; in a container: {_DOCKER}"


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""
