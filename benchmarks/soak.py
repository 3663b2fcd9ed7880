"""Does anything stay behind, or grow? Very many programs in one go, of every kind, on all cores.

    python benchmarks/soak.py [--programs 100000] [--slots N] [--every 1000] [--seed 0] [--json FILE]

Right and wrong programs, crashes, daemons, floods, hogs, writers, scribblers and
time-outs go through `judge_many`, and every verdict is checked. After each batch,
when nothing runs, everything that could be left behind is counted; the count after
the second batch is what later ones are held against, as slots are still being
started before. Ends with 1 on a wrong verdict, a leak, or memory that grows.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from parts.census import GONE, STEADY, Census, take
from parts.programs import KINDS, LIMITS, items

from ratchet.judge import judge_many
from ratchet.sandbox import LocalSandbox

_PR_SET_CHILD_SUBREAPER = 36
_GROWTH = 8 << 20
"""Bytes that memory may grow by over the whole run, by the slope of the line through its counts."""


class Trend(NamedTuple):
    """How a count went over the run."""

    slope: float
    """Per 1,000 programs, by least squares."""
    least: int
    most: int
    growth: float
    """What the slope comes to over all that was counted."""


def trend(found: Sequence[Census], name: str) -> Trend:
    """The line through the counts of that name."""
    xs = [census.programs / 1000 for census in found]
    ys = [getattr(census, name) for census in found]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0
    return Trend(slope, min(ys), max(ys), slope * (xs[-1] - xs[0]))


def judge_batch(sandbox: LocalSandbox, seed: int, first: int, count: int) -> tuple[Counter[str], list[str]]:
    """Judge the programs at these places: how many of each kind there were, and what was wrong."""
    batch = list(items(seed, first, count))
    wrong = []
    for position, verdict in judge_many(((one.problem, one.sample) for one in batch), sandbox, LIMITS):
        one = batch[position]
        if verdict.status not in one.expected:
            wrong.append(f"{one.problem.id}, {one.kind}: {verdict.status} ({verdict.detail})")
    return Counter(one.kind for one in batch), wrong


def soak(programs: int, every: int, slots: int | None, seed: int) -> tuple[list[Census], list[str], Census]:
    """The census after each batch, what was wrong, and the census after the sandbox was closed."""
    found: list[Census] = []
    wrong: list[str] = []
    kinds: Counter[str] = Counter()
    judged, spent = 0, 0.0
    with LocalSandbox(slots=slots) as sandbox:
        while judged < programs:
            count = min(every, programs - judged)
            begun = time.perf_counter()
            of_kinds, not_right = judge_batch(sandbox, seed, judged, count)
            spent += time.perf_counter() - begun
            settle()
            judged += count
            kinds += of_kinds
            wrong += not_right
            found.append(take(judged, spent))
            print(line(found), file=sys.stderr, flush=True)
            for text in not_right:
                print(f"  wrong: {text}", file=sys.stderr, flush=True)
    print("programs: " + ", ".join(f"{kinds[name]} {name}" for name in KINDS))
    return found, wrong, take(judged, spent)


def settle(patience_s: float = 2.0) -> None:
    """Let the threads that judged see that there is no more to do."""
    end = time.monotonic() + patience_s
    while threading.active_count() > 1 and time.monotonic() < end:
        time.sleep(0.01)


def line(found: Sequence[Census]) -> str:
    """The newest census in one line."""
    now, before = found[-1], found[-2] if len(found) > 1 else None
    count, seconds = now.programs, now.seconds
    if before is not None:
        count, seconds = count - before.programs, seconds - before.seconds
    megabytes = {
        "supervisor": (now.supervisor_rss, now.supervisor_pss),
        "slots": (now.slots_rss, now.slots_pss),
    }
    memory = ", ".join(f"{name} {a / 1e6:.1f} (PSS {b / 1e6:.1f})" for name, (a, b) in megabytes.items())
    counts = (
        f"processes {now.processes}, threads {now.threads}, files {now.files}+{now.slot_files} "
        f"({now.sockets} sockets), mounts {now.mounts}+{now.slot_mounts}, cgroups {now.cgroups}, "
        f"temporary {now.temporary}, marked {now.marked}, dentries {now.dentries}, slab {now.slab_kb} kB"
    )
    return f"{now.programs:>7} at {count / seconds:6.1f}/s; MB: {memory}; {counts}"


def leaks(found: Sequence[Census], closed: Census) -> list[str]:
    """What is left that should not be, in words."""
    first, last = found[min(1, len(found) - 1)], found[-1]
    named: list[str] = []
    for name in STEADY:
        before, after = getattr(first, name), getattr(last, name)
        if after > before:
            named.append(f"{name}: {after} at the end, {before} after {first.programs} programs")
    named += [
        f"{name}: {getattr(closed, name)} left after the sandbox was closed"
        for name in GONE
        if getattr(closed, name)
    ]
    return named


def growing(found: Sequence[Census]) -> list[str]:
    """What memory grows, in words; prints all trends."""
    counted = found[len(found) // 10 :]
    named = []
    print(f"\n{'':<18}{'per 1,000':>14}{'least':>12}{'most':>12}{'over the run':>14}")
    for name in ("supervisor_rss", "supervisor_pss", "slots_rss", "slots_pss", "slots_private"):
        seen = trend(counted, name)
        print(
            f"{name:<18}{seen.slope / 1024:>11.1f} kB{seen.least / 1e6:>9.1f} MB{seen.most / 1e6:>9.1f} MB"
            f"{seen.growth / 1e6:>11.2f} MB"
        )
        if seen.growth > _GROWTH:
            named.append(f"{name} grows by {seen.growth / 1e6:.1f} MB")
    for name in ("dentries", "inodes", "slab_kb"):  # of the whole machine: to be looked at, not held against
        seen = trend(counted, name)
        print(f"{name:<18}{seen.slope:>14.1f}{seen.least:>12}{seen.most:>12}{seen.growth:>14.0f}")
    return named


def in_a_folder_of_its_own(work: Callable[[], int]) -> int:
    """Call `work` where temporary files have a folder that nobody else uses."""
    folder = tempfile.mkdtemp(prefix="ratchet-census-")
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    try:
        return work()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Soak, print, and keep."""
    parser = argparse.ArgumentParser(description="Judge very many programs, and look for what stays.")
    parser.add_argument("--programs", type=int, default=100_000, help="how many (100000)")
    parser.add_argument("--slots", type=int, help="how many at once (the usable cores)")
    parser.add_argument("--every", type=int, default=1000, help="count after so many (1000)")
    parser.add_argument("--seed", type=int, default=0, help="which programs (0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every census there")
    chosen = parser.parse_args()
    if min(chosen.programs, chosen.every, chosen.slots or 1) < 1:
        parser.error("programs, every and slots must be 1 or more")
    # Orphans come to this process then, and are counted.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def work() -> int:
        found, wrong, closed = soak(chosen.programs, chosen.every, chosen.slots, chosen.seed)
        faults = leaks(found, closed) + growing(found)
        total = found[-1]
        print(
            f"\n{total.programs} programs in {total.seconds:.0f} s: "
            f"{total.programs / total.seconds:.1f} per s; wrong verdicts: {len(wrong)}; leaks: {len(faults)}"
        )
        for text in faults:
            print(f"  {text}")
        if chosen.json:
            kept = {"wrong": wrong, "leaks": faults, "found": [asdict(one) for one in found]}
            chosen.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        return 1 if wrong or faults else 0

    return in_a_folder_of_its_own(work)


if __name__ == "__main__":
    sys.exit(main())
