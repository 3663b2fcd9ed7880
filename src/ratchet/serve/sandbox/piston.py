"""Piston's API, version 2: `GET /api/v2/runtimes` and `POST /api/v2/execute`.

Other than there, output is not a reason to kill: what is longer than this server keeps
is cut in the middle, and the status is then OL (stdout) or EL (stderr) of a program
that went on to its own end, whose exit code is there.
"""

from __future__ import annotations

import binascii
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ratchet.errors import RatchetError
from ratchet.sandbox.languages import language, survey
from ratchet.sandbox.types import Limits, Outcome, Program, Sandbox, Status
from ratchet.serve.sandbox.guarded import Bounds
from ratchet.serve.sandbox.phases import NOT_RUN, all_cores, phases
from ratchet.serve.sandbox.schema import Schema, fields, nullable, text
from ratchet.serve.sandbox.versions import satisfies, version_of

_OTHER_NAMES = {"cpp": "c++", "r": "rscript"}
"""Where Piston's name is not ours."""
_FILE = fields(
    {"content": text("What the file holds.")},
    {
        "name": nullable(text("Its path."), default=None),
        "encoding": nullable(text("base64, hex or utf8; utf8 where it is none of them."), default=None),
    },
    strict=False,
    about="A file.",
)
_MILLISECONDS = {"type": ["number", "null"], "minimum": 0, "default": None, "description": "Milliseconds."}
_BYTES = {
    "type": ["number", "null"],
    "minimum": -1,
    "default": None,
    "description": "Bytes; -1: the server's most.",
}

EXECUTE: Schema = fields(
    {
        "language": text("A language of GET /api/v2/runtimes, or one of its aliases.", minLength=1),
        "version": text('Which version, as npm selects it: "3.11.2", "3.x", "*".', minLength=1),
        "files": {
            "type": "array",
            "items": _FILE,
            "minItems": 1,
            "description": "The first in UTF-8 is entered.",
        },
    },
    {
        "stdin": nullable(text("Standard input."), default=None),
        "args": {
            "type": ["array", "null"],
            "items": text("An argument."),
            "default": None,
            "description": "The program's arguments.",
        },
        "compile_timeout": _MILLISECONDS,
        "run_timeout": _MILLISECONDS,
        "compile_cpu_time": _MILLISECONDS,
        "run_cpu_time": _MILLISECONDS,
        "compile_memory_limit": _BYTES,
        "run_memory_limit": _BYTES,
    },
    strict=False,
    about="Piston's job.",
)

_STAGE: Schema = {
    "type": "object",
    "required": [
        *("stdout", "stderr", "output", "code", "signal"),
        *("message", "status", "cpu_time", "wall_time", "memory"),
    ],
    "properties": {
        "stdout": {"type": "string"},
        "stderr": {"type": "string"},
        "output": {"type": "string", "description": "stdout, then stderr."},
        "code": {"type": ["integer", "null"]},
        "signal": {"type": ["string", "null"]},
        "message": {"type": ["string", "null"]},
        "status": {
            "enum": ["RE", "SG", "TO", "OL", "EL", "XX", None],
            "description": "RE: another exit code than 0; SG: a signal; TO: time; OL, EL: more stdout or "
            "stderr than is kept; XX: it could not be run here; null: none of these.",
        },
        "cpu_time": {"type": ["number", "null"], "description": "Milliseconds."},
        "wall_time": {"type": ["number", "null"], "description": "Milliseconds."},
        "memory": {"type": ["integer", "null"], "description": "Bytes, the most of one process."},
    },
}
EXECUTE_ANSWER: Schema = {
    "type": "object",
    "required": ["language", "version", "run"],
    "properties": {
        "language": {"type": "string"},
        "version": {"type": "string"},
        "run": _STAGE,
        "compile": _STAGE,
    },
}
RUNTIMES_ANSWER: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["language", "version", "aliases"],
        "properties": {
            "language": {"type": "string"},
            "version": {"type": "string"},
            "aliases": {"type": "array", "items": {"type": "string"}},
        },
    },
}


