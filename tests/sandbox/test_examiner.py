# ruff: noqa: E501 - programs on one line each read as a table
"""One examiner holds many exams, is replaced when it should be, and no exam can tell the difference."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox import ExamOutcome, Limits, LocalSandbox, Program, Status
from ratchet.sandbox.backends import examiner
from tests.sandbox.watching import alive, outer, wait_until, zygote_of

RIGHT = Program("def f(x): return x + 1")
TEST = "assert f(1) == 2"
LIMITS = Limits(wall_s=10)


@pytest.fixture
def one() -> Iterator[LocalSandbox]:
    """A sandbox of one slot."""
    with LocalSandbox(slots=1) as made:
        yield made


def exam(one: LocalSandbox, test: str = TEST, limits: Limits = LIMITS) -> ExamOutcome:
    return one.examine(RIGHT, "f", Program(test), limits)


def examiners(one: LocalSandbox) -> set[int]:
    """The processes, by their numbers on this machine, that the zygote keeps between jobs."""
    zygote = zygote_of(outer(one))
    return set(map(int, Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()))


def test_one_process_holds_many_exams(one: LocalSandbox) -> None:
    assert exam(one).passed
    [first] = examiners(one)
    for test in (TEST, TEST, "import math\nassert f(math.floor(2.5)) == 3", TEST, "assert f(0) == 2", TEST):
        assert exam(one, test).passed is (test != "assert f(0) == 2")
        assert examiners(one) == {first}


def test_the_jobs_in_between_are_nothing_to_it(one: LocalSandbox) -> None:
    assert exam(one).passed
    [first] = examiners(one)
    assert one.run(Program("print(1)")).stdout == "1\n"
    assert one.call(RIGHT, "f", [(1,)]).results[0].value == 2
    assert one.examine(RIGHT, "f", Program(TEST), LIMITS, in_process=True).passed
    assert one.run(Program("while True: pass"), Limits(wall_s=0.2)).status is Status.TIMEOUT
    assert one.examine(Program("import os; os._exit(0)"), "f", Program("pass"), LIMITS).passed
    assert exam(one).passed
    assert examiners(one) == {first}


@pytest.mark.parametrize(
    "test",
    [
        f"import os\n{TEST}",
        f"class A: pass\n{TEST}",
        f"f.seen = 1\n{TEST}",
        f"open('x', 'w').close()\n{TEST}",
        f"import random\nrandom.seed(1)\n{TEST}",
        f"globals()\n{TEST}",
    ],
)
def test_an_untidy_text_ends_it(one: LocalSandbox, test: str) -> None:
    for _ in range(2):
        assert exam(one, test).passed
        assert examiners(one) == set()
        assert exam(one).passed
        assert len(examiners(one)) == 1


BROKEN_OFF = {
    "a candidate that ends": "import os\ndef f(x): os._exit(0)",
    "a candidate that defines nothing": "x = 1",
    "a candidate that returns no data": "def f(x): return object()",
    "a candidate that writes rubbish": "import os\ndef f(x): os.write(4, bytes(99)); os._exit(0)",
    "a candidate that takes its time": "import time\ndef f(x): time.sleep(30)",
}


@pytest.mark.parametrize("name", BROKEN_OFF)
def test_it_ends_with_an_exam_that_is_broken_off(one: LocalSandbox, name: str) -> None:
    limits = Limits(wall_s=0.6)
    assert exam(one, limits=limits).passed
    before = examiners(one)
    assert not one.examine(Program(BROKEN_OFF[name]), "f", Program(TEST), limits).passed
    assert wait_until(lambda: not alive(before))
    assert exam(one, limits=limits).passed


@pytest.mark.parametrize("name", ["computes", "waits"])
def test_an_examiner_out_of_time_is_ended_in_time(one: LocalSandbox, name: str) -> None:
    test = "while True: pass" if name == "computes" else "import time; time.sleep(60)"
    limits = Limits(wall_s=0.4)
    for _ in range(2):
        seen = exam(one, f"f(1)\n{test}", limits)
        assert not seen.passed
        assert seen.detail
        assert seen.examiner is not None
        assert seen.examiner.status is Status.TIMEOUT
        assert 0.4 <= seen.examiner.wall_s < 2.0
        assert examiners(one) == set()
    assert exam(one, limits=limits).passed


def test_an_examiner_out_of_memory_says_so(one: LocalSandbox) -> None:
    limits = Limits(wall_s=10, memory_bytes=100 << 20)
    seen = exam(one, "x = []\nwhile True: x.append(bytearray(1 << 24))", limits)
    assert not seen.passed
    assert "MemoryError" in seen.detail or (seen.examiner and seen.examiner.status is Status.MEMORY)
    assert exam(one, limits=limits).passed


def test_one_that_died_between_two_exams_is_replaced(one: LocalSandbox) -> None:
    assert exam(one).passed
    [pid] = examiners(one)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not alive({pid}))
    assert exam(one).passed
    assert pid not in examiners(one)


def test_one_that_dies_in_the_middle_passes_nobody_and_is_replaced(one: LocalSandbox) -> None:
    assert exam(one).passed
    [pid] = examiners(one)
    killer = threading.Timer(0.2, os.kill, (pid, signal.SIGKILL))
    killer.start()
    seen = one.examine(
        Program("import time\ndef f(x): time.sleep(0.6); return x + 1"), "f", Program(TEST), LIMITS
    )
    killer.join()
    assert not seen.passed
    assert seen.examiner is not None
    assert seen.examiner.status is Status.CRASHED
    assert exam(one).passed
    assert examiners(one)
    assert pid not in examiners(one)


def test_it_is_replaced_when_it_is_worn(one: LocalSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examiner, "_MAX_TEXTS", 4)
    monkeypatch.setattr(examiner, "_MAX_EXAMS", 6)
    held: list[set[int]] = []
    for number in range(8):
        assert exam(one, f"assert f({number}) == {number + 1}").passed
        held.append(examiners(one))
    assert held[0] == held[3] != held[4] == held[7]
    held = []
    for _ in range(13):
        assert exam(one).passed
        held.append(examiners(one))
    assert held[0] == held[5] != held[6] == held[11] != held[12]


def test_other_limits_are_for_another_one(one: LocalSandbox) -> None:
    assert exam(one).passed
    before = examiners(one)
    assert exam(one, limits=Limits(wall_s=9)).passed
    assert not before & examiners(one)
    assert not alive(before)


def test_a_long_text_and_one_that_is_no_utf8(one: LocalSandbox) -> None:
    long = "assert f(1) == 2\n" * 2_000
    seen = exam(one, long)
    assert (seen.passed, seen.calls) == (True, 2_000)
    assert exam(one, "assert len('\ud800') == f(0)").detail.startswith("UnicodeEncodeError")


def test_what_it_prints_is_that_exams_own(one: LocalSandbox) -> None:
    for word in ("first", "second"):
        seen = exam(one, f"print({word!r}, f(1))")
        assert seen.examiner is not None
        assert seen.examiner.stdout == f"{word} 2\n"
        assert seen.candidate.stdout == ""
        assert 0 < seen.examiner.cpu_s < 1
        assert seen.examiner.peak_memory > 4 << 20


@pytest.mark.parametrize("module", ["random", "numpy.random", "numpy"])
def test_every_exam_draws_the_same(one: LocalSandbox, module: str) -> None:
    """From the seed, as often as it is held, and whatever the others drew."""
    draw = f"import {module}\nprint({'numpy.random.rand' if 'numpy' in module else 'random.random'}(), f(1))"
    drawn = set()
    for _ in range(3):
        seen = exam(one, draw)
        assert seen.passed, seen
        assert seen.examiner is not None
        drawn.add(seen.examiner.stdout)
    assert len(drawn) == 1


def test_its_files_are_there_for_that_exam_alone(one: LocalSandbox) -> None:
    files: dict[str, str | bytes] = {
        "cases.json": "[[1, 2], [5, 6]]",
        "data/raw.bin": b"\0\xff",
        "helper.py": "X = 2",
    }
    test = "import json, helper\nfor a, b in json.load(open('cases.json')): assert f(a) == b\nassert helper.X == f(1) and open('data/raw.bin', 'rb').read() == b'\\0\\xff'"
    for _ in range(2):
        assert one.examine(RIGHT, "f", Program(test, files=files), LIMITS).passed
        seen = exam(one, "import os\nassert f(1) == 2 and os.listdir() == [], os.listdir()")
        assert seen.passed, seen
    assert one.examine(RIGHT, "f", Program(TEST, files=files), LIMITS).passed  # a tidy text, and files
    assert exam(one, "import os\nassert f(1) == 2 and os.listdir() == [], os.listdir()").passed
    nosy = Program("import os\ndef f(x): return x + 1 if os.listdir() == [] else os.listdir()")
    assert one.examine(nosy, "f", Program(TEST, files=files), LIMITS).passed


@pytest.mark.parametrize("name", ["/etc/passwd", "../up"])
def test_a_file_of_its_outside_the_folder_is_refused(one: LocalSandbox, name: str) -> None:
    with pytest.raises(RatchetError, match="working directory"):
        one.examine(RIGHT, "f", Program(TEST, files={name: "x"}), LIMITS)
    assert exam(one).passed
