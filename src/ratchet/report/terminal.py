"""Tables in a terminal, a file or a pipe: aligned, and never with a number cut short.

A table is set in the first form that fits: with what qualifies a value beside it;
with that under it; as several tables with some of the columns each; or, where
hardly anything fits, with every row as a small list of names and values.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, TextIO

from ratchet.report.blocks import Cell, Page, Table, Tone
from ratchet.report.text import inline_plain, visible

if TYPE_CHECKING:
    from rich.align import AlignMethod
    from rich.console import Console
    from rich.text import Text

_STYLES: dict[Tone, str] = {
    "plain": "",
    "good": "bold green",
    "bad": "bold red",
    "warn": "bold yellow",
    "muted": "dim",
}
_GUTTER = 2
_WORD = 16
"""Words longer than this may be broken to make a table fit; numbers never are."""


def print_tables(tables: Iterable[Table] | Page, file: TextIO | None = None) -> None:
    """Print tables by rich: to `file`, or to stdout.

    Where the output is no terminal, it is plain text, 80 columns wide unless the
    environment variable COLUMNS says otherwise. Of a `Page`, its banner comes first.
    """
    from rich.console import Console

    console = Console(file=file, highlight=False, soft_wrap=False, legacy_windows=False)
    if isinstance(tables, Page):
        if tables.banner:
            console.print(_styled(inline_plain(tables.banner), "bold yellow"))
            console.print()
        tables = tables.tables()
    for index, table in enumerate(tables):
        if index:
            console.print()
        _print_table(console, table)


def _print_table(console: Console, table: Table) -> None:
    width = console.width
    _print_lines(console, _wrapped(_styled(inline_plain(table.title), "bold"), width))
    blank = _styled("")
    panels = _panels(table, width)
    if panels is None:
        _print_lines(console, _stacked(table, width))
    else:
        for index, panel in enumerate(panels):
            _print_lines(console, [blank] * bool(index) + panel)
    _print_lines(
        console, _wrapped(_styled(inline_plain(table.caption), "dim"), width) if table.caption else []
    )


def _print_lines(console: Console, lines: Iterable[Text]) -> None:
    for line in lines:
        line.rstrip()
        console.print(line, no_wrap=True, overflow="ignore", crop=False)


def _panels(table: Table, width: int) -> list[list[Text]] | None:
    """The table whole or, if that does not fit, as several with some of the columns each.

    Every panel begins with the columns that name the rows. None where not even one
    further column fits beside those.
    """
    count, named = len(table.columns), 2 if len(table.groups()) > 1 else 1
    for beside in (True, False):
        whole = _grid(table, range(count), width, beside)
        if whole is not None:
            return [whole]
    panels: list[list[Text]] = []
    start = named
    while start < count:
        for stop in range(count, start, -1):
            panel = _grid(table, [*range(named), *range(start, stop)], width, beside=False)
            if panel is not None:
                break
        else:
            return None
        panels.append(panel)
        start = stop
    return panels or None


def _grid(table: Table, chosen: Sequence[int], width: int, beside: bool) -> list[Text] | None:
    """The chosen columns of the table, or None where they do not fit into the width."""
    numeric = [table.numeric_columns()[i] for i in chosen]
    groups = [[[row[i] for i in chosen] for row in group] for group in table.groups()]
    columns = [
        _shown_column(cells, right, beside)
        for cells, right in zip(
            zip(*(row for group in groups for row in group), strict=True), numeric, strict=True
        )
    ] or [[] for _ in chosen]
    head = [_styled(visible(table.columns[i].strip()), "bold") for i in chosen]
    least = [
        max([_longest_word(name), *(_least(cell, right) for cell in column)])
        for name, column, right in zip(head, columns, numeric, strict=True)
    ]
    room = width - _GUTTER * (len(chosen) - 1)
    if sum(least) > room:
        return None
    most = [max(map(_widest, [name, *column])) for name, column in zip(head, columns, strict=True)]
    widths = _shared(least, most, room)

    rule = _styled("─" * (sum(widths) + _GUTTER * (len(widths) - 1)), "dim")
    lines = [*_row(head, widths, numeric, bottom=True), rule]
    rows = zip(*columns, strict=True)
    for index, group in enumerate(groups):
        if index:
            lines.append(_styled(""))
        for place in range(len(group)):
            row = list(next(rows))
            # The name of a group stands in its first row only.
            lines += _row([_styled(""), *row[1:]] if place and len(groups) > 1 else row, widths, numeric)
    return [*lines, rule]


def _row(
    cells: Sequence[Text], widths: Sequence[int], numeric: Sequence[bool], bottom: bool = False
) -> list[Text]:
    """The lines of one row, its cells wrapped to their columns."""
    wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped))
    lines = []
    for at in range(height):
        line = _styled("")
        for index, (cell, width) in enumerate(zip(wrapped, widths, strict=True)):
            place = at - (height - len(cell)) if bottom else at
            part = cell[place].copy() if 0 <= place < len(cell) else _styled("")
            part.align("right" if numeric[index] else "left", width)
            line.append(" " * _GUTTER if index else "").append_text(part)
        lines.append(line)
    return lines


def _stacked(table: Table, width: int) -> list[Text]:
    """Every row as a list: a line or more for every column."""
    names = [_styled(visible(name.strip()), "dim") for name in table.columns]
    indent = min(max(map(_widest, names)), max(width // 2 - _GUTTER, 1))
    room = max(width - indent - _GUTTER, 1)
    rule = _styled("─" * width, "dim")
    lines = [rule]
    for index, row in enumerate(table.cells()):
        if index:
            lines.append(_styled(""))
        for name, cell in zip(names, row, strict=True):
            value = _shown(cell, beside=True)
            if _widest(value) > room:
                value = _shown(cell, beside=False)
            lines += _row([name, value], [indent, room], [False, False])
    return [*lines, rule]


def _shown_column(cells: Sequence[Cell], numeric: bool, beside: bool) -> list[Text]:
    """Cells with their notes; beside the values, notes stand in a column of their own."""
    if not beside:
        return [_shown(cell, beside) for cell in cells]
    values = [_styled(visible(cell.text), _STYLES[cell.tone]) for cell in cells]
    notes = [_styled(visible(cell.note), "dim") for cell in cells]
    value_width, note_width = max(map(_widest, values)), max(map(_widest, notes))
    if not any(cell.note for cell in cells):
        return values
    align: AlignMethod = "right" if numeric else "left"
    column = []
    for value, note in zip(values, notes, strict=True):
        value.align(align, value_width)
        note.align(align, note_width)
        column.append(_styled("").append_text(value).append(" ").append_text(note))
    return column


def _shown(cell: Cell, beside: bool) -> Text:
    """A cell's text with its note, which stands beside it or on a line of its own."""
    shown = _styled("").append_text(_styled(visible(cell.text), _STYLES[cell.tone]))
    if cell.note:
        shown.append(" " if beside else "\n").append(visible(cell.note), style="dim")
    return shown


