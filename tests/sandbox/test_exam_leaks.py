# ruff: noqa: E501 - programs on one line each read as a table
"""What one test's text did is nothing to the next that the same examiner would run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ratchet.sandbox import Limits, LocalSandbox, Program

LIMITS = Limits(wall_s=6, disk_bytes=8 << 20, memory_bytes=300 << 20)
PLAIN = Program("def f(x): return x")

EXAMINER_STATE = {
    "a global": ("counter = 1", "assert 'counter' not in globals()"),
    "a constant that was changed": ("CASES = [1]\nCASES.append(2)", "CASES = [1]\nassert CASES == [1]"),
    "a default that was changed": (
        "def g(x, seen=[]):\n    seen.append(x)\n    return seen\nassert g(1) == [1]",
        None,
    ),
    "a class attribute": ("class K:\n    seen = []\nK.seen.append(1)\nassert K.seen == [1]", None),
    "a cache": ("import functools\n@functools.cache\ndef g(x): return [x]\ng(1).append(2)\nassert g(1) == [1, 2]", None),
    "a code object": (
        "def g(): return 1\nassert g() == 1\ng.__code__ = (lambda: 2).__code__\nassert g() == 2",
        None,
    ),
    "a thread": (
        "import threading, builtins, time\ndef late():\n    time.sleep(0.05)\n    builtins.len = None\n"
        "threading.Thread(target=late, daemon=True).start()",
        "import time\ntime.sleep(0.1)\nassert len('x') == 1",
    ),
    "a timer": (
        "import signal, os\nsignal.signal(signal.SIGALRM, lambda *a: os._exit(0))\nsignal.setitimer(signal.ITIMER_REAL, 0.05)",
        "import time\ntime.sleep(0.1)",
    ),
    "an object that dies later": (
        "import builtins\nclass K:\n    def __del__(self): builtins.len = None\nk = K()\nk.me = k",
        "import gc\ngc.collect()\nassert len('x') == 1",
    ),
    "an import that failed half-way": (
        "import sys\nsys.modules['heapq'] = None\ntry:\n    import heapq\nexcept ImportError:\n    pass",
        "import heapq\nassert heapq.nsmallest(1, [2, 1]) == [1]",
    ),
    "numpy's state": (
        "try:\n    import numpy\n    numpy.random.seed(0)\n    numpy.seterr(all='raise')\n    numpy.set_printoptions(precision=1)\n"
        "except ImportError:\n    pass",
        "try:\n    import numpy\n    assert numpy.geterr()['over'] == 'warn'\n    assert numpy.get_printoptions()['precision'] == 8\n"
        "except ImportError:\n    pass",
    ),
    "a module reached through another": (
        "import enum\nenum.sys.modules['heapq'] = None",
        "import heapq\nassert heapq.nsmallest(1, [2, 1]) == [1]",
    ),
    "a table of another module": (
        "import copy\ncopy._deepcopy_dispatch[list] = lambda x, memo, *rest: [7]\nassert copy.deepcopy([1]) == [7]",
        "import copy\nassert copy.deepcopy([1]) == [1]",
    ),
    "a limit reached through another module": (
        "import enum\nenum.sys.setrecursionlimit(300)",
        "import enum\nassert enum.sys.getrecursionlimit() == 1000",
    ),
    "a folder reached through another module": (
        "import random\nrandom._os.umask(0)\nrandom._os.mkdir('left')",
        "import random\nassert random._os.listdir() == [] and random._os.umask(0o22) == 0o22",
    ),
    "a signal reached through another module": (
        "import re\nre.enum.sys.modules['signal'].signal(14, lambda *a: None)",
        "import signal\nassert signal.getsignal(14) is signal.SIG_DFL",
    ),
    "an exam that ended early": ("raise SystemExit(0)", "assert True"),
    "an exam that crashed": ("import os\nos.abort()", "assert True"),
    "an exam that ran out of time": ("while True: pass", "assert True"),
    "an exam that ran out of memory": ("x = []\nwhile True: x.append(bytearray(1 << 26))", "assert True"),
    "an exam that closed all descriptors": ("import os\nos.closerange(0, 256)", "assert True"),
    "an exam that forked": ("import os\nos.fork()", "assert True"),
    "an exam that did not parse": ("def", "assert True"),
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if "ran out" in name else []) for name in EXAMINER_STATE],
)
def test_one_exam_does_not_change_the_next(name: str) -> None:
    """The same text again gives the same, and another one finds nothing of it."""
    first, second = EXAMINER_STATE[name]
    limits = replace(LIMITS, wall_s=0.4) if "out of time" in name else LIMITS
    with LocalSandbox(slots=1) as one:
        seen = [one.examine(PLAIN, "f", Program(f"f(1)\n{first}\n"), limits) for _ in range(3)]
        # One that closed its line is gone when that is noticed, or not yet: how it ended stands in brackets.
        ends = {(exam.passed, exam.detail.partition(" (")[0], exam.calls) for exam in seen}
        assert len(ends) == 1, seen
        then = one.examine(PLAIN, "f", Program(f"f(1)\n{second or first}\n"), limits)
        assert then.passed, (seen[0], then)
