"""The Run of an evaluation: begun or taken up again, what was drawn and judged, its files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.evaluation.drawing import Drawn
from ratchet.judge import Verdict
from ratchet.runs import Run, fresh_place
from ratchet.runs.disk import telling, write_durably

KIND = "eval"
"""The kind of these Runs."""

DRAWN, VERDICT, PERPLEXITY = "drawn/", "verdict/", "perplexity/"
"""What the names of units begin with; the key of a `Draw` follows (of a problem: BENCHMARK/POSITION)."""


def begin(config: Mapping[str, Any], out: Path | None, seed: int) -> Run:
    """A new Run, in `out` or in `runs/eval-<benchmarks>-<time>`; raises RatchetError where it cannot be."""
    names = "-".join(str(each["name"]) for each in config["benchmarks"])
    return Run.create(out or fresh_place(KIND, names[:60]), kind=KIND, config=config, seed=seed)


def take_up(config: Mapping[str, Any], out: Path) -> Run:
    """The Run in `out`, if it was begun with the same configuration.

    Raises RatchetError where it was not, naming what differs, and where `out` holds no such Run.
    """
    run = Run.open(out, kind=KIND)
    asked = json.loads(json.dumps(config))
    for key in asked:
        if run.config.get(key) != asked[key]:
            run.close()
            what = _difference(key, run.config.get(key), asked[key])
            raise RatchetError(
                f"{out} was begun with {what}; give the same to resume it, or another --out to begin anew."
            )
    return run


def _difference(key: str, there: Any, here: Any) -> str:
    """What differs, in words."""
    if key != "benchmarks" or not isinstance(there, list):
        return f"another {key.replace('_', ' ')} ({json.dumps(there)} there, {json.dumps(here)} here)"
    names = [", ".join(str(each["name"]) for each in every) for every in (there, here)]
    if names[0] != names[1]:
        return f"other benchmarks ({names[0]} there, {names[1]} here)"
    for one, other in zip(there, here, strict=True):
        for part in ("problems", "problems_sha256", "limits"):
            if one.get(part) != other[part]:
                said = "" if part == "problems_sha256" else f" ({one.get(part)} there, {other[part]} here)"
                return f"other {part.partition('_')[0]} of {one['name']}{said}"
    return "another release of a benchmark"


def drawn(run: Run) -> dict[str, Drawn]:
    """What was drawn so far, by the key of its Draw."""
    return {unit.removeprefix(DRAWN): Drawn.from_dict(result) for unit, result in run.units(DRAWN)}


def judged(run: Run) -> dict[str, Verdict]:
    """The verdicts so far, by the key of their Draw."""
    return {unit.removeprefix(VERDICT): Verdict.from_dict(result) for unit, result in run.units(VERDICT)}


def perplexities(run: Run) -> dict[str, float | None]:
    """The perplexity of each problem's prompt that was scored so far."""
    return {unit.removeprefix(PERPLEXITY): result["value"] for unit, result in run.units(PERPLEXITY)}


def write_file(run: Run, name: str, lines: Iterable[str]) -> None:
    """Write RUN/name whole, or not at all."""
    with telling(
        f"{run.path / name} cannot be written", "make room, then resume: all results are safe in the Run"
    ):
        write_durably(run.path / name, "".join(lines))
