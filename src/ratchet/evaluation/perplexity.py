"""Prompt perplexity: how well a model understands what it is asked (CodeGen, sections 2.6 and 4.3).

    perplexity = exp(-1/m * sum over the prompt's m tokens of ln p(token | all before it))

Of a problem in turns, the tokens are those of all turns, each given the turns before it and
the subprograms that the model wrote for these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import exp, fsum, isfinite, sqrt
from typing import Any

from ratchet.engines.base import ScoredText

Span = tuple[int, int]


def perplexity(scored: ScoredText, spans: Sequence[Span]) -> float | None:
    """The perplexity of the tokens that lie wholly within these spans of characters; None without any."""
    logprobs = [value for start, end in spans for value in scored.within(start, end)]
    if not logprobs:
        return None
    value = exp(min(-fsum(logprobs) / len(logprobs), 700.0))
    return value if isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Group:
    """The mean perplexity of some problems, with its standard error (None of fewer than two)."""

    problems: int
    mean: float | None
    standard_error: float | None


@dataclass(frozen=True, slots=True)
class Understanding:
    """CodeGen's table: the prompts of problems that some sample solved, and of the others."""

    passed: Group
    failed: Group

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def understanding(problems: Iterable[tuple[float | None, bool]]) -> Understanding | None:
    """Of (perplexity, whether any sample passed) per problem; None where no perplexity is known."""
    known = [(value, passed) for value, passed in problems if value is not None]
    if not known:
        return None
    return Understanding(
        _group([value for value, passed in known if passed]),
        _group([value for value, passed in known if not passed]),
    )


def _group(values: Sequence[float]) -> Group:
    count = len(values)
    if not count:
        return Group(0, None, None)
    mean = fsum(values) / count
    if count == 1:
        return Group(1, mean, None)
    variance = fsum((value - mean) ** 2 for value in values) / (count - 1)
    return Group(count, mean, sqrt(variance / count))
