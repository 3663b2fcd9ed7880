"""Bash: scripts, and functions that answer with what they print and their exit status."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ratchet.sandbox.languages import (
    Command,
    Language,
    Toolchain,
    Unsplittable,
    driver,
    first_line,
    register,
    tool,
)
from ratchet.sandbox.languages._split import before, named
from ratchet.sandbox.types import Limits, Program

_DRIVER = "ratchet.sh"
_CANDIDATE = "candidate.sh"
_QUOTED = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|(?:(?<=\s)|^)#[^\n]*""", re.DOTALL | re.MULTILINE)
_COMMAND = r"(?:^|[;&|({]|\b(?:if|then|else|elif|while|until|do|eval|exec)\b|!\s)\s*"
_UNSAFE = {
    r"\(\(|\blet\b|\b(?:declare|local|typeset)\s+-\w*i": "it computes with answers",
    r"\s-(?:eq|ne|lt|le|gt|ge|v)\s": "it computes with answers",
    r"\w\[[^\]\n]*\$|\$\{\w+:[^}\n]*\$": "it computes with answers",
    rf"{_COMMAND}(?:\[|test)\s[^\n]*[$`]": "it has answers without quotes where they can be operators",
    r"\s(?:=~|==?|!=)\s*[$`]": "it has answers without quotes where they can be patterns",
    rf"{_COMMAND}[$`]": "it runs answers as commands",
}
"""What in a test, its quoted parts left out, would let a function's answer take part in the verdict."""


@register
class Bash(Language):
    name = "bash"
    title = "Bash"
    aliases = ("sh", "shell")
    extensions = (".sh", ".bash")
    debian = ("bash",)

    def find(self) -> Toolchain:
        path = tool("bash")
        return Toolchain(first_line(path, "--version"), {"bash": path})

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return Command((tools.tools["bash"], "--noprofile", "--norc", files[0]))

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "alloc: cannot allocate " in stderr or "fork: Cannot allocate memory" in stderr

    def candidate(self, source: str, entry_point: str) -> Program:
        name = named(entry_point, r"[A-Za-z_][\w-]*")
        text = f"source ./{_DRIVER}\nratchet_open\nsource ./{_CANDIDATE}\nratchet_serve {name}\n"
        return Program(text, self.name, files={**driver(_DRIVER), _CANDIDATE: source})

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        name = named(entry_point, r"[A-Za-z_][\w-]*")
        bare = _QUOTED.sub(" ", test)
        if re.search(r"\$\(\(|\$\[|\$\{\w+[:[][^}\n]*\$", test):  # between double quotes too
            raise Unsplittable("it computes with answers")
        for pattern, reason in _UNSAFE.items():
            if re.search(pattern, bare, re.MULTILINE):
                raise Unsplittable(reason)
        helpers = before(declaration, rf"^[ \t]*(?:function[ \t]+{name}\b|{name}[ \t]*\([ \t]*\))")
        stub = f'source ./{_DRIVER}\nratchet_open\nratchet_examine\n{name}() {{ ratchet_ask {name} "$@"; }}\n'
        return Program(f"{helpers}\n{stub}{test}", self.name, files=driver(_DRIVER))
