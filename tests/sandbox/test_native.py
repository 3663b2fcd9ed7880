"""Programs that are compiled and executed: their steps, the cache of compilations, exams in two jails."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox import CallResult, Limits, LocalSandbox, Program, Raised, Status, Unsplittable, Walls
from ratchet.sandbox import lines as lines_module
from ratchet.sandbox.backends.compiled import Compiled
from ratchet.sandbox.languages import LANGUAGES, Command, Language, Missing, Toolchain, register, tool
from tests.sandbox.watching import descendants, wait_until, zygote_of

LINES = Path(lines_module.__file__).read_text()
LINE = """
import os, sys
sys.path.insert(0, os.getcwd())
import lines
def receive():
    reader = lines.FrameReader()
    while (payload := reader.next()) is None:
        if not (data := os.read(3, 1 << 16)): return None
        reader.feed(data)
    return lines.unpack(payload)
def send(value):
    data = lines.frame(lines.pack(value))
    while data: data = data[os.write(4, data):]
"""
ANSWERING = """
while (question := receive()) is not None:
    try: send([globals()[question[0]](*question[1:])])
    except Exception as error: send([type(error).__name__, str(error)])
"""


class Executed(Language):
    """Python, as a language that is executed: its driver is a dozen lines."""

    name = "python-executed"
    title = "executed Python"
    extensions = (".pyx",)
    debian = ("python3",)

    def find(self) -> Toolchain:
        return Toolchain("any", {"python3": tool("python3")})

    def command(self, tools: Toolchain, files: object, limits: Limits) -> Command:
        return Command((tools.tools["python3"], files[0]))  # type: ignore[index]

    def candidate(self, source: str, entry_point: str) -> Program:
        return Program(source + LINE + ANSWERING, files={"lines.py": LINES})

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        stub = f"""
def {entry_point}(*arguments):
    send(["{entry_point}", *arguments])
    answer = receive()
    if answer is None: sys.exit("there is no answer")
    if len(answer) == 2: sys.exit(f"it raised {{answer[0]}}")
    return answer[0]
"""
        return Program(LINE + declaration + stub + test, files={"lines.py": LINES})


@pytest.fixture(autouse=True, scope="module")
def executed() -> Iterator[str]:
    """A language of a third party."""
    register(Executed)
    yield Executed.name
    del LANGUAGES[Executed.name]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own."""
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path))
    return tmp_path


C = """
#include <stdio.h>
#include <unistd.h>
int main(int count, char **words) {
    char line[100] = "";
    fgets(line, 100, stdin);
    printf("%s %s %d", line, count > 1 ? words[1] : "", access("main.c", F_OK));
    return 3;
}
"""


def c(source: str = C, **more: object) -> Program:
    return Program(source, "c", **more)  # type: ignore[arg-type]


@pytest.fixture
def compiler() -> None:
    try:
        tool("gcc")
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.mark.usefixtures("compiler")
def test_compiled_in_one_jail_and_run_in_another(sandbox: LocalSandbox, home: Path) -> None:
    first = sandbox.run(c(stdin="in", arguments=("arg",)))
    assert (first.status, first.exit_code, first.stdout) == (Status.ERROR, 3, "in arg -1")
    assert first.compilation is not None
    assert first.compilation.status is Status.OK
    assert first.compilation.cpu_s > 0
    again = sandbox.run(c(stdin="in 2"))
    assert (again.stdout, again.compilation) == ("in 2  -1", None)
    other = sandbox.run(c(C.replace("return 3", "return 4")))
    assert (other.exit_code, other.compilation is None) == (4, False)


@pytest.mark.usefixtures("compiler")
def test_an_entry_of_the_cache_that_is_damaged(sandbox: LocalSandbox, home: Path) -> None:
    sandbox.run(c())
    [entry] = (home / "compiled").iterdir()
    for damage in (b"", b"junk", entry.read_bytes()[:100]):
        entry.write_bytes(damage)
        assert sandbox.run(c()).exit_code == 3


@pytest.mark.usefixtures("compiler")
def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_HOME", "/proc/nothing")
    with LocalSandbox(slots=1) as one:
        assert one.run(c()).exit_code == 3


def test_the_cache_forgets_what_was_used_longest_ago(tmp_path: Path) -> None:
    cache = Compiled(tmp_path / "cache", most_bytes=10_000)
    for number in range(20):
        cache.put(f"key{number}", {"main": bytes(1000)})
        time.sleep(0.01)
        assert cache.get("key0") is not None
    assert cache.get("key1") is None
    assert cache.get("key19") == {"main": bytes(1000)}
    assert sum(path.stat().st_size for path in (tmp_path / "cache").iterdir()) <= 10_000


def test_what_does_not_compile(sandbox: LocalSandbox) -> None:
    if not LANGUAGES:
        pytest.skip("no language is compiled")
    seen = sandbox.run(c("int main( {"))
    assert (seen.status, seen.exit_code, seen.stdout) == (Status.INVALID, None, "")
    assert seen.reason.startswith("it does not compile: main.c:1:")
    assert seen.compilation is not None
    assert seen.compilation.stderr == seen.stderr != ""


