"""Any model on any benchmark, as a Run that can be interrupted: behind `ratchet eval`."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ratchet import __version__
from ratchet.engines.base import Engine
from ratchet.errors import RatchetError
from ratchet.evaluation import journal
from ratchet.evaluation.drawing import Draw, Drawn, batches, draw_all, in_turns, planned
from ratchet.evaluation.perplexity import perplexity
from ratchet.evaluation.pipeline import Pipeline
from ratchet.evaluation.records import ProblemRecord, SampleRecord, problem_line, sample_line
from ratchet.evaluation.results import Figures, Judged, best, figures
from ratchet.evaluation.settings import EvalSettings
from ratchet.evaluation.taxonomy import categorise
from ratchet.evaluation.tools import load_tool
from ratchet.judge import Verdict
from ratchet.judge.hearing import where
from ratchet.judge.options import check_languages, limits_of, walls_of
from ratchet.problems import Benchmark, Problem, load_benchmark
from ratchet.runs import Progress, Run, resume_with
from ratchet.runs.disk import as_json
from ratchet.sandbox import LocalSandbox

_LOCAL_BATCH = 128
_SCORED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class EvalResult:
    """What an evaluation found out; `run` is the directory with the evidence."""

    model: str
    run: str
    figures: tuple[Figures, ...]
    """By benchmark, then by temperature, in the order asked for."""
    best: tuple[Mapping[str, Any], ...]
    """For each benchmark and k the best of several temperatures; see `ratchet.evaluation.results.best`."""
    settings: Mapping[str, Any]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `eval.json` and `--json` have it. The same evaluation gives the same."""
        return {
            "model": self.model,
            "run": self.run,
            "results": [one.as_dict() for one in self.figures],
            "best": list(self.best),
            "settings": dict(self.settings),
            "notes": list(self.notes),
        }


def evaluate(
    benchmarks: Sequence[Benchmark | str | Path],
    engine: Engine,
    settings: EvalSettings = EvalSettings(),  # noqa: B008 - frozen
    *,
    out: str | Path | None = None,
    resume: bool = False,
    resume_command: str | None = None,
    jobs: int | None = None,
    quiet: bool = False,
) -> EvalResult:
    """Draw samples of every problem from `engine`, judge them meanwhile, and count.

    Args:
        benchmarks: benchmarks, their names, or paths of problems in HumanEval's JSONL format.
        engine: what writes; its `name` is the model's in the Run.
        settings: how samples are drawn and judged.
        out: the Run's directory; None: `runs/eval-<benchmarks>-<time>`.
        resume: go on with the Run in `out`, begun with the same engine and settings. What was drawn
            or judged is neither drawn nor judged again, and the figures are those of a Run that was
            never interrupted, for engines whose samples are decided by their seeds.
        resume_command: what is told to an interrupted user, the Run's path put for "{run}".
        jobs: samples judged at once; None: one per usable core.
        quiet: show no progress.

    Writes RUN/problems.jsonl, RUN/samples.jsonl and RUN/eval.json (see `records`), and
    RUN/usage.json: what this session asked of the engine, and how long it took. Raises
    RatchetError, in one sentence, for all that the caller can mend; the Run can be resumed after it.
    """
    if resume and out is None:
        raise RatchetError("to resume, name the Run that was begun: --out RUN --resume.")
    if jobs is not None and jobs < 1:
        raise RatchetError(f"the number of jobs must be 1 or more, not {jobs}.")
    if not benchmarks:
        raise RatchetError("name a benchmark to evaluate on, such as humaneval.")
    settings = settings.checked()
    loaded = [_loaded(each, settings.limit) for each in benchmarks]
    for number, benchmark in enumerate(loaded):
        if benchmark.name in [other.name for other in loaded[:number]]:
            raise RatchetError(f"{benchmark.name} is named twice; name each benchmark once.")
        check_languages(benchmark)
    refused = {
        (number, problem.id): getattr(problem.oracle, "together", "")
        for number, benchmark in enumerate(loaded)
        for problem in benchmark.problems
        if where(problem, settings.oracle) == "refused"
    }
    draws = [draw for draw in planned(loaded, settings) if (draw.benchmark, draw.problem.id) not in refused]
    if not draws:
        raise RatchetError("no test can be kept apart from the program; evaluate with --oracle auto.")
    tool = load_tool(settings.tools)
    limits = [limits_of(each.default_limits, settings.timeout, settings.memory_mb) for each in loaded]
    config = _config(loaded, engine, settings, limits)
    begun = time.monotonic()
    # Opened before the Run is made: where there can be no sandbox, nothing is left behind.
    with (
        LocalSandbox(slots=jobs, walls=walls_of(settings.walls)) as sandbox,
        _run(config, out, resume, settings.seed) as run,
        Progress(quiet=quiet) as progress,
        _hint(resume_command, run),
    ):
        progress.say(f"Run: {run.path}")
        pipeline = Pipeline(
            run, sandbox, limits, settings.oracle, progress, journal.drawn(run), journal.judged(run)
        )
        pipeline.refused |= refused
        # A server is asked for one sample at a time, by many threads: each answer is kept at once.
        threads = getattr(engine, "concurrency", 1)
        size = getattr(engine, "batch_size", _LOCAL_BATCH) if threads == 1 else 1
        draw = partial(draw_all, engine, settings=settings, tool=tool)
        pipeline.go(batches(draws, size), draw, threads)
        notes, scored = _perplexities(run, engine, loaded, draws, pipeline.drawn, settings, progress)
        draws = [one for one in draws if (one.benchmark, one.problem.id) not in pipeline.refused]
        result = _finish(run, loaded, engine, settings, draws, pipeline, scored, notes)
        about = {
            "seconds": round(time.monotonic() - begun, 3),
            "last_session": _plain(getattr(engine, "usage", None)),
            "spent": _plain(getattr(engine, "spent", None)),
        }
        journal.write_file(run, "usage.json", [as_json(about)])
    return result


