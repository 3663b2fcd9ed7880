"""benchmarks/server.py runs, and knows a wrong answer from a right one."""

from __future__ import annotations

import random
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "benchmarks"


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--kill"]])
def test_a_short_load(more: list[str]) -> None:
    command = [sys.executable, str(FOLDER / "server.py"), "--clients", "8", "--seconds", "4", *more]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wrong: 0; lost: 0" in done.stdout


def test_another_ones_answer_is_a_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    asking = import_module("parts.asking")
    first = asking.KINDS["sum"].make(random.Random(1))
    second = asking.KINDS["sum"].make(random.Random(2))
    a, b = map(int, first.body["stdin"].split())
    answer = {"status": "Success", "run_result": {"stdout": f"{a + b}\n"}}
    assert first.wrong(answer) is None
    assert "another output" in second.wrong(answer)
    judged = asking.KINDS["wrong"].make(random.Random(1))
    verdict = {"status": "passed", "problem_id": judged.body["problem"]["id"]}
    assert "the wrong verdict" in judged.wrong({"verdicts": [verdict]})
    assert judged.wrong({"verdicts": [{**verdict, "status": "failed"}]}) is None
    assert "the wrong verdict" in judged.wrong({"verdicts": [{"status": "failed", "problem_id": "add/1"}]})
