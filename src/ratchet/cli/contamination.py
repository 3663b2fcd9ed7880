"""`ratchet contamination`: whether problems of benchmarks stand in a corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ratchet.evaluation.contamination import Finding, Match, Report

_SHOWN = 15


@click.command()
@click.argument("benchmarks", nargs=-1, required=True, metavar="BENCHMARK...")
@click.option(
    "--corpus",
    "corpora",
    required=True,
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="A folder of source files, a file, JSON Lines or Parquet; may be given several times.",
)
@click.option("--field", metavar="NAME", help="Where a row has its text.  [default: all texts of the row]")
@click.option("--ngram", type=int, default=13, show_default=True, help="Words of an n-gram; 8 or more.")
@click.option(
    "--similarity",
    type=float,
    default=0.9,
    show_default=True,
    help="Code above this is similar (1 - Levenshtein distance / length).",
)
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout, and nothing else there.")
def command(
    benchmarks: tuple[str, ...],
    corpora: tuple[Path, ...],
    field: str | None,
    ngram: int,
    similarity: float,
    quiet: bool,
    as_json: bool,
) -> None:
    """Look for a benchmark's problems in a corpus.

    What a model has read, it need not solve. There are two measures. A problem overlaps where 13
    words in a row of its prompt, solution or tests stand in a document too, as GPT-3's authors
    counted it. Its code is similar where a function of the corpus is more than 90 % like its solution
    by Levenshtein distance, without comments and white space, which is AutoCoder's rule for leaving
    an entry out. The exit code is 0 whatever is found.

    \b
    Examples:
      ratchet contamination humaneval --corpus src/
      ratchet contamination humaneval mbpp --corpus train.jsonl.gz --corpus more/ --field text
      ratchet contamination humaneval --corpus src/ --json | jq '.[].similar'
    """
    from ratchet.evaluation.contamination import Contamination, documents
    from ratchet.problems import load_benchmark
    from ratchet.runs import Progress

    checks = [Contamination(load_benchmark(name), n=ngram, threshold=similarity) for name in benchmarks]
    skipped: list[str] = []
    with Progress(quiet=quiet or as_json) as progress:
        task = progress.task("reading the corpus", total=None, unit="documents")
        for document in documents(corpora, field, lambda path: skipped.append(str(path))):
            for check in checks:
                check.look(document)
            task.advance()
        task.finish()
    reports = [check.report(skipped) for check in checks]
    if as_json:
        click.echo(json.dumps([report.as_dict() for report in reports], ensure_ascii=False))
        return
    for report in reports:
        _print(report)


def _print(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    if report.findings:
        table = Table(title=report.benchmark)
        for title in ("problem", "found", "share", "where"):
            table.add_column(title, overflow="fold", justify="right" if title == "share" else "left")
        strongest = sorted(
            report.findings, key=lambda one: (-one.similarity, -max(one.overlap.values(), default=0))
        )
        for finding in strongest[:_SHOWN]:
            for match in _first_of_each_kind(finding.matches):
                place = f"{match.path}:{match.line}"
                table.add_row(finding.problem_id, f"{match.kind}, {match.part}", f"{match.share:.1%}", place)
        console.print(table)
        if len(report.findings) > _SHOWN:
            console.print(f"and {len(report.findings) - _SHOWN:,} problems more: --json lists all")
    console.print(report.sentence, soft_wrap=True)
    words = f"{report.documents:,} documents, {report.characters:,} characters"
    console.print(f"corpus: {words}; {len(report.skipped):,} files that are no text", soft_wrap=True)
    for names, what in (
        (report.without_ngrams, f"have no {report.n}-gram of their own"),
        (report.without_code, "have no code, or too little, to be compared"),
    ):
        if names:
            console.print(f"{len(names):,} problems {what}: {', '.join(names[:5])}…", soft_wrap=True)


def _strength(finding: Finding) -> tuple[float, float]:
    return finding.similarity, max(finding.overlap.values(), default=0.0)


def _first_of_each_kind(matches: tuple[Match, ...]) -> list[Match]:
    return list({match.kind: match for match in reversed(matches)}.values())[::-1]
