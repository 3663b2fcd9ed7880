"""`ratchet run` as its users meet it: the console command, in a process of its own."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ratchet.cli import main
from ratchet.errors import RatchetError
from ratchet.sandbox import Limits, LocalSandbox, Outcome, Status
from ratchet.sandbox.languages import (
    LANGUAGES,
    Command,
    Language,
    Missing,
    Toolchain,
    language,
    names,
    tool,
    toolchain,
)
from ratchet.sandbox.running import language_of, run_file

if TYPE_CHECKING:
    from tests.conftest import RunRatchet

C = '#include <stdio.h>\nint main(void) { int n; scanf("%d", &n); printf("%d\\n", 2 * n); return n; }\n'


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


@pytest.fixture
def compiler() -> None:
    try:
        toolchain("c")
    except Missing as missing:
        pytest.skip(str(missing))


def test_what_it_writes_comes_out_where_it_wrote_it(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    text = "import sys\nprint('grüß dich', input())\nprint('ach', file=sys.stderr, end='')\n"
    done = ratchet_cli("run", write(tmp_path, "a.py", text), "--stdin", "Welt")
    assert (done.returncode, done.stdout) == (0, "grüß dich Welt\n")
    said, summary = done.stderr.splitlines()
    assert said == "ach"
    assert summary.startswith("ok in ")
    assert summary.endswith(" MB")
    done = ratchet_cli("run", "a.py", "--stdin", "Welt", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "grüß dich Welt\n", "ach")


@pytest.mark.slow
def test_its_input_is_a_text_or_a_file_or_ours(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    echo = write(tmp_path, "a.py", "import sys; print(repr(sys.stdin.read()))\n")
    write(tmp_path, "in.txt", "of a file\n")
    assert ratchet_cli("run", echo, input="ours").stdout == "''\n"
    assert ratchet_cli("run", echo, "--stdin", "a text").stdout == "'a text'\n"
    assert ratchet_cli("run", echo, "--stdin", "@in.txt").stdout == "'of a file\\n'\n"
    assert ratchet_cli("run", echo, "--stdin", "-", input="ours").stdout == "'ours'\n"
    done = ratchet_cli("run", "-", "--language", "py", "--stdin", "@in.txt", input="print(input())\n")
    assert (done.returncode, done.stdout) == (0, "of a file\n")


def test_its_arguments(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    file = write(tmp_path, "a.py", "import sys; print(sys.argv[1:])\n")
    done = ratchet_cli("run", file, "--arg", "one", "--arg", "-two", "--arg", "")
    assert done.stdout == "['one', '-two', '']\n", done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("raise SystemExit(3)", 3, "exit code 3 after"),
        ("1 / 0", 1, "exit code 1 after"),
        ("while True: pass", 124, "timed out after"),
        ("import time; time.sleep(60)", 124, "timed out after"),
        ("x = bytearray(1 << 40)", 137, "out of memory (it may use 128 MiB) after"),
        ("import os; os.abort()", 134, "ended by signal 6 (SIGABRT) after"),
        ("import ctypes; ctypes.string_at(0)", 139, "ended by signal 11 (SIGSEGV) after"),
    ],
)
def test_exit_codes(ratchet_cli: RunRatchet, tmp_path: Path, text: str, code: int, sentence: str) -> None:
    done = ratchet_cli("run", write(tmp_path, "a.py", text + "\n"), "--time", "1.5", "--memory", "128")
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_cpu_seconds(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    file = write(tmp_path, "a.py", "while True: pass\n")
    done = ratchet_cli("run", file, "--time", "60", "--cpu", "0.3", "--json")
    assert done.returncode == 124
    assert json.loads(done.stdout)["cpu_s"] < 5


@pytest.mark.usefixtures("compiler")
def test_a_compiled_language(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    home = {"RATCHET_HOME": str(tmp_path / "home")}
    done = ratchet_cli("run", write(tmp_path, "a.c", C), "--stdin", "21", env=home)
    assert (done.returncode, done.stdout) == (21, "42\n")
    assert "exit code 21 after" in done.stderr
    done = ratchet_cli("run", write(tmp_path, "b.c", "#error not this\n"), env=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("error: #error not this") == 1
    assert done.stderr.splitlines()[-1].startswith("does not compile: exit code 1 after")
    said = json.loads(ratchet_cli("run", "b.c", "--json", env=home).stdout)
    assert (said["status"], said["compilation"]["status"]) == ("invalid", "error")


@pytest.mark.usefixtures("compiler")
def test_its_compiler_may_take_too_long(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    file = write(
        tmp_path, "a.c", f"/* {time.time()} */\n#include <stdio.h>\nint main(void) {{ return 0; }}\n"
    )
    done = ratchet_cli("run", file, "--compile-time", "0.001", env={"RATCHET_HOME": str(tmp_path / "home")})
    assert done.returncode == 124, done.stderr
    assert done.stderr.splitlines()[-1].startswith("does not compile: timed out after")


def test_json_holds_all_of_the_outcome(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    text = (
        "import sys\nprint(1)\nprint(2, file=sys.stderr)\n"
        "open('b', 'wb').write(b'\\xff')\nopen('t', 'w').write('ü')\n"
    )
    done = ratchet_cli("run", write(tmp_path, "a.py", text), "--json", "--fetch", "?")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert list(said) == [each.name for each in dataclasses.fields(Outcome)]
    assert (said["status"], said["stdout"], said["stderr"]) == ("ok", "1\n", "2\n")
    assert said["files"] == {"b": {"base64": "/w=="}, "t": "ü"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py"]


@pytest.mark.slow
def test_files_go_in_and_come_out(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.bin").write_bytes(b"\0\xff")
    text = (
        "import os\nfor path in ('in/x.bin', 'y.txt'):\n    os.makedirs('out', exist_ok=True)\n"
        "    open('out/' + os.path.basename(path), 'wb').write(open(path, 'rb').read() * 2)\n"
    )
    file = write(tmp_path, "a.py", text)
    beside = tmp_path.parent / f"{tmp_path.name}-beside"
    beside.mkdir()
    write(beside, "y.txt", "y")
    both = ("--file", "in/x.bin", "--file", str(beside / "y.txt"))
    done = ratchet_cli("run", file, *both, "--fetch", "out/x.bin", "--fetch", "none")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "x.bin").read_bytes() == b"\0\xff\0\xff"
    assert done.stderr.splitlines()[1:] == ["wrote out/x.bin", "it left no file none"]
    done = ratchet_cli("run", file, *both, "--fetch", "out/*", "--out", "got")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "got" / "out" / "y.txt").read_text() == "yy"
    done = ratchet_cli("run", file, *both, "--fetch", "*", "--out", "got")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a folder that is new or empty" in done.stderr


def test_what_was_left_out_is_said(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    done = ratchet_cli("run", write(tmp_path, "a.py", "print('x' * 3_000_000)\n"))
    assert done.returncode == 0
    assert len(done.stdout) < 1_100_000
    assert done.stderr.splitlines()[1:] == ["stdout was too long: its middle was left out"]


def test_a_reader_that_goes_away_is_no_error(ratchet_command: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "a.py", "for n in range(100_000): print(n)\n")
    line = f"{ratchet_command} run {file} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout == "0\n0\n"
    assert "Error" not in done.stderr


@pytest.mark.parametrize(
    ("first", "called"),
    [
        ("#!/usr/bin/python3", "python"),
        ("#!/usr/bin/env python3.12", "python"),
        ("#!/usr/bin/env -S LANG=C python3 -u", "python"),
        ("#! /bin/bash -e", "bash"),
    ],
)
def test_the_first_line_names_the_language(first: str, called: str) -> None:
    assert language_of("script", f"{first}\n1\n") == called
    assert language_of("-", f"{first}\n1\n") == called


@pytest.mark.parametrize("name", names())
def test_the_extension_names_the_language(name: str) -> None:
    extension = ".py" if name == "python" else language(name).extensions[0]
    assert language_of(f"a/b{extension}", "#!/usr/bin/lua\n") == name


def test_a_toolchain_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Klingon(Language):
        name, title, extensions, debian = "klingon", "Klingon", (".tlh",), ("klingon-runtime",)

        def find(self) -> Toolchain:
            return Toolchain("1", {"klingon": tool("klingon")})

        def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
            return Command((tools.tools["klingon"], files[0]))

    monkeypatch.setitem(LANGUAGES, "klingon", Klingon())
    monkeypatch.chdir(tmp_path)
    assert main(["run", write(tmp_path, "a.tlh", "Qapla'\n")]) == 2
    said = "Klingon is not available here: no klingon was found (Debian: apt install klingon-runtime)"
    assert capsys.readouterr() == ("", f"ratchet: {said}.\n")
    assert main(["run", "a.tlh", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["status"] == "unavailable"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.py"], "there is no file none.py."),
        (["."], ". is a directory; name a file."),
        (["empty.py"], "empty.py is empty"),
        (["blank.py"], "blank.py is empty"),
        (["/dev/null"], "/dev/null is empty"),
        (["/dev/zero"], "/dev/zero is too large: more than 16,777,216 bytes"),
        (["huge.py"], "huge.py is too large: more than 16,777,216 bytes (16 MiB)"),
        (["binary.py"], "binary.py is not UTF-8 text (byte 2)"),
        (["zero.py"], "zero.py holds a zero byte"),
        (["a.py/b.py"], "cannot be read (Not a directory)"),
        (["a" * 300], "cannot be read (File name too long)"),
        (["a.unknown"], "does not show its language; name it by --language NAME; known are: python"),
        (["-"], "a program from standard input needs --language NAME"),
        (["-", "--language", "py", "--stdin", "-"], "cannot both come from standard input"),
        (["a.py", "--language", "klingon"], "no language 'klingon'"),
        (["a.py", "--stdin", "@none"], "there is no file none."),
        (["a.py", "--stdin", "@binary.py"], "binary.py is not UTF-8 text"),
        (["a.py", "--file", "none"], "there is no file none."),
        (["a.py", "--file", "."], "is a directory"),
        (["a.py", "--file", "a.py", "--file", "../{here}/a.py"], "two files would both be called a.py"),
        (["a.py", "--file", "huge.py"], "huge.py is too large"),
        (["a.py", "--time", "0"], "time limits must be more than 0 seconds"),
        (["a.py", "--time", "nan"], "time limits must be more than 0 seconds"),
        (["a.py", "--memory", "0"], "memory_bytes is 0"),
        (["a.py", "--out", "x"], "name them by --fetch"),
        (["a.py", "--out", "x", "--json"], "--out is of no use with --json"),
        (["a.py", "--out", "a.py", "--fetch", "x"], "a.py is no directory"),
        (["a.py", "--fetch", "*"], "a folder that is new or empty"),
        (["a.py", "--walls", "none"], "'none' is not one of 'full', 'process'"),
        ([], "Missing argument 'FILE'"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(
    ratchet_cli: RunRatchet, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    for name, text in {"a.py": "print(1)\n", "a.unknown": "1\n", "empty.py": "", "blank.py": " \n"}.items():
        write(tmp_path, name, text)
    (tmp_path / "binary.py").write_bytes(b"\x7f\xffELF")
    (tmp_path / "zero.py").write_bytes(b"a\0")
    with open(tmp_path / "huge.py", "wb") as file:
        file.truncate(1 << 30)
    done = ratchet_cli("run", *(each.format(here=tmp_path.name) for each in arguments), input="print(1)")
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    if done.stderr.startswith("ratchet: "):
        assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_an_interrupt_ends_it_at_once(ratchet_command: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "a.py", "import time\nwhile True: time.sleep(1)\n")
    with subprocess.Popen(
        [ratchet_command, "run", file, "--time", "100"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        time.sleep(2)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert time.monotonic() - begun < 10
    assert (process.returncode, said.strip()) == (130, "ratchet: interrupted")


@pytest.mark.slow
@pytest.mark.parametrize("walls", ["full", "process"])
def test_walls(ratchet_cli: RunRatchet, tmp_path: Path, walls: str) -> None:
    file = write(tmp_path, "a.py", f"import os; print(os.path.exists({str(tmp_path)!r}))\n")
    done = ratchet_cli("run", file, "--walls", walls)
    assert (done.returncode, done.stdout) == (0, f"{walls == 'process'}\n")


def test_in_a_notebook(tmp_path: Path, sandbox: LocalSandbox) -> None:
    file = tmp_path / write(tmp_path, "a.py", "print(int(input()) + 1)\n")
    assert run_file(file, stdin="41").stdout == "42\n"
    outcome = run_file(file, stdin="x", sandbox=sandbox, limits=Limits(wall_s=5))
    assert (outcome.status, outcome.exit_code) == (Status.ERROR, 1)
    with pytest.raises(RatchetError, match="there is no file"):
        run_file(os.fspath(tmp_path / "none.py"))
