"""Plots: the same bytes every time, intervals always drawn, gaps and odd values survived."""

from __future__ import annotations

import math
import re
import warnings

import pytest

from ratchet.report.plots import Curve, Estimate, Figure, Series, dot_plot, histogram, line_plot, loss_plot

NAN = float("nan")


def _all_plots(values: list[float]) -> list[Figure]:
    estimates = [Estimate(v, v - 0.1, v + 0.1) for v in values]
    places = list(range(len(values)))
    names = [f"model {i}" for i in places]
    return [
        line_plot("l", [Series("a", places, estimates)], x_label="x", y_label="y"),
        line_plot("b", [Series("a", names, estimates)], x_label="x", y_label="y", band=True),
        dot_plot("d", [Series("a", names, estimates), Series("b", names, estimates)], x_label="x"),
        loss_plot("c", [Curve("a", places, values)]),
        histogram("h", {"a": [v for v in values if math.isfinite(v)]}, x_label="x"),
    ]


@pytest.mark.parametrize("values", [[0.5], [0.1, 0.2, 0.9], [0.0, 0.0], [0.3, NAN, 0.5], [1e9, -1e9]])
def test_they_draw_without_warnings_and_alike(values: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = _all_plots(values), _all_plots(values)
    assert [figure.svg for figure in first] == [figure.svg for figure in second]
    for figure in first:
        assert figure.svg.startswith("<svg")
        assert figure.narrow_svg.startswith("<svg")
        assert figure.alt
        assert figure.data is not None
        assert not re.search(r"<script|<style|xlink", figure.svg)


def test_a_label_stands_inside_its_drawing() -> None:
    estimates = [Estimate(0.5, 0.4, 0.6)] * 3
    figure = line_plot("t", [Series("a", [1, 2, 3], estimates)], x_label="xlabel", y_label="ylabel")
    for svg in (figure.svg, figure.narrow_svg):
        size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
        assert size is not None
        for label in ("xlabel", "ylabel"):
            tag = re.search(rf"<text([^>]*)>\s*{label}", svg)
            assert tag is not None
            x = re.search(r'x="(-?[\d.]+)"|translate\((-?[\d.]+)', tag[1])
            y = re.search(r'y="(-?[\d.]+)"|translate\(-?[\d.]+ (-?[\d.]+)', tag[1])
            assert x is not None
            assert y is not None
            assert 0 <= float(x[1] or x[2]) <= float(size[1])
            assert 0 < float(y[1] or y[2]) <= float(size[2])


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to show"):
        line_plot("t", [], x_label="x", y_label="y")
    with pytest.raises(ValueError, match="wrong way round"):
        Estimate(1, 2, 0)
    with pytest.raises(ValueError, match="as many"):
        Series("a", [1], [])
    with pytest.raises(ValueError, match="without values"):
        histogram("t", {"a": []}, x_label="x")
