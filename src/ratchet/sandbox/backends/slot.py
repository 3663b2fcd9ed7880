"""One slot: a warm zygote behind its walls, seen from the supervisor.

A slot runs one job at a time, in the thread that asks. `Slot.run` starts the
job's roles, reads everything they write while they run, and returns when the
zygote has reported that nothing of them is alive.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.sandbox.backends.streams import Stream
from ratchet.sandbox.inside import wire
from ratchet.sandbox.languages import Interpreter
from ratchet.sandbox.types import Limits

_BOOT = Path(__file__).parent.parent / "inside" / "boot.py"
_START_S = 60.0
_GRACE_S = 10.0
"""A zygote that has not answered this long after the wall limit is taken for dead."""
_MAX_MESSAGE = 1 << 16


class SlotBroken(Exception):
    """The slot's own machinery failed; nothing is known about the program that was in it."""


@dataclass(slots=True)
class Talk:
    """A descriptor that the job's thread serves while the job runs."""

    fd: int
    on_ready: Callable[[int], None]
    """Called with the poll events; reads or writes without blocking."""
    events: Callable[[], int]
    """What to wait for now; 0 when the talk is over."""


@dataclass(slots=True)
class Role:
    """One process tree of a job: how it is entered, with what, and what became of it."""

    mode: str
    payload: dict[str, Any]
    limits: Limits
    stdin: bytes = b""
    channels: tuple[int, ...] = ()
    """Descriptors handed over to it; closed here once it has them."""
    stdout: Stream = field(init=False)
    stderr: Stream = field(init=False)
    told: dict[str, Any] = field(default_factory=dict)
    wall_s: float = 0.0

    def __post_init__(self) -> None:
        """Make the pipes for its output."""
        self.stdout = Stream(self.limits.output_bytes)
        self.stderr = Stream(self.limits.output_bytes)

    def close(self) -> None:
        """Close the reading ends."""
        os.close(self.stdout.fd)
        os.close(self.stderr.fd)


