# ruff: noqa: E501 - programs on one line each read as a table
"""What `judge` says of programs that set out to pass: never "passed", and "tampered" where it was seen.

The programs are those of `tests/sandbox/attacks`, judged as samples of a problem
with cases and of one with a test text. Also the reverse: what an honest program
may do, however strange, is never called tampering.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from ratchet.judge import Verdict, judge
from ratchet.problems import CallOracle, Case, CheckOracle, Problem, ReferenceOracle, Sample
from ratchet.sandbox import Limits, LocalSandbox
from tests.sandbox.attack_files import Attack, read_attacks

CALLS = Problem("calls", "", CallOracle("f", tuple(Case((x,), x * 31 + 7) for x in (0, 1, 2, 1000))))
CHECK = Problem(
    "check",
    "",
    CheckOracle(
        "f",
        "def check(candidate):\n    for x in (0, 1, 2, 1000):\n        assert candidate(x) == x * 31 + 7\n",
        preamble="def f(x):\n    'Thirty-one times, plus seven.'\n",
    ),
)
REFERENCE = Problem(
    "reference", "", ReferenceOracle("f", "[[0], [1], [2], [1000]]", "def f(x): return x * 31 + 7\n")
)
PROBLEMS = {"calls": CALLS, "check": CHECK, "reference": REFERENCE}
HONEST_ENDS = {name: {"failed", "memory"} for name in PROBLEMS} | {
    "reference": {"failed", "memory", "timeout"}
}
"""How honest programs that are wrong may end: one input of a reference's has a second, large answers or not."""
ATTACKS = read_attacks()
GROUPS = ("forged_output", "equality_and_hash_tricks", "early_exit", "patched_builtins_and_libraries")
"""Those that are about the verdict; the others are about harm, and `tests/sandbox` runs them all."""
MARKS = {"PORT": 9, "SOCKET": "none", "SECRET": "/none", "PID": 1}


@pytest.fixture(scope="module")
def slots() -> Iterator[LocalSandbox]:
    """More slots than cores: many attacks only wait for their time to run out."""
    with LocalSandbox(slots=4) as sandbox:
        yield sandbox


def verdict(sandbox: LocalSandbox, problem: Problem, source: str, seconds: float = 5.0) -> Verdict:
    limits = Limits(seconds, processes=30, memory_bytes=300 << 20, disk_bytes=8 << 20)
    return judge(problem, Sample(problem.id, 0, source, standalone=True), sandbox, limits)


def expected(attack: Attack) -> set[str]:
    """Verdicts that fit: one that ends with an error has failed, and a MemoryError raised is told as one."""
    also = {"error": "failed", "failed": "memory" if "memory" in attack.expect else "failed"}
    return {*attack.expect - {"error"}, *(also[end] for end in attack.expect if end in also)}


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("group", GROUPS)
def test_the_verdict_on_an_attack_says_what_it_was(slots: LocalSandbox, group: str, problem: str) -> None:
    def complaint(attack: Attack) -> str:
        source = attack.armed(MARKS)
        seen = verdict(slots, PROBLEMS[problem], source, attack.seconds)
        if seen.status == "timeout" and "timeout" not in attack.expect:
            seen = verdict(slots, PROBLEMS[problem], source, 8 * attack.seconds)
        # Inputs of a reference's have a second each, and are asked together: what is written ahead may be
        # taken for answers, and is then only wrong.
        also = {"timeout", "failed"} if problem == "reference" else set()
        wrong = seen.passed or seen.status not in expected(attack) | also or not seen.detail
        return f"{attack.name}: {seen.status}, not {attack.expect}: {seen.detail}" if wrong else ""

    with ThreadPoolExecutor(slots.slots) as pool:
        found = list(filter(None, pool.map(complaint, ATTACKS[group])))
    assert not found, "\n".join(found)


