"""The load on the machine decides nothing: right programs stay right, slow ones slow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ratchet.judge import judge, judge_many
from ratchet.judge.load import patience
from ratchet.problems import CallOracle, Case, Problem, Sample
from ratchet.sandbox import Limits, LocalSandbox

PROBLEM = Problem("count", "def count(n):\n", CallOracle("count", (Case((3,), 3), Case((4,), 4))))
HALF_A_SECOND = "    import time\n    while time.process_time() < 0.5: pass\n    return n\n"


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Other people's work, on the cores that the tests have."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


@pytest.mark.parametrize(
    ("text", "rivals"), [("0 0 0 1/9 77", 0), ("9 9 9 3/9 77\n", 2), ("", 0), ("a b c d e", 0)]
)
def test_patience_follows_what_else_runs(tmp_path: Path, text: str, rivals: int) -> None:
    file = tmp_path / "loadavg"
    file.write_text(text)
    assert patience(file) == pytest.approx(2 + 4 * rivals / len(os.sched_getaffinity(0)))
    assert patience(tmp_path / "none") == 2.0


def test_right_programs_pass_beside_eight_busy_processes(sandbox: LocalSandbox) -> None:
    right = Sample("count", 0, HALF_A_SECOND)
    light = Sample("count", 1, "    return n\n")
    endless = Sample("count", 2, "    while True: pass\n")
    pairs = [(PROBLEM, sample) for sample in (right, light, endless, light, right)]
    with busy(8):
        seen = dict(judge_many(pairs, sandbox, Limits(wall_s=0.8)))
    statuses = [str(seen[position].status) for position in range(len(pairs))]
    assert statuses == ["passed", "passed", "timeout", "passed", "passed"], seen


def test_patience_is_for_the_machine_and_not_for_sleep_or_work(sandbox: LocalSandbox) -> None:
    limits = Limits(wall_s=0.4)
    asleep = Sample("count", 0, "    import time\n    time.sleep(0.3)\n    return n\n")
    assert judge(PROBLEM, asleep, sandbox, limits).status == "timeout"
    seen = judge(PROBLEM, asleep, sandbox, limits, patience=20)
    assert seen.status == "timeout"
    assert seen.detail.startswith("the program took 0.6")
    working = judge(PROBLEM, Sample("count", 0, HALF_A_SECOND), sandbox, limits, patience=8)
    assert working.status == "timeout"
    assert working.detail.endswith("the program ran into the time limit (0.4 s)")
    assert working.cpu_s < 0.6
