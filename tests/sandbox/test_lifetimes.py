"""Whatever ends, and however, leaves nothing behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox import CallResult, Limits, LocalSandbox, Program, Status, Walls
from tests.sandbox.watching import alive, descendants, outer, processes_with, wait_until, zygote_of


def test_daemons_are_gone_when_the_outcome_is_there(sandbox: LocalSandbox) -> None:
    mark = f"left-{os.getpid()}"
    source = f"""
import os, signal
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)
            os.execv("/bin/sh", ["{mark}", "-c", "sleep 60; :"])
        os._exit(0)
import time; time.sleep(0.3)
"""
    for ending in ("", "\nos.abort()", "\ntime.sleep(60)"):
        sandbox.run(Program(source + ending), Limits(wall_s=0.8))
        assert processes_with(mark) == []


CHILD = """
import sys, threading, time
from ratchet.sandbox import *
sandbox = LocalSandbox(slots=2, walls=Walls({walls!r}))
loop = Program("import os\\nfor _ in range(4): os.fork()\\nprint(1, flush=True)\\nwhile True: pass")
for _ in range(2):
    threading.Thread(target=sandbox.run, args=(loop, Limits(wall_s=50))).start()
time.sleep(1.0)
print("ready", flush=True)
{then}
"""


def start(walls: str, then: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(walls=walls, then=then)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("walls", ["full", "process"])
def test_a_killed_supervisor_leaves_nothing(walls: str) -> None:
    before = set(Path("/tmp").glob("ratchet-*"))
    with start(walls, "time.sleep(60)") as process:
        below = descendants(process.pid)
        assert len(below) > 20
        process.kill()
        process.wait()
        assert wait_until(lambda: not alive(below)), alive(below)
    assert wait_until(lambda: not set(Path("/tmp").glob("ratchet-*")) - before)


def test_ctrl_c_in_the_middle_leaves_nothing() -> None:
    source = """
from ratchet.sandbox import *
sandbox = LocalSandbox(slots=1)
print("ready", flush=True)
try:
    sandbox.run(Program("import os\\nos.fork()\\nwhile True: pass"), Limits(wall_s=50))
except KeyboardInterrupt:
    print(sandbox.run(Program("print('again')")).stdout, flush=True)
    sandbox.close()
    import os
    print(os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children") and
          open(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read(), flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.4)
        below = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.stdout.read().split() in (["again"], ["again", "False"])
        process.wait()
        assert not alive(below)


TEST = Program("assert f(1) == 2")
WORK: dict[str, Callable[[LocalSandbox, str], bool]] = {
    "run": lambda one, first: one.run(Program(f"{first}\nprint(2)")).stdout == "2\n",
    "call": lambda one, first: one.call(right(first), "f", [(1,)]).results == (CallResult(2),),
    "examine": lambda one, first: one.examine(right(first), "f", TEST).passed,
    "in-process": lambda one, first: one.examine(right(first), "f", TEST, in_process=True).passed,
}
"""Each of the things that are asked of a sandbox, and whether it is done; the program begins with `first`."""


def right(first: str) -> Program:
    """A program that passes `TEST`."""
    return Program(f"{first}\ndef f(x): return x + 1")


@pytest.mark.parametrize("kind", WORK)
@pytest.mark.parametrize("whom", ["the zygote", "who waits for it"])
def test_a_dead_zygote_is_replaced_and_the_job_done(whom: str, kind: str) -> None:
    with LocalSandbox(slots=1) as one:
        assert all(work(one, "") for work in WORK.values())
        pid = outer(one)
        below = descendants(pid)
        os.kill(zygote_of(pid) if whom == "the zygote" else pid, signal.SIGKILL)
        assert WORK[kind](one, "")  # by the new one, or by the old one on its last legs
        assert wait_until(lambda: not alive(below)), alive(below)
        assert WORK[kind](one, "")
        assert outer(one) != pid


@pytest.mark.slow
@pytest.mark.parametrize("kind", WORK)
def test_a_zygote_that_dies_in_the_middle_has_its_job_done_again(kind: str) -> None:
    with LocalSandbox(slots=1) as one:
        pid = outer(one)
        killer = threading.Timer(0.2, os.kill, (zygote_of(pid), signal.SIGKILL))
        killer.start()
        assert WORK[kind](one, "import time; time.sleep(0.5)")
        killer.join()
        assert outer(one) != pid


@pytest.mark.slow
def test_a_killed_supervisors_groups_go_when_the_next_one_starts() -> None:
    then = "print(*sandbox._groups.homes.values(), flush=True); time.sleep(60)"
    with start("full", then) as process:
        assert process.stdout is not None
        homes = process.stdout.readline().split()
        below = descendants(process.pid)
        process.kill()
        process.wait()
    assert wait_until(lambda: not alive(below)), alive(below)
    with LocalSandbox(slots=1) as one:
        assert WORK["run"](one, "")
        assert not [home for home in homes if Path(home).exists()]


def test_a_slot_that_breaks_twice_is_the_harness_fault() -> None:
    with LocalSandbox(slots=1) as one:
        stop = threading.Event()

        def killer() -> None:
            while not stop.is_set():
                for pid in list(descendants(os.getpid())):
                    try:
                        zygote = b"boot.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
                        if zygote and os.stat(f"/proc/{pid}").st_uid != os.getuid():
                            os.kill(pid, signal.SIGKILL)
                    except OSError:
                        continue
                time.sleep(0.3)

        if os.getuid() != 0:
            pytest.skip("tells zygotes by their other uid")
        thread = threading.Thread(target=killer)
        thread.start()
        try:
            with pytest.raises((HarnessError, RatchetError)):
                one.run(Program("import time; time.sleep(20)"), Limits(wall_s=30))
        finally:
            stop.set()
            thread.join()


def test_no_descriptor_no_process_and_no_folder_is_left() -> None:
    gc.collect()
    fds, tmp = len(os.listdir("/proc/self/fd")), set(os.listdir("/tmp"))
    for walls in Walls:
        with LocalSandbox(slots=2, walls=walls) as one:
            for _ in range(15):
                one.run(Program("print(1)"))
                one.call(Program("def f(): return 1"), "f", [()])
                one.examine(Program("def f(): return 1"), "f", Program("assert f() == 1"))
                one.examine(Program("def f(): return 1"), "f", Program("assert f() == 1"), in_process=True)
            middle = len(os.listdir("/proc/self/fd"))
            one.run(Program("print(1)"))
            assert len(os.listdir("/proc/self/fd")) == middle
    assert len(os.listdir("/proc/self/fd")) == fds
    assert [name for name in set(os.listdir("/tmp")) - tmp if name.startswith("ratchet-")] == []


def test_many_threads_share_the_slots(sandbox: LocalSandbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda i: sandbox.run(Program(f"print({i})"), Limits(wall_s=30)), range(40)))
    assert [outcome.stdout for outcome in outcomes] == [f"{i}\n" for i in range(40)]


