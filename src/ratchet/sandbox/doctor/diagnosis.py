"""From what was seen and tried to a table of walls."""

from __future__ import annotations

import os
import platform
import resource
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox import LocalSandbox, Walls
from ratchet.sandbox.backends import cgroups
from ratchet.sandbox.doctor import attacks, jail, kernel
from ratchet.sandbox.doctor.nouns import Diagnosis, State, Wall
from ratchet.sandbox.inside import landlock, syscalls
from ratchet.sandbox.types import Limits

_LIMITS = Limits(wall_s=10.0, processes=32)
_FLAGS = {
    "user": syscalls.CLONE_NEWUSER,
    "pid": syscalls.CLONE_NEWPID,
    "mnt": syscalls.CLONE_NEWNS,
    "net": syscalls.CLONE_NEWNET,
    "ipc": syscalls.CLONE_NEWIPC,
    "uts": syscalls.CLONE_NEWUTS,
    "cgroup": syscalls.CLONE_NEWCGROUP,
}
_ELSEWHERE = (
    "run Ratchet on Linux, or in a Linux VM or container on this machine (Lima, OrbStack, Docker Desktop)"
)
_FULL = "leave out --walls process"
_LANDLOCK = 'a kernel with CONFIG_SECURITY_LANDLOCK, started with "landlock" in lsm='
_RULES_DEVICES = 5
"""The version of Landlock since which requests to devices are ruled: that a program can see."""
_NAMES = (
    *(f"{name} namespace" for name in jail.NAMESPACES.values()),
    "own root (pivot_root)",
    "read-only root",
    "seccomp filter",
    "Landlock",
    "no_new_privs, no capabilities",
    "resource limits",
    "no core dumps",
    "memory limit by cgroup",
    "process limit by cgroup",
    "no network",
    "oracle split",
)


def diagnose(walls: Walls = Walls.FULL, *, system: str = sys.platform) -> Diagnosis:
    """Try every wall of this kind of jail, then attack it. Takes some seconds, and leaves nothing behind."""
    walls = Walls(walls)
    if system != "linux":
        return elsewhere(system, walls)
    try:
        sandbox = LocalSandbox(slots=1, walls=walls)
    except (RatchetError, HarnessError) as error:
        return Diagnosis(_system(), walls, tuple(_tried()), (), f"no attack was run: {error}")
    with sandbox:
        try:
            facts, memory_by = jail.look(sandbox, _LIMITS)
            held_by_split = jail.split(sandbox, _LIMITS)
        except (ValueError, HarnessError) as error:
            return Diagnosis(_system(), walls, tuple(_tried()), (), f"no attack was run: {error}")
        rows = tuple(observed(facts, jail.host_namespaces(), memory_by, held_by_split, walls))
        diagnosis = Diagnosis(_system(), walls, rows, ())
    return replace(diagnosis, attacks=tuple(attacks.run_all(walls)))


def elsewhere(system: str, walls: Walls) -> Diagnosis:
    """What holds where there is no Linux: nothing, and so nothing is run."""
    name = {"darwin": "macOS", "win32": "Windows"}.get(system, system)
    why = f"{name} has nothing that Ratchet makes it of"
    rows = tuple(Wall(wall, State.DOWN, why, _ELSEWHERE) for wall in _NAMES)
    return Diagnosis(name, walls, rows, (), f"no program is run on {name}; {_ELSEWHERE}.")


