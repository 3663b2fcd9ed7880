"""The Run of a scoring: begun or taken up again, its verdicts journalled, its files written."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.judge.types import Verdict
from ratchet.runs import Run, fresh_place

KIND = "score"
"""The kind of these Runs."""

_COMMIT_EVERY_S = 0.2
_UNIT = "verdict/"

_NAMES = {
    "benchmark": "the benchmark",
    "problems_sha256": "the problems",
    "samples_sha256": "the samples",
    "oracle": "--oracle",
    "walls": "--walls",
    "limits": "the limits (--timeout, --memory)",
}


def begin(settings: Mapping[str, Any], out: Path | None) -> Run:
    """A new Run with `settings` as its configuration, in `out` or in `runs/score-<benchmark>-<time>`.

    Raises RatchetError where `out` is taken or cannot be written.
    """
    return Run.create(out or fresh_place(KIND, str(settings["benchmark"])), kind=KIND, config=settings)


def take_up(settings: Mapping[str, Any], out: Path) -> Run:
    """The Run in `out`, if it was begun with the same settings.

    Raises RatchetError where it was not, naming what differs, and where `out` holds no such Run.
    """
    run = Run.open(out, kind=KIND)
    for key, name in _NAMES.items():
        if run.config.get(key) != settings[key]:
            run.close()
            values = "" if key.endswith("sha256") else f" ({run.config.get(key)} there, {settings[key]} here)"
            raise RatchetError(
                f"{out} was begun with something else as {name}{values}; "
                "give the same to resume it, or another --out to begin anew."
            )
    return run


def recorded(run: Run) -> dict[int, Verdict]:
    """The verdicts that the Run has, by position of their sample."""
    return {int(unit.removeprefix(_UNIT)): Verdict.from_dict(result) for unit, result in run.units(_UNIT)}


def journalled(
    run: Run, verdicts: Iterator[tuple[int, Verdict]]
) -> Generator[tuple[int, Verdict], None, None]:
    """Pass (position, verdict) pairs on as they come, and record them a few at a time.

    Each commit waits for the disk, so those of a fifth of a second share one; what
    a killed process had not committed is judged again when the Run is resumed.
    """
    pending: list[tuple[str, Any]] = []
    due = time.monotonic() + _COMMIT_EVERY_S
    try:
        for position, verdict in verdicts:
            pending.append((f"{_UNIT}{position}", verdict.as_dict()))
            if time.monotonic() >= due:
                run.record_many(pending)
                pending = []
                due = time.monotonic() + _COMMIT_EVERY_S
            yield position, verdict
    finally:
        if pending:
            run.record_many(pending)


def verdict_line(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a line of verdicts.jsonl has it (`peak_memory` in bytes, times in seconds)."""
    return {
        "task_id": verdict.problem_id,
        "sample": verdict.sample,
        "passed": verdict.passed,
        "status": str(verdict.status),
        "detail": verdict.detail,
        "wall_s": verdict.wall_s,
        "peak_memory": verdict.peak_memory,
        "cpu_s": verdict.cpu_s,
        "tests_run": verdict.tests_run,
        "oracle": verdict.oracle,
    }


def write_verdicts(run: Run, verdicts: Sequence[Verdict]) -> None:
    """Write RUN/verdicts.jsonl whole, or not at all."""
    lines = [json.dumps(verdict_line(verdict), ensure_ascii=False) + "\n" for verdict in verdicts]
    _write(run.path / "verdicts.jsonl", "".join(lines))


def write_score(run: Run, score: Mapping[str, Any]) -> None:
    """Write RUN/score.json whole, or not at all."""
    _write(run.path / "score.json", json.dumps(score, ensure_ascii=False, indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise RatchetError(
            f"{path} cannot be written ({error.strerror or error}); make room, then resume: "
            "the verdicts are safe in the Run."
        ) from None
