"""What plots draw: estimates with their intervals, series of them, and curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ratchet.report.blocks import Cell, Table


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and the interval around it. A value that is not a number is a gap.

    Raises:
        ValueError: `low` is above `high`.
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"an interval from {self.low} to {self.high} is the wrong way round")

    def cell(self, percent: bool = False) -> Cell:
        """The estimate for a table: its value, with the interval as the note."""
        return Cell(number(self.value, percent), interval(self.low, self.high, percent))

    def words(self, percent: bool = False) -> str:
        """The estimate in one line, such as "62.0% [52.2, 70.9]"."""
        return f"{number(self.value, percent)} {interval(self.low, self.high, percent)}".rstrip()


@dataclass(frozen=True, slots=True)
class Series:
    """Estimates over categories (strings) or places on a scale (numbers).

    Raises:
        ValueError: `x` and `y` differ in length, or are empty.
    """

    name: str
    x: Sequence[str] | Sequence[float]
    y: Sequence[Estimate]

    def __post_init__(self) -> None:
        _check_lengths("series", self.name, len(self.x), len(self.y))

    def points(self) -> list[tuple[str | float, Estimate]]:
        """Every place with its estimate."""
        places: list[str | float] = [*self.x]
        return list(zip(places, self.y, strict=True))


@dataclass(frozen=True, slots=True)
class Curve:
    """A value followed over many steps, such as a loss.

    Raises:
        ValueError: `x` and `y` differ in length, or are empty.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]

    def __post_init__(self) -> None:
        _check_lengths("curve", self.name, len(self.x), len(self.y))


def number(value: float, percent: bool = False) -> str:
    """The value for a reader: three digits, or one decimal of a percentage; a gap as a dash."""
    if not math.isfinite(value):
        return "–"
    if percent:
        return f"{100 * value:.1f}%"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def interval(low: float, high: float, percent: bool = False) -> str:
    """The interval for a reader, in the unit of its value; nothing where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"[{number(low, percent).rstrip('%')}, {number(high, percent).rstrip('%')}]"


def places(series: Sequence[Series]) -> list[str] | list[float]:
    """Every place of the series, once: numbers in their order, categories as they come."""
    if any(isinstance(x, str) for one in series for x in one.x):
        return list(dict.fromkeys(str(x) for one in series for x in one.x))
    return sorted({float(x) for one in series for x in one.x})


def table_of(title: str, series: Sequence[Series], x_label: str, percent: bool) -> Table:
    """The table behind a plot: a row per place, a column per series."""
    found = [{_place(x): y for x, y in one.points()} for one in series]
    rows = [
        [place if isinstance(place, str) else number(place)]
        + [column[place].cell(percent) if place in column else Cell("–") for column in found]
        for place in places(series)
    ]
    return Table(title, [x_label, *(one.name for one in series)], rows)


def words_of(series: Sequence[Series], percent: bool) -> str:
    """The series in words, for those who cannot see the plot."""
    told = []
    for one in series:
        points = "; ".join(
            f"{x if isinstance(x, str) else number(x)}: {y.words(percent)}" for x, y in one.points()
        )
        told.append(f"{one.name}: {points}.")
    return " ".join(told)


def _place(x: str | float) -> str | float:
    return x if isinstance(x, str) else float(x)


def _check_lengths(what: str, name: str, x: int, y: int) -> None:
    if not x or x != y:
        raise ValueError(f"the {what} {name!r} has {x} places and {y} values; they must be as many, and some")
