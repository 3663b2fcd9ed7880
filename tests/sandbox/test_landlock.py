"""Landlock's rules: their layout by version, what they refuse, and what they leave alone."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ratchet.sandbox.doctor import kernel
from ratchet.sandbox.inside import bpf, landlock, syscalls

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")


def needs(version: int) -> None:
    """Skip, loudly, where the kernel's Landlock is older."""
    if (found := landlock.abi()) < version:
        pytest.skip(f"LANDLOCK NOT TESTED: version {found} here, {version} wanted")


@pytest.mark.parametrize(
    ("version", "rights", "words"),
    [
        (1, 0x1FFF, 1), (2, 0x3FFF, 1), (3, 0x7FFF, 1), (4, 0x7FFF, 2),
        (5, 0xFFFF, 2), (6, 0xFFFF, 3), (9, 0xFFFF, 3),
    ],
)  # fmt: skip
def test_what_each_version_knows(version: int, rights: int, words: int) -> None:
    assert landlock.rights(version) == rights
    fields = struct.unpack(f"={words}Q", landlock.attributes(version, network=False))
    assert fields == (rights, 3, 3)[:words]
    assert struct.unpack(f"={words}Q", landlock.attributes(version, network=True))[1:2] == (0,)[: words - 1]


def test_the_rules_layout() -> None:
    class PathBeneath(ctypes.Structure):
        """As linux/landlock.h has it: packed, 12 bytes."""

        _pack_ = 1
        _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))

    made = landlock.beneath(0x1234567890, 7)
    assert len(made) == ctypes.sizeof(PathBeneath) == 12
    read = PathBeneath.from_buffer_copy(made)
    assert (read.allowed, read.folder) == (0x1234567890, 7)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_kernel_without_it(number: int) -> None:
    """A filter answers as such a kernel would."""

    def trial() -> None:
        kernel.no_new_privileges()
        leaves = {call: bpf.returns(bpf.refused(number)) for call in (444, 445, 446)}
        syscalls.SeccompFilter(bpf.assemble(bpf.search(leaves))).install()
        assert landlock.abi() == 0
        rules = landlock.Ruleset(readable=("/",), writable=(), devices=())
        assert rules.enforce() is False
        rules.close()

    assert kernel.in_child(trial) == ""


def test_an_answer_that_means_something_else_is_no_absence() -> None:
    def trial() -> None:
        kernel.no_new_privileges()
        leaves = {444: bpf.returns(bpf.refused(errno.EPERM))}
        syscalls.SeccompFilter(bpf.assemble(bpf.search(leaves))).install()
        landlock.abi()

    assert "Operation not permitted" in kernel.in_child(trial)


@pytest.fixture
def places() -> Iterator[tuple[Path, Path]]:
    """A folder that may be written to, and one beside it that may not."""
    with tempfile.TemporaryDirectory() as folder:
        inside, outside = Path(folder, "inside"), Path(folder, "outside")
        for place in (inside, outside):
            place.mkdir()
            (place / "file").write_text("before")
        yield inside, outside


