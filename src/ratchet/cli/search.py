"""`ratchet search`: find the APIs of a package by what they do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ratchet.search import Answer

_CONTROL = re.compile(r"[^\S ]+|[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@click.command()
@click.argument("source")
@click.argument("words", nargs=-1, required=True)
@click.option("-k", type=click.IntRange(min=1), default=5, show_default=True, help="How many to show.")
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="INDEX",
    help="Keep the index in this file for next time.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, and nothing else there.")
def command(source: str, words: tuple[str, ...], k: int, save: Path | None, as_json: bool) -> None:
    """Find the APIs of a package by what they do.

    SOURCE is an installed package (or part of one: xml.etree), a folder, a module,
    a wheel, a JSON or JSON Lines file of "name(signature): description", or an
    index that --save has kept. Nothing of it is imported or run. The WORDS need no
    quotes; names count as words, and so do their parts.

    \b
    Examples:
      ratchet search numpy remove axes of length one
      ratchet search json "parse a string" -k 1 --json | jq '.hits[0].public'
      ratchet search ./mylibrary-2.0-py3-none-any.whl "open a connection" --save mylibrary.index
      ratchet search mylibrary.index "close it"
    """
    from ratchet.search import search

    answer = search(source, " ".join(words), k=k, save=save)
    if answer.skipped:
        first = answer.skipped[0]
        more = f" and {len(answer.skipped) - 1:,} more" if len(answer.skipped) > 1 else ""
        click.echo(_plain(f"skipped {first.path} ({first.reason}){more}"), err=True)
    if as_json:
        click.echo(json.dumps(answer.as_dict()))
    else:
        _print(answer)


def _print(answer: Answer) -> None:
    if not answer.hits:
        click.echo(f"none of {answer.entries:,} APIs has any of these words", err=True)
    for rank, hit in enumerate(answer.hits, start=1):
        entry = hit.entry
        title = click.style(_plain(entry.public), bold=True)
        click.echo(f"{rank}. {title}{_plain(entry.signature)}  [{hit.score:.1f}]")
        if entry.deprecated:
            click.echo(f"   deprecated: {_plain(entry.deprecated)}")
        if entry.summary:
            click.echo(f"   {_plain(entry.summary)}")
        click.echo(click.style(f"   {_plain(entry.location)}", dim=True))


def _plain(text: str) -> str:
    """`text` without what would steer a terminal: strangers wrote it."""
    return _CONTROL.sub(" ", text)
