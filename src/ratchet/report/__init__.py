"""What was found, to be looked at: tables, plots, programs with verdicts, one page.

    from ratchet.report import Cell, Page, Prose, Section, Table, print_tables, write_page
    from ratchet.report.plots import Estimate, Series, line_plot

    rates = Table("Pass rates", ["model", "passed"], [["student", Cell("81.0%", "[72.2, 87.5]", "good")]])
    turns = [Series("student", [1, 2, 3], [Estimate(0.9, 0.8, 0.95), Estimate(0.8, 0.7, 0.9), ...])]
    plot = line_plot("By turns", turns, x_label="turns", y_label="passed", percent=True)
    page = Page("The trial", [Section("Findings", [Prose(["It **helped**."]), rates, plot])])
    write_page(page, Path("report.html"))      # one file: no network, works without JavaScript
    print_tables(page)                         # the same tables in a terminal

It renders plain data and knows nothing of models, problems or Runs. All text may
be hostile: it is escaped, and control characters are spelled out. Programs are
`SampleView`s, alone, in a `Transcript` or in a `SampleGroup` that can be filtered.
matplotlib is imported only when something is plotted, rich only when printed.
"""

from ratchet.report.blocks import (
    VERDICT_TONES,
    Block,
    Cell,
    Code,
    Figure,
    KeyValues,
    Page,
    Prose,
    SampleGroup,
    SampleView,
    Section,
    Stat,
    Stats,
    Table,
    Tone,
    Transcript,
)
from ratchet.report.page import page_html, write_page
from ratchet.report.terminal import print_tables

__all__ = [
    "VERDICT_TONES",
    "Block",
    "Cell",
    "Code",
    "Figure",
    "KeyValues",
    "Page",
    "Prose",
    "SampleGroup",
    "SampleView",
    "Section",
    "Stat",
    "Stats",
    "Table",
    "Tone",
    "Transcript",
    "page_html",
    "print_tables",
    "write_page",
]
