"""Ratchet's jail as a sandbox of Inspect (inspect_ai): no daemon, no image, a start in milliseconds.

    import inspect_provider                          # registers it

    Task(dataset=..., solver=..., scorer=..., sandbox="ratchet")

Between two commands nothing of a sample exists but its files: those below its working
directory and below /tmp, as a tar archive in this process. Each command gets them in a new
jail, with no network, and they are taken back when it has ended; so no process outlives its
command, and what needs a server beside the model (Inspect's injected tools, exec_remote)
does not work here. There is one user. A sample's files may take 200 MB.
"""

from __future__ import annotations

import asyncio
import errno
import json
from pathlib import Path
from typing import Any, ClassVar, Literal, overload

from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    SandboxEnvironmentLimits,
    SandboxUnavailableError,
    SandboxUserUnsupportedError,
    sandboxenv,
)

from ratchet.errors import HarnessError
from ratchet.sandbox import Limits, LocalSandbox, Outcome, Program, Status
from ratchet.sandbox.asynchronous import AsyncSandbox

USERS = (None, "user", "1000")
"""As whom a command may be asked to run: it always runs as this one."""
LONGEST_S = 3600
"""Seconds of a command without a timeout."""
SPARE_S = 30
"""Seconds for carrying the files in and out."""
_AGENT = (Path(__file__).parent / "inspect_agent.py").read_text(encoding="utf-8")
_LIMITS = Limits(memory_bytes=2 << 30, disk_bytes=1 << 30, processes=256, open_files=1024)
_ERRORS: dict[str, type[OSError]] = {
    kind.__name__: kind
    for kind in (
        FileNotFoundError,
        IsADirectoryError,
        NotADirectoryError,
        PermissionError,
        FileExistsError,
        OSError,
    )
}


@sandboxenv(name="ratchet")
class RatchetSandbox(SandboxEnvironment):
    """The files of one sample, and the jails that its commands run in."""

    _sandbox: ClassVar[AsyncSandbox | None] = None
    _tasks: ClassVar[int] = 0

    @classmethod
    async def task_init(cls, task_name: str, config: SandboxEnvironmentConfigType | None) -> None:
        """Open the jail that all samples share: as many commands run at a time as there are cores."""
        if config is not None:
            raise ValueError("the sandbox 'ratchet' has no configuration; leave it out.")
        if cls._sandbox is None:
            cls._sandbox = AsyncSandbox(LocalSandbox())
        cls._tasks += 1

    @classmethod
    async def task_cleanup(
        cls, task_name: str, config: SandboxEnvironmentConfigType | None, cleanup: bool
    ) -> None:
        """Close it after the last task."""
        cls._tasks -= 1
        if cls._tasks == 0 and cls._sandbox is not None:
            sandbox, cls._sandbox = cls._sandbox, None
            await sandbox.close()

    @classmethod
    async def sample_init(
        cls, task_name: str, config: SandboxEnvironmentConfigType | None, metadata: dict[str, str]
    ) -> dict[str, SandboxEnvironment]:
        """An empty folder."""
        if cls._sandbox is None:
            raise RuntimeError("the sandbox 'ratchet' is not open: task_init comes first.")
        return {"default": cls(cls._sandbox)}

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        """Forget the files; there is nothing else."""
        for environment in environments.values():
            environment.as_type(RatchetSandbox)._files = b""

    def __init__(self, jails: AsyncSandbox) -> None:
        """A sample without files."""
        super().__init__()
        self._jails = jails
        self._files = b""
        self._one_at_a_time = asyncio.Lock()

    async def exec(
        self,
        cmd: list[str],
        input: str | bytes | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,
        timeout_retry: bool = True,
        concurrency: bool = True,
    ) -> ExecResult[str]:
        """Run a command. A timeout is never tried again: what ran out of time here has had it."""
        if user not in USERS:
            raise SandboxUserUnsupportedError(f"commands run as {USERS[1]!r}, and not as {user!r}.")
        request = {"do": "exec", "cmd": cmd, "cwd": cwd, "env": env or {}, "timeout": timeout or LONGEST_S}
        content = input.encode() if isinstance(input, str) else input
        outcome, answer = await self._ask(request, content, timeout or LONGEST_S)
        if outcome.stdout_truncated or outcome.stderr_truncated:
            limit = SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE_STR
            said = outcome.stdout if outcome.stdout_truncated else outcome.stderr
            raise OutputLimitExceededError(limit, said)
        code = answer["code"]
        return ExecResult(code == 0, code, outcome.stdout, outcome.stderr)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        """Write a file, and the folders above it."""
        data = contents.encode() if isinstance(contents, str) else contents
        await self._ask({"do": "write", "file": file}, data, SPARE_S)

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        """A file as text or as bytes."""
        most = SandboxEnvironmentLimits.MAX_READ_FILE_SIZE
        outcome, answer = await self._ask({"do": "read", "file": file, "most": most}, None, SPARE_S)
        if answer.get("too large"):
            raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
        data = outcome.files["content"]
        return data.decode() if text else data

    async def _ask(
        self, request: dict[str, Any], content: bytes | None, seconds: float
    ) -> tuple[Outcome, dict[str, Any]]:
        """Do something in a jail that has the sample's files, and keep what became of them."""
        async with self._one_at_a_time:
            files: dict[str, str | bytes] = {"request.json": json.dumps(request), "files.tar": self._files}
            if content is not None:
                files["input"] = content
            limits = Limits(
                wall_s=seconds + SPARE_S,
                cpu_s=2 * seconds + SPARE_S,
                output_bytes=SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE,
                memory_bytes=_LIMITS.memory_bytes,
                disk_bytes=_LIMITS.disk_bytes,
                processes=_LIMITS.processes,
                open_files=_LIMITS.open_files,
            )
            wanted = ["answer.json", "content", "files.tar"]
            try:
                outcome = await self._jails.run(Program(_AGENT, files=files), limits, fetch=wanted)
            except HarnessError as error:
                raise SandboxUnavailableError(str(error)) from error
            return outcome, self._answer(outcome)

    def _answer(self, outcome: Outcome) -> dict[str, Any]:
        """What the agent found; raises what it ran into."""
        answer = _read(outcome.files.get("answer.json", b""))
        if answer is None:
            if outcome.status is Status.TIMEOUT:
                raise TimeoutError("the command ran out of time.")
            # Whatever the command did to the agent, it did to itself: its files are as they were.
            return {"code": outcome.exit_code or 128 + (outcome.signal or 9)}
        if answer["changed"]:
            if "files.tar" not in outcome.files:
                raise OSError(errno.ENOSPC, "the sample's files are too large to be kept")
            self._files = outcome.files["files.tar"]
        if answer.get("late"):
            raise TimeoutError("the command ran out of time.")
        if "error" in answer:
            raise _ERRORS.get(answer["error"], OSError)(answer["message"])
        return answer


def _read(data: bytes) -> dict[str, Any] | None:
    """The agent's answer; None if it left none, or a command wrote something else there."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return None
    kinds = {"changed": bool, "code": int, "late": bool, "too large": bool, "error": str, "message": str}
    if type(answer) is not dict or "changed" not in answer:
        return None
    if any(type(value) is not kinds.get(key) for key, value in answer.items()):
        return None
    one_of = {"code", "late", "too large", "error"} & answer.keys()
    return answer if len(one_of) == 1 and ("error" in answer) == ("message" in answer) else None
