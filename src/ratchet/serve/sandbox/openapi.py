"""The description of the API, made of the schemas that requests are checked by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ratchet import __version__
from ratchet.serve.sandbox.errors import FUSION_ERROR, OUR_ERROR, PISTON_ERROR
from ratchet.serve.sandbox.schema import Schema

_ERRORS = {
    "Error": OUR_ERROR,
    "FusionError": FUSION_ERROR,
    "PistonError": PISTON_ERROR,
}
_FAILURES = {
    "400": "The request is not one that can be done.",
    "413": "The body is too long.",
    "422": "The request is not as its schema says, or asks for what this server has not.",
    "429": "Too many requests wait: come again after Retry-After seconds.",
    "500": "The sandbox or the server broke: that says nothing about the program.",
    "503": "The server is about to end.",
    "504": "The request waited for too long: come again.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One path of the API with its one method."""

    method: str
    path: str
    name: str
    about: str
    answer: Schema | None
    """None: a text."""
    request: Schema | None = None
    error: str = "Error"
    """The name of the schema of its errors."""
    statuses: tuple[str, ...] = ()
    """The failures that it knows; a 500 may be anywhere."""


def described(operations: Mapping[str, Operation] | list[Operation]) -> dict[str, Any]:
    """The API as an OpenAPI 3.1 document."""
    listed = list(operations.values()) if isinstance(operations, Mapping) else operations
    schemas: dict[str, Schema] = dict(_ERRORS)
    paths: dict[str, Any] = {}
    for each in listed:
        title = each.name[0].upper() + each.name[1:]
        if each.request is not None:
            schemas[f"{title}Request"] = each.request
        if each.answer is not None:
            schemas[f"{title}Answer"] = each.answer
        paths[each.path] = {each.method: _operation(each, title)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ratchet's sandbox",
            "version": __version__,
            "description": "Runs programs that nobody trusts. /run_code and /submit are SandboxFusion's, "
            "/api/v2 is Piston's, /verdict and /sandbox are our own.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(each: Operation, title: str) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": each.name, "summary": each.about, "responses": {}}
    if each.request is not None:
        found["requestBody"] = {"required": True, "content": _json(f"{title}Request")}
    whole = {"text/plain": {"schema": {"type": "string"}}} if each.answer is None else _json(f"{title}Answer")
    found["responses"]["200"] = {"description": "The answer.", "content": whole}
    for status in (*each.statuses, "500"):
        found["responses"][status] = {"description": _FAILURES[status], "content": _json(each.error)}
    for status in {"429", "503", "504"} & found["responses"].keys():
        found["responses"][status]["headers"] = {
            "Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}
        }
    return found


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
