"""What every language shows in the jail: each with the programs of `samples/`, under one suite.

The languages whose programs start at once are tested in every run; the others only say hello there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from ratchet.sandbox import Limits, LocalSandbox, Outcome, Program, Status
from ratchet.sandbox.languages import LANGUAGES, Missing, language, names, toolchain
from tests.sandbox.languages.samples import Samples, SplitSample
from tests.sandbox.watching import descendants

FOLDER = Path(__file__).parent / "samples"
ALL: dict[str, Samples] = {
    each.language: each
    for path in sorted(FOLDER.glob("[a-z]*.py"))
    for each in [import_module(f"tests.sandbox.languages.samples.{path.stem}").SAMPLES]
}
# Under half a second from the text to the outcome of a first run, on two cores.
QUICK = ("bash", "c", "javascript", "lua", "perl", "php", "python", "ruby")
LIMITS = Limits(wall_s=20, memory_bytes=512 << 20)
MIB = 1 << 20


@pytest.fixture(scope="module")
def box() -> Iterator[LocalSandbox]:
    with LocalSandbox(slots=1) as one:
        yield one


def here(name: str) -> Samples:
    """The samples of a language whose toolchain is on this machine; else the test is skipped."""
    if name != "python":
        try:
            toolchain(name)
        except Missing as missing:
            pytest.skip(str(missing))
    return ALL[name]


def compiled(name: str) -> bool:
    if name == "python":
        return False
    which, tools = language(name), toolchain(name)
    return which.build(tools, (which.file_name(ALL[name].hello),), which.compile_limits) is not None


def each(only: list[str] | None = None, *, slow: bool = False) -> pytest.MarkDecorator:
    """One test for each of these languages, or of all; slow if so said or if the language is not quick."""
    parameters = [
        pytest.param(name, marks=[pytest.mark.slow] if slow or name not in QUICK else [])
        for name in (ALL if only is None else only)
    ]
    return pytest.mark.parametrize("name", parameters)


def run(box: LocalSandbox, name: str, source: str, stdin: str = "", limits: Limits = LIMITS) -> Outcome:
    return box.run(Program(source, name, stdin=stdin), limits)


def test_every_language_has_its_samples() -> None:
    names()
    own = {name for name, found in LANGUAGES.items() if type(found).__module__.startswith("ratchet.")}
    assert {"python", *own} == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_hello(box: LocalSandbox, name: str) -> None:
    outcome = run(box, name, here(name).hello)
    assert (outcome.status, outcome.exit_code, outcome.signal) == (Status.OK, 0, None), outcome
    assert outcome.stdout.strip() == "hello"


@each()
def test_a_right_and_a_wrong_solution(box: LocalSandbox, name: str) -> None:
    right = run(box, name, here(name).add, "20 22\n")
    assert (right.status, right.stdout.strip()) == (Status.OK, "42"), right
    wrong = run(box, name, ALL[name].subtract, "20 22\n")
    assert (wrong.status, wrong.stdout.strip()) == (Status.OK, "-2"), wrong


@each()
def test_what_does_not_compile(box: LocalSandbox, name: str) -> None:
    source = here(name).compile_error
    outcome = run(box, name, source)
    file = "main.py" if name == "python" else language(name).file_name(source)
    if compiled(name):
        assert outcome.status is Status.INVALID, outcome
        assert outcome.compilation is not None
        assert outcome.compilation.exit_code not in (0, None)
        assert file in outcome.compilation.stderr + outcome.compilation.stdout
        assert outcome.reason
        assert outcome.exit_code is None
    else:
        assert outcome.status is Status.ERROR, outcome
        assert outcome.exit_code not in (0, None)
        assert outcome.stderr.strip()


@each()
def test_an_error_at_run_time(box: LocalSandbox, name: str) -> None:
    outcome = run(box, name, here(name).runtime_error)
    assert outcome.status in (Status.ERROR, Status.CRASHED), outcome
    assert outcome.exit_code != 0
    assert outcome.stderr.strip() or outcome.signal is not None


@each(slow=True)
def test_endless_computing_meets_the_cpu_limit(box: LocalSandbox, name: str) -> None:
    outcome = run(box, name, here(name).forever, limits=replace(LIMITS, cpu_s=0.5, wall_s=60))
    assert outcome.status is Status.TIMEOUT, outcome


@each(slow=True)
def test_endless_computing_meets_the_wall_limit(box: LocalSandbox, name: str) -> None:
    outcome = run(box, name, here(name).forever, limits=replace(LIMITS, wall_s=0.5, cpu_s=60))
    assert outcome.status is Status.TIMEOUT, outcome


@each([name for name, samples in ALL.items() if samples.forever_to_compile is not None], slow=True)
def test_endless_compiling_meets_the_wall_limit(box: LocalSandbox, name: str) -> None:
    source = here(name).forever_to_compile
    assert source is not None
    short = replace(language(name).compile_limits, wall_s=2.0)
    outcome = box.run(Program(source, name), LIMITS, compile_limits=short)
    assert outcome.status is Status.TIMEOUT, outcome
    assert outcome.compilation is not None
    assert outcome.compilation.status is Status.TIMEOUT
    assert "compil" in outcome.reason


@each(slow=True)
def test_a_memory_bomb(box: LocalSandbox, name: str) -> None:
    outcome = run(box, name, here(name).memory, limits=replace(LIMITS, memory_bytes=256 * MIB, wall_s=60))
    assert outcome.status is Status.MEMORY, outcome
    assert outcome.peak_memory < 512 * MIB


@each()
def test_output_of_300_kb_is_whole(box: LocalSandbox, name: str) -> None:
    outcome = run(box, name, here(name).flood, "300000\n")
    assert (outcome.status, outcome.stdout_truncated) == (Status.OK, False), outcome.stderr
    assert outcome.stdout.strip() == "x" * 300_000


FLOODED = """
import sys
from pathlib import Path
from ratchet.sandbox import Limits, LocalSandbox, Program

