"""What the clients of `benchmarks/server.py` ask, and how each answer must be.

Every request holds numbers of its own, so that the answer to another one is a wrong one.
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable
from typing import Any, NamedTuple

CLASSES = ("quick", "slow", "hostile", "huge")


class Question(NamedTuple):
    """A request, and what is wrong with an answer to it (None: nothing)."""

    path: str
    body: dict[str, Any]
    wrong: Callable[[Any], str | None]


class Kind(NamedTuple):
    """A kind of request: its class, its share of all, and how one is made."""

    group: str
    share: int
    make: Callable[[random.Random], Question]


def _run(
    code: str, stdout: str | None, *, status: str = "Success", stdin: str | None = None, **more: Any
) -> Question:
    def wrong(answer: Any) -> str | None:
        if answer["status"] != status:
            return f"{answer['status']} instead of {status}: {str(answer)[:300]}"
        if stdout is not None and answer["run_result"]["stdout"] != stdout:
            return f"another output: {str(answer)[:300]}"
        return None

    body = {
        "code": code,
        "language": "python",
        "stdin": stdin,
        "compile_timeout": 60,
        "run_timeout": 20,
        **more,
    }
    return Question("/run_code", body, wrong)


def _judge(completion: str, cases: list[tuple[int, int, int]], passed: bool, **more: Any) -> Question:
    problem = {
        "id": f"add/{cases[0][2]}",
        "entry_point": "add",
        "cases": [{"args": [a, b], "expected": c} for a, b, c in cases],
    }

    def wrong(answer: Any) -> str | None:
        [verdict] = answer["verdicts"]
        if (verdict["status"] == "passed") != passed or verdict["problem_id"] != problem["id"]:
            return f"the wrong verdict: {verdict}"
        return None

    return Question("/verdict", {"problem": problem, "completion": completion, **more}, wrong)


def _cases(rng: random.Random) -> list[tuple[int, int, int]]:
    pairs = [(rng.randrange(10**6), rng.randrange(10**6)) for _ in range(3)]
    return [(a, b, a + b) for a, b in pairs]


def _sum(rng: random.Random) -> Question:
    a, b = rng.randrange(10**9), rng.randrange(10**9)
    return _run("a, b = map(int, input().split())\nprint(a + b)", f"{a + b}\n", stdin=f"{a} {b}")


def _fails(rng: random.Random) -> Question:
    return _run(f"raise ValueError({rng.random()})", "", status="Failed")


def _right(rng: random.Random) -> Question:
    return _judge("def add(a, b): return a + b", _cases(rng), True)


def _wrong(rng: random.Random) -> Question:
    return _judge("def add(a, b): return a + b + 1", _cases(rng), False)


def _piston(rng: random.Random) -> Question:
    number = rng.randrange(10**9)

    def wrong(answer: Any) -> str | None:
        return None if answer["run"]["stdout"] == f"{number}\n" else f"another output: {str(answer)[:300]}"

    files = [{"content": f"echo {number}"}]
    body = {"language": "bash", "version": "*", "files": files, "run_timeout": 20000}
    return Question("/api/v2/execute", body, wrong)


def _call(rng: random.Random) -> Question:
    number = rng.randrange(10**9)

    def wrong(answer: Any) -> str | None:
        outcome = answer["outcome"]
        return None if outcome["stdout"] == f"{number}\n" else f"another output: {str(answer)[:300]}"

    program = {"source": f"print({number})"}
    return Question("/sandbox", {"do": "run", "program": program, "limits": {"wall_s": 20.0}}, wrong)


def _sleeps(rng: random.Random) -> Question:
    number = rng.randrange(10**9)
    return _run(f"import time; time.sleep({rng.uniform(0.2, 1.0):.2f}); print({number})", f"{number}\n")


def _computes(rng: random.Random) -> Question:
    number = rng.randrange(10**9)
    code = f"import time\nwhile time.process_time() < 0.3: pass\nprint({number})"
    return _run(code, f"{number}\n")


def _endless(rng: random.Random) -> Question:
    return _run(f"while True: {rng.random()}", "", status="Failed", run_timeout=1)


def _fork_bomb(rng: random.Random) -> Question:
    code = f"import os\n# {rng.random()}\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    return _run(code, None, status="Failed", run_timeout=1)


def _memory_bomb(rng: random.Random) -> Question:
    code = f"x = [{rng.random()}]\nwhile True: x.append(bytearray(1 << 24))"
    return _run(code, None, status="Failed", memory_limit_MB=128)


def _kills(rng: random.Random) -> Question:
    code = (
        "import os, signal\n"
        "for pid in (os.getppid(), 1, 0, -1, *range(2, 50)):\n"
        "    try: os.kill(pid, signal.SIGKILL)\n    except OSError: pass\n"
        f"os._exit({rng.randrange(1, 100)})"
    )
    return _run(code, None, status="Failed")


def _forges(rng: random.Random) -> Question:
    forgeries = (
        "import os\ndef add(a, b): os._exit(0)",
        "def add(a, b): raise SystemExit(0)",
        "class A:\n    def __eq__(self, other): return True\ndef add(a, b): return A()",
        "import os\nfor n in range(3, 30):\n    try: os.write(n, b'[3]\\n')\n    except OSError: pass\n"
        "def add(a, b): return a",
    )
    return _judge(rng.choice(forgeries), _cases(rng), False)


def _floods(rng: random.Random) -> Question:
    code = f"import sys\nx = '{rng.random()}' * 100000\nwhile True: sys.stdout.write(x)"
    return _run(code, None, status="Failed", run_timeout=1)


def _says_much(rng: random.Random) -> Question:
    letter, length = rng.choice("abcdef"), rng.randrange(3_000_000, 6_000_000)
    return _run(f"print('{letter}' * {length})", letter * length + "\n")


def _hears_much(rng: random.Random) -> Question:
    data = rng.randbytes(3 << 20).hex()
    code = "import hashlib, sys\nprint(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())"
    return _run(code, hashlib.sha256(data.encode()).hexdigest() + "\n", stdin=data)


def _is_long(rng: random.Random) -> Question:
    number = rng.randrange(10**9)
    return _run("# nothing\n" * 200_000 + f"print({number})", f"{number}\n")


def _brings_files(rng: random.Random) -> Question:
    data = rng.randbytes(2 << 20)

    def wrong(answer: Any) -> str | None:
        same = answer["status"] == "Success" and base64.b64decode(answer["files"]["out"]) == data[::-1]
        return None if same else f"another file: {str(answer)[:300]}"

    question = _run(
        "open('out', 'wb').write(open('in', 'rb').read()[::-1])",
        None,
        files={"in": base64.b64encode(data).decode()},
        fetch_files=["out"],
    )
    return question._replace(wrong=wrong)


KINDS = {
    "sum": Kind("quick", 20, _sum),
    "fails": Kind("quick", 6, _fails),
    "right": Kind("quick", 16, _right),
    "wrong": Kind("quick", 10, _wrong),
    "piston": Kind("quick", 6, _piston),
    "remote": Kind("quick", 8, _call),
    "sleeps": Kind("slow", 4, _sleeps),
    "computes": Kind("slow", 3, _computes),
    "endless": Kind("slow", 1, _endless),
    "fork bomb": Kind("hostile", 1, _fork_bomb),
    "memory bomb": Kind("hostile", 2, _memory_bomb),
    "kills": Kind("hostile", 3, _kills),
    "forges": Kind("hostile", 6, _forges),
    "floods": Kind("hostile", 1, _floods),
    "says much": Kind("huge", 2, _says_much),
    "hears much": Kind("huge", 2, _hears_much),
    "is long": Kind("huge", 2, _is_long),
    "brings files": Kind("huge", 2, _brings_files),
}


def draw(rng: random.Random) -> tuple[str, Question]:
    """One of all kinds, by their shares."""
    [name] = rng.choices(list(KINDS), [kind.share for kind in KINDS.values()])
    return name, KINDS[name].make(rng)
