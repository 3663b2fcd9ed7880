"""Completions: equal to transformers' own, ended by the right thing, and repeatable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the extra `local` is not installed")

import torch

from ratchet.engines import Completion, SamplingParams
from ratchet.engines.transformers import TransformersEngine
from ratchet.errors import RatchetError
from tests.local_models import Tiny, speaker, tiny, tokenizer

pytestmark = pytest.mark.local

PROMPTS = [
    "def f(xs):\n    # Reverse the list.\n",
    "def f(s):\n",
    "",
    "def f(xs):\n    # Sort in ascending order.\n    xs = sorted(xs)\n    # Drop the first item.\n",
    "def f(n):\n    # Add 8 to the number.\n    n = n + 8\n",
    "x = 1\n",
]


@pytest.fixture(scope="module")
def small() -> Tiny:
    return tiny()


def generated(small: Tiny, prompts: list[str], max_tokens: int) -> list[list[int]]:
    """What transformers' own generate continues with, up to the end-of-text token."""
    rows = [[0, *small.tokenizer(prompt)["input_ids"]] for prompt in prompts]
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    out = small.model.generate(
        input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=max_tokens, pad_token_id=0
    )
    tails = [row[width:].tolist() for row in out]
    return [tail[: tail.index(0)] if 0 in tail else tail for tail in tails]


@pytest.mark.parametrize("batch_size", [1, 4, 128])
def test_greedy_is_what_generate_gives(small: Tiny, batch_size: int) -> None:
    done = small.engine(batch_size).complete(PROMPTS, SamplingParams(max_tokens=48))
    assert [list(c.tokens) for c in done] == generated(small, PROMPTS, 48)
    assert {c.finish for c in done} == {"end"}  # it has learnt to end
    assert [c.text for c in done] == [small.tokenizer.decode(c.tokens) for c in done]


def test_it_stops_where_it_begins_the_next_sentence(small: Tiny) -> None:
    whole, cut = (
        small.engine().complete([PROMPTS[0]], SamplingParams(max_tokens=48, stop=stop))[0]
        for stop in ((), ("    #",))
    )
    assert (whole.finish, cut.finish) == ("end", "stop")
    assert "    #" in whole.text
    assert cut.text == whole.text.split("    #")[0]
    assert cut.text.startswith("    ")


@pytest.mark.parametrize("temperature", [0.0, 1.0, 1.5])
def test_logprobs_are_those_of_a_plain_forward_pass(small: Tiny, temperature: float) -> None:
    params = SamplingParams(max_tokens=30, temperature=temperature, top_p=0.95)
    for prompt, done in zip(PROMPTS, small.engine().complete(PROMPTS, params), strict=True):
        before = [0, *small.tokenizer(prompt)["input_ids"]]
        with torch.inference_mode():
            logits = small.model(torch.tensor([[*before, *done.tokens]])).logits[0]
        logprobs = torch.log_softmax(logits, dim=-1)
        wanted = [float(logprobs[len(before) - 1 + i, token]) for i, token in enumerate(done.tokens)]
        assert done.logprobs == pytest.approx(wanted, abs=1e-4)


def test_a_sample_depends_on_its_seed_alone(small: Tiny) -> None:
    params = SamplingParams(max_tokens=24, temperature=1.2)
    prompts = [prompt for prompt in PROMPTS for _ in range(4)]
    seeds = list(range(100, 100 + len(prompts)))
    wanted = small.engine().complete(prompts, params, seeds=seeds)
    assert len({c.text for c in wanted}) > len(PROMPTS)  # the seeds matter
    for batch_size in (1, 3):
        assert same(small.engine(batch_size).complete(prompts, params, seeds=seeds), wanted)
    backwards = small.engine(5).complete(prompts[::-1], params, seeds=seeds[::-1])
    assert same(backwards[::-1], wanted)
    [alone] = small.engine().complete([prompts[7]], params, seeds=[seeds[7]])
    assert same([alone], [wanted[7]])


class Shaky(torch.nn.Module):  # type: ignore[misc]
    """A model whose logits move with the batch's shape, as all do, but far more than most."""

    def __init__(self, model: Any, size: float) -> None:
        super().__init__()
        self.inner, self.size = model, size
        self.config, self.device, self.dtype = model.config, model.device, model.dtype

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, **inputs: Any) -> Any:
        out = self.inner(input_ids=input_ids, attention_mask=attention_mask, **inputs)
        shape = torch.Generator().manual_seed(100_000 * len(input_ids) + attention_mask.shape[1])
        out.logits = out.logits + self.size * (2 * torch.rand(out.logits.shape, generator=shape) - 1)
        return out


