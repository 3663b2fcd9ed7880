"""One slot: what runs one job at a time, in the thread that asks, on warm zygotes.

A slot keeps a zygote for each kind of program it has met lately (kinds differ in
what is imported ahead, see `imports`), and each zygote an examiner. Every job reads
all that its programs write while they run, and returns when the zygote has reported
that nothing of them is alive.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ratchet.errors import RatchetError
from ratchet.sandbox.backends import cgroups
from ratchet.sandbox.backends.examiner import Examiner, Told
from ratchet.sandbox.backends.streams import Stream
from ratchet.sandbox.backends.zygote import Role, Settings, SlotBroken, Zygote
from ratchet.sandbox.imports import EXTRA
from ratchet.sandbox.inside import orders
from ratchet.sandbox.languages.python import Interpreter

_LOOK_S = 0.1
"""How often it is looked whether the kernel has killed a part of a program for its memory."""
_GRACE_S = 10.0
"""A zygote that has not answered this long after the wall limit is taken for dead."""
_LINGER_S = 0.25
"""How long after the candidate's last moment its examiner may still be at work."""
_MAX_ZYGOTES = 6


@dataclass(slots=True)
class Talk:
    """A descriptor that the job's thread serves while the job runs."""

    fd: int
    on_ready: Callable[[int], None]
    """Called with the poll events; reads or writes without blocking."""
    events: Callable[[], int]
    """What to wait for now; 0 when the talk is over."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What distinguishes a zygote."""

    interpreter: Interpreter
    """With what its programs see."""
    modules: frozenset[str]
    second: bool


class Slot:
    """Zygotes, by what their programs see and have imported, the one used last at the end."""

    def __init__(self, settings: Settings, groups: cgroups.Groups, *, proven: bool = False) -> None:
        """Nothing starts before it is needed. `proven`: walls could be raised here before."""
        self._proven = proven
        self._settings = settings
        self._groups = groups
        self._warm: dict[Kind, Warm] = {}

    @property
    def memory_by(self) -> str:
        """What limits the memory of all processes of a program together."""
        return "rlimit" if self._groups.kind == "none" else self._groups.kind

    def prepare(self, interpreter: Interpreter, modules: frozenset[str], *, second: bool = False) -> Warm:
        """The zygote for programs that import `modules`.

        Raises RatchetError where there can be no walls, SlotBroken where there were some before.

        `second`: another one, for a program that runs beside one of the first.
        """
        # A zygote with further heavy packages would cost more at each fork than it saves once.
        fitting = (
            kind
            for kind in self._warm
            if kind.modules >= modules
            and kind.second == second
            and kind.modules - modules <= EXTRA
            and kind.interpreter == interpreter
        )
        kind = min(fitting, key=_size, default=None) or Kind(interpreter, modules, second)
        warm = self._warm.pop(kind, None)
        if warm is None:
            while len(self._warm) >= _MAX_ZYGOTES:
                self._warm.pop(next(iter(self._warm))).kill()
            try:
                warm = Warm(interpreter, self._settings, sorted(kind.modules), self._groups)
            except RatchetError as error:
                if not self._proven:
                    raise
                raise SlotBroken(f"a zygote did not start: {error}") from None
            self._proven = True
        self._warm[kind] = warm
        return warm

    def kill(self) -> None:
        """End all zygotes and what runs in them; returns when they are gone."""
        while self._warm:
            self._warm.popitem()[1].kill()

    def forget(self) -> None:
        """In a fork of the supervisor: let go of the zygotes, which stay the parent's."""
        while self._warm:
            self._warm.popitem()[1].forget()


def _size(kind: Kind) -> int:
    return len(kind.modules)


