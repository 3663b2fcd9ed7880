"""OpenAI's API over any engine: GET /v1/models, POST /v1/completions, GET /health.

An Engine gives more and less than that API has room for:

- A token of a completion is named by its number, "token_id:17", as vLLM does on
  request: an engine has no texts of single tokens. `top_logprobs` is null, for it
  gives the logprob of the chosen token alone.
- `finish` stands beside `finish_reason` and tells a stop string ("stop", named by `stop_reason`) from the
  end-of-text token ("end"); `text_end` beside `text_offset` says where the tokens
  of a scored prompt end.
- `usage` is there when the engine can count a prompt's tokens.
- With a seed, choice j of every prompt is drawn with seed + j.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ratchet.engines.base import Engine, ScoredText
from ratchet.errors import RatchetError
from ratchet.serve.asgi import Json, TooLong, gone, read_body, unless_gone
from ratchet.serve.batching import Answer, Batcher, QueueFull
from ratchet.serve.requests import ApiError, CompletionRequest, read_request

_MOST_BYTES = 16 << 20
_LEAST_LOGPROB = -9999.0
"""Stands for minus infinity, which JSON does not have (vLLM writes the same)."""
_RETRY_AFTER_S = 1


def completions_app(
    engine: Engine, *, name: str | None = None, batch_size: int = 64, queue_size: int = 256
) -> Starlette:
    """An ASGI application that answers for `engine`, under the model name `name` (default: its own).

    At most `batch_size` prompts are computed at once, and at most `queue_size` wait;
    requests beyond that are answered with status 429.
    """
    api = _Api(Batcher(engine, batch_size=batch_size, queue_size=queue_size), name or engine.name)
    return Starlette(
        routes=[
            Route("/health", api.health),
            Route("/v1/models", api.models),
            Route("/v1/completions", api.completions, methods=["POST"]),
        ],
        lifespan=api.lifespan,
        exception_handlers={
            ApiError: _refused,
            QueueFull: _full,
            RatchetError: _not_possible,
            HTTPException: _no_such_thing,
            ClientDisconnect: gone,
            TooLong: _too_long,
            Exception: _broken,
        },
    )


class _Api:
    def __init__(self, batcher: Batcher, model: str) -> None:
        self._batcher = batcher
        self._model = model
        self._begun = int(time.time())

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """The engine's thread lives as long as the application."""
        with self._batcher:
            yield

    async def health(self, request: Request) -> Response:
        return Json({"status": "ok", "waiting": self._batcher.waiting})

    async def models(self, request: Request) -> Response:
        model = {"id": self._model, "object": "model", "created": self._begun, "owned_by": "ratchet"}
        return Json({"object": "list", "data": [model]})

    async def completions(self, request: Request) -> Response:
        asked = read_request(await read_body(request, _MOST_BYTES), model=self._model)
        wanted = len(asked.prompts) * asked.n
        if wanted > self._batcher.queue_size:
            raise ApiError(f"this asks for {wanted} choices: at most {self._batcher.queue_size} at once.")
        choices, usage = await (self._score if asked.score else self._complete)(request, asked)
        reply = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": self._model,
            "choices": choices,
        }
        return Json(reply if usage is None else {**reply, "usage": usage})

    async def _complete(self, request: Request, asked: CompletionRequest) -> _Found:
        first = secrets.randbelow(1 << 62) if asked.seed is None else asked.seed
        # Without a seed of the client's, no two choices share one.
        spread = asked.n if asked.seed is None else 0
        places = [(i, j) for i in range(len(asked.prompts)) for j in range(asked.n)]
        answers = await unless_gone(
            request,
            self._batcher.complete(
                [asked.prompts[i] for i, _ in places],
                asked.params,
                [first + i * spread + j for i, j in places],
            ),
        )
        choices = [_completed(k, answer, asked.logprobs) for k, answer in enumerate(answers)]
        written = sum(len(answer.completion.tokens) for answer in answers)
        counts = [answer.prompt_tokens for answer in answers[:: asked.n]]
        known = [count for count in counts if count is not None]
        return choices, _usage(sum(known), written) if len(known) == len(counts) else None

    async def _score(self, request: Request, asked: CompletionRequest) -> _Found:
        scored = await unless_gone(request, self._batcher.score(asked.prompts))
        choices = [
            _echoed(k, text, row) for k, (text, row) in enumerate(zip(asked.prompts, scored, strict=True))
        ]
        return choices, _usage(sum(len(row.logprobs) for row in scored), 0)


_Found = tuple[list[dict[str, Any]], dict[str, int] | None]


def _completed(index: int, answer: Answer, logprobs: bool) -> dict[str, Any]:
    done = answer.completion
    table = {
        "tokens": [f"token_id:{token}" for token in done.tokens],
        "token_logprobs": _finite(done.logprobs),
        "top_logprobs": None,
        "text_offset": None,
    }
    return {
        "index": index,
        "text": done.text,
        "finish_reason": "length" if done.finish == "length" else "stop",
        "finish": done.finish,
        "stop_reason": done.stop,
        "logprobs": table if logprobs else None,
    }


def _echoed(index: int, text: str, row: ScoredText) -> dict[str, Any]:
    table = {
        "tokens": [text[start:end] for start, end in row.spans],
        "token_logprobs": _finite(row.logprobs),
        "top_logprobs": None,
        "text_offset": [start for start, _ in row.spans],
        "text_end": [end for _, end in row.spans],
    }
    return {"index": index, "text": text, "finish_reason": "length", "finish": "length", "logprobs": table}


def _finite(logprobs: Sequence[float]) -> list[float]:
    return [max(logprob, _LEAST_LOGPROB) for logprob in logprobs]


def _usage(prompt: int, completion: int) -> dict[str, int]:
    total = prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}


Handler = Callable[[Request, Exception], Awaitable[Response]]


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return Json(error.as_dict(), status_code=error.status)


async def _full(request: Request, error: Exception) -> Response:
    refusal = ApiError("too many prompts are waiting: try again later.", code="queue_full", status=429)
    return Json(refusal.as_dict(), status_code=429, headers={"Retry-After": str(_RETRY_AFTER_S)})


async def _not_possible(request: Request, error: Exception) -> Response:
    return await _refused(request, ApiError(str(error)))


async def _no_such_thing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path}: {error.detail}."
    return await _refused(request, ApiError(message, status=error.status_code))


async def _too_long(request: Request, error: Exception) -> Response:
    return await _refused(request, ApiError(str(error), status=413))


async def _broken(request: Request, error: Exception) -> Response:
    # Starlette raises the error again behind this answer, and the server logs it with its traceback.
    return await _refused(request, ApiError("the server broke: its log says how.", status=500))
