"""The teaching stage: a teacher writes programs, the jail runs them, errors go back for repair.

AIEV-Instruct (AutoCoder, section 3) with the parts that a tiny model cannot play
taken over by the problem: the tests come with it instead of from the model, and
the questioner's description of an error is the verdict's evidence. What remains is
the loop itself: write, run, describe, revise, run again, and keep the whole
conversation with what was seen at every step.

Nothing is filtered here. An entry says how it ended; what to train on is chosen
by whoever reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ratchet.decode import synthesize
from ratchet.engines.base import Engine, SamplingParams
from ratchet.judge.judging import judge_many
from ratchet.judge.types import Verdict
from ratchet.problems.types import Problem, Sample
from ratchet.runs.seeds import derive
from ratchet.sandbox import Limits, Sandbox


class Ending(StrEnum):
    """How an entry ended."""

    VERIFIED = "verified"
    """The first program passed its tests."""
    REPAIRED = "repaired"
    """A later program passed, after the evidence was shown."""
    DISCARDED = "discarded"
    """No program passed within the rounds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One conversation about one problem: every program that was written, with its verdict."""

    problem_id: str
    attempt: int
    """Counts the conversations about the same problem from 0."""
    programs: tuple[str, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def ending(self) -> Ending:
        """How it ended."""
        if not self.verdicts[-1].passed:
            return Ending.DISCARDED
        return Ending.VERIFIED if len(self.verdicts) == 1 else Ending.REPAIRED

    def as_dict(self) -> dict[str, Any]:
        """Plain data; `Entry.from_dict` reads it back."""
        return {
            "problem_id": self.problem_id,
            "attempt": self.attempt,
            "programs": list(self.programs),
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
            "ending": str(self.ending),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Entry:
        """The entry that `as_dict` wrote."""
        verdicts = tuple(Verdict.from_dict(v) for v in data["verdicts"])
        return cls(data["problem_id"], data["attempt"], tuple(data["programs"]), verdicts)


@dataclass(frozen=True, slots=True)
class TeachingConfig:
    """How the teaching stage goes."""

    attempts: int = 2
    """Conversations per problem."""
    max_repairs: int = 2
    """Most revisions in one conversation (the paper allows seven rounds)."""
    temperature: float = 1.0
    max_tokens: int = 40
    """Per turn."""
    wall_s: float = 5.0
    """Time limit of one program with all its tests."""


def teach(
    engine: Engine,
    problems: Sequence[Problem],
    sandbox: Sandbox,
    config: TeachingConfig,
    *,
    turn_start: str,
    repair_context: Callable[[str, str], str],
    seed: int,
    on_done: Callable[[int], None] = lambda _: None,
) -> list[Entry]:
    """Hold `config.attempts` conversations about every problem, in the problems' order.

    `repair_context(program, evidence)` is the text after which a revision is due.
    The problem's turns are put again behind it, so a revision is a whole program.
    `on_done` is told how many conversations more have ended.
    """
    asked = [(problem, attempt) for problem in problems for attempt in range(config.attempts)]
    programs: list[list[str]] = [[] for _ in asked]
    verdicts: list[list[Verdict]] = [[] for _ in asked]
    params = SamplingParams(max_tokens=config.max_tokens, temperature=config.temperature)
    limits = Limits(wall_s=config.wall_s)
    open_ones = list(range(len(asked)))
    for round_ in range(config.max_repairs + 1):
        contexts = [
            repair_context(programs[i][-1], verdicts[i][-1].detail) if round_ else "" for i in open_ones
        ]
        sessions = synthesize(
            engine,
            [asked[i][0].turns for i in open_ones],
            params,
            turn_start=turn_start,
            contexts=contexts,
            seeds=[derive(seed, asked[i][0].id, asked[i][1], round_) for i in open_ones],
        )
        samples = [
            (asked[i][0], Sample(asked[i][0].id, asked[i][1], session.program, standalone=True))
            for i, session in zip(open_ones, sessions, strict=True)
        ]
        for at, verdict in judge_many(samples, sandbox, limits):
            programs[open_ones[at]].append(sessions[at].program)
            verdicts[open_ones[at]].append(verdict)
            if verdict.passed or round_ == config.max_repairs:
                on_done(1)
        open_ones = [i for i in open_ones if not verdicts[i][-1].passed]
    return [
        Entry(problem.id, attempt, tuple(p), tuple(v))
        for (problem, attempt), p, v in zip(asked, programs, verdicts, strict=True)
    ]


def unverified_programs(entries: Sequence[Entry]) -> list[str]:
    """What a teacher's word alone gives: every first program."""
    return [entry.programs[0] for entry in entries]


def verified_programs(entries: Sequence[Entry]) -> list[str]:
    """The first programs that passed."""
    return [entry.programs[0] for entry in entries if entry.ending is Ending.VERIFIED]


def proven_programs(entries: Sequence[Entry]) -> list[str]:
    """The programs that passed, at once or after repair."""
    return [entry.programs[-1] for entry in entries if entry.ending is not Ending.DISCARDED]