def _finish(
    run: Run,
    benchmarks: Sequence[Benchmark],
    engine: Engine,
    settings: EvalSettings,
    draws: Sequence[Draw],
    pipeline: Pipeline,
    scored: Mapping[tuple[int, int], float | None],
    notes: Sequence[str],
) -> EvalResult:
    """Count, and write the files."""
    samples: list[SampleRecord] = []
    judged: dict[tuple[int, int], list[Judged]] = {}
    tokens: dict[tuple[int, int], int] = {}
    for one in draws:
        drawn, verdict = pipeline.drawn[one.key], pipeline.verdicts[one.key]
        category = categorise(one.problem, drawn.sample(one), verdict, drawn.finish)
        group = one.benchmark, one.temperature
        judged.setdefault(group, []).append(Judged(one.problem, verdict, category))
        tokens[group] = tokens.get(group, 0) + drawn.tokens
        samples.append(_record(benchmarks[one.benchmark].name, one, drawn, verdict, category))
    found = []
    for (number, place), group_judged in sorted(judged.items()):
        refused = {name: why for (which, name), why in pipeline.refused.items() if which == number}
        positions = {problem.id: i for i, problem in enumerate(benchmarks[number].problems)}
        values = {name: scored.get((number, i)) for name, i in positions.items()}
        temperature = settings.temperatures[place]
        found.append(
            figures(
                benchmarks[number],
                temperature,
                group_judged,
                settings.k,
                refused,
                values,
                tokens[number, place],
            )
        )
    problems = [
        ProblemRecord(
            benchmark.name,
            problem.id,
            "".join(problem.turns) if in_turns(problem, settings) else problem.prompt,
            problem.language,
            dict(problem.labels),
            benchmark.broken.get(problem.id, ""),
            scored.get((number, position)),
        )
        for number, benchmark in enumerate(benchmarks)
        for position, problem in enumerate(benchmark.problems)
    ]
    bests = tuple(best(found)) if len(settings.temperatures) > 1 else ()
    about = {**run.config, "ratchet": __version__, "python": platform.python_version()}
    result = EvalResult(engine.name, str(run.path), tuple(found), bests, about, tuple(notes))
    journal.write_file(run, "problems.jsonl", map(problem_line, problems))
    journal.write_file(run, "samples.jsonl", map(sample_line, samples))
    journal.write_file(run, "eval.json", [as_json(result.as_dict())])
    return result


