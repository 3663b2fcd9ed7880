"""What a caller may say of how samples are judged, checked: limits, walls, languages."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from ratchet.errors import RatchetError
from ratchet.problems import Benchmark
from ratchet.sandbox import Walls
from ratchet.sandbox.languages import Missing, resolve, toolchain
from ratchet.sandbox.types import Limits


def limits_of(defaults: Limits, timeout: float | None, memory_mb: int | None) -> Limits:
    """The benchmark's limits, with what was asked for in their place (seconds, MiB).

    Raises RatchetError on numbers that cannot be meant.
    """
    if timeout is not None and not (isfinite(timeout) and timeout > 0):
        raise RatchetError(f"the timeout must be a number of seconds above 0, not {timeout}.")
    if memory_mb is not None and memory_mb < 1:
        raise RatchetError(f"the memory limit must be 1 MiB or more, not {memory_mb}.")
    return replace(
        defaults,
        wall_s=defaults.wall_s if timeout is None else float(timeout),
        memory_bytes=defaults.memory_bytes if memory_mb is None else memory_mb << 20,
    )


def walls_of(name: Walls | str) -> Walls:
    """The walls of that name; raises RatchetError where there are none."""
    try:
        return Walls(name)
    except ValueError:
        raise RatchetError(f"walls must be {' or '.join(Walls)}, not {name!r}.") from None


def check_languages(benchmark: Benchmark) -> None:
    """Raise RatchetError where the sandbox does not know a language, or this machine cannot run it."""
    for language in {problem.language for problem in benchmark.problems}:
        if resolve(language) == "python":
            continue
        try:
            toolchain(language)
        except Missing as missing:
            raise RatchetError(f"{missing}.") from None
