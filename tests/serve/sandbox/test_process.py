"""`ratchet sandbox-server` as a process: its end, and that of its workers."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox import Program, Status
from ratchet.sandbox.backends.remote import RemoteSandbox
from tests.serve.sandbox.serving import Served, below, server_process

if TYPE_CHECKING:
    from tests.conftest import RunRatchet

pytestmark = pytest.mark.slow

SLEEP = "import time; time.sleep(1.5); print(input())"


def ask(served: Served, number: int, code: str = SLEEP) -> httpx2.Response:
    return served.post("/run_code", code=code, language="python", stdin=str(number))


def busy(served: Served, count: int) -> None:
    served.until(lambda health: health["running"] + health["waiting"] == count)


def alive(pids: list[int]) -> list[int]:
    """Those that are still there and no zombies."""
    found = []
    for pid in pids:
        with suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z":
                found.append(pid)
    return found


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_what_was_asked_before_is_answered(ratchet_command: Path, sent: signal.Signals) -> None:
    with (
        server_process(ratchet_command, "--slots", "1") as (process, served),
        ThreadPoolExecutor(3) as pool,
    ):
        answers = [pool.submit(ask, served, number) for number in range(3)]
        busy(served, 3)
        process.send_signal(sent)
        assert [answer.result().json()["run_result"]["stdout"] for answer in answers] == ["0\n", "1\n", "2\n"]
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
        with pytest.raises(httpx2.ConnectError):
            served.http.get("/health")


def test_a_second_signal_ends_it_at_once(ratchet_command: Path) -> None:
    with (
        server_process(ratchet_command, "--slots", "1") as (process, served),
        ThreadPoolExecutor(1) as pool,
    ):
        answer = pool.submit(ask, served, 1, "import time; time.sleep(100)")
        busy(served, 1)
        jailed = below(process.pid)
        assert jailed
        process.send_signal(signal.SIGINT)
        end = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
        assert process.poll() is not None
        with suppress(httpx2.TransportError):
            print(answer.result(60).text)
            assert answer.result(60).status_code >= 500
        gone(jailed)


def gone(pids: list[int]) -> None:
    end = time.monotonic() + 30
    while left := alive(pids):
        assert time.monotonic() < end, left
        time.sleep(0.05)


def test_a_worker_that_is_killed_costs_no_answer(ratchet_command: Path) -> None:
    """The work is done once more; if the sandbox breaks for good that is said, and is no verdict."""
    with server_process(ratchet_command, "--slots", "2") as (process, served):
        assert ask(served, 0, "print(input())").json()["run_result"]["stdout"] == "0\n"
        with ThreadPoolExecutor(4) as pool:
            for round_ in range(3):
                answers = [pool.submit(ask, served, 10 * round_ + number) for number in range(4)]
                served.until(lambda health: health["running"] == 2)
                time.sleep(0.1 * round_)
                for pid in below(process.pid):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                for number, answer in enumerate(answers):
                    found = answer.result().json()
                    if found["status"] == "SandboxError":
                        assert found["run_result"] is None
                        assert found["message"]
                    elif found["run_result"]["return_code"] == 0:
                        assert found["run_result"]["stdout"] == f"{10 * round_ + number}\n"
                    else:  # the program itself was killed, and so says its answer
                        assert found["run_result"]["return_code"] == -signal.SIGKILL
        assert ask(served, 5, "print(input())").json()["run_result"]["stdout"] == "5\n"


def test_a_server_that_is_killed_is_an_error_and_leaves_nothing(ratchet_command: Path) -> None:
    with (
        server_process(ratchet_command, "--slots", "2") as (process, served),
        RemoteSandbox(served.url, patience_s=1.0) as sandbox,
        ThreadPoolExecutor(3) as pool,
    ):
        answers = [pool.submit(sandbox.run, Program("import time; time.sleep(100)")) for _ in range(3)]
        busy(served, 3)
        jailed = below(process.pid)
        process.kill()
        process.wait()
        for answer in answers:
            assert isinstance(answer.exception(60), HarnessError)
            assert "was lost before it had answered" in str(answer.exception())
        with pytest.raises(HarnessError, match="took no work for 1 s"):
            sandbox.run(Program("1"))
        gone(jailed)


def test_what_a_user_can_mend_is_a_sentence(ratchet_cli: RunRatchet, ratchet_command: Path) -> None:
    with server_process(ratchet_command, "--slots", "1", "--walls", "full") as (_, served):
        port = served.url.rpartition(":")[2]
        found = ratchet_cli("sandbox-server", "--port", port)
        assert found.returncode == 2
        assert f"port {port} of 127.0.0.1 cannot be had" in found.stderr
        assert "Traceback" not in found.stderr
    assert ratchet_cli("sandbox-server", "--slots", "0").returncode == 2


def test_packages_are_named_only_where_that_is_allowed(ratchet_command: Path) -> None:
    program = Program("print(1)", packages=("six",))
    with (
        server_process(ratchet_command) as (_, served),
        RemoteSandbox(served.url) as remote,
        pytest.raises(RatchetError, match="installs no packages"),
    ):
        remote.run(program)
    with (
        server_process(ratchet_command, "--packages", "other, another") as (_, served),
        RemoteSandbox(served.url) as remote,
    ):
        seen = remote.run(program)
        assert seen.status is Status.PACKAGES
        assert "allow-list" in seen.reason
