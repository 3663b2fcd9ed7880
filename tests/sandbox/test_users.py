# ruff: noqa: E501 - programs on one line each read as a table
"""The walls stand for real root and for an ordinary user alike."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NOBODY = 65534
SOURCE = Path(__file__).parents[2] / "src"

SCRIPT = """
from ratchet.sandbox import *
with LocalSandbox(slots=1) as sandbox:
    print(sandbox.run(Program("import os; print(os.getuid(), os.getpid(), os.path.exists('/home'), input())", stdin="in")).stdout)
    print(sandbox.run(Program("while True: pass"), Limits(wall_s=0.3)).status)
    fork = "import os, time\\nn = 1\\ntry:\\n    while True:\\n        if os.fork() == 0: time.sleep(9)\\n        n += 1\\nexcept OSError: print(n)"
    print(sandbox.run(Program(fork), Limits(processes=9)).stdout)
    print(sandbox.run(Program("import socket\\ntry: socket.socket()\\nexcept OSError as e: print(e)")).stdout)
    exam = sandbox.examine(Program("def f(x): return x + 1"), "f", Program("assert f(1) == 2"))
    print(exam.passed, sandbox.examine(Program("def f(x): return x"), "f", Program("assert f(1) == 2")).passed)
"""
EXPECTED = "1000 2 False in\n\ntimeout\n9\n\n[Errno 1] Operation not permitted\n\nTrue False\n"


def can_start(python: str) -> bool:
    done = subprocess.run(
        ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", python, "-c",
         "import os, sys; sys.exit(sys.version_info < (3, 11) or not os.access(sys._base_executable, os.X_OK))"],
        capture_output=True,
        check=False,
        cwd="/",
    )  # fmt: skip
    return done.returncode == 0


@pytest.mark.skipif(os.getuid() != 0, reason="the whole suite runs as an ordinary user already")
def test_as_an_ordinary_user() -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("ORDINARY USER NOT TESTED: setpriv is missing")
    python = next((p for p in (sys.executable, "/usr/bin/python3") if can_start(p)), None)
    if python is None:
        pytest.skip("ORDINARY USER NOT TESTED: no interpreter of Python 3.11 that uid 65534 may read")
    done = subprocess.run(
        ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", python, "-c", SCRIPT],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert done.stderr == "", done.stderr
    assert done.stdout == EXPECTED


def test_as_whoever_we_are() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.stderr == "", done.stderr
    assert done.stdout == EXPECTED


@pytest.mark.skipif(os.getuid() != 0, reason="only root changes to another user")
def test_programs_of_root_run_as_a_user_that_owns_nothing() -> None:
    script = """
from ratchet.sandbox import *
import os, threading, time
sandbox = LocalSandbox(slots=1)
thread = threading.Thread(target=sandbox.run, args=(Program("import time; time.sleep(1.0)"), Limits(wall_s=5)))
thread.start()
time.sleep(0.4)
uids, below = [], [os.getpid()]
while below:
    for thread_id in os.listdir(f"/proc/{(pid := below.pop())}/task"):
        stat = open(f"/proc/{pid}/status").read()
        uids += stat.split("Uid:")[1].split()[:4] + stat.split("Gid:")[1].split()[:4] if pid != os.getpid() else []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if open(f"/proc/{name}/stat").read().rpartition(")")[2].split()[1] == str(pid):
                below.append(int(name))
        except OSError:
            pass
thread.join()
print(len(set(uids)), len(uids) >= 32, min(map(int, uids)) >= 60000)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "1 True True\n", done.stderr
