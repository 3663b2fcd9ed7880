"""Plots with their intervals, drawn for a page: once for a desk and once for a phone.

Every function gives a `ratchet.report.Figure` that holds the drawings, their words
for those who cannot see them, and the table behind them. Estimates are drawn
with their intervals always; the caption says what the intervals cover (problems,
training seeds, or both).
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ratchet.report.axes import finish, put_legend, series_style, set_log, set_percent
from ratchet.report.blocks import Figure, Table
from ratchet.report.estimates import Curve, Estimate, Series, number, places, table_of, words_of
from ratchet.report.palette import SERIES, TEXT
from ratchet.report.svg import FONT_SIZE, draw_svg
from ratchet.report.text import visible

__all__ = ["Curve", "Estimate", "Series", "dot_plot", "histogram", "line_plot", "loss_plot"]

WIDE, NARROW = 760.0, 350.0
"""Widths of the two drawings, in pixels."""

_CURVE_POINTS = 300


def line_plot(
    title: str,
    series: Sequence[Series],
    *,
    x_label: str,
    y_label: str,
    caption: str = "",
    percent: bool = False,
    band: bool = False,
    log_y: bool = False,
    y_range: tuple[float, float] | None = None,
) -> Figure:
    """Series over a scale or over categories, such as the pass rate by the number of turns.

    Args:
        title: of the figure.
        series: what is compared.
        x_label: what x is, with its unit.
        y_label: what y is, with its unit.
        caption: what it means, and what the intervals cover.
        percent: values are fractions, shown as percentages from 0 to 100.
        band: intervals as bands (for many places) and not as bars (for few).
        log_y: a logarithmic y axis.
        y_range: the ends of the y axis; if None, from 0 to 1 for percentages, and else as the data asks.

    Raises:
        ValueError: there is no series.
    """
    _check(title, series)
    ticks: list[Any] = [*places(series)]
    named = isinstance(ticks[0], str)
    at: dict[Any, float] = {place: i if named else float(place) for i, place in enumerate(ticks)}
    where = sorted(at.values())
    step = min((b - a for a, b in pairwise(where)), default=1.0)

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        handles = []
        for index, one in enumerate(series):
            style = series_style(index)
            # Bars at one place would hide each other, so they stand side by side.
            aside = 0.0 if band else step * 0.05 * (index - (len(series) - 1) / 2)
            x = [at[place if named else float(place)] + aside for place, _ in one.points()]
            low, high = [y.low for y in one.y], [y.high for y in one.y]
            if band:
                axes.fill_between(x, low, high, color=style["color"], alpha=0.16, linewidth=0)
            else:
                axes.vlines(x, low, high, color=style["color"], linewidth=1.6, alpha=0.75)
            handles += axes.plot(x, [y.value for y in one.y], **style)
        _set_y(axes, percent, log_y, y_range)
        if len(ticks) <= 12 or named:
            axes.set_xticks(where, [visible(p) if isinstance(p, str) else number(p) for p in ticks])
        axes.set_xlim(where[0] - 0.3 * step, where[-1] + 0.3 * step)
        axes.set_xlabel(visible(x_label))
        put_legend(figure, handles, [visible(one.name) for one in series])
        finish(figure, axes, visible(y_label))

    alt = f"Line plot of {y_label} by {x_label}. {words_of(series, percent)}"
    return _figure(title, draw, (330.0, 270.0), alt, caption, table_of(title, series, x_label, percent))


def dot_plot(
    title: str,
    series: Sequence[Series],
    *,
    x_label: str,
    caption: str = "",
    percent: bool = False,
    x_range: tuple[float, float] | None = None,
) -> Figure:
    """Categories one under the other, each with a dot and an interval per series.

    The places (`Series.x`) are the categories; the value runs from left to right,
    so that long names stay readable.

    Args:
        title: of the figure.
        series: one, or several to be compared within each category.
        x_label: what the values are, with their unit.
        caption: what it means, and what the intervals cover.
        percent: values are fractions, shown as percentages.
        x_range: the ends of the axis; if None, from 0 to 1 for percentages, and else as the data asks.

    Raises:
        ValueError: there is no series.
    """
    _check(title, series)
    rows = [place if isinstance(place, str) else number(place) for place in places(series)]
    lone = len(series) == 1

    def draw(figure: Any) -> None:
        narrow = figure.bbox.width < WIDE
        pitch = 22 + 17 * len(series) if narrow else max(34, 12 + 17 * len(series))
        _add_height(figure, pitch * len(rows))
        axes = figure.add_subplot()
        handles = []
        for index, one in enumerate(series):
            style = series_style(index)
            aside = (17 * (index - (len(series) - 1) / 2) + (9 if narrow else 0)) / pitch
            y = [rows.index(place if isinstance(place, str) else number(place)) + aside for place in one.x]
            axes.hlines(y, [e.low for e in one.y], [e.high for e in one.y], color=style["color"], linewidth=2)
            handles += axes.plot(
                [e.value for e in one.y], y, **(style | {"linestyle": "none", "markersize": 8})
            )
            if not narrow or lone:
                _put_values(axes, one, y, percent, narrow)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(x_range or ((0, 1) if percent else None))
        if percent:
            set_percent(axes.xaxis)
        _put_rows(axes, rows, pitch if narrow else None)
        axes.set_xlabel(visible(x_label))
        put_legend(figure, handles, [visible(one.name) for one in series])
        finish(figure, axes, grid="x")

    alt = f"Dot plot of {x_label}. {words_of(series, percent)}"
    return _figure(title, draw, (58.0, 58.0), alt, caption, table_of(title, series, "", percent))


def loss_plot(
    title: str,
    curves: Sequence[Curve],
    *,
    x_label: str = "step",
    y_label: str = "loss (nats per token)",
    caption: str = "",
) -> Figure:
    """Curves as they were (faint) and smoothed (strong), over steps or tokens.

    The strong line is an exponential mean over a fiftieth of the curve. Long curves
    are drawn as the span between the least and the greatest value of each short
    stretch, so that the page stays small and no peak is lost.

    Raises:
        ValueError: there is no curve.
    """
    _check(title, curves)

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        handles = []
        for index, curve in enumerate(curves):
            style = series_style(index) | {"marker": "", "linewidth": 2.0}
            x, least, mean, greatest = _condensed(curve)
            axes.fill_between(x, least, greatest, color=style["color"], alpha=0.18, linewidth=0.6)
            handles += axes.plot(x, mean, **style)
        axes.margins(x=0.01)
        axes.set_xlabel(visible(x_label))
        put_legend(figure, handles, [visible(curve.name) for curve in curves])
        finish(figure, axes, visible(y_label))

    ends = "; ".join(f"{c.name}: from {number(c.y[0])} to {number(_smooth(c.y)[-1])}" for c in curves)
    rows = [
        [c.name, number(len(c.y)), number(c.y[0]), number(_smooth(c.y)[-1]), number(min(c.y))] for c in curves
    ]
    data = Table(title, ["", "points", "first", "last (smoothed)", "least"], rows)
    return _figure(title, draw, (310.0, 260.0), f"Curves of {y_label} by {x_label}. {ends}.", caption, data)


def histogram(
    title: str,
    groups: Mapping[str, Sequence[float]],
    *,
    x_label: str,
    y_label: str = "count",
    caption: str = "",
    bins: int = 30,
) -> Figure:
    """How values are spread, for one group or a few, over the same bins.

    Raises:
        ValueError: there is no group, or one has no finite value.
    """
    import numpy as np

    _check(title, groups)
    values = {name: np.asarray([v for v in group if math.isfinite(v)]) for name, group in groups.items()}
    if not all(group.size for group in values.values()):
        raise ValueError(f"the histogram {title!r} has a group without values")
    edges = np.histogram_bin_edges(np.concatenate(list(values.values())), bins=bins)

    def draw(figure: Any) -> None:
        from matplotlib.patches import Patch

        axes = figure.add_subplot()
        handles = []
        for index, group in enumerate(values.values()):
            colour = SERIES[index % len(SERIES)].light
            counts, _ = np.histogram(group, bins=edges)
            line = {"edgecolor": colour, "linewidth": 1.6, "linestyle": series_style(index)["linestyle"]}
            axes.stairs(counts, edges, fill=True, color=colour, alpha=0.22, linewidth=0)
            axes.stairs(counts, edges, **line)
            handles.append(Patch(facecolor=(colour, 0.22), **line))
        axes.set_ylim(bottom=0)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(visible(x_label))
        put_legend(figure, handles, [visible(name) for name in values])
        finish(figure, axes, visible(y_label))

    rows = [
        [name, number(group.size), *(number(float(q)) for q in np.quantile(group, [0, 0.25, 0.5, 0.75, 1]))]
        for name, group in values.items()
    ]
    data = Table(title, ["", "values", "least", "25 %", "median", "75 %", "greatest"], rows)
    told = " ".join(f"{row[0]}: {row[1]} values from {row[2]} to {row[6]}, median {row[4]}." for row in rows)
    return _figure(title, draw, (280.0, 240.0), f"Histogram of {x_label}. {told}", caption, data)


def _figure(
    title: str,
    draw: Callable[[Any], None],
    heights: tuple[float, float],
    alt: str,
    caption: str,
    data: Table,
) -> Figure:
    """The same drawing at both widths; `heights` are those of the two, before legends and rows."""
    wide, narrow = draw_svg(WIDE, heights[0], draw), draw_svg(NARROW, heights[1], draw)
    return Figure(title, wide, alt, caption, narrow_svg=narrow, data=data)


def _check(title: str, shown: Sequence[object] | Mapping[str, object]) -> None:
    if not shown:
        raise ValueError(f"the plot {title!r} has nothing to show")


def _add_height(figure: Any, pixels: float) -> None:
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + pixels / figure.dpi)


def _set_y(axes: Any, percent: bool, log_y: bool, y_range: tuple[float, float] | None) -> None:
    if log_y:
        set_log(axes)
    if percent:
        set_percent(axes.yaxis)
        # Room for half a marker at 0 and at 100 %.
        y_range = y_range or (-0.02, 1.02)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1] if y_range == (-0.02, 1.02) else axes.get_yticks())
    if y_range:
        axes.set_ylim(y_range)


def _put_rows(axes: Any, rows: Sequence[str], pitch: float | None) -> None:
    """The names of the rows: beside the axis, or, where `pitch` is given, over each row's dots."""
    axes.tick_params(axis="y", length=0)
    if pitch is None:
        axes.set_yticks(range(len(rows)), [textwrap.fill(visible(row), 34) for row in rows])
        return
    axes.set_yticks([])
    for place, row in enumerate(rows):
        axes.text(
            0,
            place - 0.5 + 9 / pitch,
            textwrap.shorten(visible(row), 40, placeholder="…"),
            transform=axes.get_yaxis_transform(),
            va="center",
            clip_on=False,
        )


