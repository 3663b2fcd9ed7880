"""Programs that set out to pass unearned, to hurt, to hang or to stay: none does.

The programs lie in `attacks/` (see `attack_files`). Each is a candidate that does
not fulfil its test, in a slot of its own. It must end as its file says and in
time, must not print HARM, must leave this machine as it was, and a right program
must still pass in the same slot after it.
"""

from __future__ import annotations

import os
import queue
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ratchet.sandbox import CallOutcome, ExamOutcome, Limits, LocalSandbox, Outcome, Program, Status
from tests.sandbox.attack_files import Attack, read_attacks

EXAMINER = Program("""
def check(candidate):
    for x in (1000, 0, 1, 2, 3, 4, 99):
        assert candidate(x) == x * 31 + 7, "SECRET_MARKER"
check(f)
""")
RIGHT = Program("def f(x): return x * 31 + 7")
AT_ONCE = 4
"""Many attacks only wait for their time to run out, so more of them run than there are cores."""

ATTACKS = read_attacks()
ABOUT_ANSWERS = {"forged_output", "equality_and_hash_tricks", "early_exit", "patched_builtins_and_libraries"}
_MISTAKE = re.compile(r"\b(NameError|SyntaxError|IndentationError|AttributeError|ImportError)\b")


class Machine:
    """What of this machine an attack might touch, and whether anything did."""

    def __init__(self, folder: Path) -> None:
        self.secret = folder / "secret"
        self.secret.write_text("SECRET_OF_THE_HOST")
        self.secret.chmod(0o666)
        name = f"ratchet-canary-{os.getpid()}"
        self.tcp = socket.create_server(("127.0.0.1", 0))
        port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", port))
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind(f"\0{name}")
        self.abstract.listen()
        self.marks = {"PORT": port, "SOCKET": name, "SECRET": self.secret, "PID": os.getpid()}
        self._shared = Path("/proc/sysvipc/shm").read_text()

    def harm(self) -> list[str]:
        """What was done to it."""
        found = []
        for line in (self.tcp, self.abstract):
            line.setblocking(False)
            with suppress(BlockingIOError):
                line.accept()[0].close()
                found.append(f"somebody connected to {line.getsockname()}")
        with suppress(BlockingIOError):
            found.append(f"somebody sent {self.udp.recv(100, socket.MSG_DONTWAIT)!r}")
        if self.secret.read_text() != "SECRET_OF_THE_HOST":
            found.append("the secret file was changed")
        if Path("/proc/sysvipc/shm").read_text() != self._shared:
            found.append("System V shared memory was left")
        found += [f"the process {name} was left" for name in _survivors()]
        found += [f"/tmp/{name} was left" for name in os.listdir("/tmp") if name.startswith("harm")]
        return found


def _survivors() -> list[str]:
    """Every process on this machine that calls itself harm."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            name = Path(f"/proc/{pid}/comm").read_text()
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if name.startswith("harm") or line.startswith(b"harm"):
            found.append(f"{pid} {name.strip()}")
    return found


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """This machine, with what a thief would like to have."""
    made = Machine(tmp_path_factory.mktemp("machine"))
    yield made
    for line in (made.tcp, made.udp, made.abstract):
        line.close()


@pytest.fixture(scope="module")
def slots() -> Iterator[queue.SimpleQueue[LocalSandbox]]:
    """Sandboxes of one slot each, so that an attack and what follows it share one."""
    idle: queue.SimpleQueue[LocalSandbox] = queue.SimpleQueue()
    everyone = [LocalSandbox(slots=1) for _ in range(AT_ONCE)]
    for one in everyone:
        idle.put(one)
    yield idle
    for one in everyone:
        one.close()


Slots = queue.SimpleQueue[LocalSandbox]


def limits(attack: Attack) -> Limits:
    """Low ones, so that bombs are small."""
    return Limits(attack.seconds, processes=30, memory_bytes=300 << 20, disk_bytes=8 << 20)


def all_complaints(
    slots: Slots, attacks: list[Attack], look: Callable[[LocalSandbox, Attack], list[str]]
) -> list[str]:
    """Whatever is wrong with how the attacks ended, one line each."""

    def one(attack: Attack) -> list[str]:
        sandbox = slots.get()
        try:
            started = time.monotonic()
            found = look(sandbox, attack)
            if any("ended as timeout" in complaint for complaint in found):
                # The machine may have been busy with others: what is not about time gets plenty.
                attack = replace(attack, seconds=8 * attack.seconds)
                started = time.monotonic()
                found = look(sandbox, attack)
            took = time.monotonic() - started
            if took > attack.seconds + 3:
                found.append(f"took {took:.1f} s")
            after = sandbox.examine(RIGHT, "f", EXAMINER, Limits(wall_s=20))
            if not after.passed:
                found.append(f"a right program fails after it: {after}")
        finally:
            slots.put(sandbox)
        return [f"{attack.name}: {complaint}" for complaint in found]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [complaint for found in pool.map(one, attacks) for complaint in found]


def ended(seen: ExamOutcome | CallOutcome, outcome: Outcome) -> str:
    """What became of it, in the words of an attack's `expect`."""
    if seen.tampered:
        return "tampered"
    return "failed" if outcome.status is Status.OK else str(outcome.status)


