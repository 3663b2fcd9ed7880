"""What stands between requests and the sandbox: the server's own bounds, and counting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox.types import CallOutcome, ExamOutcome, Limits, Outcome, Program, Sandbox

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far requests may go; what asks for more is refused and not cut down."""

    wall_s: float = 300.0
    """Seconds of a compilation, and of a run."""
    memory_bytes: int = 4 << 30
    """Also what a program may use whose request sets no memory limit."""
    output_bytes: int = 16 << 20
    """Kept bytes of each of stdout and stderr, where a request cannot say or does not."""
    disk_bytes: int = 1 << 30
    """Of files that a program writes."""
    body_bytes: int = 64 << 20
    """Of a request."""
    wait_s: float = 9.0
    """Seconds for which a request of /run_code may wait for a slot; see `fusion.most_wait_s`."""
    most_verdicts: int = 256
    """Completions of one request."""

    def problem(self, limits: Limits) -> str:
        """What in these limits goes too far, as one sentence; empty if nothing does."""
        if limits.wall_s > self.wall_s:
            return f"a program may run for {self.wall_s:g} s at most on this server, not {limits.wall_s:g} s."
        if limits.memory_bytes > self.memory_bytes:
            return (
                f"a program may use {self.memory_bytes >> 20} MiB of memory at most on this server, "
                f"not {limits.memory_bytes >> 20} MiB."
            )
        if limits.output_bytes > self.output_bytes:
            return f"{self.output_bytes >> 20} MiB of output are kept at most on this server."
        if limits.disk_bytes > self.disk_bytes:
            return f"a program may write {self.disk_bytes >> 20} MiB of files at most on this server."
        return ""


class Guarded:
    """A Sandbox that refuses what goes beyond the server's bounds, and tells how programs ended."""

    def __init__(self, sandbox: Sandbox, bounds: Bounds, ended: Callable[[str], None]) -> None:
        """`ended` is told the status of every program that was run, or "harness" if the sandbox broke."""
        self._sandbox = sandbox
        self._bounds = bounds
        self._ended = ended
        self.slots = sandbox.slots

    def run(
        self,
        program: Program,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        *,
        compile_limits: Limits | None = None,
        fetch: Sequence[str] = (),
    ) -> Outcome:
        """As `Sandbox.run`; raises RatchetError for limits beyond the bounds."""
        self._check(limits)
        if compile_limits is not None:
            self._check(compile_limits)
        return self._counted(
            lambda: self._sandbox.run(program, limits, compile_limits=compile_limits, fetch=fetch),
            lambda outcome: outcome,
        )

    def call(
        self,
        program: Program,
        entry_point: str,
        calls: Sequence[Sequence[Any]],
        limits: Limits = Limits(),  # noqa: B008 - frozen
        *,
        in_place: bool = False,
    ) -> CallOutcome:
        """As `Sandbox.call`; raises RatchetError for limits beyond the bounds."""
        self._check(limits)
        return self._counted(
            lambda: self._sandbox.call(program, entry_point, calls, limits, in_place=in_place),
            lambda seen: seen.outcome,
        )

    def examine(
        self,
        candidate: Program,
        entry_point: str,
        examiner: Program,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        *,
        in_process: bool = False,
        in_place: bool = False,
        handles: bool = False,
        declaration: str = "",
    ) -> ExamOutcome:
        """As `Sandbox.examine`; raises RatchetError for limits beyond the bounds."""
        self._check(limits)
        return self._counted(
            lambda: self._sandbox.examine(
                candidate,
                entry_point,
                examiner,
                limits,
                in_process=in_process,
                in_place=in_place,
                handles=handles,
                declaration=declaration,
            ),
            lambda seen: seen.candidate,
        )

    def close(self) -> None:
        """The sandbox behind it is closed by who opened it."""

    def _check(self, limits: Limits) -> None:
        if problem := self._bounds.problem(limits):
            raise RatchetError(problem)

    def _counted(self, work: Callable[[], T], outcome: Callable[[T], Outcome]) -> T:
        try:
            seen = work()
        except HarnessError:
            self._ended("harness")
            raise
        self._ended(outcome(seen).status.value)
        return seen
