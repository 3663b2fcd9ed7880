"""All of a Run's samples as one table in Apache Parquet, for pandas, DuckDB, Spark and others.

A row per sample, with every field of `SampleRecord`, its prompt, language and labels; `tool_calls` and
`labels` are JSON. The file's metadata has "ratchet": model, time, settings. pyarrow is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.evaluation.exchange.formats import (
    Answer,
    Selection,
    Written,
    about_surrogates,
    json_text,
    sound_text,
)

_COLUMNS = {
    "benchmark": "string",
    "task_id": "string",
    "sample": "int64",
    "temperature": "float64",
    "seed": "int64",
    "language": "string",
    "prompt": "string",
    "completion": "string",
    "raw": "string",
    "standalone": "bool_",
    "finish": "string",
    "tokens": "int64",
    "logprob": "float64",
    "tool_calls": "string",
    "passed": "bool_",
    "status": "string",
    "detail": "string",
    "category": "string",
    "wall_s": "float64",
    "cpu_s": "float64",
    "oracle": "string",
    "labels": "string",
}
_ROWS_AT_ONCE = 1024


def write(selection: Selection, out: Path) -> Written:
    """The table at `out`; raises RatchetError where pyarrow is missing, or the file cannot be written."""
    arrow, parquet = _arrow("pyarrow"), _arrow("pyarrow.parquet")
    about = {
        "model": selection.evaluation.model,
        "created": selection.evaluation.created,
        "settings": dict(selection.evaluation.settings),
    }
    schema = arrow.schema(
        [(name, getattr(arrow, kind)()) for name, kind in _COLUMNS.items()],
        metadata={"ratchet": json_text(about)},
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
            for start in range(0, len(selection.samples), _ROWS_AT_ONCE):
                part = selection.samples[start : start + _ROWS_AT_ONCE]
                rows = [_row(selection, sample) for sample in part]
                writer.write_table(arrow.Table.from_pylist(rows, schema=schema))
    except OSError as error:
        raise RatchetError(f"{out} cannot be written ({error}); name another file.") from None
    return Written((out,), about_surrogates(selection.samples))


def _row(selection: Selection, sample: Any) -> dict[str, Any]:
    problem = selection.problem_of(sample)
    row = asdict(sample) | {
        "task_id": sample.problem_id,
        "sample": sample.index,
        "language": problem.language,
        "prompt": problem.prompt,
        "tool_calls": json_text([asdict(call) for call in sample.tool_calls]),
        "passed": sample.passed,
        "status": str(sample.status),
        "labels": json_text(dict(problem.labels)),
    }
    return {name: sound_text(row[name]) if isinstance(row[name], str) else row[name] for name in _COLUMNS}


def read(path: Path) -> Iterator[Answer]:
    """The samples of any table with "task_id" and "completion" or "solution", row by row.

    "standalone" says of a "completion" that it is a whole program, "passed" is the verdict. Raises
    RatchetError on a table without those columns and on what is no Parquet file.
    """
    arrow, parquet = _arrow("pyarrow"), _arrow("pyarrow.parquet")
    try:
        with parquet.ParquetFile(path) as file:
            names = set(file.schema_arrow.names)
            text = next((name for name in ("solution", "completion") if name in names), None)
            if text is None or "task_id" not in names:
                have = ", ".join(sorted(names)[:12])
                raise RatchetError(
                    f'{path} has no "task_id" with "completion" or "solution" (it has {have}).'
                )
            columns = [name for name in ("task_id", text, "standalone", "passed") if name in names]
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=columns):
                for row in batch.to_pylist():
                    alone = text == "solution" or bool(row.get("standalone"))
                    kind: Any = "program" if alone else "completion"
                    yield Answer(str(row["task_id"]), str(row[text] or ""), kind, row.get("passed"))
    except (OSError, arrow.ArrowException) as error:
        raise RatchetError(f"{path} cannot be read as Parquet ({str(error).splitlines()[0]}).") from None


def _arrow(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise RatchetError("Parquet needs pyarrow, which is not installed: pip install pyarrow.") from None
