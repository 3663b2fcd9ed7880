# ruff: noqa: E501 - programs on one line each read as a table
"""With `loopback` a program can talk to itself over 127.0.0.1 and ::1, and to nobody else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ratchet.sandbox import Limits, LocalSandbox, Outcome, Program

LIMITS = Limits(wall_s=8)
ECHO = """
import os, socket, sys, threading
server = socket.socket({family})
server.bind(({host!r}, {port}))
server.listen()
def serve():
    line, _ = server.accept()
    line.sendall(line.recv(100).upper())
    line.close()
"""
THREADS = "threading.Thread(target=serve, daemon=True).start()\n"
PROCESSES = "if os.fork() == 0:\n    serve()\n    os._exit(0)\n"
ASK = """
with socket.create_connection(server.getsockname()[:2], 3) as line:
    line.sendall(b'hello')
    print(line.recv(100).decode())
"""


@pytest.fixture(scope="module")
def looped() -> Iterator[LocalSandbox]:
    """A sandbox whose programs have a loopback."""
    with LocalSandbox(slots=2, loopback=True) as made:
        yield made


def run(sandbox: LocalSandbox, source: str) -> Outcome:
    return sandbox.run(Program(source), LIMITS)


def echo(host: str = "127.0.0.1", port: int = 0) -> str:
    family = "socket.AF_INET6" if ":" in host else "socket.AF_INET"
    return ECHO.format(family=family, host=host, port=port)


@pytest.mark.parametrize("start", [THREADS, PROCESSES])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_program_talks_to_itself(looped: LocalSandbox, host: str, start: str) -> None:
    for _ in range(3):  # on the same port: nothing is left of the one before
        assert run(looped, echo(host, 8765) + start + ASK).stdout == "HELLO\n"


def test_datagrams_too(looped: LocalSandbox) -> None:
    source = """
import socket
a, b = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
a.bind(("127.0.0.1", 0))
b.sendto(b"hello", a.getsockname())
print(a.recv(10))
"""
    assert run(looped, source).stdout == "b'hello'\n"


def test_a_function_that_is_called_and_one_that_is_examined(looped: LocalSandbox) -> None:
    lines = (echo() + THREADS).replace("\n", "\n    ")
    asked = (
        "    with socket.create_connection(server.getsockname(), 3) as line:\n"
        "        line.sendall(b'x')\n        return line.recv(1).decode()\n"
    )
    source = Program(f"def f():\n    {lines}\n{asked}")
    assert [result.value for result in looped.call(source, "f", [(), ()], LIMITS).results] == ["X", "X"]
    assert looped.examine(source, "f", Program("assert f() == 'X'"), LIMITS).passed


def test_nobody_outside_is_reached(looped: LocalSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        port = server.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        own = socket.gethostbyname(socket.gethostname())
        source = f"""
import socket
for host in ("127.0.0.1", "::1", {own!r}, "8.8.8.8", "10.0.0.1", "169.254.169.254", "2001:4860:4860::8888"):
    try:
        socket.create_connection((host, {port}), 1)
        print("reached", host)
    except OSError:
        pass
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (host, {port}))
    except OSError:
        pass
print(socket.if_nameindex())
"""
        outcome = run(looped, source)
        assert "reached" not in outcome.stdout, outcome
        assert outcome.stdout in ("", "[(1, 'lo')]\n"), outcome
        server.setblocking(False)
        datagrams.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
        with pytest.raises(BlockingIOError):
            datagrams.recv(1)


@pytest.mark.parametrize(
    "kind",
    [
        "AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP",
        "AF_INET6, socket.SOCK_RAW, 58",
        "AF_PACKET, socket.SOCK_RAW",
        "AF_NETLINK, socket.SOCK_RAW",
        "AF_VSOCK, socket.SOCK_STREAM",
        "AF_ALG, socket.SOCK_SEQPACKET",
        "AF_INET, socket.SOCK_SEQPACKET, 132",
    ],
)
def test_no_other_sockets(looped: LocalSandbox, kind: str) -> None:
    source = f"import socket\ntry:\n    socket.socket(socket.{kind})\n    print('made')\nexcept OSError as error:\n    print(type(error).__name__)"
    assert run(looped, source).stdout == "PermissionError\n"


def test_programs_at_the_same_time_do_not_meet(looped: LocalSandbox) -> None:
    listens = (
        "import socket, time\ns = socket.create_server(('127.0.0.1', 8766))\ntime.sleep(1.0)\nprint('up')"
    )
    asks = "import socket, time\ntime.sleep(0.4)\ntry:\n    socket.create_connection(('127.0.0.1', 8766), 1)\n    print('met')\nexcept OSError as error:\n    print(type(error).__name__)"
    with ThreadPoolExecutor(2) as pool:
        outputs = [outcome.stdout for outcome in pool.map(lambda text: run(looped, text), [listens, asks])]
    assert outputs == ["up\n", "ConnectionRefusedError\n"]


def test_a_server_is_gone_with_its_program() -> None:
    daemon = "import os, socket, time\ns = socket.create_server(('127.0.0.1', 8767))\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\nprint('left')"
    asks = "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 8767), 1)\n    print('met')\nexcept OSError as error:\n    print(type(error).__name__)"
    with LocalSandbox(slots=1, loopback=True) as one:
        assert run(one, daemon).stdout == "left\n"
        assert run(one, asks).stdout == "ConnectionRefusedError\n"


def test_without_it_there_is_none(sandbox: LocalSandbox) -> None:
    assert "PermissionError" in run(sandbox, echo()).stderr
