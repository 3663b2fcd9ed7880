"""The nouns of the sandbox: what to run, how far it may go, what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Program:
    """Something to run: source files, the one that is entered, and its standard input.

    `source` is the text of the entry file. `files` are further files, by path
    relative to the working directory (UTF-8 text or raw bytes).
    """

    source: str
    language: str = "python"
    stdin: str = ""
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    """What follows the program's name on its command line."""
    packages: tuple[str, ...] = ()
    """For Python: what pip is asked for, "requests>=2" say; see `ratchet.sandbox.packages`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a program may go. All are enforced from outside the program."""

    wall_s: float = 10.0
    cpu_s: float | None = None
    """CPU seconds of all processes together; None: the wall limit, rounded up, plus one."""
    memory_bytes: int = 1 << 30
    """Private data memory of each process; with control groups, memory and files of all processes together
    are held to this plus `disk_bytes`, else to twice this plus `disk_bytes`, as `Outcome.memory_by` says."""
    output_bytes: int = 1 << 20
    """Kept bytes of stdout and of stderr each; the middle of what is over is dropped, and flagged."""
    processes: int = 64
    open_files: int = 256
    disk_bytes: int = 64 << 20
    """Size of the writable tmpfs (working directory and /tmp together), and of any one file."""


class Status(StrEnum):
    """Why a program ended."""

    OK = "ok"
    """It exited with code 0."""
    ERROR = "error"
    """It exited with another code (an uncaught exception is code 1)."""
    TIMEOUT = "timeout"
    """The wall or CPU limit ended it."""
    MEMORY = "memory"
    """It asked for more memory than its limit and ended because of that."""
    CRASHED = "crashed"
    """A signal ended it."""
    INVALID = "invalid"
    """It does not compile: `Outcome.compilation` says why. Nothing was run."""
    PACKAGES = "packages"
    """Something in `packages` cannot be installed: `Outcome.reason` says what. Nothing was run."""
    UNAVAILABLE = "unavailable"
    """What its language needs is not on this machine: `Outcome.reason` says what. Nothing was run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What running a program did: an observation, no judgement."""

    status: Status
    exit_code: int | None
    signal: int | None
    stdout: str
    stderr: str
    stdout_truncated: bool
    stderr_truncated: bool
    wall_s: float
    cpu_s: float
    peak_memory: int
    """Bytes: the largest resident set of any one process of the program."""
    memory_by: str = "rlimit"
    """What limited the memory of all processes together: "cgroup v2", "cgroup v1", or "rlimit".

    "rlimit": only that of each process was limited exactly; the sum was looked at every 50 ms.
    """
    compilation: Outcome | None = None
    """What compiling it did; None where there is no such step, or where the result was still known."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What it left in the files that were asked for, by path."""
    reason: str = ""
    """One sentence for who wrote the program, where its status alone does not say what to do."""


class Sandbox(Protocol):
    """What runs programs: on this machine or elsewhere. Safe to use from several threads."""

    slots: int
    """How many programs it runs at a time."""

    def run(
        self,
        program: Program,
        limits: Limits = ...,
        *,
        compile_limits: Limits | None = None,
        fetch: Sequence[str] = (),
    ) -> Outcome:
        """Run a program with its standard input."""

    def call(
        self,
        program: Program,
        entry_point: str,
        calls: Sequence[Sequence[Any]],
        limits: Limits = ...,
        *,
        in_place: bool = False,
    ) -> CallOutcome:
        """Ask a function of a program, once per argument list."""

    def examine(
        self,
        candidate: Program,
        entry_point: str,
        examiner: Program,
        limits: Limits = ...,
        *,
        in_process: bool = False,
        in_place: bool = False,
        handles: bool = False,
        declaration: str = "",
    ) -> ExamOutcome:
        """Let the text of `examiner` test a function of `candidate`, from another process."""

    def close(self) -> None:
        """End all that runs in it."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that left the called function: the class name, and its text."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class CallResult:
    """One call's answer as plain data: a value, or what it raised."""

    value: Any = None
    raised: Raised | None = None
    arguments: tuple[Any, ...] | None = None
    """The arguments as they were after the call, if that was asked for and it raised nothing."""


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What a program answered when its function was called.

    `results` holds one entry per call that was answered, in order. When fewer
    calls were answered than asked, `outcome` says why (`outcome.status`), or
    `fault` does (a protocol violation, a value that is not plain data).
    """

    outcome: Outcome
    results: tuple[CallResult, ...]
    fault: str | None = None
    tampered: bool = False
    """Whether the program was seen to write something other than answers where answers are due."""


@dataclass(frozen=True, slots=True)
class ExamOutcome:
    """What an examiner program found out about a candidate program.

    `passed` is True only if the examiner itself said, on a channel that the
    candidate has no descriptor for, that its whole text ran to the end.
    `detail` is empty then, else one line: the exception the examiner ended with.
    """

    passed: bool
    detail: str
    candidate: Outcome
    examiner: Outcome | None
    """None when candidate and examiner shared one process."""
    calls: int
    """How often the examiner called the candidate's function."""
    fault: str | None = None
    tampered: bool = False
    """Whether the candidate was seen to write something other than answers where answers are due."""
