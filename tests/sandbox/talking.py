"""Both ends of a conversation, the candidate's in a process of its own; no jail around it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from typing import Any, NoReturn

from ratchet.sandbox.inside import answering, proxy


class Ended(BaseException):
    """The exam is over."""

    def __init__(self, detail: str, fault: str | None, tampered: bool) -> None:
        """What the report was told."""
        super().__init__(detail)
        self.fault = fault
        self.tampered = tampered


class Report:
    """Raises `Ended` where an examiner's process would end."""

    def end(self, passed: bool, detail: str, fault: str | None, tampered: bool) -> NoReturn:
        """End the exam."""
        assert not passed
        raise Ended(detail, fault, tampered)


def run(source: str, namespace: dict[str, Any]) -> None:
    """Execute `source` in `namespace`, without this file's own compiler flags."""
    exec(compile(source, "program.py", "exec", dont_inherit=True), namespace)


@contextlib.contextmanager
def talk(source: str, *, in_place: bool = False, handles: bool = False) -> Iterator[proxy.Conversation]:
    """A conversation with a process that has run `source`, and answers for its `f`."""
    near, far = socket.socketpair()
    child = os.fork()
    if child == 0:
        try:
            near.close()
            namespace: dict[str, Any] = {"__name__": "program"}
            run(source, namespace)
            answering.serve(namespace, "f", far.fileno(), in_place=in_place, handles=handles)
        finally:
            os._exit(0)
    far.close()
    try:
        yield proxy.Conversation(near.fileno(), Report(), in_place=in_place, handles=handles)
    finally:
        near.close()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
