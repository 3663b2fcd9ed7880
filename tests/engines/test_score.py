"""Scores of given texts; and what cannot be loaded is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the extra `local` is not installed")

import torch

from ratchet.engines import Engine, SamplingParams
from ratchet.engines.transformers import TransformersEngine
from ratchet.errors import RatchetError
from tests.local_models import Tiny, tiny

pytestmark = pytest.mark.local

TEXTS = [
    "def f(xs):\n    # Reverse the list.\n    xs = xs[::-1]\n",
    "x",
    "",
    "# é 😀\n" * 3,
    "def f(n):\n    return n\n",
]


@pytest.fixture(scope="module")
def small() -> Tiny:
    return tiny()


@pytest.fixture
def checkpoint(small: Tiny, tmp_path: Path) -> Path:
    small.model.save_pretrained(str(tmp_path))
    small.tokenizer.save_pretrained(str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("batch_size", [1, 2, 128])
def test_scores_are_those_of_a_plain_forward_pass(small: Tiny, batch_size: int) -> None:
    for text, scored in zip(TEXTS, small.engine(batch_size).score(TEXTS), strict=True):
        ids = [0, *small.tokenizer(text)["input_ids"]]
        with torch.inference_mode():
            logprobs = torch.log_softmax(small.model(torch.tensor([ids])).logits[0], dim=-1)
        wanted = [float(logprobs[i, token]) for i, token in enumerate(ids[1:])]
        assert scored.logprobs == pytest.approx(wanted, abs=1e-4)


def test_a_completion_scores_what_it_said(small: Tiny) -> None:
    prompt = TEXTS[0]
    [done] = small.engine().complete([prompt], SamplingParams(max_tokens=20, temperature=0.0))
    [scored] = small.engine().score([prompt + done.text])
    assert scored.within(len(prompt), len(prompt + done.text)) == pytest.approx(done.logprobs, abs=1e-4)


@settings(max_examples=40)
@given(st.text("ab_ \n(=", max_size=40))
def test_spans_tile_the_text(text: str) -> None:
    [scored] = tiny().engine().score([text])
    assert "".join(text[a:b] for a, b in scored.spans) == text
    assert len(scored.spans) == len(scored.logprobs)
    assert scored.within(0, len(text)) == list(scored.logprobs)


def test_within_is_what_lies_wholly_inside(small: Tiny) -> None:
    [scored] = small.engine().score(["def f(xs):\n"])
    (first, second), *_ = scored.spans
    assert scored.within(first, second) == [scored.logprobs[0]]
    assert scored.within(first, second - 1) == []
    assert scored.within(first + 1, second) == []


def test_texts_without_tokens(small: Tiny) -> None:
    engine: Engine = small.engine()
    assert engine.score([]) == []
    [empty] = engine.score([""])
    assert (empty.spans, empty.logprobs) == ((), ())


def test_a_text_longer_than_the_context(small: Tiny) -> None:
    assert len(small.engine().score(["\n" * 511])[0].logprobs) == 511
    with pytest.raises(RatchetError, match=r"^a text of 513 tokens exceeds the context of tiny \(512\)"):
        small.engine().score(["\n" * 512])


def test_a_checkpoint_folder_is_loaded(small: Tiny, checkpoint: Path) -> None:
    engine = TransformersEngine.load(checkpoint)
    assert engine.name == str(checkpoint)
    params = SamplingParams(max_tokens=20, temperature=1.0)
    assert engine.complete(TEXTS, params) == small.engine().complete(TEXTS, params)


def sentence(path: Path | str) -> str:
    with pytest.raises(RatchetError) as caught:
        TransformersEngine.load(path)
    text = str(caught.value)
    assert text.startswith(f"no model can be loaded from {path} (")
    assert text.endswith("): name a checkpoint folder or a hub model.")
    assert "\n" not in text
    return text


def test_there_is_no_such_checkpoint(tmp_path: Path) -> None:
    sentence(tmp_path / "none")
    sentence(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_checkpoint_that_is_cut_off(checkpoint: Path, name: str) -> None:
    whole = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(whole[: len(whole) // 2])
    sentence(checkpoint)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_checkpoint_that_lacks_a_file(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    sentence(checkpoint)


def test_a_tokenizer_file_of_another_kind(checkpoint: Path) -> None:
    (checkpoint / "tokenizer.json").write_text("{}")
    sentence(checkpoint)


def test_a_tokenizer_without_an_end(small: Tiny, checkpoint: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    endless = PreTrainedTokenizerFast(tokenizer_file=str(checkpoint / "tokenizer.json"))
    with pytest.raises(
        RatchetError, match=r"^the tokenizer of tiny has no end-of-text token: set its eos_token\.$"
    ):
        TransformersEngine(small.model, endless, name="tiny")