@pytest.mark.slow
def test_logits_that_move_with_the_batch_do_not_move_the_samples(small: Tiny) -> None:
    def drawn(tolerance: float) -> list[list[tuple[int, ...]]]:
        model, found = Shaky(small.model, 5e-3), []
        for size in (1, 3, 8):
            engine = TransformersEngine(
                model, small.tokenizer, name="s", batch_size=size, tolerance=tolerance
            )
            found.append([c.tokens for c in engine.complete(prompts, params, seeds=range(len(prompts)))])
        return found

    params = SamplingParams(max_tokens=24, temperature=1.2, top_p=0.95)
    prompts = PROMPTS * 3
    alone, three, eight = drawn(0.0)
    assert len({tuple(alone), tuple(three), tuple(eight)}) > 1  # or there is nothing to mend
    alone, three, eight = drawn(0.03)
    assert alone == three == eight


def same(got: list[Completion], wanted: list[Completion]) -> bool:
    return [(c.text, c.tokens, c.finish) for c in got] == [(c.text, c.tokens, c.finish) for c in wanted]


def test_without_seeds_the_position_is_the_seed(small: Tiny) -> None:
    params = SamplingParams(max_tokens=10, temperature=1.0)
    prompts = [PROMPTS[2]] * 6
    assert small.engine().complete(prompts, params) == small.engine().complete(
        prompts, params, seeds=list(range(6))
    )


@settings(max_examples=60, deadline=None)
@given(st.text("abx =\né😀", min_size=1, max_size=25), st.text("abx =\né😀", min_size=1, max_size=3))
def test_a_stop_string_cuts_exactly(text: str, stop: str) -> None:
    [done] = speaker(text).complete([""], SamplingParams(max_tokens=200, stop=(stop,)))
    assert done.text == text.split(stop)[0]
    assert done.finish == ("stop" if stop in text else "end")
    # What the stop cut off stays among the tokens, and there is nothing behind it.
    spoken = tokenizer()(text)["input_ids"]
    assert list(done.tokens) == spoken[: len(done.tokens)]
    assert len(done.logprobs) == len(done.tokens)
    if stop in text:
        assert stop not in tokenizer().decode(done.tokens[:-1])


def test_a_stop_inside_a_token() -> None:
    [word] = tokenizer()(" number")["input_ids"]
    [done] = speaker("the number").complete([""], SamplingParams(stop=("mb",)))
    assert done.text == "the nu"
    assert done.tokens[-1] == word


def test_the_first_of_several_stops() -> None:
    [done] = speaker("one two three").complete([""], SamplingParams(stop=("three", "two", "four")))
    assert (done.text, done.finish) == ("one ", "stop")


def test_the_end_of_text_is_no_part_of_the_text() -> None:
    [done] = speaker("x = 1\n").complete([""], SamplingParams(max_tokens=50))
    assert (done.text, done.finish) == ("x = 1\n", "end")
    assert 0 not in done.tokens


@pytest.mark.parametrize("count", [0, 1, 3])
def test_at_most_so_many_tokens(count: int) -> None:
    [done] = speaker("a b c d e f g h").complete([""], SamplingParams(max_tokens=count))
    assert (len(done.tokens), done.finish) == (count, "length")
    assert "a b c d e f g h".startswith(done.text)


def test_no_prompts_and_progress(small: Tiny) -> None:
    told: list[int] = []
    assert small.engine().complete([], SamplingParams()) == []
    small.engine(4).complete(PROMPTS, SamplingParams(max_tokens=2), on_done=told.append)
    assert told == [4, 2]


def test_what_does_not_fit_into_the_context_is_one_sentence(small: Tiny) -> None:
    fits = SamplingParams(max_tokens=small.model.config.max_position_embeddings - 2)
    small.engine().complete(["\n"], SamplingParams(max_tokens=1))
    with pytest.raises(
        RatchetError, match=r"^a prompt of 3 tokens and max_tokens 510 exceed .* tiny \(512\)"
    ):
        small.engine().complete(["\n\n"], fits)


def test_a_lone_surrogate_is_one_sentence(small: Tiny) -> None:
    with pytest.raises(RatchetError, match=r"lone surrogate \(at character 1\)"):
        small.engine().complete(["ok", "x\ud800"], SamplingParams())
    with pytest.raises(RatchetError, match=r"lone surrogate \(at character 0\)"):
        small.engine().score(["\udfff"])
