# ruff: noqa: E501 - programs on one line each read as a table
"""What a program did is reported as it was."""

from __future__ import annotations

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox import Limits, LocalSandbox, Program, Status

LIMITS = Limits(wall_s=8)


def test_a_program_that_ends_well(sandbox: LocalSandbox) -> None:
    outcome = sandbox.run(Program("print('hello')"), LIMITS)
    assert (outcome.status, outcome.exit_code, outcome.signal) == (Status.OK, 0, None)
    assert (outcome.stdout, outcome.stderr) == ("hello\n", "")
    assert 0 < outcome.cpu_s < 2
    assert 0 < outcome.wall_s < 8
    assert 4 << 20 < outcome.peak_memory < 200 << 20


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import sys; sys.exit()", 0),
        ("import sys; sys.exit(7)", 7),
        ("import sys; sys.exit(256 + 3)", 3),
        ("raise SystemExit('a reason')", 1),
        ("import os; os._exit(9)", 9),
        ("1 / 0", 1),
        ("def broken(:", 1),
        ("raise KeyboardInterrupt", 130),
        ("import atexit; atexit.register(print, 'later')", 0),
    ],
)
def test_exit_codes(sandbox: LocalSandbox, source: str, code: int) -> None:
    outcome = sandbox.run(Program(source), LIMITS)
    assert outcome.exit_code == code
    assert outcome.status is (Status.OK if code == 0 else Status.ERROR)


def test_an_exit_message_goes_to_stderr(sandbox: LocalSandbox) -> None:
    assert sandbox.run(Program("raise SystemExit('a reason')"), LIMITS).stderr == "a reason\n"


def test_a_traceback_shows_the_program_and_nothing_of_the_harness(sandbox: LocalSandbox) -> None:
    source = "def f(x):\n    return 1 / x\nprint('before')\nf(0)\n"
    outcome = sandbox.run(Program(source), LIMITS)
    assert outcome.stdout == "before\n"
    assert outcome.stderr.splitlines()[:3] == [
        "Traceback (most recent call last):",
        '  File "program.py", line 4, in <module>',
        "    f(0)",
    ]
    assert outcome.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert "ratchet" not in outcome.stderr


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("import os; os.abort()", 6),
        ("import ctypes; ctypes.string_at(0)", 11),
        ("import os; os.kill(os.getpid(), 15)", 15),
        ("import os; os.kill(os.getpid(), 9)", 9),
    ],
)
def test_signals(sandbox: LocalSandbox, source: str, number: int) -> None:
    outcome = sandbox.run(Program(source), LIMITS)
    assert (outcome.status, outcome.signal, outcome.exit_code) == (Status.CRASHED, number, None)


def test_standard_input(sandbox: LocalSandbox) -> None:
    source = "import sys\nfirst = input()\nprint(first, sys.stdin.read().split(), sys.stdin.isatty())"
    outcome = sandbox.run(Program(source, stdin="äöü\n1 2\n3\n"), LIMITS)
    assert outcome.stdout == "äöü ['1', '2', '3'] False\n"
    assert "EOFError" in sandbox.run(Program("input()"), LIMITS).stderr


def test_unicode_in_source_output_and_what_is_not_utf8(sandbox: LocalSandbox) -> None:
    source = "print('naïve 漢字 🙂')\nimport sys; sys.stdout.flush(); sys.stdout.buffer.write(b'\\xff\\xfe')"
    assert sandbox.run(Program(source), LIMITS).stdout == "naïve 漢字 🙂\n\ufffd\ufffd"


def test_files_lie_in_the_working_directory_and_are_importable(sandbox: LocalSandbox) -> None:
    source = "import helper\nprint(helper.X, open('data/raw.bin', 'rb').read())"
    files: dict[str, str | bytes] = {"helper.py": "X = 'ü'\n", "data/raw.bin": b"\x00\xff"}
    assert sandbox.run(Program(source, files=files), LIMITS).stdout == "ü b'\\x00\\xff'\n"


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../b", ""])
def test_a_file_outside_is_refused(sandbox: LocalSandbox, name: str) -> None:
    with pytest.raises(RatchetError, match="working directory"):
        sandbox.run(Program("", files={name: "x"}), LIMITS)


