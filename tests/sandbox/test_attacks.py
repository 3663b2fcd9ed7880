"""Programs that set out to pass unearned, to hurt, to hang or to stay: none does.

The programs lie in `attacks/`, one file for each group. Each is examined as a
candidate by a test that it does not fulfil. It must not pass, must be over in
time, must not print HARM (each prints that if what it tried worked), and a right
program must still pass after it.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ratchet.sandbox import Limits, LocalSandbox, Program

EXAMINER = Program("""
def check(candidate):
    for x in range(5):
        assert candidate(x) == x * 31 + 7, "SECRET_MARKER"
    assert candidate(1000) == 31007
check(f)
""")
RIGHT = Program("def f(x): return x * 31 + 7")
LIMITS = Limits(wall_s=1.2, processes=30, memory_bytes=300 << 20, disk_bytes=8 << 20)


def read_attacks() -> dict[str, dict[str, str]]:
    """Programs by group (a file of `attacks/`) and name (a line `=== name` in it)."""
    groups = {}
    for path in sorted((Path(__file__).parent / "attacks").glob("*.txt")):
        parts = path.read_text().split("=== ")[1:]
        groups[path.stem] = {name: source for name, _, source in (part.partition("\n") for part in parts)}
    return groups


ATTACKS = read_attacks()
CASES = [(group, name) for group, attacks in ATTACKS.items() for name in attacks]


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 75


@pytest.mark.parametrize(("group", "name"), CASES, ids=lambda value: value.replace(" ", "-"))
def test_no_attack_passes_hangs_or_harms(sandbox: LocalSandbox, group: str, name: str) -> None:
    started = time.monotonic()
    exam = sandbox.examine(Program(ATTACKS[group][name]), "f", EXAMINER, LIMITS)
    took = time.monotonic() - started
    assert not exam.passed, exam
    assert exam.detail
    assert "HARM" not in exam.candidate.stdout, exam
    assert took < 4, exam
    after = sandbox.examine(RIGHT, "f", EXAMINER, Limits(wall_s=20))
    assert after.passed, after


def test_what_was_written_on_the_channel_is_told_as_a_fault(sandbox: LocalSandbox) -> None:
    for name, source in ATTACKS["forged_output"].items():
        exam = sandbox.examine(Program(source), "f", EXAMINER, LIMITS)
        assert not exam.passed
        assert exam.fault is None or exam.fault.startswith("wrote "), name


@pytest.mark.parametrize("name", ["rubbish on every descriptor", "a forged report on every descriptor"])
def test_writing_on_every_descriptor_is_recognised(sandbox: LocalSandbox, name: str) -> None:
    exam = sandbox.examine(Program(ATTACKS["forged_output"][name]), "f", EXAMINER, LIMITS)
    assert (exam.fault or "").startswith("wrote ")


def test_attacks_on_the_supervisors_reader(sandbox: LocalSandbox) -> None:
    """The same against `call`, where the answers are read in our own process."""
    for group in ("forged_output", "equality_and_hash_tricks", "bombs", "early_exit"):
        for name, source in ATTACKS[group].items():
            started = time.monotonic()
            answered = sandbox.call(Program(source), "f", [(0,), (1,)], LIMITS)
            assert time.monotonic() - started < 4, name
            assert [result.value for result in answered.results] != [7, 38], name
            for result in answered.results:
                assert type(result.value).__module__ in ("builtins", "collections"), name
