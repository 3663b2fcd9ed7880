"""What the jail costs: programs judged per second on one core, against what people use instead.

    python benchmarks/sandbox.py [--rounds N] [--programs N] [--json]

All ways run in one process on one core, interleaved round by round in random
order, on the same programs: HumanEval's canonical solutions with their tests
where RATCHET_DATA names the benchmarks' folder, else small programs of that kind.

    examine     ours, strong: candidate and examiner in two jails
    in-process  ours, weak: both in one jail
    call        ours: one question to the candidate, compared here (small programs only)
    run         ours: candidate and test as one script in the jail, by exit code
    file        a plain `python file.py` for each sample, by exit code: no walls, no honesty
    fork        the floor: a bare fork of a warm interpreter, exec, exit code: no walls, no honesty
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ratchet.sandbox import Limits, LocalSandbox, Program

LIMITS = Limits(wall_s=20)
_NAME = "<<the candidate>>"
"""Stands in a test for the name that the candidate goes by there."""


@dataclass(frozen=True)
class Work:
    """One right program, and the test that says so."""

    entry_point: str
    candidate: str
    test: str


def small_programs(count: int) -> list[Work]:
    """Programs of HumanEval's size: a function of a few lines, and about seven assertions."""
    work = []
    for i in range(count):
        candidate = (
            "from typing import List\n\n\n"
            f"def solve_{i}(numbers: List[int], step: int = {i % 7 + 1}) -> List[int]:\n"
            f'    """Every number over {i}, times step, sorted, without doubles."""\n'
            "    seen = set()\n"
            "    for number in numbers:\n"
            f"        if number > {i}:\n"
            "            seen.add(number * step)\n"
            "    return sorted(seen)\n"
        )
        checks = []
        for case in range(7):
            numbers = [(case * 37 + k * 11) % 101 for k in range(12)]
            expected = sorted({n * (i % 7 + 1) for n in numbers if n > i})
            checks.append(f"    assert candidate({numbers}) == {expected}")
        test = "def check(candidate):\n" + "\n".join(checks) + f"\n\ncheck(solve_{i})\n"
        work.append(Work(f"solve_{i}", candidate, test))
    return work


def humaneval(folder: Path, count: int) -> list[Work]:
    """The first `count` canonical solutions; the test is given the prompt, for its helpers."""
    file = folder / "humaneval" / "HumanEval.jsonl.gz"
    with gzip.open(file, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    work = []
    for row in rows:
        name = row["entry_point"]
        # The prompt defines the name anew; some tests mean the candidate by it.
        test = f"{row['prompt']}    pass\n{name} = {_NAME}\n{row['test']}\ncheck({_NAME})\n"
        work.append(Work(name, row["prompt"] + row["canonical_solution"], test))
    return work[:count]


Way = Callable[[Work], bool]


def our_ways(sandbox: LocalSandbox) -> dict[str, Way]:
    """The ways through the jail."""

    def examine(work: Work, in_process: bool = False) -> bool:
        # A prompt in the test may define the entry point anew; the alias is the candidate for certain.
        test = Program(work.test.replace(_NAME, "__candidate__"))
        return sandbox.examine(
            Program(work.candidate), work.entry_point, test, LIMITS, in_process=in_process
        ).passed

    def call(work: Work) -> bool:
        answers = sandbox.call(Program(work.candidate), work.entry_point, [([1, 2, 300],)], LIMITS)
        return len(answers.results) == 1

    def run(work: Work) -> bool:
        return sandbox.run(Program(whole_script(work)), LIMITS).exit_code == 0

    return {
        "examine": examine,
        "in-process": lambda work: examine(work, in_process=True),
        "call": call,
        "run": run,
    }


def whole_script(work: Work) -> str:
    """Candidate and test as one script; the candidate comes last where the test brings a prompt."""
    if _NAME not in work.test:
        return f"{work.candidate}\n{work.test}\n"
    tests = work.test.replace(_NAME, work.entry_point)
    head, _, last = tests.rstrip().rpartition("\n")
    return f"{head}\n{work.candidate}\n{last}\n"


def plain_file(work: Work) -> bool:
    """What most scripts do."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(whole_script(work))
        file.flush()
        done = subprocess.run([sys.executable, file.name], capture_output=True, check=False, timeout=20)
    return done.returncode == 0


def bare_fork(work: Work) -> bool:
    """The least that a process per sample can cost here."""
    pid = os.fork()
    if pid == 0:
        try:
            exec(compile(whole_script(work), "program.py", "exec"), {"__name__": "__main__"})
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def measure(ways: dict[str, Way], work: list[Work], rounds: int) -> tuple[dict[str, list[list[float]]], int]:
    """Seconds of each sample, by way and round; and how many verdicts were not passes."""
    times: dict[str, list[list[float]]] = {name: [] for name in ways}
    wrong = 0
    chance = random.Random(0)
    for way in ways.values():  # warm
        way(work[0])
    for _ in range(rounds):
        order = list(ways)
        chance.shuffle(order)
        for name in order:
            row = []
            for one in work:
                started = time.perf_counter()
                passed = ways[name](one)
                row.append(time.perf_counter() - started)
                wrong += not passed
            times[name].append(row)
    return times, wrong


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Compare the jail with what people use instead.")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of all ways (5)")
    parser.add_argument("--programs", type=int, default=60, help="programs in a round (60)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    data = os.environ.get("RATCHET_DATA")
    work = humaneval(Path(data), arguments.programs) if data else small_programs(arguments.programs)
    with LocalSandbox(slots=1) as sandbox:
        ways = our_ways(sandbox) | {"file": plain_file, "fork": bare_fork}
        if data:
            del ways["call"]  # its one question suits the small programs only
        times, wrong = measure(ways, work, arguments.rounds)
    rows = {name: summary(rounds) for name, rounds in times.items()}
    load = os.getloadavg()[0]
    if arguments.json:
        print(json.dumps({"wrong": wrong, "load": load, "programs": len(work), "ways": rows}))
        return
    kind = "HumanEval canonical solutions" if data else "small programs"
    print(f"{len(work)} {kind}, {arguments.rounds} rounds, one core, load {load:.1f}; not passed: {wrong}")
    print(f"{'way':<12}{'per s':>8}{'rounds':>16}{'p50 ms':>9}{'p99 ms':>9}{'/ file':>8}{'/ fork':>8}")
    for name, row in rows.items():
        spread = f"{row['slowest']:.0f} to {row['fastest']:.0f}"
        ratios = [row["per_s"] / rows[other]["per_s"] for other in ("file", "fork")]
        print(
            f"{name:<12}{row['per_s']:>8.1f}{spread:>16}{row['p50_ms']:>9.2f}{row['p99_ms']:>9.2f}"
            f"{ratios[0]:>7.1f}x{ratios[1]:>7.2f}x"
        )


def summary(rounds: list[list[float]]) -> dict[str, float]:
    """Rates by round (median, slowest, fastest), and quantiles over all samples."""
    rates = [len(row) / sum(row) for row in rounds]
    samples = sorted(value for row in rounds for value in row)
    return {
        "per_s": statistics.median(rates),
        "slowest": min(rates),
        "fastest": max(rates),
        "p50_ms": statistics.median(samples) * 1e3,
        "p99_ms": samples[min(len(samples) - 1, int(len(samples) * 0.99))] * 1e3,
    }


if __name__ == "__main__":
    main()
