"""Programs in languages that are compiled and executed: their steps, and what is asked of them.

Each step is a job of its own in a slot: the compiler in one jail, the program in
another that has only what the compiler made. A function of a program is asked
through a driver (see `ratchet.sandbox.lines`): for an exam two jails run at once,
and this process carries what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox import lines
from ratchet.sandbox.backends.compiled import Compiled, digest
from ratchet.sandbox.backends.duel import duel
from ratchet.sandbox.backends.outcomes import outcome
from ratchet.sandbox.backends.plans import MOST_KEPT, files_of, most_kept, plan, stdin_of
from ratchet.sandbox.backends.relay import Asker
from ratchet.sandbox.backends.slot import Slot
from ratchet.sandbox.backends.threads import Beside
from ratchet.sandbox.backends.zygote import Role
from ratchet.sandbox.compilers import first_error
from ratchet.sandbox.inside import kept, wire
from ratchet.sandbox.languages import (
    SEARCH_PATH,
    Command,
    Language,
    Missing,
    Toolchain,
    Unsplittable,
    language,
    toolchain,
)
from ratchet.sandbox.languages.python import Interpreter, interpreter
from ratchet.sandbox.types import CallOutcome, ExamOutcome, Limits, Outcome, Program, Status

Result = TypeVar("Result")
WithSlot = Callable[[Limits, Callable[[Slot], Result]], Result]

_ENVIRONMENT = {"PATH": ":".join(SEARCH_PATH), "LANG": "C.UTF-8"}
TESTS_COMPILE_S = 1200.0
"""How long a test may take to be compiled: it is no candidate's, and the machine may be busy."""
_CANNOT_ASK, _NOT_ASKED = 70, "cannot be asked from another process"
"""How an examiner ends, and what it says, whose arguments have no form as lines."""
_EXAMINER_S = 1.0
"""How much longer an examiner may take than the program: it hears of the program's end last."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A program that can be executed."""

    language: Language
    tools: Toolchain
    names: tuple[str, ...]
    """Its files as they were written, the one that is entered first."""
    files: Mapping[str, bytes]
    """What lies in its working directory."""
    program: Program
    compilation: Outcome | None = None

    def role(self, limits: Limits, fetch: Sequence[str] = (), pipes: tuple[int, ...] = ()) -> Role:
        """How it is started."""
        command = self.language.command(self.tools, self.names, limits)
        command = replace(command, argv=(*command.argv, *self.program.arguments))
        keep = kept.request(fetch, most_kept(limits)) if fetch else b""
        payload = _payload(command, self.files)
        return Role("execute", payload, limits.output_bytes, stdin_of(self.program), keep=keep, lines=pipes)

    def seen(self, role: Role, memory_by: str) -> Outcome:
        """What it did."""
        found = replace(outcome(role, memory_by), compilation=self.compilation)
        ended_badly = found.status in (Status.ERROR, Status.CRASHED)
        if ended_badly and self.language.ran_out_of_memory(found.stderr):
            return replace(found, status=Status.MEMORY)
        return found


