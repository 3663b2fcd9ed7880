"""`ratchet score`: judge samples for a benchmark, and print pass@k."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ratchet.cli.options import Numbers

if TYPE_CHECKING:
    from ratchet.judge import Score


_REASONS_SHOWN = 10


@click.command()
@click.argument("benchmark")
@click.option(
    "--samples",
    type=click.Path(path_type=Path),
    help='JSON Lines with "task_id" and "completion" (or EvalPlus\'s "solution"), plain or gzipped.  '
    "[default: the benchmark's own solutions]",
)
@click.option(
    "--k",
    "ks",
    type=Numbers(int, "1,10,100"),
    help="The k of pass@k.  [default: those of 1,10,100 that the samples allow]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The Run's directory.  [default: runs/score-BENCHMARK-TIME]",
)
@click.option("--resume", is_flag=True, help="Go on with the Run in --out; nothing is judged twice.")
@click.option("--partial", is_flag=True, help="Score the problems that have samples, where others have none.")
@click.option(
    "--oracle",
    type=click.Choice(["auto", "split", "in-process"]),
    default="auto",
    show_default=True,
    help="Where the tests run: in a process of their own wherever they can; always, leaving out problems "
    "whose tests cannot; or in the sample's own process, which a program can fool.",
)
@click.option(
    "--walls",
    type=click.Choice(["full", "process"]),
    default="full",
    show_default=True,
    help="How each program is shut in: namespaces and filters, or (weaker) limits only.",
)
@click.option(
    "--timeout", type=float, help="Seconds for a sample with all its tests.  [default: the benchmark's own]"
)
@click.option(
    "--memory", type=int, metavar="MB", help="MiB of memory for a sample.  [default: the benchmark's own]"
)
@click.option("--jobs", type=int, help="Samples at once.  [default: one per core]")
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, and nothing else there.")
def command(
    benchmark: str,
    samples: Path | None,
    ks: tuple[int, ...] | None,
    out: Path | None,
    resume: bool,
    partial: bool,
    oracle: Any,
    walls: str,
    timeout: float | None,
    memory: int | None,
    jobs: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Judge samples for a benchmark, and print pass@k.

    BENCHMARK is a name (humaneval, humaneval+, mbpp, mbpp-sanitized, mbpp+; by language
    humaneval-x:cpp, multipl-e:rs and so on), or the path of problems in HumanEval's
    JSONL format: task_id, prompt, entry_point, test; optional language. Every sample is
    run in a jail of its own; its tests run in another process. Without --samples the
    benchmark's own solutions are judged, to see that all is in order here.
    RUN/verdicts.jsonl gets a line per sample, RUN/score.json the figures.

    \b
    Examples:
      ratchet score mbpp
      ratchet score humaneval-x:java
      ratchet score humaneval --samples samples.jsonl
      ratchet score humaneval --samples samples.jsonl.gz --k 1,10 --out runs/mine
      ratchet score humaneval --samples samples.jsonl.gz --k 1,10 --out runs/mine --resume
      ratchet score problems.jsonl --samples samples.jsonl --partial --timeout 10
      ratchet score humaneval --samples samples.jsonl --quiet --json | jq '.pass_at'
    """
    from ratchet.judge import score

    result = score(
        benchmark,
        samples,
        k=ks,
        out=out,
        resume=resume,
        partial=partial,
        oracle=oracle,
        walls=walls,
        timeout=timeout,
        memory_mb=memory,
        jobs=jobs,
        quiet=quiet,
    )
    if as_json:
        click.echo(json.dumps(result.as_dict(), ensure_ascii=False))
    else:
        _print(result)


def _print(result: Score) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True, markup=False)
    problems = "1 problem" if result.problems == 1 else f"{result.problems:,} problems"
    table = Table(title=f"{result.benchmark}: {problems}, {result.samples:,} samples")
    for name in ("", "estimate", "95 % interval over problems"):
        table.add_column(name, justify="left" if not name else "right")
    for row in result.pass_at:
        interval = "one problem: none" if row.low is None else f"{row.low:.3f} – {row.high:.3f}"
        table.add_row(f"pass@{row.k}", f"{row.mean:.3f}", interval)
    console.print(table)
    console.print(", ".join(f"{count:,} {status}" for status, count in result.counts.items() if count))
    if result.left_out_problems:
        console.print(f"without any sample, and left out (--partial): {result.left_out_problems:,} problems")
    if result.left_out_k:
        names = ", ".join(f"pass@{k}" for k in result.left_out_k)
        console.print(f"{names} left out: some problem has fewer samples")
    for line in _about_broken(result):
        console.print(line)
    for line in _about_oracles(result):
        console.print(line)
    if result.failed_references:
        console.print(f"the benchmark's own solutions that do not pass: {len(result.failed_references):,}")
        for line in _first(result.failed_references, result):
            console.print(line)
    for note in result.notes:
        console.print(f"note: {note}")
    console.print(f"verdicts: {result.run}/verdicts.jsonl")


def _about_broken(result: Score) -> Iterator[str]:
    """Lines that give the score without the problems that no answer can pass."""
    if result.broken:
        yield f"problems that no answer passes that does what is asked, or not here: {len(result.broken):,}"
        for row in result.unbroken_pass_at:
            yield f"pass@{row.k} without these: {row.mean:.3f}"
        yield from _first(result.broken, result)


def _about_oracles(result: Score) -> Iterator[str]:
    """Lines that say where the tests ran, and what that means for the score."""
    oracles = result.oracles
    judged = oracles.split + oracles.in_process_samples
    share = f"{oracles.split:,} of {judged:,} samples ({oracles.split_share:.1%})"
    yield f"tests in a process of their own: {share}"
    if oracles.in_process_samples:
        weak = _count(oracles.in_process_samples, len(oracles.in_process))
        yield f"tests in the sample's process: {weak}; a program that sets out to can forge this"
    for row in oracles.split_pass_at:
        yield f"pass@{row.k} without those problems: {row.mean:.3f}"
    if oracles.refused:
        left_out = _count(oracles.refused_samples, len(oracles.refused))
        yield f"not judged, as their tests cannot be kept apart (--oracle split): {left_out}"
    reasons = {name: reason for name, reason in (oracles.in_process | oracles.refused).items() if reason}
    yield from _first(reasons, result)


def _count(samples: int, problems: int) -> str:
    return (
        f"{samples:,} {'sample' if samples == 1 else 'samples'} of "
        f"{problems:,} {'problem' if problems == 1 else 'problems'}"
    )


def _first(reasons: Mapping[str, str], result: Score) -> Iterator[str]:
    """A line for each of the first few problems, and one that says where the others are."""
    for name, reason in list(reasons.items())[:_REASONS_SHOWN]:
        yield f"  {name}: {reason}"
    if len(reasons) > _REASONS_SHOWN:
        yield f"  and {len(reasons) - _REASONS_SHOWN:,} more, in {result.run}/score.json"
