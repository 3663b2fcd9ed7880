"""Containers, engines and supervisors that die: no verdict is made up, and no container is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox import Limits, Program, Walls
from ratchet.sandbox.backends.container import ContainerSandbox
from tests.sandbox.backends.conftest import OwnEngine, TestEngine
from tests.sandbox.watching import wait_until

pytestmark = pytest.mark.slow

LOOP = Program("while True: pass")


def test_a_container_that_is_killed_is_replaced_and_the_answer_is_right(engine: TestEngine) -> None:
    with engine.sandbox() as sandbox, ThreadPoolExecutor(1) as thread:
        (first, pid), *more = engine.containers()
        assert more == []
        waiting = thread.submit(sandbox.run, Program("import time; time.sleep(2); print(5)"))
        assert not wait_until(waiting.done, 0.5)
        os.kill(pid, signal.SIGKILL)
        assert waiting.result(60).stdout == "5\n"
        ((second, _),) = engine.containers()
        assert second != first
    assert wait_until(lambda: engine.containers() == [], 30)


def test_a_program_whose_containers_die_twice_has_no_outcome(engine: TestEngine) -> None:
    with engine.sandbox() as sandbox:
        over = threading.Event()

        def kill_all() -> None:
            while not over.wait(0.5):
                for _, pid in engine.containers():
                    if pid > 0 and Path(f"/proc/{pid}").exists():
                        os.kill(pid, signal.SIGKILL)

        thread = threading.Thread(target=kill_all)
        thread.start()
        try:
            with pytest.raises(HarnessError, match="the container broke twice on one request"):
                sandbox.run(Program("import time; time.sleep(20)"), Limits(wall_s=30))
        finally:
            over.set()
            thread.join()
        assert sandbox.run(Program("print(1)")).stdout == "1\n"


SUPERVISOR = """
import sys, threading
from ratchet.sandbox import Limits, Program
from ratchet.sandbox.backends.container import ContainerSandbox
sandbox = ContainerSandbox(sys.argv[2], engine=sys.argv[1], slots=1)
threading.Thread(target=sandbox.run, args=(Program("while True: pass"), Limits(wall_s=60))).start()
print("ready", flush=True)
"""


def test_a_killed_supervisor_leaves_no_container(engine: TestEngine) -> None:
    command = [sys.executable, "-c", SUPERVISOR, engine.address, engine.image]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        (_, inner), *more = engine.containers(process.pid)
        assert more == []
        process.kill()
    assert wait_until(lambda: engine.containers(process.pid) == [], 30)
    assert not Path(f"/proc/{inner}").exists()


def test_an_engine_that_dies_is_an_error_and_leaves_no_container() -> None:
    with OwnEngine() as engine:
        sandbox = engine.sandbox()
        ((_, pid),) = engine.containers()
        assert engine.service is not None
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(sandbox.run, Program("import time; time.sleep(20)"), Limits(wall_s=30))
            assert not wait_until(waiting.done, 0.5)
            engine.service.kill()
            with pytest.raises(HarnessError, match=r"the container broke twice .* nothing can be asked"):
                waiting.result(60)
        sandbox.close()
        assert wait_until(lambda: not Path(f"/proc/{pid}").exists(), 30)
    with OwnEngine() as another:
        assert wait_until(lambda: another.containers() == [], 30)


def test_a_fork_of_this_process_gets_a_container_of_its_own(engine: TestEngine) -> None:
    with engine.sandbox() as sandbox:
        (before,) = engine.containers()
        child = os.fork()
        if child == 0:
            good = sandbox.run(Program("print(7)")).stdout == "7\n" and len(engine.containers()) == 1
            sandbox.close()
            os._exit(0 if good else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert engine.containers() == [before]
        assert sandbox.run(Program("print(8)")).stdout == "8\n"


def test_closing_ends_what_runs_and_removes_the_container(engine: TestEngine) -> None:
    sandbox = engine.sandbox()
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(sandbox.run, LOOP, Limits(wall_s=60))
        assert not wait_until(waiting.done, 0.5)
        sandbox.close()
        with pytest.raises(RatchetError, match="this sandbox is closed"):
            waiting.result(30)
    assert wait_until(lambda: engine.containers() == [], 30)
    with pytest.raises(RatchetError, match="this sandbox is closed"):
        sandbox.run(LOOP)


def test_with_less_walls_the_container_keeps_its_own(engine: TestEngine) -> None:
    with engine.sandbox(walls=Walls.PROCESS) as sandbox:
        outcome = sandbox.run(Program("import os; print(os.getuid(), os.listdir('/sys/class/net'))"))
        assert outcome.stdout == "64321 ['lo']\n"
        ((_, pid),) = engine.containers()
        assert "Seccomp:\t2" in Path(f"/proc/{pid}/status").read_text()


def test_what_is_missing_is_said(engine: TestEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RatchetError, match=r"has no image 'none/such'; get it with: \w+ pull none/such"):
        ContainerSandbox("none/such", engine=engine.address)
    with pytest.raises(RatchetError, match=r"no container engine answers: nothing can be asked at .*none"):
        ContainerSandbox("x", engine=f"{tmp_path}/none")
    with pytest.raises(RatchetError, match="is not understood"):
        ContainerSandbox("x", engine="ssh://somewhere")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    with pytest.raises(RatchetError, match="no container engine answers"):
        ContainerSandbox("x")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine.address}")
    with pytest.raises(RatchetError, match="has no image"):
        ContainerSandbox("x")


def test_what_answers_but_is_no_engine_is_said(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "other"))
        other.listen()

        def hang_up() -> None:
            other.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(RatchetError, match=r"no container engine answers: .* broke off"):
            ContainerSandbox("x", engine=str(tmp_path / "other"))
        thread.join()
