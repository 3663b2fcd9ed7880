# ruff: noqa: E501 - programs on one line each read as a table
"""The filters: every system call number by an interpreter of BPF, and the calls themselves in the jail."""

from __future__ import annotations

import errno
import socket
import struct
import sys
from pathlib import Path

import pytest

from ratchet.sandbox import LocalSandbox, Program, Status
from ratchet.sandbox.doctor import kernel
from ratchet.sandbox.inside import bpf, root, seccomp, syscalls

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
EPERM, ENOSYS = bpf.refused(), bpf.refused(errno.ENOSYS)


def answer(code: bytes, number: int, *arguments: int, architecture: int | None = None) -> tuple[int, int]:
    """What a filter says to a system call, and after how many steps."""
    if architecture is None:
        architecture = ARCHITECTURES[syscalls.machine()]
    data = struct.pack("=iIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    program = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    value = at = steps = 0
    while True:
        name, yes, no, k = program[at]
        at += 1
        steps += 1
        if name == bpf.LOAD:
            (value,) = struct.unpack_from("=I", data, k)
        elif name == bpf.AND:
            value &= k
        elif name == bpf.EQUAL:
            at += yes if value == k else no
        elif name == bpf.AT_LEAST:
            at += yes if value >= k else no
        elif name == bpf.ALWAYS:
            at += k
        elif name == bpf.RETURN:
            return k, steps
        else:
            pytest.fail(f"an instruction that is not assembled here: {name:#x}")


@pytest.fixture(params=list(ARCHITECTURES))
def which(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Assemble for this architecture; its place in the tables."""
    monkeypatch.setattr(syscalls.platform, "machine", lambda: request.param)
    return list(ARCHITECTURES).index(request.param)


def numbers(which: int, *tables: seccomp.Numbers) -> set[int]:
    return {n for table in tables for pair in table.values() if (n := pair[which]) is not None}


PLAIN = (
    seccomp.OTHERS, seccomp.KERNEL, seccomp.MACHINE, seccomp.FILES, seccomp.SHARED, seccomp.UNCOUNTED,
)  # fmt: skip


def test_every_number_under_the_slots_filter(which: int) -> None:
    code = seccomp.slot_filter()
    refused, looked_at = numbers(which, *PLAIN), numbers(which, seccomp.LOOKED_AT)
    assert not refused & looked_at
    for number in range(1024):
        said, steps = answer(code, number)
        assert steps <= 20
        if number >= seccomp.CEILING or number == seccomp.LOOKED_AT["clone3"][which]:
            assert said == ENOSYS, number
        elif number in refused:
            assert said == EPERM, number
        elif number not in looked_at:
            assert said == bpf.ALLOW, number


def test_every_number_under_the_programs_filter(which: int) -> None:
    code = seccomp.program_filter()
    for number in range(1024):
        expected = EPERM if number in numbers(which, seccomp.SET_UP) else bpf.ALLOW
        assert answer(code, number)[0] == expected
    assert len(code) // 8 <= 24  # each is checked and compiled for every program


def test_foreign_architectures_kill(which: int) -> None:
    code = seccomp.slot_filter()
    assert answer(code, 39, architecture=0x40000003)[0] == bpf.KILL_PROCESS
    other = list(ARCHITECTURES.values())[1 - which]
    assert answer(code, 39, architecture=other)[0] == bpf.KILL_PROCESS
    assert answer(code, 39 | 0x40000000)[0] == (bpf.KILL_PROCESS if which == 0 else ENOSYS)


def test_what_is_looked_at(which: int) -> None:
    code, program = seccomp.slot_filter(), seccomp.program_filter()
    call = {name: pair[which] for name, pair in seccomp.LOOKED_AT.items()}

    def said(name: str, *arguments: int, code: bytes = code) -> int:
        return answer(code, call[name] or 0, *arguments)[0]

    assert said("clone", 0x11) == bpf.ALLOW == said("clone", 0x11, code=program)
    assert said("clone", syscalls.CLONE_NEWUSER | 0x11) == EPERM
    assert said("clone", seccomp.CLONE_PARENT | 0x11) == EPERM
    for flag in (
        syscalls.CLONE_NEWPID,
        syscalls.CLONE_NEWNET,
        syscalls.CLONE_NEWTIME,
        syscalls.CLONE_NEWUSER,
    ):
        assert said("clone", flag | 0x11, code=program) == EPERM
    assert said("unshare", syscalls.CLONE_NEWPID) == bpf.ALLOW
    assert said("unshare", syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWNS) == EPERM
    assert said("prlimit64", 0, 7) == bpf.ALLOW
    assert said("prlimit64", 1, 7) == EPERM
    assert [said("ioctl", 1, request) for request in (0x5412, 0x541C, 0x890B, 0x8914, 0x89FF)] == [EPERM] * 5
    allowed = (0x5401, 0x5413, 0x541B, 0x5421, 0x890A, 0x8A00, 0x80045200)
    assert [said("ioctl", 1, request) for request in allowed] == [bpf.ALLOW] * len(allowed)
    assert said("socketpair", int(socket.AF_UNIX)) == bpf.ALLOW
    assert said("socketpair", 30) == EPERM


@pytest.mark.parametrize(
    ("sockets", "unix", "inet", "raw", "vsock"),
    [
        (seccomp.Sockets.UNIX, True, False, False, False),
        (seccomp.Sockets.LOOPBACK, True, True, False, False),
        (seccomp.Sockets.ANY, True, True, True, True),
    ],
)
def test_sockets(
    which: int, sockets: seccomp.Sockets, unix: bool, inet: bool, raw: bool, vsock: bool
) -> None:
    code = seccomp.slot_filter(sockets=sockets)
    number = seccomp.LOOKED_AT["socket"][which] or 0
    for family, kind, allowed in (
        (1, 1, unix), (1, 5, unix), (2, 1, inet), (2, 2, inet), (10, 1, inet), (10, 2 | 0x80800, inet),
        (2, 3, raw), (10, 3, raw), (2, 5, raw), (17, 3, raw), (16, 3, raw), (40, 1, vsock), (38, 5, vsock),
    ):  # fmt: skip
        assert (answer(code, number, family, kind)[0] == bpf.ALLOW) == allowed, (family, kind)


def test_memory_that_is_counted_may_be_had() -> None:
    number = seccomp.UNCOUNTED["memfd_create"][0 if syscalls.machine() == "x86_64" else 1] or 0
    assert answer(seccomp.slot_filter(), number)[0] == EPERM
    assert answer(seccomp.slot_filter(memory_counted=True), number)[0] == bpf.ALLOW


def test_a_machine_without_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls.platform, "machine", lambda: "riscv64")
    with pytest.raises(syscalls.WallError, match="no seccomp table for a riscv64"):
        seccomp.slot_filter()


def test_numbers_agree_with_the_headers() -> None:
    """On a machine with the kernel's headers: x86-64's own list, and the one that aarch64 shares."""
    for index, header in enumerate(
        ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm-generic/unistd.h")
    ):
        if not Path(header).exists():
            pytest.skip(f"NUMBERS NOT COMPARED: {header} is missing: apt-get install linux-libc-dev")
        known = {}
        for line in Path(header).read_text().splitlines():
            words = line.split()
            if len(words) == 3 and words[1].startswith("__NR") and words[2].isdigit():
                known[words[1].removeprefix("__NR3264_").removeprefix("__NR_")] = int(words[2])
        for table in (*PLAIN, seccomp.SET_UP, seccomp.LOOKED_AT):
            for name, pair in table.items():
                assert known.get(name, pair[index]) == pair[index], name


def test_jumps_beyond_a_conditionals_reach() -> None:
    leaves = {number: bpf.only(0, *range(number, number + 40)) for number in range(0, 64, 2)}
    code = bpf.assemble(bpf.search(leaves))
    assert len(code) // 8 > 1000
    for number in range(64):
        allowed = bpf.ALLOW if number % 2 else EPERM
        assert answer(code, number, 1000)[0] == allowed
        assert answer(code, number, number + 39)[0] == bpf.ALLOW


CALLS = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
for number in NUMBERS:
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in ARGUMENTS])
    print(number, result, errno.errorcode.get(ctypes.get_errno(), "none"))
"""


def test_the_jail_refuses_them(sandbox: LocalSandbox) -> None:
    index = 0 if syscalls.machine() == "x86_64" else 1
    refused = sorted(numbers(index, *PLAIN[:-1], seccomp.SET_UP) - {seccomp.MACHINE["vhangup"][index]})
    source = f"NUMBERS, ARGUMENTS = {refused}, [-1] * 6\n{CALLS}"
    outcome = sandbox.run(Program(source))
    assert outcome.stdout.splitlines() == [f"{number} -1 EPERM" for number in refused], outcome.stderr
    source = f"NUMBERS, ARGUMENTS = {[435, 470, 500, 1000]}, [0] * 6\n{CALLS}"
    assert {line.split()[2] for line in sandbox.run(Program(source)).stdout.splitlines()} == {"ENOSYS"}


HONEST = {
    "multiprocessing": "from multiprocessing import Pool\nwith Pool(2) as pool: print(pool.map(abs, [-1, 2]))",
    "shared_memory": "from multiprocessing.shared_memory import SharedMemory\nm = SharedMemory(create=True, size=9)\nm.buf[0] = 7\nprint(m.buf[0])\nm.close(); m.unlink()",
    "threads": "import threading\nt = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
    "subprocess": "import subprocess\nprint(subprocess.run(['/bin/sh', '-c', 'echo hi'], capture_output=True, text=True).stdout)",
    "asyncio": "import asyncio\nasync def main():\n    p = await asyncio.create_subprocess_exec('/bin/echo', 'x', stdout=-1)\n    print((await p.communicate())[0])\nasyncio.run(main())",
    "tempfile": "import tempfile\nwith tempfile.NamedTemporaryFile() as f: f.write(b'x'); f.flush(); print(open(f.name).read())",
    "selectors": "import selectors, socket\na, b = socket.socketpair(); s = selectors.DefaultSelector(); s.register(a, 1); b.send(b'x'); print(len(s.select(1)))",
    "mmap": "import mmap\nm = mmap.mmap(-1, 4096); m[0] = 1; print(m[0])",
    "resource": "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (32, 32)); print(resource.getrlimit(resource.RLIMIT_NOFILE))",
    "copying": "import json, os, shutil\nopen('a', 'w').write('x'); shutil.copy2('a', 'b'); shutil.copytree(os.path.dirname(json.__file__), '/tmp/j'); print(open('b').read())",
    "unix server": "import socket, threading\ns = socket.socket(socket.AF_UNIX); s.bind('/tmp/s'); s.listen()\nc = socket.socket(socket.AF_UNIX); c.connect('/tmp/s'); c.send(b'x'); print(s.accept()[0].recv(1))",
    "abstract socket": "import socket\ns = socket.socket(socket.AF_UNIX); s.bind('\\0x'); s.listen()\nc = socket.socket(socket.AF_UNIX); c.connect('\\0x'); print('connected')",
    "affinity": "import os\nos.sched_setaffinity(0, os.sched_getaffinity(0)); os.nice(1); print(os.getpriority(os.PRIO_PROCESS, 0))",
    "file flags": "import os\nos.mkfifo('f'); os.link('f', 'g'); os.symlink('f', 'h'); os.chmod('f', 0o600); os.utime('f'); print(sorted(os.listdir()))",
}  # fmt: skip


@pytest.mark.parametrize("name", list(HONEST))
def test_honest_programs_meet_no_wall(sandbox: LocalSandbox, name: str) -> None:
    outcome = sandbox.run(Program(HONEST[name]))
    assert (outcome.status, outcome.stderr) == (Status.OK, "")
    assert outcome.stdout


def _talk_over_the_loopback() -> None:
    """As a zygote and a program would: the loopback first, then the filter, then no rights."""
    kernel.namespace(syscalls.CLONE_NEWNET)()
    root.loopback_up()
    kernel.no_new_privileges()
    syscalls.SeccompFilter(seccomp.slot_filter(sockets=seccomp.Sockets.LOOPBACK)).install()
    syscalls.drop_capabilities()
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        for _ in range(3):  # the port is free at once, though the side that listened closed first
            server = socket.socket(family)
            server.bind((address, 8765))
            server.listen()
            client = socket.create_connection((address, 8765), 2)
            there, _ = server.accept()
            client.sendall(b"hello")
            assert there.recv(9) == b"hello"
            for end in (there, server, client):
                end.close()
    one, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    one.bind(("127.0.0.1", 0))
    other.sendto(b"datagram", one.getsockname())
    assert one.recv(9) == b"datagram"
    for address in (OUTSIDE[0], ("192.0.2.1", 80), ("8.8.8.8", 53)):
        try:
            socket.create_connection(address, 1).close()
        except OSError:
            continue
        raise AssertionError(f"{address} was reached")
    for family, kind in ((socket.AF_INET, socket.SOCK_RAW), (socket.AF_PACKET, socket.SOCK_RAW), (40, 1)):
        try:
            socket.socket(family, kind).close()
        except PermissionError:
            continue
        raise AssertionError(f"a socket of family {family}, kind {kind} was had")


OUTSIDE: list[tuple[str, int]] = []


def test_a_program_with_a_loopback_reaches_itself_and_nothing_else() -> None:
    if reason := kernel.in_child(kernel.namespace(syscalls.CLONE_NEWNET)):
        pytest.skip(f"LOOPBACK NOT TESTED: {reason}")
    "name".encode("idna")  # its module must be there before the way to it is not
    with socket.create_server(("127.0.0.1", 0)) as server:
        OUTSIDE[:] = [server.getsockname()]
        assert kernel.in_child(_talk_over_the_loopback) == ""
        server.settimeout(0.05)
        with pytest.raises(TimeoutError):
            server.accept()
