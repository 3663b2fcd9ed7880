"""The two drawings of an evaluation: pass@k over k, and how samples ended."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ratchet.report.axes import finish, put_legend, series_style, set_percent
from ratchet.report.blocks import Cell, Figure, Table
from ratchet.report.estimates import Series, number, table_of, words_of
from ratchet.report.evaluation.differences import temperature_text
from ratchet.report.evaluation.groups import Group
from ratchet.report.palette import GRID, PAPER, SERIES, TEXT
from ratchet.report.plots import NARROW, WIDE
from ratchet.report.svg import FONT_SIZE, draw_svg
from ratchet.report.text import visible

_PASSED = "passed"
"""The category of samples that passed."""
_TICKS = (1, 2, 5)
_POINTS_PER_DECADE = 8
_BANDS = 3
"""Intervals of more lines than this would hide each other; the table has them."""
_KINDS = 5
"""Kinds of failure with a colour of their own; the rest share the last colour."""
_ROW = 46.0
"""Pixels of a bar with its name."""


def pass_at_k_plot(benchmark: str, shown: Sequence[Group]) -> Figure:
    """pass@k for k from 1 to as many samples as every problem has, k on a logarithmic scale."""
    series = [_series(group, _places(group.fewest), shown) for group in shown]
    highest = max(group.fewest for group in shown)
    marked = [scale * tick for scale in (1, 10, 100, 1000) for tick in _TICKS if scale * tick <= highest]
    if highest > 1.3 * marked[-1]:  # else its number would stand on the one before
        marked.append(highest)

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        axes.set_xscale("log")
        handles = []
        for index, one in enumerate(series):
            style = series_style(index) | {"markersize": 5.0, "markeredgewidth": 0.5}
            x, y = list(one.x), list(one.y)
            if len(series) <= _BANDS:
                axes.fill_between(
                    x,
                    [v.low for v in y],
                    [v.high for v in y],
                    color=style["color"],
                    alpha=0.13,
                    linewidth=0,
                )
            handles += axes.plot(x, [v.value for v in y], **style)
        set_percent(axes.yaxis)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.set_ylim(-0.02, 1.02)
        axes.set_xticks(marked, [number(k) for k in marked])
        axes.set_xticks([], minor=True)
        axes.set_xlim(0.94, highest * 1.06)
        axes.set_xlabel("k (samples of a problem)")
        put_legend(figure, handles, [visible(one.name) for one in series])
        finish(figure, axes, "pass@k")

    title = f"pass@k on {benchmark}"
    caption = (
        "By the unbiased estimator of Chen et al. 2021 from all samples of each problem; bands and brackets "
        "are 95 % bootstrap intervals over problems."
    )
    numbers = [_series(group, [k for k in marked if k <= group.fewest], shown) for group in shown]
    return _figure(
        title,
        draw,
        (330.0, 280.0),
        f"Lines of pass@k by k on {benchmark}. {words_of(numbers, percent=True)}",
        caption,
        table_of(title, numbers, "k", percent=True),
    )


def _series(group: Group, ks: Sequence[int], shown: Sequence[Group]) -> Series:
    return Series(group_name(group, shown), ks, [group.pass_at(k) for k in ks])


def group_name(group: Group, among: Sequence[Group]) -> str:
    """What to call a group: its model, with the temperature where that model has several."""
    several = len({other.temperature for other in among if other.run == group.run}) > 1
    return f"{group.model}, T = {temperature_text(group.temperature)}" if several else group.model


def kinds_of_failure(found: Sequence[Group]) -> list[str]:
    """Every category of samples that did not pass, the commonest first."""
    total: Counter[str] = Counter()
    for group in found:
        total.update(sample.category for sample in group.samples if sample.category != _PASSED)
    return [kind for kind, _ in total.most_common()]


def outcome_bars(benchmark: str, shown: Sequence[Group], kinds: Sequence[str]) -> Figure:
    """How the samples of each group ended: a bar of passed samples and each kind of failure.

    `kinds` decide the colours: given for all benchmarks of a page, a kind has the same one everywhere.
    """
    counts = [Counter(sample.category for sample in group.samples) for group in shown]
    own = kinds if len(kinds) <= len(SERIES) else kinds[:_KINDS]
    parts: list[tuple[str, list[str]]] = [(kind, [kind]) for kind in (_PASSED, *own)]
    if len(own) < len(kinds):
        parts.append(("other kinds", list(kinds[_KINDS:])))
    colours = [GRID.light, *(ink.light for ink in SERIES)]
    shares = [
        [sum(one[kind] for kind in members) / max(1, one.total()) for _, members in parts] for one in counts
    ]
    names = [group_name(group, shown) for group in shown]

    def draw(figure: Any) -> None:
        from matplotlib.patches import Patch

        axes = figure.add_subplot()
        narrow = figure.bbox.width < (WIDE + NARROW) / 2
        for row, values in enumerate(shares):
            start = 0.0
            for place, value in enumerate(values):
                axes.barh(
                    row,
                    value,
                    left=start,
                    height=0.5,
                    color=colours[place],
                    edgecolor=PAPER.light,
                    linewidth=1,
                )
                if value >= (0.11 if narrow else 0.06):
                    axes.text(
                        start + value / 2,
                        row,
                        f"{100 * value:.0f}%",
                        ha="center",
                        va="center_baseline",
                        color=PAPER.light if place else TEXT.light,
                        fontsize=FONT_SIZE - 1,
                    )
                start += value
            name = textwrap.shorten(visible(names[row]), 44 if narrow else 96, placeholder="…")
            axes.text(0, row - 0.3, name, va="bottom", ha="left", fontsize=FONT_SIZE)
        axes.set_ylim(len(shares) - 0.6, -0.85)
        axes.set_yticks([])
        axes.set_xlim(0, 1)
        set_percent(axes.xaxis)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        put_legend(
            figure, [Patch(facecolor=c) for c in colours[: len(parts)]], [visible(kind) for kind, _ in parts]
        )
        finish(figure, axes, grid="x")

    title = f"How samples ended on {benchmark}"
    columns = ["model", "samples", _PASSED, *kinds]
    rows: list[list[str | Cell]] = [
        [
            name,
            f"{one.total():,}",
            *(f"{one[kind]:,}" for kind in (_PASSED, *kinds)),
        ]
        for name, one in zip(names, counts, strict=True)
    ]
    said = "; ".join(
        f"{name}: " + ", ".join(f"{kind} {100 * v:.1f} %" for (kind, _), v in zip(parts, values, strict=True))
        for name, values in zip(names, shares, strict=True)
    )
    height = 40 + _ROW * len(shown)
    return _figure(
        title,
        draw,
        (height, height),
        f"Bars of how samples ended. {said}",
        "Share of all samples.",
        Table(title, columns, rows),
    )


def _places(highest: int) -> list[int]:
    """Whole numbers from 1 to `highest`, round ones among them, evenly spaced on a logarithmic scale."""
    steps = range(_POINTS_PER_DECADE * len(str(highest)) + 1)
    spaced = {round(10 ** (step / _POINTS_PER_DECADE)) for step in steps}
    round_ones = {scale * tick for scale in (1, 10, 100, 1000) for tick in _TICKS}
    return sorted({k for k in spaced | round_ones if k <= highest} | {highest})


def _figure(
    title: str, draw: Any, heights: tuple[float, float], alt: str, caption: str, data: Table
) -> Figure:
    wide, narrow = draw_svg(WIDE, heights[0], draw), draw_svg(NARROW, heights[1], draw)
    return Figure(title, wide, alt, caption, narrow_svg=narrow, data=data)
