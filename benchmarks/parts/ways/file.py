"""What most scripts do: `python file.py` for each sample, judged by its exit code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from parts.tasks import Task


@contextmanager
def ready(tasks: Sequence[Task], spec: dict[str, Any]) -> Iterator[Callable[[Task], bool]]:
    """With a folder for the files."""
    with TemporaryDirectory(prefix="ratchet-bench-") as folder:
        file = Path(folder) / "program.py"

        def passed(task: Task) -> bool:
            file.write_text(task.script, encoding="utf-8")
            done = subprocess.run(
                [sys.executable, str(file)], capture_output=True, check=False, timeout=spec["timeout_s"]
            )
            return done.returncode == 0

        yield passed
