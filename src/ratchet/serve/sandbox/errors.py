"""What can go wrong with a request, and how each of the APIs says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox.languages import Unsplittable
from ratchet.serve.asgi import TooLong
from ratchet.serve.sandbox.jobs import QueueFull
from ratchet.serve.sandbox.piston import Refused
from ratchet.serve.sandbox.schema import Invalid, Schema

RETRY_AFTER_S = 1


class Draining(Exception):
    """The server is about to end."""


class Waited(Exception):
    """A request waited so long that its client is about to give up."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request has no answer."""

    status: int
    """Of HTTP."""
    kind: str
    message: str
    where: tuple[str | int, ...] = ()
    """The field that is to blame."""

    @property
    def headers(self) -> dict[str, str]:
        """For those that may pass."""
        return {"Retry-After": str(RETRY_AFTER_S)} if self.status in (429, 503, 504) else {}


def failure(error: Exception) -> Failure | None:
    """What an exception means for the client; None for one that is a bug of ours."""
    match error:
        case Invalid():
            return Failure(422, "input", error.sentence, error.where)
        case Refused():
            return Failure(400, "input", str(error))
        case TooLong():
            return Failure(413, "input", str(error))
        case QueueFull():
            return Failure(429, "busy", "too many requests are waiting: try again later.")
        case Waited():
            return Failure(504, "busy", "no slot became free in time: try again.")
        case Draining():
            return Failure(503, "draining", "this server is about to end: ask another, or try again later.")
        case Unsplittable():
            return Failure(422, "unsplittable", str(error))
        case RatchetError():
            return Failure(422, "input", str(error))
        case HarnessError():
            return Failure(500, "harness", str(error))
    return None


Dialect = Callable[[Failure], tuple[int, dict[str, Any]]]
"""A failure as one API says it: HTTP's status, and the body."""


def ours(found: Failure) -> tuple[int, dict[str, Any]]:
    """The body of our own API."""
    return found.status, {"error": {"kind": found.kind, "message": found.message}}


def fusion(found: Failure) -> tuple[int, dict[str, Any]]:
    """FastAPI's, which SandboxFusion is made with."""
    if found.status != 422:
        return found.status, {"detail": found.message}
    place = {"loc": ["body", *found.where], "msg": found.message, "type": "value_error"}
    return 422, {"detail": [place]}


def piston(found: Failure) -> tuple[int, dict[str, Any]]:
    """Piston's."""
    return 400 if found.status == 422 else found.status, {"message": found.message}


OUR_ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["kind", "message"],
            "properties": {
                "kind": {"enum": ["input", "unsplittable", "busy", "draining", "harness", "server"]},
                "message": {"type": "string"},
            },
        }
    },
}
FUSION_ERROR: Schema = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["loc", "msg", "type"],
                        "properties": {
                            "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                            "msg": {"type": "string"},
                            "type": {"type": "string"},
                        },
                    },
                },
            ]
        }
    },
}
PISTON_ERROR: Schema = {
    "type": "object",
    "required": ["message"],
    "properties": {"message": {"type": "string"}},
}