RIGHT = Program("def f(x): return x * x", Executed.name)
TEST = Program("assert f(3) == 9\nassert f(4) == 16", Executed.name)


def test_an_exam_in_two_jails(sandbox: LocalSandbox) -> None:
    exam = sandbox.examine(RIGHT, "f", TEST)
    assert (exam.passed, exam.calls, exam.fault, exam.detail) == (True, 2, None, "")
    assert exam.examiner is not None
    assert exam.examiner.exit_code == 0


@pytest.mark.parametrize(
    ("source", "detail", "tampered"),
    [
        ("def f(x): return x + 1", "AssertionError", False),
        ("def f(x): return str(x * x)", "AssertionError", False),
        ("def f(x): raise KeyError(x)", "it raised KeyError", False),
        ("import os; os._exit(0)", "there is no answer", False),
        ("import sys; sys.exit(0)", "there is no answer", False),
        ("def f(x): return object()", "", False),
        ("import os\ndef f(x): os.write(4, b'junk')", "there is no answer", True),
        ("import os\nos.write(4, b'3\\nl1\\n')\ndef f(x): return x * x", "there is no answer", True),
        ("import os\ndef f(x):\n os.write(4, b'6\\nl1\\ni9\\n' * 2)\n return 9", "there is no answer", True),
        ("import os\ndef f(x): os.write(4, b'999999999\\n')", "there is no answer", True),
        ("import os\ndef f(x): os.write(4, b'9\\nl9999999\\n')", "there is no answer", True),
        ("import os\ndef f(x):\n os.write(4, b'12\\nl1\\n' + b'l1\\n' * 3)", "there is no answer", True),
        ("import os\nos.close(4)\ndef f(x): return x * x", "there is no answer", False),
        ("import os\nos.close(3)\nos.close(4)\nimport time\ntime.sleep(60)", "there is no answer", False),
    ],
)
def test_what_fails(sandbox: LocalSandbox, source: str, detail: str, tampered: bool) -> None:
    exam = sandbox.examine(Program(source, Executed.name), "f", TEST, Limits(wall_s=1.5))
    assert not exam.passed
    assert (exam.tampered, exam.fault is not None) == (tampered, tampered)
    assert detail in exam.detail


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("def f(x):\n while True: pass", Status.TIMEOUT),
        ("import time\ntime.sleep(60)", Status.TIMEOUT),
        ("import os\ndef f(x): os.kill(os.getpid(), 9)", Status.CRASHED),
        ("def f(x): return [bytes(1 << 20) for _ in range(10**6)]", None),
    ],
)
def test_a_program_that_ends_in_the_middle(sandbox: LocalSandbox, source: str, status: Status | None) -> None:
    exam = sandbox.examine(
        Program(source, Executed.name), "f", TEST, Limits(wall_s=1.5, memory_bytes=128 << 20)
    )
    assert not exam.passed
    assert not exam.tampered
    assert status is None or exam.candidate.status is status


def test_a_test_that_asks_nothing_is_seen(sandbox: LocalSandbox) -> None:
    exam = sandbox.examine(RIGHT, "f", Program("pass", Executed.name))
    assert (exam.passed, exam.calls) == (True, 0)


def test_a_test_that_never_ends(sandbox: LocalSandbox) -> None:
    exam = sandbox.examine(RIGHT, "f", Program("f(1)\nwhile True: pass", Executed.name), Limits(wall_s=1))
    assert not exam.passed
    assert exam.examiner is not None
    assert exam.examiner.status is Status.TIMEOUT


@pytest.mark.slow
def test_large_questions_and_answers(sandbox: LocalSandbox) -> None:
    source = "def f(x): return x + x"
    test = "assert len(f('é' * 1000000)) == 2000000\nassert f([1] * 100000) == [1] * 200000"
    exam = sandbox.examine(Program(source, Executed.name), "f", Program(test, Executed.name))
    assert exam.passed, exam


def test_calls(sandbox: LocalSandbox) -> None:
    seen = sandbox.call(RIGHT, "f", [(2,), (1.5,), ("x",)])
    assert seen.results[:2] == (CallResult(4), CallResult(2.25))
    assert seen.results[2].raised == Raised("TypeError", "can't multiply sequence by non-int of type 'str'")
    assert (seen.fault, seen.outcome.status) == (None, Status.OK)
    assert sandbox.call(RIGHT, "f", []).results == ()
    ended = sandbox.call(Program("def f(x): exit(3)", Executed.name), "f", [(2,), (3,)])
    assert (ended.results, ended.outcome.exit_code) == ((), 3)
    unasked = Program("send = None\nimport os\nos.write(4, b'6\\nl1\\ni4\\n' * 2)", Executed.name)
    assert sandbox.call(unasked, "f", [(2,)]).tampered