def _styled(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(text, style=style)


def _wrapped(text: Text, width: int) -> list[Text]:
    lines = list(text.wrap(_measuring(), width, overflow="fold"))
    for line in lines:
        line.rstrip()
    return lines


@cache
def _measuring() -> Console:
    """A console to break lines with; nothing is printed on it."""
    from rich.console import Console

    return Console(file=io.StringIO(), width=80)


def _least(text: Text, numeric: bool) -> int:
    """The least width that a cell can have: numbers and intervals stay whole, long words may be broken."""
    if numeric or "[" in text.plain:
        return _widest(text)
    longest = _longest_word(text)
    return longest if any(map(str.isdigit, text.plain)) else min(longest, _WORD)


def _longest_word(text: Text) -> int:
    return max((_styled(word).cell_len for word in text.plain.split()), default=1)


def _widest(text: Text) -> int:
    return max((line.cell_len for line in text.split()), default=1)


def _shared(least: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """Widths from the least to the most that are wanted: what is left over goes where most is wanting."""
    widths = list(least)
    for _ in range(room - sum(least)):
        wanting = [want - width for want, width in zip(most, widths, strict=True)]
        neediest = max(range(len(widths)), key=wanting.__getitem__)
        if wanting[neediest] <= 0:
            break
        widths[neediest] += 1
    return widths
