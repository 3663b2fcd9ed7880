"""Do verdicts depend on how busy the machine is? The same samples, quiet and under load.

    RATCHET_DATA=... python benchmarks/load.py [--loads 1,8] [--cores 2] [--programs N] [--limit S]

All of HumanEval's canonical solutions, and some that must not pass or only just
keep within the time limit, are judged at each load under the benchmark's own
limits. Load 1: one at a time, and nothing else runs. Load N: one on every core,
and N busy processes besides. Ends with 1 on a verdict that is not as it must be;
a verdict that differs between loads is a flip.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ratchet.errors import RatchetError
from ratchet.judge import VerdictStatus, judge_many
from ratchet.problems import Problem, Sample, load_benchmark
from ratchet.sandbox import Limits, LocalSandbox

_SPIN = "import os\nwhile os.getppid() == {parent}:\n    for _ in range(100000): pass\n"
_BUSY_SHARE = 0.4
"""Of the time limit in CPU time: right, and late where only the clock on the wall counts."""


class Entry(NamedTuple):
    """A sample, and the verdict that it must get at every load."""

    kind: str
    problem: Problem
    sample: Sample
    expected: VerdictStatus


class Seen(NamedTuple):
    """What was seen at one load."""

    load: int
    seconds: float
    statuses: list[VerdictStatus]
    cpu_s: list[float]
    wall_s: list[float]


def entries(problems: Sequence[Problem], limits: Limits) -> list[Entry]:
    """Every canonical solution, and for some problems others that end in other ways."""
    found = [
        Entry("canonical", problem, Sample(problem.id, 0, str(problem.reference)), VerdictStatus.PASSED)
        for problem in problems
    ]
    spin = f"    import time as _t\n    while _t.process_time() < {_BUSY_SHARE * limits.wall_s}: pass\n"
    others = {
        "wrong": ("    return None\n", VerdictStatus.FAILED, 10),
        "endless": ("    while True: pass\n", VerdictStatus.TIMEOUT, 2),
        "asleep": ("    import time; time.sleep(1000)\n", VerdictStatus.TIMEOUT, 1),
        "crash": ("    import ctypes; ctypes.string_at(0)\n", VerdictStatus.CRASHED, 3),
        "hog": ("    [bytearray(1 << 28) for _ in range(1000)]\n", VerdictStatus.MEMORY, 2),
        "slow but right": (spin, VerdictStatus.PASSED, 3),
    }
    for kind, (body, expected, count) in others.items():
        for number, problem in enumerate(problems[:count]):
            rest = str(problem.reference) if expected is VerdictStatus.PASSED else ""
            sample = Sample(problem.id, len(found) + number, body + rest)
            found.append(Entry(kind, problem, sample, expected))
    return found


@contextmanager
def busy(count: int) -> Iterator[None]:
    """With that many processes that do nothing but use up CPU time."""
    text = _SPIN.format(parent=os.getpid())
    processes = [subprocess.Popen([sys.executable, "-S", "-c", text]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def judge_all(found: Sequence[Entry], limits: Limits, load: int) -> Seen:
    """All verdicts at that load."""
    with LocalSandbox(slots=1 if load == 1 else None) as sandbox, busy(load if load > 1 else 0):
        begun = time.perf_counter()
        pairs = ((entry.problem, entry.sample) for entry in found)
        verdicts = dict(judge_many(pairs, sandbox, limits))
        seconds = time.perf_counter() - begun
    ordered = [verdicts[position] for position in range(len(found))]
    return Seen(
        load,
        seconds,
        [verdict.status for verdict in ordered],
        [verdict.cpu_s for verdict in ordered],
        [verdict.wall_s for verdict in ordered],
    )


def differences(found: Sequence[Entry], seen: Sequence[Seen]) -> tuple[list[str], list[str]]:
    """In words: the flips, and the verdicts that are not as they must be."""
    flips, wrong = [], []
    for position, entry in enumerate(found):
        statuses = {one.load: one.statuses[position] for one in seen}
        told = ", ".join(f"{status} at load {load}" for load, status in statuses.items())
        if len(set(statuses.values())) > 1:
            flips.append(f"{entry.problem.id}, {entry.kind}: {told}")
        if set(statuses.values()) != {entry.expected}:
            wrong.append(f"{entry.problem.id}, {entry.kind}: {told}; must be {entry.expected}")
    return flips, wrong


def main() -> int:
    """Judge at each load, and compare."""
    parser = argparse.ArgumentParser(description="Compare verdicts between a quiet and a busy machine.")
    parser.add_argument("--loads", default="1,8", help="numbers of busy processes (1,8)")
    parser.add_argument("--cores", type=int, default=2, help="how many cores all of it shares (2)")
    parser.add_argument("--programs", type=int, help="the first N canonical solutions (all)")
    parser.add_argument("--limit", type=float, help="seconds for a sample (the benchmark's own)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    chosen = parser.parse_args()
    try:
        loads = [int(text) for text in chosen.loads.split(",")]
    except ValueError:
        loads = [0]
    if min(*loads, chosen.cores, chosen.programs or 1) < 1:
        parser.error("loads, cores and programs must be whole numbers from 1")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: chosen.cores])
    try:
        benchmark = load_benchmark("humaneval")
    except RatchetError as error:
        print(f"left out: {error}")
        return 0
    limits = Limits(wall_s=chosen.limit) if chosen.limit else benchmark.default_limits
    found = entries(benchmark.problems[: chosen.programs], limits)
    kinds = Counter(entry.kind for entry in found)
    print(f"{len(os.sched_getaffinity(0))} cores, {limits.wall_s:g} s a sample: ", end="")
    print(", ".join(f"{count} {kind}" for kind, count in kinds.items()), flush=True)
    seen = []
    for load in loads:
        seen.append(judge_all(found, limits, load))
        last = seen[-1]
        print(
            f"load {load}: {len(found) / last.seconds:.1f} verdicts/s; the machine's load was "
            f"{os.getloadavg()[0]:.1f}; most wall time of a sample {max(last.wall_s):.2f} s",
            flush=True,
        )
    flips, wrong = differences(found, seen)
    print(f"flips: {len(flips)}; not as they must be: {len(wrong)}")
    for text in dict.fromkeys(flips + wrong):
        print(f"  {text}")
    if chosen.json:
        kept = {"kinds": kinds, "flips": flips, "wrong": wrong, "loads": [one._asdict() for one in seen]}
        chosen.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return 1 if flips or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