class Slot:
    """A zygote process and the socket to it."""

    def __init__(self, interpreter: Interpreter, walls: str) -> None:
        """Start the zygote; raises RatchetError where the walls cannot be raised."""
        self._control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._complaints, complaints = os.pipe()
        os.set_blocking(self._complaints, False)
        self._job = 0
        try:
            self._process = subprocess.Popen(
                [interpreter.executable, *interpreter.arguments, str(_BOOT), str(far.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=complaints,
                stderr=complaints,
                cwd="/",
                env=interpreter.environment,
                pass_fds=[far.fileno()],
                start_new_session=True,
            )
        except BaseException:
            self._control.close()
            os.close(self._complaints)
            raise
        finally:
            far.close()
            os.close(complaints)
        full = walls == "full"
        spec = {
            "walls": walls,
            "readable": interpreter.readable,
            "import_path": interpreter.import_path if full else interpreter.host_import_path,
        }
        try:
            self._control.settimeout(_START_S)
            self._control.send(json.dumps(spec).encode())
            answer = json.loads(self._control.recv(_MAX_MESSAGE) or b"{}")
        except BaseException as error:
            complaint = self._complaint()
            self.kill()
            if isinstance(error, OSError):
                reason = complaint or str(error)
                raise RatchetError(f"the sandbox's interpreter did not start: {reason}.") from None
            raise
        if "ready" not in answer:
            complaint = answer.get("failed") or self._complaint() or "it ended without a word"
            self.kill()
            raise RatchetError(_refusal(complaint, full=full))

    def run(
        self, roles: Sequence[Role], limits: dict[str, Any], *, lead: int | None, talks: Sequence[Talk]
    ) -> None:
        """Run the roles of one job to their end; each role then knows what it was told. Raises SlotBroken."""
        self._job += 1
        started = time.monotonic()
        try:
            self._send_job(roles, limits, lead)
            self._serve(roles, talks, started + limits["wall_s"] + _GRACE_S)
        except (OSError, ValueError) as error:
            raise SlotBroken(f"{type(error).__name__}: {error}; {self._complaint()}") from None
        for role in roles:
            role.wall_s = time.monotonic() - started
            role.stdout.drain()
            role.stderr.drain()
            if "broken" in role.told:
                raise SlotBroken(str(role.told["broken"]))
            if "code" not in role.told and role.told["ended_by"] is None:
                raise SlotBroken(f"a program's init ended with {role.told['init']} and without a report")

    def dismiss(self) -> None:
        """End the job that runs now: what was asked of it is answered."""
        with suppress(OSError):
            self._control.send(json.dumps({"dismiss": self._job}).encode())

    def _send_job(self, roles: Sequence[Role], limits: dict[str, Any], lead: int | None) -> None:
        descriptors: list[int] = []
        described = []
        try:
            for role in roles:
                own = [_memory(role.stdin), role.stdout.far, role.stderr.far]
                own += [_memory(wire.pack(role.payload)), *role.channels]
                described.append({"mode": role.mode, "descriptors": len(own)})
                descriptors += own
            job = {"id": self._job, "roles": described, "limits": limits, "lead": lead}
            socket.send_fds(self._control, [json.dumps(job).encode()], descriptors)
        finally:
            for fd in descriptors:
                os.close(fd)

    def _serve(self, roles: Sequence[Role], talks: Sequence[Talk], deadline: float) -> None:
        """Read everything until the zygote reports the end of the job."""
        poll = select.poll()
        control = self._control.fileno()
        poll.register(control, select.POLLIN)
        streams = {stream.fd: stream for role in roles for stream in (role.stdout, role.stderr)}
        for fd in streams:
            poll.register(fd, select.POLLIN)
        open_talks = {talk.fd: talk for talk in talks}
        for talk in talks:
            poll.register(talk.fd, talk.events())
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise SlotBroken("the zygote did not answer in time")
            for fd, events in poll.poll(left * 1000):
                if fd == control:
                    self._take_report(roles)
                    for talk in open_talks.values():
                        talk.on_ready(select.POLLIN)
                    return
                if fd in streams:
                    if not streams[fd].read():
                        poll.unregister(fd)
                elif fd in open_talks:
                    talk = open_talks[fd]
                    talk.on_ready(events)
                    if wanted := talk.events():
                        poll.modify(fd, wanted)
                    else:
                        poll.unregister(fd)
                        del open_talks[fd]

    def _take_report(self, roles: Sequence[Role]) -> None:
        message = self._control.recv(_MAX_MESSAGE)
        if not message:
            raise SlotBroken(f"the zygote ended; {self._complaint()}")
        report = json.loads(message)
        if report["id"] != self._job:
            raise SlotBroken("the zygote reported another job")
        for role, told in zip(roles, report["roles"], strict=True):
            role.told = told

    def _complaint(self) -> str:
        with suppress(OSError):
            return " ".join(os.read(self._complaints, 1 << 16).decode("utf-8", "replace").split())[-500:]
        return ""

    def kill(self) -> None:
        """End the zygote and all that runs in the slot; returns when they are gone."""
        self._control.close()  # its other end sees the end of file, and ends the slot
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):
            os.close(self._complaints)

    def forget(self) -> None:
        """In a fork of the supervisor: let go of the slot, which stays the parent's."""
        self._process.returncode = 0
        self._control.close()
        with suppress(OSError):
            os.close(self._complaints)


def _refusal(complaint: str, *, full: bool) -> str:
    if not full:
        return f"the sandbox cannot start: {complaint}."
    return (
        f"the sandbox cannot raise its walls here: {complaint}; allow this, "
        "or lower the guard with --walls process (programs then see this machine's files and network)."
    )


def _memory(data: bytes) -> int:
    """A descriptor of an anonymous file that holds `data`."""
    fd = os.memfd_create("ratchet", os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
