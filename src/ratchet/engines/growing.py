"""Sequences while they grow, and what ends them: for engines that decode token by token."""

from __future__ import annotations

from typing import Any

import numpy as np

from ratchet.engines.base import Completion


class Growing:
    """One sequence while it grows: its random stream, its tokens, and whether it has ended."""

    def __init__(self, stops: Stops, seed: int) -> None:
        self.finish = ""
        self.random = np.random.default_rng(seed)
        self._stops = stops
        self.tokens: list[int] = []
        self._logprobs: list[float] = []

    def extend(self, token: int, logprob: float, end: int, ends: set[int]) -> int:
        """Take one more token, unless the sequence has ended; return what to feed next."""
        if self.finish:
            return end
        if token in ends:
            self.finish = "end"
            return end
        self.tokens.append(token)
        self._logprobs.append(logprob)
        if self._stops.may_end_in(token) and self._stops.cut(self.tokens)[1]:
            self.finish = "stop"
        return token

    def completion(self) -> Completion:
        """What came of it, up to now."""
        text, stop = self._stops.cut(self.tokens)
        return Completion(text, tuple(self.tokens), tuple(self._logprobs), self.finish or "length", stop)


class Stops:
    """Finds the strings that end a text, decoding it only where one of them may just have ended.

    Decoding every sequence after every token takes longer than a small model does.
    """

    def __init__(self, tokenizer: Any, stops: tuple[str, ...]) -> None:
        self._tokenizer = tokenizer
        self._stops = stops
        self._seen: dict[int, bool] = {}

    def may_end_in(self, token: int) -> bool:
        """Whether a stop may have its last character in this token.

        A token may hold a part of a character only, which decodes to U+FFFD, and some
        tokenizers drop a space that begins a text: then it may.
        """
        if token not in self._seen:
            piece = self._decoded([token])
            self._seen[token] = any(
                stop[-1:].isspace() or stop[-1:] in piece or "\ufffd" in piece for stop in self._stops
            )
        return self._seen[token]

    def cut(self, tokens: list[int]) -> tuple[str, str | None]:
        """The text of `tokens` before its first stop, and which that is."""
        text = self._decoded(tokens)
        cuts = [(at, stop) for stop in self._stops if (at := text.find(stop)) >= 0]
        at, stop = min(cuts, default=(len(text), None), key=lambda cut: cut[0])
        return text[:at], stop

    def _decoded(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(tokens, clean_up_tokenization_spaces=False)
        return text
