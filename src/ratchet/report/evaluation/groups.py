"""The samples of a Run on a benchmark at one temperature: what every figure is a figure of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ratchet.evaluation.records import Evaluation, SampleRecord
from ratchet.judge import pass_at_k
from ratchet.judge.intervals import problem_interval
from ratchet.report.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Group:
    """All samples of a Run on one benchmark at one temperature."""

    run: int
    """Its position among the Runs of the report."""
    model: str
    benchmark: str
    temperature: float | None
    samples: Sequence[SampleRecord]
    passed: Mapping[str, tuple[int, int]]
    """By problem: samples that passed, samples."""
    broken: frozenset[str]
    """Problems that no answer can pass."""
    told: Mapping[str, Any]
    """What the Run itself says of it: `ratchet.evaluation.results.Figures.as_dict`, or empty."""

    @property
    def fewest(self) -> int:
        """The least number of samples of a problem: the largest k."""
        return min(n for _, n in self.passed.values())

    @property
    def most(self) -> int:
        """The largest number of samples of a problem."""
        return max(n for _, n in self.passed.values())

    @property
    def rules(self) -> str:
        """Whose rules it was judged by: "strict", "paper", or empty where the Run does not say."""
        return str(self.told.get("rules", ""))

    def pass_at(self, k: int, *, sound: bool = False) -> Estimate:
        """pass@k with its 95 % bootstrap interval over problems; `sound`: without the broken ones.

        Of no problems it is a gap; of one the interval has no width.
        """
        left_out = self.broken if sound else frozenset()
        values = [pass_at_k(n, c, k) for name, (c, n) in self.passed.items() if name not in left_out]
        if not values:
            return Estimate(float("nan"), float("nan"), float("nan"))
        found = problem_interval(values)
        return Estimate(found.mean, found.low, found.high)


def groups(runs: Sequence[Evaluation], names: Sequence[str]) -> list[Group]:
    """Every group of every Run: by benchmark as they first come, then by Run, then by temperature."""
    found = []
    for place, (run, model) in enumerate(zip(runs, names, strict=True)):
        samples: dict[tuple[str, float | None], list[SampleRecord]] = {}
        for sample in run.samples:
            samples.setdefault((sample.benchmark, sample.temperature), []).append(sample)
        for (benchmark, temperature), some in samples.items():
            passed: dict[str, tuple[int, int]] = {}
            for sample in some:
                right, total = passed.get(sample.problem_id, (0, 0))
                passed[sample.problem_id] = right + sample.passed, total + 1
            broken = frozenset(
                one.problem_id for one in run.problems if one.benchmark == benchmark and one.broken
            )
            told = _told(run, benchmark, temperature)
            found.append(Group(place, model, benchmark, temperature, some, passed, broken, told))
    order = list(dict.fromkeys(name for run in runs for name in run.benchmarks))
    found.sort(key=lambda g: (order.index(g.benchmark), g.run, g.temperature is None, g.temperature or 0.0))
    return found


def _told(run: Evaluation, benchmark: str, temperature: float | None) -> Mapping[str, Any]:
    for one in results_of(run):
        if one.get("benchmark") == benchmark and one.get("temperature") == temperature:
            return one
    return {}


def results_of(run: Evaluation) -> list[Mapping[str, Any]]:
    """What the Run itself says, by benchmark and temperature; a Run of `ratchet score` has one of each."""
    return list(run.summary.get("results", [run.summary]))