class Warm:
    """A zygote, its examiner if it has one, and the pipes for what its programs write."""

    def __init__(
        self,
        interpreter: Interpreter,
        settings: Settings,
        modules: Sequence[str],
        groups: cgroups.Groups,
    ) -> None:
        """Start the zygote. Raises RatchetError where the walls cannot be raised."""
        self.examiner: Examiner | None = None
        self._group, self._examiners = groups.group(), groups.group()
        doors = self._group.doors if self._group is not None else ()
        try:
            self.zygote = zygote = Zygote(interpreter, settings, modules, doors)
        except BaseException:
            self._close_groups()
            raise
        self._stdout, self._stderr = Stream(), Stream()
        self._poll = select.poll()
        for fd in (zygote.control.fileno(), self._stdout.fd, self._stderr.fd):
            self._poll.register(fd, select.POLLIN)

    def run(
        self,
        role: Role,
        limits: dict[str, Any],
        talk: Talk | None = None,
        on_start: Callable[[], None] | None = None,
    ) -> None:
        """Run one program to its end, which the role then knows. Raises SlotBroken.

        `on_start` is called when it has been started.
        """
        started = time.monotonic()
        self._start(role, limits)
        if on_start is not None:
            on_start()
        self._serve(lambda: role.end is not None, started + limits["wall_s"] + _GRACE_S, talk)
        self._ended(role, started)

    def dismiss(self, role: Role) -> None:
        """End a program: what was asked of it is answered."""
        self.zygote.dismiss(role)

    def examine(
        self,
        role: Role,
        text: str,
        files: bytes,
        entry_point: str,
        limits: dict[str, Any],
        flags: dict[str, bool],
        home: Warm | None = None,
    ) -> tuple[Told | None, Role]:
        """Run a candidate and its exam: `text`, with the packed `files` beside it. Raises SlotBroken.

        Gives the verdict (None if there was none) and the examiner's role with its
        output. `home` is whose zygote the examiner is forked from, by default this one: a
        test must not meet the packages that a candidate chose. Both roles know how long
        the exam took; the examiner's has an end if it had to be ended.
        """
        examiner = self._examiner((home or self).zygote, limits, role.output_bytes)
        near, role.channel = socket.socketpair()
        started = time.monotonic()
        with near:
            self._start(role, limits)
            try:
                examiner.ask(text, files, entry_point, near, flags)
            except OSError as error:
                raise SlotBroken(f"the examiner is gone: {error}") from None
        silent = False

        def hear(_: int) -> None:
            nonlocal silent
            if not examiner.hear():
                silent = True
                if role.end is None:
                    self.zygote.dismiss(role)

        line = Talk(examiner.line.fileno(), hear, lambda: 0 if silent else select.POLLIN)
        deadline = started + limits["wall_s"]
        self._serve(lambda: role.end is not None, deadline + _GRACE_S, line)
        if not silent:  # the candidate ended first: its examiner hears of it with its next question
            latest = max(deadline, time.monotonic()) + _LINGER_S
            self._serve(lambda: silent, latest, line, patient=True)
        self._ended(role, started)
        examiner.stdout.drain()
        examiner.stderr.drain()
        own = examiner.role
        if examiner.told is None:
            own.out_of_memory = examiner.out_of_memory()
        if examiner.told is None or examiner.told.last or examiner.zygote is not self.zygote:
            self._dismiss_examiner()
        own.stdout, own.stderr, own.wall_s = examiner.stdout.kept, examiner.stderr.kept, role.wall_s
        return examiner.told, own

    def _start(self, role: Role, limits: dict[str, Any]) -> None:
        self._stdout.renew(role.output_bytes)
        self._stderr.renew(role.output_bytes)
        wardened = orders.MODES.index(role.mode) in orders.WARDENED
        if self._group is not None:
            self._group.begin(limits["group_memory_bytes"], limits["processes"] + wardened)
        self.zygote.start(role, limits, self._stdout.far, self._stderr.far)

    def _ended(self, role: Role, started: float) -> None:
        role.wall_s = time.monotonic() - started
        self._stdout.drain()
        self._stderr.drain()
        role.stdout, role.stderr = self._stdout.kept, self._stderr.kept
        if self._group is not None:
            role.out_of_memory = self._group.seen().oom_kills > 0

    def _examiner(self, zygote: Zygote, limits: dict[str, Any], output_bytes: int) -> Examiner:
        examiner = self.examiner
        if examiner is not None and (
            examiner.worn
            or examiner.role.end is not None
            or examiner.limits != limits
            or examiner.output_bytes != output_bytes
            or zygote is not self.zygote
        ):
            self._dismiss_examiner()
            examiner = None
        if examiner is None:
            examiner = self.examiner = Examiner(zygote, limits, output_bytes, self._examiners)
            for fd in self._watched(examiner):
                self._poll.register(fd, select.POLLIN)
        return examiner

    def _dismiss_examiner(self) -> None:
        """End the examiner, and wait until it is gone."""
        examiner = self.examiner
        assert examiner is not None
        try:
            if examiner.role.end is None:
                examiner.zygote.dismiss(examiner.role)
                self._serve(lambda: examiner.role.end is not None, time.monotonic() + _GRACE_S)
            examiner.stdout.drain()
            examiner.stderr.drain()
        finally:
            for fd in self._watched(examiner):
                self._poll.unregister(fd)
            self.examiner = None
            examiner.close()

    def _watched(self, examiner: Examiner) -> list[int]:
        """What is watched for an examiner, besides what is watched anyway."""
        fds = [examiner.stdout.fd, examiner.stderr.fd]
        if examiner.zygote is not self.zygote:
            fds.append(examiner.zygote.control.fileno())
        return fds

    def _serve(
        self,
        over: Callable[[], bool],
        deadline: float,
        talk: Talk | None = None,
        *,
        patient: bool = False,
    ) -> None:
        """Serve all until it is over. At the deadline: raises SlotBroken, or returns if `patient`."""
        poll, control = self._poll, self.zygote.control.fileno()
        wanted = talk.events() if talk is not None else 0
        if talk is not None and wanted:
            poll.register(talk.fd, wanted)
        try:
            while not over():
                left = deadline - time.monotonic()
                ready = poll.poll(max(min(left, _LOOK_S), 0) * 1000)
                if not ready:
                    if left <= 0:  # and not: we were kept from looking for so long
                        if patient:
                            return
                        raise SlotBroken("the zygote did not answer in time")
                    self._look()
                for fd, events in ready:
                    if talk is not None and fd == talk.fd:
                        talk.on_ready(events)
                        if wanted != (wanted := talk.events()):
                            if wanted:
                                poll.modify(fd, wanted)
                            else:
                                poll.unregister(fd)
                    elif fd == control:
                        self.zygote.hear()
                    elif (stream := self._stream_of(fd)) is not None:
                        stream.read()
                    elif self.examiner is not None:
                        self.examiner.zygote.hear()
        finally:
            if talk is not None and wanted:
                poll.unregister(talk.fd)

    def _look(self) -> None:
        """End a program of which a part was killed for its memory: the rest may wait for it for ever."""
        if self._group is not None and self._group.ran_out():
            for role in self.zygote.running.values():
                if self.examiner is None or role is not self.examiner.role:
                    self.zygote.dismiss(role)

    def _stream_of(self, fd: int) -> Stream | None:
        streams = [self._stdout, self._stderr]
        if self.examiner is not None:
            streams += [self.examiner.stdout, self.examiner.stderr]
        return next((stream for stream in streams if stream.fd == fd), None)

    def kill(self) -> None:
        """End all of it."""
        self._close()
        self.zygote.kill()
        self._close_groups()

    def forget(self) -> None:
        """Let go of it, in a fork."""
        self._close()
        self.zygote.forget()
        for group in (self._group, self._examiners):
            if group is not None:
                group.forget()

    def _close_groups(self) -> None:
        for group in (self._group, self._examiners):
            if group is not None:
                group.close()

    def _close(self) -> None:
        if self.examiner is not None:
            self.examiner.close()
            self.examiner = None
        self._stdout.close()
        self._stderr.close()
