"""The supervisor's side of a zygote: start the process, have it start programs, hear of their ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.sandbox.backends.streams import Kept
from ratchet.sandbox.inside import kept, orders
from ratchet.sandbox.languages.python import Interpreter

_BOOT = Path(__file__).parent.parent / "inside" / "boot.py"
_START_S = 60.0
_MAX_PLANS = 256


class SlotBroken(Exception):
    """The slot's own machinery failed; nothing is known about the program that was in it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for all programs of a sandbox."""

    walls: str
    loopback: bool = False
    """Whether programs may talk to themselves over 127.0.0.1."""
    seed: int = 0
    """What `random` and numpy's random numbers start from."""
    hash_seed: str = "0"
    """PYTHONHASHSEED."""


@dataclass(frozen=True, slots=True)
class End:
    """How a program ended."""

    by: int
    """What ended it (see `inside.orders`)."""
    code: int | None
    """Its exit code, or minus the signal; None when it was ended as no longer needed, or by the deadline."""
    cpu_s: float
    peak_memory: int
    """Bytes."""


@dataclass(slots=True, eq=False)
class Role:
    """One program: how it is entered, with what, and what became of it."""

    mode: str
    payload: bytes | None
    """Its source, with a head that says how it is entered; see `inside.entry`."""
    output_bytes: int
    stdin: bytes = b""
    channel: socket.socket | None = None
    """The program's end of a channel; closed here once it has it."""
    lines: tuple[int, ...] = ()
    """The same for an executable: descriptors that it reads from and writes to, as its 3 and 4."""
    keep: bytes = b""
    """What is asked of the files that it leaves (see `inside.kept`)."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What it left."""
    kept: int = -1
    number: int = 0
    end: End | None = None
    out_of_memory: bool = False
    """Whether its control group ran out of memory."""
    stdout: Kept | None = None
    stderr: Kept | None = None
    wall_s: float = 0.0

    def take_kept(self) -> None:
        """Read what it left, if that was asked for, and let go of the file that it was written to."""
        if self.kept >= 0:
            fd, self.kept = self.kept, -1
            try:
                self.files = kept.read(fd)
            finally:
                os.close(fd)


