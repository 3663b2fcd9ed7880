"""The jail in a container: it does what it does outside, and whatever dies, no verdict is made up."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox import CallResult, Limits, LocalSandbox, Program, Status
from ratchet.sandbox.backends.container import ContainerSandbox
from ratchet.sandbox.languages import Unsplittable
from tests.sandbox.attack_files import read_attacks
from tests.sandbox.backends.conftest import TestEngine

pytestmark = pytest.mark.slow

LOOP = Program("while True: pass")
SHORT = Limits(wall_s=1)


@pytest.fixture(scope="module")
def inside(engine: TestEngine) -> Iterator[ContainerSandbox]:
    """A container of two slots that the tests of this file share."""
    with engine.sandbox(slots=2) as sandbox:
        yield sandbox


PROGRAMS = {
    "output": Program(
        "import sys; print('ü\\udcff'.encode('utf-8', 'surrogatepass')); sys.stderr.write('e')"
    ),
    "stdin": Program("print(input()[::-1])", stdin="añb\n"),
    "files": Program("print(open('a/b').read(), open('c','rb').read())", files={"a/b": "é", "c": b"\xff"}),
    "arguments": Program("import sys; print(sys.argv[1:])", arguments=("a b", "")),
    "error": Program("raise SystemExit(3)"),
    "exception": Program("1/0"),
    "crash": Program("import os; os.kill(os.getpid(), 11)"),
    "timeout": LOOP,
    "sleeping": Program("import time; time.sleep(60)"),
    "memory": Program("x = bytearray(3 << 30)"),
    "bytes": Program("import os; os.write(1, bytes(range(256)))"),
    "bash": Program('echo "$1"; cat; exit 4', language="bash", arguments=("x",), stdin="in"),
    "no language of this image": Program("print 1", language="ruby"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_run_is_as_outside(inside: ContainerSandbox, sandbox: LocalSandbox, name: str) -> None:
    there, here = inside.run(PROGRAMS[name], SHORT), sandbox.run(PROGRAMS[name], SHORT)
    if name == "no language of this image":
        assert there.status is Status.UNAVAILABLE
        assert "apt install ruby" in there.reason
        return
    assert (there.status, there.exit_code, there.signal) == (here.status, here.exit_code, here.signal)
    assert (there.stdout, there.stderr) == (here.stdout, here.stderr)


def test_files_are_fetched(inside: ContainerSandbox) -> None:
    program = Program("import os; os.mkdir('d'); open('d/x', 'wb').write(b'\\xff'); open('y', 'w')")
    assert inside.run(program, fetch=["d/*"]).files == {"d/x": b"\xff"}


def test_calls_and_exams_are_as_outside(inside: ContainerSandbox, sandbox: LocalSandbox) -> None:
    program = Program("def f(x):\n    x.append((1, {2.5: 'ü'}))\n    return x[0]")
    calls: list[Any] = [([b"b"],), ([],), (None,)]
    there = inside.call(program, "f", calls, in_place=True)
    here = sandbox.call(program, "f", calls, in_place=True)
    assert there.results == here.results
    assert there.results[0] == CallResult(b"b", arguments=([b"b", (1, {2.5: "ü"})],))
    for test in ("assert f([3]) == 3", "assert f([3]) == 4", "f(1)"):
        examiner = Program(test)
        for in_process in (False, True):
            seen = inside.examine(program, "f", examiner, in_process=in_process)
            known = sandbox.examine(program, "f", examiner, in_process=in_process)
            assert (seen.passed, seen.detail, seen.calls) == (known.passed, known.detail, known.calls)


def test_what_the_sandbox_refuses_is_refused_the_same_way(inside: ContainerSandbox) -> None:
    with pytest.raises(RatchetError, match="time limits must be more than 0"):
        inside.run(LOOP, Limits(wall_s=0))
    with pytest.raises(RatchetError, match="must have a path inside its working directory"):
        inside.run(Program("", files={"../x": ""}))
    with pytest.raises(Unsplittable):
        inside.examine(Program("f() { :; }", "bash"), "g", Program("true", "bash"), declaration="{{{")


def test_a_flood_of_output_is_bounded(inside: ContainerSandbox) -> None:
    flood = Program("import sys\nfor _ in range(300): sys.stdout.write('x' * 1_000_000)")
    outcome = inside.run(flood, Limits(wall_s=60, output_bytes=1 << 20))
    assert outcome.status is Status.OK
    assert outcome.stdout_truncated
    assert len(outcome.stdout) < 2 << 20
    large = inside.run(Program("print('y' * 50_000_000)"), Limits(wall_s=60, output_bytes=64 << 20))
    assert large.stdout == "y" * 50_000_000 + "\n"


def test_a_large_program_and_input_arrive_whole(inside: ContainerSandbox) -> None:
    text = "z" * 20_000_000
    outcome = inside.run(Program("print(len(input()), len(open('f').read()))", stdin=text, files={"f": text}))
    assert outcome.stdout == "20000000 20000000\n"


def test_many_at_once_each_get_their_own_answer(inside: ContainerSandbox) -> None:
    def ask(number: int) -> str:
        return inside.run(Program(f"print({number} * 'x')")).stdout

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(ask, range(100))) == ["x" * number + "\n" for number in range(100)]


# Two of each kind; what they try on this machine's files and ports is the business of test_attacks.
ATTACKS = [attack for attacks in read_attacks().values() for attack in attacks[:2]]
MARKS = {"PORT": 1, "SOCKET": "nobody", "SECRET": "/etc/shadow", "PID": 1}
EXAMINER = Program("for x in (1000, 0, 1, 2, 3, 4, 99):\n    assert f(x) == x * 31 + 7, 'SECRET_MARKER'")


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.group}: {attack.name}")
def test_attacks_gain_nothing(inside: ContainerSandbox, attack: Any) -> None:
    limits = Limits(attack.seconds, processes=30, memory_bytes=300 << 20, disk_bytes=8 << 20)
    exam = inside.examine(Program(attack.armed(MARKS)), "f", EXAMINER, limits)
    assert not exam.passed
    assert "HARM" not in exam.candidate.stdout + exam.candidate.stderr
    assert inside.examine(Program("def f(x): return x * 31 + 7"), "f", EXAMINER).passed


def test_programs_see_nothing_of_the_container(inside: ContainerSandbox) -> None:
    look = """
import os, socket
for path in ("/ratchet", "/root", "/etc/shadow", "/.dockerenv", "/run"):
    print(path, os.path.exists(path))
print(len([p for p in os.listdir("/proc") if p.isdigit()]))
try: socket.socket(socket.AF_INET)
except OSError as error: print("no network")
print(sorted(line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapBnd"))))
"""
    lines = inside.run(Program(look)).stdout.splitlines()
    assert [line.split()[1] for line in lines[:5]] == ["False"] * 5
    assert lines[6:] == ["no network", "['0000000000000000', '0000000000000000']"]
    assert int(lines[5]) <= 2
