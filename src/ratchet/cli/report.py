"""`ratchet report`: Runs of evaluations as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The file to write.",
)
@click.option("--title", default="", help="Of the page.  [default: the benchmarks' names]")
def command(runs: tuple[Path, ...], out: Path, title: str) -> None:
    """Write one HTML file about Runs: figures, and every sample with its verdict.

    RUN is the directory of a finished `ratchet eval` or `ratchet score`. The file holds
    the leaderboard, what is and what is not more than noise, pass@k curves, how samples failed,
    what they cost, and a grid of models by problems in which every prompt, program, error and
    tool call can be found, filtered and read. It asks nothing of the network.

    \b
    Examples:
      ratchet report runs/mine
      ratchet report runs/base runs/tuned -o compared.html
    """
    from ratchet.evaluation.records import read_evaluation
    from ratchet.report.evaluation import write_report

    path = write_report([read_evaluation(run) for run in runs], out, title=title)
    size = path.stat().st_size
    told = f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"
    click.echo(f"{path} ({told})")
