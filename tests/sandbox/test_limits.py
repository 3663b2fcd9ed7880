# ruff: noqa: E501 - programs on one line each read as a table
"""Each limit holds, exactly, and is reported as what it was."""

from __future__ import annotations

import os
import resource
import time

import pytest

from ratchet.sandbox import Limits, LocalSandbox, Outcome, Program, Status
from ratchet.sandbox.backends import cgroups


def run(sandbox: LocalSandbox, source: str, **limits: float) -> Outcome:
    return sandbox.run(Program(source), Limits(**({"wall_s": 20.0} | limits)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\ntime.sleep(60)",
        "import os, time\nfor _ in range(10):\n    if os.fork() == 0: break\ntime.sleep(60)",
        "x = 9 ** 9 ** 9",
        "import re; re.match('(a+)+$', 'a' * 40 + 'b')",
        "print('x', flush=True)\nimport os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    ],
)
def test_wall_time(sandbox: LocalSandbox, source: str) -> None:
    sandbox.run(Program(""))  # a slot is warm
    started = time.monotonic()
    outcome = run(sandbox, source, wall_s=0.4, processes=16)
    took = time.monotonic() - started
    assert (outcome.status, outcome.exit_code) == (Status.TIMEOUT, None)
    assert 0.4 <= took < 0.7 + _slack()
    assert abs(outcome.wall_s - took) < 0.1


def _slack() -> float:
    """What a crowded machine may add: the time that a busy core makes us wait."""
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    return float(min(2.0, 0.15 * max(0.0, load - cores)))


def test_what_was_printed_before_the_time_limit_is_kept(sandbox: LocalSandbox) -> None:
    outcome = run(sandbox, "print('so far', flush=True)\nwhile True: pass", wall_s=0.5)
    assert outcome.stdout == "so far\n"


def test_cpu_time(sandbox: LocalSandbox) -> None:
    outcome = run(sandbox, "while True: pass", cpu_s=0.3)
    assert outcome.status is Status.TIMEOUT
    assert 0.29 < outcome.cpu_s < 0.5
    assert run(sandbox, "import time; time.sleep(0.6)", cpu_s=0.3).status is Status.OK


FAMILY = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        while True: pass
"""


@pytest.mark.parametrize("call", [False, True])
def test_cpu_time_is_one_budget_for_a_family(sandbox: LocalSandbox, call: bool) -> None:
    """No process comes near the limit by itself; in a script and in a candidate alike."""
    limits = Limits(wall_s=20, cpu_s=0.6)
    if call:
        source = f"def f():\n    {FAMILY.replace(chr(10), chr(10) + '    ')}\n    time.sleep(30)"
        outcome = sandbox.call(Program(source), "f", [()], limits).outcome
    else:
        outcome = sandbox.run(Program(f"{FAMILY}\ntime.sleep(30)"), limits)
    assert outcome.status is Status.TIMEOUT, outcome
    assert outcome.wall_s < 3 + _slack()


def test_cpu_time_counts_what_ended_children_used(sandbox: LocalSandbox) -> None:
    source = """
import os, time
while True:
    if os.fork() == 0:
        while time.process_time() < 0.05: pass
        os._exit(0)
    os.wait()
"""
    outcome = run(sandbox, source, cpu_s=0.4)
    assert outcome.status is Status.TIMEOUT, outcome
    assert 0.35 < outcome.cpu_s < 0.9


def test_cpu_time_counts_what_children_used(sandbox: LocalSandbox) -> None:
    source = "import os, time\nif os.fork() == 0:\n    while time.process_time() < 0.3: pass\n    os._exit(0)\nos.wait()"
    assert run(sandbox, source).cpu_s >= 0.3


@pytest.mark.parametrize(
    "source",
    [
        "x = bytearray(400 << 20)",
        "x = []\nwhile True: x.append(bytes(1 << 20))",
        "import numpy\nnumpy.ones(10**9)",
    ],
)
def test_memory(sandbox: LocalSandbox, source: str) -> None:
    outcome = run(sandbox, source, memory_bytes=200 << 20)
    assert outcome.status is Status.MEMORY, outcome
    assert outcome.peak_memory < 260 << 20


@pytest.mark.parametrize(
    "source",
    [
        "import mmap\nm = mmap.mmap(-1, 4 << 30)\nfor i in range(0, 4 << 30, 4096): m[i] = 1",
        "import os, time\nfor _ in range(12):\n    if os.fork() == 0: x = b'x' * (60 << 20); time.sleep(30)\ntime.sleep(30)",
    ],
)
def test_shared_memory_and_families_are_limited_too(sandbox: LocalSandbox, source: str) -> None:
    started = time.monotonic()
    outcome = run(sandbox, source, memory_bytes=100 << 20, disk_bytes=8 << 20)
    assert outcome.status is Status.MEMORY, outcome
    assert time.monotonic() - started < 6


def test_who_limits_the_sum_is_told(sandbox: LocalSandbox) -> None:
    """In every outcome; and the sum is held to what `Limits` says of it."""
    by = run(sandbox, "pass").memory_by
    with cgroups.find() as groups:
        assert by == ("rlimit" if groups.kind == "none" else groups.kind)
    called = sandbox.call(Program("def f(): return 1"), "f", [()]).outcome
    exam = sandbox.examine(Program("def f(): return 1"), "f", Program("assert f() == 1"))
    assert exam.examiner is not None
    assert {called.memory_by, exam.candidate.memory_by, exam.examiner.memory_by} == {by}


def test_a_family_may_hold_what_the_limits_say_and_no_more(sandbox: LocalSandbox) -> None:
    """Two processes of 70 MB each pass under 150 + 8 MB, three do not."""
    if run(sandbox, "pass").memory_by == "rlimit":
        pytest.skip("no control groups: the sum is looked at, and twice as much is allowed")
    for count, status in ((2, Status.OK), (3, Status.MEMORY)):
        source = f"""
import os, time
for _ in range({count}):
    if os.fork() == 0:
        x = b'x' * (70 << 20)
        time.sleep(0.5)
        os._exit(0)
while True:
    try: os.wait()
    except ChildProcessError: break
"""
        outcome = run(sandbox, source, memory_bytes=150 << 20, disk_bytes=8 << 20, wall_s=6)
        assert outcome.status is status, (count, outcome)


def test_files_count_as_memory_of_the_family(sandbox: LocalSandbox) -> None:
    if run(sandbox, "pass").memory_by == "rlimit":
        pytest.skip("no control groups: files are limited by their own limit alone")
    source = """
with open('big', 'wb') as file:
    for _ in range(60): file.write(bytes(1 << 20))
import os, time
for _ in range(3):
    if os.fork() == 0: x = b'x' * (40 << 20); time.sleep(9)
time.sleep(9)
"""
    outcome = run(sandbox, source, memory_bytes=60 << 20, disk_bytes=64 << 20)
    assert outcome.status is Status.MEMORY, outcome


def test_what_the_zygote_holds_is_granted_on_top(sandbox: LocalSandbox) -> None:
    """A program gets its limit whatever its interpreter had imported before."""
    for imports in ("", "import numpy, unittest\n"):
        source = f"{imports}x = bytearray(55 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1"
        outcome = run(sandbox, source, memory_bytes=64 << 20)
        assert outcome.status is Status.OK, outcome
        assert (
            run(sandbox, f"{imports}x = bytearray(80 << 20)", memory_bytes=64 << 20).status is Status.MEMORY
        )


@pytest.mark.parametrize("call", ["memfd_create(b'x', 0)", "shmget(0, 1 << 30, 0o1600)", "msgget(0, 0o1600)"])
def test_memory_that_nothing_counts_is_refused(sandbox: LocalSandbox, call: str) -> None:
    source = (
        f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.{call}, ctypes.get_errno())"
    )
    assert run(sandbox, source).stdout == "-1 1\n"


def test_memory_below_the_limit_is_there(sandbox: LocalSandbox) -> None:
    outcome = run(
        sandbox, "x = bytearray(150 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1", memory_bytes=200 << 20
    )
    assert outcome.status is Status.OK
    assert outcome.peak_memory > 150 << 20


def test_processes(sandbox: LocalSandbox) -> None:
    source = """
import os, time
n = 1
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
        n += 1
except OSError as error:
    print(n, error.errno)
"""
    assert run(sandbox, source, processes=12).stdout == "12 11\n"


def test_threads_count_as_processes(sandbox: LocalSandbox) -> None:
    source = """
import threading
stop = threading.Event()
n = 1
try:
    while True:
        threading.Thread(target=stop.wait).start()
        n += 1
except RuntimeError:
    print(n)
stop.set()
"""
    assert run(sandbox, source, processes=12).stdout == "12\n"


def test_a_fork_bomb_is_contained(sandbox: LocalSandbox) -> None:
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    started = time.monotonic()
    assert run(sandbox, bomb, wall_s=0.6, processes=40).status is Status.TIMEOUT
    assert time.monotonic() - started < 3
    assert run(sandbox, "print(1)").stdout == "1\n"


def test_open_files(sandbox: LocalSandbox) -> None:
    source = "f = []\ntry:\n    while True: f.append(open('/dev/null'))\nexcept OSError as e: print(f[-1].fileno() + 1, e.errno)"
    assert run(sandbox, source, open_files=40).stdout == "40 24\n"


@pytest.mark.parametrize("where", [".", "/tmp", "/dev/shm"])
def test_the_size_of_a_file_and_of_the_disk(sandbox: LocalSandbox, where: str) -> None:
    one = f"import os\nf = open('{where}/one', 'wb', 0)\ntry:\n    while True: f.write(bytes(1 << 16))\nexcept OSError as e: print(f.tell() <= 4 << 20, e.errno)"
    outcome = run(sandbox, one, disk_bytes=4 << 20)
    assert outcome.stdout in ("True 27\n", "True 28\n")
    many = f"n = 0\ntry:\n    while True:\n        open(f'{where}/{{n}}', 'wb', 0).write(bytes(1 << 20)); n += 1\nexcept OSError as e: print(n <= 4, e.errno)"
    outcome = run(sandbox, many, disk_bytes=4 << 20)
    assert outcome.stdout in ("True 28\n", "False 28\n")
    left = run(sandbox, f"import os\nprint(os.listdir('{where}'))").stdout
    assert left == ("['program.py']\n" if where == "." else "[]\n")


def test_the_number_of_files(sandbox: LocalSandbox) -> None:
    source = "n = 0\ntry:\n    while True: open(f'f{n}', 'w').close(); n += 1\nexcept OSError as e: print(n < 1100, e.errno)"
    assert run(sandbox, source, disk_bytes=4 << 20).stdout == "True 28\n"


def test_output_of_300_kB_is_kept_whole(sandbox: LocalSandbox) -> None:
    outcome = run(sandbox, "print('x' * 300_000)\nimport sys; print('y' * 300_000, file=sys.stderr)")
    assert outcome.stdout == "x" * 300_000 + "\n"
    assert outcome.stderr == "y" * 300_000 + "\n"
    assert not outcome.stdout_truncated
    assert not outcome.stderr_truncated


def test_output_of_300_MB_is_cut_in_the_middle_with_flat_memory(sandbox: LocalSandbox) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = "import os\nprint('head')\nimport sys; sys.stdout.flush()\nb = b'x' * (1 << 20)\nfor _ in range(300): os.write(1, b)\nprint('tail')"
    outcome = run(sandbox, source, output_bytes=10_000)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert outcome.status is Status.OK
    assert outcome.stdout.startswith("head\nxxx")
    assert outcome.stdout.endswith("xxxtail\n")
    assert outcome.stdout_truncated
    assert 10_000 <= len(outcome.stdout) < 10_100
    assert grown < 40_000  # kB


def test_endless_output_ends_with_the_time(sandbox: LocalSandbox) -> None:
    outcome = run(sandbox, "while True: print('x' * 1000)", wall_s=0.5)
    assert outcome.status is Status.TIMEOUT
    assert outcome.stdout_truncated


def test_a_child_that_holds_stdout_does_not_delay_the_end(sandbox: LocalSandbox) -> None:
    started = time.monotonic()
    outcome = run(sandbox, "import os, time\nif os.fork() == 0:\n    time.sleep(15)\nprint('done')")
    assert outcome.status is Status.OK
    assert time.monotonic() - started < 5
