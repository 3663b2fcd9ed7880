"""The jail on this machine: slots, and the three things that are asked of them."""

from __future__ import annotations

import math
import os
import queue
import re
import socket
import sys
import weakref
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Self, TypeVar

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox.backends.slot import Role, Slot, SlotBroken
from ratchet.sandbox.backends.talks import Answers, Verdict
from ratchet.sandbox.languages import interpreter
from ratchet.sandbox.types import CallOutcome, ExamOutcome, Limits, Outcome, Program, Status

_MEMORY_ERROR = re.compile(r"(?:\w+\.)*_?\w*MemoryError\b")
_OVER = {"cpu": Status.TIMEOUT, "memory": Status.MEMORY}

Result = TypeVar("Result")


class Walls(StrEnum):
    """How much stands between a program and this machine."""

    FULL = "full"
    """Own namespaces, own read-only root, no rights, system calls filtered."""
    PROCESS = "process"
    """A process of its own with rlimits: it sees this machine's files and network."""


class LocalSandbox:
    """Runs programs in warm slots on this machine; safe to use from several threads.

    Every program runs in a fresh process, in namespaces of its own; when a method
    returns, nothing that the program started is alive. Use as a context manager.
    """

    def __init__(self, *, slots: int | None = None, walls: Walls = Walls.FULL) -> None:
        """Start the first slot; the others start when they are first needed.

        `slots`: how many programs run at a time; None: as many as there are usable
        cores. Raises RatchetError where the kernel does not permit the walls.
        """
        if sys.platform != "linux":
            raise RatchetError("the local sandbox needs Linux; run Ratchet on Linux or in a Linux VM.")
        if slots is not None and slots < 1:
            raise RatchetError(f"a sandbox needs at least one slot, not {slots}.")
        self.slots = slots if slots is not None else len(os.sched_getaffinity(0))
        self.walls = Walls(walls)
        self._closed = False
        self._idle: queue.LifoQueue[tuple[str, Slot] | None] = queue.LifoQueue()
        for _ in range(self.slots - 1):
            self._idle.put(None)
        self._idle.put(("python", Slot(interpreter("python"), self.walls)))
        _sandboxes.add(self)

    def run(self, program: Program, limits: Limits = Limits()) -> Outcome:  # noqa: B008 - frozen
        """Run `program` as a script, with its standard input."""

        def attempt(slot: Slot) -> Outcome:
            role = Role("run", _payload(program), limits, _stdin(program))
            try:
                slot.run([role], _limits(limits, 1), lead=None, talks=())
                return _outcome(role)
            finally:
                role.close()

        return self._with_slot(program.language, limits, attempt)

    def call(
        self,
        program: Program,
        entry_point: str,
        calls: Sequence[Sequence[Any]],
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> CallOutcome:
        """Run `program` as a module, then call its `entry_point` once per argument list, in order.

        Arguments and answers cross as plain data; the program learns one argument
        list at a time. `limits` holds for all calls together. Once all are answered
        the program is ended: its outcome is then OK with no exit code. Raises
        RatchetError for an argument that is not plain data.
        """
        questions = [Answers.question(args) for args in calls]

        def attempt(slot: Slot) -> CallOutcome:
            near, far = socket.socketpair()
            with near:
                payload = _payload(program) | {"entry_point": entry_point}
                near.setblocking(False)
                answers = Answers(near, questions, entry_point, slot.dismiss)
                role = Role("answer", payload, limits, _stdin(program), (far.detach(),))
                try:
                    slot.run([role], _limits(limits, 1), lead=None, talks=(answers.talk,))
                    return CallOutcome(_outcome(role), tuple(answers.results), answers.fault)
                finally:
                    role.close()

        return self._with_slot(program.language, limits, attempt)

    def examine(
        self,
        candidate: Program,
        entry_point: str,
        examiner: Program,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        *,
        in_process: bool = False,
    ) -> ExamOutcome:
        """Let the text of `examiner` test `entry_point` of `candidate`, from another process.

        In the examiner's namespace the names `entry_point` and `__candidate__` are
        a function that asks the candidate's process; what it returns was rebuilt
        from plain data. The exam is passed if the examiner's text ran to its end
        and the candidate answered every call. `in_process` puts both into one
        process: then a candidate that sets out to can forge the result.
        """
        hold = _exam_together if in_process else _exam_split

        def attempt(slot: Slot) -> ExamOutcome:
            return hold(slot, candidate, entry_point, examiner, limits)

        return self._with_slot(candidate.language, limits, attempt)

    def _with_slot(self, language: str, limits: Limits, attempt: Callable[[Slot], Result]) -> Result:
        """Take a slot, try twice at most, and give the slot back; a broken one is replaced."""
        interpreter(language)
        _check(limits)
        taken = self._idle.get()
        kept = None
        failure = ""
        try:
            for _ in range(2):
                if self._closed:
                    raise RatchetError("this sandbox is closed; open a new one.")
                if taken is not None and taken[0] != language:
                    taken[1].kill()
                    taken = None
                if taken is None:
                    taken = (language, Slot(interpreter(language), self.walls))
                slot = taken[1]
                try:
                    result = attempt(slot)
                except SlotBroken as error:
                    failure = str(error)
                    slot.kill()
                    taken = None
                except RatchetError:
                    kept = taken
                    raise
                except BaseException:
                    slot.kill()  # ctrl-C in the middle of a job: end the job
                    raise
                else:
                    kept = taken
                    return result
            raise HarnessError(f"the sandbox broke twice on one program, last with: {failure}")
        finally:
            self._idle.put(kept)
            if self._closed:
                self._kill_idle()

    def close(self) -> None:
        """End all slots; jobs that run in other threads end with their own slot."""
        self._closed = True
        self._kill_idle()

    def _kill_idle(self) -> None:
        tokens: list[None] = []
        while True:
            try:
                taken = self._idle.get_nowait()
            except queue.Empty:
                break
            tokens.append(None)
            if taken is not None:
                taken[1].kill()
        for token in tokens:
            self._idle.put(token)

    def _forget(self) -> None:
        """In a fork of this process: the slots stay the parent's; new ones start when needed."""
        idle, self._idle = self._idle, queue.LifoQueue()
        while idle.queue:
            if (taken := idle.queue.pop()) is not None:
                taken[1].forget()
        for _ in range(self.slots):
            self._idle.put(None)

    def __enter__(self) -> Self:
        """The sandbox itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


_sandboxes: weakref.WeakSet[LocalSandbox] = weakref.WeakSet()


def _forget_all() -> None:
    for sandbox in list(_sandboxes):
        sandbox._forget()


os.register_at_fork(after_in_child=_forget_all)


def _exam_split(
    slot: Slot, candidate: Program, entry_point: str, examiner: Program, limits: Limits
) -> ExamOutcome:
    entry = {"entry_point": entry_point}
    payloads = [_payload(candidate) | entry, _payload(examiner) | entry]
    near, far = (end.detach() for end in socket.socketpair())
    verdict = Verdict()
    roles = [
        Role("answer", payloads[0], limits, _stdin(candidate), (far,)),
        Role("examine", payloads[1], limits, _stdin(examiner), (near, verdict.far)),
    ]
    try:
        slot.run(roles, _limits(limits, 2), lead=1, talks=(verdict.talk,))
        outcomes = [_outcome(role) for role in roles]
        return verdict.exam(outcomes[0], outcomes[1])
    finally:
        verdict.close()
        for role in roles:
            role.close()


def _exam_together(
    slot: Slot, candidate: Program, entry_point: str, examiner: Program, limits: Limits
) -> ExamOutcome:
    both = Program(examiner.source, files={**candidate.files, **examiner.files})
    payload = _payload(both) | {"entry_point": entry_point, "candidate": candidate.source}
    verdict = Verdict()
    role = Role("both", payload, limits, _stdin(candidate), (verdict.far,))
    try:
        slot.run([role], _limits(limits, 1), lead=None, talks=(verdict.talk,))
        return verdict.exam(_outcome(role), None)
    finally:
        verdict.close()
        role.close()


def _payload(program: Program) -> dict[str, Any]:
    files = {}
    for name, content in program.files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise RatchetError(
                f"a program's file must have a path inside its working directory, not {name!r}."
            )
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogatepass")
        files[str(path)] = bytes(content)
    return {"source": program.source, "files": files}


def _stdin(program: Program) -> bytes:
    return program.stdin.encode("utf-8", "surrogatepass")


def _check(limits: Limits) -> None:
    cpu = limits.cpu_s if limits.cpu_s is not None else 1.0
    if not (0 < limits.wall_s < 1e7 and 0 < cpu < 1e7):
        raise RatchetError("a program's time limits must be more than 0 seconds.")
    least = {"memory_bytes": 1 << 20, "output_bytes": 1, "processes": 1, "open_files": 8, "disk_bytes": 4096}
    for name, value in least.items():
        if getattr(limits, name) < value:
            raise RatchetError(f"the limit {name} is {getattr(limits, name)}; it must be at least {value}.")


def _limits(limits: Limits, roles: int) -> dict[str, Any]:
    """The limits as the zygote takes them, for a job of that many roles."""
    cpu = limits.cpu_s if limits.cpu_s is not None else math.ceil(limits.wall_s) + 1.0
    return {
        "wall_s": limits.wall_s,
        "cpu_s": cpu,
        "cpu_backstop_s": math.ceil(cpu) + 1,
        "memory_bytes": limits.memory_bytes,
        "all_memory_bytes": 2 * limits.memory_bytes + limits.disk_bytes,
        "disk_bytes": limits.disk_bytes,
        "inodes": max(64, min(limits.disk_bytes // 4096, 1 << 20)),
        "open_files": limits.open_files,
        "processes": limits.processes,
        # They count against the same user: the zygote and its parent, each role's init, the other role.
        "trusted_processes": 2 + roles + (roles - 1),
    }


def _outcome(role: Role) -> Outcome:
    told = role.told
    code: int | None = told.get("code")
    stderr = role.stderr.kept.text()
    signal = -code if code is not None and code < 0 else None
    if told["ended_by"] == "deadline":  # whatever it did while it was being ended
        status, code, signal = Status.TIMEOUT, None, 9
    elif code is None:
        status = Status.OK  # dismissed: all that was asked of it is answered
    elif code == 0:
        status = Status.OK
    elif signal is not None:
        status = _OVER.get(told.get("over", ""), Status.CRASHED)
    else:
        last = stderr.rstrip().rpartition("\n")[2]
        status = Status.MEMORY if _MEMORY_ERROR.match(last) else Status.ERROR
    return Outcome(
        status=status,
        exit_code=code if code is not None and code >= 0 else None,
        signal=signal,
        stdout=role.stdout.kept.text(),
        stderr=stderr,
        stdout_truncated=role.stdout.kept.truncated,
        stderr_truncated=role.stderr.kept.truncated,
        wall_s=role.wall_s,
        cpu_s=told["cpu_s"],
        peak_memory=told["peak_memory"],
    )
