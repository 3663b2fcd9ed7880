"""Where the time of one verdict goes: the floor, then wall after wall, then Ratchet.

    RATCHET_DATA=... python benchmarks/profile_sandbox.py [--rounds 5] [--programs N] [--set light]

Each line does what the line above it does and one thing more, so that the
difference is what that thing costs. The walls of the upper lines are raised by
plain system calls from a bare interpreter (`parts/ways/steps.py`): what they cost
at least. The last two lines are Ratchet itself, which does more (reports, limits,
streams, an examiner): what they are over the line above is ours to save.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from parts.driving import THIN, WAYS, Driver, LeftOut, Way, imported_modules
from parts.tables import Measured, quantile, spread
from parts.tasks import write_tasks
from sandbox import SETS, tasks_of

WALLS = ("pid", "mounts", "ipc", "proc", "rights")
SAYS = {
    "pid": "a pid namespace",
    "mounts": "a mount namespace with a tmpfs",
    "ipc": "an IPC namespace",
    "proc": "a proc of its own",
    "rights": "session, rlimits, capabilities, seccomp",
}


def steps() -> dict[str, Way]:
    """The lines of the table, in order."""
    found = {"a bare fork, and the program": WAYS["fork"]}
    for count, name in enumerate(WALLS, start=1):
        options = {"walls": WALLS[:count]}
        found[f"+ {SAYS[name]}"] = Way("steps", SAYS[name], options, flags=THIN, preload_imports=(True, True))
    found["Ratchet, in-process"] = WAYS["in-process"]
    found["Ratchet, split"] = WAYS["split"]
    return found


def measure(set_name: str, programs: int | None, rounds: int, core: int) -> dict[str, Measured]:
    """All steps, round by round in random order."""
    tasks = tasks_of(set_name, programs)
    everything = range(len(tasks))
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(prefix="ratchet-bench-") as folder, ExitStack() as stack:
        file = Path(folder) / "tasks.jsonl"
        write_tasks(tasks, file)
        imports = imported_modules(tasks)
        drivers = {}
        for name, way in steps().items():
            driver = Driver(way, file, imports, heavy=set_name == "heavy", core=core)
            drivers[name] = stack.enter_context(driver)
            driver.judge(everything)
            found[name] = Measured()
        for _ in range(rounds):
            for name in random.sample(list(drivers), len(drivers)):
                before = drivers[name].cpu_s()
                found[name].rounds.append(drivers[name].judge(everything))
                found[name].cpu_s += drivers[name].cpu_s() - before
    return found


def table(found: Mapping[str, Measured]) -> list[str]:
    """A line for each step, with what it costs more than the one before."""
    lines = [f"{'':<44}{'ms, median':>12}{'more':>8}{'mean ms of rounds':>26}{'CPU ms':>9}{'passed':>12}"]
    before = None
    for name, measured in found.items():
        typical = quantile(measured.by_task(), 0.5) * 1e3
        means = [1e3 / rate for rate in measured.rates]
        passed, count = measured.verdicts
        more = "" if before is None else f"{typical - before:+.2f}"
        lines.append(
            f"{name:<44}{typical:>12.2f}{more:>8}{spread(means):>26}"
            f"{measured.cpu_s / count * 1e3:>9.2f}{passed:>7}/{count}"
        )
        before = typical
    return lines


def main() -> int:
    """Measure and print."""
    cores = sorted(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description="Show where the time of one verdict goes.")
    parser.add_argument("--set", choices=tuple(SETS), default="light", help="which programs (light)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of all steps (5)")
    parser.add_argument("--programs", type=int, help="the first N programs (all)")
    parser.add_argument("--core", type=int, default=cores[-1], help=f"the core to measure on ({cores[-1]})")
    chosen = parser.parse_args()
    try:
        found = measure(chosen.set, chosen.programs, chosen.rounds, chosen.core)
    except LeftOut as error:
        print(f"left out: {error}")
        return 0
    print(f"{SETS[chosen.set]}, {chosen.rounds} rounds, core {chosen.core}, load {os.getloadavg()[0]:.1f}")
    print("\n".join(table(found)))
    least = statistics.median(found[f"+ {SAYS[WALLS[-1]]}"].samples)
    over = [
        f"{name} {statistics.median(measured.samples) / least:.2f} x"
        for name, measured in found.items()
        if name.startswith("Ratchet")
    ]
    print(f"\nover a bare fork with all those walls: {', '.join(over)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
