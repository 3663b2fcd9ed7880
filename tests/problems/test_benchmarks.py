"""Benchmarks by name, the data behind them, and what identifies them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.problems import (
    Benchmark,
    CallOracle,
    Case,
    CheckOracle,
    Problem,
    benchmark,
    benchmark_names,
    load_benchmark,
)
from ratchet.sandbox.types import Limits


def test_names_that_are_nearly_right_are_met_with_the_right_one() -> None:
    assert "humaneval" in benchmark_names()
    with pytest.raises(RatchetError, match="did you mean humaneval"):
        load_benchmark("humanevl")
    with pytest.raises(RatchetError, match=r"known: .*humaneval.*or the path of a JSONL file"):
        load_benchmark("zzz")
    with pytest.raises(RatchetError, match="there is no file"):
        load_benchmark("zzz.jsonl")


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="two benchmarks are called humaneval"):
        benchmark("humaneval")(lambda: load_benchmark("humaneval"))


def test_another_package_adds_a_benchmark_by_an_entry_point(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text(
        "from ratchet.problems import Benchmark, CallOracle, Case, Problem\n"
        "from ratchet.sandbox.types import Limits\n"
        "def load():\n"
        "    problem = Problem('o/1', 'def f(x):\\n', CallOracle('f', (Case((1,), 2),)))\n"
        "    return Benchmark('outside', (problem,), Limits(), 'MIT', 'here')\n"
    )
    info = tmp_path / "outside-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ratchet.benchmarks]\noutside = outside:load\n")
    code = (
        "from ratchet.problems import load_benchmark, benchmark_names\n"
        "assert 'outside' in benchmark_names()\n"
        "print(load_benchmark('outside').problems[0].id)"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("o/1", "")


def load_humaneval(**environment: str) -> tuple[str, float]:
    """What loading humaneval in another process prints, and how long it took, in seconds."""
    code = (
        "from ratchet.errors import RatchetError\n"
        "from ratchet.problems import load_benchmark\n"
        "try: print(len(load_benchmark('humaneval').problems))\n"
        "except RatchetError as error: print(error)\n"
    )
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("RATCHET_")}
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], env=inherited | environment, capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.stdout.strip(), time.monotonic() - begun


def test_without_data_and_network_one_sentence_says_where_to_put_it(tmp_path: Path) -> None:
    said, seconds = load_humaneval(RATCHET_HOME=str(tmp_path), https_proxy="http://127.0.0.1:9")
    assert "could not be downloaded" in said
    assert f"put it at {tmp_path}/data/humaneval/HumanEval.jsonl.gz" in said
    assert "RATCHET_DATA" in said
    assert "\n" not in said
    assert seconds < 30


def test_a_data_directory_that_is_none_and_a_file_that_is_another(tmp_path: Path) -> None:
    said, _ = load_humaneval(RATCHET_DATA=str(tmp_path / "gone"))
    assert "which is not a directory" in said
    (tmp_path / "humaneval").mkdir()
    (tmp_path / "humaneval" / "HumanEval.jsonl.gz").write_bytes(b"something else")
    said, _ = load_humaneval(RATCHET_DATA=str(tmp_path))
    assert "is not the published file" in said


@pytest.mark.data
def test_humaneval_is_found_in_the_data_directory_and_in_the_cache(
    benchmark_data: Path, tmp_path: Path
) -> None:
    assert load_humaneval(RATCHET_DATA=str(benchmark_data))[0] == "164"
    (tmp_path / "data").symlink_to(benchmark_data)
    assert load_humaneval(RATCHET_HOME=str(tmp_path))[0] == "164"


def small(**changes: object) -> Benchmark:
    problem = Problem("a", "p", CallOracle("f", (Case(({"x", "y", "z"},), 10**5000),)))
    return Benchmark("b", (replace(problem, **changes),), Limits(), "MIT", "here")


def test_the_digest_is_that_of_what_the_problems_say() -> None:
    assert small().digest() == small().digest()
    assert small().digest() != small(prompt="q").digest()
    assert small().digest() != small(oracle=CheckOracle("f", "def check(candidate): ...")).digest()
    changed = CallOracle("f", (Case(({"x", "y", "z"},), True),))
    assert (
        small(oracle=changed).digest()
        != small(oracle=CallOracle("f", (Case(changed.cases[0].args, 1),))).digest()
    )
