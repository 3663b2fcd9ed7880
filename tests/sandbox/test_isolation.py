# ruff: noqa: E501 - programs on one line each read as a table
"""Nothing of the machine is in reach, and nothing of one program is left for the next."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ratchet.sandbox import Limits, LocalSandbox, Program
from ratchet.sandbox.inside import landlock


def say(sandbox: LocalSandbox, source: str) -> str:
    outcome = sandbox.run(Program(source), Limits(wall_s=8))
    assert outcome.exit_code == 0, outcome
    return outcome.stdout.strip()


def refused(sandbox: LocalSandbox, statement: str) -> str:
    """The name of the OSError that `statement` meets; "" if it succeeds."""
    return say(
        sandbox,
        f"import os, socket, ctypes\ntry:\n    {statement}\n    print('')\nexcept OSError as e:\n    print(type(e).__name__)",
    )


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
def test_no_sockets_but_local_ones(sandbox: LocalSandbox, family: str) -> None:
    assert refused(sandbox, f"socket.socket(socket.{family}, socket.SOCK_DGRAM)") == "PermissionError"


def test_no_connection_to_this_machine(sandbox: LocalSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert refused(sandbox, f"socket.create_connection(('127.0.0.1', {port}), 1)") == "PermissionError"


def test_no_abstract_socket_of_this_machine(sandbox: LocalSandbox) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        name = f"\0ratchet-test-{os.getpid()}"
        server.bind(name)
        server.listen()
        assert (
            refused(sandbox, f"socket.socket(socket.AF_UNIX).connect({name!r})") == "ConnectionRefusedError"
        )


def test_host_files_are_not_there(sandbox: LocalSandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    paths = [
        str(secret),
        "/home",
        "/var",
        "/sys",
        "/etc/shadow",
        "/etc/hostname",
        "/root/.ssh",
        "/root/.bashrc",
        "/work/main",
    ]
    paths += [
        "/old/root",
        "/run",
        "/opt",
        "/mnt",
        "/boot",
        "/dev/mem",
        "/dev/kmsg",
        "/dev/vda",
        "/dev/tty",
        "/.dockerenv",
    ]
    assert say(sandbox, f"import os\nprint([p for p in {paths!r} if os.path.exists(p)])") == "[]"


def test_the_root_holds_what_it_must_and_no_more(sandbox: LocalSandbox) -> None:
    allowed = {
        "bin",
        "box",
        "dev",
        "etc",
        "lib",
        "lib32",
        "lib64",
        "libx32",
        "old",
        "packages",
        "proc",
        "root",
        "home",
        "opt",
        "sbin",
        "tmp",
        "usr",
        "work",
    }
    listed = set(eval(say(sandbox, "import os\nprint(os.listdir('/'))")))
    assert listed <= allowed
    assert say(sandbox, "import os\nprint(sorted(os.listdir('/etc')))").count("'") <= 12


def test_no_environment_of_the_host(sandbox: LocalSandbox) -> None:
    os.environ["RATCHET_TEST_SECRET"] = "secret"
    try:
        with LocalSandbox(slots=1) as other:
            names = say(
                other,
                "import os\nprint(sorted(os.environ))\nprint(open('/proc/self/environ').read().count('secret'))",
            )
    finally:
        del os.environ["RATCHET_TEST_SECRET"]
    known = ["ARROW_DEFAULT_MEMORY_POOL", "HOME", "LANG", "MKL_NUM_THREADS", "OMP_NUM_THREADS"]
    known += ["OPENBLAS_NUM_THREADS", "PATH", "PWD", "PYTHONHASHSEED", "PYTHONPATH"]
    assert names == f"{known}\n0"


@pytest.mark.parametrize(
    "statement",
    [
        "open('/usr/x', 'w')",
        "open('/x', 'w')",
        "open('/etc/passwd', 'a')",
        "open('/packages/0/x', 'w')",
        "os.mkdir('/root/x')",
        "os.chmod('/usr', 0o777)",
        "os.unlink('/bin/sh')",
        "os.rename('/usr/bin', '/usr/bun')",
        "open(os.__file__, 'a')",
        "open('/proc/sys/kernel/core_pattern', 'w')",
        "open('/proc/sysrq-trigger', 'w')",
        "open('/proc/self/mem', 'r+b')",
        "open('/proc/1/mem', 'rb')",
        "os.listdir('/proc/1/fd')",
        "os.readlink('/proc/1/root')",
        "os.mknod('x', 0o600 | 0o020000, os.makedev(1, 1))",
        "os.chroot('/tmp')",
        "os.setuid(0)",
        "os.setgroups([])",
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
        "os.nice(-5)",
    ],
)
def test_the_system_is_read_only_and_holds_no_rights(sandbox: LocalSandbox, statement: str) -> None:
    assert refused(sandbox, statement) in {"PermissionError", "OSError", "FileNotFoundError"}


SYSTEM_CALLS = {
    "ptrace": 101, "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161,
    "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "keyctl": 250, "add_key": 248,
    "kexec_load": 246, "init_module": 175, "reboot": 169, "process_vm_readv": 310, "process_vm_writev": 311,
    "pidfd_getfd": 438, "open_by_handle_at": 304, "fsopen": 430, "open_tree": 428, "move_mount": 429,
    "personality": 135, "settimeofday": 164, "clock_settime": 227, "swapon": 167, "acct": 163, "quotactl": 179,
}  # fmt: skip


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86-64")
def test_system_calls_are_filtered(sandbox: LocalSandbox) -> None:
    source = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name, number in {SYSTEM_CALLS!r}.items():
    ctypes.set_errno(0)
    if libc.syscall(number, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != 1:
        print(name, ctypes.get_errno())
for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
    if libc.syscall(56, flag | 17, 0, 0, 0, 0) == 0:
        libc._exit(3)
    if ctypes.get_errno() != 1:
        print("clone", hex(flag))
ctypes.set_errno(0)
libc.syscall(435, 0, 0)
print(ctypes.get_errno())
"""
    assert say(sandbox, source) == "38"  # clone3: ENOSYS


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86-64")
def test_a_foreign_system_call_table_kills(sandbox: LocalSandbox) -> None:
    source = "import ctypes\nctypes.CDLL(None).syscall(0x40000000 + 39)\nprint('alive')"
    assert sandbox.run(Program(source)).signal == 31


