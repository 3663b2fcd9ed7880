"""What both of our HTTP applications need: bodies, JSON, and clients that hang up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

_T = TypeVar("_T")

CLIENT_IS_GONE = 499
_SENT_IN_VAIN = 8
"""Bodies that are too long are read up to so many times what may be sent, and thrown away."""


class TooLong(Exception):
    """A body is longer than `most` bytes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the body is longer than {most >> 20} MiB.")


class Json(JSONResponse):
    """JSON in ASCII: a text may hold half a surrogate pair, which UTF-8 cannot."""

    def render(self, content: Any) -> bytes:
        return json_bytes(content)


def json_bytes(content: Any) -> bytes:
    """Plain data as JSON in ASCII."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


async def read_body(request: Request, most: int) -> bytes:
    """The whole body; raises TooLong.

    Of a body that is too long the rest is read and thrown away within bounds, as most
    clients look at an answer only once they have sent all.
    """
    parts = bytearray()
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > _SENT_IN_VAIN * most:
            break
        if length <= most:
            parts += part
        else:
            parts.clear()
    if length > most:
        raise TooLong(most)
    return bytes(parts)


async def unless_gone(request: Request, futures: Sequence[Future[_T]]) -> list[_T]:
    """The results of `futures`; they are cancelled if the client hangs up before that."""
    results = asyncio.gather(*map(asyncio.wrap_future, futures))
    hung_up = asyncio.ensure_future(request.receive())
    either: set[asyncio.Future[Any]] = {results, hung_up}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not results.done():
            raise ClientDisconnect
        return results.result()
    finally:
        hung_up.cancel()
        results.cancel()


async def gone(request: Request, error: Exception) -> Response:
    """The answer to a client that does not read it."""
    return Response(status_code=CLIENT_IS_GONE)
