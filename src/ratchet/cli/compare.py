"""`ratchet compare`: which of several Runs is better, and whether that is more than noise."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, and nothing else there.")
def command(runs: tuple[Path, ...], as_json: bool) -> None:
    """Compare Runs problem by problem, and say whether the difference is more than noise.

    RUN is the directory of a finished `ratchet eval` or `ratchet score`. Every two Runs are
    compared on every benchmark that both hold, over the problems that both hold: the mean
    difference of pass@k with its paired bootstrap interval, McNemar's exact test on the first
    samples, and the exact sign-flip test on all samples, corrected by Holm's method where there
    are several. Settings in which the Runs differ are named.

    \b
    Examples:
      ratchet compare runs/base runs/tuned
      ratchet compare runs/*/ --json | jq '.pairings[].sentence'
    """
    from ratchet.evaluation.compare import compare
    from ratchet.evaluation.records import read_evaluation

    found = compare([read_evaluation(path) for path in runs])
    if as_json:
        click.echo(json.dumps(found.as_dict()))
        return
    from ratchet.report import print_tables
    from ratchet.report.evaluation.differences import comparison_tables
    from ratchet.report.text import visible

    print_tables(comparison_tables(found))
    click.echo()
    for sentence in (*found.notes, *(pairing.sentence for pairing in found.pairings)):
        click.echo(visible(sentence))