def test_it_has_no_capabilities_and_cannot_gain_any(sandbox: LocalSandbox) -> None:
    status = say(sandbox, "print(open('/proc/self/status').read())")
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(facts[name], 16) == 0
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"
    assert facts["Uid"].split() == ["1000"] * 4


def test_only_its_own_processes_are_seen_and_signalled(sandbox: LocalSandbox) -> None:
    assert (
        say(sandbox, "import os\nprint(sorted(p for p in os.listdir('/proc') if p.isdigit()))")
        == "['1', '2']"
    )
    assert refused(sandbox, f"os.kill({os.getpid()}, 0)") == "ProcessLookupError"
    source = """
import os
refused = 0
for number in (9, 15, 19, 2, 10):
    try: os.kill(1, number)
    except PermissionError: refused += 1
print(refused, os.getppid())
"""
    # Where Landlock does not know signals, they arrive, and to no effect.
    assert say(sandbox, source) == ("5 1" if landlock.abi() >= 6 else "0 1")


def test_descriptors_are_the_standard_ones_only(sandbox: LocalSandbox) -> None:
    source = "import os\nfds = {int(f) for f in os.listdir('/proc/self/fd')}\nprint(sorted(f for f in fds if f < 1000)[:3], len(fds))"
    assert say(sandbox, source) == "[0, 1, 2] 4"  # the fourth is the listing's own


