# ruff: noqa: E501 - programs on one line each read as a table
"""Honest programs that other harnesses wrongly fail: each does here what it does anywhere.

The programs lie in `legitimate/`. Those with a line `gives:` define `main()`; they
are run as a script that prints what it returns, asked by `call`, and asked by an
examiner. Those of `scripts.txt` are run, and everything they print is compared.

    === its name                            === its name
    gives: [1, 2]     as JSON               exit: 3          0 where nothing is said
    needs: numpy                            signal: 9        that ends it
    seconds: 15       the wall limit        stdin: 1\\n2\\n
    def main(): return [1, 2]               print(input())
                                            --- prints       all of stdout
                                            1
                                            --- complains    all of stderr
                                            --- files        path: content of one line
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ratchet.sandbox import Limits, LocalSandbox, Program

FOLDER = Path(__file__).parent / "legitimate"
_KEYS = ("gives", "needs", "seconds", "exit", "signal", "stdin")


@dataclass(frozen=True)
class Honest:
    """One honest program, and what it does."""

    name: str
    told: dict[str, str]
    source: str
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        """Its limits: the usual ones, and time enough on a busy machine."""
        return Limits(wall_s=float(self.told.get("seconds", 10)))

    @property
    def gives(self) -> object:
        """What its `main` returns."""
        return json.loads(self.told["gives"])

    @property
    def files(self) -> dict[str, str]:
        """The further files that it needs."""
        lines = self.parts.get("files", "").splitlines()
        return {path: text + "\n" for path, _, text in (line.partition(": ") for line in lines)}


def _read(path: Path) -> list[Honest]:
    found = []
    for part in path.read_text().removeprefix("=== ").split("\n=== "):
        body, *named = part.split("\n--- ")
        lines = body.splitlines()
        name, lines = lines[0], lines[1:]
        told = {}
        while lines and lines[0].partition(": ")[0] in _KEYS:
            key, _, value = lines.pop(0).partition(": ")
            told[key] = value
        source = "\n".join(lines)
        parts = {key: text for key, _, text in (one.partition("\n") for one in named)}
        found.append(Honest(name, told, source + "\n" * bool(source), parts))
    return found


ALL = [program for path in sorted(FOLDER.glob("*.txt")) for program in _read(path)]
FUNCTIONS = [program for program in ALL if "gives" in program.told]
SCRIPTS = [program for program in ALL if "gives" not in program.told]


def named(programs: list[Honest]) -> pytest.MarkDecorator:
    """One test for each, under its name; those that need what is missing are skipped."""
    cases = []
    for program in programs:
        needs = program.told.get("needs")
        there = needs is None or importlib.util.find_spec(needs) is not None
        marks = [] if there else [pytest.mark.skip(reason=f"{needs} is not installed")]
        marks += [pytest.mark.slow] if needs == "torch" else []
        cases.append(pytest.param(program, id=program.name.replace(" ", "-"), marks=marks))
    return pytest.mark.parametrize("program", cases)


def test_there_are_enough_of_them() -> None:
    assert len(FUNCTIONS) >= 80
    assert len(SCRIPTS) >= 50
    assert len({program.name for program in ALL}) == len(ALL)


@named(FUNCTIONS)
def test_as_a_script(sandbox: LocalSandbox, program: Honest) -> None:
    source = (
        f"{program.source}\nif __name__ == '__main__':\n"
        "    import json\n    __gives__ = main()\n    print('\\n>>>' + json.dumps(__gives__))\n"
    )
    outcome = sandbox.run(Program(source, files=program.files), program.limits)
    assert outcome.exit_code == 0, outcome
    assert json.loads(outcome.stdout.rpartition("\n>>>")[2]) == program.gives, outcome


@named(FUNCTIONS)
def test_as_a_function_that_is_called(sandbox: LocalSandbox, program: Honest) -> None:
    seen = sandbox.call(Program(program.source, files=program.files), "main", [()], program.limits)
    assert seen.fault is None, seen
    assert [result.value for result in seen.results] == [program.gives], seen


@named(FUNCTIONS)
def test_as_a_candidate_that_is_examined(sandbox: LocalSandbox, program: Honest) -> None:
    test = Program(f"import json\ngot = main()\nassert got == json.loads({program.told['gives']!r}), got")
    candidate = Program(program.source, files=program.files)
    seen = sandbox.examine(candidate, "main", test, program.limits)
    assert seen.passed, seen


@named(SCRIPTS)
def test_a_script_prints_what_it_prints_anywhere(sandbox: LocalSandbox, program: Honest) -> None:
    told, parts = program.told, program.parts
    stdin = told.get("stdin", "").replace("\\n", "\n")
    outcome = sandbox.run(Program(program.source, stdin=stdin, files=program.files), program.limits)
    signal = int(told["signal"]) if "signal" in told else None
    code = None if signal else int(told.get("exit", 0))
    assert (outcome.exit_code, outcome.signal) == (code, signal), outcome
    assert outcome.stdout.rstrip("\n") == parts.get("prints", "").rstrip("\n"), outcome
    if "complains" in parts:
        assert outcome.stderr.rstrip("\n") == parts["complains"].rstrip("\n")


TEXTS = {
    "a byte order mark": ("\ufeffprint('x')\n", "x"),
    "carriage returns": ("x = 1\r\nif x:\r\n    print('x')\r\n", "x"),
    "old carriage returns": ("x = 1\rprint('x')\r", "x"),
    "a carriage return in a text": ("print(repr('''a\r\nb'''))", r"'a\nb'"),
    "another encoding declared": ("# -*- coding: latin-1 -*-\nprint(len('å'))\n", None),
    "a line of a megabyte": (f"x = {'1+' * 300}1\ny = '{'z' * (1 << 20)}'\nprint(x, len(y))", "301 1048576"),
    "ten thousand functions": ("".join(f"def f{i}(): return {i}\n" for i in range(10_000)) + "print(f9999())", "9999"),
    "no end of line": ("print('x')", "x"),
    "blanks at the end": ("if 1:\n    print('x')\n    ", "x"),
    "a backslash at the end of a line": ("print('x' \\\n)", "x"),
    "an escape in a name": ("\u212b = 'x'\nprint(\u00c5)", "x"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_texts_of_every_form(sandbox: LocalSandbox, name: str) -> None:
    source, printed = TEXTS[name]
    outcome = sandbox.run(Program(source))
    assert outcome.exit_code == 0, outcome
    assert printed is None or outcome.stdout.strip() == printed


def test_megabytes_are_printed_and_read(sandbox: LocalSandbox) -> None:
    source = (
        "import sys\ntext = sys.stdin.read()\nprint(text * 20, end='')\nprint(len(text), file=sys.stderr)"
    )
    outcome = sandbox.run(Program(source, stdin="x" * (1 << 20)), Limits(output_bytes=32 << 20))
    assert outcome.exit_code == 0
    assert (len(outcome.stdout), outcome.stdout_truncated) == (20 << 20, False)
    assert outcome.stderr == "1048576\n"