def resident(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(field))

name, source = sys.argv[1], sys.stdin.read()
limits = Limits(wall_s=120, memory_bytes=512 << 20)
with LocalSandbox(slots=1) as box:
    box.run(Program(source, name, stdin="1\\n"), limits)
    Path("/proc/self/clear_refs").write_text("5")  # the mark of VmHWM starts anew
    before = resident("VmRSS:")
    seen = box.run(Program(source, name, stdin="300000000\\n"), limits)
    assert seen.stdout.startswith("xxx") and len(seen.stdout) < 2 * limits.output_bytes
    print(seen.status, seen.stdout_truncated, resident("VmHWM:") - before)
"""


@each(slow=True)
def test_output_of_300_mb_is_cut_and_does_not_fill_memory(name: str) -> None:
    # In a process of its own: a test's worker has other reasons to grow.
    asked = [sys.executable, "-c", FLOODED, name]
    done = subprocess.run(asked, input=here(name).flood, capture_output=True, text=True, timeout=230)
    assert done.returncode == 0, done.stderr
    status, truncated, growth = done.stdout.split()
    assert (status, truncated) == ("ok", "True")
    assert int(growth) < 32 * MIB


@each()
def test_text_of_all_alphabets(box: LocalSandbox, name: str) -> None:
    outcome = run(box, name, here(name).unicode, "Ünïcödé 漢字 𝄞\n")
    assert outcome.status is Status.OK, outcome
    assert outcome.stdout.strip() == "Grüße, Ünïcödé 漢字 𝄞 🙂"


@each()
def test_a_child_does_not_outlive_the_outcome(box: LocalSandbox, name: str) -> None:
    outcome = run(box, name, here(name).child)
    assert (outcome.status, outcome.stdout.strip()) == (Status.OK, "started"), outcome
    commands = [Path(f"/proc/{pid}/comm") for pid in descendants(os.getpid())]
    assert "sleep\n" not in [comm.read_text() for comm in commands if comm.exists()]


def exam(box: LocalSandbox, name: str, split: SplitSample, body: str, *, in_process: bool = False) -> bool:
    found = box.examine(
        Program(split.declaration + body, name),
        "f",
        Program(split.test, name),
        LIMITS,
        declaration="" if name == "python" else split.declaration,
        in_process=in_process,
    )
    assert found.candidate.status is not Status.UNAVAILABLE
    assert found.candidate.status is not Status.INVALID, found.candidate.reason
    assert found.passed is (found.detail == "" and found.fault is None), found
    if not in_process:
        assert found.calls > 0 or not found.passed
        assert found.examiner is not None or found.fault is not None
    return found.passed


@each([name for name, samples in ALL.items() if samples.split is not None])
def test_a_function_is_called(box: LocalSandbox, name: str) -> None:
    split = here(name).split
    assert split is not None
    found = box.call(Program(split.declaration + split.right, name), "f", [[3], [0], [5]], LIMITS)
    assert (found.fault, found.tampered) == (None, False)
    answers = [result.value for result in found.results]
    if name == "bash":
        assert answers == ["0 1 4\n", "\n", "0 1 4 9 16\n"]
    else:
        assert answers == [[0, 1, 4], [], [0, 1, 4, 9, 16]]


SPLIT = [name for name, samples in ALL.items() if samples.split is not None]
FORGED = [
    pytest.param(name, number, marks=pytest.mark.slow, id=f"{name}-{number}")
    for name in SPLIT
    for samples in [ALL[name].split]
    if samples is not None
    for number in range(len(samples.forged))
]


@each(SPLIT)
def test_a_function_is_asked_from_another_process(box: LocalSandbox, name: str) -> None:
    split = here(name).split
    assert split is not None
    assert exam(box, name, split, split.right)
    assert not exam(box, name, split, split.wrong)


@pytest.mark.parametrize(("name", "number"), FORGED)
def test_what_forges_a_pass_in_one_process_gains_nothing_from_another(
    box: LocalSandbox, name: str, number: int
) -> None:
    split = here(name).split
    assert split is not None
    assert exam(box, name, split, split.forged[number], in_process=True), "it forges nothing"
    assert not exam(box, name, split, split.forged[number])


# Prints its arguments and the file beside it, leaves a file, and ends with exit code 7.
BESIDE = {
    "bash": 'echo "$@"; cat data/in.txt; echo made >out.txt; exit 7\n',
    "lua": 'print(table.concat(arg, " "))\nio.write(io.open("data/in.txt"):read("a"))\n'
    'io.open("out.txt", "w"):write("made\\n")\nos.exit(7, true)\n',
    "perl": 'print "@ARGV\\n";\nopen my $in, "<", "data/in.txt";\nprint <$in>;\n'
    'open my $out, ">", "out.txt";\nprint $out "made\\n";\nexit 7;\n',
    "php": '<?php\necho implode(" ", array_slice($argv, 1)), "\\n";\nreadfile("data/in.txt");\n'
    'file_put_contents("out.txt", "made\\n");\nexit(7);\n',
    "python": 'import sys\nprint(*sys.argv[1:])\nprint(open("data/in.txt").read(), end="")\n'
    'print("made", file=open("out.txt", "w"))\nsys.exit(7)\n',
    "r": 'cat(commandArgs(TRUE), "\\n")\ncat(readLines("data/in.txt"), "\\n")\n'
    'writeLines("made", "out.txt")\nquit("no", 7)\n',
    "ruby": 'puts ARGV.join(" ")\nprint File.read("data/in.txt")\nFile.write("out.txt", "made\\n")\nexit 7\n',
}


@each(list(BESIDE))
def test_arguments_files_beside_it_files_that_it_leaves_and_its_exit_code(
    box: LocalSandbox, name: str
) -> None:
    here(name)
    program = Program(
        BESIDE[name], name, files={"data/in.txt": "Größe\n"}, arguments=("one", "--two", "drei vier")
    )
    outcome = box.run(program, LIMITS, fetch=["*.txt"])
    assert (outcome.status, outcome.exit_code) == (Status.ERROR, 7), outcome
    assert [line.strip() for line in outcome.stdout.splitlines()] == ["one --two drei vier", "Größe"]
    assert outcome.files["out.txt"] == b"made\n"
