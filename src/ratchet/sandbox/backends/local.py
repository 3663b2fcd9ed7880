"""The jail on this machine: slots, and the three things that are asked of them."""

from __future__ import annotations

import marshal
import os
import queue
import select
import socket
import sys
import weakref
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache
from types import TracebackType
from typing import Any, Self, TypeVar

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox.backends import cgroups
from ratchet.sandbox.backends.compiled import Compiled
from ratchet.sandbox.backends.examiner import read_told
from ratchet.sandbox.backends.native import Native, nothing_run
from ratchet.sandbox.backends.outcomes import exam_outcome, examiner_outcome, outcome
from ratchet.sandbox.backends.plans import check, files_of, most_kept, plan, stdin_of
from ratchet.sandbox.backends.slot import Slot, Talk
from ratchet.sandbox.backends.supply import Supply
from ratchet.sandbox.backends.talks import Answers
from ratchet.sandbox.backends.zygote import Role, Settings, SlotBroken
from ratchet.sandbox.imports import ahead, needed
from ratchet.sandbox.inside import kept, payload, wire
from ratchet.sandbox.inside.entry import EXAMINER_FILE
from ratchet.sandbox.languages import resolve
from ratchet.sandbox.languages.python import Interpreter, interpreter
from ratchet.sandbox.packages import PackagesError, PackageSettings
from ratchet.sandbox.types import CallOutcome, ExamOutcome, Limits, Outcome, Program, Status

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
        packages: PackageSettings | None = PackageSettings(),  # noqa: B008 - frozen
    ) -> None:
        """Start the first slot; the others start when they are first needed.

        `slots`: how many programs run at a time; None: as many as there are usable
        cores. `loopback`: programs may talk to themselves over 127.0.0.1 and ::1, and
        to nobody else. `seed`: what `random` and numpy's random numbers start from in
        every program; `hash_seed`: the seed of its hashes, None for a random one in each
        slot. `packages`: what `Program.packages` may ask for, None for nothing at all.
        Raises RatchetError where the kernel does not permit the walls.
        """
        if sys.platform != "linux":
            raise RatchetError("the local sandbox needs Linux; run Ratchet on Linux or in a Linux VM.")
        if slots is not None and slots < 1:
            raise RatchetError(f"a sandbox needs at least one slot, not {slots}.")
        self.slots = slots if slots is not None else len(os.sched_getaffinity(0))
        self.walls = Walls(walls)
        self._closed = False
        self._idle: queue.LifoQueue[Slot | None] = queue.LifoQueue()
        for _ in range(self.slots - 1):
            self._idle.put(None)
        hashes = "random" if hash_seed is None else str(hash_seed)
        self._settings = Settings(self.walls.value, loopback, seed, hashes)
        self._groups = cgroups.find()
        self._compiled = Compiled()
        self._supply = Supply(packages)
        first = Slot(self._settings, self._groups)
        try:
            first.prepare(interpreter(), frozenset())
        except BaseException:
            self._groups.close()
            raise
        self._idle.put(first)
        _sandboxes.add(self)

    def run(
        self,
        program: Program,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        *,
        compile_limits: Limits | None = None,
        fetch: Sequence[str] = (),
    ) -> Outcome:
        """Compile `program` if its language asks for that, and run it, with its standard input.

        `compile_limits` hold for the compiler; None: those of the language. `fetch`: patterns
        (as in fnmatch) of the files that the program leaves in its working directory and that
        `Outcome.files` shall hold; one that is larger than `disk_bytes`, or half of
        `memory_bytes`, is not among them.
        """
        if resolve(program.language) != "python":
            return self._native().run(program, limits, compile_limits, fetch)

        def attempt(slot: Slot) -> Outcome:
            warm = slot.prepare(world, ahead(needed(program.source), program.packages))
            keep = kept.request(fetch, most_kept(limits)) if fetch else b""
            role = Role("run", _payload(program), limits.output_bytes, stdin_of(program), keep=keep)
            warm.run(role, plan(limits))
            return outcome(role, slot.memory_by)

        try:
            with self._supply.world(program.packages) as world:
                return self._with_slot(limits, attempt)
        except PackagesError as error:
            return nothing_run(Status.PACKAGES, str(error))

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
        Raises RatchetError for an argument that is not plain data. A program in another
        language than Python is asked through its driver: `in_place` is for Python alone.
        """
        if resolve(program.language) != "python":
            _only_python(in_place=in_place)
            return self._native().call(program, entry_point, calls, limits)
        questions = [Answers.question(args, in_place=in_place) for args in calls]

        def attempt(slot: Slot) -> CallOutcome:
            warm = slot.prepare(world, ahead(needed(program.source), program.packages))
            near, far = socket.socketpair()
            with near:
                text = _payload(program, entry_point, in_place=in_place)
                near.setblocking(False)
                role = Role("answer", text, limits.output_bytes, stdin_of(program), far)
                answers = Answers(near, questions, entry_point, lambda: warm.dismiss(role), in_place=in_place)
                warm.run(role, plan(limits), answers.talk)
                answers.finish()
                seen = outcome(role, slot.memory_by)
                return CallOutcome(seen, answers.all_results(), answers.fault, answers.tampered)

        try:
            with self._supply.world(program.packages) as world:
                return self._with_slot(limits, attempt)
        except PackagesError as error:
            return CallOutcome(nothing_run(Status.PACKAGES, str(error)), ())

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
        """Let the text of `examiner` test `entry_point` of `candidate`, from another process.

        In the examiner's namespace the names `entry_point` and `__candidate__` are
        a function that asks the candidate's process; what it returns was rebuilt
        from plain data. The exam is passed if the examiner's text ran to its end
        and the candidate answered every call. `in_place`: what a call changed in its
        arguments is changed in the examiner's own objects too. `handles`: an answer
        that is not plain data stays where it is, and the examiner gets a handle to it.
        `in_process` puts both into one process: then a candidate that sets out to
        can forge the result.

        Other languages than Python: the examiner's text is in the candidate's language, and
        passes if it ends with exit code 0; `declaration` is all that stands before the body
        of the function. Raises Unsplittable where such a text cannot be run apart from the
        candidate. In one process calls are not counted.
        """
        if resolve(candidate.language) != "python":
            _only_python(in_place=in_place, handles=handles)
            return self._native().examine(
                candidate, entry_point, examiner, limits, declaration, in_process=in_process
            )
        hold = _exam_together if in_process else _exam_split
        flags = {"in_place": in_place, "handles": handles}

        def attempt(slot: Slot) -> ExamOutcome:
            return hold(slot, (world, trusted), candidate, entry_point, examiner, limits, flags)

        # A test never meets what only the candidate named: that may call itself numpy.
        named = tuple(dict.fromkeys((*candidate.packages, *examiner.packages)))
        try:
            with self._supply.world(named) as world, self._supply.world(examiner.packages) as trusted:
                return self._with_slot(limits, attempt)
        except PackagesError as error:
            return ExamOutcome(False, str(error), nothing_run(Status.PACKAGES, str(error)), None, 0)

    def _native(self) -> Native:
        return Native(self._with_slot, self._compiled)

    def _with_slot(self, limits: Limits, attempt: Callable[[Slot], Result]) -> Result:
        """Take a slot, try twice at most, and give the slot back; a broken one is replaced."""
        check(limits)
        taken = self._idle.get()
        kept = None
        failure = ""
        try:
            for _ in range(2):
                if self._closed:
                    raise RatchetError("this sandbox is closed; open a new one.")
                slot = taken = taken or Slot(self._settings, self._groups, proven=True)
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
        self._supply.close()
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
                taken.kill()
        for token in tokens:
            self._idle.put(token)

    def _forget(self) -> None:
        """In a fork of this process: the slots stay the parent's; new ones start when needed."""
        self._groups.forget()
        idle, self._idle = self._idle, queue.LifoQueue()
        while idle.queue:
            if (taken := idle.queue.pop()) is not None:
                taken.forget()
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


