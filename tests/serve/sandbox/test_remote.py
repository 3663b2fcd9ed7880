"""RemoteSandbox: the same as the sandbox behind it, or a clear error."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from ratchet.errors import HarnessError, RatchetError
from ratchet.judge import judge
from ratchet.problems.types import CallOracle, Case, Problem, Sample
from ratchet.sandbox import Limits, Program, Status
from ratchet.sandbox.backends.remote import RemoteSandbox
from tests.serve.sandbox.serving import Served, serving


@pytest.fixture
def remote(served: Served) -> Iterator[RemoteSandbox]:
    with RemoteSandbox(served.url) as sandbox:
        yield sandbox


def test_running(remote: RemoteSandbox) -> None:
    assert remote.slots == 2
    program = Program(
        "import sys, os\nprint(input(), open('d/f', 'rb').read())\nopen('o.txt', 'w').write('left')",
        stdin="ü\ud800",
        files={"d/f": b"\xff\0"},
    )
    outcome = remote.run(program, fetch=("*.txt",))
    assert outcome.status is Status.OK
    assert outcome.files == {"o.txt": b"left"}
    assert "b'\\xff\\x00'" in outcome.stdout
    assert remote.run(Program("while True: pass"), Limits(wall_s=0.3)).status is Status.TIMEOUT
    assert remote.run(Program("exit 3", "bash")).exit_code == 3


def test_calling_and_examining(remote: RemoteSandbox) -> None:
    seen = remote.call(
        Program("def f(x):\n    if x == 3: raise KeyError(x)\n    return (x, {x})"),
        "f",
        [(1,), (3,), ((1, 2.5),)],
    )
    first, second, third = seen.results
    assert first.value == (1, {1})
    assert second.raised is not None
    assert second.raised.name == "KeyError"
    assert third.value == ((1, 2.5), {(1, 2.5)})
    right = Program("def f(xs): xs.append(1); return xs")
    assert remote.examine(right, "f", Program("y = []\nassert f(y) == [1] == y"), in_place=True).passed
    assert not remote.examine(Program("def f(xs): return 0"), "f", Program("assert f([]) == [1]")).passed


def test_judging(remote: RemoteSandbox) -> None:
    problem = Problem("p", "", CallOracle("f", (Case((2,), 4),)))
    for text, passed in (("def f(x): return 2 * x", True), ("def f(x): return 5", False)):
        assert judge(problem, Sample("p", 0, text), remote, Limits()).passed is passed  # type: ignore[arg-type]


def test_errors_are_those_of_a_local_sandbox(remote: RemoteSandbox) -> None:
    with pytest.raises(RatchetError, match="no language 'klingon'"):
        remote.run(Program("x", "klingon"))
    with pytest.raises(RatchetError, match="inside its working directory"):
        remote.run(Program("x", files={"/etc/x": ""}))
    with pytest.raises(RatchetError, match="pass plain data"):
        remote.call(Program("def f(x): pass"), "f", [(object(),)])
    with pytest.raises(RatchetError, match="300 s at most on this server"):
        remote.run(Program("x"), Limits(wall_s=1000))


@pytest.mark.slow
def test_many_threads_and_a_full_server() -> None:
    with serving(slots=1, queue_size=1) as served, RemoteSandbox(served.url, slots=8) as sandbox:

        def ask(number: int) -> str:
            return sandbox.run(Program(f"import time; time.sleep(0.1); print({number})")).stdout

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(16))) == [f"{number}\n" for number in range(16)]
        assert served.metric('ratchet_requests_total{path="/sandbox",status="429"}') > 0
        with RemoteSandbox(served.url, patience_s=0.2) as hasty, ThreadPoolExecutor(4) as pool:
            slow = [pool.submit(sandbox.run, Program("import time; time.sleep(3)")) for _ in range(2)]
            served.until(lambda health: health["running"] == health["waiting"] == 1)
            with pytest.raises(HarnessError, match=r"took no work for 0\.2 s \(status 429\)"):
                hasty.run(Program("1"))
            assert [future.result().status for future in slow] == [Status.OK] * 2


def test_too_much_at_once(served: Served) -> None:
    from ratchet.serve.sandbox import Bounds

    with serving(slots=1, bounds=Bounds(body_bytes=1 << 20)) as small, RemoteSandbox(small.url) as sandbox:
        with pytest.raises(RatchetError, match="the body is longer than 1 MiB"):
            sandbox.run(Program("1", stdin="x" * (2 << 20)))
        assert sandbox.run(Program("1")).status is Status.OK


Reply = Callable[[socket.socket], None]


@contextmanager
def answering(reply: Reply) -> Iterator[str]:
    """A server that is healthy, and answers every other request by `reply`."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                asked = connection.recv(1 << 16)
                if asked.startswith(b"GET /health"):
                    connection.sendall(_http(b'{"slots": 1}'))
                else:
                    reply(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def _http(body: bytes, status: bytes = b"200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (status, size, body)


WHOLE = b'{"outcome": {"status": "ok"}}'


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "was lost before it had answered"),
        (_http(WHOLE, length=len(WHOLE) + 10), "was lost before it had answered"),
        (_http(WHOLE[:-5]), "no JSON"),
        (_http(WHOLE), "cannot be read"),
        (_http(b"[]"), "cannot be read"),
        (_http(b"{}"), "cannot be read"),
        (_http(b"<html>bad gateway</html>", b"502 Bad Gateway"), "status 502 and no JSON"),
        (_http(b'{"ok": true}', b"502 Bad Gateway"), "status 502"),
        (_http(b'{"error": {"kind": "server", "message": "it broke."}}', b"500 Oh"), "broke: it broke"),
        (_http(b'{"error": {"kind": "harness", "message": "no slot."}}', b"500 Oh"), "no slot"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "was lost before it had answered"),
    ],
)
def test_what_is_no_whole_answer_is_an_error(sent: bytes, said: str) -> None:
    with (
        answering(lambda connection: connection.sendall(sent)) as url,
        RemoteSandbox(url) as sandbox,
        pytest.raises(HarnessError, match=said),
    ):
        sandbox.run(Program("print(1)"))


def test_a_place_where_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RatchetError, match="no sandbox server answers"):
        RemoteSandbox(f"http://127.0.0.1:{port}")
    with pytest.raises(RatchetError, match="address"):
        RemoteSandbox("no address")


def test_a_server_of_another_kind() -> None:
    def web(connection: socket.socket) -> None:
        connection.sendall(_http(b"<html>"))

    with answering(web) as url, pytest.raises(RatchetError, match="no Ratchet sandbox server"):
        RemoteSandbox(f"{url}/elsewhere")


def test_slots_are_numbers(served: Served) -> None:
    with pytest.raises(RatchetError, match="at least one slot"):
        RemoteSandbox(served.url, slots=0)
