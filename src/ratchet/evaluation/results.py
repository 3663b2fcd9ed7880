"""From the verdicts of an evaluation to its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ratchet.evaluation.mtpb import CaseResult, Summary, summarise
from ratchet.evaluation.perplexity import Understanding, understanding
from ratchet.judge import PassAtK, Verdict, pass_at_k
from ratchet.judge.results import Oracles, choose_k, pass_at_dict, tally, tally_oracles
from ratchet.problems import Benchmark, Problem, ReferenceOracle


@dataclass(frozen=True, slots=True)
class Judged:
    """A sample as figures are made of it."""

    problem: Problem
    verdict: Verdict
    category: str


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The problems that share a value of a label, and the share of their samples that passed."""

    problems: int
    samples: int
    passed: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of one benchmark at one temperature.

    `sound_pass_at` is over the problems that can be passed at all (`Benchmark.broken` lists the
    others), empty where that is all of them; `base_pass_at`, of benchmarks with EvalPlus's added
    inputs, counts a sample as passed that agrees on the original inputs.
    """

    benchmark: str
    rules: str
    temperature: float
    problems: int
    samples: int
    pass_at: tuple[PassAtK, ...]
    left_out_k: tuple[int, ...]
    sound_pass_at: tuple[PassAtK, ...]
    base_pass_at: tuple[PassAtK, ...]
    counts: Mapping[str, int]
    """Samples by verdict status, every status named."""
    categories: Mapping[str, int]
    """Samples that did not pass, by kind of failure, the commonest first."""
    oracles: Oracles
    by_label: Mapping[str, Mapping[str, Breakdown]]
    understanding: Understanding | None
    turns: Summary | None
    """MTPB's own figures, where these are its cases."""
    tokens: int
    """That the model wrote."""
    notes: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        plain = asdict(self)
        for name in ("pass_at", "sound_pass_at", "base_pass_at"):
            plain[name] = pass_at_dict(getattr(self, name))
        plain["oracles"] = self.oracles.as_dict()
        plain["turns"] = self.turns and self.turns.as_dict()
        return plain


def figures(
    benchmark: Benchmark,
    temperature: float,
    judged: Sequence[Judged],
    k: Sequence[int] | None,
    refused: Mapping[str, str],
    perplexities: Mapping[str, float | None],
    tokens: int,
) -> Figures:
    """The figures of all samples of a benchmark at a temperature.

    `refused` says of problems why they were not judged; `perplexities` is by problem. Raises
    RatchetError on a `k` for which there are too few samples.
    """
    verdicts = [each.verdict for each in judged]
    ks, left_out = choose_k(k, Counter(verdict.problem_id for verdict in verdicts))
    pass_at, counts = tally(verdicts, ks)
    groups = {each.problem.id: each.problem.labels.get("problem", "") for each in judged}
    if all(groups.values()):
        pass_at = _over_groups(verdicts, groups, ks)
    solved = {verdict.problem_id for verdict in verdicts if verdict.passed}
    problems = {each.problem.id: each.problem for each in judged}
    sound = [verdict for verdict in verdicts if verdict.problem_id not in benchmark.broken]
    reasons = {verdict.problem_id: verdict.together for verdict in verdicts if verdict.together}
    kinds = Counter(each.category for each in judged if not each.verdict.passed)
    return Figures(
        benchmark=benchmark.name,
        rules=benchmark.rules,
        temperature=temperature,
        problems=len(problems),
        samples=len(verdicts),
        pass_at=pass_at,
        left_out_k=left_out,
        sound_pass_at=tally(sound, ks)[0] if sound and len(sound) < len(verdicts) else (),
        base_pass_at=_base(judged, ks),
        counts=counts,
        categories=dict(kinds.most_common()),
        oracles=tally_oracles(verdicts, ks, refused, 0, reasons),
        by_label=_by_label(judged),
        understanding=understanding((perplexities.get(name), name in solved) for name in problems),
        turns=_turns(judged) if all(groups.values()) else None,
        tokens=tokens,
        notes=benchmark.notes,
        broken={name: why for name, why in benchmark.broken.items() if name in problems},
    )


