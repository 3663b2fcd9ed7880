"""Questions put to one function: what it returns and raises comes back as plain data, in order."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import numpy as np
import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox import CallOutcome, Limits, LocalSandbox, Program, Raised, Status

LIMITS = Limits(wall_s=8)


def call(
    sandbox: LocalSandbox, source: str, *calls: tuple[Any, ...], name: str = "f", **limits: Any
) -> CallOutcome:
    return sandbox.call(Program(source), name, calls, Limits(**({"wall_s": 8.0} | limits)))


def values(outcome: CallOutcome) -> list[Any]:
    assert outcome.fault is None, outcome
    assert all(result.raised is None for result in outcome.results), outcome
    return [result.value for result in outcome.results]


def test_answers_in_order(sandbox: LocalSandbox) -> None:
    outcome = call(sandbox, "def f(a, b=1): return a + b", (1, 2), ("a", "b"), (5,))
    assert values(outcome) == [3, "ab", 6]
    assert outcome.outcome.status is Status.OK


def test_rich_values_cross_both_ways(sandbox: LocalSandbox) -> None:
    asked = [(1, (2.5, None)), {1, 2}, b"\x00", {"k": {3: [True]}}, 2**100, 1 + 2j, Counter("aab"), "\ud800"]
    outcome = call(sandbox, "def f(x): return x", *[(x,) for x in asked])
    assert values(outcome) == asked
    assert [type(value) for value in values(outcome)] == [type(x) for x in asked]


def test_numpy_crosses(sandbox: LocalSandbox) -> None:
    outcome = call(sandbox, "def f(x): return x.sum(axis=0)", (np.arange(4).reshape(2, 2),), wall_s=20.0)
    assert values(outcome)[0].tolist() == [2, 4]


def test_generators_are_drained(sandbox: LocalSandbox) -> None:
    assert list(values(call(sandbox, "def f(n):\n    yield from range(n)", (3,)))[0]) == [0, 1, 2]


def test_exceptions_are_answers_too(sandbox: LocalSandbox) -> None:
    source = """
class Own(Exception): pass
def f(x):
    if x == 0: return 1 / x
    if x == 1: raise Own("mine")
    if x == 2: raise SystemExit(3)
    if x == 3: return (1 / i for i in [0])
    return x
"""
    outcome = call(sandbox, source, (0,), (1,), (2,), (3,), (4,))
    assert [result.raised for result in outcome.results] == [
        Raised("ZeroDivisionError", "division by zero"),
        Raised("Own", "mine"),
        Raised("SystemExit", "3"),
        Raised("ZeroDivisionError", "division by zero"),
        None,
    ]


def test_state_lasts_over_the_calls_of_one_program_only(sandbox: LocalSandbox) -> None:
    source = "seen = []\ndef f(x):\n    seen.append(x)\n    return seen"
    assert values(call(sandbox, source, (1,), (2,))) == [[1], [1, 2]]
    assert values(call(sandbox, source, (3,))) == [[3]]


def test_the_text_is_not_main_and_its_main_guard_does_not_run(sandbox: LocalSandbox) -> None:
    source = "if __name__ == '__main__':\n    raise SystemExit(1)\ndef f(): return __name__"
    assert values(call(sandbox, source, ())) == ["program"]


def test_what_it_prints_is_seen(sandbox: LocalSandbox) -> None:
    outcome = call(sandbox, "print('loading')\ndef f(x): print('called', x)", (1,), (2,))
    assert outcome.outcome.stdout == "loading\ncalled 1\ncalled 2\n"


def test_no_calls_at_all(sandbox: LocalSandbox) -> None:
    outcome = call(sandbox, "print('loaded')\ndef f(): pass")
    assert outcome.results == ()
    assert (outcome.outcome.status, outcome.outcome.stdout, outcome.fault) == (Status.OK, "loaded\n", None)


def test_a_missing_function_is_a_fault(sandbox: LocalSandbox) -> None:
    assert call(sandbox, "g = 1", (1,)).fault == "does not define 'f'"


def test_a_value_that_is_not_plain_is_a_fault(sandbox: LocalSandbox) -> None:
    outcome = call(sandbox, "def f(x): return x or object()", (1,), (0,), (2,))
    assert len(outcome.results) == 1
    assert outcome.fault == "returned a value of type object, which is not plain data"


def test_an_object_of_the_programs_own_comes_back_as_its_fields(sandbox: LocalSandbox) -> None:
    source = "class Thing:\n    def __init__(self): self.a = [1]\n    def __eq__(self, other): return True"
    (thing,) = values(call(sandbox, source + "\ndef f(): return Thing()", ()))
    assert thing.a == [1]
    assert thing not in (1, [1], {"a": [1]})


def test_an_argument_that_is_not_plain_is_the_callers_mistake(sandbox: LocalSandbox) -> None:
    with pytest.raises(RatchetError, match="argument"):
        call(sandbox, "def f(x): pass", (object(),))


def test_a_text_that_fails_answers_nothing(sandbox: LocalSandbox) -> None:
    outcome = call(sandbox, "def f(x): return x\n1 / 0", (1,))
    assert outcome.results == ()
    assert outcome.outcome.status is Status.ERROR
    assert "ZeroDivisionError" in outcome.outcome.stderr


def test_one_time_limit_for_all_calls(sandbox: LocalSandbox) -> None:
    started = time.monotonic()
    outcome = call(
        sandbox, "import time\ndef f(x): time.sleep(x); return x", (0.1,), (0.1,), (30,), wall_s=0.7
    )
    assert values(outcome) == [0.1, 0.1]
    assert outcome.outcome.status is Status.TIMEOUT
    assert time.monotonic() - started < 3


def test_a_crash_in_the_middle(sandbox: LocalSandbox) -> None:
    outcome = call(sandbox, "import os\ndef f(x):\n    if x: os.abort()\n    return x", (0,), (1,), (0,))
    assert len(outcome.results) == 1
    assert outcome.outcome.status is Status.CRASHED
    assert outcome.outcome.signal in (6, 11)  # a process 1 gets no signal of its own: abort() traps


def test_large_arguments_and_answers(sandbox: LocalSandbox) -> None:
    big = "x" * 5_000_000
    assert values(call(sandbox, "def f(x): return [x, x]", (big,), wall_s=20.0)) == [[big, big]]


def test_many_calls(sandbox: LocalSandbox) -> None:
    assert values(call(sandbox, "def f(x): return x * x", *[(i,) for i in range(500)])) == [
        i * i for i in range(500)
    ]


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef f(x):\n    os.write(4, b'garbage on the channel')\n    return 1",
        "import os\ndef f(x):\n    os.write(4, b'\\xff\\xff\\xff\\xff')\n    return 1",
        "import os\nos.write(4, b'\\x00\\x00\\x00\\x02{}')\ndef f(x): return 1",
        "import os\ndef f(x):\n    os.write(4, b'\\x00\\x00\\x00\\x0b[\"value\",1]' * 3)\n    return 1",
        'import os\ndef f(x):\n    os.write(4, b\'\\x00\\x00\\x00\\x10["raised","A",1]\')\n    return 1',
    ],
)
def test_anything_but_an_answer_on_the_channel_is_a_fault(sandbox: LocalSandbox, source: str) -> None:
    outcome = call(sandbox, source, (1,), (2,), (3,))
    assert outcome.fault is not None
    assert outcome.fault.startswith("wrote")
    assert len(outcome.results) < 3
