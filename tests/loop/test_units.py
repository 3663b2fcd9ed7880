"""Units run in the order of their needs, once each, whatever becomes of the processes."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ratchet.errors import HarnessError
from ratchet.loop.units import Unit, run_units
from ratchet.runs import Progress, Run
from tests.loop.unit_functions import add, chatter, die, fail


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Run.create(tmp_path / "run", kind="test", config={}) as made:
        yield made


class Graph:
    """Makes units, runs them, and reads what they left."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.flag = folder / "flag"

    def unit(self, name: str, number: int = 1, **needs: str) -> Unit:
        """One that adds `number` to what its needs gave."""
        arguments = {"log": str(self.log), "name": name, "number": number}
        return Unit(name, f"adding {name}", add, needs, arguments)

    def flagged(self, name: str, function: Any) -> Unit:
        """One that ends badly until the flag is raised."""
        return Unit(name, "going wrong", function, {}, {"unless": str(self.flag)})

    def ran(self) -> list[str]:
        """Which of them ran, in order."""
        return self.log.read_text().split() if self.log.exists() else []


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return Graph(tmp_path)


def run_all(run: Run, units: list[Unit], workers: int = 1) -> None:
    with Progress(quiet=True) as progress:
        run_units(run, units, workers=workers, progress=progress)


def test_a_graph_runs_in_the_order_of_its_needs(run: Run, graph: Graph) -> None:
    units = [
        graph.unit("last", 1000, left="seed-0/left", right="right"),
        graph.unit("right", 100, first="first"),
        graph.unit("seed-0/left", 10, first="first"),
        graph.unit("first", 1),
    ]
    run_all(run, units, workers=2)
    assert {name: result["total"] for name, result in run.units()} == {
        "first": 1,
        "right": 101,
        "seed-0/left": 11,
        "last": 1112,
    }
    assert graph.ran()[0] == "first"
    assert graph.ran()[-1] == "last"
    assert sorted(graph.ran()) == sorted(unit.name for unit in units)
    assert (run.artefact("seed-0/left") / "total").read_text() == "11"
    assert not list((run.path / "artefacts").glob(".*"))


def test_workers_are_other_processes_that_last(run: Run, graph: Graph) -> None:
    run_all(run, [graph.unit(f"unit-{i}") for i in range(4)])
    pids = {result["pid"] for _, result in run.units()}
    assert len(pids) == 1
    assert os.getpid() not in pids
    assert {result["threads"] for _, result in run.units()} == {"1"}


def test_where_there_is_a_choice_the_first_unit_goes_first(run: Run, graph: Graph) -> None:
    run_all(run, [graph.unit(name) for name in "dbca"])
    assert graph.ran() == list("dbca")


def test_what_is_recorded_is_not_run_again(run: Run, graph: Graph) -> None:
    units = [graph.unit("a", 1), graph.unit("b", 10, a="a"), graph.unit("c", 100, b="b")]
    run_all(run, units[:2])
    path = run.path
    run.close()
    with Run.open(path) as again:
        run_all(again, units)
        assert graph.ran() == ["a", "b", "c"]
        assert again.get("c")["total"] == 111  # type: ignore[index]
        run_all(again, units)
        assert graph.ran() == ["a", "b", "c"]


def test_an_error_is_raised_and_what_was_done_stays(run: Run, graph: Graph) -> None:
    units = [graph.unit("a"), graph.flagged("wrong", fail), graph.unit("b", 1, a="a", wrong="wrong")]
    with pytest.raises(ArithmeticError, match="the sums went wrong"):
        run_all(run, units)
    assert [name for name, _ in run.units()] == ["a"]
    assert not run.artefact("wrong").exists()
    graph.flag.touch()
    run_all(run, units)
    assert [name for name, _ in run.units()] == ["a", "wrong", "b"]
    assert (run.artefact("wrong") / "total").read_text() == "0"
    assert graph.ran() == ["a", "b"]