def test_an_unknown_language_names_the_known_ones(sandbox: LocalSandbox) -> None:
    with pytest.raises(RatchetError, match=r"'cobol'.*known are: python"):
        sandbox.run(Program("", language="cobol"), LIMITS)


@pytest.mark.parametrize("limits", [Limits(wall_s=0), Limits(cpu_s=-1.0), Limits(open_files=2)])
def test_senseless_limits_are_refused(sandbox: LocalSandbox, limits: Limits) -> None:
    with pytest.raises(RatchetError, match="limit"):
        sandbox.run(Program(""), limits)


LEGITIMATE = {
    "threads": (
        "import threading\nout = []\nts = [threading.Thread(target=out.append, args=(i,)) for i in range(8)]\n"
        "[t.start() for t in ts]; [t.join() for t in ts]\nprint(sum(out))",
        "28",
    ),
    "a thread that outlives main": (
        "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.05), print('late'))).start()",
        "late",
    ),
    "multiprocessing": (
        "import multiprocessing\ndef f(x):\n    return x * x\n"
        "if __name__ == '__main__':\n    with multiprocessing.Pool(2) as pool:\n        print(pool.map(f, range(4)))",
        "[0, 1, 4, 9]",
    ),
    "concurrent futures": (
        "from concurrent.futures import ProcessPoolExecutor\ndef f(x):\n    return x + 1\n"
        "if __name__ == '__main__':\n    with ProcessPoolExecutor(2) as pool:\n        print(list(pool.map(f, [1, 2])))",
        "[2, 3]",
    ),
    "tempfile and os.remove": (
        "import os, tempfile\nwith tempfile.NamedTemporaryFile('w', delete=False) as f:\n    f.write('x')\n"
        "print(os.path.getsize(f.name)); os.remove(f.name); print(os.path.exists(f.name))\n"
        "with tempfile.TemporaryDirectory() as d:\n    print(os.listdir(d))",
        "1\nFalse\n[]",
    ),
    "its own python": (
        "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True,"
        " text=True, check=True).stdout.strip())",
        "42",
    ),
    "a shell": ("import subprocess\nprint(subprocess.check_output('echo $((6*7))', shell=True, text=True).strip())", "42"),
    "deep recursion": (
        "import sys\nsys.setrecursionlimit(60000)\ndef depth(n):\n    return 0 if n == 0 else 1 + depth(n - 1)\n"
        "print(depth(50000))",
        "50000",
    ),
    "main guard and exit": ("import sys\nif __name__ == '__main__':\n    print('main')\n    sys.exit(0)", "main"),
    "asyncio": ("import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 5\nprint(asyncio.run(f()))", "5"),
    "dataclasses and pickle": (
        "import pickle\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n"
        "print(pickle.loads(pickle.dumps(P(3))))",
        "P(x=3)",
    ),
    "inspect its own source": ("import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f).strip())", "def f():\n    return 1"),
    "numpy": ("import numpy\nprint(int(numpy.arange(5).sum()))", "10"),
    "sqlite in memory and on disk": (
        "import sqlite3\nfor where in (':memory:', 'x.db'):\n    c = sqlite3.connect(where)\n"
        "    c.execute('create table t (a)'); c.execute('insert into t values (4)'); c.commit()\n"
        "    print(c.execute('select a from t').fetchone()[0])",
        "4\n4",
    ),
    "socketpair": ("import socket\na, b = socket.socketpair()\na.send(b'x')\nprint(b.recv(1))", "b'x'"),
    "warnings go to stderr only": ("import warnings\nwarnings.warn('w')\nprint('fine')", "fine"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEGITIMATE)
def test_legitimate_programs_work(sandbox: LocalSandbox, name: str) -> None:
    source, expected = LEGITIMATE[name]
    outcome = sandbox.run(Program(source), Limits(wall_s=20))
    assert outcome.stdout.strip() == expected, outcome.stderr
    assert outcome.status is Status.OK
