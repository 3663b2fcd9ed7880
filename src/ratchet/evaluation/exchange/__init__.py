"""Evaluations in the formats of other tools: a Run is written in each, and samples are read from each.

    export(read_evaluation(run), "evalplus", Path("samples.jsonl"))
    answers = read_answers(Path("log.json"))
    write_samples(answers, Path("samples.jsonl"))            # for `ratchet score`

One file per format; `FORMATS` names them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.evaluation.exchange import evalplus, human_eval, inspect_log, lm_eval, parquet
from ratchet.evaluation.exchange.agreement import Agreement, Disagreement, agreement
from ratchet.evaluation.exchange.formats import Answer, Format, Selection, Written, write_lines
from ratchet.evaluation.records import Evaluation
from ratchet.evaluation.sanitize import program_of
from ratchet.problems import Benchmark
from ratchet.problems.lines import read_rows

__all__ = [
    "FORMATS",
    "Agreement",
    "Answer",
    "Disagreement",
    "Format",
    "Selection",
    "Written",
    "agreement",
    "export",
    "format_of",
    "read_answers",
    "write_samples",
]

FORMATS = {
    "human-eval": Format("human-eval's samples, and its results", human_eval.write, human_eval.read),
    "evalplus": Format("EvalPlus's samples, and its eval_results.json", evalplus.write, evalplus.read),
    "inspect": Format("inspect_ai's log (.json or .eval)", inspect_log.write, inspect_log.read),
    "lm-eval": Format(
        "lm-evaluation-harness's results and samples (a folder)",
        lm_eval.write,
        lm_eval.read,
        one_benchmark=False,
    ),
    "parquet": Format("one table of all samples", parquet.write, parquet.read, one_benchmark=False),
}
"""By name, as `ratchet export --to` takes it."""


def export(
    evaluation: Evaluation,
    to: str,
    out: Path,
    *,
    benchmark: str | None = None,
    temperature: float | None = None,
) -> Written:
    """Write the samples of a Run at `out` in the format `to`, with their verdicts.

    `benchmark` and `temperature` choose among those that the Run has; most formats hold but one of
    each. Raises RatchetError where a choice is missing or not there, where the Run does not hold
    what was judged (one of `ratchet score` does not), and where the file cannot be written.
    """
    chosen = FORMATS[to]
    samples = [
        sample
        for sample in evaluation.samples
        if benchmark in (None, sample.benchmark) and temperature in (None, sample.temperature)
    ]
    benchmarks = tuple(dict.fromkeys(sample.benchmark for sample in evaluation.samples))
    temperatures = tuple(dict.fromkeys(sample.temperature for sample in evaluation.samples))
    there = f"it has {', '.join(benchmarks)}; temperatures {', '.join(map(str, temperatures))}"
    if not samples:
        raise RatchetError(f"{evaluation.path} has no such samples ({there}).")
    if not any(sample.completion for sample in samples):
        raise RatchetError(
            f"{evaluation.path} has verdicts, but not the texts that they are on: "
            "export a Run of `ratchet eval`."
        )
    picked = {(sample.benchmark, sample.temperature) for sample in samples}
    if chosen.one_benchmark and len({name for name, _ in picked}) > 1:
        raise RatchetError(f"a file of {to} holds one benchmark: name one with --benchmark ({there}).")
    if to != "parquet" and len(picked) > len({name for name, _ in picked}):
        raise RatchetError(f"a file of {to} holds one temperature: name one with --temperature ({there}).")
    problems = {(problem.benchmark, problem.problem_id): problem for problem in evaluation.problems}
    return chosen.write(Selection(evaluation, problems, samples), out)


def format_of(path: Path) -> str:
    """The name of the format that a file is in, by its ending and its beginning.

    Raises RatchetError where it is none of them, or cannot be read.
    """
    if path.suffix in (".parquet", ".pq"):
        return "parquet"
    if path.suffix == ".eval":
        return "inspect"
    if path.suffix == ".json":
        try:
            keys = set(json.loads(path.read_bytes()))
        except OSError as error:
            raise RatchetError(f"{path} cannot be read ({error.strerror or error}).") from None
        except (ValueError, TypeError, RecursionError):
            raise RatchetError(f"{path} is no JSON object; name its format with --from.") from None
        if {"eval", "status"} <= keys:
            return "inspect"
        if "eval" in keys:
            return "evalplus"
        if "results" in keys:
            return "lm-eval"
    else:
        first = next(iter(read_rows(path)), None)
        keys = set(first.fields) if first else set()
        if "filtered_resps" in keys:
            return "lm-eval"
        if "task_id" in keys:
            return "human-eval"
    raise RatchetError(f"{path} is in no format that is known here; name it with --from.")


def read_answers(path: Path, format: str | None = None) -> list[Answer]:
    """The samples of another tool's file; raises RatchetError on what is wrong with it."""
    return list(FORMATS[format or format_of(path)].read(path))


def write_samples(answers: Iterable[Answer], out: Path, benchmark: Benchmark | None = None) -> int:
    """Write a file for `ratchet score`, in which samples stand problem by problem as they came; their number.

    A chat's reply is made a program of, for which `benchmark` must be given. Raises RatchetError
    where it is not, where it has no such problem, and where the file cannot be written.
    """
    problems = {problem.id: problem for problem in benchmark.problems} if benchmark else {}
    rows = []
    for answer in answers:
        text, alone = answer.text, answer.kind == "program"
        if answer.kind == "reply":
            if benchmark is None:
                raise RatchetError("there are replies of a chat: name the benchmark with --benchmark.")
            if answer.task_id not in problems:
                raise RatchetError(f'{benchmark.name} has no problem "{answer.task_id}"; name another one.')
            text, alone = program_of(answer.text, problems[answer.task_id])
        row = {"task_id": answer.task_id, "solution" if alone else "completion": text}
        rows.append(row if answer.passed is None else row | {"passed": answer.passed})
    write_lines(out, rows)
    return len(rows)
