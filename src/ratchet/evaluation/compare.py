"""Whether one Run of an evaluation did better than another, or whether that may be noise.

    comparison = compare([read_evaluation(Path("runs/a")), read_evaluation(Path("runs/b"))])
    for pairing in comparison.pairings:
        print(pairing.sentence)

Runs are compared on the problems that both hold, problem by problem: what both find hard
cancels. Three things are said of every pair on every benchmark:

* the mean difference of pass@k with its paired bootstrap interval over problems;
* McNemar's exact test on the first sample of each problem (McNemar 1947; the exact form is
  the binomial test on the problems that only one of the two solved);
* the exact sign-flip test on the share of samples that passed of each problem (Fisher's
  randomisation test): if the Runs were alike, each problem's difference might as well have the
  other sign. With one sample per problem it is McNemar's exact test; with more it uses them all.

p values are two-sided. Where a comparison makes several tests they are corrected by Holm's
method (1979), over all of them, and the corrected value decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from math import isfinite
from typing import Any, Literal

from ratchet.errors import RatchetError
from ratchet.evaluation.paired_tests import holm, mcnemar, sign_flip
from ratchet.evaluation.records import Evaluation, SampleRecord
from ratchet.judge import pass_at_k
from ratchet.judge.intervals import Interval, paired_interval
from ratchet.judge.results import DEFAULT_K

LEVEL = 0.05
"""A corrected p value below this, with an interval that leaves out 0, is more than noise."""

_OWN = frozenset({"model", "benchmarks", "benchmark", "samples", "samples_sha256"})
"""Settings in which Runs differ as a matter of course, or which are compared by themselves."""


@dataclass(frozen=True, slots=True)
class Difference:
    """pass@k of the first Run, of the second, and the first less the second with its interval."""

    k: int
    first: float
    second: float
    difference: Interval


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two Runs on one benchmark: `first` and `second` are positions in `Comparison.runs`."""

    benchmark: str
    first: int
    second: int
    temperatures: tuple[float | None, float | None]
    problems: int
    """Those that both hold; all figures are over these."""
    only_in_first: int
    only_in_second: int
    """Problems that one of the Runs alone holds."""
    differences: tuple[Difference, ...]
    """By k, where both have k samples of every common problem; k = 1 always."""
    solved_by_first_alone: tuple[str, ...]
    solved_by_second_alone: tuple[str, ...]
    """Problems that the first sample of one alone solves: what McNemar's test counts."""
    mcnemar_p: float
    sign_flip_p: float
    corrected_p: float
    """`sign_flip_p` after Holm's correction over all tests of the comparison."""
    sentence: str

    @property
    def conclusion(self) -> Literal["more than noise", "on the edge", "may be noise"]:
        """More than noise where the corrected p value and the interval of pass@1 both say so."""
        small = self.corrected_p < LEVEL
        clear = _leaves_out_zero(self.differences[0].difference)
        return "more than noise" if small and clear else "on the edge" if small or clear else "may be noise"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every pair of the Runs on every benchmark that both hold.

    `differing_settings` gives of each setting that is not the same in all Runs its value
    in each; `notes` are sentences about what was left out.
    """

    runs: tuple[str, ...]
    """What each is called here, as `run_names` has it."""
    models: tuple[str, ...]
    paths: tuple[str, ...]
    pairings: tuple[Pairing, ...]
    differing_settings: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        plain = asdict(self)
        for row, pairing in zip(plain["pairings"], self.pairings, strict=True):
            row["conclusion"] = pairing.conclusion
        return plain


def compare(runs: Sequence[Evaluation]) -> Comparison:
    """Compare the Runs pair by pair.

    Of Runs at several temperatures those at the same temperature are compared; where two
    share none, the lowest of each.

    Raises RatchetError on fewer than two Runs, and where no two hold a common problem.
    """
    if len(runs) < 2:
        raise RatchetError("a comparison needs two Runs or more: name another one.")
    names = run_names(runs)
    tables = [_by_benchmark(run) for run in runs]
    drafts: list[Pairing] = []
    notes: list[str] = []
    for i, j in combinations(range(len(runs)), 2):
        both = [name for name in tables[i] if name in tables[j]]
        for name in [*tables[i], *tables[j]]:
            if name not in both:
                holder, other = (i, j) if name in tables[i] else (j, i)
                notes.append(f"{name} is in {names[holder]} and not in {names[other]}.")
        for name in both:
            found = [
                _pairing(name, i, j, at, tables[i][name], tables[j][name])
                for at in _at_temperatures(tables[i][name], tables[j][name])
            ]
            drafts += [pairing for pairing in found if pairing is not None]
            if not any(found):
                notes.append(f"{names[i]} and {names[j]} hold no common problem of {name}.")
    if not drafts:
        raise RatchetError("these Runs hold no common problem: compare Runs on the same benchmark.")
    corrected = holm([draft.sign_flip_p for draft in drafts])
    pairings = tuple(_told(draft, p, names, drafts) for draft, p in zip(drafts, corrected, strict=True))
    models, paths = tuple(run.model for run in runs), tuple(str(run.path) for run in runs)
    return Comparison(names, models, paths, pairings, _differing(runs), tuple(dict.fromkeys(notes)))


def run_names(runs: Sequence[Evaluation]) -> tuple[str, ...]:
    """What to call each Run, in short: its model without engine, folders and address.

    In full where that would be two models' name, with the Run's directory where two have the same model.
    """
    models = [run.model for run in runs]
    short = [_short(model) for model in models]
    names = []
    for model, brief, run in zip(models, short, runs, strict=True):
        name = brief if len({m for m, b in zip(models, short, strict=True) if b == brief}) == 1 else model
        names.append(name if models.count(model) == 1 else f"{name} ({run.path.name})")
    return tuple(
        name if names.count(name) == 1 else f"{name} #{names[:place].count(name) + 1}"
        for place, name in enumerate(names)
    )


def _short(model: str) -> str:
    """ "deepseek-coder" of "hf:deepseek-ai/deepseek-coder", "gpt-4" of "openai:gpt-4@https://host/v1"."""
    name = re.sub(r"^[a-z][a-z0-9_-]*:", "", model)
    name = re.sub(r"@https?://.*$", "", name, flags=re.DOTALL)
    return name.rstrip("/").rpartition("/")[2] or model


_Samples = dict[float | None, dict[str, list[SampleRecord]]]
"""Of one Run and benchmark: temperature -> problem -> samples, in their order."""


def _by_benchmark(run: Evaluation) -> dict[str, _Samples]:
    found: dict[str, _Samples] = {}
    for sample in run.samples:
        at = found.setdefault(sample.benchmark, {}).setdefault(sample.temperature, {})
        at.setdefault(sample.problem_id, []).append(sample)
    for table in found.values():
        for problems in table.values():
            for samples in problems.values():
                samples.sort(key=lambda sample: sample.index)
    return found


def _at_temperatures(a: _Samples, b: _Samples) -> Iterator[tuple[float | None, float | None]]:
    shared = [temperature for temperature in a if temperature in b]
    if shared:
        yield from ((temperature, temperature) for temperature in shared)
    else:
        yield _lowest(a), _lowest(b)


def _lowest(temperatures: Iterable[float | None]) -> float | None:
    return min(temperatures, key=lambda t: (t is None, t or 0.0))


def _pairing(
    name: str, i: int, j: int, at: tuple[float | None, float | None], ours: _Samples, theirs: _Samples
) -> Pairing | None:
    """All but the correction and the sentence; None where they share no problem."""
    a, b = ours[at[0]], theirs[at[1]]
    common = [problem for problem in a if problem in b]
    if not common:
        return None
    passed = [(_passed(a[problem]), _passed(b[problem])) for problem in common]
    sizes = [(len(a[problem]), len(b[problem])) for problem in common]
    fewest = min(min(pair) for pair in sizes)
    first_alone = tuple(p for p in common if a[p][0].passed and not b[p][0].passed)
    second_alone = tuple(p for p in common if b[p][0].passed and not a[p][0].passed)
    p = sign_flip([Fraction(c, n) - Fraction(d, m) for (c, d), (n, m) in zip(passed, sizes, strict=True)])
    differences = []
    for k in sorted({1, *(k for k in DEFAULT_K if k <= fewest)}):
        left = [pass_at_k(n, c, k) for (n, _), (c, _) in zip(sizes, passed, strict=True)]
        right = [pass_at_k(m, d, k) for (_, m), (_, d) in zip(sizes, passed, strict=True)]
        differences.append(
            Difference(k, sum(left) / len(left), sum(right) / len(right), paired_interval(left, right))
        )
    return Pairing(
        benchmark=name,
        first=i,
        second=j,
        temperatures=at,
        problems=len(common),
        only_in_first=len(a) - len(common),
        only_in_second=len(b) - len(common),
        differences=tuple(differences),
        solved_by_first_alone=first_alone,
        solved_by_second_alone=second_alone,
        mcnemar_p=mcnemar(len(first_alone), len(second_alone)),
        sign_flip_p=p,
        corrected_p=p,
        sentence="",
    )


def _passed(samples: Iterable[SampleRecord]) -> int:
    return sum(sample.passed for sample in samples)


def _told(draft: Pairing, corrected: float, names: Sequence[str], drafts: Sequence[Pairing]) -> Pairing:
    """The pairing with its corrected p value and its sentence."""
    pairing = replace(draft, corrected_p=corrected)
    seen = pairing.differences[0].difference
    a, b = names[pairing.first], names[pairing.second]
    p = f"p = {corrected:.2g}"
    if len(drafts) > 1:
        p += f" after Holm's correction over {len(drafts)} tests"
    where = pairing.benchmark + _temperatures(pairing, drafts)
    if not seen.mean:
        sentence = f"{where}: {a} and {b} have the same pass@1; there is no difference to explain."
        return replace(pairing, sentence=sentence)
    better, worse, low, high = (a, b, seen.low, seen.high) if seen.mean > 0 else (b, a, -seen.high, -seen.low)
    what = {
        "more than noise": "the difference is more than noise",
        "on the edge": "that is on the edge of what noise makes",
        "may be noise": "that may be noise",
    }[pairing.conclusion]
    sentence = (
        f"{where}: {better} is {100 * abs(seen.mean):.1f} points of pass@1 ahead of {worse}; "
        f"{what} ({p}; 95 % interval {100 * low:.1f} to {100 * high:.1f} points)."
    )
    return replace(pairing, sentence=sentence)


def _temperatures(pairing: Pairing, drafts: Sequence[Pairing]) -> str:
    """At which temperatures, where they differ or where the same Runs are compared at others too."""
    key = pairing.benchmark, pairing.first, pairing.second
    a, b = ("an unknown one" if t is None else f"{t:g}" for t in pairing.temperatures)
    if a != b:
        return f" (at temperature {a} against {b})"
    several = sum((other.benchmark, other.first, other.second) == key for other in drafts) > 1
    return f" (at temperature {a})" if several else ""


def _leaves_out_zero(interval: Interval) -> bool:
    return isfinite(interval.mean) and (interval.low > 0 or interval.high < 0)


def _differing(runs: Sequence[Evaluation]) -> dict[str, tuple[Any, ...]]:
    """Settings whose values are not the same in all Runs, those of a mapping by "name.inner".

    Those of a benchmark (its limits, its problems' digest) are compared among the Runs that hold it.
    """
    flat = [dict(_flat(run.settings)) | _of_benchmarks(run) for run in runs]
    held = [set(run.benchmarks) for run in runs]
    differing = {}
    for name in dict.fromkeys(name for settings in flat for name in settings):
        benchmark, of_benchmark, _ = name.rpartition(" ")
        shared = [
            settings.get(name)
            for settings, names in zip(flat, held, strict=True)
            if not of_benchmark or benchmark in names
        ]
        if any(value != shared[0] for value in shared[1:]):
            differing[name] = tuple(settings.get(name) for settings in flat)
    return differing


def _of_benchmarks(run: Evaluation) -> dict[str, Any]:
    """What is set for each benchmark, by "humaneval limits.wall_s" and so on."""
    entries = run.settings.get("benchmarks")
    found: dict[str, Any] = {}
    for entry in entries if isinstance(entries, list) else []:
        inner = {name: value for name, value in entry.items() if name not in ("name", "problems")}
        found |= {f"{entry['name']} {name}": value for name, value in _flat(inner)}
    return found


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if not prefix and name in _OWN:
            continue
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
