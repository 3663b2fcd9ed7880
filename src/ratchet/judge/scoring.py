"""Scoring samples against a benchmark, as a Run that can be interrupted: behind `ratchet score`."""

from __future__ import annotations

import hashlib
import platform
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from ratchet import __version__
from ratchet.errors import RatchetError
from ratchet.judge.hearing import OracleMode, where
from ratchet.judge.judging import judge_many
from ratchet.judge.options import check_languages, limits_of, walls_of
from ratchet.judge.results import Score, choose_k, tally, tally_oracles
from ratchet.judge.score_run import begin, journalled, recorded, take_up, write_score, write_verdicts
from ratchet.judge.types import Verdict
from ratchet.problems import (
    Benchmark,
    CheckOracle,
    NativeOracle,
    Problem,
    Sample,
    load_benchmark,
    read_samples,
)
from ratchet.runs import Progress, Run, resume_with
from ratchet.sandbox import LocalSandbox, Sandbox, Walls
from ratchet.sandbox.types import Limits


def score(
    benchmark: Benchmark | str | Path,
    samples: Iterable[Sample] | str | Path | None = None,
    *,
    k: Sequence[int] | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    partial: bool = False,
    oracle: OracleMode = "auto",
    walls: Walls | str = Walls.FULL,
    timeout: float | None = None,
    memory_mb: int | None = None,
    jobs: int | None = None,
    quiet: bool = False,
) -> Score:
    """Judge every sample, write a Run, and return pass@k with 95 % intervals over problems.

    Args:
        benchmark: a benchmark, its name, or the path of problems in HumanEval's JSONL format.
        samples: samples, or the path of a JSON Lines file of them (see `read_samples`); None: the
            benchmark's own solutions, to see that benchmark, sandbox and machine are in order.
        k: the k of pass@k; None: those of 1, 10 and 100 for which every problem has enough samples.
        out: the Run's directory; None: `runs/score-<benchmark>-<time>`.
        resume: go on with the Run in `out`, begun with the same problems, samples and settings.
        partial: score the problems that have samples, where others have none.
        oracle: "auto" (tests in a process of their own wherever they can be), "split" (always: samples of
            problems whose tests cannot be split are left out, and reported apart), or "in-process"
            (forgeable; see `judge`).
        walls: "full", or "process" where the kernel forbids namespaces.
        timeout: wall seconds for a sample with all its tests; None: the benchmark's.
        memory_mb: MiB of data memory for a sample; None: the benchmark's.
        jobs: samples at once; None: one per usable core.
        quiet: show no progress.

    Writes RUN/verdicts.jsonl, one line per sample in the order of the samples, and RUN/score.json.
    Raises RatchetError, in one sentence, for all that the caller can mend, and HarnessError when
    the sandbox broke; the Run can be resumed after either.
    """
    if resume and out is None:
        raise RatchetError("to resume, name the Run that was begun: --out RUN --resume.")
    if jobs is not None and jobs < 1:
        raise RatchetError(f"the number of jobs must be 1 or more, not {jobs}.")
    problems = benchmark if isinstance(benchmark, Benchmark) else load_benchmark(benchmark)
    answers = _answers(problems, samples)
    if oracle not in get_args(OracleMode):
        raise RatchetError(f"oracle must be {', '.join(get_args(OracleMode))}, not {oracle!r}.")
    limits = limits_of(problems.default_limits, timeout, memory_mb)
    walls = walls_of(walls)
    check_languages(problems)
    by_problem = _count_by_problem(problems, answers, partial or samples is None)
    refused = {
        problem.id: _reason(problem)
        for problem in problems.problems
        if problem.id in by_problem and where(problem, oracle) == "refused"
    }
    refused_samples = _leave_out(refused, by_problem, problems)
    ks, left_out_k = choose_k(k, by_problem if samples is not None else dict.fromkeys(by_problem, 1))
    settings = {
        "benchmark": problems.name,
        "problems_sha256": problems.digest(),
        "samples_sha256": _digest(answers),
        "samples": _name(samples),
        "oracle": oracle,
        "walls": str(walls),
        "limits": asdict(limits),
    }
    options = {
        "--k": ",".join(map(str, k)) if k else None,
        "--partial": partial,
        "--oracle": None if oracle == "auto" else oracle,
        "--walls": None if walls is Walls.FULL else str(walls),
        "--timeout": timeout,
        "--memory": memory_mb,
        "--jobs": jobs,
    }
    # Opened before the Run is made: where there can be no sandbox, nothing is left behind.
    with (
        LocalSandbox(slots=jobs, walls=walls) as sandbox,
        _run(settings, out, resume) as run,
        Progress(quiet=quiet) as progress,
        _hint(benchmark, samples, run, options),
    ):
        progress.say(f"Run: {run.path}")
        judged = [i for i, answer in enumerate(answers) if answer.problem_id not in refused]
        verdicts, late = _judge_rest(run, sandbox, problems, answers, judged, limits, oracle, progress)
        refused_samples += _leave_out(late, by_problem, problems)
        refused |= late
        write_verdicts(run, verdicts)
        told = verdicts if samples is not None else _best(verdicts)
        pass_at, counts = tally(told, ks)
        broken = {name: why for name, why in problems.broken.items() if name in by_problem}
        unbroken = [verdict for verdict in told if verdict.problem_id not in broken]
        result = Score(
            benchmark=problems.name,
            problems=len(by_problem),
            samples=len(answers),
            pass_at=pass_at,
            counts=counts,
            left_out_k=left_out_k,
            left_out_problems=len(problems.problems) - len(by_problem) - len(refused),
            oracles=tally_oracles(verdicts, ks, refused, refused_samples, _reasons(verdicts)),
            run=str(run.path),
            settings={**settings, "licence": problems.licence, "source": problems.source, **_versions()},
            failed_references=_failed(problems, told) if samples is None else {},
            broken=broken,
            unbroken_pass_at=tally(unbroken, ks)[0] if broken and unbroken else (),
            rules=problems.rules,
            notes=problems.notes,
        )
        write_score(run, result.as_dict())
    return result


