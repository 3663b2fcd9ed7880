"""From verdicts to figures: pass@k with intervals, and how many samples ended how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ratchet.errors import RatchetError
from ratchet.judge.intervals import problem_interval
from ratchet.judge.pass_at_k import pass_at_k
from ratchet.judge.types import Verdict, VerdictStatus

DEFAULT_K = (1, 10, 100)


@dataclass(frozen=True, slots=True)
class PassAtK:
    """The mean of pass@k over problems, with its 95 % bootstrap interval over problems.

    `low` and `high` are None where there is but one problem: nothing can be said
    about others then.
    """

    k: int
    mean: float
    low: float | None
    high: float | None
    covers: str = "problems"

    @classmethod
    def over(cls, k: int, values: Sequence[float]) -> PassAtK:
        """That of problems with these values of pass@k."""
        interval = problem_interval(values)
        several = len(values) > 1
        return cls(k, interval.mean, interval.low if several else None, interval.high if several else None)


@dataclass(frozen=True, slots=True)
class Oracles:
    """Where the tests ran, of how many samples: what a reader needs to know how far to trust a score.

    "In-process" verdicts can be forged by a program that sets out to; `in_process` and
    `refused` say of each such problem why its tests could not be kept apart.
    """

    split: int
    in_process_samples: int
    refused_samples: int
    """Samples that were not judged, as their problems' tests cannot be split and had to be."""
    in_process: dict[str, str]
    refused: dict[str, str]
    split_pass_at: tuple[PassAtK, ...]
    """pass@k over the problems whose verdicts are all split; empty where it is the same as over all."""

    @property
    def split_share(self) -> float:
        """The share of verdicts that are split."""
        judged = self.split + self.in_process_samples
        return self.split / judged if judged else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        plain = asdict(self) | {"split_share": self.split_share}
        plain["split_pass_at"] = pass_at_dict(self.split_pass_at)
        return plain


@dataclass(frozen=True, slots=True)
class Score:
    """What scoring found out. `run` is the directory with the evidence.

    `left_out_k` are those of the default k for which some problem has too few
    samples; `left_out_problems` counts problems without any sample (only with
    `partial`). `settings` holds all that bears upon the verdicts.
    """

    benchmark: str
    problems: int
    samples: int
    pass_at: tuple[PassAtK, ...]
    counts: dict[str, int]
    """Samples by verdict status, every status named."""
    left_out_k: tuple[int, ...]
    left_out_problems: int
    oracles: Oracles
    run: str
    settings: dict[str, Any]
    failed_references: dict[str, str] = field(default_factory=dict)
    """Where the benchmark's own solutions were judged: problems of which none passed, and why. Such a
    problem counts as passed where one of its solutions does."""
    broken: dict[str, str] = field(default_factory=dict)
    """Problems that no answer can pass, or not here, and why."""
    unbroken_pass_at: tuple[PassAtK, ...] = ()
    """pass@k over the other problems; empty where none is broken."""
    rules: str = "strict"
    """By whose rules it was judged: "paper" for the authors' own, else "strict"."""
    notes: tuple[str, ...] = ()
    """What a reader of the figures must know."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `score.json` and `--json` have it; pass@k by "pass@1" and so on."""
        plain = asdict(self)
        plain["pass_at"] = pass_at_dict(self.pass_at)
        plain["oracles"] = self.oracles.as_dict()
        plain["unbroken_pass_at"] = pass_at_dict(self.unbroken_pass_at)
        plain["left_out_k"] = list(self.left_out_k)
        plain["notes"] = list(self.notes)
        return plain


def pass_at_dict(rows: Iterable[PassAtK]) -> dict[str, Any]:
    """Rows by name: "pass@1" and so on."""
    return {f"pass@{row.k}": asdict(row) for row in rows}


def choose_k(
    asked: Sequence[int] | None, samples_by_problem: dict[str, int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The k to report, and those of the default ones that cannot be (sorted, each once).

    Raises RatchetError where a k that was asked for is below 1, or above the
    number of samples of some problem: the estimator does not exist there.
    """
    problem = min(samples_by_problem, key=lambda name: samples_by_problem[name])
    fewest = samples_by_problem[problem]
    if asked is None:
        return tuple(k for k in DEFAULT_K if k <= fewest), tuple(k for k in DEFAULT_K if k > fewest)
    chosen = tuple(sorted(set(asked)))
    if not chosen or chosen[0] < 1:
        raise RatchetError("k must be one or more whole numbers from 1 up, such as 1,10,100.")
    if chosen[-1] > fewest:
        raise RatchetError(
            f"pass@{chosen[-1]} needs {chosen[-1]} samples of every problem, but {problem} has {fewest}; "
            "ask for a smaller k, or make more samples."
        )
    return chosen, ()


def tally_oracles(
    verdicts: Iterable[Verdict],
    ks: Sequence[int],
    refused: Mapping[str, str],
    refused_samples: int,
    reasons: Mapping[str, str],
) -> Oracles:
    """Where the tests of these verdicts ran.

    `reasons` says of problems why their tests cannot be kept apart, `refused` of those left out for it.
    """
    verdicts = list(verdicts)
    together = {verdict.problem_id for verdict in verdicts if verdict.oracle != "split"}
    apart = [verdict for verdict in verdicts if verdict.problem_id not in together]
    return Oracles(
        split=sum(verdict.oracle == "split" for verdict in verdicts),
        in_process_samples=sum(verdict.oracle != "split" for verdict in verdicts),
        refused_samples=refused_samples,
        in_process={name: reasons.get(name, "") for name in sorted(together)},
        refused=dict(refused),
        split_pass_at=tally(apart, ks)[0] if together and apart else (),
    )


def tally(verdicts: Iterable[Verdict], ks: Sequence[int]) -> tuple[tuple[PassAtK, ...], dict[str, int]]:
    """pass@k for each k over the problems that the verdicts are on, and the counts by status."""
    samples: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    counts = {str(status): 0 for status in VerdictStatus}
    for verdict in verdicts:
        samples[verdict.problem_id] += 1
        passed[verdict.problem_id] += verdict.passed
        counts[verdict.status] += 1
    rows = []
    for k in ks:
        values = [pass_at_k(n, passed[problem], k) for problem, n in samples.items()]
        rows.append(PassAtK.over(k, values))
    return tuple(rows), counts