def _put_values(axes: Any, series: Series, y: Sequence[float], percent: bool, narrow: bool) -> None:
    """The values in figures, in a column at the right (on a phone: without their intervals)."""
    for estimate, place in zip(series.y, y, strict=True):
        axes.annotate(
            number(estimate.value, percent) if narrow else estimate.words(percent),
            (1, place),
            xycoords=axes.get_yaxis_transform(),
            xytext=(0, 17) if narrow else (14, 0),
            textcoords="offset points",
            ha="right" if narrow else "left",
            va="center",
            color=TEXT.light,
            fontsize=FONT_SIZE,
        )


def _smooth(values: Sequence[float]) -> list[float]:
    """The exponential mean over a fiftieth of the values, freed of its bias towards the first."""
    keep = 1 - 1 / max(1.0, len(values) / 50)
    mean, weight, smoothed = 0.0, 0.0, []
    for value in values:
        if math.isfinite(value):
            mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
        smoothed.append(mean / weight if weight else math.nan)
    return smoothed


def _condensed(curve: Curve) -> tuple[list[float], list[float], list[float], list[float]]:
    """Places, least, smoothed and greatest values of at most `_CURVE_POINTS` stretches of a curve."""
    smoothed = _smooth(curve.y)
    size = math.ceil(len(curve.y) / _CURVE_POINTS)
    x, least, mean, greatest = [], [], [], []
    for start in range(0, len(curve.y), size):
        stretch = [value for value in curve.y[start : start + size] if math.isfinite(value)] or [math.nan]
        end = min(start + size, len(curve.y)) - 1
        x.append(float(curve.x[end]))
        least.append(min(stretch))
        greatest.append(max(stretch))
        mean.append(smoothed[end])
    return x, least, mean, greatest