class Native:
    """What a sandbox does with programs that are executed."""

    def __init__(self, with_slot: Any, compiled: Compiled) -> None:
        """`with_slot` lends a slot for a job: see `LocalSandbox`."""
        self._with_slot: WithSlot[Any] = with_slot
        self._compiled = compiled

    def run(
        self, program: Program, limits: Limits, compile_limits: Limits | None, fetch: Sequence[str]
    ) -> Outcome:
        """Compile and run a program."""
        ready = self.prepare(program, compile_limits)
        if isinstance(ready, Outcome):
            return ready
        allowed = ready.language.adapted(limits)

        def attempt(slot: Slot) -> Outcome:
            role = ready.role(limits, fetch)
            slot.prepare(_world(ready.tools), frozenset()).run(role, plan(allowed))
            return ready.seen(role, slot.memory_by)

        found: Outcome = self._with_slot(allowed, attempt)
        return found

    def call(
        self, program: Program, entry_point: str, calls: Sequence[Sequence[Any]], limits: Limits
    ) -> CallOutcome:
        """Ask a function of a program; raises RatchetError for arguments that have no form as lines."""
        try:
            questions = [lines.pack([entry_point, *arguments]) for arguments in calls]
        except lines.NotPlain as error:
            raise RatchetError(f"an argument of a call is {error}; pass plain data.") from None
        which = language(program.language)
        driven = replace(
            which.candidate(program.source, entry_point), language=which.name, stdin=program.stdin
        )
        ready = self.prepare(_with_files(driven, program))
        if isinstance(ready, Outcome):
            return CallOutcome(ready, ())
        allowed = ready.language.adapted(limits)

        def attempt(slot: Slot) -> CallOutcome:
            warm = slot.prepare(_world(ready.tools), frozenset())
            asker = Asker(questions, lambda: warm.dismiss(role))
            role = ready.role(limits, pipes=asker.side.pipes.theirs)
            try:
                with Beside(asker.talk) as beside:
                    warm.run(role, plan(allowed), on_start=beside.start)
            finally:
                asker.side.pipes.close()
            seen = ready.seen(role, slot.memory_by)
            return CallOutcome(seen, tuple(asker.results), asker.side.fault, asker.side.tampered)

        found: CallOutcome = self._with_slot(allowed, attempt)
        return found

    def examine(
        self,
        candidate: Program,
        entry_point: str,
        examiner: Program,
        limits: Limits,
        declaration: str,
        *,
        in_process: bool,
    ) -> ExamOutcome:
        """Let a test text ask a function of the candidate; raises Unsplittable where it cannot."""
        which = language(candidate.language)
        if in_process:
            both = replace(candidate, source=which.together(candidate.source, examiner.source))
            seen = self.run(_with_files(both, examiner), limits, None, ())
            return ExamOutcome(seen.status is Status.OK, _last_words(seen), seen, None, 0)
        asking = replace(which.examiner(declaration, examiner.source, entry_point), language=which.name)
        patient = replace(which.compile_limits, wall_s=TESTS_COMPILE_S)
        exam = self.prepare(_with_files(asking, examiner), patient)
        if isinstance(exam, Outcome):
            if exam.status is Status.INVALID:
                raise Unsplittable(f"its tests do not compile apart from it: {exam.reason}")
            if exam.status is not Status.UNAVAILABLE:
                raise HarnessError(f"the tests could not be compiled: {exam.reason}")
            return ExamOutcome(False, exam.reason, exam, None, 0)
        try:
            answering = which.candidate(candidate.source, entry_point)
        except Unsplittable as error:
            # The candidate's own doing: it must not choose to be judged in one process.
            refused = nothing_run(Status.INVALID, str(error))
            return ExamOutcome(False, refused.reason, refused, None, 0)
        answering = replace(answering, language=which.name, stdin=candidate.stdin)
        ready = self.prepare(_with_files(answering, candidate))
        if isinstance(ready, Outcome):
            return ExamOutcome(False, ready.reason, ready, None, 0)
        allowed = which.adapted(limits)
        longer = which.adapted(replace(limits, wall_s=limits.wall_s + _EXAMINER_S))

        def attempt(slot: Slot) -> ExamOutcome:
            world = _world(ready.tools)
            pair = slot.prepare(world, frozenset()), slot.prepare(world, frozenset(), second=True)
            role, other, relay = duel(
                pair, (plan(allowed), plan(longer)), lambda pipes: ready.role(limits, pipes=pipes),
                lambda pipes: exam.role(limits, pipes=pipes),
            )  # fmt: skip
            seen, asked = ready.seen(role, slot.memory_by), exam.seen(other, slot.memory_by)
            # Later on it could be an answer of the candidate that cannot be sent back to it.
            if not relay.asked and asked.exit_code == _CANNOT_ASK and _NOT_ASKED in asked.stderr:
                raise Unsplittable(_last_words(asked))
            passed = asked.status is Status.OK and relay.fault is None
            detail = "" if passed else _last_words(asked)
            return ExamOutcome(passed, detail, seen, asked, relay.asked, relay.fault, tampered=relay.tampered)

        found: ExamOutcome = self._with_slot(longer, attempt)
        return found

    def prepare(self, program: Program, compile_limits: Limits | None = None) -> Ready | Outcome:
        """Make a program ready to be executed; an Outcome, if that cannot be done."""
        if program.packages:
            raise RatchetError("packages are installed for Python programs only; leave them out.")
        which = language(program.language)
        try:
            tools = toolchain(which.name)
        except Missing as missing:
            return nothing_run(Status.UNAVAILABLE, str(missing))
        own = files_of(program)
        sources = {which.file_name(program.source): program.source.encode("utf-8", "surrogatepass")} | own
        names = tuple(sources)
        limits = compile_limits or which.compile_limits
        build = which.build(tools, names, limits)
        if build is None:
            return Ready(which, tools, names, sources, program)
        key = digest(tools, build, sources)
        made, compilation = self._compiled.get(key), None
        if made is None:

            def attempt(slot: Slot) -> tuple[Role, Outcome]:
                keep = kept.request(build.keep, min(limits.disk_bytes, MOST_KEPT))
                role = Role("execute", _payload(build.command, sources), limits.output_bytes, keep=keep)
                slot.prepare(_world(tools), frozenset()).run(role, plan(limits))
                return role, outcome(role, slot.memory_by)

            role, seen = self._with_slot(limits, attempt)
            made, compilation = role.files, replace(seen, files={})
            if seen.status is not Status.OK or not made:
                return _not_compiled(compilation)
            self._compiled.put(key, made)
        return Ready(which, tools, names, own | made, program, compilation)


def nothing_run(status: Status, reason: str, compilation: Outcome | None = None) -> Outcome:
    """The outcome of a program that was not run."""
    stderr = compilation.stderr if compilation is not None else ""
    return Outcome(
        status, None, None, "", stderr, False, False, 0.0, 0.0, 0, compilation=compilation, reason=reason
    )


def _not_compiled(compilation: Outcome) -> Outcome:
    status = compilation.status
    if status in (Status.ERROR, Status.OK):
        status = Status.INVALID
    words = first_error(compilation) or f"the compiler said nothing ({compilation.status})"
    ended = "it does not compile" if status is Status.INVALID else f"compiling it ended with {status}"
    return nothing_run(status, f"{ended}: {words[:300]}", compilation)


def _last_words(seen: Outcome) -> str:
    """One line on how a test ended."""
    if seen.status is Status.OK:
        return ""
    said = [line.strip() for line in (seen.reason or seen.stderr or seen.stdout).splitlines() if line.strip()]
    return said[-1][:500] if said else f"the tests ended with {seen.status}"


def _with_files(program: Program, others: Program) -> Program:
    return replace(program, files={**others.files, **program.files})


def _world(tools: Toolchain) -> Interpreter:
    return interpreter().with_folders(tools.readable)


def _payload(command: Command, files: Mapping[str, bytes]) -> bytes:
    environment = {**_ENVIRONMENT, **command.environment}
    return wire.pack([list(command.argv), environment, dict(files)])
