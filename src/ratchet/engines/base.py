"""What every engine answers to: sampling parameters, completions, logprobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ratchet.errors import RatchetError


class ContextError(RatchetError):
    """A prompt, with the completion that was asked for, does not fit into the model's context."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. `role` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How to continue a text.

    `temperature` 0 is greedy. `top_p` keeps the smallest set of tokens whose
    probability reaches it (nucleus sampling, Holtzman et al. 2020). A completion
    ends before the first occurrence of one of `stop`, at the end-of-text token,
    or after `max_tokens`.
    """

    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """One continuation. `tokens` and `logprobs` (natural, untempered) include what a stop cut off."""

    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: str
    """"stop" (a stop string), "end" (the end-of-text token) or "length"."""
    stop: str | None = None
    """The stop string that ended it, where the engine knows."""


@dataclass(frozen=True, slots=True)
class ScoredText:
    """The logprob of every token of a text given the tokens before it.

    `spans[i]` is where token i stands in the text (characters, end excluded);
    `logprobs[i]` is natural. The first token is given the token that begins a text,
    which stands before every document.
    """

    spans: tuple[tuple[int, int], ...]
    logprobs: tuple[float, ...]

    def within(self, start: int, end: int) -> list[float]:
        """The logprobs of the tokens that lie wholly in characters start..end."""
        return [
            logprob
            for (first, last), logprob in zip(self.spans, self.logprobs, strict=True)
            if start <= first and last <= end
        ]


class Engine(Protocol):
    """Something that continues texts. It knows nothing of problems or verdicts."""

    name: str

    def complete(
        self,
        prompts: Sequence[str],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """Continue every prompt; `seeds[i]` alone decides the random draws of prompt i."""
        ...

    def chat(
        self,
        conversations: Sequence[Sequence[Message]],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """The assistant's reply to every conversation, in the form that the model was taught.

        Seeds and `on_done` are as for `complete`.
        """
        ...

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """The logprobs of every token of every text."""
        ...
