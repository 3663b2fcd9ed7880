"""How fast we train: `ratchet.train.scratch.fit` against transformers.Trainer.

    python benchmarks/training.py [--rounds N] [--sizes demo,5m] [--threads N] [--json]

Both train the same model class from the same weights on the same rows, with the
same optimiser, schedule and clipping; that their last losses agree is checked.
They take turns, round by round, and who begins changes each round, so that other
load falls on both alike. The ratio is taken within each round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.utils import logging

from ratchet.corpus.packing import Rows
from ratchet.train import ModelShape, TrainConfig
from ratchet.train.scratch import fit, new_model

VOCABULARY = 640


@dataclass(frozen=True)
class Size:
    """A model and a training of it."""

    shape: ModelShape
    config: TrainConfig


SIZES = {
    "demo": Size(ModelShape(), TrainConfig(steps=120)),
    "5m": Size(ModelShape(hidden=256, layers=5), TrainConfig(steps=12, rows_per_step=2, lr=1e-3)),
}


class InOrder(Trainer):  # type: ignore[misc]
    """A Trainer that takes the rows in their order, as `fit` does."""

    def _get_train_sampler(self, *_: Any) -> torch.utils.data.Sampler[int]:
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def log(self, logs: dict[str, float], *_: Any) -> None:
        """Keep the losses; do not print them."""
        self.state.log_history.append(logs)


class Clock(TrainerCallback):  # type: ignore[misc]
    """The seconds from the first step to the last, as `fit` counts them: without any setting up."""

    def __init__(self) -> None:
        self.begun = self.seconds = 0.0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """The first step is next."""
        self.begun = time.perf_counter()

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """The last step is over."""
        self.seconds = time.perf_counter() - self.begun


def with_fit(size: Size, rows: Rows) -> tuple[float, float]:
    """Seconds, and the loss of the last steps."""
    model = new_model(size.shape, vocab_size=VOCABULARY, end_of_text=0, seed=0)
    result = fit(model, rows, size.config)
    return result.wall_s, result.losses[-1][1]


def with_trainer(size: Size, rows: Rows) -> tuple[float, float]:
    """The same work by transformers.Trainer."""
    model, config = new_model(size.shape, vocab_size=VOCABULARY, end_of_text=0, seed=0), size.config
    data = [{"input_ids": row, "labels": row} for row in torch.from_numpy(rows.astype(np.int64))]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            max_steps=config.steps,
            per_device_train_batch_size=config.rows_per_step,
            learning_rate=config.lr,
            adam_beta1=config.betas[0],
            adam_beta2=config.betas[1],
            weight_decay=config.weight_decay,
            max_grad_norm=config.clip,
            optim="adamw_torch_fused",
            logging_steps=max(1, config.steps // 100),
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
        )
        clock = Clock()
        trainer = InOrder(model, arguments, train_dataset=data, callbacks=[clock])
        trainer.create_optimizer()
        trainer.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
            trainer.optimizer, lambda step: config.lr_at(step) / config.lr
        )
        trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return clock.seconds, float(losses[-1])


def measure(size: Size, rounds: int) -> dict[str, list[float]]:
    """Tokens per second of both, round by round."""
    config = size.config
    shape = (config.steps * config.rows_per_step, config.row_length)
    rows = np.random.default_rng(0).integers(1, VOCABULARY, shape, np.uint16)
    ways = [("fit", with_fit), ("Trainer", with_trainer)]
    rates: dict[str, list[float]] = {name: [] for name, _ in ways}
    for number in range(rounds + 1):
        losses = []
        for name, way in ways if number % 2 else ways[::-1]:
            seconds, loss = way(size, rows)
            losses.append(loss)
            if number:  # the first round is to warm up
                rates[name].append(rows.size / seconds)
        if abs(losses[0] - losses[1]) > 1e-3:
            raise SystemExit(f"the two did not do the same: their last losses are {losses}")
    return rates


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Compare our training loop with transformers.Trainer.")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of both (7)")
    parser.add_argument("--sizes", default=",".join(SIZES), help="which models, of demo and 5m (both)")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (1)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    logging.set_verbosity_error()
    found = {name: measure(SIZES[name], arguments.rounds) for name in arguments.sizes.split(",")}
    load = os.getloadavg()[0]
    if arguments.json:
        json.dump({"rates": found, "threads": arguments.threads, "load": load}, sys.stdout)
        return
    print(f"tokens/s, median of {arguments.rounds} rounds; threads {arguments.threads}, load {load:.1f}")
    print(f"{'size':<8}{'fit':>9}{'Trainer':>9}{'ratio':>8}   slowest to fastest round's ratio")
    for name, rates in found.items():
        ratios = sorted(a / b for a, b in zip(rates["fit"], rates["Trainer"], strict=True))
        ours, theirs = (statistics.median(rates[way]) for way in ("fit", "Trainer"))
        spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
        print(f"{name:<8}{ours:>9.0f}{theirs:>9.0f}{statistics.median(ratios):>8.2f}   {spread}")


if __name__ == "__main__":
    main()
