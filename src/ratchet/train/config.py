"""How a model is shaped and trained; plain data, so that reading a configuration loads no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The shape of a Llama-architecture model with tied embeddings."""

    hidden: int = 64
    layers: int = 2
    heads: int = 4
    context: int = 1024


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How to train: AdamW, a short warm-up, a plateau, then linear decay to zero."""

    steps: int = 3000
    rows_per_step: int = 4
    row_length: int = 128
    lr: float = 8e-3
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.1
    """Applied to matrices only, not to norms."""
    warmup_steps: int = 20
    decay_share: float = 0.7
    """Share of the steps, the last ones, over which the rate falls linearly to zero."""
    clip: float = 1.0

    def lr_at(self, step: int) -> float:
        """The learning rate of step `step`, counted from 0."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        plateau = self.steps * (1 - self.decay_share)
        fallen = max(0.0, step - plateau) / max(1.0, self.steps - plateau)
        return self.lr * warm * (1 - fallen)
