"""`ratchet demo`: the whole loop on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import click

_EPILOG = """\b
Examples:
  ratchet demo                                   everything once, in a few minutes
  ratchet demo --seeds 3 --out runs/three        three times, with the spread
  ratchet demo --resume runs/three               go on after ctrl-C or kill -9
  ratchet demo --smoke                           under a minute; numbers mean nothing
  ratchet demo --set base.steps=3000             longer training
"""


@click.command(
    "demo",
    short_help="Train a tiny model and turn the whole loop once, on this machine.",
    epilog=_EPILOG,
)
@click.option(
    "--seeds", type=int, help="Do everything for so many training seeds and show the spread.  [default: 1]"
)
@click.option("--seed", type=int, help="Seed of everything random.  [default: 0]")
@click.option("--out", type=click.Path(path_type=Path), help="Where the Run goes.  [default: runs/demo-TIME]")
@click.option(
    "--resume", type=click.Path(path_type=Path), metavar="RUN", help="Go on with an interrupted demo."
)
@click.option(
    "--smoke", is_flag=True, help="All of it, tiny, in under a minute: for tests, its numbers mean nothing."
)
@click.option("--config", type=click.Path(path_type=Path), help="A TOML, YAML or JSON file of settings.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting, such as base.steps=500."
)
@click.option("--workers", type=int, help="Units of work done side by side.  [default: the usable cores]")
@click.option(
    "--walls",
    type=click.Choice(["full", "process"]),
    default="full",
    show_default=True,
    help="How programs are jailed; `process` is a lower guard, for kernels without namespaces.",
)
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout instead of tables.")
def command(
    seeds: int | None,
    seed: int | None,
    out: Path | None,
    resume: Path | None,
    smoke: bool,
    config: Path | None,
    overrides: tuple[str, ...],
    workers: int | None,
    walls: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Train a tiny model and turn the whole loop once, on this machine.

    Makes up a micro-domain of Python problems, trains small models on it from
    scratch, runs what they write in a jail, keeps what is proven, trains students
    on it, and writes one page that says what came of it. No network, no weights
    to download; about four minutes on two cores.
    """
    from ratchet.loop.demo import demo

    result = demo(
        out=out,
        resume=resume,
        seed=seed,
        seeds=seeds,
        smoke_run=smoke,
        config=config,
        overrides=overrides,
        workers=workers,
        walls=walls,
        quiet=quiet,
    )
    if as_json:
        found = json.loads((result.run / "tables.json").read_text(encoding="utf-8"))
        click.echo(
            json.dumps(
                {"run": str(result.run), "report": str(result.report), "smoke": result.smoke, "tables": found}
            )
        )
        return
    from ratchet.report import print_tables

    print_tables(result.tables)
    if result.smoke:
        click.echo("Smoke run: everything is so small that these numbers mean nothing.")
    click.echo(f"Run:    {result.run}")
    click.echo(f"Report: {result.report}")