def _judge_rest(
    run: Run,
    sandbox: Sandbox,
    benchmark: Benchmark,
    samples: Sequence[Sample],
    judged: Sequence[int],
    limits: Limits,
    oracle: OracleMode,
    progress: Progress,
) -> tuple[list[Verdict], dict[str, str]]:
    """Judge the positions `judged` that the Run has no verdict on yet; return their verdicts in order.

    Also, by problem, why its tests could not be split where they had to be: a sample of it has none.
    """
    refused: dict[int, str] = {}
    problems = {problem.id: problem for problem in benchmark.problems}
    verdicts = recorded(run)
    passed = sum(verdict.passed for verdict in verdicts.values())
    todo = [position for position in judged if position not in verdicts]
    if verdicts:
        progress.say(f"{len(verdicts):,} of {len(judged):,} samples were judged before")
    task = progress.task("judging", total=len(todo), unit="samples")
    pairs = ((problems[samples[i].problem_id], samples[i]) for i in todo)
    fresh = (
        (todo[place], v) for place, v in judge_many(pairs, sandbox, limits, oracle=oracle, refused=refused)
    )
    with closing(journalled(run, fresh)) as stream:
        for position, verdict in stream:
            verdicts[position] = verdict
            passed += verdict.passed
            task.advance()
            task.info(f"{passed:,} passed")
    task.finish(f"{passed:,} of {len(judged):,} passed")
    late = {samples[todo[place]].problem_id: reason for place, reason in refused.items()}
    return [verdicts[position] for position in judged if samples[position].problem_id not in late], late


def _answers(benchmark: Benchmark, samples: Iterable[Sample] | str | Path | None) -> list[Sample]:
    """What is to be judged; the references where nothing else is given."""
    if samples is None:
        answers = [
            Sample(problem.id, index, reference)
            for problem in benchmark.problems
            if problem.reference is not None
            for index, reference in enumerate((problem.reference, *problem.other_references))
        ]
        if not answers:
            raise RatchetError(f"{benchmark.name} holds no solutions of its own; give --samples FILE.")
        return answers
    return list(read_samples(Path(samples)) if isinstance(samples, str | Path) else samples)


