"""What the server does, path by path, for its description."""

from __future__ import annotations

from ratchet.sandbox.types import Status
from ratchet.serve.sandbox import fusion, piston, submit, verdict
from ratchet.serve.sandbox.openapi import Operation
from ratchet.serve.sandbox.schema import Schema

_WORK = ("413", "422", "429", "503")
_HEALTH: Schema = {
    "type": "object",
    "required": ["status", "version", "slots", "queue", "waiting", "running"],
    "properties": {
        "status": {"enum": ["ok", "draining"]},
        "version": {"type": "string"},
        "slots": {"type": "integer", "description": "How many programs run at a time."},
        "queue": {"type": "integer", "description": "How many requests may wait."},
        "waiting": {"type": "integer"},
        "running": {"type": "integer"},
    },
}
_TEXT: Schema = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "required": ["surrogates"],
            "additionalProperties": False,
            "properties": {"surrogates": fusion.BASE64},
            "description": "A text with lone surrogates: its UTF-8 with surrogates.",
        },
    ]
}
_FILE: Schema = {
    "type": "object",
    "required": ["path"],
    "additionalProperties": False,
    "properties": {"path": _TEXT, "text": _TEXT, "base64": fusion.BASE64},
    "description": "With either text or base64.",
}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_PROGRAM: Schema = {
    "type": "object",
    "required": ["source"],
    "additionalProperties": False,
    "properties": {
        "source": _TEXT,
        "language": _TEXT,
        "stdin": _TEXT,
        "files": {"type": "array", "items": _FILE},
        "arguments": _TEXTS,
        "packages": _TEXTS,
    },
}
_LIMITS: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "wall_s": {"type": "number", "exclusiveMinimum": 0},
        "cpu_s": {"type": ["number", "null"], "exclusiveMinimum": 0},
        **{
            name: {"type": "integer", "minimum": 1}
            for name in ("memory_bytes", "output_bytes", "processes", "open_files", "disk_bytes")
        },
    },
}
_PLAIN: Schema = {**fusion.BASE64, "description": "Plain data as ratchet.sandbox.inside.wire packs it."}
_FLAG: Schema = {"type": "boolean"}


def _doing(what: str, required: dict[str, Schema], optional: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "title": what,
        "required": ["do", *required],
        "additionalProperties": False,
        "properties": {"do": {"const": what}, **required, "limits": _LIMITS, **optional},
    }


_SANDBOX_REQUEST: Schema = {
    "description": "A request of ratchet.sandbox.backends.messages, which checks it field by field.",
    "oneOf": [
        _doing(
            "run",
            {"program": _PROGRAM},
            {"compile_limits": {"anyOf": [_LIMITS, {"type": "null"}]}, "fetch": _TEXTS},
        ),
        _doing(
            "call",
            {"program": _PROGRAM, "entry_point": _TEXT, "calls": {"type": "array", "items": _PLAIN}},
            {"in_place": _FLAG},
        ),
        _doing(
            "examine",
            {"candidate": _PROGRAM, "entry_point": _TEXT, "examiner": _PROGRAM},
            {"in_process": _FLAG, "in_place": _FLAG, "handles": _FLAG, "declaration": _TEXT},
        ),
    ],
}
_OUTCOME: Schema = {
    "type": "object",
    "required": [
        *("status", "exit_code", "signal", "stdout", "stderr", "stdout_truncated", "stderr_truncated"),
        *("wall_s", "cpu_s", "peak_memory", "memory_by", "compilation", "files", "reason"),
    ],
    "properties": {
        "status": {"enum": [status.value for status in Status]},
        "exit_code": {"type": ["integer", "null"]},
        "signal": {"type": ["integer", "null"]},
        "stdout": _TEXT,
        "stderr": _TEXT,
        "stdout_truncated": _FLAG,
        "stderr_truncated": _FLAG,
        "wall_s": {"type": "number"},
        "cpu_s": {"type": "number"},
        "peak_memory": {"type": "integer"},
        "memory_by": {"type": "string"},
        "compilation": {"type": ["object", "null"], "description": "An outcome too."},
        "files": {"type": "array", "items": _FILE},
        "reason": _TEXT,
    },
}
_SEEN: dict[str, Schema] = {"fault": {"anyOf": [_TEXT, {"type": "null"}]}, "tampered": _FLAG}
_SANDBOX_ANSWER: Schema = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "outcome": _OUTCOME,
        "call": {
            "type": "object",
            "required": ["outcome", "results", "fault", "tampered"],
            "properties": {
                "outcome": _OUTCOME,
                "results": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["raised", "plain"],
                        "properties": {"raised": {"type": ["object", "null"]}, "plain": _PLAIN},
                    },
                },
                **_SEEN,
            },
        },
        "exam": {
            "type": "object",
            "required": ["passed", "detail", "candidate", "examiner", "calls", "fault", "tampered"],
            "properties": {
                "passed": _FLAG,
                "detail": _TEXT,
                "candidate": _OUTCOME,
                "examiner": {"type": ["object", "null"], "description": "An outcome too."},
                "calls": {"type": "integer"},
                **_SEEN,
            },
        },
    },
    "description": "To run an outcome, to call a call, to examine an exam.",
}

OPERATIONS = [
    Operation(
        "post",
        "/run_code",
        "runCode",
        "Run a program, by SandboxFusion's API.",
        fusion.RUN_CODE_ANSWER,
        fusion.RUN_CODE,
        "FusionError",
        (*_WORK, "504"),
    ),
    Operation(
        "post",
        "/submit",
        "submit",
        "Judge an answer by data in the request, by SandboxFusion's API.",
        submit.SUBMIT_ANSWER,
        submit.SUBMIT,
        "FusionError",
        _WORK,
    ),
    Operation(
        "get",
        "/list_datasets",
        "listDatasets",
        "The values of config.dataset_type that /submit knows.",
        {"type": "array", "items": {"type": "string"}},
    ),
    Operation("get", "/v1/ping", "ping", "A sign of life.", {"const": "pong"}),
    Operation(
        "post",
        "/api/v2/execute",
        "execute",
        "Run a program, by Piston's API.",
        piston.EXECUTE_ANSWER,
        piston.EXECUTE,
        "PistonError",
        ("400", "413", "429", "503"),
    ),
    Operation(
        "get",
        "/api/v2/runtimes",
        "runtimes",
        "The languages that are to be had, by Piston's API.",
        piston.RUNTIMES_ANSWER,
        error="PistonError",
    ),
    Operation(
        "post",
        "/verdict",
        "verdict",
        "Judge completions of a problem.",
        verdict.VERDICT_ANSWER,
        verdict.VERDICT,
        "Error",
        _WORK,
    ),
    Operation(
        "post",
        "/sandbox",
        "sandbox",
        "All that a sandbox does, for ratchet.sandbox.backends.remote.RemoteSandbox.",
        _SANDBOX_ANSWER,
        _SANDBOX_REQUEST,
        "Error",
        _WORK,
    ),
    Operation("get", "/health", "health", "Whether requests are taken.", _HEALTH, statuses=("503",)),
    Operation("get", "/metrics", "metrics", "Metrics, in Prometheus' text format.", None),
    Operation("get", "/openapi.json", "openapi", "This description.", {"type": "object"}),
]
"""All of it, in the order in which it is shown."""
