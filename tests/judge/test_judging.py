"""Verdicts on single programs, in the real jail: each status, its evidence, and nothing forged."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ratchet.errors import RatchetError
from ratchet.judge import OracleMode, Verdict, judge, judge_many
from ratchet.problems import CallOracle, Case, CheckOracle, Problem, Sample
from ratchet.sandbox import Limits, LocalSandbox

LIMITS = Limits(wall_s=1.0, memory_bytes=256 << 20)

CALLS = Problem(
    "double",
    "def double(xs):\n",
    CallOracle("double", (Case(([1, 2],), [2, 4]), Case(([],), []), Case(([3],), [6]))),
)
CHECK = Problem(
    "twice",
    "def helper(x):\n    return x + x\n\n\ndef twice(x):\n",
    CheckOracle(
        "twice",
        "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(5) == helper(5), 'five'\n",
        preamble="def helper(x):\n    return x + x\n\n\ndef twice(x):\n",
    ),
)


def verdict(
    sandbox: LocalSandbox, problem: Problem, completion: str, *, oracle: OracleMode = "split"
) -> Verdict:
    return judge(problem, Sample(problem.id, 0, completion), sandbox, LIMITS, oracle=oracle)


def test_a_right_answer_passes_with_its_measurements(sandbox: LocalSandbox) -> None:
    seen = verdict(sandbox, CALLS, "    return [2 * x for x in xs]\n")
    assert (seen.status, seen.detail, seen.tests_run, seen.oracle) == ("passed", "", 3, "split")
    assert 0 < seen.wall_s < 1
    assert 0 <= seen.cpu_s < 1
    assert 1 << 20 < seen.peak_memory < 256 << 20


@pytest.mark.parametrize(
    ("completion", "status", "detail"),
    [
        ("    return xs\n", "failed", "case 1: double([1, 2]) returned [1, 2], expected [2, 4]"),
        ("    return [6] if xs == [3] else xs and [2, 4] or None\n", "failed",
         "case 2: double([]) returned None, expected []"),
        ("    return tuple(2 * x for x in xs)\n", "failed",
         "case 1: double([1, 2]) returned (2, 4), expected [2, 4]"),
        ("    raise ValueError('no\\nway')\n", "failed",
         "case 1: double([1, 2]) raised ValueError: no way, expected [2, 4]"),
        ("    while xs: pass\n    return xs", "timeout",
         "case 1: double([1, 2]) got no answer: the program ran into the time limit (1 s)"),
        ("    return xs * 10**9", "memory", None),
        ("    import ctypes\n    ctypes.string_at(0)", "crashed", None),
        ("    return [2 * x for x in xs\n", "invalid", "SyntaxError: '[' was never closed"),
        ("return xs", "invalid", "IndentationError: expected an indented block after function"),
        ("    return '\ud800'", "invalid", "holds lone surrogates"),
        ("    return '\0'", "invalid", None),
        ("    return xs\n\ufeff", "invalid", "SyntaxError: invalid non-printable character U+FEFF"),
        ("    eval('1 +')", "failed", "case 1: double([1, 2]) raised SyntaxError"),
        ("    pass\n\neval('1 +')", "failed", "the program ended with exit code 1: SyntaxError"),
        ("    pass\n\nraise SystemExit", "failed", "the program ended with exit code 0"),
        ("    pass\n\nimport os; os._exit(3)", "failed", "the program ended with exit code 3"),
        ("    pass\n\n1 / 0", "failed", "the program ended with exit code 1: ZeroDivisionError"),
        ("    pass\n\ndel double", "failed", "does not define 'double'"),
        ("    return lambda: xs", "failed", "not plain data"),
    ],
)  # fmt: skip
def test_each_status_has_its_evidence(
    sandbox: LocalSandbox, completion: str, status: str, detail: str | None
) -> None:
    seen = verdict(sandbox, CALLS, completion)
    assert seen.status == status, seen.detail
    assert detail is None or detail in seen.detail
    assert seen.detail
    assert seen.detail == " ".join(seen.detail.split())
    seen.detail.encode("utf-8")


@pytest.mark.parametrize("oracle", ["split", "in-process"])
def test_a_check_is_run_with_the_prompts_helpers(sandbox: LocalSandbox, oracle: OracleMode) -> None:
    right = verdict(sandbox, CHECK, "    return 2 * x\n", oracle=oracle)
    assert (right.status, right.tests_run, right.oracle) == ("passed", 2, oracle)
    wrong = verdict(sandbox, CHECK, "    return 4\n", oracle=oracle)
    assert (wrong.status, wrong.tests_run) == ("failed", 2)
    assert "AssertionError: five" in wrong.detail
    assert "helper(5)" in wrong.detail
    assert verdict(sandbox, CHECK, "", oracle=oracle).status == "invalid"
    assert verdict(sandbox, CHECK, "    while True: pass", oracle=oracle).status == "timeout"


@pytest.mark.parametrize(
    ("test", "detail"),
    [
        ("def check(candidate): pass", "the tests never called it"),
        ("def check(candidate): raise SystemExit(0)", "SystemExit"),
        ("def check(candidate): missing()", "NameError"),
        (
            "def check(candidate):\n    try: candidate(1)\n    except BaseException: pass",
            "before it answered",
        ),
        ("check = None", "TypeError"),
        ("def check(candidate)", "SyntaxError"),
    ],
)
def test_tests_that_prove_nothing_pass_nobody(sandbox: LocalSandbox, test: str, detail: str) -> None:
    problem = Problem("p", "def f(x):\n", CheckOracle("f", test, preamble="def f(x):\n"))
    seen = verdict(
        sandbox, problem, "    import os\n    os._exit(0)\n" if "except" in test else "    return x\n"
    )
    assert seen.status == "failed"
    assert detail in seen.detail or "exit code 0" in seen.detail


def test_a_problem_without_cases_passes_nobody(sandbox: LocalSandbox) -> None:
    empty = Problem("p", "", CallOracle("f", ()))
    assert verdict(sandbox, empty, "def f(): pass\n").status == "failed"


@pytest.mark.parametrize(
    "prompt",
    [
        "def f(x):\n",
        'def f(x):\n    """Says so."""\n',
        "import math\n\nclass K:\n    def m(self):\n        return 1\n\ndef f(x):\n    # double it",
        "from __future__ import annotations\nimport typing\n\ndef f(x: typing.Any):",
        "# only a comment\n",
        "def f(x):\n    '''never closed\n",
        "",
    ],
)
def test_prompts_may_end_in_any_way(sandbox: LocalSandbox, prompt: str) -> None:
    test = "def check(candidate):\n    assert candidate(2) == 4\n    assert f(3) == 6\n"
    problem = Problem("p", prompt, CheckOracle("f", test, preamble=prompt))
    whole = Sample("p", 0, "def f(x):\n    return 2 * x\n", standalone=True)
    seen = judge(problem, whole, sandbox, LIMITS)
    assert (seen.status, seen.detail) == ("passed", "")


FORGERIES = {
    "early exit": "    import os\n    os._exit(0)\n",
    "system exit": "    raise SystemExit(0)\n",
    "exit handler": "    pass\n\nimport atexit, os\natexit.register(os._exit, 0)\nraise SystemExit\n",
    "always equal": "    class E:\n        def __eq__(self, other): return True\n    return E()\n",
    "equal number": "    class E(int):\n        def __eq__(self, other): return True\n    return E(1)\n",
    "equal list": "    class E(list):\n        def __eq__(self, other): return True\n    return E()\n",
    "printed": "    print('PASSED', 'passed', True, 'OK', sep='\\n')\n",
    "patched": "    import builtins\n    builtins.AssertionError = None\n    return None\n",
    "no check": "    return None\n\ndef check(candidate): pass\n",
    "written": (
        "    import os\n    for fd in range(64):\n"
        "        for text in (b'passed', b'\\0\\0\\0\\6passed', b'{\"passed\": true}\\n'):\n"
        "            try: os.write(fd, text)\n            except OSError: pass\n    return None\n"
    ),
    "frames": (
        "    import sys\n    f = sys._getframe()\n    while f.f_back: f = f.f_back\n    return f.f_locals"
    ),
    "fork": "    import os\n    if os.fork(): os._exit(0)\n    return None\n",
    "exec": "    import os\n    os.execv('/bin/true', ['true'])\n",
}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.parametrize("problem", [CALLS, CHECK], ids=["calls", "check"])
def test_a_program_that_sets_out_to_pass_does_not(sandbox: LocalSandbox, problem: Problem, name: str) -> None:
    seen = verdict(sandbox, problem, FORGERIES[name])
    assert not seen.passed, name
    assert seen.status in ("failed", "tampered", "crashed"), seen
    if name == "written":
        assert seen.status == "tampered"


def test_an_unknown_language_is_refused(sandbox: LocalSandbox) -> None:
    problem = Problem("p", "", CALLS.oracle, language="klingon")
    with pytest.raises(RatchetError, match="klingon"):
        verdict(sandbox, problem, "")


def pairs(completions: Iterable[str]) -> Iterable[tuple[Problem, Sample]]:
    return ((CALLS, Sample(CALLS.id, i, text)) for i, text in enumerate(completions))


def test_many_are_judged_each_once_and_in_parallel(sandbox: LocalSandbox) -> None:
    right, wrong = "    return [2 * x for x in xs]\n", "    return xs\n"
    texts = [right if i % 3 else wrong for i in range(60)]
    seen = dict(judge_many(pairs(texts), sandbox, LIMITS))
    assert sorted(seen) == list(range(60))
    assert all(seen[i].passed == bool(i % 3) and seen[i].sample == i for i in seen)


def test_many_are_taken_only_as_needed(sandbox: LocalSandbox) -> None:
    taken = 0

    def endless() -> Iterable[tuple[Problem, Sample]]:
        nonlocal taken
        while True:
            taken += 1
            yield CALLS, Sample(CALLS.id, taken, "    return xs\n")

    stream = judge_many(endless(), sandbox, LIMITS)
    for _ in range(10):
        next(stream)
    stream.close()
    assert taken <= 10 + 3 * sandbox.slots


@pytest.mark.slow
def test_what_only_slept_is_judged_again_after_the_rest(sandbox: LocalSandbox) -> None:
    texts = ["    import time\n    time.sleep(9)\n", "    while True: pass\n"] + ["    return xs\n"] * 20
    order = [position for position, _ in judge_many(pairs(texts), sandbox, LIMITS)]
    assert 0 in order[-2:]  # the other one, too, if the machine gave it too little CPU time
    assert sorted(order) == list(range(22))
