"""The jail on this machine: slots, and the three things that are asked of them."""

from __future__ import annotations

import marshal
import math
import os
import queue
import select
import socket
import sys
import weakref
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Self, TypeVar

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox.backends import cgroups
from ratchet.sandbox.backends.examiner import read_told
from ratchet.sandbox.backends.outcomes import exam_outcome, examiner_outcome, outcome
from ratchet.sandbox.backends.slot import Slot, Talk
from ratchet.sandbox.backends.talks import Answers
from ratchet.sandbox.backends.zygote import Role, Settings, SlotBroken
from ratchet.sandbox.imports import needed
from ratchet.sandbox.inside import payload, wire
from ratchet.sandbox.inside.entry import EXAMINER_FILE
from ratchet.sandbox.languages import interpreter
from ratchet.sandbox.types import CallOutcome, ExamOutcome, Limits, Outcome, Program

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

    def __init__(
        self,
        *,
        slots: int | None = None,
        walls: Walls = Walls.FULL,
        loopback: bool = False,
        seed: int = 0,
        hash_seed: int | None = 0,
    ) -> None:
        """Start the first slot; the others start when they are first needed.

        `slots`: how many programs run at a time; None: as many as there are usable
        cores. `loopback`: programs may talk to themselves over 127.0.0.1 and ::1, and
        to nobody else. `seed`: what `random` and numpy's random numbers start from in
        every program; `hash_seed`: the seed of its hashes, None for a random one in each
        slot. Raises RatchetError where the kernel does not permit the walls.
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
        hashes = "random" if hash_seed is None else str(hash_seed)
        self._settings = Settings(self.walls.value, loopback, seed, hashes)
        self._groups = cgroups.find()
        first = Slot(interpreter("python"), self._settings, self._groups)
        try:
            first.prepare(frozenset())
        except BaseException:
            self._groups.close()
            raise
        self._idle.put(("python", first))
        _sandboxes.add(self)

    def run(self, program: Program, limits: Limits = Limits()) -> Outcome:  # noqa: B008 - frozen
        """Run `program` as a script, with its standard input."""

        def attempt(slot: Slot) -> Outcome:
            warm = slot.prepare(needed(program.source))
            role = Role("run", _payload(program), limits.output_bytes, _stdin(program))
            warm.run(role, _limits(limits))
            return outcome(role, slot.memory_by)

        return self._with_slot(program.language, limits, attempt)

    def call(
        self,
        program: Program,
        entry_point: str,
        calls: Sequence[Sequence[Any]],
        limits: Limits = Limits(),  # noqa: B008 - frozen
        *,
        in_place: bool = False,
    ) -> CallOutcome:
        """Run `program` as a module, then call its `entry_point` once per argument list, in order.

        Arguments and answers cross as plain data; the program learns one argument
        list at a time. `limits` holds for all calls together. Once all are answered
        the program is ended: its outcome is then OK with no exit code. With
        `in_place` each result holds the arguments as they were after the call.
        Raises RatchetError for an argument that is not plain data.
        """
        questions = [Answers.question(args, in_place=in_place) for args in calls]

        def attempt(slot: Slot) -> CallOutcome:
            warm = slot.prepare(needed(program.source))
            near, far = socket.socketpair()
            with near:
                text = _payload(program, entry_point, in_place=in_place)
                near.setblocking(False)
                role = Role("answer", text, limits.output_bytes, _stdin(program), far)
                answers = Answers(near, questions, entry_point, lambda: warm.dismiss(role), in_place=in_place)
                warm.run(role, _limits(limits), answers.talk)
                answers.finish()
                seen = outcome(role, slot.memory_by)
                return CallOutcome(seen, answers.all_results(), answers.fault, answers.tampered)

        return self._with_slot(program.language, limits, attempt)

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
    ) -> ExamOutcome:
        """Let the text of `examiner` test `entry_point` of `candidate`, from another process.

        In the examiner's namespace the names `entry_point` and `__candidate__` are
        a function that asks the candidate's process; what it returns was rebuilt
        from plain data. The exam is passed if the examiner's text ran to its end
        and the candidate answered every call. `in_place`: what a call changed in its
        arguments is changed in the examiner's own objects too. `handles`: an answer
        that is not plain data stays where it is, and the examiner gets a handle to it.
        `in_process` puts both into one process: then a candidate that sets out to
        can forge the result.
        """
        hold = _exam_together if in_process else _exam_split
        flags = {"in_place": in_place, "handles": handles}

        def attempt(slot: Slot) -> ExamOutcome:
            return hold(slot, candidate, entry_point, examiner, limits, flags)

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
                    taken = (language, Slot(interpreter(language), self._settings, self._groups))
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
                self.close()

    def close(self) -> None:
        """End all slots; jobs that run in other threads end with their own slot."""
        self._closed = True
        self._kill_idle()
        if self._idle.qsize() == self.slots:  # else the last job to end does it
            self._groups.close()

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
        self._groups.forget()
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
    slot: Slot,
    candidate: Program,
    entry_point: str,
    examiner: Program,
    limits: Limits,
    flags: dict[str, bool],
) -> ExamOutcome:
    warm = slot.prepare(needed(candidate.source) | needed(examiner.source))
    role = Role("answer", _payload(candidate, entry_point, **flags), limits.output_bytes, _stdin(candidate))
    files = wire.pack(_files(examiner)) if examiner.files else b""
    told, seen = warm.examine(role, examiner.source, files, entry_point, _limits(limits), flags)
    by = slot.memory_by
    return exam_outcome(told, outcome(role, by), examiner_outcome(told, seen, by))


def _exam_together(
    slot: Slot,
    candidate: Program,
    entry_point: str,
    examiner: Program,
    limits: Limits,
    flags: dict[str, bool],
) -> ExamOutcome:
    warm = slot.prepare(needed(candidate.source) | needed(examiner.source))
    both = Program(candidate.source, files={**examiner.files, **candidate.files})
    text = _payload(both, entry_point, test=examiner.source, compiled=_compiled(examiner.source))
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    role = Role("both", text, limits.output_bytes, _stdin(candidate), far)
    heard: list[bytes] = []
    with near:
        near.setblocking(False)

        def hear(_: int) -> None:
            try:
                heard.append(near.recv(1 << 16))
            except OSError:
                heard.append(b"")

        talk = Talk(near.fileno(), hear, lambda: 0 if heard else select.POLLIN)
        warm.run(role, _limits(limits), talk)
        if not heard:
            hear(0)
    seen = outcome(role, slot.memory_by)
    return exam_outcome(read_told(heard[0], 1) if seen.exit_code == 0 else None, seen, None)


@lru_cache(maxsize=1024)
def _compiled(source: str) -> bytes:
    """An examiner's code, compiled once for all programs it is put to; empty if that cannot be done.

    Programs run on the same interpreter as this process, so it can read the code. Only a
    benchmark's text is compiled here, never a candidate's.
    """
    try:
        return marshal.dumps(compile(source, EXAMINER_FILE, "exec", dont_inherit=True))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return b""


def _payload(program: Program, entry_point: str = "", **more: Any) -> bytes:
    """A program's text and how it is entered, as its own process reads it."""
    files = _files(program) if program.files else {}
    return payload.pack(payload.Payload(program.source, entry_point, files=files, **more))


def _files(program: Program) -> dict[str, bytes]:
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


@lru_cache
def _limits(limits: Limits) -> dict[str, Any]:
    """The limits as the zygote takes them: the same object for the same limits."""
    cpu = limits.cpu_s if limits.cpu_s is not None else math.ceil(limits.wall_s) + 1.0
    return {
        "wall_s": limits.wall_s,
        "cpu_s": cpu,
        "cpu_backstop_s": math.ceil(cpu) + 1,
        "memory_bytes": limits.memory_bytes,
        "all_memory_bytes": 2 * limits.memory_bytes + limits.disk_bytes,
        "group_memory_bytes": limits.memory_bytes + limits.disk_bytes,
        "disk_bytes": limits.disk_bytes,
        "inodes": max(64, min(limits.disk_bytes // 4096, 1 << 20)),
        "open_files": limits.open_files,
        "processes": limits.processes,
    }