class Refused(Exception):
    """A job that Piston would refuse; the message is what it would say."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A language that is to be had here."""

    name: str
    """Ours."""
    language: str
    """Piston's."""
    version: str
    aliases: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As `GET /api/v2/runtimes` lists it."""
        return {"language": self.language, "version": self.version, "aliases": list(self.aliases)}


@lru_cache
def runtimes() -> tuple[Runtime, ...]:
    """The languages whose toolchains are on this machine; slow the first time."""
    found = []
    for each in survey():
        if not each.version:
            continue
        if each.name == "python":
            others = {"py", "python3", "py3"}
        else:
            aliases = language(each.name).aliases
            others = {each.name, *aliases, *(extension.lstrip(".") for extension in each.extensions)}
        shown = _OTHER_NAMES.get(each.name, each.name)
        found.append(Runtime(each.name, shown, version_of(each.version), tuple(sorted(others - {shown}))))
    return tuple(found)


def execute(sandbox: Sandbox, bounds: Bounds, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a checked EXECUTE request; raises Refused, RatchetError, HarnessError."""
    called, selector = asked["language"], asked["version"]
    matching = [each for each in runtimes() if called == each.language or called in each.aliases]
    runtime = next((each for each in matching if satisfies(each.version, selector)), None)
    if runtime is None:
        raise Refused(f"{called}-{selector} runtime is unknown")
    source, files = _files(asked["files"])
    limits = _limits(asked, "run", 3000.0, bounds)
    compiling = _limits(asked, "compile", 10000.0, bounds)
    program = Program(source, runtime.name, asked["stdin"] or "", files, tuple(asked["args"] or ()))
    outcome = sandbox.run(program, limits, compile_limits=compiling)
    answer: dict[str, Any] = {"language": runtime.language, "version": runtime.version}
    if outcome.status in NOT_RUN:
        raise RatchetError(outcome.reason)
    compilation, run = phases(runtime.name, outcome)
    if compilation is not None:
        answer["compile"] = _stage(compilation, compiling)
    answer["run"] = answer["compile"] if run is None else _stage(run, limits)
    return answer


def _files(given: list[dict[str, Any]]) -> tuple[str, dict[str, str | bytes]]:
    """The text that is entered, and the other files by path."""
    source: str | None = None
    found: dict[str, str | bytes] = {}
    for number, file in enumerate(given):
        content = _decoded(file, number)
        if source is None and isinstance(content, str):
            source = content
        else:
            found[file["name"] or f"file{number}.code"] = content
    if source is None:
        raise Refused("files must include at least one utf8 encoded file")
    return source, found


def _decoded(file: Mapping[str, Any], number: int) -> str | bytes:
    decoders: dict[str, Callable[[str], bytes]] = {"base64": binascii.a2b_base64, "hex": binascii.unhexlify}
    decode = decoders.get(file["encoding"] or "utf8")
    if decode is None:
        return str(file["content"])
    try:
        return decode(file["content"])
    except ValueError as error:
        raise Refused(f"files[{number}].content is not {file['encoding']} ({error})") from None


def _limits(asked: Mapping[str, Any], step: str, default_ms: float, bounds: Bounds) -> Limits:
    most = {
        f"{step}_timeout": bounds.wall_s * 1000,
        f"{step}_cpu_time": all_cores(bounds.wall_s) * 1000,
        f"{step}_memory_limit": bounds.memory_bytes,
    }
    for name, limit in most.items():
        if asked[name] is not None and asked[name] > limit:
            raise Refused(f"{name} cannot exceed the configured limit of {limit:g}")
    wall_s = (asked[f"{step}_timeout"] or default_ms) / 1000
    cpu_ms, memory = asked[f"{step}_cpu_time"], asked[f"{step}_memory_limit"]
    return Limits(
        wall_s=wall_s,
        cpu_s=cpu_ms / 1000 if cpu_ms else all_cores(wall_s),
        memory_bytes=max(int(memory), 1 << 20) if memory is not None and memory > 0 else bounds.memory_bytes,
        output_bytes=bounds.output_bytes,
        processes=256,
        open_files=1024,
        disk_bytes=min(512 << 20, bounds.disk_bytes),
    )


def _stage(step: Outcome, limits: Limits) -> dict[str, Any]:
    status, message = _status(step, limits)
    killed = status == "TO"
    number = None if step.exit_code is not None and not killed else step.signal or signal.SIGKILL
    return {
        "stdout": step.stdout,
        "stderr": step.stderr,
        "output": step.stdout + step.stderr,
        "code": None if number is not None else step.exit_code,
        "signal": None if number is None else _signal_name(number),
        "message": message,
        "status": status,
        "cpu_time": round(step.cpu_s * 1000, 3),
        "wall_time": round(step.wall_s * 1000, 3),
        "memory": step.peak_memory,
    }


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def _status(step: Outcome, limits: Limits) -> tuple[str | None, str | None]:
    """isolate's status code and message, as Piston passes them on."""
    if step.status is Status.TIMEOUT:
        on_the_wall = step.wall_s >= limits.wall_s
        return "TO", "Time limit exceeded (wall clock)" if on_the_wall else "Time limit exceeded"
    if step.status is Status.MEMORY:
        code = "RE" if step.exit_code is not None else "SG"
        return code, f"Memory limit of {limits.memory_bytes >> 20} MiB exceeded"
    if step.exit_code is None:
        return "SG", f"Caught fatal signal {step.signal or int(signal.SIGKILL)}"
    if step.exit_code:
        return "RE", f"Exited with error status {step.exit_code}"
    for cut, code, name in ((step.stdout_truncated, "OL", "stdout"), (step.stderr_truncated, "EL", "stderr")):
        if cut:
            return code, f"{name} length exceeded: its first and last parts are here"
    return None, None
