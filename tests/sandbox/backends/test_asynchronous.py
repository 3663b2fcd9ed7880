"""The sandbox in an event loop: side by side, in order, and cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox import Limits, LocalSandbox, Outcome, Program, Status
from ratchet.sandbox.asynchronous import AsyncSandbox

Result = TypeVar("Result")


def in_loop(work: Callable[[AsyncSandbox], Awaitable[Result]], slots: int = 2) -> Result:
    async def main() -> Result:
        async with AsyncSandbox(LocalSandbox(slots=slots)) as sandbox:
            return await work(sandbox)

    return run_apart(main())


def run_apart(main: Coroutine[Any, Any, Result]) -> Result:
    """Run it in a thread of its own: a browser that another test has open keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, main).result()


def test_all_that_a_sandbox_can_be_asked() -> None:
    async def work(sandbox: AsyncSandbox) -> tuple[Any, ...]:
        program = Program("def f(x): return x + 1")
        return await asyncio.gather(
            sandbox.run(Program("print(input())", stdin="in")),
            sandbox.call(program, "f", [(1,), (2,)]),
            sandbox.examine(program, "f", Program("assert f(1) == 2")),
            sandbox.run(Program("open('a', 'w').write('b')"), fetch=["a"]),
        )

    ran, called, examined, fetched = in_loop(work)
    assert ran.stdout == "in\n"
    assert [result.value for result in called.results] == [2, 3]
    assert examined.passed
    assert fetched.files == {"a": b"b"}


def test_many_wait_for_few_slots_and_each_gets_its_own_answer() -> None:
    async def work(sandbox: AsyncSandbox) -> list[str]:
        assert sandbox.slots == 2
        outcomes = await asyncio.gather(*[sandbox.run(Program(f"print({n})")) for n in range(30)])
        return [outcome.stdout for outcome in outcomes]

    assert in_loop(work) == [f"{n}\n" for n in range(30)]


class Noting(LocalSandbox):
    """Notes the texts of what is run."""

    def __init__(self) -> None:
        super().__init__(slots=1)
        self.ran: list[str] = []
        self.started = threading.Event()

    def run(self, program: Program, *given: Any, **options: Any) -> Outcome:
        self.ran.append(program.source)
        self.started.set()
        return super().run(program, *given, **options)


def test_a_cancelled_task_takes_its_program_out_of_the_queue() -> None:
    noting = Noting()
    sources = ["import time; time.sleep(0.5)", "print(2)", "print(3)"]

    async def main() -> Any:
        async with AsyncSandbox(noting) as sandbox:
            tasks = [asyncio.create_task(sandbox.run(Program(source))) for source in sources]
            await asyncio.to_thread(noting.started.wait)
            tasks[1].cancel()
            return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, third = run_apart(main())
    assert (first.stdout, third.stdout) == ("", "3\n")
    assert isinstance(second, asyncio.CancelledError)
    assert noting.ran == [sources[0], sources[2]]


def test_cancelling_what_runs_ends_the_task_at_once_and_the_program_by_its_limits() -> None:
    async def work(sandbox: AsyncSandbox) -> Any:
        loop = asyncio.create_task(sandbox.run(Program("while True: pass"), Limits(wall_s=1.5)))
        await asyncio.sleep(0.3)
        loop.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loop
        return await sandbox.run(Program("print(1)"))  # the one slot is free once the limit has ended it

    assert in_loop(work, slots=1).stdout == "1\n"


def test_the_loop_goes_on_while_a_program_runs() -> None:
    async def work(sandbox: AsyncSandbox) -> tuple[Any, int]:
        task = asyncio.create_task(sandbox.run(Program("import time; time.sleep(0.5)")))
        turns = 0
        while not task.done():
            await asyncio.sleep(0.01)
            turns += 1
        return task.result(), turns

    outcome, turns = in_loop(work)
    assert outcome.status is Status.OK
    assert turns > 1


def test_what_the_sandbox_raises_is_raised() -> None:
    async def work(sandbox: AsyncSandbox) -> None:
        with pytest.raises(RatchetError, match="no language"):
            await sandbox.run(Program("", "klingon"))
        await sandbox.close()
        with pytest.raises(RatchetError, match="this sandbox is closed"):
            await sandbox.run(Program(""))

    in_loop(work)