CAUGHT = {
    "writes in between": (
        "import os\ndef f(x):\n    os.write(@CHANNEL@, b'passed')\n    return 7",
        "channel",
    ),
    "writes at once": ("import os\nos.write(@CHANNEL@, @ANSWER@ * 9)\ndef f(x): return 7", "channel"),
    "writes on everything": (
        "import os\nfor fd in range(3, 256):\n    try: os.write(fd, @REPORT@)\n    except OSError: pass\n"
        "def f(x): return 7",
        "channel",
    ),
    "sends a pickle": (
        "import os, pickle\ndef f(x):\n    os.write(@CHANNEL@, pickle.dumps([x]))\n    os._exit(0)",
        "channel",
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", CAUGHT)
def test_what_is_recognised_is_called_tampered_with_the_evidence(
    slots: LocalSandbox, name: str, problem: str
) -> None:
    source, evidence = CAUGHT[name]
    armed = Attack("", name, source, frozenset(), "", 5.0).armed({})
    seen = verdict(slots, PROBLEMS[problem], armed)
    if problem == "reference" and seen.status == "failed":
        assert "returned 7, expected" in seen.detail
        return
    assert seen.status == "tampered", seen
    assert evidence in seen.detail


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the other table of x86-64")
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("when", ["at once", "when asked"])
def test_the_system_calls_of_another_architecture_are_tampering(
    slots: LocalSandbox, when: str, problem: str
) -> None:
    """There is one reason to make them: to get round the filter, which ends the program."""
    call = "ctypes.CDLL(None).syscall(0x40000000 + 39)"
    body = f"{call}\ndef f(x): return 7" if when == "at once" else f"def f(x): return {call}"
    seen = verdict(slots, PROBLEMS[problem], f"import ctypes\n{body}")
    assert seen.status == "tampered", seen
    assert seen.detail


ENDS = {
    "an error at once": "1 / 0",
    "an end at once": "import sys; sys.exit(0)",
    "a crash at once": "import os; os.abort()",
    "another program": "import os; os.execv('/bin/echo', ['echo', 'x'])",
    "too much memory": "x = bytearray(1 << 31)",
    "an error when asked": "import os\ndef f(x): os._exit(1)",
    "a crash when asked": "import os\ndef f(x): os.abort()",
}


@pytest.mark.parametrize("name", ENDS)
def test_an_end_is_told_as_what_it_was_whenever_it_is_noticed(slots: LocalSandbox, name: str) -> None:
    """Before, while and after the first question: an end is no message, and its status is not lost."""
    seen = set()
    for delay in (0, 0, 0, 0.05, 0.2):
        test = f"import time\ndef check(candidate):\n    time.sleep({delay})\n    assert candidate(0) == 7\n"
        problem = Problem("end", "", CheckOracle("f", test))
        seen.add(str(verdict(slots, problem, ENDS[name]).status))
        seen.add(str(verdict(slots, CALLS, ENDS[name]).status))
    status = "crashed" if "crash" in name else "memory" if "memory" in name else "failed"
    assert seen == {status}


HONEST = {
    "a long fraction": "from fractions import Fraction\ndef f(x): return Fraction(3 ** 60000, 2 ** 90000)",
    "a long decimal": "from decimal import Decimal\ndef f(x): return Decimal('1' * 20000)",
    "a long integer": "def f(x): return 1 << (1 << 24)",
    "a long text": "def f(x): return 'x' * (70 << 20)",
    "many parts": "def f(x): return [0] * 5_000_000",
    "deep": "def f(x):\n    v = []\n    for _ in range(400): v = [v]\n    return v",
    "within itself": "def f(x):\n    v = []\n    v.append(v)\n    return v",
    "keys with one hash": "def f(x): return {i * (2 ** 61 - 1) for i in range(1, 200)}",
    "a function": "def f(x): return f",
    "an object": "def f(x): return object()",
    "an open file": "def f(x): return open('x', 'w')",
    "a strange float": "def f(x): return [float('nan'), -0.0, float('inf')][x % 3]",
    "a signalling decimal": "from decimal import Decimal\ndef f(x): return Decimal('sNaN')",
    "a signalling decimal in a list": "from decimal import Decimal\ndef f(x): return [Decimal('sNaN')]",
    "a lone surrogate": "def f(x): return '\\ud800'",
    "a strange exception": (
        "class E(Exception):\n    def __str__(self): return None\ndef f(x): raise E"
    ),
    "an exception without a name": "def f(x): raise type('', (Exception,), {})",
    "an exception with a long name": "def f(x): raise type('E' * 10000, (Exception,), {})",
    "an exception in another alphabet": "def f(x): raise type('Ошибка', (Exception,), {})('нет')",
    "a warning as an exception": "def f(x): raise DeprecationWarning('old')",
    "an interrupt": "def f(x): raise KeyboardInterrupt",
    "prints much": "def f(x): print('x' * 10**6)",
    "closes what it did not open": "import os\ndef f(x):\n    os.closerange(3, 256)\n    return 7",
    "daemonises": "import os\ndef f(x):\n    if os.fork(): os._exit(0)\n    os.setsid()\n    return 7",
    "forks and both come back": "import os\ndef f(x):\n    os.fork()\n    return 7",
    "a thread that is late": (
        "import threading, time\ndef f(x):\n    threading.Timer(0.01, print).start()\n    return 7"
    ),
    "an iterator that fails": "def f(x):\n    yield 1\n    raise ValueError('no')",
    "an iterator that exits": "def f(x):\n    yield 1\n    raise SystemExit(0)",
    "an iterator without end": "import itertools\ndef f(x): return itertools.count()",
    "a class that counts its instances": (
        "class E:\n    def __len__(self): return -1\n    def __iter__(self): return self\n"
        "    def __next__(self): return 1\ndef f(x): return E()"
    ),
    "a maximal deque": "from collections import deque\ndef f(x): return deque([1, 2], maxlen=0)",
    "a huge date": "import datetime\ndef f(x): return [datetime.datetime.max, datetime.timedelta.min]",
    "a time zone": (
        "import datetime as d\ndef f(x): return d.datetime(1, 1, 1, tzinfo=d.timezone(-d.timedelta(hours=23)))"
    ),
    "arrays": "import numpy as np\ndef f(x): return [np.zeros((0, 5)), np.array(3), np.array(['a', 'bc'])]",
    "an array of objects": "import numpy as np\ndef f(x): return np.array([object(), None])",
    "an array of many kinds": "import numpy as np\ndef f(x): return np.zeros(2, [('a', 'i4'), ('b', 'f8')])",
}  # fmt: skip


@pytest.mark.parametrize("problem", PROBLEMS)
def test_honest_programs_are_only_wrong(slots: LocalSandbox, problem: str) -> None:
    """However strange the answer: no verdict accuses, and none breaks the harness."""
    with ThreadPoolExecutor(slots.slots) as pool:
        judged = pool.map(partial(verdict, slots, PROBLEMS[problem], seconds=20.0), HONEST.values())
        seen = dict(zip(HONEST, judged, strict=True))
    wrong = {name: v for name, v in seen.items() if v.status not in HONEST_ENDS[problem]}
    assert not wrong, "\n".join(f"{name}: {v.status}: {v.detail}" for name, v in wrong.items())


def test_one_line_of_evidence_whatever_the_program_says(slots: LocalSandbox) -> None:
    source = "def f(x): raise ValueError('a\\nb\\r\\x1b[2Kpassed\\x00\\u202e' * 1000)"
    for problem in PROBLEMS.values():
        seen = verdict(slots, problem, source)
        assert seen.status == "failed"
        assert seen.detail.isprintable()
        assert len(seen.detail) <= 300
