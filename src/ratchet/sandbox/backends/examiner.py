"""The supervisor's side of an examiner: a process in the jail that holds one exam after the other."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ratchet.sandbox.backends import cgroups
from ratchet.sandbox.backends.streams import Stream
from ratchet.sandbox.backends.zygote import Role, Zygote, memory_file

_MAX_MESSAGE = 1 << 16
_MAX_TEXTS = 256
"""An examiner that knows more tests than this is replaced: they take up its memory."""
_MAX_EXAMS = 5000
"""And so is one that has held this many exams, whatever they left in it."""


@dataclass(frozen=True, slots=True)
class Told:
    """The one message that an examiner writes about an exam."""

    passed: bool
    detail: str
    calls: int
    fault: str | None
    tampered: bool
    last: bool
    """Whether the examiner has ended with it."""
    cpu_s: float
    peak_memory: int


_FORMS = [[int, bool, str, int, kind, bool, bool, float, int] for kind in (str, type(None))]


def read_told(message: bytes, exam: int) -> Told | None:
    """The message about the exam of that number, as `inside.exam` writes it; None if it is anything else."""
    try:
        told = json.loads(message)
    except ValueError:
        return None
    if type(told) is not list or [type(part) for part in told] not in _FORMS or told[0] != exam:
        return None
    return Told(*told[1:])


class Examiner:
    """An examiner process, and what it has been taught."""

    def __init__(
        self, zygote: Zygote, limits: dict[str, Any], output_bytes: int, group: cgroups.Group | None
    ) -> None:
        """Have the zygote start one, in a control group of its own if there is one. Raises SlotBroken."""
        self.line, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line.setblocking(False)
        self.zygote = zygote
        self.limits = limits
        self.output_bytes = output_bytes
        self.role = Role("oracle", None, output_bytes, channel=far)
        self.stdout, self.stderr = Stream(), Stream()
        self.told: Told | None = None
        self._texts: dict[str, int] = {}
        self._exam = 0
        self._group = group
        if group is not None:
            group.begin(limits["group_memory_bytes"], limits["processes"])
        doors = group.doors if group is not None else ()
        zygote.start(self.role, limits, self.stdout.far, self.stderr.far, stand=True, doors=doors)

    @property
    def worn(self) -> bool:
        """Whether it is time for a new one."""
        return len(self._texts) >= _MAX_TEXTS or self._exam >= _MAX_EXAMS

    def ask(
        self, text: str, files: bytes, entry_point: str, channel: socket.socket, flags: dict[str, bool]
    ) -> None:
        """Have it hold an exam over `channel`, which is closed here. Raises OSError when it is gone."""
        self._exam += 1
        self.told = None
        self.stdout.renew(self.output_bytes)
        self.stderr.renew(self.output_bytes)
        order = {"exam": self._exam, "entry_point": entry_point, **flags}
        descriptors = [channel.detach()]
        try:
            if text not in self._texts:
                self._texts[text] = len(self._texts)
                descriptors.append(memory_file(text.encode("utf-8", "surrogatepass")))
            order["text"] = self._texts[text]
            order["files"] = bool(files)
            if files:
                descriptors.append(memory_file(files))
            socket.send_fds(self.line, [json.dumps(order).encode()], descriptors)
        finally:
            for fd in descriptors:
                os.close(fd)

    def hear(self) -> bool:
        """Take its verdict, if it has come; False when nothing more can come."""
        try:
            message = self.line.recv(_MAX_MESSAGE)
        except BlockingIOError:
            return True
        except OSError:
            message = b""
        if message:
            self.told = read_told(message, self._exam)
        return False

    def out_of_memory(self) -> bool:
        """Whether its control group has run out of memory."""
        return self._group is not None and self._group.seen().oom_kills > 0

    def close(self) -> None:
        """Let go of it: it ends when nobody holds the line."""
        with suppress(OSError):
            self.line.close()
        self.stdout.close()
        self.stderr.close()