def refused(what: Callable[[], object], *numbers: int) -> None:
    """It fails with one of these errors."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - its number is looked at
        what()
    assert caught.value.errno in numbers


def held(inside: Path, trial: Callable[[], None]) -> str:
    """Run `trial` in a child that is held to the rules."""

    def child() -> None:
        kernel.no_new_privileges()
        rules = landlock.Ruleset(readable=("/",), writable=(str(inside),), devices=("/dev/null", "/dev/zero"))
        assert rules.enforce() is True
        rules.close()
        trial()

    return kernel.in_child(child)


def test_files(places: tuple[Path, Path]) -> None:
    needs(3)
    inside, outside = places

    def trial() -> None:
        (inside / "file").write_text("after")
        (inside / "a" / "b").mkdir(parents=True)
        (inside / "file").rename(inside / "a" / "moved")
        os.link(inside / "a" / "moved", inside / "a" / "b" / "linked")
        os.truncate(inside / "a" / "moved", 1)
        (inside / "link").symlink_to("a/moved")
        os.mkfifo(inside / "fifo")
        (inside / "link").unlink()
        assert (outside / "file").read_text() == "before"
        assert os.listdir(outside) == ["file"]
        assert os.system("exit 3") >> 8 == 3
        for what in (
            lambda: (outside / "file").write_text("x"),
            lambda: (outside / "new").write_text("x"),
            lambda: (outside / "new").mkdir(),
            lambda: (outside / "new").symlink_to("x"),
            lambda: (outside / "file").unlink(),
            lambda: os.truncate(outside / "file", 0),
            lambda: os.mkfifo(outside / "new"),
        ):
            refused(what, errno.EACCES)
        for what in (
            lambda: (outside / "file").rename(inside / "stolen"),
            lambda: (inside / "a" / "moved").rename(outside / "planted"),
            lambda: os.link(outside / "file", inside / "stolen"),
        ):
            refused(what, errno.EACCES, errno.EXDEV)

    assert held(inside, trial) == ""
    assert (outside / "file").read_text() == "before"


def test_devices(places: tuple[Path, Path]) -> None:
    needs(5)

    def trial() -> None:
        for flags in (os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
            os.write(os.open("/dev/null", flags), b"x")
        refused(lambda: os.open("/dev/full", os.O_WRONLY), errno.EACCES)
        random = os.open("/dev/urandom", os.O_RDONLY)
        assert os.read(random, 4)
        refused(lambda: fcntl.ioctl(random, 0x80045200, bytes(4)), errno.EACCES)

    assert held(places[0], trial) == ""


def test_connections(places: tuple[Path, Path]) -> None:
    needs(4)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def trial() -> None:
            with socket.socket() as client:
                refused(lambda: client.connect(server.getsockname()), errno.EACCES)
                refused(lambda: client.bind(("127.0.0.1", 0)), errno.EACCES)

        assert held(places[0], trial) == ""


def test_signals_and_abstract_sockets(places: tuple[Path, Path]) -> None:
    needs(6)
    parent = os.getpid()
    name = f"\0ratchet-{parent}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()

        def trial() -> None:
            refused(lambda: os.kill(parent, 0), errno.EPERM)
            refused(lambda: signal.pidfd_send_signal(os.pidfd_open(parent), 0), errno.EPERM)
            with socket.socket(socket.AF_UNIX) as client:
                refused(lambda: client.connect(name), errno.EPERM)
            with socket.socket(socket.AF_UNIX) as own, socket.socket(socket.AF_UNIX) as client:
                own.bind(f"{name}-own")
                own.listen()
                client.connect(f"{name}-own")
            child = os.fork()
            if child == 0:
                signal.pause()
            os.kill(child, signal.SIGTERM)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM

        assert held(places[0], trial) == ""


def test_what_is_open_stays_so(places: tuple[Path, Path]) -> None:
    needs(1)
    inside, outside = places
    with open(outside / "file", "r+") as file:

        def trial() -> None:
            os.write(file.fileno(), b"AFTER")

        assert held(inside, trial) == ""
    assert (outside / "file").read_text() == "AFTERe"


def test_a_mount_below_a_writable_folder(places: tuple[Path, Path]) -> None:
    """As in a slot: the tmpfs is new, the rule is older, and about the folder above the mount point."""
    needs(1)
    if reason := kernel.in_child(kernel.namespace(syscalls.CLONE_NEWNS)):
        pytest.skip(f"LANDLOCK UNDER MOUNTS NOT TESTED: {reason}")

    def trial() -> None:
        kernel.namespace(syscalls.CLONE_NEWNS)()
        syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
        syscalls.mount("tmpfs", "/mnt", "tmpfs", 0)
        for folder in ("/mnt/above", "/mnt/above/own", "/mnt/direct"):
            os.mkdir(folder)
        kernel.no_new_privileges()
        rules = landlock.Ruleset(readable=("/",), writable=("/mnt/above", "/mnt/direct"), devices=())
        for folder in ("/mnt/above/own", "/mnt/direct"):
            syscalls.mount("tmpfs", folder, "tmpfs", 0)
        rules.enforce()
        Path("/mnt/above/own/file").write_text("x")
        refused(lambda: Path("/mnt/direct/file").write_text("x"), errno.EACCES)  # why BOX is where it is
        refused(lambda: Path("/mnt/file").write_text("x"), errno.EACCES)

    assert kernel.in_child(trial) == ""


def test_the_rules_serve_many_processes_and_leave_the_maker_alone(places: tuple[Path, Path]) -> None:
    needs(1)
    inside, outside = places
    rules = landlock.Ruleset(readable=("/",), writable=(str(inside),), devices=())
    try:
        for _ in range(3):

            def trial() -> None:
                kernel.no_new_privileges()
                rules.enforce()
                refused(lambda: (outside / "file").write_text("x"), errno.EACCES)

            assert kernel.in_child(trial) == ""
        (outside / "file").write_text("the maker may")
    finally:
        rules.close()
