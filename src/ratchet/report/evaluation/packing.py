"""Problems and samples pressed into blocks of text that a script unpacks when they are wanted.

A block is gzip in base64 (RFC 1952, RFC 4648): browsers unpack it by themselves. The index is
one block of columns of small numbers, which is read when the page opens; prompts, programs
and errors are in the other blocks, a few hundred kilobytes each, in the order of the problems,
so that what one problem needs lies together and presses well.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from typing import Any

from ratchet.evaluation.records import Evaluation, ProblemRecord, SampleRecord
from ratchet.judge import VerdictStatus
from ratchet.report.blocks import VERDICT_TONES
from ratchet.report.text import shortened, visible

BLOCK = 300_000
"""Characters of a block before it is pressed, unless one entry is longer."""
_ANSWER = 4_000
"""Characters of a tool's answer that are kept."""
_CALLS = 40
"""Questions to tools that are kept of one sample."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The index and the blocks, each as text that can stand in HTML."""

    index: str
    blocks: tuple[str, ...]


@dataclass(slots=True)
class _Numbers:
    """Values by the number under which the index lists them."""

    values: dict[Any, int]

    def of(self, value: Any) -> int:
        return self.values.setdefault(value, len(self.values))


def pack(runs: Sequence[Evaluation], names: Sequence[str]) -> Packed:
    """Every problem and every sample of the Runs, sorted by problem, Run, temperature and index.

    Texts longer than the page shows are cut, and what was left off is counted.
    """
    problems = _problems(runs)
    place = {key: i for i, key in enumerate(problems)}
    samples = sorted(
        ((run, sample) for run, one in enumerate(runs) for sample in one.samples),
        key=lambda pair: (
            place[pair[1].benchmark, pair[1].problem_id],
            pair[0],
            pair[1].temperature is None,
            pair[1].temperature or 0.0,
            pair[1].index,
        ),
    )
    statuses = {str(status): i for i, status in enumerate(VerdictStatus)}
    benchmarks, categories, temperatures = _Numbers({}), _Numbers({}), _Numbers({})
    of_problem = [0] * len(problems)
    columns: dict[str, list[int]] = {
        name: [] for name in ("run", "temperature", "index", "status", "category")
    }
    for run, sample in samples:
        of_problem[place[sample.benchmark, sample.problem_id]] += 1
        columns["run"].append(run)
        columns["temperature"].append(temperatures.of(sample.temperature))
        columns["index"].append(sample.index)
        columns["status"].append(statuses[sample.status])
        columns["category"].append(categories.of(sample.category))
    starts, blocks = _blocks(chain(map(_prompts, problems.values()), (_entry(one) for _, one in samples)))
    first = [next(record for record in records if record) for records in problems.values()]
    index = {
        "runs": [visible(name) for name in names],
        "problems": {
            "benchmark": [benchmarks.of(record.benchmark) for record in first],
            "id": [visible(record.problem_id) for record in first],
            "language": [visible(record.language) for record in first],
            "broken": [visible(record.broken) for record in first],
            "labels": [[f"{visible(k)}: {visible(v)}" for k, v in record.labels.items()] for record in first],
            "samples": of_problem,
        },
        "benchmarks": [visible(name) for name in benchmarks.values],
        "temperatures": [*temperatures.values],
        "statuses": list(statuses),
        "tones": [VERDICT_TONES.get(status, "plain") for status in statuses],
        "categories": [visible(name) for name in categories.values],
        "samples": columns,
        "starts": starts,
    }
    return Packed(_pressed(index), tuple(blocks))


_Problems = dict[tuple[str, str], list[ProblemRecord | None]]
"""By benchmark and id: the record in each Run, None where a Run does not hold it."""


def _problems(runs: Sequence[Evaluation]) -> _Problems:
    """Every problem of the Runs; benchmarks and problems in the order in which they first come."""
    order = {name: i for i, name in enumerate(dict.fromkeys(b for run in runs for b in run.benchmarks))}
    found: _Problems = {}
    for place, run in enumerate(runs):
        for record in run.problems:
            found.setdefault((record.benchmark, record.problem_id), [None] * len(runs))[place] = record
    return dict(sorted(found.items(), key=lambda item: order[item[0][0]]))


def _prompts(records: Sequence[ProblemRecord | None]) -> list[Any]:
    """Each wording of the prompt (text, characters left off, whose it is), and perplexities by Run."""
    wordings: dict[str, list[int]] = {}
    for run, record in enumerate(records):
        if record is not None:
            wordings.setdefault(record.prompt, []).append(run)
    perplexities = [None if record is None else record.perplexity for record in records]
    return [[[*shortened(text), users] for text, users in wordings.items()], perplexities]


def _entry(sample: SampleRecord) -> dict[str, Any]:
    """What is told of one sample; what is empty is left out."""
    calls = [
        [visible(call.tool), *shortened(call.query, _ANSWER), *shortened(call.answer, _ANSWER)]
        for call in sample.tool_calls[:_CALLS]
    ]
    told: dict[str, Any] = {
        "program": shortened(sample.completion) if sample.completion else None,
        "whole": sample.standalone,
        "raw": shortened(sample.raw) if sample.raw else None,
        "detail": shortened(sample.detail) if sample.detail else None,
        "calls": calls,
        "more_calls": max(0, len(sample.tool_calls) - _CALLS),
        "tokens": sample.tokens,
        "wall": round(sample.wall_s, 3),
        "cpu": round(sample.cpu_s, 3),
        "seed": None if sample.seed is None else str(sample.seed),
        "logprob": sample.logprob if isfinite(sample.logprob or 0.0) else None,
        "finish": visible(sample.finish),
        "oracle": visible(sample.oracle),
    }
    return {name: value for name, value in told.items() if value}


def _blocks(entries: Iterable[Any]) -> tuple[list[int], list[str]]:
    """The entries as blocks, and the number of the first entry of each block."""
    starts: list[int] = []
    blocks: list[str] = []
    for start, texts in _gathered(entries):
        starts.append(start)
        blocks.append(_press(f"[{','.join(texts)}]"))
    return starts, blocks


def _gathered(entries: Iterable[Any]) -> Iterator[tuple[int, list[str]]]:
    texts: list[str] = []
    size = start = 0
    for place, entry in enumerate(entries):
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        if texts and size + len(text) > BLOCK:
            yield start, texts
            texts, size, start = [], 0, place
        texts.append(text)
        size += len(text)
    if texts:
        yield start, texts


def _pressed(value: Any) -> str:
    return _press(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _press(text: str) -> str:
    # No time of day in it: the same Runs give the same bytes.
    return base64.b64encode(gzip.compress(text.encode("utf-8"), 6, mtime=0)).decode("ascii")
