"""`ratchet export` and `ratchet import`, there and back, with `ratchet score` between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.evaluation.building import problem, sample, write_run

if TYPE_CHECKING:
    from tests.conftest import RunRatchet

PROBLEMS = [
    {
        "task_id": f"t/{n}",
        "prompt": "def f(x):\n",
        "entry_point": "f",
        "test": f"def check(candidate):\n    assert candidate(1) == {n}\n",
    }
    for n in range(2)
]


@pytest.mark.slow
def test_there_and_back(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in PROBLEMS))
    drawn = [
        sample(f"t/{n}", i, completion=f"    return {i}\n", passed=i == n or (n, i) == (1, 0))
        for n in range(2)
        for i in range(2)
    ]  # of t/1 the first passed there, and does not here
    write_run(
        tmp_path / "run", drawn, problems=[problem(row["task_id"], prompt=row["prompt"]) for row in PROBLEMS]
    )
    done = ratchet_cli("export", "run", "--to", "evalplus", "-o", "out/s.jsonl")
    assert (done.returncode, done.stdout.split()) == (0, ["out/s.jsonl", "out/s_eval_results.json"])
    done = ratchet_cli("import", "out/s_eval_results.json", "-o", "mine.jsonl", "--json")
    assert json.loads(done.stdout) == {
        "format": "evalplus", "samples": 4, "with_verdict": 4, "out": "mine.jsonl",
    }  # fmt: skip
    done = ratchet_cli("score", "p.jsonl", "--samples", "mine.jsonl", "--out", "scored", "--quiet")
    assert done.returncode == 0, done.stderr
    done = ratchet_cli("import", "out/s_eval_results.json", "--against", "scored", "--json")
    seen = json.loads(done.stdout)["agreement"]
    assert (seen["both_passed"], seen["both_failed"]) == (2, 1)
    assert [(one["task_id"], one["index"], one["theirs"]) for one in seen["disagreements"]] == [
        ("t/1", 0, True)
    ]
    shown = ratchet_cli("import", "out/s_eval_results.json", "--against", "scored").stdout
    assert "4 samples with two verdicts" in shown
    assert "t/1, sample 0: there passed, here not" in shown


@pytest.mark.slow
def test_what_is_wrong_is_said(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    done = ratchet_cli("export", "gone", "--to", "inspect", "-o", "l.json")
    assert (done.returncode, done.stderr) == (2, "ratchet: there is no Run at gone: no such directory.\n")
    (tmp_path / "s.jsonl").write_text('{"task_id": "a", "completion": ""}\n')
    done = ratchet_cli("import", "s.jsonl")
    assert (done.returncode, done.stderr) == (
        2, "ratchet: nothing is asked for: give -o FILE, or --against RUN.\n",
    )  # fmt: skip
