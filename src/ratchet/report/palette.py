"""The colours of plots: told apart by readers with any colour vision, on white and on black.

Each colour has a value for light and one for dark pages. A plot is drawn in the
light values; `svg` then swaps them for CSS variables, so that one drawing
follows the page. Series also differ in marker and dash: colour never stands alone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ink:
    """A colour of a plot: its CSS variable, and its value on light and on dark pages."""

    variable: str
    light: str
    dark: str


SERIES = (
    Ink("--series-1", "#0067a5", "#5eb1f0"),
    Ink("--series-2", "#c9500c", "#f28e4e"),
    Ink("--series-3", "#00876c", "#3ecfa8"),
    Ink("--series-4", "#a34a8f", "#e28fd0"),
    Ink("--series-5", "#8f7300", "#e3c44a"),
    Ink("--series-6", "#5b6570", "#aab4be"),
)
"""Used in this order, and again from the start after the last."""

MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("solid", (0, (5, 1.8)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1.2)), (0, (8, 2.5)))
"""The markers and dashes of the series, in the same order."""

TEXT = Ink("--plot-text", "#414b56", "#c3ccd5")
AXIS = Ink("--plot-axis", "#8c96a1", "#6b7681")
GRID = Ink("--plot-grid", "#e4e8ec", "#2b333c")
PAPER = Ink("--plot-paper", "#fefefe", "#13181d")

INKS = (*SERIES, TEXT, AXIS, GRID, PAPER)


def css_variables(dark: bool) -> str:
    """The declarations that give every ink its value on a light or a dark page."""
    return " ".join(f"{ink.variable}: {ink.dark if dark else ink.light};" for ink in INKS)
