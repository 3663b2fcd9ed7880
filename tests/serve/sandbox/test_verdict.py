"""/verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ratchet.judge import Verdict
from ratchet.sandbox.languages import Missing, toolchain
from ratchet.serve.sandbox.schema import check
from ratchet.serve.sandbox.verdict import VERDICT_ANSWER
from tests.serve.sandbox.serving import Served

CASES = {
    "entry_point": "add",
    "cases": [{"args": [1, 2], "expected": 3}, {"args": ["a", "b"], "expected": "ab"}],
}
RIGHT = "def add(a, b): return a + b"


def verdicts(served: Served, **body: Any) -> list[Verdict]:
    answer = served.post("/verdict", **body)
    assert answer.status_code == 200, answer.text
    check(answer.json(), VERDICT_ANSWER)
    return [Verdict.from_dict(each) for each in answer.json()["verdicts"]]


def test_cases(served: Served) -> None:
    answers = [
        RIGHT,
        "def add(a, b): return 3",
        "def add(a, b): return a +",
        "x = 1",
        "def add(a, b):\n while 1: pass",
    ]
    found = verdicts(served, problem=CASES, completions=answers, limits={"wall_s": 1})
    assert [verdict.status for verdict in found] == ["passed", "failed", "invalid", "failed", "timeout"]
    assert [verdict.sample for verdict in found] == [0, 1, 2, 3, 4]
    assert "case 2" in found[1].detail


@pytest.mark.parametrize(
    "test",
    ["def check(candidate):\n    assert candidate(1, 2) == 3\n", "assert add(1, 2) == 3\n"],
)
def test_a_test_text_and_a_prompt(served: Served, test: str) -> None:
    problem = {"id": "mine/1", "prompt": "def add(a, b):\n", "entry_point": "add", "test": test}
    right, wrong = verdicts(served, problem=problem, completions=["    return a + b\n", "    return a\n"])
    assert (right.status, right.problem_id, right.oracle) == ("passed", "mine/1", "split")
    assert wrong.status == "failed"
    [whole] = verdicts(served, problem=problem, completion=RIGHT, standalone=True)
    assert whole.passed


def test_forgeries_gain_nothing(served: Served) -> None:
    forged = [
        "import os\ndef add(a, b): os._exit(0)",
        "def add(a, b): raise SystemExit(0)",
        "class A:\n    def __eq__(self, other): return True\ndef add(a, b): return A()",
        "import os\nfor n in range(3, 20):\n    try: os.write(n, b'passed')\n    except OSError: pass\n"
        "def add(a, b): return 0",
    ]
    assert not any(v.passed for v in verdicts(served, problem=CASES, completions=forged))


def test_a_test_that_cannot_be_split(served: Served) -> None:
    test = "import inspect\nassert 'return' in inspect.getsource(add)\n"
    body = {"problem": {"entry_point": "add", "test": test}, "completion": RIGHT}
    refused = served.post("/verdict", **body)
    assert refused.status_code == 422
    assert "cannot be kept apart" in refused.json()["error"]["message"]
    [found] = verdicts(served, **body, oracle="auto")
    assert found.oracle == "in-process"


@pytest.mark.parametrize("language", ["bash"])
def test_another_language(served: Served, language: str) -> None:
    try:
        toolchain(language)
    except Missing as missing:
        pytest.skip(str(missing))
    problem = {
        "language": language,
        "entry_point": "add",
        "prompt": "#!/bin/bash\nadd() {\n",
        "closing": "}\n",
        "test": 'candidate() {\n    add "$@"\n}\nset -e\nrun_test() {\n'
        '    [[ $(candidate "1" "2") = "3" ]]\n}\nrun_test\n',
    }
    found = verdicts(
        served, problem=problem, completions=["    echo $(($1 + $2))\n", "    echo 4\n"], oracle="auto"
    )
    assert [verdict.status for verdict in found] == ["passed", "failed"], found


def test_a_benchmark(served: Served, benchmark_data: Path) -> None:
    from ratchet.problems import load_benchmark

    problem = load_benchmark("humaneval").problems[0]
    right, wrong = verdicts(
        served, benchmark="humaneval", problem=problem.id, completions=[problem.reference, "    pass\n"]
    )
    assert (right.status, wrong.status) == ("passed", "failed")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"problem": CASES}, "completion: there is one completion, or there are completions"),
        ({"problem": CASES, "completions": []}, "completions: it has fewer than 1 entries."),
        ({"problem": CASES, "completion": "", "completions": [""]}, "and not both"),
        (
            {"problem": CASES, "completion": "", "oracle": "in-process"},
            "oracle: it is none of 'split', 'auto'.",
        ),
        ({"problem": CASES, "completion": "", "limit": 3}, "limit: there is no such field here"),
        ({"problem": {**CASES, "case": 1}, "completion": ""}, "problem.case: there is no such field here"),
        ({"problem": {"entry_point": "f"}, "completion": ""}, "there is a test, or there are cases"),
        ({"problem": {**CASES, "language": "klingon"}, "completion": ""}, "no language 'klingon'"),
        ({"problem": "HumanEval/0", "completion": ""}, "benchmark: it is missing"),
        (
            {"problem": "x", "benchmark": "/etc/passwd", "completion": ""},
            "there is none called '/etc/passwd'",
        ),
        ({"problem": CASES, "completion": "", "limits": {"wall_s": 1e5}}, "300 s at most on this server"),
        (
            {"problem": CASES, "completion": "", "limits": {"memory_bytes": 1}},
            "limits.memory_bytes: it is less",
        ),
        ({"problem": CASES, "completions": ["x"] * 257}, "completions: it has more than 256 entries."),
    ],
)
def test_what_is_refused(served: Served, body: dict[str, Any], said: str) -> None:
    answer = served.post("/verdict", **body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["kind"] == "input"
    assert said in answer.json()["error"]["message"]


def test_verdicts_are_counted(served: Served) -> None:
    name = 'ratchet_verdicts_total{status="passed",oracle="split"}'
    before = served.metric(name)
    verdicts(served, problem=CASES, completion=RIGHT)
    assert served.metric(name) == before + 1
