"""Runs of evaluations, written as `ratchet eval` leaves them, for tests of what reads them.

run = write_run(tmp_path / "a", [sample("t/0", passed=True), sample("t/1", passed=False)])
read_evaluation(run)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ratchet.evaluation.records import ProblemRecord, SampleRecord, problem_line, sample_line
from ratchet.judge import VerdictStatus


def sample(problem_id: str, index: int = 0, *, passed: bool = True, **known: Any) -> SampleRecord:
    """A sample of the benchmark "toy" at temperature 0.8; `known` replaces any field."""
    status = VerdictStatus.PASSED if passed else VerdictStatus.FAILED
    fields: dict[str, Any] = {
        "benchmark": "toy",
        "temperature": 0.8,
        "seed": index,
        "completion": f"    return {index}\n",
        "raw": "",
        "standalone": False,
        "finish": "stop",
        "tokens": 12,
        "logprob": -3.5,
        "tool_calls": (),
        "status": status,
        "detail": "" if passed else "AssertionError: f(1) is 0, not 1",
        "category": "passed" if passed else "wrong answer",
        "wall_s": 0.25,
        "cpu_s": 0.2,
        "oracle": "split",
    }
    return SampleRecord(problem_id=problem_id, index=index, **(fields | known))


def problem(problem_id: str, **known: Any) -> ProblemRecord:
    """A problem of the benchmark "toy"; `known` replaces any field."""
    fields: dict[str, Any] = {"benchmark": "toy", "prompt": f"def f(x):\n    # {problem_id}\n"}
    return ProblemRecord(problem_id=problem_id, **(fields | known))


def write_run(
    path: Path,
    samples: Sequence[SampleRecord],
    *,
    problems: Sequence[ProblemRecord] | None = None,
    model: str = "hf:tiny",
    config: Mapping[str, Any] | None = None,
    summary: Mapping[str, Any] | None = None,
) -> Path:
    """A finished Run at `path`; without `problems`, those that the samples are on."""
    path.mkdir(parents=True)
    if problems is None:
        names = dict.fromkeys((one.benchmark, one.problem_id) for one in samples)
        problems = [problem(name, benchmark=benchmark) for benchmark, name in names]
    about = {"kind": "eval", "schema": 1, "created": "2026-11-21T20:00:00Z", "ratchet": "0", "seed": 0}
    texts = {
        "run.json": json.dumps(about),
        "config.json": json.dumps({"model": model, **(config or {})}),
        "eval.json": json.dumps(dict(summary or {})),
        "problems.jsonl": "".join(map(problem_line, problems)),
        "samples.jsonl": "".join(map(sample_line, samples)),
    }
    for name, text in texts.items():
        (path / name).write_text(text, encoding="utf-8")
    return path
