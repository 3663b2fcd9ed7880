"""How axes are set: legend above the data, the y label above its axis, a quiet grid.

Used by `plots` only. Objects of matplotlib come in as `Any`, because it is
imported only when something is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ratchet.report.estimates import number
from ratchet.report.palette import DASHES, MARKERS, PAPER, SERIES, TEXT
from ratchet.report.svg import FONT_SIZE

_LEGEND_ROW = FONT_SIZE * 1.7
_LABEL_PAD = 12.0


def series_style(index: int) -> dict[str, Any]:
    """Line and marker of the series with that index; both change with the colour."""
    return {
        "color": SERIES[index % len(SERIES)].light,
        "linestyle": DASHES[index % len(DASHES)],
        "linewidth": 1.9,
        "marker": MARKERS[index % len(MARKERS)],
        "markersize": 6.5,
        "markeredgewidth": 1.2,
        "markeredgecolor": PAPER.light,
    }


def put_legend(figure: Any, handles: Sequence[Any], names: Sequence[str]) -> None:
    """A legend over the whole figure, in as few rows as its width allows; the figure grows by them.

    A single nameless or lone series needs none.
    """
    if len(names) < 2:
        return
    renderer = figure.canvas.get_renderer()
    for columns in range(len(names), 0, -1):
        legend = figure.legend(handles, names, loc="outside upper left", ncols=columns, alignment="left")
        if columns == 1 or legend.get_window_extent(renderer).width <= figure.bbox.width - 8:
            break
        legend.remove()
    rows = math.ceil(len(names) / columns)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + rows * _LEGEND_ROW / figure.dpi)


def set_percent(axis: Any) -> None:
    """Fractions shown as percentages."""
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1.0, decimals=None))


def set_log(axes: Any) -> None:
    """A logarithmic y axis with plain numbers at 1, 2 and 5 of each decade."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def finish(figure: Any, axes: Any, y_label: str = "", grid: str = "y") -> None:
    """Labels and grid, once everything is drawn.

    The y label stands above the axis, at the figure's left edge: it reads
    without a turn of the head and leaves a narrow plot its width.
    """
    axes.grid(visible=True, axis=grid)
    # An invisible title keeps the room above the axes while the layout is found.
    title = axes.set_title(y_label, fontsize=FONT_SIZE, pad=_LABEL_PAD)
    title.set_alpha(0.0)
    figure.get_layout_engine().set(w_pad=2 / 72, h_pad=3 / 72)
    figure.draw_without_rendering()
    place = axes.get_position()
    figure.set_layout_engine("none")
    title.set_text("")
    axes.set_position(place)
    if y_label:
        top = place.y1 + _LABEL_PAD / figure.bbox.height
        figure.text(3 / figure.bbox.width, top, y_label, fontsize=FONT_SIZE, color=TEXT.light, va="bottom")
