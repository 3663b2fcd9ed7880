"""One line that shows why a sample got its verdict: short, printable, the same in every run."""

from __future__ import annotations

import re
import signal

from ratchet.judge.showing import shown, shown_call
from ratchet.sandbox.types import Limits, Outcome, Status

__all__ = [
    "complaint",
    "how_it_ended",
    "last_line",
    "looks_uncompiled",
    "one_line",
    "shown",
    "shown_call",
    "signal_name",
]

MAX_LENGTH = 300
"""Characters of a verdict's detail."""

_COMPLAINTS = (
    re.compile(r"\bassert\w*\b|\bpanicked\b", re.IGNORECASE),
    re.compile(r"exception|error|fail", re.IGNORECASE),
)
_TRACES = re.compile(r"at |#\d|note: |Stack trace|thrown in")
_COMPLAINT_LINES = 4
_COMPILE_ERROR = re.compile(r"^(SyntaxError|IndentationError|TabError)\b")


def one_line(text: str) -> str:
    """`text` on one line of at most `MAX_LENGTH` characters, which any UTF-8 file can hold."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
    return line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 1] + "…"


def last_line(text: str) -> str:
    """The last line of `text` that says anything: a Python traceback's exception."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def complaint(test: Outcome) -> str:
    """What a test in any language says of why it failed: from the line that looks like it on; or nothing."""
    lines = [line.strip() for line in f"{test.stderr}\n{test.stdout}".splitlines()]
    lines = [line for line in lines if line and not _TRACES.match(line)]
    for pattern in _COMPLAINTS:
        for number, line in enumerate(lines):
            if pattern.search(line):
                return " ".join(lines[number : number + _COMPLAINT_LINES])
    return last_line(test.stderr)


def looks_uncompiled(stderr: str) -> bool:
    """Whether a traceback ends as that of a text which does not compile does."""
    return bool(_COMPILE_ERROR.match(last_line(stderr)))


def how_it_ended(outcome: Outcome, limits: Limits) -> str:
    """Why a program gave no answer: the limit it met, its signal, its exception or its exit code."""
    if outcome.reason:  # it was not even run
        return f"could not be run: {outcome.reason}"
    match outcome.status:
        case Status.TIMEOUT:
            return f"ran into the time limit ({limits.wall_s:g} s)"
        case Status.MEMORY:
            return f"ran into the memory limit ({limits.memory_bytes >> 20} MiB)"
        case Status.CRASHED:
            return f"was ended by {signal_name(outcome.signal)}"
        case Status.ERROR if last_line(outcome.stderr):
            return f"ended with exit code {outcome.exit_code}: {last_line(outcome.stderr)}"
        case _:
            return f"ended with exit code {outcome.exit_code}"


def signal_name(number: int | None) -> str:
    """`SIGSEGV` for 11, and so on."""
    try:
        return signal.Signals(number or 0).name
    except ValueError:
        return f"signal {number}"
