"""What the demo does and how much of it, as plain configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

from ratchet.errors import RatchetError
from ratchet.problems.micro import CONFUSABLE
from ratchet.synth.teaching import TeachingConfig
from ratchet.train.config import ModelShape, TrainConfig


@dataclass(frozen=True, slots=True)
class ProblemsConfig:
    """How many problems there are."""

    held_out_per_length: int = 100
    """Held-out problems of 2, of 3, of 4 and of 5 steps."""
    lesson_per_length: int = 100
    """New problems of 2, of 3 and of 4 steps in each round of teaching, and a tenth as many of 1 step."""


@dataclass(frozen=True, slots=True)
class CarelessConfig:
    """What is wrong with the corpus that the teacher learns from."""

    weak_operations: int = 8
    """So many of the confusable operations are written carelessly."""
    error_rate: float = 0.85
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


SMOKE = (
    "smoke=true",
    "problems.held_out_per_length=6",
    "problems.lesson_per_length=20",
    "base.steps=250",
    "student.steps=20",
    "teaching.attempts=1",
    "teaching.max_repairs=1",
)
"""Settings that make everything so small that it ends within a minute: for tests, not for conclusions."""


def check(config: DemoConfig) -> None:
    """Refuse a configuration that cannot be carried out.

    Raises:
        RatchetError: the first setting that is out of its range, by name.
    """
    limits: list[tuple[str, float, float]] = [
        ("seeds", config.seeds, 1),
        ("vocab_size", config.vocab_size, 257),
        ("problems.held_out_per_length", config.problems.held_out_per_length, 1),
        ("problems.lesson_per_length", config.problems.lesson_per_length, 10),
        ("model.heads", config.model.heads, 1),
        ("model.layers", config.model.layers, 1),
        ("careless.weak_operations", config.careless.weak_operations, 1),
        ("teaching.attempts", config.teaching.attempts, 1),
        ("teaching.max_repairs", config.teaching.max_repairs, 0),
        ("teaching.max_tokens", config.teaching.max_tokens, 1),
        ("teaching.temperature", config.teaching.temperature, 0),
    ]
    for name, train in (("base", config.base), ("student", config.student)):
        limits += [
            (f"{name}.steps", train.steps, 1),
            (f"{name}.rows_per_step", train.rows_per_step, 1),
            (f"{name}.row_length", train.row_length, 2),
        ]
        if not 0 < train.lr <= 1:
            raise RatchetError(f"{name}.lr is {train.lr:g}: give a learning rate between 0 and 1.")
    for name, value, least in limits:
        if value < least:
            raise RatchetError(f"{name} is {value:g}: give at least {least:g}.")
    if config.model.hidden < 1 or config.model.hidden % (2 * config.model.heads):
        raise RatchetError(
            f"model.hidden is {config.model.hidden}: give a multiple of {2 * config.model.heads}, "
            f"twice model.heads."
        )
    if config.careless.weak_operations > len(CONFUSABLE):
        raise RatchetError(
            f"careless.weak_operations is {config.careless.weak_operations}: there are {len(CONFUSABLE)}."
        )
    for name, share in (
        ("careless.error_rate", config.careless.error_rate),
        ("careless.repair_share", config.careless.repair_share),
    ):
        if not 0 <= share <= 1:
            raise RatchetError(f"{name} is {share:g}: give a share between 0 and 1.")