def observed(
    facts: dict[str, Any], host: dict[str, str], memory_by: str, held_by_split: str, walls: Walls
) -> Iterator[Wall]:
    """The rows, from what a program found (`jail.look`) and this machine's own namespaces."""
    full = walls is Walls.FULL
    mend = "" if full else _FULL
    for name, ours in jail.NAMESPACES.items():
        inside, outside = facts["namespaces"][name], host[name]
        apart = bool(inside) and inside != outside
        why = "its own" if apart else "shared with this machine's programs"
        yield _row(f"{ours} namespace", apart, why, mend)
    small = "box" in facts["root_list"] and "home" not in facts["root_list"]
    listed = " ".join(facts["root_list"])
    yield _row("own root (pivot_root)", small, f"programs see /: {listed}", mend)
    read_only = "ro" in facts["root_options"].split(",") and facts["root_write"] == "EROFS"
    yield _row(
        "read-only root", read_only, f"writing to / ends with {facts['root_write'] or 'success'}", mend
    )
    status = facts["status"]
    filtered = status.get("Seccomp") == "2"
    number = status.get("Seccomp_filters", "some") if filtered else "no"
    yield _row("seccomp filter", filtered, f"{number} filters installed", mend or _mend(kernel.filters))
    yield _landlock(facts)
    rights = {name: status.get(name, "?") for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    bound = "CapBnd" if full else "CapEff"  # without a user namespace the bounding set is the host's
    held = sorted(name for name, value in (rights | {bound: status[bound]}).items() if int(value, 16))
    private = status.get("NoNewPrivs") == "1"
    why = "none held, none to be had" if not held else f"{', '.join(held)} not empty"
    why = why if private else "no_new_privs is not set"
    yield _row("no_new_privs, no capabilities", private and not held, why, mend or "run as an ordinary user")
    limits = facts["limits"]
    kept = (
        limits["RLIMIT_NOFILE"][1] == _LIMITS.open_files and limits["RLIMIT_FSIZE"][1] <= _LIMITS.disk_bytes
    )
    kept = kept and limits["RLIMIT_DATA"][1] != resource.RLIM_INFINITY
    yield _row("resource limits", kept, "data, file size, open files, CPU time", _mend(kernel.limits))
    core = limits["RLIMIT_CORE"][1]
    yield _row("no core dumps", core == 0, f"RLIMIT_CORE is {core}", _mend(kernel.limits))
    yield from _cgroups(memory_by)
    yield _row(
        "no network", facts["inet"] != "", f"an internet socket ends with {facts['inet'] or 'success'}", mend
    )
    yield Wall(
        "loopback of its own", State.NOT_NEEDED, "programs talk to themselves by AF_UNIX", matters=False
    )
    apart = "the test's text is in no memory of the candidate"
    if not held_by_split and not full:
        held_by_split = f"{apart}, but nothing keeps one process from looking into another"
    yield _row("oracle split", not held_by_split, held_by_split or apart, mend)


def _row(name: str, up: bool, why: str, mend: str = "") -> Wall:
    return Wall(name, State.UP if up else State.DOWN, why, "" if up else mend)


def _mend(trial: Any) -> str:
    reason = kernel.in_child(trial)
    return f"{reason}; {kernel.advice()}" if reason else ""


def _landlock(facts: dict[str, Any]) -> Wall:
    """It stands behind the read-only root: without it nothing is open."""
    version = landlock.abi()
    if reason := kernel.in_child(kernel.file_rules):
        return Wall("Landlock", State.DOWN, reason, _LANDLOCK, matters=False)
    if version < _RULES_DEVICES:
        why = f"version {version}; too old for a program to see whether it is held to it"
        return Wall("Landlock", State.NOT_NEEDED, why, matters=False)
    up = facts["device_request"] == "EACCES"
    why = f"version {version}" if up else f"the kernel has version {version}; programs are not held to it"
    return Wall("Landlock", State.UP if up else State.DOWN, why, matters=False)


def _cgroups(memory_by: str) -> Iterator[Wall]:
    """Limits on a whole family of processes; without them each process is limited, and the sum watched."""
    with cgroups.find() as groups:
        granted, reason, advice = groups.kind, groups.reason, groups.advice
    for name, instead in (
        ("memory limit by cgroup", "RLIMIT_DATA for each process, and a watch on the sum, stand in for it"),
        ("process limit by cgroup", "RLIMIT_NPROC stands in for it"),
    ):
        if memory_by.startswith("cgroup"):
            yield Wall(name, State.UP, memory_by, matters=False)
        elif granted == "none":
            yield Wall(name, State.DOWN, f"{reason}; {instead}", advice, matters=False)
        else:
            why = f"{granted} can be had here, and the jail does without: {instead}"
            yield Wall(name, State.DOWN, why, matters=False)


def _tried() -> Iterator[Wall]:
    """The rows where the jail did not start: what the kernel grants of what it is made of."""
    forbidden = kernel.in_child(kernel.user_namespace)
    advice = kernel.advice()
    for name, ours in jail.NAMESPACES.items():
        trial = kernel.user_namespace if name == "user" else kernel.namespace(_FLAGS[name])
        reason = forbidden or kernel.in_child(trial)
        yield _row(f"{ours} namespace", not reason, reason or "can be made", advice)
    for name, trials in (
        ("own root (pivot_root)", (kernel.new_root, kernel.proc)),
        ("seccomp filter", (kernel.filters,)),
        ("Landlock", (kernel.file_rules,)),
        ("no_new_privs, no capabilities", (kernel.no_new_privileges,)),
        ("resource limits", (kernel.limits,)),
    ):
        reasons = dict.fromkeys(filter(None, map(kernel.in_child, trials)))
        matters = name != "Landlock"
        state = State.DOWN if reasons else State.UP
        yield Wall(
            name, state, "; ".join(reasons) or "can be had", advice if reasons and matters else "", matters
        )
    yield from _cgroups("rlimit")


def _system() -> str:
    user = "root" if os.geteuid() == 0 else f"user {os.geteuid()}"
    return f"{platform.system()} {platform.release()} {platform.machine()}, as {user}"
