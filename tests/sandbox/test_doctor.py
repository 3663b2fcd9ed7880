"""The doctor: what it says of a jail that holds, of one that does not, and of a machine that has none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ratchet.sandbox import LocalSandbox, Program, Walls
from ratchet.sandbox.doctor import (
    Attacked,
    Diagnosis,
    State,
    Wall,
    attacks,
    diagnose,
    diagnosis,
    jail,
    kernel,
)
from ratchet.sandbox.types import Limits

SPARED = {"Landlock", "memory limit by cgroup", "process limit by cgroup"}
"""Walls behind which another one stands: their absence is told, and is no failure."""
NAMESPACES = {f"{name} namespace" for name in jail.NAMESPACES.values()}
LIMITS = Limits()


def rows(found: Diagnosis) -> dict[str, Wall]:
    return {wall.name: wall for wall in found.walls}


@pytest.fixture(scope="module")
def full() -> Diagnosis:
    return diagnose()


@pytest.fixture(scope="module")
def weak() -> Diagnosis:
    return diagnose(Walls.PROCESS)


def test_the_jail_holds(full: Diagnosis) -> None:
    assert full.note == ""
    down = {wall.name: wall.why for wall in full.walls if wall.state is State.DOWN}
    assert not down.keys() - SPARED, down
    won = {attack.name: attack.seen for attack in full.attacks if not attack.stopped}
    assert not won
    assert full.holds
    assert len(full.attacks) >= 12
    assert rows(full)["loopback of its own"].state is State.NOT_NEEDED


def test_each_attack_says_what_it_met(full: Diagnosis) -> None:
    assert all(attack.seen and "\n" not in attack.seen for attack in full.attacks)
    seen = {attack.name: attack.seen for attack in full.attacks}
    assert "No such process" in seen["kill a bystander"]
    assert "nothing" in seen["read the host's environment"]
    assert "a wrong answer" in seen["equal to everything"]


def test_the_same_attacks_succeed_without_the_walls(weak: Diagnosis) -> None:
    """So that "stopped" is the walls' doing, and not an attack that does nothing."""
    won = {attack.name for attack in weak.attacks if not attack.stopped}
    assert won >= {
        "read a secret file",
        "read the host's environment",
        "write outside its folders",
        "reach the network",
        "kill a bystander",
        "poison the next program",
    }
    assert not weak.holds
    states = {name: wall.state for name, wall in rows(weak).items()}
    assert {states[name] for name in NAMESPACES} == {State.DOWN}
    assert states["own root (pivot_root)"] is State.DOWN
    assert states["oracle split"] is State.DOWN
    assert states["resource limits"] is State.UP
    assert "leave out --walls process" in rows(weak)["pid namespace"].mend


def test_nothing_is_left_behind(weak: Diagnosis, full: Diagnosis) -> None:
    assert attacks._VARIABLE not in os.environ
    left = [path for place in ("/", "/tmp", "/var/tmp", "/dev/shm") for path in Path(place).glob("rd-*")]
    assert not left
    assert not Path("/ratchet-doctor").exists()
    names = [path.read_text() for path in Path("/proc").glob("[0-9]*/comm") if path.exists()]
    assert not [name for name in names if name.startswith("rd-")]


def test_the_search_for_the_tests_text_would_find_it(sandbox: LocalSandbox) -> None:
    assert jail.split(sandbox, LIMITS) == ""
    secret = "0123456789abcdef01234567"
    source = jail._SEARCH.replace("@LOW@", secret[:12][::-1]).replace("@HIGH@", secret[12:][::-1])
    both = sandbox.run(Program(f"{source}\nheld = '{secret}'\nprint(search())"))
    assert both.stdout == "the test's text is in the candidate's memory\n", both.stderr
    alone = sandbox.run(Program(f"{source}\nprint(search())"))
    assert alone.stdout == "nothing found\n"


def test_where_there_is_no_linux() -> None:
    found = diagnose(system="darwin")
    assert (found.system, found.attacks, found.holds) == ("macOS", (), False)
    assert {wall.state for wall in found.walls} == {State.DOWN}
    assert all("Linux VM" in wall.mend for wall in found.walls)
    assert set(rows(found)) > NAMESPACES


def test_the_rows_are_the_same_everywhere(full: Diagnosis) -> None:
    assert {wall.name for wall in full.walls} == {wall.name for wall in diagnose(system="win32").walls} | {
        "loopback of its own"
    }


def facts(**changes: object) -> dict[str, object]:
    return {
        "namespaces": {name: f"{name}:[2]" for name in jail.NAMESPACES},
        "status": {"Seccomp": "2", "Seccomp_filters": "2", "NoNewPrivs": "1"}
        | dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"), "0000000000000000"),
        "root_options": "ro,nosuid",
        "root_write": "EROFS",
        "root_list": ["box", "usr"],
        "device_request": "EACCES",
        "inet": "EPERM",
        "limits": {
            "RLIMIT_CORE": [0, 0],
            "RLIMIT_NOFILE": [256, 256],
            "RLIMIT_FSIZE": [1 << 20, 1 << 20],
            "RLIMIT_DATA": [1 << 30, 1 << 30],
        },
    } | changes


