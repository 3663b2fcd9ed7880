"""The nouns of a report: what a page is made of, as plain data.

Nothing here knows how it will be shown. `page` turns a `Page` into one HTML
file, `terminal` prints its tables. Text is plain text everywhere: it is escaped
where it is shown, so programs, errors and names may hold anything. Captions,
leads and paragraphs may also hold `code`, **bold** and "- " lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

Tone = Literal["plain", "good", "bad", "warn", "muted"]
"""How a value is to be taken. Shown as a colour, never as a colour alone."""

VERDICT_TONES: dict[str, Tone] = {
    "passed": "good",
    "failed": "bad",
    "crashed": "bad",
    "tampered": "bad",
    "timeout": "warn",
    "memory": "warn",
    "invalid": "muted",
}
"""The tone of each verdict; a verdict that is not here is shown as plain."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in a table, with what qualifies it (an interval, a count) and its tone."""

    text: str
    note: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values. The caption says what they mean and what the intervals cover.

    Raises:
        ValueError: a row is not as long as `columns`.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    caption: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if isinstance(row, str) or len(row) != len(self.columns):
                columns = len(self.columns)
                raise ValueError(f"the table {self.title!r} has {columns} columns, but one row is {row!r}")

    def cells(self) -> list[list[Cell]]:
        """The rows, with every plain string made a `Cell`."""
        return [[Cell(value) if isinstance(value, str) else value for value in row] for row in self.rows]

    def groups(self) -> list[list[list[Cell]]]:
        """The rows, gathered where neighbours begin with the same cell; else all of them as one group."""
        rows = self.cells()
        groups = [list(group) for _, group in groupby(rows, key=lambda row: row[0])] if self.columns else []
        return groups if len(groups) < len(rows) and len(self.columns) > 2 else [rows]

    def numeric_columns(self) -> list[bool]:
        """Whether each column holds numbers only (and gaps), so that it is set flush right."""
        columns = list(zip(*self.cells(), strict=True)) or [() for _ in self.columns]
        return [
            any(_NUMBER.fullmatch(cell.text) for cell in column)
            and all(_NUMBER.fullmatch(cell.text) or cell.text in _GAPS for cell in column)
            for column in columns
        ]


_DIGITS = r"(\d{1,3}(,\d{3})+|\d+)?(\.\d+|(?<=\d))(e[+-]?\d+)?"
_UNIT = r"(\s?(%|pp|×|[a-zA-Zµ]{1,3}))?"
_NUMBER = re.compile(rf"[<>≤≥~≈]?\s?[+−-]?{_DIGITS}(\s?[/±]\s?{_DIGITS})*{_UNIT}")
_GAPS = frozenset({"", "–", "—", "-", "n/a"})


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing as inline SVG; make one with `ratchet.report.plots`.

    `svg` goes into the page as it is, so it must come from code of one's own.
    `narrow_svg`, if given, is shown instead of it where there is little room.
    `alt` says in words what is to be seen; `data` is the table behind the drawing.
    """

    title: str
    svg: str
    alt: str
    caption: str = ""
    narrow_svg: str = ""
    data: Table | None = None


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs. One whose every line begins with "- " becomes a list."""

    paragraphs: Sequence[str]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A listing: a command, a configuration, one program without a verdict."""

    title: str
    text: str
    language: str = "text"
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Stat:
    """One number that matters, what it is, and what qualifies it (its interval)."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Stats:
    """The few numbers to be read first, set large."""

    items: Sequence[Stat]
    title: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class KeyValues:
    """Names with values: a configuration, versions, an environment."""

    title: str
    items: Sequence[tuple[str, str]]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class SampleView:
    """One program with its verdict and the evidence.

    `completion` continues `prompt`. `detail` is the evidence: the wrong case, the
    traceback. `label` says whose it is (a model, an attempt). `language` is a
    Pygments lexer name; one that is unknown is shown without colours.
    """

    title: str
    completion: str
    verdict: str
    prompt: str = ""
    detail: str = ""
    label: str = ""
    language: str = "python"


@dataclass(frozen=True, slots=True)
class Transcript:
    """Attempts at one thing in their order, such as a program, its error, and its repair.

    Raises:
        ValueError: there are no steps.
    """

    title: str
    steps: Sequence[SampleView]
    caption: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError(f"the transcript {self.title!r} has no steps")

    @property
    def verdict(self) -> str:
        """What it came to: the verdict on the last step."""
        return self.steps[-1].verdict


@dataclass(frozen=True, slots=True)
class SampleGroup:
    """Programs that belong together; the reader can filter them by verdict and by words."""

    title: str
    samples: Sequence[SampleView | Transcript]
    caption: str = ""

    def verdict_counts(self) -> dict[str, int]:
        """How many samples came to each verdict: known verdicts first, in their usual order."""
        found = [sample.verdict for sample in self.samples]
        known = [verdict for verdict in VERDICT_TONES if verdict in found]
        order = known + sorted(set(found) - set(known))
        return {verdict: found.count(verdict) for verdict in order}


Block = Table | Figure | Prose | Code | Stats | KeyValues | SampleGroup | Transcript


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page. `lead` is its finding in one sentence."""

    title: str
    blocks: Sequence[Block]
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One report. `banner` is a warning above everything; `meta` are facts about the run."""

    title: str
    sections: Sequence[Section]
    subtitle: str = ""
    banner: str = ""
    meta: Sequence[tuple[str, str]] = ()

    def tables(self) -> Iterator[Table]:
        """Every table of the page, in reading order (not the data behind figures)."""
        for section in self.sections:
            yield from (block for block in section.blocks if isinstance(block, Table))
