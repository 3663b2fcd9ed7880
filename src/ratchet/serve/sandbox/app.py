"""The sandbox server's application: routes, the queue between them and the sandbox, health and metrics."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ratchet import __version__
from ratchet.errors import HarnessError
from ratchet.judge import Verdict
from ratchet.sandbox.backends.messages import perform
from ratchet.sandbox.types import Sandbox
from ratchet.serve.asgi import CLIENT_IS_GONE, Json, json_bytes, read_body, unless_gone
from ratchet.serve.sandbox import errors, fusion, metrics, piston, submit, verdict
from ratchet.serve.sandbox.description import OPERATIONS
from ratchet.serve.sandbox.errors import Dialect, Draining, Failure, Waited, failure
from ratchet.serve.sandbox.guarded import Bounds, Guarded
from ratchet.serve.sandbox.jobs import Jobs
from ratchet.serve.sandbox.openapi import described
from ratchet.serve.sandbox.schema import Invalid, Schema, check, parse

_LOG = logging.getLogger(__name__)
_LONG = 1 << 16
"""Bytes of a body from which on it is not read in the thread that answers all."""

Works = Callable[[Any], list[Callable[[], Any]]]


@dataclass(frozen=True, slots=True)
class _Post:
    """How the requests of one path are done."""

    request: Schema
    dialect: Dialect
    works: Works
    """What is to be done for a checked request: work for the queue, each giving plain data."""
    whole: Callable[[list[bytes]], bytes] = lambda parts: parts[0]
    status: Callable[[Any], int] = lambda answer: 200
    most_wait_s: Callable[[Any], float | None] = lambda asked: None
    slow: bool = False
    """Whether finding out what is to be done may read files."""


def sandbox_app(sandbox: Sandbox, *, queue_size: int = 256, bounds: Bounds = Bounds()) -> Starlette:  # noqa: B008
    """An ASGI application that runs programs in `sandbox`, as many at once as it has slots.

    At most `queue_size` requests wait; those beyond that are answered with status 429.
    `app.state.drain()` makes it refuse new requests. The sandbox stays its opener's to close.
    """
    api = _Api(sandbox, queue_size, bounds)
    routes = [Route(path, partial(api.post, post), methods=["POST"]) for path, post in api.posts.items()]
    gets = {
        "/health": api.health,
        "/metrics": api.metrics,
        "/openapi.json": api.openapi,
        "/v1/ping": api.ping,
        "/list_datasets": api.list_datasets,
        "/api/v2/runtimes": api.runtimes,
    }
    routes += [Route(path, handler, methods=["GET"]) for path, handler in gets.items()]
    app = Starlette(
        routes=routes,
        lifespan=api.lifespan,
        exception_handlers={HTTPException: api.no_such_thing, Exception: api.broken},
    )
    app.add_middleware(_Measured, api=api, paths=frozenset({*gets, *api.posts}))
    app.state.drain = api.drain
    return app


class _Api:
    def __init__(self, sandbox: Sandbox, queue_size: int, bounds: Bounds) -> None:
        self.requests = metrics.Counter(
            "ratchet_requests_total", "Requests that were answered.", "path", "status"
        )
        self.seconds = metrics.Histogram(
            "ratchet_request_seconds", "From a request's head to its answer's end.", "path"
        )
        self._queued = metrics.Histogram("ratchet_queue_seconds", "How long work waited for a slot.")
        self._ended = metrics.Counter(
            "ratchet_outcomes_total",
            "How programs ended; harness: the sandbox broke, which says nothing about the program.",
            "status",
        )
        self._verdicts = metrics.Counter("ratchet_verdicts_total", "Verdicts.", "status", "oracle")
        self._dropped = metrics.Counter(
            "ratchet_dropped_requests_total", "Requests whose client hung up before they were answered."
        )
        self._bounds = bounds
        self._draining = False
        self._sandbox = Guarded(sandbox, bounds, self._ended.count)
        self._jobs = Jobs(threads=sandbox.slots, most_waiting=queue_size, waited=self._queued.observe)
        self._all: list[metrics.Metric] = [
            *(self.requests, self.seconds, self._queued, self._ended, self._verdicts, self._dropped),
            metrics.Gauge("ratchet_queue_length", "Work that waits for a slot.", lambda: self._jobs.waiting),
            metrics.Gauge("ratchet_running", "Work that is being done.", lambda: self._jobs.running),
            metrics.Gauge("ratchet_slots", "How many programs run at a time.", lambda: sandbox.slots),
            metrics.Gauge("ratchet_draining", "1 when no more requests are taken.", lambda: self._draining),
        ]
        self.posts = {
            "/run_code": _Post(
                fusion.RUN_CODE,
                errors.fusion,
                lambda asked: [partial(fusion.run_code, self._sandbox, bounds, asked)],
                most_wait_s=partial(fusion.most_wait_s, bounds),
            ),
            "/submit": _Post(
                submit.SUBMIT,
                errors.fusion,
                lambda asked: [partial(submit.submit, self._sandbox, bounds, asked)],
            ),
            "/api/v2/execute": _Post(
                piston.EXECUTE,
                errors.piston,
                lambda asked: [partial(piston.execute, self._sandbox, bounds, asked)],
            ),
            "/verdict": _Post(verdict.VERDICT, errors.ours, self._judgings, whole=_verdicts, slow=True),
            "/sandbox": _Post(
                {"type": "object"},
                errors.ours,
                lambda asked: [partial(perform, self._sandbox, asked)],
                status=_status_of_answer,
            ),
        }

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """The threads live as long as the application; made to end at once, it does not wait for them."""
        self._jobs.start()
        yield
        self._jobs.close()
        while not self._jobs.ended:
            await asyncio.sleep(0.01)

    def drain(self) -> None:
        """Take no more requests."""
        self._draining = True

    async def post(self, what: _Post, request: Request) -> Response:
        """Any request for work."""
        try:
            return await self._done(what, request)
        except ClientDisconnect:
            self._dropped.count()
            return Response(status_code=CLIENT_IS_GONE)
        except Exception as error:
            found = failure(error)
            if found is None:
                raise
            if isinstance(error, HarnessError):
                _LOG.error("the sandbox broke: %s", error)
            return _refusal(found, what.dialect)

    async def _done(self, what: _Post, request: Request) -> Response:
        if self._draining:
            raise Draining
        body = await read_body(request, self._bounds.body_bytes)
        prepare = partial(_prepared, what, body)
        asked, works = await asyncio.to_thread(prepare) if what.slow or len(body) > _LONG else prepare()
        del body
        if len(works) > self._bounds.most_verdicts:
            most = self._bounds.most_verdicts
            raise Invalid(("completions",), f"it has more than {most} entries")
        most_wait_s = what.most_wait_s(asked)
        futures = self._jobs.submit([partial(_answered, what, work) for work in works])
        parts = await _in_time(request, futures, most_wait_s)
        status = max(status for status, _ in parts)
        return Response(what.whole([part for _, part in parts]), status, media_type="application/json")

    def _judgings(self, asked: Any) -> list[Callable[[], Any]]:
        def counted(work: Callable[[], Verdict]) -> dict[str, Any]:
            found = work()
            self._verdicts.count(str(found.status), found.oracle)
            return found.as_dict()

        return [partial(counted, work) for work in verdict.works(self._sandbox, asked)]

    async def health(self, request: Request) -> Response:
        """Whether requests are taken, and how many wait."""
        found = {
            "status": "draining" if self._draining else "ok",
            "version": __version__,
            "slots": self._jobs.threads,
            "queue": self._jobs.most_waiting,
            "waiting": self._jobs.waiting,
            "running": self._jobs.running,
        }
        return Json(found, status_code=503 if self._draining else 200)

    async def metrics(self, request: Request) -> Response:
        """For Prometheus."""
        text = metrics.published(self._all)
        return Response(text, headers={"Content-Type": metrics.CONTENT_TYPE})

    async def openapi(self, request: Request) -> Response:
        """The API's description."""
        return Json(described(OPERATIONS))

    async def ping(self, request: Request) -> Response:
        """SandboxFusion's sign of life."""
        return Json("pong")

    async def list_datasets(self, request: Request) -> Response:
        """The kinds of data that /submit judges."""
        return Json(list(submit.DATASETS))

    async def runtimes(self, request: Request) -> Response:
        """Piston's list of languages."""
        return Json([each.as_dict() for each in await asyncio.to_thread(piston.runtimes)])

    async def no_such_thing(self, request: Request, error: Exception) -> Response:
        """No such path, or no such method of it."""
        assert isinstance(error, HTTPException)
        message = f"{request.method} {request.url.path}: {error.detail}."
        found = Failure(error.status_code, "input", message)
        return _refusal(found, self._dialect(request), error.headers)

    async def broken(self, request: Request, error: Exception) -> Response:
        """A bug of ours."""
        # Starlette raises the error again behind this answer, and the server logs it with its traceback.
        found = Failure(500, "server", "the server broke: its log says how.")
        return _refusal(found, self._dialect(request))

    def _dialect(self, request: Request) -> Dialect:
        path = request.url.path
        if path in self.posts:
            return self.posts[path].dialect
        return errors.piston if path.startswith("/api/v2") else errors.ours