LEAKS = {
    "files": ("open('/tmp/x', 'w').write('1'); open('y', 'w').write('1')", "import os; print(os.listdir('/tmp'), os.listdir('.'))", "[] ['program.py']"),
    "shm": ("open('/dev/shm/x', 'w').write('1')", "import os; print(os.listdir('/dev/shm'))", "[]"),
    "modules": ("import sys, math; sys.modules['left'] = 1; math.left = 1", "import sys, math; print('left' in sys.modules, hasattr(math, 'left'))", "False False"),
    "builtins": ("import builtins; builtins.len = None", "print(len('x'))", "1"),
    "environment": ("import os; os.environ['LEFT'] = '1'", "import os; print(os.environ.get('LEFT'))", "None"),
    "directory": ("import os; os.chdir('/')", "import os; print(os.getcwd())", "/box/own/work"),
    "limits": ("import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))", "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))", "(256, 256)"),
    "signals": ("import signal; signal.signal(15, signal.SIG_IGN); signal.pthread_sigmask(0, [14])", "import signal; print(signal.getsignal(15) == signal.SIG_DFL, signal.pthread_sigmask(0, []))", "True set()"),
    "umask": ("import os; os.umask(0)", "import os; print(oct(os.umask(0)))", "0o22"),
    "sysv": ("import ctypes; print(ctypes.CDLL(None).shmget(77, 4096, 0o1666) >= 0)", "import ctypes; print(ctypes.CDLL(None).shmget(77, 4096, 0o666))", "-1"),
    "abstract sockets": ("import socket, os\ns = socket.socket(socket.AF_UNIX); s.bind('\\0left'); s.listen()\nos.fork()", "import socket\ntry: socket.socket(socket.AF_UNIX).connect('\\0left'); print('there')\nexcept OSError: print('gone')", "gone"),
    "recursion limit": ("import sys; sys.setrecursionlimit(50)", "import sys; print(sys.getrecursionlimit())", "1000"),
    "hostname": ("import ctypes; ctypes.CDLL(None).sethostname(b'left', 4)", "import os; print(os.uname().nodename != 'left')", "True"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEAKS)
def test_nothing_is_left_for_the_next_program(name: str) -> None:
    first, second, expected = LEAKS[name]
    with LocalSandbox(slots=1) as one:
        for _ in range(2):
            one.run(Program(first), Limits(wall_s=8))
            assert say(one, second) == expected


DRAW = "import os, random, secrets, uuid\nprint(random.random(), *random.sample(range(99), 3), end=';')\nprint(uuid.uuid4(), os.urandom(8), secrets.token_hex())"
NUMPY_DRAW = "import numpy\nprint(numpy.random.rand(), numpy.random.randint(1000))"


def test_random_numbers_start_from_the_seed_and_secrets_do_not(sandbox: LocalSandbox) -> None:
    """Whatever the one before has drawn: a verdict may depend on neither its neighbours nor their number."""
    drawn = [say(sandbox, DRAW).split(";", 1) for _ in range(4)]
    [called] = sandbox.call(Program("import random\ndef f(): return random.random()"), "f", [()]).results
    assert {str(called.value)} == {first.split()[0] for first, _ in drawn}
    assert len({first for first, _ in drawn}) == 1
    assert len({secret for _, secret in drawn}) == 4
    assert len({say(sandbox, NUMPY_DRAW) for _ in range(3)}) == 1


def test_another_seed_gives_other_numbers(sandbox: LocalSandbox) -> None:
    with LocalSandbox(slots=1, seed=1) as other:
        assert say(other, DRAW).split(";")[0] != say(sandbox, DRAW).split(";")[0]
        assert say(other, NUMPY_DRAW) != say(sandbox, NUMPY_DRAW)


def test_hashes_are_those_of_the_seed_or_random() -> None:
    source = "print(hash('text'), list({'a', 'b', 'c'}))"
    seen: dict[int | None, set[str]] = {}
    for seed in (0, 1, None):
        for _ in range(2):
            with LocalSandbox(slots=1, hash_seed=seed) as one:
                seen.setdefault(seed, set()).update(say(one, source) for _ in range(2))
    assert [len(seen[seed]) for seed in (0, 1, None)] == [1, 1, 2]
    assert seen[0] != seen[1]


def test_the_harness_is_not_in_the_way(sandbox: LocalSandbox) -> None:
    source = """
import sys
print(sys.argv, __name__, __file__, [m for m in sys.modules if "ratchet" in m])
import wire
"""
    outcome = sandbox.run(Program(source, files={"wire.py": "print('own')"}), Limits(wall_s=8))
    assert outcome.stdout == "['program.py'] __main__ program.py []\nown\n"