def _only_python(**flags: bool) -> None:
    for name, value in flags.items():
        if value:
            raise RatchetError(f"{name} is for programs in Python only; leave it out.")


def _exam_split(
    slot: Slot,
    worlds: tuple[Interpreter, Interpreter],
    candidate: Program,
    entry_point: str,
    examiner: Program,
    limits: Limits,
    flags: dict[str, bool],
) -> ExamOutcome:
    both = needed(candidate.source) | needed(examiner.source)
    warm = home = slot.prepare(worlds[0], ahead(both, candidate.packages))
    if worlds[1] != worlds[0]:
        home = slot.prepare(worlds[1], ahead(both, examiner.packages))
    role = Role("answer", _payload(candidate, entry_point, **flags), limits.output_bytes, stdin_of(candidate))
    files = wire.pack(files_of(examiner)) if examiner.files else b""
    told, seen = warm.examine(role, examiner.source, files, entry_point, plan(limits), flags, home)
    by = slot.memory_by
    return exam_outcome(told, outcome(role, by), examiner_outcome(told, seen, by))


def _exam_together(
    slot: Slot,
    worlds: tuple[Interpreter, Interpreter],
    candidate: Program,
    entry_point: str,
    examiner: Program,
    limits: Limits,
    flags: dict[str, bool],
) -> ExamOutcome:
    modules = ahead(needed(candidate.source) | needed(examiner.source), candidate.packages)
    warm = slot.prepare(worlds[0], modules)
    both = Program(candidate.source, files={**examiner.files, **candidate.files})
    text = _payload(both, entry_point, test=examiner.source, compiled=_compiled(examiner.source))
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    role = Role("both", text, limits.output_bytes, stdin_of(candidate), far)
    heard: list[bytes] = []
    with near:
        near.setblocking(False)

        def hear(_: int) -> None:
            try:
                heard.append(near.recv(1 << 16))
            except OSError:
                heard.append(b"")

        talk = Talk(near.fileno(), hear, lambda: 0 if heard else select.POLLIN)
        warm.run(role, plan(limits), talk)
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
    files = files_of(program) if program.files else {}
    return payload.pack(
        payload.Payload(program.source, entry_point, files=files, arguments=program.arguments, **more)
    )
