"""A sandbox for programs that are written with asyncio.

    async with AsyncSandbox(LocalSandbox(slots=8)) as sandbox:
        outcomes = await asyncio.gather(*[sandbox.run(program) for program in programs])

As many run at once as the sandbox has slots; the others wait in the order in which they
came. Cancelling a task that waits takes its program out of the queue. A program that runs
already cannot be called back: the task ends, the program ends by its limits, and what it
did is forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from ratchet.errors import RatchetError
from ratchet.sandbox.types import CallOutcome, ExamOutcome, Limits, Outcome, Program, Sandbox

Result = TypeVar("Result")

_LIMITS = Limits()


class AsyncSandbox:
    """Any sandbox, asked from an event loop, which it never holds up."""

    def __init__(self, sandbox: Sandbox) -> None:
        """`sandbox` is closed when this is."""
        self._sandbox = sandbox
        self._closed = False
        self._threads = ThreadPoolExecutor(sandbox.slots, thread_name_prefix="ratchet-sandbox")

    @property
    def slots(self) -> int:
        """How many programs run at a time."""
        return self._sandbox.slots

    async def run(
        self,
        program: Program,
        limits: Limits = _LIMITS,
        *,
        compile_limits: Limits | None = None,
        fetch: Sequence[str] = (),
    ) -> Outcome:
        """As `Sandbox.run`."""
        return await self._do(
            lambda: self._sandbox.run(program, limits, compile_limits=compile_limits, fetch=fetch)
        )

    async def call(
        self,
        program: Program,
        entry_point: str,
        calls: Sequence[Sequence[Any]],
        limits: Limits = _LIMITS,
        *,
        in_place: bool = False,
    ) -> CallOutcome:
        """As `Sandbox.call`."""
        return await self._do(
            lambda: self._sandbox.call(program, entry_point, calls, limits, in_place=in_place)
        )

    async def examine(
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
        """As `Sandbox.examine`."""
        return await self._do(
            lambda: self._sandbox.examine(
                candidate,
                entry_point,
                examiner,
                limits,
                in_process=in_process,
                in_place=in_place,
                handles=handles,
                declaration=declaration,
            )
        )

    async def close(self) -> None:
        """Cancel what waits, close the sandbox, and wait until what runs has ended."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._sandbox.close()
        await asyncio.to_thread(self._threads.shutdown)

    async def _do(self, work: Callable[[], Result]) -> Result:
        if self._closed:
            raise RatchetError("this sandbox is closed; open a new one.")
        return await asyncio.wrap_future(self._threads.submit(work))

    async def __aenter__(self) -> Self:
        """The sandbox itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()