def best(every: Iterable[Figures]) -> list[dict[str, Any]]:
    """For each benchmark and k the temperature with the highest pass@k, as papers report it.

    Chosen on the very samples that it is reported on, the figure flatters: the one of a
    temperature that was fixed before is the honest one.
    """
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for one in every:
        for row in one.pass_at:
            key = one.benchmark, row.k
            if key not in found or row.mean > found[key]["mean"]:
                about = {"benchmark": one.benchmark, "k": row.k, "temperature": one.temperature}
                found[key] = {**about, "mean": row.mean, "low": row.low, "high": row.high}
    return list(found.values())


def _over_groups(
    verdicts: Sequence[Verdict], groups: Mapping[str, str], ks: Sequence[int]
) -> tuple[PassAtK, ...]:
    """pass@k over cases, with the interval over the problems that they are cases of: these vary together."""
    samples = Counter(verdict.problem_id for verdict in verdicts)
    passed = Counter(verdict.problem_id for verdict in verdicts if verdict.passed)
    found = []
    for k in ks:
        values: dict[str, list[float]] = {}
        for name, n in samples.items():
            values.setdefault(groups[name], []).append(pass_at_k(n, passed[name], k))
        found.append(PassAtK.over(k, [sum(cases) / len(cases) for cases in values.values()]))
    return tuple(found)


def _turns(judged: Sequence[Judged]) -> Summary | None:
    cases: dict[str, tuple[Problem, int, int]] = {}
    for each in judged:
        problem, passes, n = cases.get(each.problem.id, (each.problem, 0, 0))
        cases[each.problem.id] = problem, passes + each.verdict.passed, n + 1
    if not all({"category", "turns"} <= problem.labels.keys() for problem, _, _ in cases.values()):
        return None
    return summarise(
        CaseResult(name, problem.labels, passes, n) for name, (problem, passes, n) in cases.items()
    )


def _base(judged: Sequence[Judged], ks: Sequence[int]) -> tuple[PassAtK, ...]:
    """pass@k on the original inputs alone, which are put first; empty where no problem tells them apart."""
    if not any(_original(each.problem) for each in judged):
        return ()
    found = []
    for each in judged:
        # The input that a sample failed on is the last that it was asked.
        agreed = each.verdict.tests_run > _original(each.problem) > 0
        found.append(each.verdict if not agreed else _passed(each.verdict))
    return tally(found, ks)[0]


def _original(problem: Problem) -> int:
    return problem.oracle.original if isinstance(problem.oracle, ReferenceOracle) else 0


def _passed(verdict: Verdict) -> Verdict:
    return Verdict.from_dict(verdict.as_dict() | {"status": "passed", "detail": ""})


def _by_label(judged: Iterable[Judged]) -> dict[str, dict[str, Breakdown]]:
    """Pass rates by each value of each label that has more than one, and fewer than a value per problem."""
    samples: dict[str, dict[str, Counter[str]]] = {}
    passed: dict[str, dict[str, Counter[str]]] = {}
    for each in judged:
        for label, value in each.problem.labels.items():
            if label == "problem":  # what it is a case of, not what kind of problem it is
                continue
            samples.setdefault(label, {}).setdefault(value, Counter())[each.problem.id] += 1
            passed.setdefault(label, {}).setdefault(value, Counter())[each.problem.id] += each.verdict.passed
    found: dict[str, dict[str, Breakdown]] = {}
    for label, values in samples.items():
        if len(values) < 2:
            continue
        found[label] = {}
        for value in sorted(values):
            counts = values[value]
            means = [pass_at_k(n, passed[label][value][name], 1) for name, n in counts.items()]
            found[label][value] = Breakdown(len(counts), sum(counts.values()), sum(means) / len(means))
    return found
