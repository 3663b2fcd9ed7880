"""What a server of OpenAI's API answered, read strictly: a Fault on whatever is not as it should be."""

from __future__ import annotations

import math
from typing import Any

from ratchet.engines.base import Completion, SamplingParams
from ratchet.engines.transport import Fault

_TOKEN_ID = "token_id:"
"""What vLLM puts before a token's number where it gives numbers in place of texts."""


def completion_of(reply: Any, params: SamplingParams) -> Completion:
    """The completion in an answer of /completions."""
    choice = choice_of(reply)
    text, finish = choice["text"], _finish(choice, params)
    # Some servers leave the stop string in, or know fewer of them than were sent.
    cuts = [(at, stop) for stop in params.stop if (at := text.find(stop)) >= 0]
    stopped = _stopped_by(choice, params)
    if cuts:
        at, stopped = min(cuts, key=lambda cut: cut[0])
        text, finish = text[:at], "stop"
    table = choice.get("logprobs")
    if not isinstance(table, dict) or not isinstance(table.get("token_logprobs"), list):
        return Completion(text, (), (), finish, stopped)
    logprobs = tuple(map(float, list_of(table, "token_logprobs", float)))
    return Completion(text, _token_ids(table, len(logprobs)), logprobs, finish, stopped)


def _stopped_by(choice: dict[str, Any], params: SamplingParams) -> str | None:
    """The stop string that ended it: vLLM names it; where there is but one, it is that."""
    if _finish(choice, params) != "stop":
        return None
    named = choice.get("stop_reason")
    if isinstance(named, str) and named in params.stop:
        return named
    return params.stop[0] if len(params.stop) == 1 else None


def choice_of(reply: Any, *, text: bool = True) -> dict[str, Any]:
    """The one choice of an answer; its text is a string."""
    choices = reply.get("choices") if isinstance(reply, dict) else None
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        raise Fault("an answer without its one choice")
    choice: dict[str, Any] = choices[0]
    if text and not isinstance(choice.get("text"), str):
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


def list_of(table: dict[str, Any], key: str, *kinds: type) -> list[Any]:
    """The list `table[key]`, all of whose values are of `kinds` (a whole number is a float, too)."""
    values = table.get(key)
    wanted = (*kinds, int) if float in kinds else kinds
    if not isinstance(values, list) or not all(isinstance(v, wanted) for v in values):
        raise Fault(f"an answer whose {key} is not what it should be")
    if any(isinstance(v, float) and math.isnan(v) for v in values):
        raise Fault(f"an answer whose {key} is not a number")
    return values


def ends_of(starts: list[int], length: int) -> list[int]:
    """Where tokens end that begin at `starts`: at the next one that begins further on, or at `length`."""
    ends: list[int] = []
    following = length
    for i in range(len(starts) - 1, -1, -1):
        if i + 1 < len(starts) and starts[i + 1] > starts[i]:
            following = starts[i + 1]
        ends.append(following)
    return ends[::-1]


def reply_of(reply: Any, params: SamplingParams) -> Completion:
    """The assistant's message in an answer of /chat/completions."""
    choice = choice_of(reply, text=False)
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else 0
    if not isinstance(content, str | None):
        raise Fault("an answer whose choice has no message")
    table: dict[str, Any] = {}
    given = choice.get("logprobs")
    if isinstance(given, dict) and isinstance(given.get("content"), list):
        rows = given["content"]
        if not all(isinstance(row, dict) for row in rows):
            raise Fault("an answer whose logprobs are not what they should be")
        table["tokens"] = [row.get("token") for row in rows]
        table["token_logprobs"] = [row.get("logprob") for row in rows]
    like_a_completion = {**choice, "text": content or "", "logprobs": table or None}
    return completion_of({"choices": [like_a_completion]}, params)
