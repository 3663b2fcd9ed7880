"""A page with every kind of block and with hostile text in all of them."""

from __future__ import annotations

import pytest

from ratchet.report import (
    Cell,
    Code,
    KeyValues,
    Page,
    Prose,
    SampleGroup,
    SampleView,
    Section,
    Stat,
    Stats,
    Table,
    Transcript,
)
from ratchet.report.plots import Curve, Estimate, Series, dot_plot, histogram, line_plot, loss_plot

HOSTILE = '</pre><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">'


@pytest.fixture(scope="session")
def page() -> Page:
    """One of everything."""
    estimates = [Estimate(0.2 * i, 0.2 * i - 0.1, 0.2 * i + 0.1) for i in range(1, 5)]
    series = [Series(HOSTILE, [2, 3, 4, 5], estimates), Series("multi-turn", [2, 3, 4, 5], estimates[::-1])]
    named = [Series("all", ["a long name of a model", "another"], estimates[:2])]
    samples: list[SampleView | Transcript] = [
        SampleView(f"problem/{i}", f"def f():\n    return {i}\n# {HOSTILE}", status, detail=HOSTILE)
        for i, status in enumerate(["passed", "failed", "timeout"] * 10)
    ]
    steps = [
        SampleView("first", "1/0", "crashed", detail="ZeroDivisionError"),
        SampleView("second", "1", "passed"),
    ]
    samples.append(Transcript("a repair", steps))
    blocks = [
        Stats([Stat("passed", "91.2%", "[88.5, 94.0]", "good")], caption="what it covers"),
        Prose(["**Bold** and `code` and " + HOSTILE, "- one\n- two"]),
        Table(
            "Scores",
            ("model", "steps", "passed", *(f"column {i}" for i in range(9))),
            [[HOSTILE, "2", Cell("91.2%", "[88.5, 94.0]", "good"), *("123,456.7" for _ in range(9))]] * 3,
            "Brackets: 95% intervals over problems.",
        ),
        line_plot("Lines", series, x_label="steps", y_label=HOSTILE, percent=True, caption="over problems"),
        dot_plot("Dots", named, x_label="passed", percent=True),
        loss_plot("Losses", [Curve("teacher", list(range(1, 101)), [3 / i for i in range(1, 101)])]),
        histogram("Spread", {"wall": [0.1, 0.2, 0.2, 0.5]}, x_label="seconds"),
        KeyValues("Settings", [("seed", "0"), (HOSTILE, HOSTILE)]),
        Code("Command", "ratchet demo " + HOSTILE),
        SampleGroup("Programs", samples, "all of them"),
    ]
    return Page(
        title="A report",
        subtitle=HOSTILE,
        banner="these numbers mean nothing",
        sections=[Section("First", blocks, "A lead."), Section(HOSTILE, [Prose(["end"])])],
        meta=[("run", HOSTILE)],
    )
