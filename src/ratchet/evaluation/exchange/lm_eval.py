"""lm-evaluation-harness's results and samples, as `lm_eval --log_samples --output_path DIR` leaves them.

    DIR/results_<date>.json              figures by task: {"results": {task: {"pass@1,create_test": …}}}
    DIR/samples_<task>_<date>.jsonl      a line per problem: "doc", "resps", "filtered_resps", "pass@1", …

(lm-eval 0.4.13: `lm_eval/evaluator.py`, `lm_eval/loggers/evaluation_tracker.py`.)

There a line holds all samples of a problem, and one figure for them. Ours adds "ratchet", with a
verdict for each, which lm-eval's own tools pass over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from ratchet import __version__
from ratchet.errors import RatchetError
from ratchet.evaluation.exchange.formats import (
    Answer,
    Kind,
    Selection,
    Written,
    json_text,
    write_lines,
    write_text,
)
from ratchet.evaluation.records import SampleRecord
from ratchet.judge import pass_at_k
from ratchet.judge.results import DEFAULT_K
from ratchet.problems.lines import Row, read_rows

FILTER = "create_test"
"""What lm-eval's tasks for HumanEval call the step that makes programs of what was written."""

_OUR_PREFIX = {"mbpp": "mbpp/", "mbpp_plus": "Mbpp/"}
"""Tasks whose documents have a number where our problems have a name."""


def write(selection: Selection, out: Path) -> Written:
    """Into the folder `out`: the figures of all benchmarks, and a file of samples for each."""
    if out.suffix in (".json", ".jsonl") or out.is_file():
        raise RatchetError(f"lm-eval's results are several files: name a folder for them, unlike {out}.")
    date = selection.created.isoformat().replace(":", "-")
    groups: dict[str, dict[str, list[SampleRecord]]] = {}
    for (benchmark, name), samples in selection.by_problem().items():
        groups.setdefault(benchmark, {})[name] = samples
    figures = {benchmark: _figures(benchmark, problems) for benchmark, problems in groups.items()}
    counts = {
        benchmark: {"original": len(problems), "effective": len(problems)}
        for benchmark, problems in groups.items()
    }
    results = {
        "results": figures,
        "group_subtasks": {benchmark: [] for benchmark in groups},
        "configs": {benchmark: {"task": benchmark} for benchmark in groups},
        "versions": dict.fromkeys(groups, "ratchet"),
        "n-shot": dict.fromkeys(groups, 0),
        "higher_is_better": {benchmark: {"pass@1": True} for benchmark in groups},
        "n-samples": counts,
        "config": {"model": selection.evaluation.model, "model_args": ""},
        "date": selection.created.timestamp(),
        "model_name": selection.evaluation.model,
        "ratchet_version": __version__,
    }
    files = [write_text(out / f"results_{date}.json", json_text(results))]
    for benchmark, problems in groups.items():
        task = re.sub(r"\W", "_", benchmark)
        rows = (_row(number, samples, selection) for number, samples in enumerate(problems.values()))
        files.append(write_lines(out / f"samples_{task}_{date}.jsonl", rows))
    return Written(tuple(files))


def _figures(benchmark: str, problems: Mapping[str, Sequence[SampleRecord]]) -> dict[str, Any]:
    """pass@k, and the standard error of a mean over problems, as lm-eval has it."""
    found: dict[str, Any] = {"alias": benchmark}
    fewest = min(map(len, problems.values()))
    for k in DEFAULT_K:
        if k <= fewest:
            values = [
                pass_at_k(len(samples), sum(sample.passed for sample in samples), k)
                for samples in problems.values()
            ]
            error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else "N/A"
            found[f"pass@{k},{FILTER}"] = fmean(values)
            found[f"pass@{k}_stderr,{FILTER}"] = error
    return found


def _row(number: int, samples: Sequence[SampleRecord], selection: Selection) -> dict[str, Any]:
    problem = selection.problem_of(samples[0])
    doc = {"task_id": problem.problem_id, "prompt": problem.prompt, "language": problem.language}
    return {
        "doc_id": number,
        "doc": doc,
        "target": "",
        "arguments": {"gen_args_0": {"arg_0": problem.prompt, "arg_1": {}}},
        "resps": [[sample.completion for sample in samples]],
        "filtered_resps": [[selection.program_of(sample) for sample in samples]],
        "filter": FILTER,
        "metrics": ["pass@1"],
        "doc_hash": _hash(json_text(doc)),
        "prompt_hash": _hash(problem.prompt),
        "target_hash": _hash(""),
        "pass@1": fmean(sample.passed for sample in samples),
        "ratchet": {
            "standalone": [sample.standalone for sample in samples],
            "passed": [sample.passed for sample in samples],
            "status": [str(sample.status) for sample in samples],
            "detail": [sample.detail for sample in samples],
            "temperature": [sample.temperature for sample in samples],
        },
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read(path: Path) -> Iterator[Answer]:
    """The samples of a `samples_….jsonl`, problem by problem.

    What a filter made of a reply is taken for a whole program, an unfiltered one for a completion.
    There is a verdict where the file is ours, and where a problem has one sample and a "pass@1".
    Raises RatchetError, with file and line, on a line that is of another shape.
    """
    if path.suffix == ".json":
        raise RatchetError(f"{path} holds figures alone; give the samples_….jsonl that lies beside it.")
    task = path.name.removeprefix("samples_").rpartition("_")[0]
    for row in read_rows(path):
        try:
            yield from _answers(row, task)
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise RatchetError(
                f"{row.where}: no line of lm-eval's samples ({type(error).__name__}: {error})."
            ) from None


def _answers(row: Row, task: str) -> Iterator[Answer]:
    fields = row.fields
    name = fields["doc"]["task_id"]
    task_id = name if isinstance(name, str) else f"{_OUR_PREFIX.get(task, f'{task}/')}{name}"
    written, made = _flat(fields["resps"]), _flat(fields["filtered_resps"])
    ours = fields.get("ratchet")
    single = fields.get("pass@1", fields.get("pass_at_1"))
    for number, text in enumerate(made):
        passed: bool | None = None
        if ours is not None:
            passed = bool(ours["passed"][number])
            kind: Kind = "program" if ours["standalone"][number] else "completion"
            yield Answer(task_id, written[number], kind, passed)
            continue
        if len(made) == 1 and single is not None:
            passed = float(single) == 1.0
        same = number < len(written) and text == written[number]
        yield Answer(task_id, text, "completion" if same else "program", passed)


def _flat(value: Any) -> list[str]:
    """The texts of a list of texts, or of lists of them."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise TypeError(f"there is {type(value).__name__} where texts should be")
    return [text for part in value for text in _flat(part)]
