"""What sandboxes that are elsewhere share: each question is a message, and the answer is waited for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ratchet.sandbox.backends import messages
from ratchet.sandbox.backends.native import TESTS_COMPILE_S
from ratchet.sandbox.languages import Language
from ratchet.sandbox.types import CallOutcome, ExamOutcome, Limits, Outcome, Program

Answer = TypeVar("Answer")

_COMPILER_S = Language.compile_limits.wall_s
_LIMITS = Limits()


class Elsewhere(ABC):
    """A Sandbox that asks another one by the messages of `messages.py`."""

    slots: int

    def run(
        self,
        program: Program,
        limits: Limits = _LIMITS,
        *,
        compile_limits: Limits | None = None,
        fetch: Sequence[str] = (),
    ) -> Outcome:
        """As `LocalSandbox.run`."""
        request = messages.request_run(program, limits, compile_limits=compile_limits, fetch=fetch)
        compiling_s = _COMPILER_S if compile_limits is None else compile_limits.wall_s
        return self._ask(request, limits.wall_s + compiling_s, messages.outcome_of)

    def call(
        self,
        program: Program,
        entry_point: str,
        calls: Sequence[Sequence[Any]],
        limits: Limits = _LIMITS,
        *,
        in_place: bool = False,
    ) -> CallOutcome:
        """As `LocalSandbox.call`."""
        request = messages.request_call(program, entry_point, calls, limits, in_place=in_place)
        return self._ask(request, limits.wall_s + _COMPILER_S, messages.call_outcome_of)

    def examine(
        self,
        candidate: Program,
        entry_point: str,
        examiner: Program,
        limits: Limits = _LIMITS,
        *,
        in_process: bool = False,
        in_place: bool = False,
        handles: bool = False,
        declaration: str = "",
    ) -> ExamOutcome:
        """As `LocalSandbox.examine`."""
        request = messages.request_examine(
            candidate,
            entry_point,
            examiner,
            limits,
            in_process=in_process,
            in_place=in_place,
            handles=handles,
            declaration=declaration,
        )
        return self._ask(request, limits.wall_s + TESTS_COMPILE_S + _COMPILER_S, messages.exam_outcome_of)

    @abstractmethod
    def _ask(self, request: dict[str, Any], seconds: float, read: Callable[[Any], Answer]) -> Answer:
        """What `read` makes of the answer; `seconds`: how long the work itself may take."""
