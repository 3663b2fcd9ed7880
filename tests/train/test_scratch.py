"""Training learns, is repeatable to the bit, and leaves a checkpoint that others can read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `local` is not installed")

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from ratchet.corpus.packing import Rows, load_rows, save_rows
from ratchet.train import ModelShape, TrainConfig
from ratchet.train.scratch import fit, load_model, new_model
from tests.local_models import ROW_LENGTH, tiny

pytestmark = pytest.mark.local

SHAPE = ModelShape(hidden=16, layers=1, heads=2, context=64)
CONFIG = TrainConfig(steps=12, rows_per_step=2, row_length=16, warmup_steps=3)


def rows(config: TrainConfig = CONFIG, seed: int = 0) -> Rows:
    random = np.random.default_rng(seed)
    return random.integers(1, 50, (config.steps * config.rows_per_step, config.row_length), np.uint16)


def new(seed: int = 0) -> LlamaForCausalLM:
    return new_model(SHAPE, vocab_size=50, end_of_text=0, seed=seed)


def weights(model: LlamaForCausalLM) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_the_loss_falls() -> None:
    result = tiny().result
    first, last = result.losses[0], result.losses[-1]
    assert first[1] > 4.0
    assert last[1] < 1.0
    assert [step for step, _ in result.losses] == list(range(3, 301, 3))
    assert result.tokens == 300 * 4 * ROW_LENGTH
    assert result.tokens_per_s == pytest.approx(result.tokens / result.wall_s)
    assert result.parameters == sum(p.numel() for p in tiny().model.parameters())
    assert not tiny().model.training


def test_the_loss_is_that_of_every_token_but_the_first() -> None:
    model, config = new(), replace(CONFIG, steps=1)
    data = rows(config)
    with torch.no_grad():
        logprobs = torch.log_softmax(model(torch.from_numpy(data.astype(np.int64))).logits, dim=-1).numpy()
    taken = [-logprobs[i, t, data[i, t + 1]] for i in range(2) for t in range(config.row_length - 1)]
    [(step, loss)] = fit(model, data, config).losses
    assert step == 1
    assert loss == pytest.approx(float(np.mean(taken)), abs=1e-5)


def test_the_same_seed_and_rows_give_the_same_weights_to_the_bit() -> None:
    first, second, other_rows, other_seed = new(), new(), new(), new(seed=1)
    assert equal(weights(first), weights(second))
    assert not equal(weights(first), weights(other_seed))
    fit(first, rows(), CONFIG)
    torch.rand(7)  # what others draw changes nothing
    fit(second, rows(), CONFIG)
    fit(other_rows, rows(seed=1), CONFIG)
    assert equal(weights(first), weights(second))
    assert not equal(weights(first), weights(other_rows))
    assert not equal(weights(first), weights(new()))


def test_a_new_model_takes_no_draws_from_others() -> None:
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    model = new()
    assert torch.equal(torch.rand(3), wanted)
    assert model.config.tie_word_embeddings
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight


def test_norms_do_not_decay() -> None:
    config = replace(CONFIG, steps=1, warmup_steps=1, decay_share=0.0, lr=0.01)
    plain, decayed = new(), new()
    before = weights(plain)
    fit(plain, rows(config), replace(config, weight_decay=0.0))
    fit(decayed, rows(config), replace(config, weight_decay=0.5))
    norms = 0
    for name, with_decay in weights(decayed).items():
        difference = weights(plain)[name] - with_decay
        if with_decay.dim() == 1:
            norms += 1
            assert torch.equal(difference, torch.zeros_like(difference)), name
        else:
            assert torch.allclose(difference, 0.01 * 0.5 * before[name], atol=1e-6), name
    assert norms == 3


@pytest.mark.parametrize(("count", "length"), [(23, 16), (25, 16), (24, 15), (12, 32)])
def test_rows_of_another_shape_are_refused(count: int, length: int) -> None:
    model = new()
    with pytest.raises(ValueError, match=rf"rows of shape \(24, 16\), not \({count}, {length}\)"):
        fit(model, np.zeros((count, length), np.uint16), CONFIG)
    assert equal(weights(model), weights(new()))


def test_a_loss_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the loss is nan at step \d+: lower lr \(1e\+30\)"):
        fit(new(), rows(), replace(CONFIG, lr=1e30))


@pytest.mark.parametrize("heads", [3, 16])
def test_a_shape_that_does_not_divide_is_refused(heads: int) -> None:
    with pytest.raises(ValueError, match=f"hidden 16 is not an even multiple of heads {heads}"):
        new_model(ModelShape(hidden=16, heads=heads), vocab_size=50, end_of_text=0, seed=0)


def test_progress_is_told_step_by_step(tmp_path: Path) -> None:
    save_rows(rows(), tmp_path / "rows.npy")
    told: list[tuple[int, float]] = []
    result = fit(new(), load_rows(tmp_path / "rows.npy"), CONFIG, on_step=lambda *at: told.append(at))
    assert tuple(told) == result.losses
    assert [step for step, _ in told] == list(range(1, 13))


def test_a_checkpoint_is_read_by_plain_transformers(tmp_path: Path) -> None:
    small = tiny()
    small.model.save_pretrained(str(tmp_path))
    small.tokenizer.save_pretrained(str(tmp_path))
    tokenizer = AutoTokenizer.from_pretrained(str(tmp_path))
    text = "def f(xs):\n    # Reverse the list.\n"
    ids = torch.tensor([tokenizer(text)["input_ids"]])
    assert ids[0].tolist() == small.tokenizer(text)["input_ids"]
    for loaded in (AutoModelForCausalLM.from_pretrained(str(tmp_path)), load_model(tmp_path)):
        assert type(loaded) is LlamaForCausalLM
        assert not loaded.training
        with torch.inference_mode():
            assert torch.equal(loaded(ids).logits, small.model(ids).logits)


def test_training_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    tiny().model.save_pretrained(str(tmp_path))
    config = TrainConfig(steps=5, rows_per_step=2, row_length=16, lr=1e-4)
    model = load_model(tmp_path)
    fit(model, rows(config), config)
    assert not equal(weights(model), weights(tiny().model))
