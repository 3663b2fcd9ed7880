"""What the demo does and how much of it, as plain configuration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ratchet.synth.teaching import TeachingConfig
from ratchet.train.config import ModelShape, TrainConfig


@dataclass(frozen=True, slots=True)
class ProblemsConfig:
    """How many problems there are."""

    held_out_per_length: int = 100
    """Held-out problems of 2, of 3, of 4 and of 5 steps."""
    lesson_per_length: int = 200
    """New problems of 2, of 3 and of 4 steps in each round of teaching, and a tenth as many of 1 step."""


@dataclass(frozen=True, slots=True)
class CarelessConfig:
    """What is wrong with the corpus that the teacher learns from."""

    weak_operations: int = 8
    """So many of the confusable operations are written carelessly."""
    error_rate: float = 0.7
    """How often such a step has its look-alike's code."""
    repair_share: float = 0.5
    """Share of the wrong programs that are followed by their error and the right program."""


@dataclass(frozen=True, slots=True)
class DemoConfig:
    """Everything that decides the demo's result."""

    seed: int = 0
    seeds: int = 1
    """The whole is done for so many training seeds: `seed`, `seed + 1`, …"""
    vocab_size: int = 640
    problems: ProblemsConfig = field(default_factory=ProblemsConfig)
    model: ModelShape = field(default_factory=ModelShape)
    base: TrainConfig = field(default_factory=TrainConfig)
    """Training from scratch: both mixtures, and the teacher."""
    student: TrainConfig = field(default_factory=lambda: TrainConfig(steps=500, lr=2e-3))
    """A student's training onwards from the teacher's weights."""
    careless: CarelessConfig = field(default_factory=CarelessConfig)
    teaching: TeachingConfig = field(default_factory=TeachingConfig)
    smoke: bool = False
    """Everything so small that the numbers mean nothing."""


def smoke(config: DemoConfig) -> DemoConfig:
    """The same, so small that it ends within a minute: for tests, not for conclusions."""
    return replace(
        config,
        problems=ProblemsConfig(held_out_per_length=6, lesson_per_length=10),
        base=replace(config.base, steps=150),
        student=replace(config.student, steps=20),
        teaching=replace(config.teaching, attempts=1, max_repairs=1),
        smoke=True,
    )
