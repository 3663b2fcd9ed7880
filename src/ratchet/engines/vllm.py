"""vLLM's offline engine, in this process: for a GPU. Needs the extra `vllm`.

    engine = load_engine("vllm:Qwen/Qwen2.5-Coder-7B")

Texts begin with the same token as with `hf:`, and chat goes by the tokenizer's own template, so that both
engines see the same sequences. Logprobs are the model's own, untempered ("raw_logprobs", vLLM's default
since its engine V1). A seed gives the same sample in the same batch; vLLM promises no more, unless
VLLM_BATCH_INVARIANT=1 is set and the GPU supports it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vllm import LLM
from vllm import SamplingParams as TheirParams

from ratchet.engines.base import Completion, ContextError, Message, SamplingParams, ScoredText
from ratchet.errors import RatchetError

_OPTIONS = {
    "dtype": str,
    "revision": str,
    "max_model_len": int,
    "tensor_parallel_size": int,
    "gpu_memory_utilization": float,
}
_LARGEST_SEED = (1 << 63) - 1


class VLLMEngine:
    """Continues texts by vLLM, which batches them itself."""

    def __init__(self, llm: LLM, *, name: str) -> None:
        """`llm` is a loaded vllm.LLM.

        Raises:
            RatchetError: its tokenizer has no end-of-text token.
        """
        self.name = name
        self.llm = llm
        self.tokenizer: Any = llm.get_tokenizer()
        if self.tokenizer.eos_token_id is None:
            raise RatchetError(f"the tokenizer of {name} has no end-of-text token: set its eos_token.")
        begin = self.tokenizer.bos_token_id
        self._begin: int = self.tokenizer.eos_token_id if begin is None else begin
        self._room: int = llm.llm_engine.model_config.max_model_len

    @classmethod
    def from_spec(cls, spec: str) -> VLLMEngine:
        """The engine for "NAME_OR_PATH", or "NAME?tensor_parallel_size=2&max_model_len=8192".

        Further options are dtype, revision and gpu_memory_utilization, all of them vLLM's own.

        Raises:
            RatchetError: an option is unknown or wrong, or vLLM cannot load the model.
        """
        name, _, query = spec.partition("?")
        options: dict[str, Any] = {}
        for option, _, value in (part.partition("=") for part in query.split("&") if part):
            if option not in _OPTIONS:
                raise RatchetError(
                    f'"vllm:{spec}" has an unknown option {option}: those are {", ".join(sorted(_OPTIONS))}.'
                )
            try:
                options[option] = _OPTIONS[option](value)
            except ValueError as error:
                raise RatchetError(f'"vllm:{spec}": {option} is not {value!r}, but a number.') from error
        try:
            llm = LLM(model=name, **options)
        except (OSError, ValueError, RuntimeError) as error:
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise RatchetError(
                f"vLLM cannot load {name} ({reason}): see to the model, or the GPU."
            ) from error
        return cls(llm, name=name)

    def complete(
        self,
        prompts: Sequence[str],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """Continue every prompt, in the order given; all arguments are as for every engine.

        Raises:
            ContextError: a prompt and its completion do not fit into the model's context.
        """
        rows = [[self._begin, *ids] for ids in self._encoded(prompts)]
        return self._continued(rows, params, seeds, on_done)

    def chat(
        self,
        conversations: Sequence[Sequence[Message]],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """The assistant's reply to every conversation, by the tokenizer's own chat template.

        Raises:
            RatchetError: the tokenizer has no chat template; or as for `complete`.
        """
        if not getattr(self.tokenizer, "chat_template", None):
            raise RatchetError(f"the tokenizer of {self.name} has no chat template: take a model that has.")
        texts = [
            self.tokenizer.apply_chat_template(
                [{"role": m.role, "content": m.content} for m in conversation],
                tokenize=False,
                add_generation_prompt=True,
            )
            for conversation in conversations
        ]
        return self._continued(self._encoded(texts), params, seeds, on_done)

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """The logprob of every token of every text.

        Raises:
            ContextError: a text does not fit into the model's context.
        """
        found = self.tokenizer(list(texts), add_special_tokens=False, return_offsets_mapping=True)
        rows = [[self._begin, *ids] for ids in found["input_ids"]]
        self._check_room(rows, 1)
        asked = TheirParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, detokenize=False)
        outputs = self.llm.generate([{"prompt_token_ids": row} for row in rows], asked, use_tqdm=False)
        return [
            ScoredText(
                tuple((int(a), int(b)) for a, b in spans),
                tuple(
                    float(place[token].logprob)
                    for place, token in zip(output.prompt_logprobs[1:], row[1:], strict=True)
                ),
            )
            for output, row, spans in zip(outputs, rows, found["offset_mapping"], strict=True)
        ]

    def _encoded(self, texts: Sequence[str]) -> list[list[int]]:
        return [self.tokenizer.encode(text, add_special_tokens=False) for text in texts]

    def _check_room(self, rows: list[list[int]], more: int) -> None:
        longest = max(map(len, rows), default=0)
        if longest + more > self._room:
            raise ContextError(
                f"a prompt of {longest} tokens and {more} more exceed the context of {self.name} "
                f"({self._room}): shorten one of them."
            )

    def _continued(
        self,
        rows: list[list[int]],
        params: SamplingParams,
        seeds: Sequence[int] | None,
        on_done: Callable[[int], None] | None,
    ) -> list[Completion]:
        self._check_room(rows, params.max_tokens)
        seeds = range(len(rows)) if seeds is None else seeds
        asked = [
            TheirParams(
                max_tokens=params.max_tokens,
                temperature=params.temperature,
                top_p=params.top_p,
                stop=list(params.stop),
                seed=int(seed) & _LARGEST_SEED,
                logprobs=0,
            )
            for seed in seeds
        ]
        outputs = self.llm.generate([{"prompt_token_ids": row} for row in rows], asked, use_tqdm=False)
        if on_done is not None:
            on_done(len(rows))
        return [_completion(output.outputs[0], params) for output in outputs]


def _completion(output: Any, params: SamplingParams) -> Completion:
    """Ours of a vllm.CompletionOutput, whose last token may be the one that ends the text."""
    tokens = list(output.token_ids)
    logprobs = [float(place[token].logprob) for token, place in zip(tokens, output.logprobs, strict=True)]
    if output.finish_reason == "length":
        return Completion(output.text, tuple(tokens), tuple(logprobs), "length")
    if isinstance(output.stop_reason, str) and output.stop_reason in params.stop:
        return Completion(output.text, tuple(tokens), tuple(logprobs), "stop", output.stop_reason)
    return Completion(output.text, tuple(tokens[:-1]), tuple(logprobs[:-1]), "end")