def _record(benchmark: str, one: Draw, drawn: Drawn, verdict: Verdict, category: str) -> SampleRecord:
    return SampleRecord(
        benchmark=benchmark,
        problem_id=one.problem.id,
        index=one.index,
        temperature=one.params.temperature,
        seed=one.seed,
        completion=drawn.completion,
        raw=drawn.raw,
        standalone=drawn.standalone,
        finish=drawn.finish,
        tokens=drawn.tokens,
        logprob=drawn.logprob,
        tool_calls=drawn.tool_calls,
        status=verdict.status,
        detail=verdict.detail,
        category=category,
        wall_s=verdict.wall_s,
        cpu_s=verdict.cpu_s,
        oracle=verdict.oracle,
    )


def _perplexities(
    run: Run,
    engine: Engine,
    benchmarks: Sequence[Benchmark],
    draws: Sequence[Draw],
    drawn: Mapping[str, Drawn],
    settings: EvalSettings,
    progress: Progress,
) -> tuple[list[str], dict[tuple[int, int], float | None]]:
    """The perplexity of every problem's prompt, by positions, and what is to be said of it.

    A problem in turns is scored with its first sample of the first temperature.
    """
    wanted = settings.perplexity
    if settings.form == "chat" or wanted is False or (wanted is None and hasattr(engine, "concurrency")):
        return [], {}
    known = journal.perplexities(run)
    firsts = {
        (one.benchmark, one.position): drawn[one.key] for one in draws if one.temperature == one.index == 0
    }
    todo: list[tuple[str, str, list[tuple[int, int]]]] = []
    for number, position in sorted(firsts):
        problem, name = benchmarks[number].problems[position], f"{number}/{position}"
        if name not in known:
            todo.append((name, *_scored_text(problem, firsts[number, position], settings)))
    task = progress.task("scoring prompts", total=len(todo), unit="prompts")
    todo.sort(key=lambda each: len(each[1]))
    for start in range(0, len(todo), _SCORED_AT_ONCE):
        part = todo[start : start + _SCORED_AT_ONCE]
        try:
            values = _scored(engine, part)
        except RatchetError as error:
            if wanted:
                raise
            task.finish("given up")
            return [f"prompts were not scored: {error}"], {}
        run.record_many((f"{journal.PERPLEXITY}{name}", {"value": value}) for name, value in values.items())
        known |= values
        task.advance(len(part))
    task.finish()
    found = {}
    for name, value in known.items():
        number_text, _, position_text = name.partition("/")
        found[int(number_text), int(position_text)] = value
    return [], found


def _scored(
    engine: Engine, part: Sequence[tuple[str, str, list[tuple[int, int]]]]
) -> dict[str, float | None]:
    scored = engine.score([text for _, text, _ in part])
    return {name: perplexity(one, spans) for (name, _, spans), one in zip(part, scored, strict=True)}


def _scored_text(problem: Problem, first: Drawn, settings: EvalSettings) -> tuple[str, list[tuple[int, int]]]:
    """The text that is scored, and where in it the prompt stands."""
    if not in_turns(problem, settings) or not first.completion:
        return problem.prompt, [(0, len(problem.prompt))]
    spans, at = [], 0
    for turn in problem.turns:
        start = first.completion.index(turn, at)
        spans.append((start, at := start + len(turn)))
    return first.completion[:at], spans


def _loaded(which: Benchmark | str | Path, limit: int | None) -> Benchmark:
    benchmark = which if isinstance(which, Benchmark) else load_benchmark(which)
    return replace(benchmark, problems=benchmark.problems[:limit])


def _config(
    benchmarks: Sequence[Benchmark], engine: Engine, settings: EvalSettings, limits: Iterable[Any]
) -> dict[str, Any]:
    """All that bears upon the figures, as plain JSON data."""
    return {
        "model": engine.name,
        "benchmarks": [
            {
                "name": each.name,
                "rules": each.rules,
                "problems": len(each.problems),
                "problems_sha256": each.digest(),
                "licence": each.licence,
                "source": each.source,
                "limits": asdict(limit),
            }
            for each, limit in zip(benchmarks, limits, strict=True)
        ],
        **asdict(settings),
    }


def _run(config: Mapping[str, Any], out: str | Path | None, resume: bool, seed: int) -> Run:
    if out is None:
        return journal.begin(config, None, seed)
    return journal.take_up(config, Path(out)) if resume else journal.begin(config, Path(out), seed)


def _hint(command: str | None, run: Run) -> AbstractContextManager[None]:
    return nullcontext() if command is None else resume_with(command.replace("{run}", str(run.path)))


def _plain(usage: Any) -> Any:
    return asdict(usage) if is_dataclass(usage) and not isinstance(usage, type) else None
