"""Reads the programs in `attacks/`: a file for each group, and in it, for each program,

    === its name
    expect: failed timeout
    evidence: wrote .* channel
    def f(x): return -1

The lines before the program are optional, in any order:

    expect    what may become of it, one or several of failed, error, timeout, memory,
              crashed, tampered, invalid; "failed" where nothing is said
    evidence  a regular expression for the line that says why it did not pass
    seconds   the wall limit, where the usual one is too short to see what it does
    needs     a module that it imports; where that is missing it is left out

Adding an attack is adding such lines. It must print HARM if what it tried
worked, and be without mistakes of its own: a NameError is taken for one. In its
text these stand for what a thief would like to have:

    @ANSWER@    the bytes of a well-formed answer, which says 7
    @CHANNEL@   the descriptor on which questions come and answers go
    @REPORT@    the bytes of a well-formed report that the exam is passed
    @PORT@      a TCP and UDP port of this machine that somebody listens on
    @SOCKET@    the name of an abstract socket that somebody listens on
    @SECRET@    the path of a file of this machine
    @PID@       the process that runs the tests
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ratchet.sandbox.inside import wire

FOLDER = Path(__file__).parent / "attacks"
LANGUAGES = FOLDER / "languages"
"""Those in other languages than Python, a file for each; @marks@ are for Python's only."""
ENDS = frozenset({"failed", "error", "timeout", "memory", "crashed", "tampered", "invalid"})
USUAL_S = 0.8
_KEYS = ("expect", "evidence", "needs", "seconds")


@dataclass(frozen=True)
class Attack:
    """One program that sets out to pass unearned, or to do harm."""

    group: str
    name: str
    source: str
    expect: frozenset[str]
    evidence: str
    seconds: float

    def armed(self, marks: Mapping[str, object]) -> str:
        """Its text, with what the marks stand for on this machine filled in."""
        source = self.source
        for mark, value in (_FORGED | dict(marks)).items():
            source = source.replace(f"@{mark}@", str(value))
        return source


_VERDICT = {"passed": True, "detail": "", "calls": 6, "fault": None}
_FORGED: dict[str, object] = {
    "ANSWER": repr(wire.frame(wire.pack(["value", 7]))),
    "CHANNEL": "(lambda os, stat: [fd for fd in range(3, 99) if os.path.exists(f'/proc/self/fd/{fd}') and "
    "stat.S_ISSOCK(os.stat(f'/proc/self/fd/{fd}').st_mode)][0])(__import__('os'), __import__('stat'))",
    "REPORT": repr(wire.frame(wire.pack(_VERDICT))),
}


def read_attacks(folder: Path = FOLDER) -> dict[str, list[Attack]]:
    """All attacks that this machine can run, by group."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.txt"))}


def _read(path: Path) -> list[Attack]:
    attacks = []
    for part in path.read_text().split("\n=== ")[0:]:
        lines = part.removeprefix("=== ").splitlines()
        name, lines = lines[0], lines[1:]
        told = {}
        while lines and lines[0].partition(": ")[0] in _KEYS:
            key, _, value = lines.pop(0).partition(": ")
            told[key] = value
        if "needs" in told and importlib.util.find_spec(told["needs"]) is None:
            continue
        expect = frozenset(told.get("expect", "failed").split())
        assert expect <= ENDS, f"{path.name}, {name}: {expect - ENDS}"
        source, seconds = "\n".join(lines) + "\n", float(told.get("seconds", USUAL_S))
        attacks.append(Attack(path.stem, name, source, expect, told.get("evidence", ""), seconds))
    return attacks
