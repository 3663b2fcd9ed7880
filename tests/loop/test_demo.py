"""The demo as a user runs it: whole, interrupted and resumed, and misused."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ratchet.runs import Run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.conftest import RunRatchet

pytestmark = pytest.mark.local

FASTER = ["--set", "base.steps=120"]
"""So few steps that two seeds are done in the time of one."""

TINY = [
    *("--smoke", "--set", "base.steps=25", "--set", "student.steps=5"),
    *("--set", "problems.held_out_per_length=3", "--set", "problems.lesson_per_length=10"),
]
"""Smaller than the smoke run: for tests in which what is learnt does not matter."""


@pytest.fixture(scope="session")
def smoke_run(
    ratchet_command: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any], str]:
    """One small run through the command line: its Run, what it printed as JSON, and its stderr.

    All workers of a parallel test run share it: the first makes it, the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "smoke"
    shared.mkdir(exist_ok=True)
    place = shared / "run"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "done.json").exists():
            done = subprocess.run(
                [ratchet_command, "demo", "--smoke", "--seeds", "2", *FASTER, "--out", place, "--json"],
                capture_output=True,
                encoding="utf-8",
                timeout=200,
            )
            assert done.returncode == 0, done.stderr
            (shared / "done.json").write_text(json.dumps([json.loads(done.stdout), done.stderr]))
        said, progress = json.loads((shared / "done.json").read_text())
    return place, said, progress


def test_the_smoke_run_goes_through_everything(smoke_run: tuple[Path, dict[str, Any], str]) -> None:
    place, said, progress = smoke_run
    assert said["smoke"] is True
    assert Path(said["report"]) == place / "report.html"
    titles = [table["title"] for table in said["tables"]]
    assert len(titles) == len(set(titles))
    assert {"Who teaches next", "Seed by seed"} <= set(titles)
    assert f"ratchet demo --resume {place}" in progress
    for name in ("run.json", "config.json", "environment.json", "journal.sqlite", "tables.json"):
        assert (place / name).exists(), name


def test_nothing_held_out_was_trained_on(smoke_run: tuple[Path, dict[str, Any], str]) -> None:
    _, said, _ = smoke_run
    [table] = [t for t in said["tables"] if t["title"].startswith("Training and held-out")]
    assert all(row[2:] == ["0", "0"] for row in table["rows"])
    assert all(int(row[1].replace(",", "")) > 0 for row in table["rows"])


def test_every_sample_has_its_verdict(smoke_run: tuple[Path, dict[str, Any], str]) -> None:
    place, _, _ = smoke_run
    with Run.open(place, kind="demo") as run:
        for seed in (0, 1):
            result = run.get(f"seed-{seed}/eval-mix50")
            rows = [
                json.loads(line)
                for line in (run.artefact(f"seed-{seed}/eval-mix50") / "samples.jsonl")
                .read_text()
                .splitlines()
            ]
            for mode in ("multi-turn", "single-turn"):
                found = [row["status"] == "passed" for row in rows if row["label"] == mode]
                assert found == result[mode]["passed"]
                assert len(result[mode]["perplexity"]) == len(found)
                assert all(p > 1 for p in result[mode]["perplexity"])


def test_checkpoints_load_in_plain_transformers(smoke_run: tuple[Path, dict[str, Any], str]) -> None:
    transformers = pytest.importorskip("transformers")
    place, _, _ = smoke_run
    with Run.open(place) as run:
        model = run.artefact("seed-0/student-repaired") / "model"
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(model)
    ids = tokenizer("def f(xs):\n", return_tensors="pt")
    assert loaded.generate(**ids, max_new_tokens=4).shape[1] > ids["input_ids"].shape[1]


def test_intervals_say_what_they_cover(smoke_run: tuple[Path, dict[str, Any], str]) -> None:
    _, said, _ = smoke_run
    captions = {table["title"]: table["caption"] for table in said["tables"]}
    assert "problems and 2 training seeds" in captions["What a student learns from its teacher's programs"]
    assert "over the problems of the tenth" in captions["Who teaches next"]
    assert "over training seeds alone" in captions["Seed by seed"]


def test_the_page_opens_without_error_and_without_network(
    smoke_run: tuple[Path, dict[str, Any], str], chromium: Browser
) -> None:
    place, _, _ = smoke_run
    page = chromium.new_page()
    requests: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto((place / "report.html").as_uri())
    assert page.title().startswith("Ratchet")
    assert "these numbers mean nothing" in page.inner_text("body")
    assert page.locator("svg").count() >= 4
    assert page.locator("table").count() >= 6
    assert problems == []
    assert [url for url in requests if not url.startswith("file:")] == []
    page.close()


@pytest.mark.slow
def test_kill_9_at_any_moment_and_resume_gives_the_same_tables(ratchet_command: Path, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run(
        [ratchet_command, "demo", *TINY, "--out", whole, "--quiet"],
        check=True,
        timeout=200,
        capture_output=True,
    )
    moments = random.Random(0)
    command = [ratchet_command, "demo", *TINY, "--out", broken, "--quiet"]
    sessions: list[int] = []
    kills = 0
    while kills < 2:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        sessions.append(process.pid)
        try:
            process.wait(timeout=moments.uniform(3, 8))
            assert process.stderr is not None
            assert process.returncode == 0, process.stderr.read()
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        if (broken / "run.json").exists():
            command = [ratchet_command, "demo", "--resume", broken, "--quiet"]
    assert kills > 0
    last = subprocess.run(
        [ratchet_command, "demo", "--resume", broken, "--quiet"], capture_output=True, timeout=200, text=True
    )
    assert last.returncode == 0, last.stderr
    assert (broken / "tables.json").read_text() == (whole / "tables.json").read_text()
    assert not _left_of(sessions)


def test_ctrl_c_says_how_to_go_on_and_leaves_nothing_behind(ratchet_command: Path, tmp_path: Path) -> None:
    place = tmp_path / "run"
    process = subprocess.Popen(
        [ratchet_command, "demo", *TINY, "--out", place],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (place / "journal.sqlite").exists():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(2)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"ratchet demo --resume {place}" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    assert not _left_of([process.pid])


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk to fill")
def test_a_full_disk_is_one_sentence_and_what_was_done_goes_on_elsewhere(
    ratchet_command: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
    try:
        command = [ratchet_command, "demo", *TINY, "--out", disk / "run", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 2, done.stderr
        assert "space" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
        command = [ratchet_command, "demo", "--resume", disk / "run", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert (disk / "run" / "report.html").exists()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--seeds", "0"], "seeds is 0: give at least 1"),
        (["--workers", "0"], "give at least 1"),
        (["--resume", "nowhere"], "no such directory"),
        (["--resume", "nowhere", "--seeds", "2"], "keeps its own settings"),
        (["--set", "base.stepps=3"], "base.steps"),
        (["--set", "base.steps=many"], "base.steps"),
        (["--set", "base.steps=0"], "base.steps"),
        (["--config", "absent.toml"], "absent.toml"),
    ],
)
def test_bad_input_gets_one_sentence(ratchet_cli: RunRatchet, arguments: list[str], sentence: str) -> None:
    done = ratchet_cli("demo", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_a_full_directory_is_not_written_into(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    done = ratchet_cli("demo", "--smoke", "--out", "mine")
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def _left_of(sessions: list[int]) -> list[str]:
    """Processes that still belong to one of these sessions, a moment after their leaders ended."""
    time.sleep(1)
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[3]) in sessions and after_name[0] != "Z":
            found.append(entry.parent.name)
    return found
