"""Judging HumanEval+ with ten samples per problem: Ratchet against EvalPlus's own evaluator, side by side.

    python benchmarks/eval.py [--peer PYTHON] [--rounds 3] [--samples 10] [--problems N] [--json FILE]

Of each problem's samples half are its own solution and the others mutants of it (an operator
changed, a number off by one, a line dropped; drawn by a seed). Both judge the same file, on the
same two cores, one after the other in an order drawn anew each round; each has computed what
the references answer before. Prints seconds, ratios and their spread, and how far the verdicts
agree, base and plus, for the mutants and for all. PYTHON is one that has evalplus:

    python -m venv peer && peer/bin/pip install evalplus==0.3.1

Ends with 1 where a verdict on the benchmark's own solutions was not a pass.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from ratchet.errors import RatchetError
from ratchet.judge import score
from ratchet.problems import Benchmark, ReferenceOracle, Sample, load_benchmark
from ratchet.problems.benchmarks.humaneval_plus import FILE
from ratchet.problems.data import find_data
from ratchet.problems.mutation import mutants

CORES = 2


def samples_of(benchmark: Benchmark, each: int, seed: int = 0) -> tuple[list[Sample], set[int]]:
    """So many samples of every problem, and the positions of those that are mutants."""
    samples: list[Sample] = []
    mutated: set[int] = set()
    for problem in benchmark.problems:
        whole = problem.prompt + (problem.reference or "")
        found = [mutant.source for mutant in mutants(whole, seed=seed, most=each // 2)]
        for index in range(each):
            if index < len(found):
                mutated.add(len(samples))
            samples.append(Sample(problem.id, index, found[index] if index < len(found) else whole, True))
    return samples, mutated


def by_ratchet(
    benchmark: Benchmark, samples: list[Sample], folder: Path
) -> tuple[float, list[tuple[bool, bool]]]:
    """Seconds, and of every sample whether it passed base and plus."""
    began = time.perf_counter()
    score(benchmark, samples, out=folder, jobs=CORES, quiet=True)
    seconds = time.perf_counter() - began
    original = {p.id: p.oracle.original for p in benchmark.problems if isinstance(p.oracle, ReferenceOracle)}
    rows = [json.loads(line) for line in (folder / "verdicts.jsonl").read_text().splitlines()]
    return seconds, [
        (row["passed"] or row["tests_run"] > original[row["task_id"]], row["passed"]) for row in rows
    ]


def by_peer(
    peer: str, samples: list[Sample], folder: Path, data: Path
) -> tuple[float, list[tuple[bool, bool]]]:
    """As `by_ratchet`, by `evalplus.evaluate`; the time is that of the whole command."""
    folder.mkdir()
    file = folder / "samples.jsonl"
    file.write_text(
        "".join(json.dumps({"task_id": s.problem_id, "solution": s.completion}) + "\n" for s in samples)
    )
    words = [peer, "-m", "evalplus.evaluate", "--dataset", "humaneval", "--samples", str(file)]
    words += ["--parallel", str(CORES), "--i-just-wanna-run"]
    env = {**os.environ, "HUMANEVAL_OVERRIDE_PATH": str(data), "TOKENIZERS_PARALLELISM": "false"}
    began = time.perf_counter()
    done = subprocess.run(words, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    results = folder / "samples_eval_results.json"
    if done.returncode or not results.exists():
        sys.exit(f"{peer} did not evaluate: {done.stderr.strip()[-500:]}")
    found = json.loads(results.read_text())["eval"]
    # EvalPlus lists a task's samples in the order of the file.
    rest = {name: iter(rows) for name, rows in found.items()}
    rows = [next(rest[sample.problem_id]) for sample in samples]
    return seconds, [
        (row["base_status"] == "pass", row["base_status"] == row["plus_status"] == "pass") for row in rows
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", default=sys.executable, help="a Python that has evalplus")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--problems", type=int)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if subprocess.run([asked.peer, "-c", "import evalplus.evaluate"], capture_output=True).returncode:
        print(f"left out: {asked.peer} has no evalplus (see the first lines of this file)")
        return 0
    try:
        whole, data = load_benchmark("humaneval+"), find_data(FILE)
    except RatchetError as error:
        print(f"left out: {error}")
        return 0
    benchmark = Benchmark(whole.name, whole.problems[: asked.problems], whole.default_limits, "", "")
    samples, mutated = samples_of(benchmark, asked.samples)
    print(
        f"{len(benchmark.problems)} problems, {len(samples)} samples, "
        f"{len(mutated)} of them mutants; {CORES} cores"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.problems is not None:  # EvalPlus wants a sample of every task that it knows
            rows = [
                line
                for line in read_lines(data)
                if json.loads(line)["task_id"] in {p.id for p in benchmark.problems}
            ]
            data = folder / "some.jsonl"
            data.write_text("".join(rows))
        first = [Sample(p.id, 0, p.prompt + (p.reference or ""), True) for p in benchmark.problems]
        by_ratchet(benchmark, first, folder / "warm")
        by_peer(asked.peer, first, folder / "warm-peer", data)
        times: dict[str, list[float]] = {"ratchet": [], "evalplus": []}
        verdicts: dict[str, list[tuple[bool, bool]]] = {}
        for number in range(asked.rounds):
            for way in random.Random(number).sample(sorted(times), 2):
                place = folder / f"{way}-{number}"
                if way == "ratchet":
                    seconds, verdicts[way] = by_ratchet(benchmark, samples, place)
                else:
                    seconds, verdicts[way] = by_peer(asked.peer, samples, place, data)
                times[way].append(seconds)
                print(
                    f"  round {number + 1}: {way:9} {seconds:7.1f} s  {len(samples) / seconds:6.1f} samples/s"
                )
    ratios = sorted(peer / own for peer, own in zip(times["evalplus"], times["ratchet"], strict=True))
    print(
        f"EvalPlus's time over Ratchet's: {median(ratios):.2f} [{ratios[0]:.2f}, {ratios[-1]:.2f}] (bar: 5)"
    )
    found = agreement(samples, mutated, verdicts)
    for line in found["lines"]:
        print(line)
    if asked.json:
        asked.json.write_text(json.dumps({"times": times, "ratios": ratios, **found}, indent=2))
    return int(found["own_failed"] > 0)


def agreement(
    samples: list[Sample], mutated: set[int], verdicts: dict[str, list[tuple[bool, bool]]]
) -> dict[str, Any]:
    """How far the two agree."""
    ours, theirs = verdicts["ratchet"], verdicts["evalplus"]
    lines, differ = [], []
    for kind, place in (("base", 0), ("base and plus", 1)):
        for name, chosen in (("mutants", sorted(mutated)), ("all samples", range(len(samples)))):
            same = sum(ours[i][place] == theirs[i][place] for i in chosen)
            share = same / max(1, len(chosen))
            lines.append(f"{kind}, {name}: {same} of {len(chosen)} verdicts the same ({share:.2%})")
        killed = [i for i in sorted(mutated) if not theirs[i][place]]
        both = sum(not ours[i][place] for i in killed)
        lines.append(f"{kind}: of {len(killed)} mutants that EvalPlus kills, {both} are killed here, too")
        differ += [
            f"{sample.problem_id}#{sample.index} {kind}: ratchet {own[place]}, evalplus {other[place]}"
            for sample, own, other in zip(samples, ours, theirs, strict=True)
            if own[place] != other[place]
        ]
    own_failed = Counter(
        samples[i].problem_id for i in range(len(samples)) if i not in mutated and not ours[i][1]
    )
    lines += [f"  {line}" for line in differ]
    lines += [f"not passed here, though the benchmark's own: {dict(own_failed)}"] if own_failed else []
    return {"lines": lines, "own_failed": len(own_failed)}


def read_lines(path: Path) -> list[str]:
    import gzip

    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.readlines()


if __name__ == "__main__":
    sys.exit(main())