def _prepared(what: _Post, body: bytes) -> tuple[Any, list[Callable[[], Any]]]:
    asked = check(parse(body), what.request)
    return asked, what.works(asked)


def _answered(what: _Post, work: Callable[[], Any]) -> tuple[int, bytes]:
    """In a thread of the queue: the answer as it is sent, for it may be long."""
    answer = work()
    return what.status(answer), json_bytes(answer)


def _verdicts(parts: list[bytes]) -> bytes:
    return b'{"verdicts":[' + b",".join(parts) + b"]}"


def _status_of_answer(answer: dict[str, Any]) -> int:
    """HTTP's status of an answer of `ratchet.sandbox.backends.messages`."""
    if "error" not in answer:
        return 200
    return 500 if answer["error"]["kind"] == "harness" else 422


async def _in_time(
    request: Request, futures: Sequence[Future[tuple[int, bytes]]], most_wait_s: float | None
) -> list[tuple[int, bytes]]:
    """The results; raises Waited where none had begun in that time, ClientDisconnect if nobody wants them."""
    if most_wait_s is None:
        return await unless_gone(request, futures)
    too_late: list[bool] = []
    timer = asyncio.get_running_loop().call_later(
        most_wait_s, lambda: too_late.extend(future.cancel() for future in futures)
    )
    try:
        return await unless_gone(request, futures)
    except asyncio.CancelledError:
        if any(too_late):
            raise Waited from None
        raise
    finally:
        timer.cancel()


def _refusal(found: Failure, dialect: Dialect, headers: Any = None) -> Response:
    status, body = dialect(found)
    return Json(body, status_code=status, headers={**(headers or {}), **found.headers})


class _Measured:
    """Counts and times all answers."""

    def __init__(self, app: ASGIApp, api: _Api, paths: frozenset[str]) -> None:
        self._app, self._api, self._paths = app, api, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        statuses: list[int] = []

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._api.requests.count(path, str(statuses[0] if statuses else 500))
            self._api.seconds.observe(time.perf_counter() - begun, path)
