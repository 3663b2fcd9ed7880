"""`ratchet benchmarks`: all benchmarks, what they need, and whether they can be run here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import BaseHandler, Request, build_opener, install_opener

import click

if TYPE_CHECKING:
    from ratchet.problems.survey import Listed


_LANGUAGES_SHOWN = 2


class _NoFetching(BaseHandler):
    def default_open(self, request: Request) -> None:
        """Refuse every request: a list fetches nothing."""
        raise URLError("it is fetched when it is first used")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "every", is_flag=True, help="A row for each choice of a family.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout, and nothing else there.")
def command(names: tuple[str, ...], every: bool, as_json: bool) -> None:
    """List the benchmarks: what they hold and need, and whether they can be run here.

    A row stands for a family; with NAME, or with --all, there is one for each of its choices
    (multipl-e:rs, mtpb:paper), and so there is with --json where a family has no default.
    Data is looked for in the directory RATCHET_DATA and in Ratchet's home, and fetched when a
    benchmark is first used; this list fetches nothing.

    \b
    Examples:
      ratchet benchmarks
      ratchet benchmarks multipl-e mtpb
      ratchet benchmarks --json | jq -r '.[] | select(.runs_here | not) | .name, .missing[]'
    """
    from ratchet.problems.survey import survey
    from ratchet.runs import Progress

    install_opener(build_opener(_NoFetching))
    with Progress(quiet=as_json) as progress:
        task = progress.task("reading what has changed", total=None, unit="benchmarks")

        def began(name: str) -> None:
            task.info(name)
            task.advance()

        found = survey(names or None, began, every=every)
        task.finish()
    if as_json:
        rows = [asdict(row) | {"runs_here": row.runs_here} for row in found]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    _print(found, every=every or bool(names))


def _print(found: Sequence[Listed], *, every: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from ratchet.problems import benchmark_names

    console = Console(highlight=False, markup=False)
    families: dict[str, list[Listed]] = {}
    for row in found:
        families.setdefault(row.name if every else row.name.partition(":")[0], []).append(row)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for title in ("benchmark", "problems", "languages", "licence", "runs here"):
        licence, right = title == "licence", title == "problems"
        table.add_column(
            title,
            no_wrap=not licence,
            min_width=13 if licence else None,
            overflow="fold",
            justify="right" if right else "left",
        )
    for name, rows in families.items():
        licences = ", ".join(dict.fromkeys(row.licence for row in rows if row.licence))
        table.add_row(name, _counts(rows), _languages(rows), licences, _runs(rows))
    console.print(table)
    for row in found:
        if row.packages:
            console.print(f"{row.name} installs {', '.join(row.packages)}", soft_wrap=True)
    for row in found:
        for reason in row.missing:
            console.print(f"{row.name}: {reason}", soft_wrap=True)
    if every:
        return
    for name in families:
        own = [each.partition(":")[2] for each in benchmark_names() if each.startswith(f"{name}:")]
        if own:
            console.print(f"{name}:CHOICE: {', '.join(own)}", soft_wrap=True)


def _counts(rows: Sequence[Listed]) -> str:
    counts = [row.problems for row in rows if row.problems]
    if not counts:
        return "?"
    return f"{counts[0]:,}" if min(counts) == max(counts) else f"{min(counts):,} – {max(counts):,}"


def _languages(rows: Sequence[Listed]) -> str:
    names = list(dict.fromkeys(language for row in rows for language in row.languages))
    return ", ".join(names) if len(names) <= _LANGUAGES_SHOWN else f"{len(names)} languages"


def _runs(rows: Sequence[Listed]) -> str:
    if any(not row.problems for row in rows):
        return "no: no data"
    able = sum(row.runs_here for row in rows)
    if able < len(rows):
        return f"{able} of {len(rows)}" if able else "no: no tools"
    return "yes: packages" if any(row.packages for row in rows) else "yes"
