"""What a comparison of Runs found, as tables: for the terminal and for the page."""

from __future__ import annotations

from ratchet.evaluation.compare import Comparison, Pairing
from ratchet.report.blocks import Cell, Table

_SHOWN = 60
"""Characters of a setting's value."""


def comparison_tables(comparison: Comparison) -> list[Table]:
    """The differences, and the settings in which the Runs differ if there are any."""
    tables = [_differences(comparison)]
    if comparison.differing_settings:
        rows: list[list[str | Cell]] = [
            [name, *(_value(value) for value in values)]
            for name, values in comparison.differing_settings.items()
        ]
        tables.append(
            Table(
                "Settings that differ",
                ["setting", *comparison.runs],
                rows,
                "Figures of Runs that were judged differently are not figures of the same thing.",
            )
        )
    return tables


def temperature_text(temperature: float | None) -> str:
    """For a reader; a dash where it is not known."""
    return "–" if temperature is None else f"{temperature:g}"


def _differences(comparison: Comparison) -> Table:
    several = len(comparison.pairings) > 1
    rows = [row for pairing in comparison.pairings for row in _rows(comparison, pairing)]
    p = "p, corrected" if several else "p"
    caption = (
        "pass@k in per cent, of the first and the second, over the problems that both hold; the difference "
        "is the first less the second, in points, with its 95 % paired bootstrap interval. Alone: "
        "problems that only the first / only the second solved with its first sample, and McNemar's exact "
        "test on them. "
        f"{p}: the exact sign-flip test over all samples, which with one sample a problem is McNemar's"
        + (f"; corrected by Holm's method over {len(comparison.pairings)} tests." if several else ".")
    )
    columns = ["Runs", "k", "pass@k", "difference", "alone", p, "that is"]
    return Table("Differences", columns, rows, caption)


def _rows(comparison: Comparison, pairing: Pairing) -> list[list[str | Cell]]:
    a, b = (temperature_text(temperature) for temperature in pairing.temperatures)
    about = f"{pairing.benchmark}, {pairing.problems:,} problems, T {a if a == b else f'{a} / {b}'}"
    alone = f"{len(pairing.solved_by_first_alone):,} / {len(pairing.solved_by_second_alone):,}"
    rows: list[list[str | Cell]] = []
    for place, one in enumerate(pairing.differences):
        seen = one.difference
        interval = f"[{100 * seen.low:+.1f}, {100 * seen.high:+.1f}]"
        tests: list[str | Cell] = [
            Cell(alone, f"p {p_text(pairing.mcnemar_p)}"),
            p_text(pairing.corrected_p),
            pairing.conclusion,
        ]
        rows.append(
            [
                Cell(f"{comparison.runs[pairing.first]} – {comparison.runs[pairing.second]}", about),
                str(one.k),
                f"{100 * one.first:.1f} / {100 * one.second:.1f}",
                Cell(f"{100 * seen.mean:+.1f}", interval),
                *(tests if place == 0 else ["", "", ""]),
            ]
        )
    return rows


def p_text(p: float) -> str:
    """A p value for a reader: two digits, and no more zeros than say something."""
    return "<0.0001" if p < 1e-4 else f"{p:.2g}"


def _value(value: object) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
