"""Checkpoints of the families that code models come in: loaded, continued, scored, and asked to chat.

Each is a small one with random weights, written by transformers and loaded from its folder as any other.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the extra `local` is not installed")

import torch
import transformers

from ratchet.engines import Message, SamplingParams, load_engine
from ratchet.engines.transformers import TOLERANCE, TransformersEngine
from ratchet.errors import RatchetError
from tests.local_models import tokenizer

pytestmark = [pytest.mark.local, pytest.mark.slow]

PROMPTS = ["def f(xs):\n", "x = 1\n", "def f(s):\n    # Reverse the text.\n    s = s[::-1]\n", ""]
TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}"
    "# {{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}# assistant: {% endif %}"
)

_SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
_ROOM = {"max_position_embeddings": 256}
_DEEPSEEK = {
    "kv_lora_rank": 8,
    "q_lora_rank": 16,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 8,
    "v_head_dim": 8,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "n_shared_experts": 1,
    "moe_intermediate_size": 16,
    "first_k_dense_replace": 1,
    "n_group": 2,
    "topk_group": 1,
}
FAMILIES: dict[str, dict[str, Any]] = {
    "codegen": {"n_embd": 32, "n_layer": 2, "n_head": 4, "rotary_dim": 8, "n_positions": 256, "n_ctx": 256},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256},
    "gpt_bigcode": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256, "multi_query": True},
    "llama": {**_SIZE, **_ROOM, "num_key_value_heads": 2},
    "qwen2": {**_SIZE, **_ROOM, "num_key_value_heads": 2},
    "qwen3": {**_SIZE, **_ROOM, "num_key_value_heads": 2, "head_dim": 8},
    "deepseek_v2": {**_SIZE, **_ROOM, **_DEEPSEEK, "num_key_value_heads": 4, "topk_method": "greedy"},
    "deepseek_v3": {**_SIZE, **_ROOM, **_DEEPSEEK, "num_key_value_heads": 4},
    "starcoder2": {**_SIZE, **_ROOM, "num_key_value_heads": 2, "sliding_window": 16},
}


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp(request.param)
    settings = {
        "vocab_size": len(tokenizer()),
        "bos_token_id": 0,
        "eos_token_id": 0,
        "initializer_range": 0.3,
    }
    config = transformers.AutoConfig.for_model(request.param, **settings, **FAMILIES[request.param])
    torch.manual_seed(3)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(path)
    tokenizer().save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def engine(folder: Path) -> TransformersEngine:
    return TransformersEngine.load(folder, batch_size=3)


def rows(engine: TransformersEngine) -> list[list[int]]:
    return [[0, *engine.tokenizer(prompt)["input_ids"]] for prompt in PROMPTS]


def plain(engine: TransformersEngine, row: list[int]) -> torch.Tensor:
    """The log-probabilities by transformers' own forward call, of one sequence without padding or cache."""
    with torch.inference_mode():
        return torch.log_softmax(engine.model(torch.tensor([row])).logits[0].float(), dim=-1)


def test_greedy_is_what_generate_gives_and_logprobs_are_exact(engine: TransformersEngine) -> None:
    done = engine.complete(PROMPTS, SamplingParams(max_tokens=20))
    for row, found in zip(rows(engine), done, strict=True):
        ids = torch.tensor([row])
        theirs = engine.model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=20,
            pad_token_id=0,
        )[0, len(row) :].tolist()
        theirs = list(itertools.takewhile(lambda token: token != 0, theirs))
        assert list(found.tokens) == theirs
        assert found.text == engine.tokenizer.decode(theirs)
        logprobs = plain(engine, [*row, *found.tokens])
        wanted = [float(logprobs[len(row) - 1 + i, token]) for i, token in enumerate(found.tokens)]
        assert found.logprobs == pytest.approx(wanted, abs=2e-5)
    assert len({found.tokens for found in done}) > 1  # the prompts matter


