"""`ratchet benchmarks`: what it lists, and what it says of what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ratchet.errors import RatchetError
from ratchet.problems import load_benchmark
from ratchet.problems.survey import survey

if TYPE_CHECKING:
    from tests.conftest import RunRatchet


def rows(said: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(said)}


@pytest.mark.slow
def test_missing_data_is_a_row_and_nothing_is_fetched(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    empty = {"RATCHET_HOME": str(tmp_path / "home"), "RATCHET_DATA": ""}
    done = ratchet_cli("benchmarks", "humaneval", "multipl-e", "--json", env=empty)
    assert (done.returncode, done.stderr) == (0, "")
    listed = rows(done.stdout)
    assert {"humaneval", "multipl-e:rs"} <= set(listed)
    assert "humaneval-x:cpp" not in listed
    lacking = listed["humaneval"]
    assert (lacking["problems"], lacking["runs_here"]) == (0, False)
    assert "it is fetched when it is first used" in lacking["missing"][0]
    assert f"put it at {tmp_path}/home/data/humaneval/HumanEval.jsonl.gz" in lacking["missing"][0]
    shown = ratchet_cli("benchmarks", "humaneval", env=empty)
    assert shown.returncode == 0
    assert "no: no data" in shown.stdout
    assert "could not be downloaded" in shown.stdout


@pytest.mark.slow
def test_what_is_there_and_what_it_needs(
    ratchet_cli: RunRatchet, benchmark_data: Path, tmp_path: Path
) -> None:
    env = {"RATCHET_HOME": str(tmp_path), "RATCHET_DATA": str(benchmark_data)}
    names = ("humaneval", "humaneval-x", "numpyeval")
    first = ratchet_cli("benchmarks", *names, "--json", env=env).stdout
    listed = rows(first)
    assert (listed["humaneval"]["problems"], listed["humaneval"]["licence"]) == (164, "MIT")
    assert listed["humaneval"]["runs_here"] is True
    assert listed["humaneval-x:go"]["languages"] == ["go"]
    assert any(package.startswith("numpy") for package in listed["numpyeval"]["packages"])
    assert ratchet_cli("benchmarks", *names, "--json", env=env).stdout == first
    shown = ratchet_cli("benchmarks", *names, env=env).stdout
    assert "numpyeval installs numpy" in shown


def test_what_was_read_is_kept_until_the_data_changes(
    benchmark_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data" / "humaneval"
    data.mkdir(parents=True)
    content = (benchmark_data / "humaneval" / "HumanEval.jsonl.gz").read_bytes()
    (data / "HumanEval.jsonl.gz").write_bytes(content)
    monkeypatch.setenv("RATCHET_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    read: list[str] = []
    (row,) = survey(["humaneval"], read.append)
    assert (row.problems, row.runs_here, read) == (
        len(load_benchmark("humaneval").problems),
        True,
        ["humaneval"],
    )
    assert survey(["humaneval"], read.append) == [row]
    assert read == ["humaneval"]
    (data / "HumanEval.jsonl.gz").write_bytes(b"something else")
    (changed,) = survey(["humaneval"], read.append)
    assert "is not the published file" in changed.missing[0]
    (tmp_path / "home" / "benchmarks.json").write_text('{"state": "another version wrote this"}')
    assert survey(["humaneval"], read.append) == [changed]
    assert read == ["humaneval"] * 3


def test_a_name_that_is_none() -> None:
    with pytest.raises(RatchetError, match='no benchmark called "humanevl"'):
        survey(["humanevl"])
