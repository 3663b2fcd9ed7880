"""How a program's compilation and run are shown by APIs that tell them apart."""

from __future__ import annotations

import os
from dataclasses import replace

from ratchet.sandbox.languages import Language, language
from ratchet.sandbox.types import Outcome, Status

NOT_RUN = (Status.UNAVAILABLE, Status.PACKAGES)
"""The program is not to blame: `Outcome.reason` says what is missing."""


def compiles(name: str) -> bool:
    """Whether programs in that language are compiled before they run."""
    return name != "python" and type(language(name)).build is not Language.build


def phases(name: str, outcome: Outcome) -> tuple[Outcome | None, Outcome | None]:
    """What compiling did, and what running did; None for a step that there was not."""
    if outcome.status is Status.INVALID:
        return _failed(outcome), None
    if not compiles(name):
        return None, outcome
    return outcome.compilation or _KNOWN, outcome


def _failed(outcome: Outcome) -> Outcome:
    """The compilation of a program that does not compile: a failure, even if the compiler said nothing."""
    step = outcome.compilation or outcome
    if returned(step) != 0:
        return step
    # javac on an empty file, say, which makes nothing that could be run.
    return replace(step, status=Status.ERROR, exit_code=1, stderr=f"{step.stderr}{outcome.reason}\n")


_KNOWN = Outcome(Status.OK, 0, None, "", "", False, False, 0.0, 0.0, 0)
"""A compilation whose result was still known."""


def all_cores(wall_s: float) -> float:
    """CPU seconds that a program can use in its wall time: for APIs that limit that alone."""
    return wall_s * (os.cpu_count() or 1) + 1.0


def returned(outcome: Outcome) -> int | None:
    """The return code as Python's subprocess gives it; None after a time-out."""
    if outcome.status is Status.TIMEOUT:
        return None
    if outcome.exit_code is not None:
        return outcome.exit_code
    return -9 if outcome.signal is None else -outcome.signal
