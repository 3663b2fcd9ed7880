"""The work of the units that `test_units` runs: importable by name in worker processes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ratchet.loop.units import Report, Unit, run_units
from ratchet.runs import Progress, Run


def add(place: Path, needs: Mapping[str, Any], report: Report, *, log: str, name: str, number: int) -> Any:
    """Add up what the needs gave, and `number`; write a file; note in `log` that it ran."""
    with Path(log).open("a") as file:
        file.write(f"{name}\n")
    report.begin(2, "things")
    report.advance()
    report.info("halfway")
    report.advance()
    total = number
    for called in [key for key in needs if not key.endswith(".files")]:
        assert (needs[f"{called}.files"] / "total").read_text() == str(needs[called]["total"])
        total += needs[called]["total"]
    (place / "total").write_text(str(total))
    return {"total": total, "pid": os.getpid(), "threads": os.environ["OMP_NUM_THREADS"]}


def fail(place: Path, needs: Mapping[str, Any], report: Report, *, unless: str) -> Any:
    """Raise, unless there is such a file."""
    (place / "total").write_text("0")
    if not Path(unless).exists():
        raise ArithmeticError("the sums went wrong")
    return {"total": 0}


def die(place: Path, needs: Mapping[str, Any], report: Report, *, unless: str) -> Any:
    """Be killed as the kernel kills who takes too much memory, unless there is such a file."""
    if not Path(unless).exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return {"total": 0}


def chatter(place: Path, needs: Mapping[str, Any], report: Report, *, seconds: float, killed: bool) -> Any:
    """Report without a pause, for a while, and perhaps be killed in the midst of it."""
    report.begin(1, "words" * 1000)
    until, said = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        report.info("blah " * 1000)
        report.advance()
        said += 1
    if killed:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"said": said}


def sleep(place: Path, needs: Mapping[str, Any], report: Report, *, pids: str) -> Any:
    """Say who it is, and sleep until somebody ends it."""
    (Path(pids) / str(os.getpid())).touch()
    time.sleep(300)
    return {}


def main(folder: Path) -> None:
    """Run three sleepers, two at a time, in a Run under `folder`: somebody ends this from outside."""
    units = [Unit(f"sleep-{i}", "sleeping", sleep, {}, {"pids": str(folder / "pids")}) for i in range(3)]
    with Run.create(folder / "run", kind="test", config={}) as run, Progress(quiet=True) as progress:
        run_units(run, units, workers=2, progress=progress)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
