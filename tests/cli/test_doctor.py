"""`ratchet doctor`: what it prints, and its exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ratchet.cli.doctor import _print
from ratchet.sandbox.doctor import Attacked, Diagnosis, State, Wall

if TYPE_CHECKING:
    from tests.conftest import RunRatchet

GOOD = Diagnosis(
    "Linux", "full", (Wall("pid namespace", State.UP, "its own"),), (Attacked("fork bomb", True, "refused"),)
)
BAD = Diagnosis(
    "Linux",
    "full",
    (
        Wall("user namespace", State.DOWN, "not permitted", "sudo sysctl ..."),
        Wall("Landlock", State.DOWN, "not there", matters=False),
    ),
    (Attacked("poison", False, "it left \x1b[31ma file[/red]"),),
    "a note",
)


@pytest.mark.parametrize(("found", "verdict"), [(GOOD, "holds: 1 of 1"), (BAD, "does not hold: 0 of 2")])
def test_a_line_for_each_row(capsys: pytest.CaptureFixture[str], found: Diagnosis, verdict: str) -> None:
    _print(found)
    lines = capsys.readouterr().out.splitlines()
    for line, wall in zip(lines[1:], found.walls, strict=False):
        assert line.startswith(f"{wall.state:10}  {wall.name}: {wall.why}")
        assert wall.mend in line
    assert f"{verdict} walls up" in lines[-1]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_hostile_line_does_not_steer_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm-256color")
    _print(BAD)
    output = capsys.readouterr().out
    assert "\x1b[31ma file" not in output
    assert "[/red]" in output
    assert "a note" in output
    assert ("│" in output) == terminal


def test_the_exit_code_is_1_without_the_walls(ratchet_cli: RunRatchet) -> None:
    done = ratchet_cli("doctor", "--walls", "process")
    assert done.returncode == 1
    assert "WON         read a secret file" in done.stdout
    assert "does not hold" in done.stdout


def test_json_is_all_there_is_on_stdout(ratchet_cli: RunRatchet) -> None:
    done = ratchet_cli("doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["holds"] else 1)
    assert {"name", "state", "why", "mend", "matters"} == set(found["walls"][0])
    assert {"name", "stopped", "seen"} == set(found["attacks"][0])
    assert found["mode"] == "full"
    assert done.stderr == ""


def test_a_wall_that_is_not_known(ratchet_cli: RunRatchet) -> None:
    done = ratchet_cli("doctor", "--walls", "none")
    assert done.returncode == 2
    assert "'none' is not one of 'full', 'process'" in done.stderr