def test_a_fork_of_the_caller_starts_slots_of_its_own(sandbox: LocalSandbox) -> None:
    assert sandbox.run(Program("print(1)")).stdout == "1\n"
    pid = os.fork()
    if pid == 0:
        good = sandbox.run(Program("print(2)")).stdout == "2\n"
        sandbox.close()
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert sandbox.run(Program("print(3)")).stdout == "3\n"


def test_a_closed_sandbox_says_so() -> None:
    one = LocalSandbox(slots=1)
    one.close()
    one.close()
    with pytest.raises(RatchetError, match="closed"):
        one.run(Program(""))


def test_fewer_walls_still_limit_and_clean_up() -> None:
    with LocalSandbox(slots=1, walls=Walls.PROCESS) as low:
        assert low.run(Program("print(input())", stdin="x")).stdout == "x\n"
        assert low.run(Program("while True: pass"), Limits(wall_s=0.4)).status is Status.TIMEOUT
        assert (
            low.run(Program("x = bytearray(1 << 30)"), Limits(memory_bytes=200 << 20)).status is Status.MEMORY
        )
        killer = "import os\nos.kill(os.getppid(), 9)\nimport time; time.sleep(30)"
        assert low.run(Program(killer), Limits(wall_s=5)).status is Status.CRASHED
        assert low.examine(Program("def f(): return 1"), "f", Program("assert f() == 1")).passed
        assert not low.examine(Program("def f(): return 2"), "f", Program("assert f() == 1")).passed
        left = low.run(Program("import os, tempfile\nprint(os.getcwd())\nopen(tempfile.mktemp(), 'w')"))
        assert not Path(left.stdout.strip()).exists()


SLOTS = "from ratchet.sandbox import LocalSandbox\nLocalSandbox(slots=1)"


def test_where_namespaces_are_forbidden_it_says_so_and_names_the_flag() -> None:
    """In a process that may not make user namespaces (a limit of none, in a namespace of its own)."""
    unshare = subprocess.run(
        ["unshare", "--user", "--map-root-user", "true"], capture_output=True, check=False
    )
    if unshare.returncode != 0:
        pytest.skip("needs unshare(1) and user namespaces")
    script = f"echo 0 > /proc/sys/user/max_user_namespaces; exec {sys.executable} -c '{SLOTS}'"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "new namespaces (user" in done.stderr
    assert "--walls process" in done.stderr
