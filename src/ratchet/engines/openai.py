"""A server that speaks OpenAI's API as an engine: completions, chat, and scores by echo.

    with OpenAIEngine("http://localhost:8000/v1", "tiny") as engine:
        [done] = engine.complete(["def f(xs):\\n"], SamplingParams(max_tokens=64))
    engine.usage

Each prompt is one request, with the prompt's own seed, and as many as
`concurrency` are under way at once. vLLM, llama.cpp, `ratchet serve` and OpenAI
itself answer to it. What a server may leave out is empty in the Completion:
logprobs, and the ids of tokens (given by `ratchet serve`, and by vLLM when it is
started with --return-tokens-as-token-ids).
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

from ratchet.engines.answers import choice_of, completion_of, ends_of, list_of, reply_of
from ratchet.engines.base import Completion, ContextError, Message, SamplingParams, ScoredText
from ratchet.engines.budget import Budget, BudgetError, Spent
from ratchet.engines.transport import Fault, Refusal, Transport, Usage
from ratchet.errors import RatchetError

_T = TypeVar("_T")

_PATH = "/completions"
_CHAT_PATH = "/chat/completions"


class OpenAIEngine:
    """Continues texts by asking a server. Calls block; the waiting is done in threads.

    `usage` counts every request. A call that fails on one prompt gives up the others.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key: str | None = None,
        concurrency: int = 16,
        timeout_s: float = 60.0,
        attempts: int = 6,
        backoff_s: float = 0.5,
        budget: Budget | None = None,
        request_log: str | Path | None = None,
    ) -> None:
        """`url` is the address that the paths of the API follow (/v1 is added where it has no path).

        `api_key` is OPENAI_API_KEY of the environment by default, and appears in no message.
        Connection loss, 408, 425, 429, 5xx and malformed answers are tried again, `attempts`
        times in all, with rests that double from `backoff_s` seconds, or that the server asks for.
        `budget` is kept to over all calls; every attempt is a line of the file `request_log`.

        Raises:
            RatchetError: `url` is no address, or the key cannot be one.
            ValueError: a number is out of its range.
        """
        if min(concurrency, attempts) < 1 or timeout_s <= 0 or backoff_s < 0:
            raise ValueError("concurrency and attempts begin at 1, and times are not negative")
        self.model = model
        self.concurrency = concurrency
        self._transport = Transport(
            url,
            api_key=os.environ.get("OPENAI_API_KEY") if api_key is None else api_key,
            connections=concurrency,
            timeout_s=timeout_s,
            attempts=attempts,
            backoff_s=backoff_s,
            budget=budget,
            request_log=request_log,
        )
        self.name = f"openai:{model}@{self._transport.url}"
        self._asks_for_logprobs = True
        self._most_by = "max_tokens"

    @classmethod
    def from_spec(cls, spec: str, **settings: Any) -> OpenAIEngine:
        """The engine for "MODEL@URL"; `settings` are those of `OpenAIEngine`.

        Raises:
            RatchetError: there is no model or no address in `spec`.
        """
        model, _, url = spec.rpartition("@")
        if not model or not url:
            raise RatchetError(
                f'"openai:{spec}" does not say which model and where: write one like '
                "openai:tiny@http://localhost:8000/v1."
            )
        return cls(url, model, **settings)

    @property
    def usage(self) -> Usage:
        """Requests and tokens so far, over all calls."""
        return self._transport.usage

    @property
    def spent(self) -> Spent:
        """What has been spent so far, over all calls; nothing is counted where there is no budget."""
        return self._transport.spent

    def complete(
        self,
        prompts: Sequence[str],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """Continue every prompt, in the order given.

        `seeds[i]` (its position, if None) is sent with prompt i. `on_done` is told how
        many more were finished, in the thread of the caller.

        `finish` is "stop" for every ending before `max_tokens` where there are stop
        strings and the server does not say which ending it was.

        Raises:
            RatchetError: the server is not there, refuses (key, model, request), or
                gives no usable answer in all attempts; or a prompt cannot be encoded.
        """
        _check_encodable([*prompts, *params.stop])
        inputs = [{"prompt": prompt} for prompt in prompts]
        return self._ask_all(_PATH, inputs, params, seeds, on_done)

    def chat(
        self,
        conversations: Sequence[Sequence[Message]],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """The assistant's reply to every conversation; a reply without text is empty.

        Everything else, errors included, is as for `complete`.
        """
        _check_encodable([*params.stop, *(m.content for each in conversations for m in each)])
        inputs = [
            {"messages": [{"role": m.role, "content": m.content} for m in conversation]}
            for conversation in conversations
        ]
        return self._ask_all(_CHAT_PATH, inputs, params, seeds, on_done)

    def _ask_all(
        self,
        path: str,
        inputs: Sequence[dict[str, Any]],
        params: SamplingParams,
        seeds: Sequence[int] | None,
        on_done: Callable[[int], None] | None,
    ) -> list[Completion]:
        seeds = range(len(inputs)) if seeds is None else seeds
        shared: dict[str, Any] = {
            "model": self.model,
            "max_tokens": params.max_tokens,
            "temperature": params.temperature,
            "top_p": params.top_p,
        }
        if params.stop:
            shared["stop"] = list(params.stop)

        def ask(i: int, stop: threading.Event) -> Completion:
            return self._ask(path, {**shared, **inputs[i], "seed": int(seeds[i])}, params, stop)

        return self._spread(ask, len(inputs), on_done)

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """The logprob of every token of every text, by echo: the server needs to support it.

        Servers that put nothing before a text give its first token no logprob; that
        token is then left out.

        Raises:
            RatchetError: as for `complete`; or the server does not score texts.
        """
        _check_encodable(texts)

        def ask(i: int, stop: threading.Event) -> ScoredText:
            if not texts[i]:
                return ScoredText((), ())
            body = {
                "model": self.model,
                "prompt": texts[i],
                "max_tokens": 0,
                "temperature": 0.0,
                "echo": True,
                "logprobs": 1,
            }
            try:
                return self._transport.post(_PATH, body, partial(self._scored, text=texts[i]), stop)
            except Refusal as refusal:
                if refusal.status in (400, 422):
                    raise self._no_scores(refusal.said) from refusal
                raise

        return self._spread(ask, len(texts), None)

    def close(self) -> None:
        """Close the connections to the server."""
        self._transport.close()

    def __enter__(self) -> OpenAIEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(
        self, path: str, body: dict[str, Any], params: SamplingParams, stop: threading.Event
    ) -> Completion:
        """One answer, without what this server turned out not to know."""
        read = partial(reply_of if path == _CHAT_PATH else completion_of, params=params)
        while True:
            asked, most_by = self._asks_for_logprobs, self._most_by
            sent = {name: value for name, value in body.items() if name != "max_tokens"}
            sent[most_by] = body["max_tokens"]
            if asked:
                sent["logprobs"] = True if path == _CHAT_PATH else 1
            try:
                return self._transport.post(path, sent, read, stop)
            except Refusal as refusal:
                if _is_too_long(refusal):
                    raise ContextError(str(refusal)) from refusal
                said = refusal.said.lower()
                if refusal.status not in (400, 422):
                    raise
                if asked and "logprobs" in said:
                    self._asks_for_logprobs = False
                elif most_by == "max_tokens" and "max_completion_tokens" in said:
                    # OpenAI's reasoning models know it by this name alone.
                    self._most_by = "max_completion_tokens"
                else:
                    raise

    def _scored(self, reply: Any, text: str) -> ScoredText:
        choice = choice_of(reply)
        table = choice.get("logprobs")
        if choice["text"] != text or not isinstance(table, dict) or not table.get("token_logprobs"):
            raise self._no_scores("its answer has no logprobs of the prompt")
        logprobs = list_of(table, "token_logprobs", float, type(None))
        starts = list_of(table, "text_offset", int)
        if len(starts) != len(logprobs) or starts != sorted(starts) or not 0 <= starts[0] <= starts[-1]:
            raise Fault("an answer whose text_offset does not fit its tokens")
        ends = list_of(table, "text_end", int) if "text_end" in table else ends_of(starts, len(text))
        if len(ends) != len(starts) or max(ends) > len(text):
            raise Fault("an answer whose tokens stand outside the text")
        if logprobs[0] is None:
            starts, ends, logprobs = starts[1:], ends[1:], logprobs[1:]
        if None in logprobs:
            raise Fault("an answer that lacks the logprob of a token")
        return ScoredText(tuple(zip(starts, ends, strict=True)), tuple(map(float, logprobs)))

    def _no_scores(self, said: str) -> RatchetError:
        return RatchetError(
            f"{self.name} does not score texts ({said}): take a server that answers echo with logprobs "
            "and max_tokens 0, such as `ratchet serve` or vLLM."
        )

    def _spread(
        self,
        ask: Callable[[int, threading.Event], _T],
        count: int,
        on_done: Callable[[int], None] | None,
    ) -> list[_T]:
        """`ask(i)` for every i below `count`, so many at once as `concurrency` says."""
        waiting = deque(range(count))
        finished: SimpleQueue[tuple[int, _T | None, BaseException | None]] = SimpleQueue()
        stop = threading.Event()

        def work() -> None:
            while waiting and not stop.is_set():
                try:
                    i = waiting.popleft()
                except IndexError:
                    return
                try:
                    finished.put((i, ask(i, stop), None))
                except BudgetError as error:
                    # What is under way is paid for: it is let to its end.
                    waiting.clear()
                    finished.put((i, None, error))
                except BaseException as error:
                    # Before the others are stopped: the first that is read must be the cause.
                    finished.put((i, None, error))
                    stop.set()

        # Daemons: an interrupted process does not wait for what is under way.
        threads = [threading.Thread(target=work, daemon=True) for _ in range(min(count, self.concurrency))]
        for thread in threads:
            thread.start()
        found: dict[int, Any] = {}
        try:
            while len(found) < count:
                i, value, error = finished.get()
                if error is not None:
                    _join(threads)
                    if isinstance(error, BudgetError):
                        rest = [finished.get() for _ in range(finished.qsize())]
                        found.update((j, late) for j, late, failed in rest if failed is None)
                        error.finished = found
                    raise error
                found[i] = value
                if on_done is not None:
                    on_done(1)
        finally:
            stop.set()
        _join(threads)
        return [found[i] for i in range(count)]


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def _check_encodable(texts: Sequence[str]) -> None:
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise RatchetError(
                f"a text for the server holds a lone surrogate (at character {error.start}), which cannot "
                "be sent: remove it."
            ) from error


def _is_too_long(refusal: Refusal) -> bool:
    """Whether a server says that prompt and completion exceed the context: OpenAI's, vLLM's, or our words."""
    said = refusal.said.lower()
    return refusal.code == "context_length_exceeded" or (
        refusal.status in (400, 422) and ("maximum context length" in said or "exceed the context" in said)
    )