def test_a_killed_worker_is_the_harness_and_the_run_can_be_resumed(run: Run, graph: Graph) -> None:
    units = [graph.unit("a"), graph.flagged("killed", die), graph.unit("b", 1, a="a")]
    with pytest.raises(HarnessError, match="a worker process was ended from outside") as caught:
        run_all(run, units)
    assert str(run.path) in str(caught.value)
    assert [name for name, _ in run.units()] == ["a"]
    path = run.path
    run.close()
    graph.flag.touch()
    with Run.open(path) as again:
        run_all(again, units)
        assert [name for name, _ in again.units()] == ["a", "killed", "b"]
    assert graph.ran() == ["a", "b"]


def test_a_worker_killed_while_it_reports_holds_nobody_up(run: Run) -> None:
    units = [
        Unit("killed", "talking", chatter, {}, {"seconds": 0.1, "killed": True}),
        Unit("other", "talking", chatter, {}, {"seconds": 2.0, "killed": False}),
    ]
    begun = time.monotonic()
    with pytest.raises(HarnessError):
        run_all(run, units, workers=2)
    assert time.monotonic() - begun < 15


def test_an_error_beside_a_worker_that_reports_holds_nobody_up(run: Run, graph: Graph) -> None:
    talking = Unit("talking", "talking", chatter, {}, {"seconds": 60.0, "killed": False})
    begun = time.monotonic()
    with pytest.raises(ArithmeticError):
        run_all(run, [talking, graph.flagged("wrong", fail)], workers=2)
    assert time.monotonic() - begun < 15


def test_every_report_arrives_before_the_end_is_shown(run: Run, graph: Graph) -> None:
    lines = io.StringIO()
    talking = Unit("talking", "talking", chatter, {}, {"seconds": 0.5, "killed": False})
    with Progress(stream=lines) as progress:
        run_units(
            run,
            [graph.unit("a"), talking],
            workers=1,
            progress=progress,
            summarize=lambda name, result: f"{name} gave {result.get('total', result.get('said'))}",
        )
    shown = lines.getvalue().splitlines()
    assert shown[0] == "adding a ..."
    assert shown[1].startswith("adding a: 2/2 things in ")
    assert shown[1].endswith(": a gave 1")
    said = run.get("talking")["said"]  # type: ignore[index]
    assert said > 100
    assert shown[3].startswith(f"talking: {said:,}/1 words")
    assert shown[3].endswith(f": talking gave {said}")


def test_needs_that_nobody_meets(run: Run, graph: Graph) -> None:
    with pytest.raises(ValueError, match=r"^units are needed that nobody makes: x, y$"):
        run_all(run, [graph.unit("a", 1, y="y", x="x")])
    with pytest.raises(ValueError, match=r"^units wait for each other: a, b$"):
        run_all(run, [graph.unit("a", 1, b="b"), graph.unit("b", 1, a="a"), graph.unit("c")])
    assert graph.ran() == ["c"]


@pytest.fixture
def sleepers(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a session of its own whose two workers are at work; it writes to `said`."""
    (tmp_path / "pids").mkdir()
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.loop.unit_functions", tmp_path],
            cwd=Path(__file__).parents[2],
            start_new_session=True,
            stderr=said,
        )
    try:
        wait_until(lambda: len(list((tmp_path / "pids").iterdir())) == 2)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def alive_in_session(session: int) -> list[str]:
    """The command lines of the processes of a session, less those that have ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in "ZX":
                found.append((stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_no_worker_outlives_a_killed_parent(sleepers: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert len(alive_in_session(sleepers.pid)) >= 3
    sleepers.kill()
    sleepers.wait()
    wait_until(lambda: alive_in_session(sleepers.pid) == [])
    with Run.open(tmp_path / "run", kind="test") as run:
        assert list(run.units()) == []


def test_ctrl_c_ends_it_all_at_once(sleepers: subprocess.Popen[bytes], tmp_path: Path) -> None:
    os.killpg(sleepers.pid, signal.SIGINT)
    sleepers.wait(timeout=10)
    wait_until(lambda: alive_in_session(sleepers.pid) == [])
    assert (tmp_path / "said").read_bytes().count(b"KeyboardInterrupt") == 1
