"""`ratchet export`: the samples and verdicts of a Run, in another tool's format."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--to",
    required=True,
    type=click.Choice(["human-eval", "evalplus", "inspect", "lm-eval", "parquet"]),
    help="The format.",
)
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="The file (or folder).")
@click.option("--benchmark", metavar="NAME", help="Which one, where the Run has several.")
@click.option("--temperature", type=float, metavar="T", help="Which one, where the Run has several.")
def command(run: Path, to: str, out: Path, benchmark: str | None, temperature: float | None) -> None:
    """Write a Run's samples and verdicts in another tool's format.

    RUN is one of `ratchet eval`: a Run of `ratchet score` does not hold the samples' texts.

    \b
    human-eval  FILE, and what human-eval makes of it: FILE_results.jsonl
    evalplus    FILE.jsonl, and what EvalPlus makes of it: FILE_eval_results.json
    inspect     a log of inspect_ai: FILE.json, or FILE.eval where inspect_ai is installed
    lm-eval     a folder with results_DATE.json and samples_TASK_DATE.jsonl
    parquet     one table of all samples (needs pyarrow)

    \b
    Examples:
      ratchet export runs/mine --to evalplus -o samples.jsonl
      ratchet export runs/mine --to inspect -o log.json --benchmark humaneval --temperature 0.2
      ratchet export runs/mine --to parquet -o mine.parquet
    """
    from ratchet.evaluation.exchange import export
    from ratchet.evaluation.records import read_evaluation

    written = export(read_evaluation(run), to, out, benchmark=benchmark, temperature=temperature)
    for path in written.files:
        click.echo(path)
    for note in written.notes:
        click.echo(f"note: {note}", err=True)
