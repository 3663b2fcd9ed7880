"""Categories of failure, each on the verdict that a real program gets in the real jail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ratchet.evaluation.taxonomy import MEANING, Category, categorise
from ratchet.judge import Verdict, VerdictStatus, judge
from ratchet.problems.types import (
    CallOracle,
    Case,
    CheckOracle,
    NativeOracle,
    Oracle,
    Problem,
    ReferenceOracle,
    Sample,
)
from ratchet.sandbox.types import Limits

if TYPE_CHECKING:
    from ratchet.sandbox import LocalSandbox

PROMPT = "def f(x):\n"
ORACLES: dict[str, Oracle] = {
    "check": CheckOracle("f", "def check(candidate):\n    assert candidate(2) == 4\n", preamble=PROMPT),
    "calls": CallOracle("f", (Case((2,), 4),)),
    "reference": ReferenceOracle("f", "[[2]]", "def f(x): return x * x"),
}
WRONG = [
    ("", "empty"),
    ("    # I do not know.\n\n", "empty"),
    ("    return (\n", "does not parse"),
    ("    pass\ndel f\n", "entry point missing"),
    ("    pass\ndef f(): return 4\n", "wrong signature"),
    ("    return y\n", "undefined name"),
    ("    import nothere\n    return x\n", "unknown API"),
    ("    pass\nimport nothere\n", "unknown API"),
    ("    from math import nothere\n", "unknown API"),
    ("    import math\n    return math.nothere(x)\n", "unknown API"),
    ("    return [x].push(3)\n", "unknown API"),
    ("    return None.a\n", "raised"),
    ("    class A: pass\n    return A().z\n", "raised"),
    ("    import math\n    return math.sqrt(1, 2)\n", "wrong arguments"),
    ("    return sorted([x], foo=1)\n", "wrong arguments"),
    ("    return len(5)\n", "wrong arguments"),
    ("    return int('a')\n", "wrong arguments"),
    ("    raise ValueError('no')\n", "raised"),
    ("    a, b = [x]\n    return a\n", "raised"),
    ("    def g(): return 1\n    return g(x)\n", "raised"),
    ("    return 'a' + 1\n", "raised"),
    ("    return x()\n", "raised"),
    ("    return 'a' % x\n", "raised"),
    ("    return [][1]\n", "raised"),
    ("    return f(x)\n", "raised"),
    ("    pass\nraise RuntimeError('top')\n", "raised"),
    ("    import sys\n    sys.exit(3)\n", "ended early"),
    ("    import os\n    os._exit(0)\n", "ended early"),
    ("    return x + 1\n", "wrong answer"),
    ("    return 'it raised TypeError: f() takes no argument'\n", "wrong answer"),
    ("    return lambda: 3\n", "wrong answer"),
    ("    return bytearray(1 << 40)\n", "memory"),
    ("    import os\n    os.abort()\n", "crashed"),
    ("    while True: pass\n", "timeout"),
    ("    return x * x\n", "passed"),
]


def of(problem: Problem, completion: str, sandbox: LocalSandbox, *, finish: str = "") -> str:
    sample = Sample(problem.id, 0, completion)
    verdict = judge(problem, sample, sandbox, Limits(wall_s=1.0), oracle="auto")
    return categorise(problem, sample, verdict, finish)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ORACLES)
def test_what_real_programs_did(sandbox: LocalSandbox, kind: str) -> None:
    problem = Problem("a", PROMPT, ORACLES[kind], reference="    return x * x\n")
    found = [(completion, of(problem, completion, sandbox)) for completion, _ in WRONG]
    assert found == WRONG


@pytest.mark.slow
def test_in_one_process_it_is_the_same(sandbox: LocalSandbox) -> None:
    oracle = CheckOracle("f", "def check(candidate):\n    assert candidate(2) == 4\n", together="it must")
    problem = Problem("a", PROMPT, oracle)
    wrong = [row for row in WRONG if "lambda" not in row[0]]
    assert [(completion, of(problem, completion, sandbox)) for completion, _ in wrong] == wrong


@pytest.mark.slow
def test_of_a_library_the_choice_may_be_wrong(sandbox: LocalSandbox) -> None:
    prompt = "import math\ndef f(x):\n"
    plain = Problem("a", prompt, ORACLES["calls"], reference="    return math.pow(x, 2)\n")
    about_library = replace(plain, packages=("numpy",))
    other, same = (Sample("a", 0, f"    return math.{call}\n") for call in ("cos(x)", "pow(x, 3)"))
    verdict = judge(plain, other, sandbox, Limits(wall_s=5.0))
    assert categorise(plain, other, verdict) == "wrong answer"
    assert categorise(about_library, other, verdict) == "wrong API"
    assert categorise(about_library, same, verdict) == "wrong answer"


@pytest.mark.slow
def test_what_the_limit_on_tokens_cut_off(sandbox: LocalSandbox) -> None:
    problem = Problem("a", PROMPT, ORACLES["check"])
    assert of(problem, "    return (x *", sandbox, finish="length") == "cut off"
    assert of(problem, "    return (x *", sandbox, finish="stop") == "does not parse"
    assert of(problem, "    return x", sandbox, finish="length") == "wrong answer"


@pytest.mark.slow
def test_other_languages(sandbox: LocalSandbox) -> None:
    head = "function f(x) {\n"
    oracle = NativeOracle("f", head, "const assert = require('assert');\nassert.equal(f(2), 4);\n")
    problem = Problem("a", head, oracle, language="javascript")
    found = [
        of(problem, body, sandbox)
        for body in ("  return y;\n}\n", "  return x.foo();\n}\n", "  return 3;\n}\n", "  return x * x;\n}\n")
    ]
    assert found == ["undefined name", "unknown API", "wrong answer", "passed"]


def verdicts() -> Iterator[Verdict]:
    for status in VerdictStatus:
        for detail in (
            "",
            "E",
            "case 1:",
            "case 1: f(1) raised",
            "the program ended with exit code 1",
            ": x",
        ):
            yield Verdict("a", 0, status, detail, 0, 0.0, 0.0, 0)


def test_every_verdict_has_a_category_and_every_category_a_meaning() -> None:
    for language in ("python", "rust"):
        problem = Problem("a", PROMPT, ORACLES["calls"], language=language)
        for verdict in verdicts():
            assert Category(categorise(problem, Sample("a", 0, "x"), verdict)) in MEANING
    assert set(MEANING) == set(Category)
