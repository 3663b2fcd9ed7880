"""Train a small Llama-architecture model, from scratch or onwards from a checkpoint.

The model is transformers' own class, the loop is ours, so that everything that decides
the result is in the configuration and the rows of tokens: the same input gives the same
weights, to the bit, with the same number of threads (whoever calls sets that). Once
`transformers.Trainer` is set up, it takes 1.01 to 1.07 times as long for a token
(`benchmarks/training.py`, one thread).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from ratchet.corpus.packing import Rows
from ratchet.train.config import ModelShape, TrainConfig


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a training did."""

    parameters: int
    tokens: int
    wall_s: float
    losses: tuple[tuple[int, float], ...]
    """(step, mean loss in nats per token since the point before), about a hundred points."""

    @property
    def tokens_per_s(self) -> float:
        """Tokens trained on per second of wall time."""
        return self.tokens / self.wall_s


OnStep = Callable[[int, float], None]
"""Told now and then: (steps done, mean loss lately)."""


def new_model(shape: ModelShape, *, vocab_size: int, end_of_text: int, seed: int) -> Any:
    """A Llama-architecture model with random weights drawn from `seed`.

    Raises:
        ValueError: `hidden` is not an even multiple of `heads`.
    """
    if shape.hidden % (2 * shape.heads):
        raise ValueError(f"hidden {shape.hidden} is not an even multiple of heads {shape.heads}")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=vocab_size,
                hidden_size=shape.hidden,
                intermediate_size=4 * shape.hidden,
                num_hidden_layers=shape.layers,
                num_attention_heads=shape.heads,
                num_key_value_heads=shape.heads,
                max_position_embeddings=shape.context,
                tie_word_embeddings=True,
                bos_token_id=end_of_text,
                eos_token_id=end_of_text,
                pad_token_id=end_of_text,
            )
        )


def load_model(path: Path) -> Any:
    """The model of a checkpoint folder in Hugging Face format, in single precision."""
    return AutoModelForCausalLM.from_pretrained(str(path), dtype=torch.float32)


def fit(model: Any, rows: Rows, config: TrainConfig, *, on_step: OnStep = lambda *_: None) -> TrainResult:
    """Train `model` in place on `rows` (shape (steps * rows_per_step, row_length)), in their order.

    Loss is on every token of a row but its first.

    Raises:
        ValueError: the rows are not as many or not as long as the configuration says,
            or the loss is no longer a number.
    """
    wanted = (config.steps * config.rows_per_step, config.row_length)
    if rows.shape != wanted:
        raise ValueError(f"this training needs rows of shape {wanted}, not {rows.shape}")
    model.train()
    optimizer = _optimizer(model, config)
    parameters = list(model.parameters())
    every = max(1, config.steps // 100)
    lately: list[float] = []
    losses: list[tuple[int, float]] = []
    begun = time.perf_counter()
    for step in range(config.steps):
        for group in optimizer.param_groups:
            group["lr"] = config.lr_at(step)
        at = step * config.rows_per_step
        batch = torch.from_numpy(rows[at : at + config.rows_per_step].astype(np.int64))
        loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, config.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        lately.append(loss.item())
        if (step + 1) % every == 0 or step + 1 == config.steps:
            mean = sum(lately) / len(lately)
            if not math.isfinite(mean):
                raise ValueError(f"the loss is {mean} at step {step + 1}: lower lr ({config.lr})")
            losses.append((step + 1, mean))
            on_step(step + 1, mean)
            lately.clear()
    model.eval()
    return TrainResult(model.num_parameters(), int(rows.size), time.perf_counter() - begun, tuple(losses))


def _optimizer(model: Any, config: TrainConfig) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.lr, betas=config.betas, fused=True)
