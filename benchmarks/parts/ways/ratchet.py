"""Ratchet: all walls, by its public API; `spec["oracle"]` is "split" or "in-process"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from parts.tasks import Task
from ratchet.judge import judge
from ratchet.problems import CheckOracle, Problem, Sample
from ratchet.sandbox import Limits, LocalSandbox


@contextmanager
def ready(tasks: Sequence[Task], spec: dict[str, Any]) -> Iterator[Callable[[Task], bool]]:
    """With one slot."""
    limits = Limits(wall_s=spec["timeout_s"])
    problems = {
        task.task_id: Problem(
            task.task_id, task.prompt, CheckOracle(task.entry_point, task.test, preamble=task.prompt)
        )
        for task in tasks
    }
    with LocalSandbox(slots=1) as sandbox:

        def passed(task: Task) -> bool:
            sample = Sample(task.task_id, 0, task.completion)
            return judge(problems[task.task_id], sample, sandbox, limits, oracle=spec["oracle"]).passed

        yield passed
