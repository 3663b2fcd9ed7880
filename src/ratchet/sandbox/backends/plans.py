"""A program's files and limits as its zygote takes them."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from ratchet.errors import RatchetError
from ratchet.sandbox.types import Limits, Program

MOST_KEPT = 256 << 20
"""Bytes of the files that are taken from a program."""
_LEAST_OF_GROUP = 16 << 20
"""Bytes: below what a group's first process needs, the kernel refuses the limit."""
_LEAST = {"memory_bytes": 1 << 20, "output_bytes": 1, "processes": 1, "open_files": 8, "disk_bytes": 4096}


def files_of(program: Program) -> dict[str, bytes]:
    """A program's files by path, as bytes; raises RatchetError for a path that leads elsewhere."""
    files = {}
    for name, content in program.files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise RatchetError(
                f"a program's file must have a path inside its working directory, not {name!r}."
            )
        files[str(path)] = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return files


def stdin_of(program: Program) -> bytes:
    """Its standard input."""
    return program.stdin.encode("utf-8", "surrogatepass")


def check(limits: Limits) -> None:
    """Raises RatchetError for limits that nothing can run under."""
    cpu = limits.cpu_s if limits.cpu_s is not None else 1.0
    if not (0 < limits.wall_s < 1e7 and 0 < cpu < 1e7):
        raise RatchetError("a program's time limits must be more than 0 seconds.")
    for name, value in _LEAST.items():
        if getattr(limits, name) < value:
            raise RatchetError(f"the limit {name} is {getattr(limits, name)}; it must be at least {value}.")


@lru_cache
def plan(limits: Limits) -> dict[str, Any]:
    """The limits as the zygote takes them: the same object for the same limits."""
    cpu = limits.cpu_s if limits.cpu_s is not None else math.ceil(limits.wall_s) + 1.0
    return {
        "wall_s": limits.wall_s,
        "cpu_s": cpu,
        "cpu_backstop_s": math.ceil(cpu) + 1,
        "memory_bytes": limits.memory_bytes,
        "all_memory_bytes": 2 * limits.memory_bytes + limits.disk_bytes,
        "group_memory_bytes": max(limits.memory_bytes + limits.disk_bytes, _LEAST_OF_GROUP),
        "disk_bytes": limits.disk_bytes,
        "inodes": max(64, min(limits.disk_bytes // 4096, 1 << 20)),
        "open_files": limits.open_files,
        "processes": limits.processes,
    }


def most_kept(limits: Limits) -> int:
    """Bytes of what a program leaves: they count as its memory while they are taken."""
    return min(limits.disk_bytes, limits.memory_bytes // 2, MOST_KEPT)