HOST = {name: f"{name}:[1]" for name in jail.NAMESPACES}
NO_RIGHTS = facts()["status"]
assert isinstance(NO_RIGHTS, dict)


@pytest.mark.parametrize(
    ("changes", "down"),
    [
        ({}, set()),
        ({"namespaces": {**HOST, "net": "net:[2]"}}, NAMESPACES - {"network namespace"}),
        ({"root_write": ""}, {"read-only root"}),
        ({"root_options": "rw"}, {"read-only root"}),
        ({"root_list": ["box", "home", "usr"]}, {"own root (pivot_root)"}),
        ({"status": {**NO_RIGHTS, "Seccomp": "0"}}, {"seccomp filter"}),
        ({"status": {**NO_RIGHTS, "NoNewPrivs": "0"}}, {"no_new_privs, no capabilities"}),
        ({"status": {**NO_RIGHTS, "CapBnd": "1"}}, {"no_new_privs, no capabilities"}),
        ({"inet": ""}, {"no network"}),
    ],
)
def test_a_wall_is_down_if_a_program_does_not_meet_it(changes: dict[str, object], down: set[str]) -> None:
    table = diagnosis.observed(facts(**changes), HOST, "cgroup v2", "", Walls.FULL)
    found = {wall.name for wall in table if wall.state is State.DOWN}
    assert found - SPARED == down


def test_a_test_that_was_found_is_told() -> None:
    table = {
        wall.name: wall for wall in diagnosis.observed(facts(), HOST, "rlimit", "it was found", Walls.FULL)
    }
    assert table["oracle split"] == Wall("oracle split", State.DOWN, "it was found")
    assert table["memory limit by cgroup"].state is State.DOWN
    assert "stand in for it" in table["memory limit by cgroup"].why


def test_it_holds_only_if_attacks_were_run_and_stopped() -> None:
    up, spared = Wall("a", State.UP, ""), Wall("b", State.DOWN, "", matters=False)
    stopped, won = Attacked("x", True, ""), Attacked("y", False, "")
    assert Diagnosis("", "full", (up, spared), (stopped,)).holds
    assert not Diagnosis("", "full", (up,), ()).holds
    assert not Diagnosis("", "full", (up,), (stopped, won)).holds
    assert not Diagnosis("", "full", (up, Wall("c", State.DOWN, "")), (stopped,)).holds


# On machines that permit less


def test_where_user_namespaces_are_forbidden() -> None:
    if shutil.which("unshare") is None or kernel.in_child(kernel.user_namespace):
        pytest.skip("FORBIDDEN NAMESPACES NOT TESTED: unshare(1) or user namespaces are missing")
    forbid = "echo 0 >/proc/sys/user/max_user_namespaces && exec"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
         f"{forbid} {sys.executable} -m ratchet doctor"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "user namespace: new namespaces (user) are not permitted here: No space left" in done.stdout
    assert "sudo sysctl -w user.max_user_namespaces" in done.stdout
    assert "no attack was run: the sandbox cannot raise its walls here" in done.stdout
    assert "up          seccomp filter: can be had" in done.stdout


@pytest.mark.skipif(os.getuid() != 0, reason="the whole suite runs as an ordinary user already")
def test_as_an_ordinary_user() -> None:
    python = "/usr/bin/python3"
    if shutil.which("setpriv") is None or not Path(python).exists():
        pytest.skip("ORDINARY USER NOT TESTED: setpriv or /usr/bin/python3 is missing")
    paths = [str(Path(jail.__file__).parents[3]), *(path for path in sys.path if path.endswith("-packages"))]
    done = subprocess.run(
        ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups", python, "-c",
         "import click, rich; from ratchet.cli import main; import sys; sys.exit(main(['doctor']))"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True, text=True, check=False, cwd="/", timeout=120,
    )  # fmt: skip
    if "ModuleNotFoundError" in done.stderr or "needs" in done.stderr:
        pytest.skip(f"ORDINARY USER NOT TESTED: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as user 1234" in done.stdout
    assert "WON" not in done.stdout


@pytest.mark.parametrize(
    "trial",
    [kernel.user_namespace, kernel.new_root, kernel.proc, kernel.loopback, kernel.filters, kernel.limits,
     kernel.no_new_privileges, *(kernel.namespace(flag) for flag in diagnosis._FLAGS.values())],
)  # fmt: skip
def test_each_trial_comes_back(trial: object) -> None:
    """Each leaves this process as it was, whatever the kernel grants."""
    before = jail.host_namespaces()
    assert callable(trial)
    said = kernel.in_child(trial)
    assert said == "" or "refused" in said or "not permitted" in said
    assert jail.host_namespaces() == before


def test_a_child_that_says_nothing_or_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "_PATIENCE_S", 0.3)
    assert kernel.in_child(lambda: os._exit(3)) == "it ended with 3"
    assert kernel.in_child(lambda: os.kill(os.getpid(), 9)) == "it ended with -9"
    assert kernel.in_child(lambda: __import__("time").sleep(60)) == "it did not end"
