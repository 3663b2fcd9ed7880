"""Attacks run on the spot: each tries one thing, says what it met, and harms nothing if it succeeds.

A program that gets through prints a line that begins with WON; besides, the host
looks at what it must not have reached: a secret file, a listener, a bystander, its
own process table. In the texts, @NAMES@ stand for those.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from ratchet.errors import HarnessError
from ratchet.sandbox import LocalSandbox, Program, Walls
from ratchet.sandbox.doctor.attack_texts import FORGERIES, PLACES, PRELUDE, PROGRAMS, TEST, Text
from ratchet.sandbox.doctor.nouns import Attacked
from ratchet.sandbox.types import Limits, Outcome

LIMITS = Limits(wall_s=3.0, memory_bytes=96 << 20, processes=16, disk_bytes=16 << 20, output_bytes=1 << 16)
_VARIABLE = "RATCHET_DOCTOR_CANARY"
_LONGEST = 300
"""Characters kept of what was seen."""
_LATE_S = 2.0
"""How much longer than its wall limit an attack may hold the sandbox up."""


@dataclass(slots=True)
class _Canaries:
    """What attacks are after, and whether they got at it."""

    folder: tempfile.TemporaryDirectory[str]
    secret: str
    mark: str
    """A process name: whoever bears it on this machine was started by an attack."""
    listener: socket.socket
    abstract: socket.socket
    bystander: subprocess.Popen[bytes]

    @classmethod
    def make(cls, secret: str) -> Self:
        """The secret in a file, two listeners, a sleeping process."""
        folder = tempfile.TemporaryDirectory(prefix="ratchet-doctor-")
        Path(folder.name, "secret").write_text(secret)
        listener = socket.create_server(("127.0.0.1", 0))
        abstract = socket.socket(socket.AF_UNIX)
        abstract.bind(f"\0ratchet-doctor-{secret}")
        abstract.listen()
        for server in (listener, abstract):
            server.setblocking(False)
        bystander = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL)
        return cls(folder, secret, f"rd-{secret[:10]}", listener, abstract, bystander)

    def __enter__(self) -> Self:
        """The canaries themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear them away."""
        self.kill_marked()
        self.bystander.kill()
        self.bystander.wait()
        self.listener.close()
        self.abstract.close()
        self.folder.cleanup()
        for place in PLACES:
            Path(place, self.mark).unlink(missing_ok=True)

    def filled(self, text: str) -> str:
        """`text` with its names replaced."""
        return (
            text.replace("@FOLDER@", self.folder.name)
            .replace("@PORT@", str(self.listener.getsockname()[1]))
            .replace("@ABSTRACT@", f"ratchet-doctor-{self.secret}")
            .replace("@VARIABLE@", _VARIABLE)
            .replace("@PID@", str(self.bystander.pid))
            .replace("@MARK@", self.mark)
            .replace("@PLACES@", repr(PLACES))
            .replace("@PROCESSES@", str(LIMITS.processes))
            .replace("@MEMORY@", str(LIMITS.memory_bytes))
            .replace("@DISK@", str(LIMITS.disk_bytes))
        )

    def harmed(self, said: str) -> str:
        """What was reached, in words; empty if nothing was."""
        if self.secret in said:
            return "it read a secret of this machine"
        if [entry.name for entry in Path(self.folder.name).iterdir()] != ["secret"]:
            return "it wrote a file on this machine"
        if Path(self.folder.name, "secret").read_text() != self.secret:
            return "it changed a file of this machine"
        for server in (self.listener, self.abstract):
            with suppress(BlockingIOError):
                server.accept()[0].close()
                return "it reached a listener of this machine"
        if self.bystander.poll() is not None:
            return "it killed a process of this machine"
        if alive := self.kill_marked():
            return f"{alive} of its processes outlived it"
        return ""

    def kill_marked(self) -> int:
        """End what bears the mark; how many there were."""
        found = 0
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if (entry / "comm").read_text().strip() == self.mark:
                        found += 1
                        os.kill(int(entry.name), signal.SIGKILL)
        return found


def run_all(walls: Walls) -> Iterator[Attacked]:
    """Run every attack in a new sandbox, one after the other."""
    secret = secrets.token_hex(12)
    # It is there first: what a zygote inherits at its start is what it could leak.
    os.environ[_VARIABLE] = secret
    try:
        with LocalSandbox(slots=1, walls=walls) as sandbox:
            for text in PROGRAMS:
                with _Canaries.make(secret) as canaries:
                    yield _told(text.name, partial(_program, sandbox, text, canaries))
            for text in FORGERIES:
                yield _told(text.name, partial(_forgery, sandbox, text))
    finally:
        del os.environ[_VARIABLE]


def _told(name: str, attack: Callable[[], tuple[bool, str]]) -> Attacked:
    try:
        stopped, seen = attack()
    except HarnessError as error:
        stopped, seen = False, f"it broke the sandbox: {error}"
    return Attacked(name, stopped, " ".join(seen.split())[:_LONGEST])


def _program(sandbox: LocalSandbox, text: Text, canaries: _Canaries) -> tuple[bool, str]:
    started = time.monotonic()
    outcomes = [
        sandbox.run(Program(canaries.filled(source)), LIMITS)
        for source in (PRELUDE + text.source, text.then)
        if source
    ]
    took = time.monotonic() - started
    said = "\n".join(outcome.stdout + outcome.stderr for outcome in outcomes)
    if harm := canaries.harmed(said):
        return False, harm
    if won := [line.removeprefix("WON ") for line in said.splitlines() if line.startswith("WON ")]:
        return False, "; ".join(won)
    if took > len(outcomes) * LIMITS.wall_s + _LATE_S:
        return False, f"it held the sandbox up for {took:.0f} s"
    return True, "; ".join(map(_seen, outcomes))


def _seen(outcome: Outcome) -> str:
    if outcome.stdout_truncated:
        return f"{len(outcome.stdout) >> 10} KiB of its output were kept"
    if outcome.stdout.strip():
        return "; ".join(outcome.stdout.split("\n")).strip("; ")
    return f"it ended with {outcome.status}"


def _forgery(sandbox: LocalSandbox, text: Text) -> tuple[bool, str]:
    test = Program(TEST.replace("@NUMBER@", str(secrets.randbits(60) + 2)))
    exam = sandbox.examine(Program(text.source), "answer", test, LIMITS)
    return not exam.passed, exam.fault or exam.detail or "it passed"
