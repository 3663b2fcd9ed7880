"""Runs of evaluations to the text of one HTML file.

The look is that of `ratchet.report.page`, with `templates/evaluation.*` for what is added: the
grid of problems and samples, which a script of our own draws from the packed blocks. A
content security policy in the file forbids every request and every other script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from ratchet.errors import RatchetError
from ratchet.evaluation.compare import Comparison, compare, run_names
from ratchet.evaluation.records import Evaluation
from ratchet.report.blocks import Cell, Page, Section, Table
from ratchet.report.evaluation.figures import figure_sections
from ratchet.report.evaluation.groups import Group, groups
from ratchet.report.evaluation.packing import pack
from ratchet.report.page import asset, environment, parts, style
from ratchet.runs.disk import telling, write_durably

_STATIC_ROWS = 2_000
"""Problems up to which the grid is also there, as a plain table, for readers without JavaScript."""


def write_report(runs: Sequence[Evaluation], path: Path, *, title: str = "") -> Path:
    """Write the report on these Runs as one HTML file, whole or not at all; missing folders are made.

    Raises RatchetError on no Runs, and where the file cannot be written.
    """
    text = report_html(runs, title=title)
    with telling(f"the report cannot be written to {path}", "name a file in a folder that can be written to"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, text)
    return path


def report_html(runs: Sequence[Evaluation], *, title: str = "") -> str:
    """The report on these Runs as the text of one HTML file; the same Runs give the same text."""
    if not runs:
        raise RatchetError("a report needs a Run: name one or more.")
    names = run_names(runs)
    found = groups(runs, names)
    page = Page(
        title or _title(runs),
        figure_sections(runs, names, found, _comparison(runs)),
        meta=[("Runs", ", ".join(str(run.path) for run in runs))],
    )
    packed = pack(runs, names)
    scripts = [asset(name) for name in ("page.js", "evaluation_listing.js", "evaluation.js")]
    policy = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        environment()
        .get_template("evaluation.html")
        .render(
            page=page,
            parts=parts(page.sections),
            plain=parts([Section("Problems", _plain_tables(found, names))]) if found else [],
            any_samples=any(run.samples for run in runs),
            style=Markup(style() + asset("evaluation.css")),
            scripts=[Markup(script) for script in scripts],
            policy=Markup(policy),
            # Base64 alone: nothing in it can end the element that it stands in.
            index=Markup(packed.index),
            packed_blocks=[Markup(block) for block in packed.blocks],
        )
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _title(runs: Sequence[Evaluation]) -> str:
    benchmarks = list(dict.fromkeys(name for run in runs for name in run.benchmarks))
    shown = ", ".join(benchmarks[:3]) + (" and more" if len(benchmarks) > 3 else "")
    return f"Evaluation on {shown}" if shown else "Evaluation"


def _comparison(runs: Sequence[Evaluation]) -> Comparison | None:
    """None where there is nothing to compare."""
    try:
        return compare(runs) if len(runs) > 1 else None
    except RatchetError:  # no problem in common
        return None


def _plain_tables(found: Sequence[Group], names: Sequence[str]) -> list[Table]:
    """Samples passed by problem and Run: what can be shown without the script."""
    tables = []
    for benchmark in dict.fromkeys(group.benchmark for group in found):
        passed: dict[str, dict[int, tuple[int, int]]] = {}
        for group in found:
            for problem, (c, n) in group.passed.items() if group.benchmark == benchmark else ():
                before = passed.setdefault(problem, {}).get(group.run, (0, 0))
                passed[problem][group.run] = before[0] + c, before[1] + n
        if len(passed) <= _STATIC_ROWS:
            rows: list[list[str | Cell]] = [
                [
                    problem,
                    *(f"{by_run[i][0]} / {by_run[i][1]}" if i in by_run else "–" for i in range(len(names))),
                ]
                for problem, by_run in passed.items()
            ]
            tables.append(
                Table(f"Problems of {benchmark}", ["problem", *names], rows, "Samples that passed.")
            )
    return tables
