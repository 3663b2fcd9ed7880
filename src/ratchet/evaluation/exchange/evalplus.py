"""EvalPlus's sample file and its results, as `evalplus.evaluate` takes and leaves them (evalplus 0.3.1).

    samples.jsonl                 {"task_id", "solution"} or {"task_id", "completion"}
    samples_eval_results.json     {"date", "hash", "eval": {task: [{"solution", "base_status", …}]}}

`evalplus.evaluate --samples samples.jsonl` shows figures from the second file where it is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.evaluation.exchange import human_eval
from ratchet.evaluation.exchange.formats import (
    Answer,
    Selection,
    Written,
    json_text,
    write_lines,
    write_text,
)
from ratchet.evaluation.records import SampleRecord
from ratchet.judge import VerdictStatus

RESULTS = "_eval_results.json"


def write(selection: Selection, out: Path) -> Written:
    """The samples at `out`, which must end in ".jsonl", and the results beside them."""
    if out.suffix != ".jsonl":
        raise RatchetError(f"EvalPlus wants the samples' file to end in .jsonl, unlike {out}.")
    plus = all(name.endswith("+") for name in selection.benchmarks)
    rows = [
        {
            "task_id": sample.problem_id,
            "solution" if sample.standalone else "completion": sample.completion,
        }
        for sample in selection.samples
    ]
    judged: dict[str, list[dict[str, Any]]] = {}
    for sample in selection.samples:
        judged.setdefault(sample.problem_id, []).append(
            {
                "task_id": sample.problem_id,
                "solution": selection.program_of(sample),
                "base_status": _status(sample),
                "plus_status": _status(sample) if plus else None,
                "base_fail_tests": [],
                "plus_fail_tests": [],
            }
        )
    results = {
        "date": f"{selection.created:%Y-%m-%d %H:%M}",
        "hash": str(selection.evaluation.settings.get("problems_sha256", "")),
        "eval": judged,
    }
    note = (
        "a Run has one verdict on all inputs, so a sample that failed on an added input alone "
        "counts as failed in EvalPlus's base figure too; that of base + extra is right."
    )
    return Written(
        (
            write_lines(out, rows),
            write_text(out.with_name(out.name.removesuffix(".jsonl") + RESULTS), json_text(results)),
        ),
        (note,) if plus else (),
    )


def _status(sample: SampleRecord) -> str:
    if sample.passed:
        return "pass"
    return "timeout" if sample.status is VerdictStatus.TIMEOUT else "fail"


def read(path: Path) -> Iterator[Answer]:
    """The samples of a sample file, or the programs and verdicts of a results file (`…_eval_results.json`).

    A verdict is on all inputs where the file has both, else on the base inputs. Raises RatchetError
    on a file that is neither.
    """
    if path.suffix != ".json":
        yield from human_eval.read(path)
        return
    try:
        rows = [row for group in json.loads(path.read_bytes())["eval"].values() for row in group]
        for row in rows:
            passed = row["base_status"] == "pass" and row.get("plus_status") in ("pass", None)
            yield Answer(_text(row["task_id"]), _text(row["solution"]), "program", passed)
    except OSError as error:
        raise RatchetError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RatchetError(
            f"{path} is no results file of EvalPlus ({type(error).__name__}: {error}); give its samples."
        ) from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is missing, there is {type(value).__name__}")
    return value