@pytest.mark.parametrize("argument", [object(), b"bytes", 1j])
def test_arguments_without_a_form(sandbox: LocalSandbox, argument: object) -> None:
    with pytest.raises(RatchetError, match=f"of type {type(argument).__name__}; pass plain data"):
        sandbox.call(RIGHT, "f", [(argument,)])


def test_what_only_python_has(sandbox: LocalSandbox) -> None:
    with pytest.raises(RatchetError, match="in_place is for programs in Python only"):
        sandbox.call(RIGHT, "f", [(1,)], in_place=True)
    with pytest.raises(RatchetError, match="handles is for programs in Python only"):
        sandbox.examine(RIGHT, "f", TEST, handles=True)
    with pytest.raises(RatchetError, match="packages are installed for Python programs only"):
        sandbox.run(replace(RIGHT, packages=("numpy",)))


def test_a_language_without_a_driver(sandbox: LocalSandbox) -> None:
    class Plain(Executed):
        name = "plain"
        candidate = Language.candidate
        examiner = Language.examiner

    register(Plain)
    try:
        with pytest.raises(Unsplittable, match="there is no driver for executed Python"):
            sandbox.examine(Program("", "plain"), "f", Program("", "plain"))
        weak = sandbox.examine(
            Program(RIGHT.source, "plain"), "f", Program(TEST.source, "plain"), in_process=True
        )
        assert (weak.passed, weak.examiner) == (True, None)
    finally:
        del LANGUAGES["plain"]


def test_a_missing_toolchain_is_no_failure(sandbox: LocalSandbox) -> None:
    class Absent(Executed):
        name = "absent"
        title = "Absent"
        debian = ("absent-compiler",)

        def find(self) -> Toolchain:
            raise Missing("no absentc was found")

    register(Absent)
    try:
        sentence = "Absent is not available here: no absentc was found (Debian: apt install absent-compiler)"
        program = Program("", "absent")
        seen = sandbox.run(program)
        assert (seen.status, seen.reason) == (Status.UNAVAILABLE, sentence)
        assert sandbox.call(program, "f", [(1,)]).outcome.status is Status.UNAVAILABLE
        exam = sandbox.examine(program, "f", program)
        assert (exam.passed, exam.candidate.status) == (False, Status.UNAVAILABLE)
    finally:
        del LANGUAGES["absent"]


@pytest.mark.slow
@pytest.mark.parametrize("walls", list(Walls))
def test_nothing_is_left_behind(walls: Walls) -> None:
    with LocalSandbox(slots=1, walls=walls) as one:
        one.examine(RIGHT, "f", TEST)
        threads = threading.active_count()
        descriptors, below = len(os.listdir("/proc/self/fd")), len(descendants(os.getpid()))
        daemon = Program(f"{RIGHT.source}\nimport os\nif os.fork() == 0:\n while True: pass", Executed.name)
        for program in (RIGHT, daemon, Program("import os; os.kill(0, 9)", Executed.name)):
            one.examine(program, "f", TEST, Limits(wall_s=1.5))
            one.call(program, "f", [(1,)], Limits(wall_s=1.5))
            assert len(descendants(os.getpid())) <= below
        assert len(os.listdir("/proc/self/fd")) == descriptors
        assert threading.active_count() == threads
    assert wait_until(lambda: len(descendants(os.getpid())) < below)


@pytest.mark.slow
@pytest.mark.parametrize("whose", [0, 1])
def test_a_zygote_that_dies_in_the_middle_has_the_exam_held_again(whose: int) -> None:
    """That of the candidate, and that of the examiner."""
    with LocalSandbox(slots=1) as one:
        one.examine(RIGHT, "f", TEST)
        [slot] = one._idle.queue
        assert slot is not None
        outers = [warm.zygote._process.pid for kind, warm in slot._warm.items() if kind.second == bool(whose)]
        slow = Program(f"import time\ntime.sleep(0.6)\n{RIGHT.source}", Executed.name)
        killer = threading.Timer(0.3, os.kill, (zygote_of(outers[-1]), signal.SIGKILL))
        killer.start()
        exam = one.examine(slow, "f", TEST)
        killer.join()
        assert (exam.passed, exam.calls) == (True, 2)


def test_arguments_that_cannot_cross_make_a_test_unsplittable(sandbox: LocalSandbox) -> None:
    said = "f cannot be asked from another process: its argument is a function"
    text = f"import os\nprint({said!r}, file=sys.stderr, flush=True)\nos._exit(70)"
    with pytest.raises(Unsplittable, match=said):
        sandbox.examine(RIGHT, "f", Program(text, Executed.name))


def test_an_answer_does_not_choose_where_it_is_judged(sandbox: LocalSandbox) -> None:
    said = "f cannot be asked from another process: its argument is a function"
    text = f"import os\nf(1)\nprint({said!r}, file=sys.stderr, flush=True)\nos._exit(70)"
    exam = sandbox.examine(RIGHT, "f", Program(text, Executed.name))
    assert (exam.passed, exam.calls) == (False, 1)
