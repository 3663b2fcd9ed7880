"""Programs of every kind that a long run meets, each with the verdicts that are right for it.

Which program comes at a place depends on the seed and the place alone.
"""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ratchet.judge import VerdictStatus
from ratchet.problems import CallOracle, Case, CheckOracle, Oracle, Problem, Sample
from ratchet.sandbox import Limits

LIMITS = Limits(wall_s=2.0, memory_bytes=256 << 20, output_bytes=64 << 10, processes=48, disk_bytes=16 << 20)
MARK = "ratchet-soak"
"""Part of the name of every file that a program leaves."""
IPC_KEY = 0x52435354

_S = VerdictStatus


class Item(NamedTuple):
    """One program to be judged."""

    kind: str
    problem: Problem
    sample: Sample
    expected: frozenset[VerdictStatus]


class Kind(NamedTuple):
    """A sort of program: how often it comes, what it does before it answers, and what is right for it."""

    weight: float
    make: Callable[[int], str]
    """From a number to the body of `solve(n)`, which is to return n * n + k."""
    expected: frozenset[VerdictStatus]


def _right(k: int) -> str:
    return f"return n * n + {k}"


def _longer(k: int) -> str:
    return f"""
        from collections import Counter
        total = Counter()
        for i in range(n):
            for letter in str(i * {k % 97 + 1}):
                total[letter] += 1
        assert sum(total.values()) >= 0
        return sum(n for _ in range(n)) + {k}
    """


def _wrong(k: int) -> str:
    return f"return n * n + {k} + (n > 2)"


def _raises(k: int) -> str:
    return f"return [n * n + {k}][n]"


def _exits(k: int) -> str:
    return "import os\nos._exit(0)"


def _segfaults(k: int) -> str:
    return "import ctypes\nctypes.string_at(0)"


def _aborts(k: int) -> str:
    return "import os\nos.abort()"


def _unparsable(k: int) -> str:
    return f"return n * n + {k} +"


def _daemon(k: int) -> str:
    return f"""
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(1000)
            os._exit(0)
        return n * n + {k}
    """


def _crowd(k: int) -> str:
    return f"""
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                time.sleep(1000)
        return n * n + {k}
    """


def _flood(k: int) -> str:
    return f"""
        import sys
        for _ in range(30):
            print("{k % 10}" * 10000)
            print("{k % 10}" * 10000, file=sys.stderr)
        return n * n + {k}
    """


def _hog(k: int) -> str:
    return """
        kept = []
        while True:
            kept.append(bytearray(32 << 20))
    """


def _writer(k: int) -> str:
    return f"""
        import ctypes, os, socket
        for folder in (".", "/tmp", "/dev/shm", "/var/tmp"):
            try:
                with open(f"{{folder}}/{MARK}-{k}-{{n}}", "wb") as file:
                    file.write(b"x" * 300000)
            except OSError:
                pass
        try:
            ctypes.CDLL(None).shmget({IPC_KEY}, 4096, 0o1666)
            left = socket.socket(socket.AF_UNIX)
            left.bind("\\0{MARK}-{k}-" + str(n))
            left.listen()
        except OSError:
            pass
        return n * n + {k}
    """


def _filler(k: int) -> str:
    return f"""
        try:
            with open("/tmp/{MARK}-{k}", "wb") as file:
                while True:
                    file.write(b"x" * (1 << 20))
        except OSError:
            return n * n + {k}
    """


def _scribbler(k: int) -> str:
    return f"""
        import os
        for fd in range(3, 64):
            try:
                os.write(fd, b"passed" * 100)
            except OSError:
                pass
        return n * n + {k}
    """


def _numpy(k: int) -> str:
    return f"""
        import numpy as np
        return int((np.arange(n + 1)[-1] ** 2)) + {k}
    """


def _spins(k: int) -> str:
    return "while True:\n    pass"


def _sleeps(k: int) -> str:
    return "import time\ntime.sleep(1000)"


def _is(*statuses: VerdictStatus) -> frozenset[VerdictStatus]:
    return frozenset(statuses)


KINDS: dict[str, Kind] = {
    "right": Kind(560, _right, _is(_S.PASSED)),
    "longer": Kind(180, _longer, _is(_S.PASSED)),
    "wrong": Kind(80, _wrong, _is(_S.FAILED)),
    "raises": Kind(40, _raises, _is(_S.FAILED)),
    "exits": Kind(20, _exits, _is(_S.FAILED)),
    "segfaults": Kind(10, _segfaults, _is(_S.CRASHED)),
    "aborts": Kind(5, _aborts, _is(_S.CRASHED)),
    "unparsable": Kind(10, _unparsable, _is(_S.INVALID)),
    "daemon": Kind(20, _daemon, _is(_S.PASSED)),
    "crowd": Kind(10, _crowd, _is(_S.PASSED)),
    "flood": Kind(20, _flood, _is(_S.PASSED)),
    "hog": Kind(8, _hog, _is(_S.MEMORY)),
    "writer": Kind(20, _writer, _is(_S.PASSED)),
    "filler": Kind(4, _filler, _is(_S.PASSED)),
    "scribbler": Kind(5, _scribbler, _is(_S.TAMPERED, _S.FAILED, _S.CRASHED)),
    "numpy": Kind(6, _numpy, _is(_S.PASSED)),
    "spins": Kind(1, _spins, _is(_S.TIMEOUT)),
    "sleeps": Kind(0.3, _sleeps, _is(_S.TIMEOUT)),
}


def items(seed: int, first: int, count: int) -> Iterator[Item]:
    """The programs at the places `first` to `first + count - 1`; the first places hold one of each kind."""
    names = list(KINDS)
    weights = [KINDS[name].weight for name in names]
    for place in range(first, first + count):
        chance = random.Random(f"{seed}/{place}")
        kind = names[place] if place < len(names) else chance.choices(names, weights)[0]
        yield item(kind, place, chance)


def item(kind: str, place: int, chance: random.Random) -> Item:
    """A program of that kind; half of them share their tests with earlier ones, half have their own."""
    k = chance.choice((place % 50, place + 1000))
    body = textwrap.indent(textwrap.dedent(KINDS[kind].make(k)).strip("\n"), "    ")
    prompt = f'def solve(n: int) -> int:\n    """The square of n, and {k}."""\n'
    problem = Problem(f"soak/{place}", prompt, _oracle(k, prompt, chance))
    return Item(kind, problem, Sample(problem.id, 0, body + "\n"), KINDS[kind].expected)


def _oracle(k: int, prompt: str, chance: random.Random) -> Oracle:
    numbers = (0, 1, 3, 20)
    if chance.random() < 0.3:
        return CallOracle("solve", tuple(Case((n,), n * n + k) for n in numbers))
    lines = "".join(f"    assert candidate({n}) == {n * n + k}\n" for n in numbers)
    return CheckOracle("solve", f"def check(candidate):\n{lines}", preamble=prompt)
