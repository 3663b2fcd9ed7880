"""A matplotlib drawing as inline SVG that takes its colours and its font from the page.

Drawings are `Figure` objects of their own: pyplot and its global state are not
used, and the settings hold only while a drawing is made. The same drawing gives
the same bytes every time.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Callable
from typing import Any

from ratchet.report.palette import AXIS, GRID, INKS, TEXT

FONT_SIZE = 12.5
"""Of all text in a plot, in pixels at full width."""

_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ratchet",
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "font.family": ["DejaVu Sans"],
    "font.size": FONT_SIZE,
    "text.color": TEXT.light,
    "axes.edgecolor": AXIS.light,
    "axes.labelcolor": TEXT.light,
    "axes.facecolor": "none",
    "axes.linewidth": 1.0,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "axes.labelpad": 8.0,
    "figure.facecolor": "none",
    "figure.dpi": 72.0,
    "grid.color": GRID.light,
    "grid.linewidth": 1.0,
    "xtick.color": AXIS.light,
    "ytick.color": AXIS.light,
    "xtick.labelcolor": TEXT.light,
    "ytick.labelcolor": TEXT.light,
    "xtick.major.size": 4.0,
    "ytick.major.size": 0.0,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    "legend.frameon": False,
    "legend.borderpad": 0.0,
    "legend.borderaxespad": 0.0,
    "legend.handlelength": 2.2,
    "legend.columnspacing": 1.8,
}


def draw_svg(width: float, height: float, draw: Callable[[Any], None]) -> str:
    """The SVG element that `draw` makes on an empty matplotlib figure.

    Args:
        width: in pixels of the page at full size.
        height: the same, to begin with; `draw` may change it.
        draw: is given the `matplotlib.figure.Figure` to draw on.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    text = io.StringIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        # Text is set by the browser in its own fonts; ours only measures it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure)
        width, height = (72 * side for side in figure.get_size_inches())
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(text, format="svg", metadata=nothing)
    return _inline(text.getvalue(), width, height)


def _inline(svg: str, width: float, height: float) -> str:
    """Only the element, with its own identifiers, the page's colours and the page's font."""
    body = svg[svg.index("<svg") :]
    body = body[body.index(">") + 1 :]
    # Inside a page, matplotlib's `* {…}` rule would reach every other element.
    for unwanted in (r"<metadata>.*?</metadata>", r"<style\b.*?</style>", r"<defs>\s*</defs>", r"<!--.*?-->"):
        body = re.sub(unwanted, "", body, flags=re.DOTALL)
    # Two drawings in one page must not answer to each other's references, above
    # all when one of them is hidden.
    mark = "p" + hashlib.sha256(f"{width}x{height}{body}".encode()).hexdigest()[:8]
    body = re.sub(r"<[^>]*>", lambda tag: _themed(tag[0], mark), body)
    body = re.sub(r">\s*\n\s*<", ">\n<", body)
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    look = 'stroke-linejoin="round" stroke-linecap="butt" font-family="inherit"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {look}>{body.strip()}'


def _themed(tag: str, mark: str) -> str:
    """One tag, never the text between tags, rewritten for the page."""
    tag = re.sub(r'^<g id="[^"]*"', "<g", tag)
    tag = re.sub(r'\bid="', f'id="{mark}-', tag)
    tag = tag.replace("url(#", f"url(#{mark}-").replace('xlink:href="#', f'href="#{mark}-')
    tag = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", tag)
    tag = re.sub(r"font-family: [^;\"]*;? ?", "", tag)
    tag = re.sub(r' transform="rotate\(-?0 [^"]*"', "", tag)
    for ink in INKS:
        tag = re.sub(f"{ink.light}\\b", f"var({ink.variable}, {ink.light})", tag)
    return " ".join(tag.split())
