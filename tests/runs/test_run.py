"""A Run remembers what was recorded, once, and says in a sentence what is wrong with it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ratchet import __version__
from ratchet.errors import RatchetError
from ratchet.runs import Run, resume_with


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "some" / "run"


def make(place: Path) -> Run:
    return Run.create(place, kind="test", config={"a": [1, "ü"]}, seed=7)


def test_what_is_recorded_is_there_when_it_is_opened_again(place: Path) -> None:
    with make(place) as run:
        assert run.get("one") is None
        run.record("one", {"x": (1, 2.5), "text": "a\ud800\0é"})
        run.record_many([("two/a", 0), ("two/b", False), ("other", "")])
    with Run.open(place, kind="test") as run:
        assert run.get("one") == {"x": [1, 2.5], "text": "a\ud800\0é"}
        assert [name for name, _ in run.units()] == ["one", "two/a", "two/b", "other"]
        assert list(run.units("two/")) == [("two/a", 0), ("two/b", False)]
        assert (run.kind, run.seed, run.config) == ("test", 7, {"a": [1, "ü"]})


def test_the_same_answer_before_and_after_resume(place: Path) -> None:
    with make(place) as run:
        run.record("one", {"pair": (1, 2)})
        before = run.get("one")
    with Run.open(place) as run:
        assert run.get("one") == before == {"pair": [1, 2]}


def test_beside_the_journal_stands_where_it_came_from(place: Path) -> None:
    make(place).close()
    about = json.loads((place / "run.json").read_text())
    assert about["kind"] == "test"
    assert about["schema"] == 1
    assert about["seed"] == 7
    assert about["ratchet"] == __version__
    assert about["created"].endswith("+00:00")
    environment = json.loads((place / "environment.json").read_text())
    assert environment["python"] == ".".join(map(str, sys.version_info[:3]))
    assert environment["cpus"] >= 1
    assert "click" in environment["packages"]


def test_another_environment_is_kept_beside_the_first(place: Path) -> None:
    make(place).close()
    first = json.loads((place / "environment.json").read_text())
    (place / "environment.json").write_text(json.dumps(first | {"python": "3.0.0"}))
    Run.open(place).close()
    Run.open(place).close()
    assert json.loads((place / "environment-2.json").read_text()) == first
    assert not (place / "environment-3.json").exists()


def test_a_unit_is_recorded_once(place: Path) -> None:
    with make(place) as run:
        run.record("one", 1)
        with pytest.raises(ValueError, match="only once: one"):
            run.record("one", 2)
        with pytest.raises(ValueError, match="only once: one, x"):
            run.record_many([("x", 1), ("one", 2), ("x", 2), ("y", 3)])
        with pytest.raises(ValueError, match="not None"):
            run.record("none", None)
        assert list(run.units()) == [("one", 1)]
        run.record("two", 2)
        assert run.get("two") == 2


def test_the_journal_cannot_be_changed(place: Path) -> None:
    with make(place) as run:
        run.record("one", 1)
    connection = sqlite3.connect(place / "journal.sqlite")
    for statement in ("UPDATE units SET result = '2'", "DELETE FROM units"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_many_units_come_in_pages_and_in_order(place: Path) -> None:
    with make(place) as run:
        run.record_many((f"u{i}", i) for i in range(2500))
        assert [value for _, value in run.units("u")] == list(range(2500))


def test_threads_share_a_run(place: Path) -> None:
    with make(place) as run:
        together = threading.Barrier(4)

        def work(worker: int) -> None:
            together.wait()
            for i in range(20):
                run.record(f"{worker}/{i}", i)
                assert run.get(f"{worker}/{i}") == i

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        assert sorted(name for name, _ in run.units()) == sorted(
            f"{w}/{i}" for w in range(4) for i in range(20)
        )


def test_files_of_a_unit_appear_at_once(place: Path) -> None:
    with make(place) as run:
        temporary = run.work("seed-0/teacher")
        (temporary / "sub").mkdir()
        (temporary / "sub" / "model").write_text("weights")
        assert not run.artefact("seed-0/teacher").exists()
        published = run.publish(temporary, "seed-0/teacher")
        assert published == run.artefact("seed-0/teacher") == place / "artefacts" / "seed-0+teacher"
        assert (published / "sub" / "model").read_text() == "weights"
        assert not temporary.exists()


def test_files_are_replaced_only_while_their_unit_is_not_recorded(place: Path) -> None:
    with make(place) as run:
        for text in ("first", "second"):
            temporary = run.work("unit")
            (temporary / "file").write_text(text)
            run.publish(temporary, "unit")
        run.record("unit", {})
        with pytest.raises(ValueError, match="recorded"):
            run.publish(run.work("unit"), "unit")
        assert (run.artefact("unit") / "file").read_text() == "second"


def test_what_was_left_half_made_is_swept_away(place: Path) -> None:
    with make(place) as run:
        left = run.work("unit")
        (left / "part").write_text("half")
    with Run.open(place) as run:
        assert not left.exists()
        assert list((place / "artefacts").iterdir()) == []


@pytest.mark.parametrize(
    "unit", ["", ".", "..", "a/../b", "/a", "a/", "a//b", ".hidden", "a b", "a+b", "a\n"]
)
def test_some_names_are_no_directories(place: Path, unit: str) -> None:
    with make(place) as run, pytest.raises(ValueError, match="cannot name a directory"):
        run.work(unit)


def test_what_stands_in_the_way_is_one_sentence(place: Path, tmp_path: Path) -> None:
    def refused(path: Path, sentence: str) -> None:
        with pytest.raises(RatchetError, match=sentence):
            make(path)

    make(place).close()
    refused(place, "exists and is not empty")
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file", "is no directory")
    refused(tmp_path / "file" / "run", "no Run can be made at .* [(]Not a directory[)]")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thing").write_text("")
    refused(tmp_path / "full", "exists and is not empty")
    (tmp_path / "empty").mkdir()
    make(tmp_path / "empty").close()


def test_what_cannot_be_opened_is_one_sentence(place: Path, tmp_path: Path) -> None:
    def refused(sentence: str, path: Path = place, kind: str | None = None) -> None:
        with pytest.raises(RatchetError, match=sentence):
            Run.open(path, kind=kind)

    refused("no Run at .*: no such directory")
    refused("is not a Run: it has no run.json", tmp_path)
    make(place).close()
    refused("is a Run of kind 'test', not 'demo'", kind="demo")
    about = (place / "run.json").read_text()
    (place / "run.json").write_text(about.replace('"schema": 1', '"schema": 2'))
    refused("newer layout")
    (place / "run.json").write_text("{")
    refused("run.json cannot be read")
    (place / "run.json").write_text("[]")
    refused("is not a JSON object")
    (place / "run.json").write_text("{}")
    refused("names no schema and kind")
    (place / "run.json").write_text(about)
    for name in ("journal.sqlite-wal", "journal.sqlite-shm"):
        (place / name).unlink(missing_ok=True)
    (place / "journal.sqlite").write_bytes(b"no database at all" * 100)
    refused("journal is damaged")


def test_a_creation_that_was_killed_can_be_made_again(place: Path) -> None:
    place.mkdir(parents=True)
    (place / "artefacts").mkdir()
    for name in ("lock", "config.json", "environment.json", "environment.json.new", "run.json.new"):
        (place / name).write_text("")
    with pytest.raises(RatchetError, match="is not a Run"):
        Run.open(place)
    with make(place) as run:
        run.record("one", 1)


def test_one_process_at_a_time(place: Path) -> None:
    script = f"from pathlib import Path; from ratchet.runs import Run; Run.open(Path({str(place)!r}))"
    with make(place) as run:
        with pytest.raises(RatchetError, match="open in this process already"):
            Run.open(place)
        second = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert f"in use by another process ({Path('/proc/self').resolve().name})" in second.stderr
        run.record("one", 1)
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_closing_twice_and_using_after_that(place: Path) -> None:
    run = make(place)
    run.close()
    run.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        run.get("one")


def test_an_interrupt_carries_how_to_go_on(place: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as raised, resume_with("ratchet demo --resume here"):
        raise KeyboardInterrupt
    assert raised.value.__notes__ == ["go on with: ratchet demo --resume here"]
