"""SandboxFusion's `POST /run_code`: its fields, its answer, without its mistakes.

Not copied: output beyond 190 kB as a false time-out, a child that holds stdout as one,
memory limits that are ignored, or that break numpy by counting addresses. What it ignores
in requests (other fields) is ignored here too.
"""

from __future__ import annotations

import binascii
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox.languages import names
from ratchet.sandbox.types import Limits, Outcome, Program, Sandbox, Status
from ratchet.serve.sandbox.guarded import Bounds
from ratchet.serve.sandbox.phases import NOT_RUN, all_cores, compiles, phases, returned
from ratchet.serve.sandbox.schema import Invalid, Schema, fields, nullable, text

LANGUAGES = {
    "python": "python",
    "cpp": "cpp",
    "nodejs": "javascript",
    "go": "go",
    "java": "java",
    "php": "php",
    "csharp": "csharp",
    "bash": "bash",
    "typescript": "typescript",
    "rust": "rust",
    "lua": "lua",
    "R": "r",
    "perl": "perl",
    "ruby": "ruby",
    "swift": "swift",
}
"""SandboxFusion's name -> ours."""

NOT_HERE = frozenset(
    (
        *("go_test", "pytest", "junit", "jest", "D_ut"),
        *("sql", "cuda", "python_gpu", "scala", "julia", "kotlin_script", "verilog", "lean", "racket"),
    )
)
"""What SandboxFusion runs and this server does not: the answer is its SandboxError, which says so."""

KNOWN = sorted({*LANGUAGES, *NOT_HERE, *names()})
"""All names that a request may use."""

BASE64: Schema = text(
    "Base64.",
    contentEncoding="base64",
    pattern="^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
)
_SECONDS = {"type": "number", "minimum": 0.01, "default": 10}

RUN_CODE: Schema = fields(
    {
        "code": text("The program."),
        "language": text("SandboxFusion's name of it, or ours.", enum=KNOWN),
    },
    {
        "stdin": nullable(text("Standard input."), default=None),
        "compile_timeout": {**_SECONDS, "description": "Seconds."},
        "run_timeout": {**_SECONDS, "description": "Seconds of the wall clock."},
        "memory_limit_MB": {
            "type": "integer",
            "minimum": -1,
            "default": -1,
            "description": "MiB; 0 and -1: as much as this server allows.",
        },
        "files": {
            "type": "object",
            "default": {},
            "additionalProperties": nullable(BASE64, description="Base64; null: no file."),
            "description": "Files beside the program, by path.",
        },
        "fetch_files": {
            "type": "array",
            "items": text("A path."),
            "default": [],
            "description": "Files that the program leaves and the answer shall hold.",
        },
        "args": {
            "type": "array",
            "items": text("An argument."),
            "default": [],
            "description": "The program's arguments.",
        },
    },
    strict=False,
    about="SandboxFusion's RunCodeRequest.",
)

COMMAND_RESULT: Schema = {
    "type": ["object", "null"],
    "required": ["status", "execution_time", "return_code", "stdout", "stderr"],
    "properties": {
        "status": {"enum": ["Finished", "Error", "TimeLimitExceeded"]},
        "execution_time": {"type": ["number", "null"], "description": "Seconds."},
        "return_code": {
            "type": ["integer", "null"],
            "description": "Minus the signal's number where one ended it; null after a time-out.",
        },
        "stdout": {"type": ["string", "null"]},
        "stderr": {"type": ["string", "null"]},
    },
}

RUN_CODE_ANSWER: Schema = {
    "type": "object",
    "required": ["status", "message", "compile_result", "run_result", "executor_pod_name", "files"],
    "properties": {
        "status": {
            "enum": ["Success", "Failed", "SandboxError"],
            "description": "Failed: a time-out or another return code than 0. "
            "SandboxError: it could not be run here, which says nothing about the program.",
        },
        "message": {"type": "string", "description": "What to know besides: an error, output that was cut."},
        "compile_result": COMMAND_RESULT,
        "run_result": COMMAND_RESULT,
        "executor_pod_name": {"type": ["string", "null"]},
        "files": {
            "type": "object",
            "additionalProperties": BASE64,
        },
    },
}


def our_language(called: str) -> str:
    """Our name of a language in KNOWN that is not in NOT_HERE."""
    return LANGUAGES.get(called, called)


