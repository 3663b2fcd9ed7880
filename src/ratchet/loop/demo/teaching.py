"""The demo's answers and lessons, as units: evaluation, a round of teaching, the comparison after it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ratchet.decode import Session, synthesize
from ratchet.engines.base import Engine, SamplingParams
from ratchet.judge.judging import judge_many
from ratchet.judge.types import Verdict
from ratchet.loop.demo.config import DemoConfig
from ratchet.loop.demo.domain import read_problems
from ratchet.loop.selflearning import decide, held_out_tenth
from ratchet.loop.units import Report
from ratchet.problems.micro import INDENT, MicroProblem, repair_context
from ratchet.problems.types import Sample
from ratchet.runs import derive
from ratchet.sandbox import Limits, LocalSandbox, Sandbox, Walls
from ratchet.synth import Entry, teach

TURN_START = f"{INDENT}#"
"""What begins a turn: a comment in the function."""

_TURN_TOKENS = 40
_BLOCK_TOKENS = 160


def evaluate(
    place: Path,
    needs: Mapping[str, Any],
    report: Report,
    *,
    config: DemoConfig,
    modes: Sequence[str],
    walls: str,
) -> dict[str, Any]:
    """Answer all held-out problems greedily, in every mode ("multi-turn", "single-turn"), and judge.

    The result has, per mode, lists in the order of the problems: `passed`, and
    `perplexity` of the prompt. Programs and verdicts go to samples.jsonl.
    """
    problems = read_problems(needs["domain.files"] / "held-out.jsonl")
    report.begin(len(problems) * len(modes), "samples")
    engine = _engine(needs["model.files"])
    result: dict[str, Any] = {
        "steps": [len(p.specification.steps) for p in problems],
        "signatures": [list(p.specification.signature) for p in problems],
    }
    with LocalSandbox(slots=1, walls=Walls(walls)) as sandbox:
        for mode in modes:
            sessions = answer(engine, problems, mode)
            verdicts = _judged(sandbox, problems, sessions, config, report)
            write_samples(place / "samples.jsonl", mode, sessions, verdicts)
            result[mode] = {
                "passed": [verdict.passed for verdict in verdicts],
                "perplexity": prompt_perplexities(engine, sessions),
            }
    return result


def teach_round(
    place: Path,
    needs: Mapping[str, Any],
    report: Report,
    *,
    config: DemoConfig,
    seed: int,
    lesson: int,
    walls: str,
) -> dict[str, Any]:
    """One round of teaching by whoever is the teacher now; the conversations go to entries.jsonl."""
    problems = [p.problem for p in read_problems(needs["domain.files"] / f"lesson-{lesson}.jsonl")]
    report.begin(len(problems) * config.teaching.attempts, "conversations")
    with LocalSandbox(slots=1, walls=Walls(walls)) as sandbox:
        entries = teach(
            _engine(_current_teacher(needs)),
            problems,
            sandbox,
            config.teaching,
            turn_start=TURN_START,
            repair_context=repair_context,
            seed=derive(seed, "teach", lesson),
            on_done=report.advance,
        )
    with (place / "entries.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(entry.as_dict()) + "\n" for entry in entries)
    endings = [str(entry.ending) for entry in entries]
    return {
        "problems": len(problems),
        "entries": len(entries),
        "endings": {ending: endings.count(ending) for ending in ("verified", "repaired", "discarded")},
        "programs": sum(len(entry.programs) for entry in entries),
    }


def compare(
    place: Path, needs: Mapping[str, Any], report: Report, *, config: DemoConfig, lesson: int, walls: str
) -> dict[str, Any]:
    """Teacher and student answer the tenth of the lesson that nobody trained on; the rule decides."""
    problems = read_problems(needs["domain.files"] / f"lesson-{lesson}.jsonl")
    tenth = held_out_tenth([p.problem.id for p in problems])
    kept = [p for p, held in zip(problems, tenth, strict=True) if held]
    report.begin(2 * len(kept), "samples")
    passed: dict[str, list[bool]] = {}
    with LocalSandbox(slots=1, walls=Walls(walls)) as sandbox:
        for who, files in (("teacher", _current_teacher(needs)), ("student", needs["student.files"])):
            sessions = answer(_engine(files), kept, "multi-turn")
            verdicts = _judged(sandbox, kept, sessions, config, report)
            write_samples(place / "samples.jsonl", who, sessions, verdicts)
            passed[who] = [verdict.passed for verdict in verdicts]
    decision = decide(passed["teacher"], passed["student"])
    return {"problems": [p.problem.id for p in kept], **passed, "decision": decision.as_dict()}


def answer(engine: Engine, problems: Sequence[MicroProblem], mode: str) -> list[Session]:
    """Programs for all problems, greedily; a single-turn answer is a session of one turn."""
    if mode == "multi-turn":
        requests = [p.problem.turns for p in problems]
        return synthesize(engine, requests, SamplingParams(_TURN_TOKENS), turn_start=TURN_START)
    params = SamplingParams(_BLOCK_TOKENS)
    return synthesize(engine, [(p.problem.prompt,) for p in problems], params, turn_start="\n#")


def prompt_perplexities(engine: Engine, sessions: Sequence[Session]) -> list[float]:
    """exp(mean negative logprob) of the sentences of each session's request.

    CodeGen, section 4: the tokens of the prompts are scored, each given all that
    stands before it, which for the turns of a multi-turn session includes the
    model's own subprograms. Only the comments are counted, not the `def` line, so
    that both forms are measured on the same tokens.
    """
    perplexities = []
    for session, scored in zip(sessions, engine.score([s.program for s in sessions]), strict=True):
        logprobs: list[float] = []
        for start, end in session.turn_spans:
            for first, last in _comment_spans(session.program, start, end):
                logprobs += scored.within(first, last)
        perplexities.append(math.exp(-sum(logprobs) / len(logprobs)))
    return perplexities


def read_entries(path: Path) -> Iterator[Entry]:
    """The conversations of a round of teaching."""
    for line in path.read_text(encoding="utf-8").splitlines():
        yield Entry.from_dict(json.loads(line))


def write_samples(path: Path, label: str, sessions: Iterable[Session], verdicts: Iterable[Verdict]) -> None:
    """Append every program with its verdict, a JSON object a line."""
    with path.open("a", encoding="utf-8") as file:
        for session, verdict in zip(sessions, verdicts, strict=True):
            row = {"label": label, "program": session.program, **verdict.as_dict()}
            file.write(json.dumps(row) + "\n")


def _comment_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the comments (from their `#` on, with the line break) stand in text[start:end]."""
    at = start
    for line in text[start:end].splitlines(keepends=True):
        indent = len(line) - len(line.lstrip())
        if line[indent:].startswith("#"):
            yield at + indent, at + len(line)
        at += len(line)


def _judged(
    sandbox: Sandbox,
    problems: Sequence[MicroProblem],
    sessions: Sequence[Session],
    config: DemoConfig,
    report: Report,
) -> list[Verdict]:
    pairs = [
        (p.problem, Sample(p.problem.id, 0, session.program, standalone=True))
        for p, session in zip(problems, sessions, strict=True)
    ]
    verdicts: dict[int, Verdict] = {}
    for at, verdict in judge_many(pairs, sandbox, Limits(wall_s=config.teaching.wall_s)):
        verdicts[at] = verdict
        report.advance()
    return [verdicts[i] for i in range(len(pairs))]


def _current_teacher(needs: Mapping[str, Any]) -> Path:
    """The files of the teacher: the first one, or the student of a round that it won."""
    won = "decision" in needs and needs["decision"]["decision"]["student_is_teacher"]
    files: Path = needs["promoted.files" if won else "teacher.files"]
    return files


def _engine(files: Path) -> Engine:
    import torch

    from ratchet.engines.transformers import TransformersEngine

    torch.set_num_threads(1)
    return TransformersEngine.load(files / "model")
