"""A causal language model of the transformers library as an engine.

A decoding loop of our own over the model's forward call and its cache, instead
of `generate`: each sequence draws from a random stream of its own, so that a sample
depends on its seed and not on what shared its batch, and comes with its logprobs. It
measures 1.15 to 1.25 times as fast for the demo's model, and 1.0 to 1.07 times at 5 M
parameters (`benchmarks/engine.py`, one thread).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from ratchet.engines.base import Completion, SamplingParams, ScoredText
from ratchet.errors import RatchetError

_Floats = npt.NDArray[np.float64]


class TransformersEngine:
    """Continues texts with a transformers model, in batches sorted by length.

    The tokenizer's beginning-of-text token (its end-of-text token, if it has none) is
    put before every prompt, as it stands before every document in training.
    """

    def __init__(self, model: Any, tokenizer: Any, *, name: str, batch_size: int = 128) -> None:
        """`model` is a causal LM, in evaluation mode from here on; `tokenizer` a fast one.

        Raises:
            RatchetError: the tokenizer has no end-of-text token.
        """
        if tokenizer.eos_token_id is None:
            raise RatchetError(f"the tokenizer of {name} has no end-of-text token: set its eos_token.")
        self.name = name
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.batch_size = batch_size
        self._end: int = tokenizer.eos_token_id
        # A model that has a token for the beginning expects it there; GPT-2's kin, and ours, begin
        # with the token that ended the document before.
        begin = tokenizer.bos_token_id
        self._begin: int = self._end if begin is None else begin
        self._room: float = getattr(model.config, "max_position_embeddings", None) or math.inf

    @classmethod
    def load(cls, path: str | Path, *, batch_size: int = 128) -> TransformersEngine:
        """The engine for a checkpoint folder or a name on the Hugging Face hub.

        Raises:
            RatchetError: there is no such checkpoint, or it cannot be read.
        """
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(path))
            model = AutoModelForCausalLM.from_pretrained(str(path), dtype="auto")
        except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise RatchetError(
                f"no model can be loaded from {path!s} ({reason}): name a checkpoint folder or a hub model."
            ) from error
        return cls(model, tokenizer, name=str(path), batch_size=batch_size)

    def complete(
        self,
        prompts: Sequence[str],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """Continue every prompt, in the order given.

        `seeds[i]` decides the random draws of prompt i (its position, if None);
        greedy decoding needs none. `on_done` is told how many more were finished.

        Raises:
            RatchetError: a prompt and its completion do not fit into the model's context,
                or a prompt cannot be encoded.
        """
        seeds = range(len(prompts)) if seeds is None else seeds
        encoded = [ids for ids, _ in self._encoded(prompts)]
        longest = max(map(len, encoded), default=0)
        if longest + params.max_tokens > self._room:
            raise RatchetError(
                f"a prompt of {longest} tokens and max_tokens {params.max_tokens} exceed the context of "
                f"{self.name} ({self._room:g}): shorten one of them."
            )
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        done: dict[int, Completion] = {}
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            found = self._complete_batch([encoded[i] for i in batch], params, [seeds[i] for i in batch])
            done.update(zip(batch, found, strict=True))
            if on_done is not None:
                on_done(len(batch))
        return [done[i] for i in range(len(encoded))]

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """The logprob of every token of every text, each text by itself.

        Raises:
            RatchetError: a text does not fit into the model's context, or cannot be encoded.
        """
        encoded = self._encoded(texts)
        longest = max((len(ids) for ids, _ in encoded), default=0)
        if longest > self._room:
            raise RatchetError(
                f"a text of {longest} tokens exceeds the context of {self.name} ({self._room:g}): shorten it."
            )
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i][0]))
        found: dict[int, ScoredText] = {}
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            rows = self._score_batch([encoded[i][0] for i in batch])
            for i, row in zip(batch, rows, strict=True):
                found[i] = ScoredText(encoded[i][1], tuple(row))
        return [found[i] for i in range(len(texts))]

    def _encoded(self, texts: Sequence[str]) -> list[tuple[list[int], tuple[tuple[int, int], ...]]]:
        """Of every text, its tokens behind the one that begins it, and where they stand in it."""
        for text in texts:
            try:
                text.encode("utf-8")
            except UnicodeEncodeError as error:
                raise RatchetError(
                    f"a text for {self.name} holds a lone surrogate (at character {error.start}), which no "
                    "tokenizer can encode: remove it."
                ) from error
        if not texts:
            return []
        found = self.tokenizer(list(texts), add_special_tokens=False, return_offsets_mapping=True)
        return [
            ([self._begin, *ids], tuple((int(a), int(b)) for a, b in spans))
            for ids, spans in zip(found["input_ids"], found["offset_mapping"], strict=True)
        ]

    def _complete_batch(
        self, prompts: list[list[int]], params: SamplingParams, seeds: list[int]
    ) -> list[Completion]:
        tokens, mask = self._padded(prompts, left=True)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        stops = _Stops(self.tokenizer, params.stop)
        sequences = [_Sequence(stops, seed) for seed in seeds]
        cache = None
        for _ in range(params.max_tokens):
            with torch.inference_mode():
                out = self.model(
                    input_ids=tokens,
                    attention_mask=mask,
                    position_ids=positions,
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=1,
                )
                cache = out.past_key_values
                logprobs = torch.log_softmax(out.logits[:, -1].float(), dim=-1).cpu().numpy()
            drawn = _draw(logprobs, params, [s.random for s in sequences])
            chosen = [
                s.extend(int(token), float(row[token]), self._end)
                for s, token, row in zip(sequences, drawn, logprobs, strict=True)
            ]
            if all(s.finish for s in sequences):
                break
            tokens = torch.tensor(chosen, device=mask.device)[:, None]
            mask = torch.cat([mask, mask.new_ones(len(chosen), 1)], dim=1)
            positions = positions[:, -1:] + 1
        return [s.completion() for s in sequences]

    def _score_batch(self, rows: list[list[int]]) -> list[list[float]]:
        tokens, mask = self._padded(rows, left=False)
        with torch.inference_mode():
            logits = self.model(input_ids=tokens, attention_mask=mask).logits
            logprobs = torch.log_softmax(logits[:, :-1].float(), dim=-1)
            picked = logprobs.gather(2, tokens[:, 1:, None])[:, :, 0].cpu()
        return [picked[i, : len(row) - 1].tolist() for i, row in enumerate(rows)]

    def _padded(self, rows: list[list[int]], *, left: bool) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(map(len, rows))
        tokens = torch.full((len(rows), width), self._end)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        for i, row in enumerate(rows):
            place = slice(width - len(row), width) if left else slice(0, len(row))
            tokens[i, place] = torch.tensor(row)
            mask[i, place] = 1
        device = self.model.device
        return tokens.to(device), mask.to(device)


class _Sequence:
    """One sequence while it grows: its random stream, its tokens, and whether it has ended."""

    def __init__(self, stops: _Stops, seed: int) -> None:
        self.finish = ""
        self.random = np.random.default_rng(seed)
        self._stops = stops
        self._tokens: list[int] = []
        self._logprobs: list[float] = []

    def extend(self, token: int, logprob: float, end: int) -> int:
        """Take one more token, unless the sequence has ended; return what to feed next."""
        if self.finish:
            return end
        if token == end:
            self.finish = "end"
            return end
        self._tokens.append(token)
        self._logprobs.append(logprob)
        if self._stops.may_end_in(token) and self._stops.cut(self._tokens)[1]:
            self.finish = "stop"
        return token

    def completion(self) -> Completion:
        text, _ = self._stops.cut(self._tokens)
        return Completion(text, tuple(self._tokens), tuple(self._logprobs), self.finish or "length")


class _Stops:
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

    def cut(self, tokens: list[int]) -> tuple[str, bool]:
        """The text of `tokens` before its first stop, and whether there was one."""
        text = self._decoded(tokens)
        cuts = [at for at in map(text.find, self._stops) if at >= 0]
        return text[: min(cuts, default=len(text))], bool(cuts)

    def _decoded(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(tokens, clean_up_tokenization_spaces=False)
        return text


def _draw(
    logprobs: npt.NDArray[np.float32], params: SamplingParams, randoms: Sequence[np.random.Generator]
) -> npt.NDArray[np.intp]:
    """A token for each row: greedy at temperature 0, else by inverting the cumulative distribution."""
    found: npt.NDArray[np.intp]
    if params.temperature <= 0:
        found = logprobs.argmax(axis=1)
        return found
    scaled: _Floats = logprobs.astype(np.float64) / params.temperature
    weights: _Floats = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    if params.top_p < 1:
        order = np.argsort(-weights, axis=1, kind="stable")
        ordered = np.take_along_axis(weights, order, axis=1)
        reached = np.cumsum(ordered, axis=1)[:, :-1] >= params.top_p
        ordered[:, 1:][reached] = 0.0
        np.put_along_axis(weights, order, ordered, axis=1)
    cumulative = np.cumsum(weights, axis=1)
    drawn = np.array([random.random() for random in randoms]) * cumulative[:, -1]
    found = (cumulative <= drawn[:, None]).sum(axis=1).clip(max=weights.shape[1] - 1)
    return found