def run_code(sandbox: Sandbox, bounds: Bounds, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a checked RUN_CODE request; raises Invalid for what no schema says."""
    if asked["language"] in NOT_HERE:
        return sandbox_error(f"the language {asked['language']} is not to be had on this server.")
    name = our_language(asked["language"])
    files = files_of(asked["files"], ("files",))
    limits = limits_of(asked["run_timeout"], asked["memory_limit_MB"], bounds, "run_timeout")
    compiling = limits_of(asked["compile_timeout"], -1, bounds, "compile_timeout")
    program = Program(asked["code"], name, asked["stdin"] or "", files, tuple(asked["args"]))
    try:
        return run_program(sandbox, program, limits, compiling, tuple(asked["fetch_files"]))
    except (HarnessError, RatchetError) as error:
        return sandbox_error(str(error))


def run_program(
    sandbox: Sandbox, program: Program, limits: Limits, compiling: Limits, fetch: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Run it, and say in SandboxFusion's words what was seen.

    Raises RatchetError for what cannot be run here, HarnessError if the sandbox broke.
    """
    outcome = sandbox.run(program, limits, compile_limits=compiling, fetch=fetch)
    if outcome.status in NOT_RUN:
        raise RatchetError(outcome.reason)
    compilation, run = phases(program.language, outcome)
    steps = [step for step in (compilation, run) if step is not None]
    right = all(returned(step) == 0 for step in steps)
    return {
        "status": "Success" if right else "Failed",
        "message": _notes(outcome, steps, limits),
        "compile_result": None if compilation is None else _command_result(compilation),
        "run_result": None if run is None else _command_result(run),
        "executor_pod_name": None,
        "files": {path: b64encode(data).decode("ascii") for path, data in outcome.files.items()},
    }


def sandbox_error(message: str) -> dict[str, Any]:
    """The answer where nothing can be said about the program."""
    return {
        "status": "SandboxError",
        "message": message,
        "compile_result": None,
        "run_result": None,
        "executor_pod_name": None,
        "files": {},
    }


def _command_result(step: Outcome) -> dict[str, Any]:
    return {
        "status": "TimeLimitExceeded" if step.status is Status.TIMEOUT else "Finished",
        "execution_time": step.wall_s,
        "return_code": returned(step),
        "stdout": step.stdout,
        "stderr": step.stderr,
    }


def _notes(outcome: Outcome, steps: list[Outcome], limits: Limits) -> str:
    """What the answer has no field for."""
    notes = [outcome.reason] if outcome.reason else []
    if outcome.status is Status.MEMORY:
        notes.append(f"the memory limit of {limits.memory_bytes >> 20} MiB ended the program.")
    notes += [
        f"{name} was cut: its first and last parts are here."
        for name in ("stdout", "stderr")
        if any(getattr(step, f"{name}_truncated") for step in steps)
    ]
    return " ".join(notes)


def limits_of(seconds: float, mebibytes: int, bounds: Bounds, field: str) -> Limits:
    """The limits of a step; raises Invalid for what goes beyond the server's."""
    if seconds > bounds.wall_s:
        raise Invalid((field,), f"it is more than {bounds.wall_s:g} s, the most on this server")
    memory = mebibytes << 20 if mebibytes > 0 else bounds.memory_bytes
    if memory > bounds.memory_bytes:
        most = bounds.memory_bytes >> 20
        raise Invalid(("memory_limit_MB",), f"it is more than {most} MiB, the most on this server")
    return Limits(
        wall_s=seconds,
        cpu_s=all_cores(seconds),
        memory_bytes=memory,
        output_bytes=bounds.output_bytes,
        processes=256,
        open_files=1024,
        disk_bytes=min(512 << 20, bounds.disk_bytes),
    )


def files_of(given: Mapping[str, str | None], where: tuple[str | int, ...]) -> dict[str, str | bytes]:
    """Files by path from their base64; raises Invalid."""
    found: dict[str, str | bytes] = {}
    for path, content in given.items():
        if content is None:
            continue
        try:
            found[path] = binascii.a2b_base64(content, strict_mode=True)
        except ValueError as error:
            raise Invalid((*where, path), f"it is not base64 ({error})") from None
    return found


def most_wait_s(bounds: Bounds, asked: Mapping[str, Any]) -> float:
    """How long a request may wait before it is better told to come again (504).

    verl's client gives up, for good, after both its time-outs and 10 seconds more, but comes
    again after a 504: what may not be answered in time any more is told so.
    """
    known = asked["language"] not in NOT_HERE
    compiled = known and compiles(our_language(asked["language"]))
    return bounds.wait_s if compiled else bounds.wait_s + float(asked["compile_timeout"])