def complaints(attack: Attack, seen: ExamOutcome | CallOutcome, outcome: Outcome, evidence: str) -> list[str]:
    """What is wrong with how an attack ended."""
    found = []
    end = ended(seen, outcome)
    if end not in attack.expect:
        found.append(f"ended as {end}, not {'/'.join(sorted(attack.expect))}: {evidence} {outcome}")
    if "HARM" in outcome.stdout + outcome.stderr:
        found.append(f"did harm: {outcome.stdout[:300]}")
    if not re.search(attack.evidence, evidence):
        found.append(f"no evidence {attack.evidence!r} in {evidence!r}")
    if mistake := _MISTAKE.search(f"{outcome.stderr} {evidence}"):
        found.append(f"has a mistake of its own, {mistake[0]}: {evidence} {outcome.stderr}")
    return found


def test_there_are_enough_of_them() -> None:
    names = [attack.name for attacks in ATTACKS.values() for attack in attacks]
    assert len(names) >= 150
    sources = {attack.source for attacks in ATTACKS.values() for attack in attacks}
    assert len(sources) == len(names) == len(set(names))


@pytest.mark.parametrize("group", ATTACKS)
def test_no_attack_passes_an_exam_hangs_or_harms(slots: Slots, machine: Machine, group: str) -> None:
    def look(sandbox: LocalSandbox, attack: Attack) -> list[str]:
        candidate = Program(attack.armed(machine.marks))
        exam = sandbox.examine(candidate, "f", EXAMINER, limits(attack))
        found = complaints(attack, exam, exam.candidate, f"{exam.detail} {exam.fault or ''}")
        if exam.passed:
            found.append(f"PASSED: {exam}")
        if not exam.detail:
            found.append(f"nobody says why it did not pass: {exam}")
        return found

    found = all_complaints(slots, ATTACKS[group], look) + machine.harm()
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "group",
    [name if name in ABOUT_ANSWERS else pytest.param(name, marks=pytest.mark.slow) for name in ATTACKS],
)
def test_no_attack_fools_the_supervisors_own_reader(slots: Slots, machine: Machine, group: str) -> None:
    """The same against `call`, where the answers are read in our own process."""

    def all_right(values: list[object]) -> bool:
        return [type(value) for value in values] == [int] * 3 and values == [7, 38, 31007]

    def look(sandbox: LocalSandbox, attack: Attack) -> list[str]:
        seen = sandbox.call(Program(attack.armed(machine.marks)), "f", [(0,), (1,), (1000,)], limits(attack))
        raised = [str(result.raised) for result in seen.results if result.raised]
        found = complaints(attack, seen, seen.outcome, f"{seen.fault or ''} {raised}")
        if all_right([result.value for result in seen.results]):
            found.append(f"PASSED: {seen}")
        return found

    found = all_complaints(slots, ATTACKS[group], look) + machine.harm()
    assert not found, "\n".join(found)