def test_those_that_end_leave_the_others_as_they_are(folder: Path) -> None:
    engine = TransformersEngine.load(folder, batch_size=8)
    whole = engine.complete(PROMPTS * 2, SamplingParams(max_tokens=24))
    # A character that some write soon, some later, and some never.
    texts = [c.text for c in whole]
    stop = max(sorted(set("".join(texts))), key=lambda c: len({text.find(c) for text in texts}))
    cut = engine.complete(PROMPTS * 2, SamplingParams(max_tokens=24, stop=(stop,)))
    assert [c.text for c in cut] == [text.split(stop)[0] for text in texts]
    assert len({len(c.tokens) for c in cut}) > 1


def test_scores_are_exact(engine: TransformersEngine) -> None:
    for row, found in zip(rows(engine), engine.score(PROMPTS), strict=True):
        logprobs = plain(engine, row)
        assert found.logprobs == pytest.approx(
            [float(logprobs[i, token]) for i, token in enumerate(row[1:])], abs=2e-5
        )


def test_a_seed_gives_the_same_sample_in_every_batch(folder: Path) -> None:
    params = SamplingParams(max_tokens=16, temperature=1.0, top_p=0.9)
    prompts = PROMPTS * 3
    seeds = list(range(50, 50 + len(prompts)))
    order = [(7 * i + 2) % len(prompts) for i in range(len(prompts))]
    found = []
    for size in (1, 3, 8):
        engine = TransformersEngine.load(folder, batch_size=size)
        found.append([c.tokens for c in engine.complete(prompts, params, seeds=seeds)])
        mixed = engine.complete([prompts[i] for i in order], params, seeds=[seeds[i] for i in order])
        back = dict(zip(order, mixed, strict=True))
        found.append([back[i].tokens for i in range(len(prompts))])
        assert engine.noise < TOLERANCE / 2
    assert all(each == found[0] for each in found)
    assert len(set(found[0])) > len(PROMPTS)


def test_without_a_chat_template_it_does_not_chat(engine: TransformersEngine) -> None:
    with pytest.raises(RatchetError, match="has no chat template"):
        engine.chat([[Message("user", "hello")]], SamplingParams())


def test_chat_is_the_continuation_of_the_template(folder: Path) -> None:
    engine = TransformersEngine.load(folder)
    engine.tokenizer.chat_template = TEMPLATE
    conversations = [
        [Message("system", "Be short."), Message("user", "def f(xs):")],
        [Message("user", "Sort.")],
    ]
    told: list[int] = []
    found = engine.chat(conversations, SamplingParams(max_tokens=12), seeds=[5, 6], on_done=told.append)
    assert sum(told) == 2
    for conversation, reply in zip(conversations, found, strict=True):
        messages = [{"role": m.role, "content": m.content} for m in conversation]
        encoded = engine.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        theirs = engine.model.generate(**encoded, do_sample=False, max_new_tokens=12, pad_token_id=0)
        tail = theirs[0, encoded["input_ids"].shape[1] :].tolist()
        assert list(reply.tokens) == list(itertools.takewhile(lambda token: token != 0, tail))
    with pytest.raises(RatchetError, match=r"refuses the conversation .*no tools"):
        engine.chat([[Message("tool", "x")]], SamplingParams())


def test_options_of_a_spec(folder: Path) -> None:
    engine = load_engine(f"hf:{folder}?dtype=float64&device=cpu&batch_size=2")
    assert isinstance(engine, TransformersEngine)
    assert (engine.model.dtype, engine.batch_size) == (torch.float64, 2)
    for query, said in (
        ("dtype=int8", "no precision"),
        ("device=nowhere", "no device"),
        ("device=cuda:99", "no device .* here"),
        ("batch_size=0", "batch_size"),
        ("precision=x", "unknown option precision"),
    ):
        with pytest.raises(RatchetError, match=said):
            load_engine(f"hf:{folder}?{query}")


def test_a_turn_may_end_by_another_token_than_a_text(folder: Path) -> None:
    engine = TransformersEngine.load(folder)
    [found] = engine.complete([PROMPTS[0]], SamplingParams(max_tokens=10))
    third = found.tokens[2]
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    model.generation_config.eos_token_id = [0, third]
    again = TransformersEngine(model, engine.tokenizer, name="two ends")
    [cut] = again.complete([PROMPTS[0]], SamplingParams(max_tokens=10))
    assert cut.tokens == found.tokens[: found.tokens.index(third)]
    assert cut.finish == "end"
