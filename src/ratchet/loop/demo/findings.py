"""What the demo's journal says: numbers with intervals, seed by seed and together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ratchet.judge.intervals import Interval, nested_interval, problem_interval
from ratchet.loop.demo.config import DemoConfig
from ratchet.loop.demo.graph import MIXTURES, STUDENTS, unit_name
from ratchet.runs import Run

MODES = ("multi-turn", "single-turn")
MODELS = ("teacher", *STUDENTS, "second")
"""The models of AutoCoder's claim, in the order they were made."""

Values = list[list[float]]
"""One list per training seed, one value per problem."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The journal of a finished demo, read."""

    config: DemoConfig
    seeds: tuple[int, ...]
    results: dict[int, dict[str, Any]]
    """Seed -> name of the unit -> its result."""

    def mixture(self, name: str, mode: str, what: str, steps: int | None = None) -> Values:
        """`what` ("passed" or "perplexity") of a mixture's model, for problems of `steps` steps or all."""
        return self._values(f"eval-{name}", mode, what, lambda seed, i, n: steps in (None, n))

    def model(self, name: str, weak: bool | None = None) -> Values:
        """Passed or not, multi-turn, for one of `MODELS`.

        `weak` True keeps problems with at least one operation that the teacher's
        corpus gets wrong, False keeps those without one.
        """

        def wanted(seed: int, i: int, steps: int) -> bool:
            if weak is None:
                return True
            signature = self.results[seed][f"eval-{name}"]["signatures"][i]
            return weak == bool(set(signature) & set(self.results[seed]["domain"]["weak"]))

        return self._values(f"eval-{name}", "multi-turn", "passed", wanted)

    def of(self, unit: str) -> list[tuple[int, Any]]:
        """(seed, result) of one unit, seed by seed."""
        return [(seed, self.results[seed][unit]) for seed in self.seeds]

    @property
    def covers(self) -> str:
        """What the intervals of this demo cover, in words."""
        return "problems and training seeds" if len(self.seeds) > 1 else "problems"

    def _values(self, unit: str, mode: str, what: str, wanted: Callable[[int, int, int], bool]) -> Values:
        rows: Values = []
        for seed in self.seeds:
            result = self.results[seed][unit]
            pairs = enumerate(zip(result["steps"], result[mode][what], strict=True))
            rows.append([float(value) for i, (steps, value) in pairs if wanted(seed, i, steps)])
        return rows


def read_findings(run: Run, config: DemoConfig) -> Findings:
    """Read the journal of a demo all of whose units are done."""
    seeds = tuple(range(config.seed, config.seed + config.seeds))
    results: dict[int, dict[str, Any]] = {seed: {} for seed in seeds}
    for name, result in run.units():
        for seed in seeds:
            prefix = unit_name(seed, "")
            if name.startswith(prefix):
                results[seed][name.removeprefix(prefix)] = result
    return Findings(config, seeds, results)


def interval(values: Values) -> Interval | None:
    """The mean with its interval: over problems for one seed, over seeds and problems for several.

    None where some seed has no value.
    """
    if not all(values):
        return None
    return problem_interval(values[0]) if len(values) == 1 else nested_interval(values)


def difference(a: Values, b: Values) -> Interval | None:
    """The interval of a - b, paired by problem within each seed."""
    pairs = zip(a, b, strict=True)
    return interval([[x - y for x, y in zip(one, other, strict=True)] for one, other in pairs])


def seed_means(values: Values) -> list[float]:
    """The mean of every seed that has values."""
    return [fmean(row) for row in values if row]


def passed_and_failed(findings: Findings, name: str, mode: str) -> tuple[Values, Values]:
    """Prompt perplexities of the problems that passed, and of those that failed (CodeGen, section 4)."""
    passed = findings.mixture(name, mode, "passed")
    perplexity = findings.mixture(name, mode, "perplexity")
    split: tuple[Values, Values] = ([], [])
    for verdicts, values in zip(passed, perplexity, strict=True):
        for side, wanted in zip(split, (1.0, 0.0), strict=True):
            side.append([v for v, p in zip(values, verdicts, strict=True) if p == wanted])
    return split


def all_overlaps(findings: Findings) -> Sequence[tuple[str, dict[str, int]]]:
    """What each training corpus shares with the held-out problems, summed over seeds."""
    sums: dict[str, dict[str, int]] = {}
    for results in findings.results.values():
        rows = [(name, results[name]["overlap"]) for name in ("teacher", *MIXTURES)]
        rows.append(("lessons", results["domain"]["lesson_overlap"]))
        for name, counts in rows:
            row = sums.setdefault(name, dict.fromkeys(counts, 0))
            for key, count in counts.items():
                row[key] += count
    return list(sums.items())
