"""MTPB's own figures: pass rates of problems, by category, by number of turns and by difficulty.

CodeGen, section 4: the pass rate of a problem is the share of samples that pass, averaged over
its five cases; that of a model is the mean over the problems. The cases of a problem are told
apart by the label "problem" (see `ratchet.problems.benchmarks.mtpb`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import fsum
from typing import Any, Literal

from ratchet.errors import RatchetError

Difficulty = Literal["easy", "medium", "hard"]

EASY, HARD = 0.7, 0.3
"""A problem is easy where its pass rate is above the first, hard where it is below the second.

Our own thresholds: the paper too reports three levels of difficulty, but no text that says
where it drew the lines was at hand.
"""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One problem with one of its inputs: how many of its `samples` passed."""

    problem_id: str
    labels: Mapping[str, str]
    passes: int
    samples: int


@dataclass(frozen=True, slots=True)
class Rate:
    """The mean of the pass rates of `problems` problems, and of how many cases and samples it was made."""

    pass_rate: float
    problems: int
    cases: int
    samples: int


@dataclass(frozen=True, slots=True)
class Summary:
    """All figures. Groups that no problem is in are left out."""

    overall: Rate
    by_category: Mapping[str, Rate]
    """The largest first."""
    by_turns: Mapping[str, Rate]
    """By number of turns, fewest first."""
    by_difficulty: Mapping[str, Rate]
    """easy, medium, hard."""
    own_difficulty: bool
    """Whether the difficulties are those that the very same samples had: the rates by
    difficulty then say how many problems are so, and nothing of the model."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def summarise(results: Iterable[CaseResult], difficulty: Mapping[str, Difficulty] | None = None) -> Summary:
    """The figures of one model at one temperature.

    `difficulty` is by the label "problem", as `difficulties` makes it of several models'
    runs; None makes it of these results. Raises RatchetError where there are no results, on a
    case without samples or with more passes than samples, on one without the labels
    "problem", "category" and "turns", and on a problem that `difficulty` does not know.
    """
    problems = _by_problem(results)
    own = difficulty is None
    levels = difficulties([_rates_of(problems)]) if difficulty is None else difficulty
    unknown = next((name for name in problems if name not in levels), None)
    if unknown is not None:
        raise RatchetError(f"the difficulty of problem {unknown} is not known: give that of every problem.")

    def group(value_of: Mapping[str, str], order: Iterable[str]) -> dict[str, Rate]:
        return {value: _rate(problems, [n for n in problems if value_of[n] == value]) for value in order}

    categories = {name: cases[0].labels["category"] for name, cases in problems.items()}
    turns = {name: cases[0].labels["turns"] for name, cases in problems.items()}
    sizes = {value: list(categories.values()).count(value) for value in categories.values()}
    there = {levels[name] for name in problems}
    return Summary(
        _rate(problems, list(problems)),
        group(categories, sorted(sizes, key=lambda value: (-sizes[value], value))),
        group(turns, sorted(set(turns.values()), key=lambda value: (len(value), value))),
        group(levels, [level for level in ("easy", "medium", "hard") if level in there]),
        own,
    )


def difficulties(runs: Iterable[Mapping[str, float]]) -> dict[str, Difficulty]:
    """How hard each problem is, by the mean of its pass rates in the runs that have it (`EASY`, `HARD`)."""
    rates: dict[str, list[float]] = {}
    for run in runs:
        for name, rate in run.items():
            rates.setdefault(name, []).append(rate)
    return {name: _level(fsum(found) / len(found)) for name, found in rates.items()}


def pass_rates(results: Iterable[CaseResult]) -> dict[str, float]:
    """The pass rate of every problem, by the label "problem"; raises as `summarise` does."""
    return _rates_of(_by_problem(results))


def _rates_of(problems: Mapping[str, list[CaseResult]]) -> dict[str, float]:
    """The pass rate of every problem whose cases are given."""
    return {
        name: fsum(case.passes / case.samples for case in cases) / len(cases)
        for name, cases in problems.items()
    }


def _level(rate: float) -> Difficulty:
    if rate > EASY:
        return "easy"
    return "hard" if rate < HARD else "medium"


def _by_problem(results: Iterable[CaseResult]) -> dict[str, list[CaseResult]]:
    problems: dict[str, list[CaseResult]] = {}
    for case in results:
        if not 0 <= case.passes <= case.samples or not case.samples:
            raise RatchetError(
                f"{case.problem_id} has {case.passes} passes of {case.samples} samples: "
                "each case needs at least one sample, and no more passes than samples."
            )
        missing = [label for label in ("problem", "category", "turns") if label not in case.labels]
        if missing:
            raise RatchetError(f'{case.problem_id} has no label "{missing[0]}": it is no case of MTPB.')
        problems.setdefault(case.labels["problem"], []).append(case)
    if not problems:
        raise RatchetError("there are no results to be summarised: give those of one case at least.")
    return problems


def _rate(problems: Mapping[str, list[CaseResult]], names: list[str]) -> Rate:
    rates = _rates_of({name: problems[name] for name in names})
    cases = [case for name in names for case in problems[name]]
    samples = sum(case.samples for case in cases)
    return Rate(fsum(rates.values()) / len(rates), len(names), len(cases), samples)
