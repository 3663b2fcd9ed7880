"""`ratchet doctor`: what the sandbox's walls hold on this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from ratchet.sandbox.doctor import Diagnosis

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_STYLES = {"up": "green", "down": "red", "not needed": "dim", "stopped": "green", "WON": "bold red"}


@click.command()
@click.option(
    "--walls",
    type=click.Choice(["full", "process"]),
    default="full",
    show_default=True,
    help="Which jail to look at: namespaces and filters, or (weaker) limits only.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, and nothing else there.")
def command(walls: str, as_json: bool) -> int:
    """Try the sandbox's walls on this machine, and attack them.

    Each wall is looked at from inside a jail; where one is down, what it is made of
    is tried, to say why and what to do. Then some twenty attacks are run on the
    spot. They harm nothing, even where they succeed. The exit code is 0 if all walls
    that matter are up and all attacks were stopped, else 1.

    \b
    Examples:
      ratchet doctor
      ratchet doctor --walls process
      ratchet doctor --json | jq '.walls[] | select(.state == "down")'
    """
    from ratchet.sandbox import Walls
    from ratchet.sandbox.doctor import diagnose

    diagnosis = diagnose(Walls(walls))
    if as_json:
        click.echo(json.dumps(diagnosis.as_dict()))
    else:
        _print(diagnosis)
    return 0 if diagnosis.holds else 1


def _print(diagnosis: Diagnosis) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, soft_wrap=True)
    walls = [
        (wall.state, wall.name, wall.why, wall.mend or ("" if wall.matters else _second(wall.state)))
        for wall in diagnosis.walls
    ]
    attacks = [("stopped" if one.stopped else "WON", one.name, one.seen) for one in diagnosis.attacks]
    console.print(f"{diagnosis.system}; walls: {diagnosis.mode}")
    _table(console, ("", "wall", "seen", "what to do"), walls)
    if attacks:
        _table(console, ("", "attack", "seen"), attacks)
    if diagnosis.note:
        console.print(_plain(diagnosis.note))
    up = sum(wall.state == "up" for wall in diagnosis.walls)
    stopped = sum(attack.stopped for attack in diagnosis.attacks)
    console.print(
        f"{'holds' if diagnosis.holds else 'does not hold'}: {up} of {len(diagnosis.walls)} walls up, "
        f"{stopped} of {len(attacks)} attacks stopped"
    )


def _second(state: str) -> str:
    return "(can be spared: another wall stands there)" if state == "down" else ""


def _table(console: Console, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; elsewhere a line for each row."""
    if not console.is_terminal:
        for first, second, *rest in rows:
            console.print(_plain(f"{first:10}  {second}: {'; '.join(filter(None, rest))}"))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for title in titles:
        table.add_column(title, no_wrap=title in ("", "wall"), overflow="fold")
    for row in rows:
        table.add_row(Text(row[0], style=_STYLES[row[0]]), *(_plain(cell) for cell in row[1:]))
    console.print(table, soft_wrap=False)


def _plain(text: str) -> str:
    """`text` without what would steer a terminal: hostile programs wrote some of it."""
    return _CONTROL.sub(" ", text)
