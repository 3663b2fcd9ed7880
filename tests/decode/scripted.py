"""An engine whose model is a function, for tests of what stands between a model and its text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ratchet.engines import Completion, Message, SamplingParams, ScoredText


@dataclass
class Scripted:
    """Writes what `model` makes of the text so far, ended as engines end it."""

    model: Callable[[str], str]
    name: str = "scripted"
    tells_stops: bool = True

    def complete(
        self,
        prompts: Sequence[str],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        if on_done is not None:
            on_done(len(prompts))
        return [self._ended(self.model(prompt), params) for prompt in prompts]

    def chat(
        self,
        conversations: Sequence[Sequence[Message]],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        return self.complete([talk[-1].content for talk in conversations], params, on_done=on_done)

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        return [
            ScoredText(tuple((i, i + 1) for i in range(len(text))), tuple(-1.0 for _ in text))
            for text in texts
        ]

    def _ended(self, text: str, params: SamplingParams) -> Completion:
        cuts = [(at, stop) for stop in params.stop if (at := text.find(stop)) >= 0]
        at, stop = min(cuts, default=(len(text), ""))
        return Completion(
            text[:at], (), (), "stop" if cuts else "end", stop if cuts and self.tells_stops else None
        )
