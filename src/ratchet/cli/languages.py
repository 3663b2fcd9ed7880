"""`ratchet languages`: what programs can be written in on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout, and nothing else there.")
def command(as_json: bool) -> None:
    """List the languages that the sandbox runs, with their toolchains on this machine.

    Where a toolchain is missing, the packages of Debian that bring it are named.

    \b
    Examples:
      ratchet languages
      ratchet languages --json | jq -r '.[] | select(.version == "") | .reason'
    """
    from ratchet.sandbox.languages import survey

    found = survey()
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for title in ("language", "name", "files", "toolchain here"):
        table.add_column(title, overflow="fold")
    for each in found:
        table.add_row(each.title, each.name, " ".join(each.extensions), each.version or each.reason)
    Console(highlight=False, markup=False).print(table)