class Zygote:
    """A zygote process and the socket to it."""

    def __init__(
        self,
        interpreter: Interpreter,
        settings: Settings,
        modules: Sequence[str] = (),
        doors: Sequence[int] = (),
    ) -> None:
        """Start it, with `modules` imported and in the control group whose `doors` are given.

        Raises RatchetError where the walls cannot be raised.
        """
        self.control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._complaints, complaints = os.pipe()
        os.set_blocking(self._complaints, False)
        self._last = 0
        self.running: dict[int, Role] = {}
        self._full = settings.walls == "full"
        self._plans: dict[int, tuple[int, dict[str, Any]]] = {}
        self._nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            self._process = subprocess.Popen(
                [interpreter.executable, *interpreter.arguments, str(_BOOT), str(far.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=complaints,
                stderr=complaints,
                cwd="/",
                env=dict(interpreter.environment) | {"PYTHONHASHSEED": settings.hash_seed},
                pass_fds=[far.fileno()],
                start_new_session=True,
            )
        except OSError as error:
            self._close()
            raise RatchetError(
                f"the sandbox's interpreter {interpreter.executable} cannot be started: {error.strerror}."
            ) from None
        finally:
            far.close()
            os.close(complaints)
        full = self._full
        spec = {
            "walls": settings.walls,
            "readable": interpreter.readable,
            "import_path": interpreter.import_path if full else interpreter.host_import_path,
            "modules": list(modules),
            "seed": settings.seed,
            "loopback": settings.loopback,
        }
        try:
            self.control.settimeout(_START_S)
            socket.send_fds(self.control, [json.dumps(spec).encode()], doors)
            answer = json.loads(self.control.recv(orders.MAX_MESSAGE) or b"{}")
            self.control.settimeout(None)
        except BaseException as error:
            complaint = self.complaint()
            self.kill()
            if isinstance(error, OSError):
                reason = complaint or str(error)
                raise RatchetError(f"the sandbox's interpreter did not start: {reason}.") from None
            raise
        if "ready" not in answer:
            complaint = answer.get("failed") or self.complaint() or "it ended without a word"
            self.kill()
            raise RatchetError(_refusal(complaint, full=full))

    def start(
        self,
        role: Role,
        limits: dict[str, Any],
        stdout: int,
        stderr: int,
        *,
        stand: bool = False,
        doors: Sequence[int] = (),
    ) -> None:
        """Start a program that writes to `stdout` and `stderr`. Raises SlotBroken.

        `stand`: it has no deadline. An examiner gets the `doors` of its own control group.
        """
        self._last = role.number = (self._last + 1) & 0xFFFFFFFF
        made = [*role.lines]
        try:
            descriptors = [self._nothing, stdout, stderr]
            if role.stdin:
                made.append(memory_file(role.stdin))
                descriptors[0] = made[-1]
            if role.payload is not None:
                made.append(memory_file(role.payload))
                descriptors.append(made[-1])
            if role.channel is not None:
                made.append(role.channel.detach())
                descriptors.append(made[-1])
            if role.keep:
                role.kept = memory_file(role.keep)
                descriptors.append(role.kept)
            descriptors += role.lines
            descriptors += doors
            plan = self._plan(limits)
            what = orders.STAND if stand else orders.START
            order = orders.ORDER.pack(
                role.number, what, orders.MODES.index(role.mode), plan, len(descriptors)
            )
            socket.send_fds(self.control, [order], descriptors)
        except OSError as error:
            raise SlotBroken(f"{type(error).__name__}: {error}; {self.complaint()}") from None
        finally:
            for fd in made:
                os.close(fd)
            role.lines = ()
        self.running[role.number] = role

    def _plan(self, limits: dict[str, Any]) -> int:
        """The number under which the zygote knows these limits."""
        known = self._plans.get(id(limits))
        if known is None:
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()  # their numbers are given anew
            # The limits are kept, so that no others get their id.
            known = self._plans[id(limits)] = len(self._plans), limits
            text = json.dumps(limits).encode()
            self.control.send(orders.ORDER.pack(0, orders.PLAN, 0, known[0], 0) + text)
        return known[0]

    def dismiss(self, role: Role) -> None:
        """Have a program ended; its end is reported like any other."""
        with suppress(OSError):
            self.control.send(orders.ORDER.pack(role.number, orders.END, 0, 0, 0))

    def hear(self) -> None:
        """Take one report of an end, and give it to the role. Raises SlotBroken."""
        try:
            message = self.control.recv(orders.MAX_MESSAGE)
        except OSError as error:
            raise SlotBroken(f"{type(error).__name__}: {error}; {self.complaint()}") from None
        if len(message) < orders.REPORT.size:
            raise SlotBroken(f"the zygote ended; {self.complaint()}")
        number, by, status, cpu_us, max_kb = orders.REPORT.unpack_from(message)
        said = json.loads(message[orders.REPORT.size :] or b"{}")
        role = self.running.pop(number)
        if "broken" in said:
            raise SlotBroken(said["broken"])
        code: int | None = os.waitstatus_to_exitcode(status)
        if self._full and orders.MODES.index(role.mode) not in orders.WARDENED:
            if by == orders.BY_DEADLINE or (by == orders.BY_ORDER and code == -signal.SIGKILL):
                code = None  # else it had ended by itself just before it was told to
        else:  # it had a warden, which tells the rest
            by = said.get("over", by)
            if by == orders.BY_ITSELF and "code" not in said and self._full:
                raise SlotBroken(f"a program's warden ended with {code} and without a report")
            # Without walls a program can kill its warden.
            code = said.get("code", None if by in (orders.BY_ORDER, orders.BY_DEADLINE) else -signal.SIGKILL)
        role.take_kept()
        role.end = End(by, code, said.get("cpu_s", cpu_us / 1e6), said.get("peak_memory", max_kb * 1024))

    def complaint(self) -> str:
        """What it has written where nobody should have to look."""
        with suppress(OSError):
            return " ".join(os.read(self._complaints, 1 << 16).decode("utf-8", "replace").split())[-500:]
        return ""

    def kill(self) -> None:
        """End the zygote and all that it started; returns when they are gone."""
        self.control.close()  # its other end sees the end of file, and ends the rest
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close()

    def forget(self) -> None:
        """In a fork of the supervisor: let go of the zygote, which stays the parent's."""
        self._process.returncode = 0
        self._close()

    def _close(self) -> None:
        for role in self.running.values():
            role.take_kept()
        self.control.close()
        if self._complaints >= 0:
            os.close(self._complaints)
            os.close(self._nothing)
            self._complaints = -1


def _refusal(complaint: str, *, full: bool) -> str:
    if not full:
        return f"the sandbox cannot start: {complaint}."
    return (
        f"the sandbox cannot raise its walls here: {complaint}; allow this, "
        "or lower the guard with --walls process (programs then see this machine's files and network)."
    )


def memory_file(data: bytes) -> int:
    """A descriptor of an anonymous file that holds `data`."""
    fd = os.memfd_create("ratchet", os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
