"""A server that speaks OpenAI's /v1/completions as an engine: text in, text out.

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

import math
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

from ratchet.engines.base import Completion, SamplingParams, ScoredText
from ratchet.engines.transport import Fault, Refusal, Transport, Usage
from ratchet.errors import RatchetError

_T = TypeVar("_T")

_PATH = "/completions"
_TOKEN_ID = "token_id:"
"""What vLLM puts before a token's number where it gives numbers in place of texts."""


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
    ) -> None:
        """`url` is the address that the paths of the API follow (/v1 is added where it has no path).

        `api_key` is OPENAI_API_KEY of the environment by default, and appears in no message.
        Connection loss, 408, 425, 429, 5xx and malformed answers are tried again, `attempts`
        times in all, with rests that double from `backoff_s` seconds, or that the server asks for.

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
        )
        self.name = f"openai:{model}@{self._transport.url}"
        self._asks_for_logprobs = True

    @classmethod
    def from_spec(cls, spec: str) -> OpenAIEngine:
        """The engine for "MODEL@URL".

        Raises:
            RatchetError: there is no model or no address in `spec`.
        """
        model, _, url = spec.rpartition("@")
        if not model or not url:
            raise RatchetError(
                f'"openai:{spec}" does not say which model and where: write one like '
                "openai:tiny@http://localhost:8000/v1."
            )
        return cls(url, model)

    @property
    def usage(self) -> Usage:
        """Requests and tokens so far, over all calls."""
        return self._transport.usage

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
        seeds = range(len(prompts)) if seeds is None else seeds
        _check_encodable([*prompts, *params.stop])
        shared: dict[str, Any] = {
            "model": self.model,
            "max_tokens": params.max_tokens,
            "temperature": params.temperature,
            "top_p": params.top_p,
        }
        if params.stop:
            shared["stop"] = list(params.stop)

        def ask(i: int, stop: threading.Event) -> Completion:
            body = {**shared, "prompt": prompts[i], "seed": int(seeds[i])}
            return self._completion(body, params, stop)

        return self._spread(ask, len(prompts), on_done)

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

    def _completion(self, body: dict[str, Any], params: SamplingParams, stop: threading.Event) -> Completion:
        read = partial(_completion, params=params)
        if self._asks_for_logprobs:
            try:
                return self._transport.post(_PATH, {**body, "logprobs": 1}, read, stop)
            except Refusal as refusal:
                if refusal.status not in (400, 422) or "logprobs" not in refusal.said.lower():
                    raise
            self._asks_for_logprobs = False
        return self._transport.post(_PATH, body, read, stop)

    def _scored(self, reply: Any, text: str) -> ScoredText:
        choice = _choice(reply)
        table = choice.get("logprobs")
        if choice["text"] != text or not isinstance(table, dict) or not table.get("token_logprobs"):
            raise self._no_scores("its answer has no logprobs of the prompt")
        logprobs = _list(table, "token_logprobs", float, type(None))
        starts = _list(table, "text_offset", int)
        if len(starts) != len(logprobs) or starts != sorted(starts) or not 0 <= starts[0] <= starts[-1]:
            raise Fault("an answer whose text_offset does not fit its tokens")
        ends = _list(table, "text_end", int) if "text_end" in table else _ends(starts, len(text))
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


def _completion(reply: Any, params: SamplingParams) -> Completion:
    choice = _choice(reply)
    text, finish = choice["text"], _finish(choice, params)
    # Some servers leave the stop string in, or know fewer of them than were sent.
    cuts = [at for at in map(text.find, params.stop) if at >= 0]
    if cuts:
        text, finish = text[: min(cuts)], "stop"
    table = choice.get("logprobs")
    if not isinstance(table, dict) or not isinstance(table.get("token_logprobs"), list):
        return Completion(text, (), (), finish)
    logprobs = tuple(map(float, _list(table, "token_logprobs", float)))
    return Completion(text, _token_ids(table, len(logprobs)), logprobs, finish)


def _choice(reply: Any) -> dict[str, Any]:
    """The one choice of an answer, whose text is a string."""
    choices = reply.get("choices") if isinstance(reply, dict) else None
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        raise Fault("an answer without its one choice")
    choice: dict[str, Any] = choices[0]
    if not isinstance(choice.get("text"), str):
        raise Fault("an answer whose choice has no text")
    return choice


def _finish(choice: dict[str, Any], params: SamplingParams) -> str:
    if choice.get("finish_reason") == "length":
        return "length"
    # `finish` is what `ratchet serve` adds; `stop_reason` (a string, or null at the end) is vLLM's.
    if choice.get("finish") in ("stop", "end"):
        return str(choice["finish"])
    if "stop_reason" in choice:
        return "stop" if isinstance(choice["stop_reason"], str) else "end"
    return "stop" if params.stop else "end"


def _token_ids(table: dict[str, Any], count: int) -> tuple[int, ...]:
    names = table.get("tokens")
    if not isinstance(names, list) or len(names) != count:
        return ()
    numbers = [str(name).removeprefix(_TOKEN_ID) for name in names if str(name).startswith(_TOKEN_ID)]
    if len(numbers) != count or not all(n.isascii() and n.isdecimal() for n in numbers):
        return ()
    return tuple(map(int, numbers))


def _list(table: dict[str, Any], key: str, *kinds: type) -> list[Any]:
    """The list `table[key]`, all of whose values are of `kinds` (a whole number is a float, too)."""
    values = table.get(key)
    wanted = (*kinds, int) if float in kinds else kinds
    if not isinstance(values, list) or not all(isinstance(v, wanted) for v in values):
        raise Fault(f"an answer whose {key} is not what it should be")
    if any(isinstance(v, float) and math.isnan(v) for v in values):
        raise Fault(f"an answer whose {key} is not a number")
    return values


def _ends(starts: list[int], length: int) -> list[int]:
    """Where tokens end that begin at `starts`: at the next one that begins further on, or at `length`."""
    ends: list[int] = []
    following = length
    for i in range(len(starts) - 1, -1, -1):
        if i + 1 < len(starts) and starts[i + 1] > starts[i]:
            following = starts[i + 1]
        ends.append(following)
    return ends[::-1]


def _check_encodable(texts: Sequence[str]) -> None:
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise RatchetError(
                f"a text for the server holds a lone surrogate (at character {error.start}), which cannot "
                "be sent: remove it."
            ) from error