def _best(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """One verdict of each problem: the first that passed, or else the first."""
    best: dict[str, Verdict] = {}
    for verdict in verdicts:
        known = best.setdefault(verdict.problem_id, verdict)
        if verdict.passed and not known.passed:
            best[verdict.problem_id] = verdict
    return list(best.values())


def _failed(benchmark: Benchmark, verdicts: Iterable[Verdict]) -> dict[str, str]:
    """The problems of which no reference passed: the reason that the benchmark knows, or the evidence."""
    reasons = {**benchmark.exceptions, **benchmark.broken}
    return {
        verdict.problem_id: reasons.get(verdict.problem_id) or f"{verdict.status}: {verdict.detail}"
        for verdict in verdicts
        if not verdict.passed
    }


def _name(samples: Iterable[Sample] | str | Path | None) -> str | None:
    if samples is None:
        return "its own solutions"
    return str(samples) if isinstance(samples, str | Path) else None


def _reason(problem: Problem) -> str:
    return problem.oracle.together if isinstance(problem.oracle, CheckOracle | NativeOracle) else ""


def _reasons(verdicts: Iterable[Verdict]) -> dict[str, str]:
    return {verdict.problem_id: verdict.together for verdict in verdicts if verdict.together}


def _leave_out(refused: Iterable[str], by_problem: dict[str, int], benchmark: Benchmark) -> int:
    """Take refused problems out of `by_problem`; how many samples that are. Raises where none is left."""
    samples = sum(by_problem.pop(name) for name in refused)
    if not by_problem:
        raise RatchetError(
            f"no test of {benchmark.name} can be kept apart from the program; score it with --oracle auto."
        )
    return samples


def _run(settings: dict[str, Any], out: str | Path | None, resume: bool) -> Run:
    if out is None:
        return begin(settings, None)
    return take_up(settings, Path(out)) if resume else begin(settings, Path(out))


def _count_by_problem(benchmark: Benchmark, samples: Sequence[Sample], partial: bool) -> dict[str, int]:
    """The number of samples of each problem that has any, in the benchmark's order.

    Raises RatchetError on no samples, on samples of unknown problems, and on problems without
    samples unless `partial`.
    """
    if not samples:
        raise RatchetError("there are no samples to score.")
    counts = Counter(sample.problem_id for sample in samples)
    known = [problem.id for problem in benchmark.problems]
    ids = frozenset(known)
    unknown = [name for name in counts if name not in ids]
    if unknown:
        near = get_close_matches(unknown[0], known, n=1)
        raise RatchetError(
            f"{benchmark.name} has no problem {_some(unknown)}; "
            + (f"did you mean {near[0]}?" if near else f"its first is {known[0]}.")
        )
    missing = [name for name in known if name not in counts]
    if missing and not partial:
        raise RatchetError(
            f"{len(missing)} of {len(known)} problems of {benchmark.name} have no sample ({_some(missing)}); "
            "add samples, or give --partial to score the others alone."
        )
    return {name: counts[name] for name in known if name in counts}


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(name[:60] for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _digest(samples: Iterable[Sample]) -> str:
    """SHA-256, in hexadecimal, over what is judged: ids and texts, in order."""
    hasher = hashlib.sha256()
    for sample in samples:
        for text in (sample.problem_id, "whole" if sample.standalone else "completion", sample.completion):
            encoded = text.encode("utf-8", "surrogatepass")
            hasher.update(f"{len(encoded)}:".encode() + encoded)
    return hasher.hexdigest()


def _hint(
    benchmark: Benchmark | str | Path,
    samples: Iterable[Sample] | str | Path | None,
    run: Run,
    options: dict[str, Any],
) -> AbstractContextManager[None]:
    """What says, on an interrupt, how to go on; nothing where the command line could not name the input."""
    if isinstance(benchmark, Benchmark) or not isinstance(samples, str | Path | None):
        return nullcontext()
    words = ["ratchet", "score", str(benchmark)]
    words += [] if samples is None else ["--samples", str(samples)]
    words += ["--out", str(run.path), "--resume"]
    for name, value in options.items():
        if value is not None and value is not False:
            words += [name] if value is True else [name, str(value)]
    return resume_with(shlex.join(words))


def _versions() -> dict[str, str]:
    return {"ratchet": __version__, "python": platform.python_version()}
