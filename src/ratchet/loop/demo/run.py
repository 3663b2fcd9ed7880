"""Run the demo, or go on with one, and write what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.loop.demo.config import SMOKE, DemoConfig, check
from ratchet.loop.demo.findings import read_findings
from ratchet.loop.demo.graph import demo_units
from ratchet.loop.demo.page import demo_page
from ratchet.loop.demo.summaries import summarize
from ratchet.loop.units import run_units
from ratchet.report import Table, write_page
from ratchet.runs import Progress, Run, as_plain, from_plain, load_config, resume_with
from ratchet.sandbox import LocalSandbox, Walls

KIND = "demo"


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Where the demo's Run and its page are, and the page's tables."""

    run: Path
    report: Path
    tables: tuple[Table, ...]
    smoke: bool


def demo(
    *,
    out: Path | None = None,
    resume: Path | None = None,
    seed: int | None = None,
    seeds: int | None = None,
    smoke_run: bool = False,
    config: Path | None = None,
    overrides: Sequence[str] = (),
    workers: int | None = None,
    walls: str = "full",
    quiet: bool = False,
) -> DemoResult:
    """Turn the whole loop once, small: problems, models, verdicts, students, one page.

    Args:
        out: where the Run goes; `runs/demo-TIME` if None.
        resume: an interrupted demo's Run to go on with; its own configuration holds.
        seed: of everything random.
        seeds: do everything for so many training seeds and show the spread.
        smoke_run: everything tiny, under a minute, numbers without meaning.
        config: a TOML, YAML or JSON file with fields of `DemoConfig`.
        overrides: `key=value` settings that win over the file, such as "base.steps=500".
        workers: units worked on side by side; the usable cores if None.
        walls: "full", or "process" where the kernel offers no namespaces.
        quiet: show no progress.

    Raises:
        RatchetError: the extra `local` is missing, the walls cannot be had, the Run
            cannot be made or taken up, or a setting is wrong.
    """
    for library in ("torch", "transformers", "tokenizers"):
        if find_spec(library) is None:
            raise RatchetError(f"the demo needs {library}: pip install 'ratchet-code[local]'.")
    if workers is not None and workers < 1:
        raise RatchetError(f"{workers} workers cannot do anything: give at least 1.")
    if resume is not None and (
        out is not None or seed is not None or seeds is not None or smoke_run or config or overrides
    ):
        raise RatchetError(
            "a resumed demo keeps its own settings: give --resume without --out, --seed, --seeds, "
            "--smoke, --config and --set."
        )
    with LocalSandbox(slots=1, walls=Walls(walls)):
        pass  # refuse here, in one sentence, rather than in the middle of a worker
    run = (
        Run.open(resume, kind=KIND)
        if resume is not None
        else _create(out, config, overrides, seed, seeds, smoke_run)
    )
    with run, resume_with(f"ratchet demo --resume {run.path}"), Progress(quiet) as progress:
        settings = from_plain(DemoConfig, run.config)
        progress.say(f"Run: {run.path} (interrupted? ratchet demo --resume {run.path})")
        units = demo_units(settings, walls=walls)
        run_units(run, units, workers=workers or _cores(), progress=progress, summarize=summarize)
        page = demo_page(read_findings(run, settings), run)
    tables = tuple(page.tables())
    _write_tables(run.path / "tables.json", tables)
    return DemoResult(run.path, write_page(page, run.path / "report.html"), tables, settings.smoke)


def _create(
    out: Path | None,
    config: Path | None,
    overrides: Sequence[str],
    seed: int | None,
    seeds: int | None,
    smoke_run: bool,
) -> Run:
    settings = load_config(DemoConfig, config, [*(SMOKE if smoke_run else ()), *overrides])
    settings = replace(settings, seed=settings.seed if seed is None else seed)
    settings = replace(settings, seeds=settings.seeds if seeds is None else seeds)
    check(settings)
    name = datetime.now(UTC).strftime("demo-%Y%m%d-%H%M%S")
    return Run.create(out or Path("runs") / name, kind=KIND, config=as_plain(settings), seed=settings.seed)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _write_tables(path: Path, tables: Sequence[Table]) -> None:
    plain = [
        {
            "title": table.title,
            "columns": list(table.columns),
            "rows": [[f"{cell.text} {cell.note}".strip() for cell in row] for row in table.cells()],
            "caption": table.caption,
        }
        for table in tables
    ]
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
