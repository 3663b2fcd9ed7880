"""A causal language model of the transformers library as an engine.

A decoding loop of our own over the model's forward call and its cache, instead
of `generate`: each sequence draws from a random stream of its own, so that a sample
depends on its seed and not on what shared its batch, and comes with its logprobs. It
measures 1.15 to 1.25 times as fast for the demo's model, and 1.0 to 1.07 times at 5 M
parameters (`benchmarks/engine.py`, one thread).

Logits move in their last digits with the batch's shape. In single precision a draw that this could
change is made again from the sequence computed alone (`ratchet.engines.sampling`), so that the same
seed gives the same tokens on the same machine whatever the batch, while those moves stay below
`TOLERANCE` / 2; `TransformersEngine.noise` is the largest that was seen. In half precision (on a GPU,
by default) they are as large as a percent, and no such thing is promised: there the same batches
give the same samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from jinja2 import TemplateError
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from ratchet.engines.base import Completion, ContextError, Message, SamplingParams, ScoredText
from ratchet.engines.growing import Growing, Stops
from ratchet.engines.sampling import draw
from ratchet.errors import RatchetError

TOLERANCE = 1e-4
"""Nats: log-probabilities that differ by less count as those of one and the same sequence."""
_EXACT = (torch.float32, torch.float64)
_MOST_SCORES = 1 << 28
"""Log-probabilities that are held at once while texts are scored: 1 GiB."""


class TransformersEngine:
    """Continues texts with a transformers model, in batches sorted by length.

    The tokenizer's beginning-of-text token (its end-of-text token, if it has none) is
    put before every prompt, as it stands before every document in training.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        name: str,
        batch_size: int = 128,
        tolerance: float | None = None,
    ) -> None:
        """`model` is a causal LM, in evaluation mode from here on; `tokenizer` a fast one.

        Draws that log-probabilities moved by half of `tolerance` nats could change are made again
        from the sequence alone; by default that is `TOLERANCE` in single precision and none in half.

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
        # A model that chats may end its turn by another token than the one that ends a text.
        ends = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
        self._ends = {self._end, *(ends if isinstance(ends, list) else [] if ends is None else [ends])}
        usual = TOLERANCE if getattr(model, "dtype", torch.float32) in _EXACT else 0.0
        self._tolerance = usual if tolerance is None else tolerance
        self.noise = 0.0
        """The largest move of a log-probability with the batch, among the draws that were made again."""

    @classmethod
    def from_spec(cls, spec: str) -> TransformersEngine:
        """The engine for "PATH", or "PATH?device=cuda:1&dtype=bfloat16&batch_size=16&revision=main".

        Raises:
            RatchetError: an option is unknown or wrong; or as for `load`.
        """
        path, _, query = spec.partition("?")
        options = {
            name: value for name, _, value in (part.partition("=") for part in query.split("&")) if name
        }
        unknown = sorted(options.keys() - {"device", "dtype", "batch_size", "revision"})
        if unknown:
            raise RatchetError(
                f'"hf:{spec}" has an unknown option {unknown[0]}: those are device, dtype, batch_size and '
                "revision."
            )
        size = options.pop("batch_size", "128")
        if not size.isdecimal() or int(size) < 1:
            raise RatchetError(f'"hf:{spec}": batch_size is a whole number from 1 on.')
        return cls.load(path, batch_size=int(size), **options)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        batch_size: int = 128,
        device: str | None = None,
        dtype: str | None = None,
        revision: str | None = None,
    ) -> TransformersEngine:
        """The engine for a checkpoint folder or a name on the Hugging Face hub.

        By default it runs on the GPU in bfloat16 (float16 where the GPU has no bfloat16), or
        where there is none on the CPU in the checkpoint's own precision. `device` and `dtype`
        are torch's names ("cuda:1", "float32"); `revision` is the hub's.

        Raises:
            RatchetError: there is no such checkpoint, device or precision, or it cannot be read.
        """
        place = _device(device)
        kind: Any = _dtype(dtype, place)
        logging.disable_progress_bar()  # ours shows what takes long
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(path), revision=revision or "main")
            model = AutoModelForCausalLM.from_pretrained(str(path), dtype=kind, revision=revision or "main")
            model = model.to(place)
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
        return self._continued([ids for ids, _ in self._encoded(prompts)], params, seeds, on_done)

    def chat(
        self,
        conversations: Sequence[Sequence[Message]],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """The assistant's reply to every conversation, by the tokenizer's own chat template.

        Seeds and `on_done` are as for `complete`.

        Raises:
            RatchetError: the tokenizer has no chat template, or it refuses a conversation; or
                as for `complete`.
        """
        texts = [self._templated(conversation) for conversation in conversations]
        encoded = [ids[1:] for ids, _ in self._encoded(texts)]
        return self._continued(encoded, params, seeds, on_done)

    def _templated(self, conversation: Sequence[Message]) -> str:
        if not getattr(self.tokenizer, "chat_template", None):
            raise RatchetError(
                f"the tokenizer of {self.name} has no chat template: put the problems as texts to continue, "
                "or take a model that was taught to chat."
            )
        messages = [{"role": message.role, "content": message.content} for message in conversation]
        try:
            text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except (TemplateError, TypeError, ValueError) as error:
            raise RatchetError(
                f"the chat template of {self.name} refuses the conversation ({error}): mend its roles."
            ) from error
        return str(text)

    def _continued(
        self,
        encoded: list[list[int]],
        params: SamplingParams,
        seeds: Sequence[int] | None,
        on_done: Callable[[int], None] | None,
    ) -> list[Completion]:
        seeds = range(len(encoded)) if seeds is None else seeds
        longest = max(map(len, encoded), default=0)
        if longest + params.max_tokens > self._room:
            raise ContextError(
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
            raise ContextError(
                f"a text of {longest} tokens exceeds the context of {self.name} ({self._room:g}): shorten it."
            )
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i][0]), reverse=True)
        found: dict[int, ScoredText] = {}
        while order:
            width = len(encoded[order[0]][0])
            size = max(1, min(self.batch_size, _MOST_SCORES // (width * len(self.tokenizer))))
            batch, order = order[:size], order[size:]
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
        stops = Stops(self.tokenizer, params.stop)
        sequences = [Growing(stops, seed) for seed in seeds]
        rows = list(zip(prompts, sequences, strict=True))
        cache = None
        for _ in range(params.max_tokens):
            logprobs, cache = self._next(tokens, mask, positions, cache)
            numbers = np.array([s.random.random() for _, s in rows])
            drawn, sure = draw(logprobs, params, numbers, self._tolerance)
            for i in np.flatnonzero(~sure):
                prompt, sequence = rows[i]
                if not sequence.finish:
                    logprobs[i] = self._alone(prompt + sequence.tokens, logprobs[i])
                    drawn[i] = draw(logprobs[i : i + 1], params, numbers[i : i + 1])[0][0]
            chosen = [
                s.extend(int(token), float(row[token]), self._end, self._ends)
                for (_, s), token, row in zip(rows, drawn, logprobs, strict=True)
            ]
            going = [i for i, (_, s) in enumerate(rows) if not s.finish]
            if not going:
                break
            if 2 * len(going) <= len(rows) and hasattr(cache, "batch_select_indices"):
                # Half of them have ended, and are not computed on.
                kept = torch.tensor(going, device=mask.device)
                cache.batch_select_indices(kept)
                mask, positions = mask[kept], positions[kept]
                chosen, rows = [chosen[i] for i in going], [rows[i] for i in going]
            tokens = torch.tensor(chosen, device=mask.device)[:, None]
            mask = torch.cat([mask, mask.new_ones(len(chosen), 1)], dim=1)
            positions = positions[:, -1:] + 1
        return [s.completion() for s in sequences]

    def _next(
        self, tokens: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any
    ) -> tuple[npt.NDArray[np.float32], Any]:
        """The log-probabilities of every row's next token, and the cache with these tokens in it."""
        with torch.inference_mode():
            out = self.model(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            found: npt.NDArray[np.float32] = (
                torch.log_softmax(out.logits[:, -1].float(), dim=-1).cpu().numpy()
            )
        return found, out.past_key_values

    def _alone(self, row: list[int], in_batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The log-probabilities behind a sequence, computed in one way that nothing else bears upon.

        How far those of the batch were off is noted.
        """
        tokens = torch.tensor([row], device=self.model.device)
        positions = torch.arange(len(row), device=tokens.device)[None]
        found, _ = self._next(tokens, torch.ones_like(tokens), positions, None)
        alone: npt.NDArray[np.float32] = found[0]
        there = np.isfinite(alone) & np.isfinite(in_batch)
        self.noise = max(self.noise, float(np.abs(alone[there] - in_batch[there]).max(initial=0.0)))
        return alone

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


def _device(name: str | None) -> torch.device:
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(name)
    except RuntimeError as error:
        raise RatchetError(f'there is no device "{name}": write cpu, cuda or cuda:0.') from error
    if found.type == "cuda" and (found.index or 0) >= torch.cuda.device_count():
        raise RatchetError(
            f'there is no device "{name}" here: torch sees {torch.cuda.device_count()} GPUs; take another, '
            "or cpu."
        )
    return found


def _dtype(name: str | None, device: torch.device) -> Any:
    """What transformers is to load weights as: torch's type, or "auto" for that of the checkpoint."""
    if name is None:
        if device.type != "cuda":
            return "auto"
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise RatchetError(f'there is no precision "{name}": write float32, bfloat16 or float16.')
    return found
