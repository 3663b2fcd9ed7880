"""How fast samples are judged: our two oracles against one plain Python process per sample.

    RATCHET_DATA=... python benchmarks/judge.py [--seconds 40]

The work is HumanEval's 164 canonical solutions with their tests. The ways take
turns, round by round, in an order drawn anew each round, so that other load on
the machine falls on all of them alike. Every verdict must be "passed". A plain
process has no walls, and its verdict (an exit code) can be forged: it is here
because it is what most scripts do.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ratchet.errors import RatchetError
from ratchet.judge import OracleMode, judge_many
from ratchet.problems import CheckOracle, Problem, Sample, load_benchmark
from ratchet.sandbox import Limits, LocalSandbox

LIMITS = Limits(wall_s=20.0)


def plain(problem: Problem) -> bool:
    """Solution, test and call in a fresh interpreter; passed if it exits with 0."""
    assert isinstance(problem.oracle, CheckOracle)
    call = f"check({problem.oracle.entry_point})"
    text = "\n".join([problem.prompt + str(problem.reference), problem.oracle.test, call])
    return subprocess.run([sys.executable, "-"], input=text.encode(), capture_output=True).returncode == 0


def main() -> None:
    """Measure, and print a line per way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=40.0, help="how long to go on, about")
    seconds = parser.parse_args().seconds
    try:
        problems = load_benchmark("humaneval").problems
    except RatchetError as error:
        print(f"left out: {error}")
        return
    pairs = [(problem, Sample(problem.id, 0, str(problem.reference))) for problem in problems]

    with LocalSandbox() as sandbox, ThreadPoolExecutor(sandbox.slots) as pool:

        def ours(oracle: OracleMode) -> bool:
            verdicts = judge_many(pairs, sandbox, LIMITS, oracle=oracle)
            return all(verdict.passed for _, verdict in verdicts)

        ways: dict[str, Callable[[], bool]] = {
            "judge_many, split": lambda: ours("split"),
            "judge_many, in-process": lambda: ours("in-process"),
            "python process per sample": lambda: all(pool.map(plain, problems)),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        ours("split")  # warm the slots
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(rates["judge_many, split"]) < 3:
            for name in random.sample(list(ways), len(ways)):
                begun = time.perf_counter()
                if not ways[name]():
                    raise SystemExit(f"{name}: not all canonical solutions passed")
                rates[name].append(len(problems) / (time.perf_counter() - begun))
        print(f"{len(problems)} samples a round, {len(rates[name])} rounds, {sandbox.slots} at once")

    base = statistics.median(rates["python process per sample"])
    print(f"{'':28}{'samples/s':>10}{'slowest':>10}{'fastest':>10}{'ratio':>8}")
    for name, values in rates.items():
        middle = statistics.median(values)
        print(f"{name:28}{middle:10.1f}{min(values):10.1f}{max(values):10.1f}{middle / base:8.2f}")


if __name__ == "__main__":
    main()
