"""The nouns of the problems room: what is asked, how an answer is judged, one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One input/output test: `entry_point(*args)` must equal `expected`. Plain data only."""

    args: tuple[Any, ...]
    expected: Any


@dataclass(frozen=True, slots=True)
class CallOracle:
    """Judge by calling `entry_point` on every case and comparing what comes back."""

    entry_point: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class CheckOracle:
    """Judge as HumanEval does: `test` defines `check(candidate)`, which raises on a wrong answer.

    `preamble` is code that the test may rely on besides the candidate: the
    prompt, for helper functions that it defines.
    """

    entry_point: str
    test: str
    preamble: str = ""


Oracle = CallOracle | CheckOracle


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to be solved: one or more turns of prompt, and an oracle.

    `prompt` is what a completion is appended to. `turns` is the same request cut
    into steps, each to be answered after the one before (CodeGen, section 4);
    a problem that was not factored has one turn.
    """

    id: str
    prompt: str
    oracle: Oracle
    language: str = "python"
    turns: tuple[str, ...] = ()
    reference: str | None = None
    """A completion of `prompt` that is known to be right, where one is."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer to one problem, and where it came from.

    `completion` continues the problem's prompt; when `standalone` is true it is
    a whole program instead (EvalPlus's `solution`).
    """

    problem_id: str
    index: int
    completion: str
    standalone: bool = False
    origin: Mapping[str, Any] = field(default_factory=dict)
    """The engine, seed and sampling parameters that made it; empty if unknown."""
