"""Reading the body of a POST to /v1/completions, strictly.

Every field is either done, or has a value that asks for nothing, or is refused by
name: a sampling setting that is silently ignored would spoil a measurement.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ratchet.engines.base import SamplingParams

MOST_CHOICES = 128
"""The largest `n`."""
_MOST_STOPS = 64
_MOST_TOKENS = 1 << 20
_LARGEST_SEED = (1 << 63) - 1

_ASKING_NOTHING: dict[str, tuple[Any, ...]] = {
    "stream": (False,),
    "best_of": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "suffix": ("",),
}
"""Fields of OpenAI's API that are not supported -> the values with which they ask for nothing."""

_KNOWN = _ASKING_NOTHING.keys() | {
    "model",
    "prompt",
    "max_tokens",
    "temperature",
    "top_p",
    "stop",
    "n",
    "seed",
    "logprobs",
    "echo",
    "user",  # a name for the client's own records
}


class ApiError(Exception):
    """A request that is refused, in the terms of OpenAI's API."""

    def __init__(
        self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.param = param
        self.code = code
        self.status = status

    def as_dict(self) -> dict[str, Any]:
        """The body of the answer."""
        kind = "invalid_request_error" if self.status < 500 and self.status != 429 else "server_error"
        kind = "rate_limit_error" if self.status == 429 else kind
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """What is asked for: `n` completions of every prompt, or the prompts' own logprobs."""

    prompts: tuple[str, ...]
    params: SamplingParams
    n: int
    seed: int | None
    logprobs: bool
    score: bool


def read_request(body: bytes, *, model: str) -> CompletionRequest:
    """The request in `body`, to a server whose one model is called `model`.

    Defaults are those of OpenAI's API: 16 tokens, temperature 1. Null is the
    default everywhere.

    Raises:
        ApiError: the body is no JSON object, or a field is missing, unknown, or wrong.
    """
    given = _fields(body)
    _check_model(given.get("model"), model)
    for name, values in _ASKING_NOTHING.items():
        if name in given and given[name] not in values:
            raise ApiError(f"{name} is not supported here: leave it out.", param=name, code="unsupported")
    echo, logprobs = _flag(given, "echo"), "logprobs" in given
    n = _whole(given, "n", 1, 1, MOST_CHOICES)
    _whole(given, "logprobs", 0, 0, 5)
    max_tokens = _whole(given, "max_tokens", 16, 0, _MOST_TOKENS)
    if echo and (max_tokens != 0 or not logprobs or n != 1):
        raise ApiError("echo is for scoring a prompt: with logprobs, max_tokens 0 and n 1.", param="echo")
    if max_tokens == 0 and not echo:
        raise ApiError("max_tokens begins at 1, but for scoring (echo with logprobs).", param="max_tokens")
    params = SamplingParams(
        max_tokens=max_tokens,
        temperature=_number(given, "temperature", 1.0, 0.0, 2.0),
        top_p=_number(given, "top_p", 1.0, 0.0, 1.0),
        stop=_stops(given.get("stop")),
    )
    if params.top_p == 0:
        raise ApiError("top_p is more than 0.", param="top_p")
    seed = _whole(given, "seed", 0, 0, _LARGEST_SEED) if "seed" in given else None
    return CompletionRequest(_prompts(given.get("prompt")), params, n, seed, logprobs, echo)


def _fields(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(f"the body is not JSON ({error}).") from error
    if not isinstance(given, dict):
        raise ApiError("the body is not a JSON object.")
    unknown = sorted(given.keys() - _KNOWN)
    if unknown:
        raise ApiError(f"there is no field {unknown[0]} here: leave it out.", param=unknown[0])
    return {name: value for name, value in given.items() if value is not None}


def _check_model(asked: Any, model: str) -> None:
    if not isinstance(asked, str):
        raise ApiError(f"model is missing: this server has {model}.", param="model")
    if asked != model:
        raise ApiError(
            f"there is no model {asked} here: this server has {model}.",
            param="model",
            code="model_not_found",
            status=404,
        )


def _prompts(value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ApiError(
            "prompt is a string or a list of strings (token ids are not supported).", param="prompt"
        )
    return tuple(texts)


def _stops(value: Any) -> tuple[str, ...]:
    texts = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or len(texts) > _MOST_STOPS:
        raise ApiError(f"stop is a string, or a list of at most {_MOST_STOPS}.", param="stop")
    if not all(isinstance(text, str) and text for text in texts):
        raise ApiError("a stop is a string that is not empty.", param="stop")
    return tuple(texts)


def _flag(given: dict[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise ApiError(f"{name} is true or false.", param=name)
    return value


def _whole(given: dict[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = given.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ApiError(f"{name} is a whole number from {low} to {high}.", param=name)
    return value


def _number(given: dict[str, Any], name: str, default: float, low: float, high: float) -> float:
    value = given.get(name, default)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not low <= value <= high:
        raise ApiError(f"{name} is a number from {low:g} to {high:g}.", param=name)
    return float(value)
